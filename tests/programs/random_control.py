"""Instructions of random programs: control flow, and transformations inside of programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tests.programs.random_machine import (
    BOOL,
    FLOATS,
    Instruction,
    Machine,
    Value,
    instruction,
)


def _last(m: Machine, pool: Sequence[Value], like: Any) -> Any:
    return m.matched(pool[-1], tuple(like.shape), np.dtype(like.dtype))


@instruction
def _cond(m: Machine, x: Value, step: Instruction) -> Value:
    operand = m.settled(x)
    half = len(step.body) // 2
    branches = [
        lambda v, body=body: _last(m, m.nested([v], body), v)
        for body in (step.body[:half], step.body[half:], ())
    ]
    if step.k % 2:
        predicate = m.matched(m.other(step), (), BOOL)
        return Value(m.mj.lax.cond(predicate, *branches[:2], operand))
    return Value(m.mj.lax.switch(m.matched(m.other(step), (), np.dtype("i4")), branches, operand))


@instruction
def _scan(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    if not y.rank:
        return x

    def body(carry: Any, element: Any) -> Any:
        pool = m.nested([carry, element], step.body)
        return _last(m, pool, carry), m.settled(pool[len(pool) // 2])

    reverse = step.k % 2 == 1
    carry, ys = m.mj.lax.scan(body, m.settled(x), m.settled(y), reverse=reverse)
    return Value(ys if step.k % 3 else carry)


@instruction
def _loop(m: Machine, x: Value, step: Instruction) -> Value:
    # The oracle has no reverse mode for a trip count that is not known.
    trips = step.j % 4 if m.smooth else m.matched(m.other(step), (), np.dtype("i4")) % 4

    def body(i: Any, carry: Any) -> Any:
        return _last(m, m.nested([carry, i], step.body), carry)

    return Value(m.mj.lax.fori_loop(0, trips, body, m.settled(x)))


@instruction
def _vmap(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or not x.shape[0]:
        return x
    mapped = m.mj.vmap(lambda row: _last(m, m.nested([row], step.body), row))
    return Value(mapped(m.settled(x)))


@instruction
def _jit(m: Machine, x: Value, step: Instruction) -> Value:
    inner = m.mj.jit(lambda v: m.settled(m.nested([v], step.body)[-1]))
    return Value(inner(m.settled(x)))


@instruction
def _while(m: Machine, x: Value, step: Instruction) -> Value:
    """Two carries, and a condition that looks at one of them and at a value outside."""
    if m.smooth:
        return x  # the oracle has no reverse mode
    limit = m.matched(m.other(step), (), np.dtype("i4")) % 5

    def going_on(state: Any) -> Any:
        count, value = state
        return (count < limit) & ~m.mj.numpy.any(m.converted(value, np.dtype("f8")) > 100)

    def body(state: Any) -> Any:
        count, value = state
        return count + 1 + step.k % 2, _last(m, m.nested([value, count], step.body), value)

    count, value = m.mj.lax.while_loop(going_on, body, (np.int32(step.k % 3), m.settled(x)))
    return Value(count if step.k % 5 == 0 else value)


@instruction
def _scan_pair(m: Machine, x: Value, step: Instruction) -> Value:
    """Two carries that change places, numbers as what is scanned."""
    y = m.other(step)

    def body(carry: Any, i: Any) -> Any:
        first, second = carry
        pool = m.nested([first, second, i], step.body)
        return (_last(m, pool[::-1], first), _last(m, pool, second)), _last(m, pool, first)

    places = m.mj.numpy.arange(step.k % 4)
    carry, ys = m.mj.lax.scan(body, (m.settled(x), m.settled(y)), places, unroll=1 + step.k % 2)
    return Value((*carry, ys)[step.j % 3])


@instruction
def _vmap_axes(m: Machine, x: Value, step: Instruction) -> Value:
    """Mapped axes in front and behind, with an operand that is not mapped."""
    if not x.rank or 0 in x.shape:
        return x
    y = m.settled(m.other(step))
    axis, out_axis = step.j % x.rank, step.k % x.rank

    def one(row: Any, shared: Any) -> Any:
        return _last(m, m.nested([row, shared], step.body), row)

    mapped = m.mj.vmap(one, in_axes=(axis, None), out_axes=out_axis)
    return Value(mapped(m.settled(x), y))


@instruction
def _map(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or 0 in x.shape:
        return x  # the oracle divides by the size of empty blocks
    size = (None, 2, 3)[step.k % 3]

    def one(row: Any) -> Any:
        return _last(m, m.nested([row], step.body), row)

    return Value(m.mj.lax.map(one, m.settled(x), batch_size=size))


@instruction
def _derived(m: Machine, x: Value, step: Instruction) -> Value:
    """A derivative of a nested program; single precision leaves room for rounding."""
    jnp = m.mj.numpy
    if x.dtype not in FLOATS or x.rough:
        return x
    point = jnp.tanh(m.quantized(x).astype(np.float64)) + 0.0137
    point = jnp.where(jnp.isfinite(point), point, 0.5)

    def function(v: Any) -> Any:
        machine = Machine(m.mj, [Value(v)], smooth=True, largest=m.largest)
        machine.run(step.body)
        floats = [value.array for value in machine.pool if value.dtype == FLOATS[0]]
        return sum((jnp.sum(jnp.tanh(v)) for v in floats), jnp.zeros(()))

    direction = jnp.cos(point)
    derivatives: tuple[Callable[[], Any], ...] = (
        lambda: m.mj.grad(function)(point),
        lambda: m.mj.jvp(function, (point,), (direction,))[1],
        lambda: m.mj.vjp(function, point)[1](jnp.ones(()))[0],
        lambda: m.mj.linearize(function, point)[1](direction),
        lambda: m.mj.grad(m.mj.checkpoint(function))(point),
        lambda: m.mj.jvp(m.mj.grad(function), (point,), (direction,))[1],
        lambda: m.mj.grad(lambda v: function(_squashed(m.mj)(v)))(point),
        lambda: m.mj.vmap(m.mj.grad(function))(jnp.stack([point, direction]))[1],
    )
    result = derivatives[step.k % len(derivatives)]()
    if m.smooth:
        return Value(result)
    return Value(jnp.where(jnp.isfinite(result), result, 0.0).astype(np.float32), rough=True)


def _squashed(mj: ModuleType) -> Callable[[Any], Any]:
    """Returns a function whose reverse mode is its own: other derivatives than it has."""
    squashed = mj.custom_vjp(mj.numpy.tanh)
    squashed.defvjp(lambda v: (mj.numpy.tanh(v), v), lambda v, ct: (ct * mj.numpy.cos(v),))
    return squashed


@instruction
def _custom(m: Machine, x: Value, step: Instruction) -> Value:
    """A function with a derivative rule of its own, or one that is computed again."""
    if step.k % 3 == 0:
        again = m.mj.checkpoint(lambda v: _last(m, m.nested([v], step.body), v))
        return Value(again(m.settled(x)))

    def plain(v: Any) -> Any:
        machine = Machine(m.mj, [Value(v)], m.smooth, m.largest)  # captures nothing
        machine.run(step.body)
        return _last(m, machine.pool, v)

    if step.k % 3 == 1 or m.smooth:
        forward = m.mj.custom_jvp(plain)
        forward.defjvp(lambda primals, tangents: (plain(*primals), tangents[0]))
        return Value(forward(m.settled(x)))
    backward = m.mj.custom_vjp(plain)
    backward.defvjp(lambda v: (plain(v), None), lambda _, ct: (ct,))
    return Value(backward(m.settled(x)))


NESTING = (
    "cond", "scan", "loop", "vmap", "jit", "while", "scan_pair", "vmap_axes", "map", "derived",
    "custom",
)  # fmt: skip
