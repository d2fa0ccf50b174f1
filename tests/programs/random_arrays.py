"""Instructions of random programs: shapes, indexing, updates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.programs.random_machine import (
    BOOL,
    COMPLEX,
    Instruction,
    Machine,
    Value,
    instruction,
)

# -- shapes


@instruction
def _reshape(m: Machine, x: Value, step: Instruction) -> Value:
    size = math.prod(x.shape)
    shapes = [(size,), (1, size), (size, 1), *((n, size // n) for n in (2, 3) if size % n == 0)]
    return Value(x.array.reshape(shapes[step.k % len(shapes)]), x.rough)


@instruction
def _transpose(m: Machine, x: Value, step: Instruction) -> Value:
    axes = tuple(np.roll(range(x.rank), step.k))
    return Value(m.mj.numpy.transpose(x.array, [int(axis) for axis in axes]), x.rough)


@instruction
def _broadcast(m: Machine, x: Value, step: Instruction) -> Value:
    return Value(m.mj.numpy.broadcast_to(x.array, (step.k % 4, *x.shape)), x.rough)


@instruction
def _slice(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank:
        return x
    axis, n = step.j % x.rank, x.shape[step.j % x.rank]
    start, stride = step.k % (n + 1), step.k % 3 - 1
    window = slice(None, None, -1) if stride == -1 else slice(start, None, stride + 1)
    return Value(x.array[(*[slice(None)] * axis, window)], x.rough)


@instruction
def _concatenate(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank:
        return x
    y = m.matched(m.other(step), x.shape, x.dtype)
    return Value(m.mj.lax.concatenate([x.array, y], step.k % x.rank), x.rough)


@instruction
def _pad(m: Machine, x: Value, step: Instruction) -> Value:
    fill = m.matched(m.other(step), (), x.dtype)
    config = [((step.k + axis) % 4 - 1, step.k % 2, step.k % 3) for axis in range(x.rank)]
    config = [(max(low, -n), high, inner) for (low, high, inner), n in zip(config, x.shape)]  # noqa: B905
    if any(n == 0 for n in x.shape):
        return x
    return Value(m.mj.lax.pad(x.array, fill, config), x.rough)


# -- indexing


@instruction
def _take(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or 0 in x.shape:
        return x
    index = m.matched(m.other(step), (), np.dtype("i4"))
    modes = ("clip", "fill", "wrap")
    rows = m.mj.numpy.asarray([0, -1, 2, 7], np.int32) + index % 3
    axis = step.k % x.rank
    return Value(m.mj.numpy.take(x.array, rows, axis=axis, mode=modes[step.k % 3]), x.rough)


@instruction
def _dynamic_slice(m: Machine, x: Value, step: Instruction) -> Value:
    index = m.matched(m.other(step), (), np.dtype("i8"))
    sizes = [max(n - (step.k + axis) % 2, 0) for axis, n in enumerate(x.shape)]
    starts = [index] * x.rank
    if m.mj.__name__ == "jax":
        # It joins slices of slices, and forgets that the first start was moved into bounds.
        pairs = zip(x.shape, sizes, strict=True)
        starts = [
            m.mj.numpy.clip(m.mj.numpy.where(index < 0, index + n, index), 0, n - size)
            for n, size in pairs
        ]
    return Value(m.mj.lax.dynamic_slice(x.array, starts, sizes), x.rough)


@instruction
def _update(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.rough or 0 in x.shape:
        return x
    index = m.matched(m.other(step), (), np.dtype("i4")) % 5 - 2
    new = m.matched(m.pool[step.k % len(m.pool)], x.shape[1:], x.dtype)
    at = x.array.at[index]
    if x.dtype == BOOL or step.k % 3 == 0:
        return Value(at.set(new))
    return Value(at.max(new) if x.dtype not in COMPLEX and step.k % 3 == 1 else at.add(new))


@instruction
def _scatter_add(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype == BOOL or 0 in x.shape:
        return x
    rows = m.mj.numpy.asarray([0, 2, 0, 1]) + m.matched(m.other(step), (), np.dtype("i8")) % 2
    new = m.mj.numpy.ones((4, *x.shape[1:]), x.dtype)
    return Value(m.mj.numpy.asarray(m.quantized(x)).at[rows].add(new))


# -- more shapes


@instruction
def _rearrange(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, lax = m.mj.numpy, m.mj.lax
    k = step.k
    if not x.rank:
        return Value(lax.expand_dims(x.array, [0] if k % 2 else [0, 1]), x.rough)
    axis = step.j % x.rank
    rearrangements: tuple[Callable[[], Any], ...] = (
        lambda: lax.rev(x.array, sorted({axis, k % x.rank})),
        lambda: lax.expand_dims(x.array, (axis, -1)),
        lambda: jnp.squeeze(x.array),
        lambda: jnp.tile(x.array, (2, *[1] * (x.rank - 1 - axis), 1 + k % 2)),
        lambda: jnp.roll(x.array, k - 5, axis=axis if k % 2 else None),
        lambda: jnp.repeat(x.array, k % 3 + 1, axis=axis),
        lambda: jnp.moveaxis(x.array, axis, k % x.rank),
        lambda: jnp.stack([x.array, x.array], axis=axis),
        lambda: lax.split(x.array, (x.shape[axis] // 2, -(-x.shape[axis] // 2)), axis)[k % 2],
        lambda: jnp.ravel(x.array)[1:],
    )  # fmt: skip
    return Value(rearrangements[k % len(rearrangements)](), x.rough)


@instruction
def _diagonals(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    k = step.k % 5 - 2
    if x.rank == 1:
        return Value(jnp.diag(x.array, k), x.rough)
    if x.rank < 2:
        return x
    operations = (jnp.triu, jnp.tril, jnp.diagonal)
    return Value(operations[step.j % 3](x.array, k), x.rough)


@instruction
def _roll(m: Machine, x: Value, step: Instruction) -> Value:
    """A rotation by a number known at run time."""
    if not x.rank:
        return x
    shift = m.matched(m.other(step), (), np.dtype("i4")) % 7 - 3
    return Value(m.mj.numpy.roll(x.array, shift, axis=step.k % x.rank), x.rough)


# -- more indexing


def _indices(m: Machine, value: Value, shape: tuple[int, ...], length: int) -> Any:
    """Returns integers of the shape, some out of the bounds of an axis: from -2 to its length."""
    base = 7 * np.arange(math.prod(shape)).reshape(shape)
    return (m.matched(value, shape, np.dtype("i4")) % 5 + base) % (length + 3) - 2


@instruction
def _gather(m: Machine, x: Value, step: Instruction) -> Value:
    """Indexing with several arrays, next to each other or apart, with slices between."""
    jnp = m.mj.numpy
    if not x.rank or 0 in x.shape:
        return x
    y = m.other(step)
    many = m.many(3)
    rows = _indices(m, y, (many,), x.shape[0])
    if step.k % 4 == 0:
        index: Any = _indices(m, y, (2, many), x.shape[0])
    elif x.rank == 1:
        index = jnp.stack([rows, rows[::-1]])
    elif x.rank == 2 or step.k % 4 == 1:
        index = (rows, _indices(m, y, (2, 1), x.shape[1]))
    elif step.k % 4 == 2:
        index = (rows, slice(None), _indices(m, y, (many,), x.shape[2]))
    else:
        index = (slice(None, None, -1), rows[0], None, rows)
    # The oracle promises nothing for indices out of bounds without a mode: it returns the element
    # at the edge, and the derivative of a constant.
    mode = ("fill", "clip", None)[step.k % (2 if m.smooth else 3)]
    return Value(x.array.at[index].get(mode=mode), x.rough)


@instruction
def _take_along_axis(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or 0 in x.shape:
        return x
    axis = step.k % x.rank
    shape = tuple(m.many(2) if k == axis else n for k, n in enumerate(x.shape))
    index = _indices(m, m.other(step), shape, x.shape[axis])
    mode = ("fill", "clip")[step.k % 2]
    return Value(m.mj.numpy.take_along_axis(x.array, index, axis=axis, mode=mode), x.rough)


@instruction
def _scatter(m: Machine, x: Value, step: Instruction) -> Value:
    """Updates at several places, some of them the same, some out of bounds."""
    if not x.rank or x.dtype == BOOL or 0 in x.shape:
        return x
    y = m.pool[step.k % len(m.pool)]
    many = m.many(4)
    rows = _indices(m, m.other(step), (many,), x.shape[0])
    index: Any = rows
    if x.rank > 1 and step.j % 2:
        index = (rows, _indices(m, y, (many,), x.shape[1]))
    base = m.quantized(x, 3)
    shape = (many, *x.shape[1:]) if index is rows else (many, *x.shape[2:])
    names = ("add", "subtract")
    if not m.smooth:  # the oracle has no derivative of the others where places meet
        names += ("multiply",) if x.dtype in COMPLEX else ("multiply", "max", "min")
    name = names[step.k // 3 % len(names)]
    new = m.quantized(Value(m.matched(y, shape, x.dtype)), 1 if name == "multiply" else 2)
    mode = ("drop", "clip", None)[step.k % 3]
    return Value(getattr(m.mj.numpy.asarray(base).at[index], name)(new, mode=mode))


@instruction
def _scatter_set(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or 0 in x.shape:
        return x
    base = m.matched(m.other(step), (), np.dtype("i4")) % 5 - 2
    rows = m.mj.numpy.asarray([0, 2, 1]) + base
    # Two values for one place would leave open which of them stays there.
    rows = m.mj.numpy.where(rows < 0, rows - 9, rows)
    new = m.matched(m.pool[step.k % len(m.pool)], (3, *x.shape[1:]), x.dtype)
    return Value(m.mj.numpy.asarray(x.array).at[rows].set(new, mode="drop"), x.rough)


@instruction
def _segment(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    ids = _indices(m, m.other(step), x.shape[:1], 3)
    ops = m.mj.ops
    if step.k % 3 == 0 or m.smooth:
        return Value(ops.segment_sum(m.quantized(x), ids, num_segments=3))
    operation = (ops.segment_max, ops.segment_min)[step.k % 2]
    return Value(operation(m.settled(x), ids, num_segments=4))


@instruction
def _dynamic_update(m: Machine, x: Value, step: Instruction) -> Value:
    sizes = tuple(max(n - (step.k + axis) % 2, 0) for axis, n in enumerate(x.shape))
    index = m.matched(m.other(step), (), np.dtype("i8"))
    new = m.matched(m.pool[step.k % len(m.pool)], sizes, x.dtype)
    return Value(m.mj.lax.dynamic_update_slice(x.array, new, [index] * x.rank), x.rough)


@instruction
def _random(m: Machine, x: Value, step: Instruction) -> Value:
    random = m.mj.random
    if m.smooth:
        return x
    key = random.fold_in(random.key(step.j), m.matched(x, (), np.dtype("u4")))
    shape = x.shape[:2]
    draws: tuple[Callable[[], Any], ...] = (
        lambda: random.bits(key, shape, np.dtype(f"u{2 ** (step.j % 4)}")),
        lambda: random.uniform(key, shape, np.dtype("f4")),
        lambda: random.randint(key, shape, -3, 9),
        lambda: random.uniform(random.split(key)[1], shape),
        lambda: random.bernoulli(key, 0.3, shape),
        lambda: random.permutation(key, m.settled(x)) if x.rank else random.bits(key),
    )
    return Value(draws[step.k % len(draws)]())
