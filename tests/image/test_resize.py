"""Resampled images against the oracle, and properties that hold without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import image

_X = np.random.default_rng(5).uniform(size=(5, 7, 2))
_METHODS = ("linear", "cubic", "cubic-pytorch", "lanczos3", "lanczos5", "area")


# method, shape, and the inner product with 0, 1, 2 ... that the oracle was seen to return, with and
# without antialiasing
_SEEN = [
    ("nearest", (3, 11, 2), 950.1769765, 950.1769765),
    ("nearest", (10, 4, 2), 1249.9665473, 1249.9665473),
    ("linear", (3, 11, 2), 964.2979813, 979.5742606),
    ("linear", (10, 4, 2), 1399.2255904, 1337.9647352),
    ("cubic", (3, 11, 2), 954.2828487, 969.8537378),
    ("cubic", (10, 4, 2), 1395.5360952, 1316.9291215),
    ("cubic-pytorch", (3, 11, 2), 954.2828487, 969.5450777),
    ("cubic-pytorch", (10, 4, 2), 1395.5360952, 1324.0327494),
    ("lanczos3", (3, 11, 2), 950.2091952, 962.5208512),
    ("lanczos3", (10, 4, 2), 1398.0309541, 1319.5556028),
    ("lanczos5", (3, 11, 2), 950.5837223, 957.037781),
    ("lanczos5", (10, 4, 2), 1401.9157483, 1329.531705),
    ("area", (3, 11, 2), 961.2081741, 961.2081741),
    ("area", (10, 4, 2), 1383.6238861, 1383.6238861),
]


@pytest.mark.parametrize(("method", "shape", "smooth", "sharp"), _SEEN)
def test_sizes(method: str, shape: Any, smooth: float, sharp: float) -> None:
    x = np.random.RandomState(0).rand(5, 7, 2)
    weights = np.arange(np.prod(shape)).reshape(shape)
    for antialias, expected in ((True, smooth), (False, sharp)):
        found = jnp.sum(image.resize(x, shape, method, antialias) * weights)
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize("method", [*_METHODS, "nearest"])
def test_sizes_against_the_oracle(method: str) -> None:
    import jax.image

    for shape in ((3, 11, 2), (10, 4, 2), (1, 1, 2)):
        for antialias in (True, False):
            ours = image.resize(_X, shape, method, antialias)
            theirs = jax.image.resize(_X, shape, method, antialias)
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize("method", ["linear", "lanczos3", "area"])
def test_derivatives_against_the_oracle(method: str) -> None:
    import jax

    def loss(module: Any) -> Any:
        def of(x: Any, scale: Any, move: Any) -> Any:
            y = module.scale_and_translate(x, (6, 6, 2), (0, 1), scale, move, method)
            return (y**2).sum()

        return of

    args = jnp.array(_X), jnp.array([0.7, 1.3]), jnp.array([0.3, -1.1])
    ours = mj.jit(mj.grad(loss(image), (0, 1, 2)))(*args)
    theirs = jax.grad(loss(jax.image), (0, 1, 2))(*map(np.asarray, args))
    for x, y in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("method", _METHODS)
def test_resampling_is_linear_and_keeps_constants(method: str) -> None:
    shape = (4, 9, 2)
    ones = image.resize(jnp.ones(_X.shape), shape, method)
    np.testing.assert_allclose(ones, 1, rtol=1e-12)
    np.testing.assert_array_equal(image.resize(_X, _X.shape, method), _X)
    lanes = mj.vmap(lambda x: image.resize(x, shape[1:], method))(_X[:4])
    one_by_one = [image.resize(x, shape[1:], method) for x in _X[:4]]
    np.testing.assert_allclose(lanes, one_by_one, rtol=1e-12)
    ct = np.random.default_rng(6).normal(size=shape)
    pulled = mj.vjp(lambda x: image.resize(x, shape, method), _X)[1](ct)[0]
    np.testing.assert_allclose(
        np.sum(pulled * _X), np.sum(image.resize(_X, shape, method) * ct), rtol=1e-12
    )


def test_dtypes_and_names() -> None:
    integers = np.arange(6).reshape(2, 3)
    assert image.resize(integers, (4, 4), "nearest").dtype == np.int64
    assert image.resize(integers, (4, 3), "linear").dtype == np.float64
    assert image.resize(_X.astype(np.float32), (2, 2, 2), "cubic").dtype == np.float32
    assert image.resize(_X, (0, 3, 2), "linear").shape == (0, 3, 2)
    for name in ("bilinear", "trilinear", "triangle"):
        assert image.ResizeMethod.from_string(name) is image.ResizeMethod.LINEAR
    by_method = image.resize(_X, [2, 2, 2], image.ResizeMethod.LINEAR)
    np.testing.assert_array_equal(by_method, image.resize(_X, (2, 2, 2), "bilinear"))


def test_translation_moves_pixels() -> None:
    x, one = jnp.arange(4.0), jnp.ones(1)
    moved = image.scale_and_translate(x, (4,), (0,), one, one, "linear", antialias=False)
    np.testing.assert_array_equal(moved, [0, 0, 1, 2])
    np.testing.assert_array_equal(
        image.scale_and_translate(x[None], (1, 4), (-1,), [1], [1], "cubic")[0], [0, 0, 1, 2]
    )


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("number of dimensions", lambda: image.resize(_X, (3, 3), "linear")),
        ("Unknown resize method", lambda: image.resize(_X, (3, 3, 3), "foo")),
        (
            "Nearest neighbor",
            lambda: image.scale_and_translate(_X, (3, 3, 2), (0,), [1.0], [1.0], "nearest"),
        ),
        (
            "one scale and one translation",
            lambda: image.scale_and_translate(_X, (3, 3, 2), (0, 1), [1.0], [1.0], "linear"),
        ),
    ],
)
def test_refusals(text: str, call: Any) -> None:
    with pytest.raises(ValueError, match=text):
        call()
