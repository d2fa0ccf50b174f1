"""Small arrays in loops live in registers, and mean what the evaluator says they mean."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.compiler.pipeline import Compiled, compile_jaxpr
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.stage import stage
from tests.compiler.programs import aval, check_function, sample


def loop_text(compiled: Compiled) -> str:
    """The text of the first loop: from its block of phi nodes to the jump back."""
    text = compiled.llvm_ir()
    label = re.search(r"\n(b\d+):\n  %v\d+ = phi", text)
    assert label is not None, text
    back = list(re.finditer(rf"\n  br [^\n]*label %{label[1]}\b", text))[-1]
    assert back.start() > label.end(), text
    return text[label.start() : back.start()]


def check_registers(function: Callable[..., Any], *avals: Any) -> Compiled:
    """Compares with the evaluator; the loop must touch no memory."""
    compiled = check_function(function, *avals)
    text = loop_text(compiled)
    assert not re.search(r"\b(load|store|getelementptr|memmove)\b", text), text
    assert "alloca" not in compiled.llvm_ir()
    return compiled


def steps(body: Callable[[Any], Any], length: int = 5) -> Callable[[Any], list[Any]]:
    """A function that applies a body a few times, in a loop."""
    return lambda x: [lax.fori_loop(0, length, lambda _, y: body(y), x)]


def test_a_runge_kutta_step_on_a_3_vector_touches_no_memory() -> None:
    def velocity(s: Any) -> Any:
        x, y, z = s
        return jnp.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - z * 2.5])

    def step(s: Any) -> Any:
        a = velocity(s)
        b = velocity(s + 0.05 * a)
        c = velocity(s + 0.05 * b)
        return s + 0.01 * (a + 2.0 * b + 2.0 * c + velocity(s + 0.1 * c))

    check_registers(steps(step), aval(3))


BODIES: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "elementwise": (lambda y: jnp.sin(y) * 0.5 + y[0], (3,)),
    "one number": (lambda y: y * 0.5, (1,)),
    "matrix product": (lambda m: m @ m * 0.1, (2, 2)),
    "product of 4 by 4": (lambda m: m @ m * 0.1, (4, 4)),
    "transpose": (lambda m: m.T * 0.5 + m, (4, 4)),
    "transpose of 3 by 3": (lambda m: m.T * 0.5 + m, (3, 3)),
    "outer product": (lambda v: v[:, None] @ v[None, :] @ v * 0.1, (3,)),
    "outer product of lanes": (lambda v: jnp.outer(v, v) @ v * 0.1, (4,)),
    "trace": (lambda m: m * jnp.trace(m), (3, 3)),
    "sum": (lambda v: v / jnp.sum(v * v), (8,)),
    "sums of rows": (lambda m: m / (1.0 + jnp.sum(m * m, 1, keepdims=True)), (8, 2)),
    "sums of columns": (lambda m: m / (1.0 + jnp.sum(m * m, 0, keepdims=True)), (8, 2)),
    "backwards": (lambda v: v[::-1] * 0.5 + v, (8,)),
    "shift": (lambda v: jnp.roll(v, 1) * 0.5 + v, (8,)),
    "halves": (lambda v: jnp.concatenate([v[4:] * 0.5, v[:4]]), (8,)),
    "norm and largest": (lambda v: v / (1.0 + jnp.max(v)) + jnp.argmax(v), (5,)),
    "running sum": (lambda v: jnp.cumsum(v) * 0.3, (4,)),
    "running sum of rows": (lambda m: jnp.cumsum(m, 1) * 0.3, (8, 3)),
    "element set": (lambda v: v.at[1].set(v[0] + v[2]), (3,)),
    "element added to": (lambda v: v.at[-1].add(v[0]), (4,)),
    "row set": (lambda m: m.at[1].set(m[0] * 0.5), (2, 2)),
    "slice set": (lambda v: v.at[1:3].multiply(0.5), (5,)),
    "cross product": (lambda v: jnp.cross(v, v * v) + v * 0.5, (3,)),
    "chosen": (lambda v: jnp.where(v > 0, v * 0.5, -v), (8,)),
}


@pytest.mark.parametrize("name", BODIES)
def test_small_bodies_touch_no_memory(name: str) -> None:
    body, shape = BODIES[name]
    check_registers(steps(body), aval(*shape))


@pytest.mark.parametrize("shape", [(3,), (4,), (2, 2), (8, 3)])
def test_elements_at_computed_places_are_chosen(shape: tuple[int, ...]) -> None:
    def function(x: Any, first: Any) -> list[Any]:
        def body(i: Any, y: Any) -> Any:
            place = (first + i) % shape[-1]
            y = y.at[..., place].set(y[..., (place + 1) % shape[-1]] * 0.5)
            return y.at[..., place].add(0.25)

        return [lax.fori_loop(0, 7, body, x)]

    check_registers(function, aval(*shape), aval(dtype="int64"))


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("columns", [1, 2])
def test_solves_of_a_batch_of_one(size: int, columns: int) -> None:
    def step(i: Any, state: Any) -> Any:
        matrix, rows = state
        found = jnp.linalg.solve(matrix, rows)
        return matrix + 0.1 * jnp.sum(found), jnp.sin(found)

    check_function(
        lambda matrix, rows: list(lax.fori_loop(0, 3, step, (matrix + 3 * jnp.eye(size), rows))),
        aval(1, size, size),
        aval(1, size, columns),
    )


def test_a_number_is_spread_over_vectors_of_several_lengths() -> None:
    def step(i: Any, state: Any) -> Any:
        short, long, numbers = state
        amount = 2.0 * numbers[i]
        return (
            jnp.where(short > 0, short + amount, short),
            jnp.where(long > 0, long - amount, long),
            jnp.sin(numbers),
        )

    check_function(lambda *state: list(lax.fori_loop(0, 3, step, state)), aval(4), aval(8), aval(4))


def test_a_long_array_that_is_looked_up_stays_in_memory() -> None:
    def function(x: Any) -> list[Any]:
        return [lax.fori_loop(0, 7, lambda i, y: y.at[i].set(y[i - 1] * 0.5), x)]

    compiled = check_function(function, aval(9))
    assert loop_text(compiled).count("store double") == 1


def test_stacked_rows_are_stored_and_nothing_else() -> None:
    def function(x: Any) -> list[Any]:
        def step(y: Any, _: Any) -> Any:
            y = y * 0.5 + y[::-1]
            return y, y

        return list(lax.scan(step, x, None, length=6))

    text = loop_text(check_function(function, aval(3)))
    assert text.count("store double") == 3
    assert "load" not in text


def test_scanned_rows_and_constants_of_loops() -> None:
    def function(x: Any, rows: Any, matrix: Any) -> list[Any]:
        def step(y: Any, row: Any) -> Any:
            y = matrix @ y * 0.2 + row
            return y, (y[0], jnp.sum(row))

        last, (firsts, sums) = lax.scan(step, x, rows)
        return [last, firsts, sums]

    for n in (2, 3, 4, 8):
        check_function(function, aval(n), aval(6, n), aval(n, n))
    text = loop_text(check_function(function, aval(3), aval(6, 3), aval(3, 3)))
    assert text.count("load double") == 3, "the matrix is read before the loop"


def test_solves_of_small_systems_are_straight_code() -> None:
    def function(a: Any, b: Any) -> list[Any]:
        eye = 5.0 * jnp.eye(3)
        return [lax.fori_loop(0, 4, lambda _, y: jnp.linalg.solve(a + eye, y), b)]

    text = loop_text(check_function(function, aval(3, 3), aval(3), tolerance=1e-10))
    assert "call" not in re.sub(r"llvm\.\w+", "", text).replace("call double @", "")


@pytest.mark.parametrize("shape", [(2,), (4,), (8,), (8, 2)])
def test_branches_and_loops_inside(shape: tuple[int, ...]) -> None:
    def function(x: Any) -> list[Any]:
        def inner(y: Any) -> Any:
            return lax.while_loop(
                lambda s: jnp.sum(s * s) > 1.0, lambda s: s * 0.5 + s[::-1] * 0.25, y
            )

        def step(y: Any, _: Any) -> Any:
            flat = y.ravel()
            y = lax.cond(flat[0] > flat[1], inner, lambda y: jnp.cos(y) + 0.5, y)
            y = lax.switch(jnp.argmin(flat) % 3, [lambda y: y, jnp.negative, inner], y)
            return y, flat[0]

        return list(lax.scan(step, x, None, length=9))

    check_function(function, aval(*shape))


def test_what_needs_memory_is_packed() -> None:
    def function(x: Any) -> list[Any]:
        def step(y: Any, _: Any) -> Any:
            order = jnp.sort(y)
            ys = lax.scan(lambda c, z: (c + z, c * z), 0.0, order)[1]
            return y * 0.5 + order, ys

        return list(lax.scan(step, x, None, length=4))

    for n in (3, 4, 8):
        check_function(function, aval(n))


TOLERANCES = {"float32": 1e-6, "float16": 1e-3}


@pytest.mark.parametrize("dtype", ["float32", "float16", "complex128", "int8", "bool", "uint64"])
def test_dtypes(dtype: str) -> None:
    def function(x: Any) -> list[Any]:
        def step(y: Any, _: Any) -> Any:
            z = jnp.where(y == y[0], y, y[::-1])
            return z, (y if dtype == "bool" else y * y + z)

        return list(lax.scan(step, x, None, length=3))

    for shape in ((3,), (4,), (8,), (8, 2), (2, 2)):
        check_function(function, aval(*shape, dtype=dtype), tolerance=TOLERANCES.get(dtype, 1e-12))


def test_gradients_of_small_states() -> None:
    def loss(x: Any, w: Any) -> Any:
        def step(y: Any, _: Any) -> Any:
            y = jnp.tanh(w @ y) + 0.1 * y[0]
            return y, y

        return jnp.sum(lax.scan(step, x, None, length=8)[1] ** 2)

    for n in (3, 4):
        check_function(lambda x, w: list(mj.grad(loss, argnums=(0, 1))(x, w)), aval(n), aval(n, n))


# -- mapped loops


@pytest.mark.parametrize("lanes", [8, 16, 19, 37])
@pytest.mark.parametrize("shape", [(), (2,), (3, 3)])
def test_mapped_loops_over_small_states(lanes: int, shape: tuple[int, ...]) -> None:
    def end(x: Any, rate: Any) -> Any:
        def body(i: Any, y: Any) -> Any:
            return y - 0.1 * rate * y + 0.01 * jnp.sin(y + i) * jnp.sum(y * y)

        return lax.fori_loop(0, 6, body, x)

    def grow(x: Any, rate: Any) -> Any:
        doubled = lax.while_loop(lambda y: jnp.sum(y * y) < 9.0, lambda y: y * 1.5 + rate, x)
        return doubled, jnp.max(doubled)

    avals = aval(lanes, *shape), aval(lanes)
    check_function(lambda x, r: [mj.vmap(end)(x, r)], *avals)
    check_function(lambda x, r: [mj.vmap(end, (0, None))(x, r[0])], *avals)
    check_function(lambda x, r: list(mj.vmap(grow)(x, abs(r) + 0.1)), *avals)


@pytest.mark.parametrize(("states", "together"), [(2, 16), (3, 8)])
def test_blocks_of_lanes_go_through_all_steps_in_registers(states: int, together: int) -> None:
    def end(x: Any) -> Any:
        return lax.fori_loop(0, 6, lambda _, y: y * 0.9 + y[::-1] * 0.1 + y[0] * y[1], x)

    compiled = check_function(lambda x: [mj.vmap(end)(x)], aval(32, states))
    text = compiled.llvm_ir()
    inner = text[text.rindex(f"= phi <{together} x double>") :]
    inner = inner[: inner.index("\n  br ")]
    assert f"fmul contract <{together} x double>" in inner
    assert not re.search(r"\b(load|store|getelementptr)\b", inner), inner


def test_maps_of_maps_go_by_blocks_too() -> None:
    def root(x: Any, y: Any) -> Any:
        def body(_: Any, z: Any) -> Any:
            return z[0] * z[0] - z[1] * z[1] + x, 2.0 * z[0] * z[1] + y

        return lax.fori_loop(0, 5, body, (x, y))

    def count(x: Any, y: Any) -> Any:
        def body(z: Any) -> Any:
            return z[0] + 1, z[1] * x + y * y + 0.1

        return lax.while_loop(lambda z: (z[1] < 4.0) & (z[0] < 20), body, (0, y))

    for shape in ((16, 8), (19, 16), (3, 24)):
        avals = aval(shape[0]), aval(shape[1])
        for f in (root, count):
            table = mj.vmap(mj.vmap(f, (0, None)), (None, 0))
            compiled = check_function(lambda x, y, t=table: list(t(x, y)), *avals)
    assert "phi <8 x double>" in compiled.llvm_ir()


def test_vectors_in_loops_that_threads_share() -> None:
    def function(v: Any, rows: Any) -> list[Any]:
        return [lax.map(lambda x: jnp.sum(jnp.sin(v * x) + jnp.cos(v)), rows)]

    with mj.config.override(num_threads=2):
        check_function(function, aval(8), aval(50_000))


def test_mapped_scans_with_rows_in_and_out() -> None:
    def run(x: Any, rows: Any) -> Any:
        def step(y: Any, row: Any) -> Any:
            z = jnp.cos(y * y + 0.5) + jnp.sin(y) * row - 0.25 * y * y * y + jnp.exp(-y * y)
            return (z * z + 1.0) / (2.0 + z * z), z

        return lax.scan(step, x, rows, reverse=True)

    for lanes in (8, 16, 21):
        check_function(lambda x, r: list(mj.vmap(run)(x, r)), aval(lanes), aval(lanes, 5))
        check_function(lambda x, r: list(mj.vmap(run, (0, None))(x, r)), aval(lanes), aval(5))
        check_function(
            lambda x, r: list(mj.grad(lambda *a: jnp.sum(mj.vmap(run)(*a)[1]), (0, 1))(x, r)),
            *(aval(lanes), aval(lanes, 5)),
        )


# -- random loops, bit for bit

SHAPES: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (3,), (4,), (8,), (2, 2), (4, 3), (8, 2))


class Draw:
    """A random body: operations on a pool of small arrays, exact in any order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def state(self) -> list[tuple[int, ...]]:
        return [self.random.choice(SHAPES) for _ in range(self.random.randint(1, 3))]

    def body(self, i: Any, values: tuple[Any, ...], depth: int = 0) -> tuple[Any, ...]:
        pool = list(values)
        for _ in range(self.random.randint(2, 6)):
            x = self.random.choice(pool)
            kind = self.random.choice(OPERATIONS + (("loop", "branch") if depth == 0 else ()))
            if kind == "loop":
                pool += lax.fori_loop(0, self.random.randint(0, 3), self._step(depth), values)
            elif kind == "branch":
                arms = [self._arm(depth) for _ in range(2)]
                pool += lax.cond(jnp.ravel(x)[0] > i, *arms, values)
            else:
                pool.append(self.apply(kind, x, self.random.choice(pool), i))
        return tuple(self.fit(pool, y) for y in values)

    def _step(self, depth: int) -> Callable[[Any, Any], Any]:
        return lambda i, s: self.body(i, s, depth + 1)

    def _arm(self, depth: int) -> Callable[[Any], Any]:
        return lambda s: self.body(0, s, depth + 1)

    def fit(self, pool: list[Any], like: Any) -> Any:
        """A value of the pool in the shape of another, kept small."""
        x = self.random.choice(pool)
        size = max(like.size, 1)
        flat = jnp.resize(jnp.ravel(x), (size,)).reshape(like.shape)
        return jnp.round(jnp.clip(flat, -64.0, 64.0))

    def apply(self, kind: str, x: Any, y: Any, i: Any) -> Any:
        flat, other = jnp.ravel(x), jnp.ravel(y)
        place = self.random.randint(0, 2) + i
        match kind:
            case "add":
                return flat + other[0]
            case "product":
                return jnp.clip(flat * other[-1], -99.0, 99.0)
            case "outer":
                return flat[:4, None] - other[None, :2]
            case "reverse":
                return flat[::-1]
            case "transpose":
                return x.T
            case "sum":
                return jnp.sum(x, axis=-1) if x.ndim else x
            case "extremes":
                return jnp.stack([jnp.max(x), jnp.min(x), 1.0 * jnp.argmax(flat)])
            case "cumulate":
                return jnp.cumsum(flat)
            case "choose":
                return jnp.where(flat > other[0], flat, -flat)
            case "set":
                return flat.at[place % flat.size].set(other[0])
            case "take":
                return flat[(place + jnp.arange(3)) % flat.size]
            case _:
                return jnp.concatenate([flat[1:], other[:1]])


OPERATIONS = (
    *("add", "product", "outer", "reverse", "transpose", "sum", "extremes", "cumulate"),
    *("choose", "set", "take", "join"),
)


@pytest.mark.parametrize("seed", range(60))
def test_random_loops_agree_bit_for_bit(seed: int) -> None:
    draw = Draw(seed)
    avals = [aval(*shape) for shape in draw.state()]
    length = draw.random.randint(0, 4)
    as_scan = draw.random.random() < 0.5

    def function(*values: Any) -> list[Any]:
        if not as_scan:
            return list(lax.fori_loop(0, length, draw.body, values))

        def step(carry: Any, i: Any) -> Any:
            after = draw.body(i, carry)
            return after, (carry[0], jnp.ravel(after[-1])[0])

        carry, ys = lax.scan(step, values, jnp.arange(length))
        return [*carry, *ys]

    with mj.config.override(fp_contract=False):
        jaxpr = stage(function, avals)
        args = [np.round(8 * x) for x in sample(avals, seed)]
        got, want = compile_jaxpr(jaxpr).run(args), evaluate(jaxpr, args)
    for x, y in zip(got, want, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        np.testing.assert_array_equal(x, y)
