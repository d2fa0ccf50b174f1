"""What is stored and what is computed again, and how the loops over arrays walk memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.engine import host
from minijax.compiler.fuse.sweep import Sweep
from minijax.compiler.fuse.uses import Use, add_read, share_of, shift_of
from minijax.compiler.pipeline import Compiled
from minijax.core.dtypes import int64
from minijax.kernel.expr import ExprBuilder
from minijax.kernel.roots import Element, Scan, Scatter
from tests.compiler.test_fusion import compiled, normal

NARROW_VECTORS = host().vector_bytes == 32


def steps(found: Compiled) -> list[Any]:
    return [step.definition for step in found.plan.fused.steps]


# -- uses


def test_reads_at_the_same_distance_count_once() -> None:
    loop = {0: Use.at_own_index(1, 100.0)}
    middle: dict[int, Use] = {}
    for shift in (0, 1):
        add_read(middle, loop, (shift,), 1.0)
    inner: dict[int, Use] = {}
    for shift in (0, 1):
        add_read(inner, middle, (shift,), 1.0)
    assert middle[0].total == 200.0
    assert sorted(inner[0].shifts) == [(0,), (1,), (2,)]
    assert inner[0].total == 300.0


def test_reads_elsewhere_count_every_time() -> None:
    uses: dict[int, Use] = {}
    for _ in range(2):
        add_read(uses, {0: Use.at_own_index(2, 60.0)}, None, share_of(30))
    assert uses[0].total == pytest.approx(4.0)


def test_what_is_hoisted_out_of_a_short_loop_goes_one_by_one() -> None:
    assert share_of(1) == 1.0
    assert share_of(4) == 1.0
    assert share_of(1000) == 1e-3


def test_distances_of_indices() -> None:
    k = ExprBuilder()
    i, j = k.index(5), k.index(7)
    one = k.constant(1, int64)
    assert shift_of((k.binary("add", i, one), j), (i, j)) == (1, 0)
    assert shift_of((k.binary("sub", i, one), j), (i, j)) == (-1, 0)
    assert shift_of((j, i), (i, j)) is None
    assert shift_of((i,), (i, j)) is None
    assert shift_of((one, j), (i, j)) is None


# -- steps


def test_choices_by_index_are_stored_rather_than_nested() -> None:
    def around(x: Any) -> Any:
        places = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        return sum(jnp.roll(x, place, (0, 1)) for place in places)

    found = compiled(around, normal(128, 128))
    assert len(steps(found)) > 1
    assert "gather" not in found.llvm_ir()


def diffusion(u: Any) -> Any:
    lap = 4.0 * u[1:-1, 1:-1] - (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
    fx = lap[1:, 1:-1] - lap[:-1, 1:-1]
    fx = jnp.where(fx * (u[2:-1, 2:-2] - u[1:-2, 2:-2]) > 0.0, 0.0, fx)
    fy = lap[1:-1, 1:] - lap[1:-1, :-1]
    fy = jnp.where(fy * (u[2:-2, 2:-1] - u[2:-2, 1:-2]) > 0.0, 0.0, fy)
    return u[2:-2, 2:-2] - 0.1 * (fx[1:] - fx[:-1] + fy[:, 1:] - fy[:, :-1])


def test_compound_stencils_are_one_loop_if_memory_is_far() -> None:
    found = compiled(diffusion, normal(600, 500))
    assert len(steps(found)) == 1
    assert found.memory()["arena"] == 0


def test_elements_that_only_their_own_loop_reads_are_not_stored() -> None:
    def function(x: Any) -> Any:
        y = jnp.exp(x)
        return y * y, jnp.sin(y), jnp.cos(y)

    found = compiled(function, normal(70_000))
    (element,) = steps(found)
    assert isinstance(element, Element)
    assert len(element.outs) == 3
    assert found.memory()["arena"] == 0


def waves(e: Any, h: Any) -> Any:
    def step(_: Any, fields: Any) -> Any:
        e, h = fields
        e = e.at[1:, :].add(-0.5 * (h[1:, :] - h[:-1, :]))
        return e, h.at[:-1].add(-0.7 * (e[1:] - e[:-1]))

    return mj.lax.fori_loop(0, 5, step, (e, h))


def test_scatters_compute_what_they_add_where_they_write() -> None:
    found = compiled(waves, normal(40, 30), normal(30, 40).T)
    (loop,) = [step for step in found.plan.fused.steps if isinstance(step.definition, Scan)]
    arrays = [s.definition for s in loop.inner[0].steps if not isinstance(s.definition, Element)]
    assert [type(x) for x in arrays] == [Scatter, Scatter]
    assert found.memory()["arena"] == 0


def test_scatters_that_read_other_places_keep_what_they_read() -> None:
    def function(x: Any) -> Any:
        return mj.lax.fori_loop(0, 4, lambda _, x: x.at[1:].add(x[:-1]).at[::2].set(x[1::2]), x)

    compiled(function, normal(50))
    compiled(function, normal(2048))


@pytest.mark.parametrize("kept", (1, 2, 3, 4, 5, 12))
@pytest.mark.parametrize("rows", (1, 5, 7, 64, 1001))
@pytest.mark.parametrize("name", ("sum", "max", "prod", "argmin"))
def test_few_columns_are_folded_row_by_row(name: str, rows: int, kept: int) -> None:
    x = 1.0 + 0.01 * normal(rows, kept)
    compiled(lambda x: getattr(jnp, name)(x, axis=0), x)
    if rows <= 64:
        compiled(lambda x: getattr(jnp, name)(x, axis=1), np.stack([x, x + 1.0]))


def test_few_columns_are_not_gathered() -> None:
    text = compiled(lambda x: x.sum(0), normal(500, 3)).llvm_ir()
    assert "gather" not in text
    assert "insertelement" not in text


@pytest.mark.skipif(not NARROW_VECTORS, reason="machines with wide vectors gather")
@pytest.mark.parametrize("step", (2, 3, 9, -2))
@pytest.mark.parametrize("dtype", ("float64", "float32", "int8", "bool"))
def test_a_constant_distance_needs_no_vector_of_addresses(step: int, dtype: str) -> None:
    x = np.round(normal(40, 64) * 5).astype(dtype)
    text = compiled(lambda x: x.ravel()[::step], x).llvm_ir()
    assert "x ptr>" not in text


ROWS_ADDED = {
    "rows": lambda x, i: jnp.zeros((7, x.shape[1]), x.dtype).at[i].add(x),
    "parts of rows": lambda x, i: jnp.ones((7, x.shape[1] + 4), x.dtype).at[i, 3:-1].multiply(x),
    "columns": lambda x, i: jnp.zeros((x.shape[1], 7), x.dtype).at[:, i].add(x.T),
}


@pytest.mark.parametrize("name", ROWS_ADDED)
@pytest.mark.parametrize("width", (1, 8, 13))
@pytest.mark.parametrize("dtype", ("float64", "int32", "complex128"))
def test_rows_are_scattered_in_order(name: str, width: int, dtype: str) -> None:
    x = np.round(normal(90, width) * 5).astype(dtype)
    places = np.random.default_rng(1).integers(-9, 9, 90)
    compiled(ROWS_ADDED[name], x, places)


def test_rows_are_scattered_by_vectors() -> None:
    places = np.random.default_rng(1).integers(-9, 9, 90)
    text = compiled(ROWS_ADDED["rows"], normal(90, 16), places).llvm_ir()
    lanes = host().vector_bytes // 8
    assert f"fadd contract <{lanes} x double>" in text or lanes == 1


@pytest.mark.skipif(not NARROW_VECTORS, reason="registers of 32 bytes")
def test_loops_with_functions_take_two_registers_at_a_time() -> None:
    assert "@exp_f64x8(" in compiled(jnp.exp, normal(100)).llvm_ir()


# -- folds that store on their way


def both(name: str) -> Any:
    return lambda x: (jnp.exp(0.3 * x), FOLDS[name](jnp.exp(0.3 * x)))


FOLDS = {
    "everything": jnp.sum,
    "columns": lambda x: x.sum(0),
    "rows": lambda x: x.max(1),
    "places": jnp.argmax,
    "two folds": lambda x: (x.sum(0), (x * x).sum(0)),
    "transposed": lambda x: x.T.sum(0),
    "bools": lambda x: (x > 1.0).any(),
}


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize("shape", ((40, 6), (300, 2), (33, 66), (5, 4100), (600, 34), (1, 300)))
def test_folds_store_elements_on_their_way(name: str, shape: tuple[int, ...]) -> None:
    found = compiled(both(name), normal(*shape))
    if name in ("everything", "columns") and shape[0] > 1:
        # A long fold is cut into strips, which a second one adds up.
        sweep, *_ = steps(found)
        assert isinstance(sweep, Sweep)
        assert len(sweep.stored) == 1


def test_what_a_sweep_makes_and_nobody_reads_is_not_stored() -> None:
    function = mj.value_and_grad(lambda x: jnp.sum(jnp.log1p(jnp.exp(-x))))
    found = compiled(function, normal(5000))
    (sweep,) = steps(found)
    assert isinstance(sweep, Sweep)
    assert found.memory()["arena"] == 0


@pytest.mark.parametrize("size", (1 << 17, 100_003))
def test_long_folds_that_store_agree(size: int) -> None:
    compiled(both("everything"), normal(size, 1)[:, 0])


def test_elements_stay_apart_from_folds_that_read_them_elsewhere() -> None:
    found = compiled(lambda x: (jnp.exp(x), jnp.exp(x)[::-1][1:].sum(0)), normal(50, 30))
    assert not any(isinstance(step, Sweep) for step in steps(found))


def test_a_carry_is_updated_in_place_by_a_fold() -> None:
    def function(x: Any) -> Any:
        def step(x: Any, _: Any) -> Any:
            x = x + 0.1 * jnp.tanh(x)
            return x, jnp.sum(x)

        return mj.lax.scan(step, x, None, length=3)

    found = compiled(function, normal(2000))
    assert found.memory()["arena"] == 0


# -- transposes

PERMUTATIONS = ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


@pytest.mark.parametrize("dtype", ("float64", "float32", "int32", "int8", "bool", "complex128"))
@pytest.mark.parametrize("shape", ((64, 64), (130, 515), (9, 1030), (1030, 9), (3, 4)))
def test_transposes(shape: tuple[int, int], dtype: str) -> None:
    x = np.round(normal(*shape) * 5).astype(dtype)
    compiled(lambda x: x.T, x)
    if dtype != "bool":
        compiled(lambda x: (x.T * 2, jnp.where(x.T > 1, x.T, 3)) if x.dtype != complex else x.T, x)


@pytest.mark.parametrize("permutation", PERMUTATIONS)
@pytest.mark.parametrize("shape", ((7, 40, 33), (16, 64, 64), (2, 300, 270)))
def test_permutations_of_axes(shape: tuple[int, ...], permutation: tuple[int, ...]) -> None:
    compiled(lambda x: x.transpose(permutation) + 1.0, normal(*shape))


def test_reads_across_rows_go_by_tiles_if_lines_would_leave_the_cache() -> None:
    def count(size: int) -> int:
        return compiled(lambda x: x + x.T, normal(size, size)).llvm_ir().count("shufflevector")

    assert count(1000) >= 8
    assert count(50) < 8


def test_tiles_are_shared_by_threads() -> None:
    x = normal(1203, 1301)
    function = mj.jit(lambda x: jnp.sin(x.T) + x.T)
    with mj.threads(3):
        np.testing.assert_allclose(function(x), np.sin(x.T) + x.T, rtol=1e-14, atol=1e-15)


# -- weights


def test_what_two_readers_share_at_their_own_indices_is_one_piece_of_work() -> None:
    def limited(u: Any) -> Any:
        laplacian = 4.0 * u[1:-1, 1:-1] - (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])
        flux = laplacian[1:] - laplacian[:-1]
        flux = jnp.where(flux * (u[2:-1, 1:-1] - u[1:-2, 1:-1]) > 0.0, 0.0, flux)
        return flux[1:] - flux[:-1]

    found = compiled(limited, normal(64, 3000))
    assert len(steps(found)) == 1, "one loop, and neither flux nor the bool is stored"


def test_maxima_of_vectors_are_nan_where_an_operand_is() -> None:
    x, y = normal(3, 67), normal(3, 67)
    x[:, 5], y[:, 9], x[:, 66] = np.nan, np.nan, np.nan
    for dtype in (np.float64, np.float32, np.float16):
        a, b = x.astype(dtype), y.astype(dtype)
        both = mj.jit(lambda a, b: (jnp.maximum(a, b), jnp.minimum(a, b)))(a, b)
        np.testing.assert_array_equal(np.asarray(both[0]), np.maximum(a, b))
        np.testing.assert_array_equal(np.asarray(both[1]), np.minimum(a, b))


# -- views


@pytest.mark.parametrize("shape", [(100, 100), (1, 7), (7, 1), (0, 5), (33, 2)])
def test_a_view_of_what_is_in_memory_is_never_copied(shape: tuple[int, int]) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)

    def repeated(x: Any) -> Any:
        return jnp.repeat(jnp.tile(x, (2, 3)), 2, axis=1)

    np.testing.assert_array_equal(
        np.asarray(mj.jit(repeated)(x)), np.repeat(np.tile(x, (2, 3)), 2, axis=1)
    )
    text = mj.jit(repeated).lower(x).llvm_ir()
    assert "urem <" not in text
    assert "gather" not in text
