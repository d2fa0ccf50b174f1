"""Loops that become one: rows, sweeps, and parts of an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.pipeline import Compiled, compile_jaxpr
from minijax.interpreters.evaluate import evaluate
from minijax.kernel.roots import Reduce


def compiled(function: Callable[..., Any], *args: Any) -> Compiled:
    """Compiles a function, compares it with the evaluator, and returns what was compiled."""
    closed = mj.make_jaxpr(function)(*args)
    program = closed.jaxpr.close()
    inputs = [np.asarray(x) for x in (*closed.consts, *args)]
    found = compile_jaxpr(program)
    for x, y in zip(found.run(inputs), evaluate(program, inputs), strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-11)
    return found


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def layer_norm(x: Any) -> Any:
    shifted = x - x.mean(-1, keepdims=True)
    return shifted / jnp.sqrt((shifted**2).mean(-1, keepdims=True) + 1e-5)


ROWS: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: mj.nn.softmax(x),
    "gradient of softmax": mj.grad(lambda x: jnp.sum(mj.nn.softmax(x) ** 2)),
    "layer norm": layer_norm,
    "gradient of layer norm": mj.grad(lambda x: jnp.sum(layer_norm(x) ** 3)),
    "normalised rows": lambda x: x / jnp.linalg.norm(x, axis=-1, keepdims=True),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("shape", ((300, 100), (7, 40, 65), (2, 20_000)))
def test_row_programs_take_a_row_at_a_time(name: str, shape: tuple[int, ...]) -> None:
    found = compiled(ROWS[name], normal(*shape))
    steps = found.plan.fused.steps
    assert {step.group for step in steps} == {0}
    # Nothing of the size of the operand lies between the steps.
    assert found.memory()["arena"] <= 16 * 8 * shape[-1] + 64 * 64


def test_steps_that_read_other_rows_are_apart() -> None:
    found = compiled(
        lambda x: (x.sum(1)[::-1] + jnp.exp(x).sum(1), x - x.sum(1)[::-1, None]), normal(300, 100)
    )
    groups = [step.group for step in found.plan.fused.steps]
    assert len(set(groups)) > 1 or groups == [None] * len(groups)


SWEEPS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "moments": (lambda x: (x.sum(), (x * x).sum(), x.max()), 1),
    "moments of rows": (lambda x: (x.sum(1), (x * x).sum(1), jnp.argmax(x, 1)), 1),
    "moments of columns": (lambda x: (x.sum(0), (x * x).sum(0), x.min(0)), 1),
    "variance": (lambda x: x.var(), 2),
}


@pytest.mark.parametrize("name", SWEEPS)
@pytest.mark.parametrize("shape", ((40, 500), (33, 7), (4, 4)))
def test_folds_of_the_same_elements_share_a_sweep(name: str, shape: tuple[int, ...]) -> None:
    function, sweeps = SWEEPS[name]
    found = compiled(function, normal(*shape))
    folds = [s for s in found.plan.fused.steps if isinstance(s.definition, Reduce)]
    assert len(folds) == sweeps


SEGMENTS: dict[str, Callable[[Any], Any]] = {
    "roll": lambda x: jnp.roll(x, 3) + jnp.roll(x, -1),
    "pad": lambda x: jnp.pad(x, (3, 5)) + 1,
    "negative pad": lambda x: mj.lax.pad(x, 2.0, ((-1, 3, 0),)),
    "dilated pad": lambda x: mj.lax.pad(x, 2.0, ((1, 3, 2),)),
    "concatenate": lambda x: jnp.concatenate([x, x[::-1], x * 2]),
    "stencil": lambda x: x.at[1:-1].add(0.1 * (x[2:] - 2 * x[1:-1] + x[:-2])),
    "gradient": mj.grad(lambda x: jnp.sum((x[1:] - x[:-1] ** 2) ** 2)),
    "where": lambda x: jnp.where(jnp.arange(x.size) < 4, x, -x),
}


def segment_cases() -> Iterator[tuple[str, str]]:
    for name in SEGMENTS:
        yield name, "float64"
        if name not in ("gradient", "stencil"):
            yield from ((name, dtype) for dtype in ("float32", "int8", "complex128"))


@pytest.mark.parametrize(("name", "dtype"), list(segment_cases()))
@pytest.mark.parametrize("size", (3, 9, 40, 1000, 4097))
def test_parts_of_an_axis(name: str, size: int, dtype: str) -> None:
    x = np.round(normal(size) * 5).astype(dtype)
    function = SEGMENTS[name]
    closed = mj.make_jaxpr(function)(x)
    program = closed.jaxpr.close()
    inputs = [np.asarray(c) for c in (*closed.consts, x)]
    (found,) = compile_jaxpr(program).run(inputs)
    (expected,) = evaluate(program, inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_rows_of_many_elements_are_cut_although_they_are_long() -> None:
    def objective(x: Any) -> Any:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def conditions(n: int) -> int:
        lines = compiled(mj.hessian(objective), normal(n)).llvm_ir().splitlines()
        # A comparison with zero is that of a mask, which is known in front of the loop.
        return sum("icmp slt <" in line and "splat (i64 0)" not in line for line in lines)

    assert conditions(90) > 0
    assert conditions(200) == 0


STACKS: dict[str, Callable[[Any], Any]] = {
    "stack": lambda x: jnp.stack([jnp.roll(x, k, axis=1) * k for k in range(5)]),
    "stack inside": lambda x: jnp.stack([x, -x, x[::-1]], axis=1) + 1,
    "concatenate": lambda x: jnp.concatenate([x[2:], jnp.exp(x), x[:1]]) * 2,
    "pad": lambda x: jnp.pad(x, ((1, 2), (0, 1))) ** 2,
    "one row": lambda x: x.at[-1].set(x[0] * 2) + x,
    "summed": lambda x: jnp.sum(jnp.stack([x, x * 2, x - 1]), axis=(0, 1)),
}


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("shape", ((3, 2), (7, 33), (300, 130)), ids=str)
def test_parts_of_outer_axes(name: str, shape: tuple[int, ...]) -> None:
    compiled(STACKS[name], normal(*shape))


def test_what_is_stacked_is_computed_where_it_stands() -> None:
    def four(x: Any) -> Any:
        return jnp.stack([x + 1, x * 2, x - 3, -x]) / 3.0

    assert "select" not in compiled(four, normal(40, 50)).llvm_ir()


THIN: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...], bool]] = {
    "left": (lambda a, b: a @ b, (2, 9), (9, 400), True),
    "left, contracted first": (lambda a, b: a.T @ b, (4, 4), (4, 400), True),
    "right": (lambda a, b: a @ b, (400, 8), (8, 8), True),
    "right, transposed": (lambda a, b: a @ b.T, (400, 8), (8, 8), False),
    "of a transpose": (lambda a, b: a @ jnp.exp(b).T, (2, 9), (400, 9), False),
    "of a reshape": (lambda a, b: a @ jnp.exp(b).reshape(9, 400), (2, 9), (90, 40), True),
    "of what is stacked": (lambda a, b: a @ jnp.stack([b, b + 1, -b]), (4, 3), (400,), True),
    "thick": (lambda a, b: a @ b, (40, 40), (40, 40), False),
}


@pytest.mark.parametrize("name", THIN)
def test_thin_products_are_loops(name: str) -> None:
    function, left, right, is_loop = THIN[name]
    found = compiled(function, normal(*left), normal(*right))
    assert ("dgemm" not in found.llvm_ir()) == is_loop


@pytest.mark.parametrize("size", (1, 7, 8, 19, 64))
def test_mapped_loops_go_by_lanes(size: int) -> None:
    def root(a: Any) -> Any:
        def step(s: Any) -> Any:
            return 0.5 * (s + a / s)

        return mj.lax.while_loop(lambda s: jnp.abs(s * s - a) > 1e-13 * a, step, 1.0 + 0 * a)

    a = np.abs(normal(size)) * 50 + 1
    for run in (lambda f: f, mj.jit):
        np.testing.assert_allclose(run(mj.vmap(root))(a), np.sqrt(a), rtol=1e-12)
        np.testing.assert_allclose(run(mj.vmap(mj.grad(root)))(a), 0.5 / np.sqrt(a), rtol=1e-9)
    total = mj.grad(lambda a: mj.vmap(root)(a).sum())
    np.testing.assert_allclose(total(a), 0.5 / np.sqrt(a), rtol=1e-9)


def test_folds_of_a_constant_bool() -> None:
    """A constant stands for itself in every lane, once."""
    x = np.zeros((3, 70), bool)
    assert bool(mj.jit(lambda x: jnp.any(x == x))(x[0]))
    rows, found = mj.jit(lambda x: (x == x, jnp.any(x == x, axis=1)))(x)
    assert bool(rows.all())
    assert bool(found.all())


def test_thin_products_of_what_is_scaled_by_a_number() -> None:
    x = normal(10, 10)
    found = mj.jit(lambda x: jnp.dot(x, x / jnp.exp2(jnp.ceil(jnp.log2(jnp.max(x))))))(x)
    np.testing.assert_allclose(found, x @ x / 2.0 ** np.ceil(np.log2(x.max())), rtol=1e-12)
    found = mj.jit(mj.scipy.linalg.expm)(x)
    np.testing.assert_allclose(found, mj.scipy.linalg.expm(x), rtol=1e-9)
