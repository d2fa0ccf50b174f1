"""Convolutions and folds over windows against the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax import lax

pytestmark = pytest.mark.oracle


def _agree(f: Any, g: Any, shapes: Any, differentiable: bool = True) -> None:
    """Asserts equal values, first and second derivatives, compiled and mapped."""
    import jax

    rng = np.random.default_rng(0)
    operands = [rng.normal(size=shape) for shape in shapes]
    expected = np.asarray(g(*operands))
    for found in (f(*operands), mj.jit(f)(*operands)):
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, 1e-10, 1e-12)
    rows = [np.stack([x, 2 * x, x - 1]) for x in operands]
    np.testing.assert_allclose(mj.vmap(f)(*rows), jax.vmap(g)(*rows), 1e-10, 1e-12)
    if not differentiable:
        return
    weights = rng.normal(size=expected.shape)
    by = tuple(range(len(operands)))
    slope = mj.grad(lambda *a: (mj.numpy.sin(f(*a)) * weights).sum(), by)
    known = jax.grad(lambda *a: (jax.numpy.sin(g(*a)) * weights).sum(), by)
    directions = [rng.normal(size=x.shape) for x in operands]
    _, second = mj.jvp(slope, tuple(operands), tuple(directions))
    _, known_second = jax.jvp(known, tuple(operands), tuple(directions))
    for found, there in zip(
        (*slope(*operands), *second), (*known(*operands), *known_second), strict=True
    ):
        np.testing.assert_allclose(found, there, 1e-9, 1e-10)


_CONVOLUTIONS: list[tuple[Any, Any, dict[str, Any]]] = [
    ((2, 3, 7), (4, 3, 3), {"window_strides": (1,), "padding": "SAME"}),
    (
        (2, 3, 7, 6),
        (4, 3, 3, 2),
        {
            "window_strides": (2, 3),
            "padding": [(-1, 2), (3, -2)],
            "lhs_dilation": (2, 1),
            "rhs_dilation": (2, 3),
        },
    ),
    (
        (2, 4, 7),
        (6, 2, 3),
        {"window_strides": (2,), "padding": "SAME_LOWER", "feature_group_count": 2},
    ),
    ((4, 3, 7), (6, 3, 3), {"window_strides": (2,), "padding": "VALID", "batch_group_count": 2}),
    (
        (7, 2, 6, 3),
        (3, 3, 2, 4),
        {
            "window_strides": (1, 2),
            "padding": "VALID",
            "dimension_numbers": ("HNWC", "WIHO", "WNHC"),
        },
    ),
]


@pytest.mark.parametrize("row", _CONVOLUTIONS, ids=range(len(_CONVOLUTIONS)))
def test_convolutions(row: Any) -> None:
    import jax

    *shapes, params = row
    _agree(
        lambda x, w: lax.conv_general_dilated(x, w, **params),
        lambda x, w: jax.lax.conv_general_dilated(x, w, **params),
        shapes,
    )


@pytest.mark.parametrize("strides", [(1, 1), (2, 3), (5, 4)])
@pytest.mark.parametrize("padding", ["SAME", "VALID", [(1, 2), (0, 1)]])
@pytest.mark.parametrize("consistent", [False, True])
def test_transposed_convolutions(strides: Any, padding: Any, consistent: bool) -> None:
    import jax

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(1, 5, 4, 3)), rng.normal(size=(3, 2, 6, 3))
    facts = {"transpose_kernel": True, "use_consistent_padding": consistent}
    found = lax.conv_transpose(x, w, strides, padding, **facts)
    np.testing.assert_allclose(found, jax.lax.conv_transpose(x, w, strides, padding, **facts))


@pytest.mark.parametrize("layout", [None, ("NHWC", "HWIO", "NHWC")])
def test_patches_and_unshared_kernels(layout: Any) -> None:
    import jax

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 7, 6)), rng.normal(size=(5, 18, 4, 6))
    if layout:
        x, w = x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)
    window = ((3, 2), (2, 1), "SAME")
    found = lax.conv_general_dilated_patches(x, *window, dimension_numbers=layout)
    expected = jax.lax.conv_general_dilated_patches(x, *window, dimension_numbers=layout)
    np.testing.assert_allclose(found, expected)
    place = ((2, 1), "SAME", (3, 2))
    found = lax.conv_general_dilated_local(x, w, *place, dimension_numbers=layout)
    expected = jax.lax.conv_general_dilated_local(x, w, *place, dimension_numbers=layout)
    np.testing.assert_allclose(found, expected, 1e-10, 1e-12)


_FOLDS = {"add": 0.0, "max": -np.inf, "min": np.inf, "mul": 1.0}
_WINDOWS: list[dict[str, Any]] = [
    {"window_dimensions": (3, 2), "window_strides": (2, 1), "padding": "SAME"},
    {"window_dimensions": (3, 2), "window_strides": (1, 2), "padding": [(1, 2), (0, 1)]},
    {"window_dimensions": (2, 2), "padding": [(1, 2), (0, -1)], "base_dilation": (2, 3)},
    {"window_dimensions": (2, 2), "padding": "VALID", "window_dilation": (2, 3)},
]


@pytest.mark.parametrize("name", _FOLDS)
@pytest.mark.parametrize("window", _WINDOWS, ids=range(len(_WINDOWS)))
def test_folds(name: str, window: Any) -> None:
    import jax

    start = _FOLDS[name]
    # The oracle differentiates maxima without dilation only, and products not at all.
    plain = not any("dilation" in key for key in window)
    _agree(
        lambda x: lax.reduce_window(x, start, getattr(lax, name), **window),
        lambda x: jax.lax.reduce_window(x, start, getattr(jax.lax, name), **window),
        [(7, 6)],
        name == "add" or (plain and name != "mul"),
    )


def test_ties_go_to_the_first_place() -> None:
    import jax

    x = np.array([1.0, 2.0, 2.0, 2.0, 0.0, 0.0])

    def slope(library: Any, namespace: Any) -> Any:
        def pooled(x: Any) -> Any:
            return namespace.reduce_window(x, -np.inf, namespace.max, (3,), (2,), "SAME").sum()

        return library.grad(pooled)(x)

    np.testing.assert_array_equal(slope(mj, lax), slope(jax, jax.lax))


def test_padding_takes_no_part_in_a_fold() -> None:
    import jax

    x = np.arange(5.0)
    found = lax.reduce_window(x, 2.0, lax.add, (3,), (1,), "SAME")
    np.testing.assert_array_equal(
        found, jax.lax.reduce_window(x, 2.0, jax.lax.add, (3,), (1,), "SAME")
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: lax.conv(x, x, (1, 1), "VALID"), ValueError, "window_strides"),
        (lambda x: lax.conv(x, x[:, :1], (1,), "VALID"), ValueError, "input features"),
        (lambda x: lax.conv(x, x, (1,), "FULL"), ValueError, "SAME_LOWER"),
        (lambda x: lax.conv(x, x[0], (1,), "VALID"), TypeError, "one rank"),
        (
            lambda x: lax.conv_general_dilated(
                x, x, (1,), "VALID", dimension_numbers=("NCH", "OIW", "NCH")
            ),
            TypeError,
            "distinct letters",
        ),
        (
            lambda x: lax.conv_general_dilated(x, x, (1,), "SAME", lhs_dilation=(2,)),
            ValueError,
            "conv_transpose",
        ),
        (lambda x: lax.reduce_window(x, 0.0, lax.add, (2,)), ValueError, "window_dimensions"),
        (lambda x: lax.reduce_window(x, x, lax.add, (1, 1, 1)), TypeError, "scalar"),
        (lambda x: lax.fft(x, "FTF", (3,)), ValueError, "IRFFT"),
        (lambda x: lax.fft(x, "FFT", (4,)), ValueError, "fft_lengths"),
    ],
)
def test_errors_name_what_is_expected(call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call(mj.numpy.ones((2, 2, 3)))
