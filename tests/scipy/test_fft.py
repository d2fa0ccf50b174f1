"""Cosine transforms against SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.fft

import minijax as mj
import minijax.scipy.fft as ours

_RNG = np.random.default_rng(0)


@pytest.mark.parametrize("norm", [None, "backward", "ortho"])
@pytest.mark.parametrize("name", ["dct", "idct", "dctn", "idctn"])
def test_values(name: str, norm: str | None) -> None:
    f, g = getattr(ours, name), getattr(scipy.fft, name)
    for n in (1, 2, 5, 8):
        x = _RNG.normal(size=(3, n))
        for array in (x, x.astype(np.float32), x * (1 - 2j)):
            expected = g(array, norm=norm)
            for found in (f(array, norm=norm), mj.jit(lambda v: f(v, norm=norm))(array)):
                assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
                tolerance = 1e-5 if array.dtype == np.float32 else 1e-12
                np.testing.assert_allclose(found, expected, tolerance, tolerance)
        mapped = mj.vmap(lambda row: f(row, norm=norm))(x)
        np.testing.assert_allclose(mapped, np.stack([g(row, norm=norm) for row in x]), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("dct", {"n": 7}),
        ("dct", {"n": 2, "axis": 0}),
        ("idct", {"n": 6, "axis": -2, "norm": "ortho"}),
        ("dctn", {"s": (3, 7)}),
        ("dctn", {"s": (3,)}),
        ("idctn", {"axes": (0,)}),
        ("idctn", {"s": (5,), "axes": (0,)}),
    ],
)
def test_lengths_and_axes(name: str, arguments: dict[str, Any]) -> None:
    x = _RNG.normal(size=(4, 5))
    found = getattr(ours, name)(x, **arguments)
    np.testing.assert_allclose(found, getattr(scipy.fft, name)(x, **arguments), 1e-12, 1e-12)


def test_dtypes() -> None:
    assert ours.dct(np.arange(4)).dtype == np.float64
    assert ours.idct(np.ones(4, np.float16)).dtype == np.float32


def test_the_transform_is_linear_and_orthogonal() -> None:
    matrix = mj.jacobian(lambda v: ours.dct(v, norm="ortho"))(np.zeros(5))
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(5), atol=1e-12)
    back = mj.jacrev(lambda v: ours.idct(v, norm="ortho"))(np.zeros(5))
    np.testing.assert_allclose(back, np.asarray(matrix).T, atol=1e-12)


@pytest.mark.parametrize(
    "arguments", [{"type": 3}, {"norm": "forward"}, {"n": 0}, {"axis": 2}], ids=str
)
def test_bad_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"fft\.dct"):
        ours.dct(np.ones((2, 3)), **arguments)
