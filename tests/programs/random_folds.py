"""Instructions of random programs: reductions, cumulations, products, windows, sorting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.programs.random_machine import (
    BOOL,
    COMPLEX,
    FLOATS,
    Instruction,
    Machine,
    Value,
    instruction,
)


@instruction
def _reduce(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    axis = step.j % (x.rank + 1)
    axes = None if axis == x.rank else axis
    if x.dtype == BOOL:
        return Value((jnp.any, jnp.all)[step.k % 2](m.settled(x), axis=axes))
    if x.dtype in COMPLEX or not math.prod(x.shape) or step.k % 3 == 0:
        return Value(jnp.sum(m.quantized(x), axis=axes, dtype=x.dtype, keepdims=step.k % 2 == 1))
    operations = (jnp.max, jnp.min, jnp.argmax, jnp.argmin)
    return Value(operations[step.k % 4](m.settled(x), axis=axes))


@instruction
def _product(m: Machine, x: Value, step: Instruction) -> Value:
    if x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    return Value(m.mj.numpy.prod(m.quantized(x, 1), axis=None, dtype=x.dtype))


@instruction
def _cumulate(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if not x.rank or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    axis, reverse = step.j % x.rank, step.k % 2 == 1
    if step.k % 3 == 0:
        return Value(lax.cummax(m.settled(x), axis=axis, reverse=reverse))
    return Value(lax.cumsum(m.quantized(x), axis=axis, reverse=reverse))


@instruction
def _dot(m: Machine, x: Value, step: Instruction) -> Value:
    if not 1 <= x.rank <= 2 or x.dtype == BOOL:
        return x
    n = x.shape[-1]
    shape = ((n,), (n, 3), (n, 1))[step.k % 3]
    other = Value(m.matched(m.other(step), shape, x.dtype))
    return Value(m.mj.lax.dot(m.quantized(x, 2), m.quantized(other, 2)))


@instruction
def _sort(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype in COMPLEX:
        return x
    axis = step.j % x.rank
    operation = (m.mj.numpy.sort, m.mj.numpy.argsort)[step.k % 2]
    return Value(operation(m.settled(x), axis=axis))


@instruction
def _cumulate_more(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if not x.rank or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    axis, reverse = step.j % x.rank, step.k % 2 == 1
    if step.k % 4 == 0:
        return Value(lax.cummin(m.settled(x), axis=axis, reverse=reverse))
    if step.k % 4 == 1:
        return Value(lax.cumprod(m.quantized(x, 1), axis=axis, reverse=reverse))
    if step.k % 4 == 2 and x.dtype in FLOATS:
        return Value(lax.cumlogsumexp(m.quantized(x, 2), axis=axis, reverse=reverse), rough=True)
    total = m.mj.numpy.cumsum(m.quantized(x), axis=axis, dtype=x.dtype)
    return Value(total)


@instruction
def _associative_scan(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, lax = m.mj.numpy, m.mj.lax
    if not x.rank or not x.shape[0] or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    axis = step.j % x.rank
    if not x.shape[axis]:
        return x
    y = m.quantized(Value(m.matched(m.other(step), x.shape, x.dtype)), 1)

    def affine(first: Any, second: Any) -> Any:
        (a, b), (c, d) = first, second
        return a * c, b * c + d

    reverse = step.k % 2 == 1
    if step.k % 3 == 0:
        sums = lax.associative_scan(jnp.add, m.quantized(x), axis=axis, reverse=reverse)
        return Value(sums)
    if step.k % 3 == 1:
        most = lax.associative_scan(jnp.maximum, m.settled(x), axis=axis, reverse=reverse)
        return Value(most)
    pair = (y, m.quantized(x, 2))
    return Value(lax.associative_scan(affine, pair, axis=axis, reverse=reverse)[1])


@instruction
def _top_k(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype in COMPLEX or x.dtype == BOOL:
        return x
    count = step.k % (x.shape[-1] + 1)
    return Value(m.mj.lax.top_k(m.settled(x), count)[step.j % 2])


@instruction
def _sort_keys(m: Machine, x: Value, step: Instruction) -> Value:
    """Sorts by one or two keys, and takes others along."""
    if not x.rank or x.dtype in COMPLEX:
        return x
    axis = step.k % x.rank
    second = m.matched(m.other(step), x.shape, m.other(step).dtype)
    if m.other(step).dtype in COMPLEX:
        return x
    places = m.mj.lax.broadcasted_iota(np.int32, x.shape, axis)
    keys = 1 + step.k % 2
    out = m.mj.lax.sort((m.settled(x), second, places), dimension=axis, num_keys=keys)
    return Value(out[step.j % 3])


@instruction
def _search(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    if x.rank != 1 or x.dtype in COMPLEX or x.dtype == BOOL:
        return x
    side = ("left", "right")[step.k % 2]
    wanted = m.matched(m.other(step), m.other(step).shape, x.dtype)
    return Value(jnp.searchsorted(jnp.sort(m.settled(x)), wanted, side=side))


@instruction
def _contract(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    if x.dtype == BOOL or not x.rank:
        return x
    other = m.other(step)
    a = m.quantized(x, 2)
    if x.rank == 1:
        b = m.quantized(Value(m.matched(other, x.shape, x.dtype)), 2)
        return Value(jnp.outer(a, b) if step.k % 2 else jnp.einsum("i,i->i", a, b))
    b = m.quantized(Value(m.matched(other, x.shape, x.dtype)), 2)
    subscripts = (
        "...ij,...ij->...i", "...ij,...kj->...ik", "...ij,...ik->...jk", "...ij,...ij->j...",
    )  # fmt: skip
    return Value(jnp.einsum(subscripts[step.k % 4], a, b), rough=x.dtype.itemsize == 2)


@instruction
def _convolve(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, k = m.mj.numpy, step.k
    if x.dtype not in (FLOATS[0], FLOATS[1]) or not x.rank or 0 in x.shape:
        return x
    spatial = x.shape[-1:] if x.rank == 1 or step.j % 4 < 2 else x.shape[-2:]
    image = m.quantized(x, 2).reshape(1, -1, *spatial)
    channels = image.shape[1]
    groups = channels if step.j % 2 else 1
    outputs = channels * (1 + k % 2) if step.j % 2 else 1 + k % 5
    axes = range(len(spatial))
    shape = (outputs, channels // groups, *(1 + (k + axis) % 3 for axis in axes))
    # What meets only padding may be left out: a NaN would show it.
    kernel = jnp.nan_to_num(m.quantized(Value(m.matched(m.other(step), shape, x.dtype)), 1))
    weights = jnp.asarray((np.arange(math.prod(shape)) % 3).reshape(shape), x.dtype)
    out = m.mj.lax.conv_general_dilated(
        image,
        kernel + weights,
        [1 + (k + axis) % 2 for axis in axes],
        [((k + axis) % 3, k % 4) for axis in axes],
        lhs_dilation=[1 + (k // 2 + axis) % 2 for axis in axes],
        rhs_dilation=[1 + (k // 3 + axis) % 2 for axis in axes],
        feature_group_count=groups,
    )
    return Value(out[0])


@instruction
def _window(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if not x.rank or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    k, rank = step.k, x.rank
    lowest = -np.inf if x.dtype in FLOATS else np.iinfo(x.dtype).min
    operations = ((lax.add, 0), (lax.max, lowest))
    operation, initial = operations[step.j % 2]
    operand = m.settled(x) if step.j % 2 else m.quantized(x)
    dims = [1 + (k + axis) % 3 for axis in range(rank)]
    strides = [1 + (k // 2 + axis) % 2 for axis in range(rank)]
    padding = [((k + axis) % 2, (k // 3 + axis) % 3) for axis in range(rank)]
    spread = [1 + (k // 4 + axis) % 2 for axis in range(rank)]
    initial = np.asarray(initial).astype(x.dtype)
    if step.j % 4 < 2 or m.smooth:
        return Value(lax.reduce_window(operand, initial, operation, dims, strides, padding))
    out = lax.reduce_window(
        operand, initial, operation, dims, strides, padding, window_dilation=spread
    )
    return Value(out)


@instruction
def _statistics(m: Machine, x: Value, step: Instruction) -> Value:
    """Means and their kin of floating point numbers, rough all of them."""
    jnp = m.mj.numpy
    if x.dtype not in (FLOATS[0], FLOATS[1]) or not math.prod(x.shape):
        return x
    axis = step.j % (x.rank + 1)
    axes = None if axis == x.rank else axis
    operations = (jnp.mean, jnp.var, m.mj.nn.logsumexp, jnp.std, m.mj.nn.softmax)
    ramp = np.arange(math.prod(x.shape)).reshape(x.shape) % 3
    operand = m.quantized(x) + jnp.asarray(ramp, x.dtype)
    operation = operations[step.k % len(operations)]
    if operation is jnp.std and m.smooth:
        return x  # of equal numbers it has no derivative
    return Value(operation(operand, axis=axes), rough=True)
