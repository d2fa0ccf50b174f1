"""argmax and argmin: ties, NaNs and infinities, in every order that folds are taken in."""

from __future__ import annotations

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage
from minijax.primitives.reduce import reduce_sum
from minijax.primitives.reduction import argmax, argmin, reduce_max

SHAPES = [(1,), (3,), (1000,), (20_000,), (5, 70), (3, 4, 9), (600, 3), (40, 3000), (7, 1)]


def _operands(dtype: str, shape: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(len(shape))
    few = rng.integers(0, 3, shape).astype(dtype)
    found = [few, np.zeros(shape, dtype), rng.permuted(few, axis=-1) * 7]
    if dtype.startswith("float"):
        found += [np.full(shape, s * np.inf, dtype) for s in (1, -1)]
        for share in (0.001, 0.3, 1.0):
            found.append(np.where(rng.random(shape) < share, np.nan, few).astype(dtype))
        found.append(np.where(few == 0, -np.inf, -0.0).astype(dtype))
    else:
        info = np.iinfo(dtype)
        found += [np.full(shape, info.min, dtype), np.full(shape, info.max, dtype)]
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint8"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_first_of_the_best(dtype: str, shape: tuple[int, ...]) -> None:
    aval = ShapedArray(shape, np.dtype(dtype))
    for axis in range(len(shape)):
        for index_dtype in ("int64", "int32"):
            program = stage(
                lambda x, a=axis, i=index_dtype: [argmax(x, a, i), argmin(x, a, i)], [aval]
            )
            compiled = compile_jaxpr(program)
            for x in _operands(dtype, shape):
                found = compiled.run([x])
                for y, function in zip(found, (np.argmax, np.argmin), strict=True):
                    assert y.dtype == index_dtype
                    np.testing.assert_array_equal(y, function(x, axis=axis))


def test_in_one_sweep_with_other_folds() -> None:
    x = np.random.default_rng(0).normal(size=(30, 500))
    x[3, 7] = np.nan
    program = stage(
        lambda x: [argmax(x, 1, "int64"), reduce_max(x, (1,)), reduce_sum(x, (1,))],
        [ShapedArray(x.shape, x.dtype)],
    )
    place, largest, total = compile_jaxpr(program).run([x])
    np.testing.assert_array_equal(place, x.argmax(1))
    np.testing.assert_array_equal(largest, x.max(1))
    np.testing.assert_allclose(total, x.sum(1), 1e-12)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float16", "int32", "float64"])
@pytest.mark.parametrize("n", [45_000, 45_001, 45_127])
def test_the_place_is_found_wherever_it_is_in_a_long_row(dtype: str, n: int) -> None:
    compiled = compile_jaxpr(
        stage(lambda x: [argmax(x, 0, "int64")], [ShapedArray((n,), np.dtype(dtype))])
    )
    x = np.random.default_rng(n).integers(0, 50, n).astype(dtype)
    for place in (0, 1, 31, 16_255, 16_256, 32_511, 32_513, 44_900, 44_999, n - 128, n - 1):
        for other in (place, (place + n) // 2, n - 1):
            y = x.copy()
            y[[place, other]] = 100
            (found,) = compiled.run([y])
            assert found == place


def test_places_of_what_is_computed_on_the_way() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 12, 700))
    program = stage(
        lambda x, y: [argmax(x * y + x, 1, "int64"), argmin(x * y + x, 1, "int32")],
        [ShapedArray(x.shape, x.dtype)] * 2,
    )
    found = compile_jaxpr(program).run([x, y])
    for place, function in zip(found, (np.argmax, np.argmin), strict=True):
        np.testing.assert_array_equal(place, function(x * y + x, axis=1))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float32", "float64"])
def test_long_arrays_are_cut_into_strips(dtype: str) -> None:
    """The place in a strip follows the place where the strip begins; the first of equals wins."""
    x = (np.random.default_rng(9).integers(0, 100, 1_200_007) % 97).astype(dtype)
    largest, smallest = mj.jit(lambda x: (jnp.argmax(x), jnp.argmin(x)))(x)
    assert (int(largest), int(smallest)) == (np.argmax(x), np.argmin(x))
    x[-1] = 101
    assert int(mj.jit(jnp.argmax)(x)) == len(x) - 1
