"""Short folds that read neighbours along what they keep: several vectors of results at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

R = np.random.default_rng(11)


def _agree(function: Any, *operands: Any, tolerance: float = 1e-11) -> None:
    compiled = mj.jit(function)(*operands)
    with back_end(evaluate):
        expected = mj.jit(lambda *xs: function(*xs))(*operands)
    leaves = mj.tree_util.tree_leaves
    for got, want in zip(leaves(compiled), leaves(expected), strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        wide = np.complex128 if np.dtype(got.dtype).kind == "c" else np.float64
        x, y = (np.asarray(z).astype(wide) for z in (got, want))
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def _random(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if dtype == "complex64":
        return (R.standard_normal(shape) + 1j * R.standard_normal(shape)).astype(dtype)
    return (4 * R.standard_normal(shape)).astype(dtype)


TOLERANCE = {"float32": 1e-4, "complex64": 1e-4, "bfloat16": 2e-1, "float16": 5e-2}
DTYPES = ("float64", "float32", "float16", "bfloat16", "complex64", "int32", "uint8", "int64")


def _dtype(name: str) -> Any:
    return getattr(jnp, name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("mode", ["SAME", "VALID"])
def test_windows_of_every_dtype(dtype: str, mode: str) -> None:
    x = jnp.asarray(_random((2, 1, 9, 37), "complex64" if dtype == "complex64" else "float32"))
    w = jnp.asarray(_random((3, 1, 5, 3), "complex64" if dtype == "complex64" else "float32"))
    x, w = x.astype(_dtype(dtype)), w.astype(_dtype(dtype))
    _agree(lambda x, w: lax.conv(x, w, (1, 1), mode), x, w, tolerance=TOLERANCE.get(dtype, 1e-11))


@pytest.mark.parametrize("width", [1, 3, 7, 8, 9, 16, 31, 32, 33, 36, 64, 65, 97, 130])
def test_windows_of_every_width(width: int) -> None:
    x, w = _random((1, 2, 6, width), "float64"), _random((2, 2, 3, min(width, 5)), "float64")
    _agree(lambda x, w: lax.conv(x, w, (1, 1), "SAME"), x, w)
    _agree(lambda x, w: lax.conv(x, w, (1, 1), "VALID"), x, w)


@pytest.mark.parametrize(
    ("images", "kernels", "options"),
    [
        ((1, 1, 40), (1, 1, 9), {"padding": [(-3, 11)]}),
        ((2, 1, 13, 40), (1, 1, 3, 3), {"rhs_dilation": (2, 3)}),
        ((2, 1, 13, 40), (1, 1, 3, 3), {"lhs_dilation": (2, 3)}),
        ((2, 1, 13, 41), (2, 1, 3, 4), {"window_strides": (2, 3)}),
        ((2, 6, 13, 41), (6, 1, 3, 3), {"feature_group_count": 6}),
        ((1, 1, 4, 5, 33), (2, 1, 2, 3, 4), {}),
        ((0, 1, 9, 9), (1, 1, 3, 3), {}),
        ((1, 0, 9, 9), (1, 0, 3, 3), {}),
        ((1, 1, 2, 20), (1, 1, 3, 3), {"padding": "VALID"}),
        ((1, 1, 9, 20), (1, 1, 0, 3), {}),
        ((2, 1, 20, 40), (1, 1, 17, 17), {}),
        ((2, 1, 28, 28), (6, 1, 5, 5), {}),
        ((2, 20, 12, 30), (3, 20, 3, 3), {}),
    ],
)
def test_windows_of_every_kind(images: Any, kernels: Any, options: Any) -> None:
    given = {"window_strides": (1,) * (len(images) - 2), "padding": "SAME", **options}
    if options.get("lhs_dilation"):
        given["padding"] = [(1, 2), (0, 3)]

    def f(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(x, w, **given)

    x, w = _random(images, "float64"), _random(kernels, "float64")
    _agree(f, x, w)
    _agree(mj.grad(lambda x, w: jnp.sum(f(x, w) ** 2), (0, 1)), x, w, tolerance=1e-9)


def test_kernels_that_are_read_backwards() -> None:
    _agree(jnp.convolve, _random((203,), "float64"), _random((31,), "float64"))


def test_windows_of_extremes_with_nan() -> None:
    x = _random((9, 67), "float64")
    x[[1, 8, 4], [0, 66, 33]] = np.nan, np.nan, -np.inf

    def windows(x: Any) -> Any:
        views = jnp.stack([x[:, k : k + 60] for k in range(8)], axis=1)
        return jnp.max(views, axis=1), jnp.argmin(views, axis=1), jnp.prod(views, axis=1)

    _agree(windows, x)


def test_the_order_is_that_of_the_window_for_every_number_of_threads() -> None:
    x, w = _random((1, 1, 700, 701), "float64"), _random((1, 1, 5, 5), "float64")
    found = []
    for count in (1, 3):
        with mj.threads(count):
            found.append(np.asarray(mj.jit(lambda x, w: lax.conv(x, w, (1, 1), "SAME"))(x, w)))
    np.testing.assert_array_equal(*found)


def test_results_are_folded_in_several_vectors_without_sums_over_lanes() -> None:
    x, w = _random((1, 1, 20, 200), "float64"), _random((1, 1, 5, 5), "float64")
    text = mj.jit(lambda x, w: lax.conv(x, w, (1, 1), "VALID")).lower(x, w).llvm_ir()
    assert text.count("phi <") >= 4, "sums of several vectors go round the loop over rows"
    assert "extractelement" not in text


@pytest.mark.parametrize("columns", [33, 64, 127, 129, 512])
@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "argmax"])
def test_rows_that_come_from_far(name: str, columns: int) -> None:
    x = 1.0 + 1e-3 * _random((3, (1 << 18) // columns // 2, columns), "float64")
    x[1, 7, columns - 1] = np.nan
    _agree(lambda x: getattr(jnp, name)(x, axis=1), x, tolerance=1e-10)


@pytest.mark.parametrize("columns", [33, 47, 48, 49, 100, 203])
@pytest.mark.parametrize("name", ["max", "min", "sum", "prod", "argmax", "all"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "complex64"])
def test_rows_of_the_cache(name: str, columns: int, dtype: str) -> None:
    if name == "argmax" and dtype == "complex64":
        name = "mean"  # complex numbers have no places of extremes
    x = _random((2, 41, columns), dtype)
    if name == "prod":
        x = (1 + x / 100).astype(dtype)
    _agree(lambda x: getattr(jnp, name)(x, axis=1), x, tolerance=TOLERANCE.get(dtype, 1e-11))


def test_columns_of_a_matrix_in_the_cache_stay_in_registers() -> None:
    text = mj.jit(lambda a, x: x @ a).lower(_random((90, 96), "float64"), _random((90,), "float64"))
    assert "alloca" not in text.llvm_ir()
