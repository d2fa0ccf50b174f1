"""Instructions of random programs: one element of the result from one of each operand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.programs.random_machine import (
    BOOL,
    COMPLEX,
    DTYPES,
    FLOATS,
    INTEGERS,
    Instruction,
    Machine,
    Value,
    broadcasts,
    instruction,
)


@instruction
def _binary(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    a, b = m.settled(x), m.matched(m.other(step), x.shape, x.dtype)
    if x.dtype in COMPLEX:
        return Value((lax.add, lax.sub)[step.k % 2](a, b))
    if x.dtype == BOOL:
        operations = (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor)
    elif x.dtype in INTEGERS:
        operations = (lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min)
        operations += (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor, lax.shift_left)
        operations += (lax.shift_right_logical, lax.shift_right_arithmetic)
    else:
        operations = (lax.add, lax.sub, lax.max, lax.min)
    return Value(operations[step.k % len(operations)](a, b))


@instruction
def _multiply(m: Machine, x: Value, step: Instruction) -> Value:
    if x.dtype == BOOL:
        return x
    a, b = m.quantized(x), Value(m.matched(m.other(step), x.shape, x.dtype))
    return Value(a * m.quantized(b))


@instruction
def _unary(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, lax = m.mj.numpy, m.mj.lax
    if x.dtype == BOOL:
        return Value(lax.bitwise_not(m.settled(x)))
    if x.dtype in COMPLEX:
        return Value((lax.neg, lax.conj, lax.real, lax.imag)[step.k % 4](m.settled(x)))
    if x.dtype in INTEGERS:
        operations = (lax.neg, jnp.abs, lax.sign, lax.bitwise_not, lax.population_count, lax.clz)
    else:
        operations = (lax.neg, lax.abs, lax.sign, lax.floor, lax.ceil, lax.round, jnp.isnan)
    return Value(operations[step.k % len(operations)](m.settled(x)))


@instruction
def _smooth(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if x.dtype not in FLOATS:
        return x
    a = m.quantized(x)
    one = lax.full_like(a, 1)
    operations: tuple[Callable[[Any], Any], ...] = (
        lax.sin, lax.cos, lax.tanh, lax.exp, lax.log1p, lax.logistic, lax.atan, lax.sqrt, lax.erf,
        lambda v: lax.div(v, lax.abs(v) + one), lambda v: lax.rsqrt(v * v + one),
    )  # fmt: skip
    return Value(operations[step.k % len(operations)](a), rough=True)


@instruction
def _combine_rough(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    if x.dtype not in FLOATS or y.shape != x.shape or y.dtype != x.dtype:
        return x
    return Value((x.array + y.array) if step.k % 2 else m.mj.lax.max(x.array, y.array), rough=True)


@instruction
def _compare(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    operations = (
        (lax.eq, lax.ne) if x.dtype in COMPLEX else (lax.lt, lax.le, lax.gt, lax.ge, lax.eq)
    )
    b = m.matched(m.other(step), x.shape, x.dtype)
    return Value(operations[step.k % len(operations)](m.settled(x), b))


@instruction
def _select(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    which = m.matched(m.pool[step.k % len(m.pool)], x.shape, BOOL)
    return Value(m.mj.lax.select(which, x.array, m.matched(y, x.shape, x.dtype)), x.rough)


@instruction
def _convert(m: Machine, x: Value, step: Instruction) -> Value:
    dtype = DTYPES[step.k % len(DTYPES)]
    if m.smooth and dtype in (*FLOATS, *COMPLEX):
        dtype = FLOATS[0] if dtype in FLOATS else COMPLEX[0]
    return Value(m.converted(m.settled(x), dtype))


@instruction
def _divide(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, lax = m.mj.numpy, m.mj.lax
    if x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    a, b = m.settled(x), m.matched(m.other(step), x.shape, x.dtype)
    if m.smooth and x.dtype in FLOATS:
        b = jnp.tanh(b) + 2.0
    operations = (lax.div, lax.rem, jnp.mod, jnp.floor_divide, jnp.fmod)
    return Value(operations[step.k % len(operations)](a, b))


@instruction
def _clip(m: Machine, x: Value, step: Instruction) -> Value:
    if x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    bound = m.matched(m.other(step), x.shape if step.k % 2 else (), x.dtype)
    other = m.mj.numpy.asarray(step.k % 5, x.dtype)
    if step.k % 3 == 0:
        return Value(m.mj.numpy.clip(m.settled(x), bound, other))
    if step.k % 3 == 1:
        return Value(m.mj.numpy.clip(m.settled(x), max=bound))
    if m.smooth:  # the oracle has no derivative by a bound that is one number for all
        bound = m.mj.numpy.broadcast_to(bound, x.shape)
    return Value(m.mj.lax.clamp(bound, m.settled(x), m.mj.numpy.broadcast_to(other, bound.shape)))


@instruction
def _power(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    exponent = step.k % 5 - (2 if x.dtype in FLOATS else 0)
    a = m.quantized(x, 3)
    if m.smooth and x.dtype in FLOATS:
        a = a + 1.5
    # How often a power is rounded, and where, is nobody's to prescribe.
    return Value(lax.integer_pow(a, exponent), rough=exponent < 0)


@instruction
def _bits(m: Machine, x: Value, step: Instruction) -> Value:
    """Operations on the representation of floating point numbers."""
    jnp, lax = m.mj.numpy, m.mj.lax
    if x.dtype not in FLOATS or m.smooth:
        return x
    a = m.settled(x)
    if step.k % 4 == 0:
        # The oracle takes numbers below the normal ones for zeros.
        a = jnp.where(a == 0, jnp.ones((), x.dtype), a)
        return Value(lax.nextafter(a, m.matched(m.other(step), x.shape, x.dtype)))
    if step.k % 4 == 1:
        # The oracle's own conversions round bfloat16 and float16 by this operation too.
        wide = a.astype(np.float32) if x.dtype.itemsize == 2 else a
        return Value(lax.reduce_precision(wide, 5 + step.j % 3, 7 + step.j % 4))
    if step.k % 4 == 2:
        return Value(jnp.copysign(a, m.matched(m.other(step), x.shape, x.dtype)))
    # Neither the bits of a NaN nor the sign of a zero are prescribed.
    plain = jnp.where(jnp.isnan(a) | (a == 0), jnp.zeros((), x.dtype), a)
    return Value(lax.bitcast_convert_type(plain, np.dtype(f"u{x.dtype.itemsize}")))


@instruction
def _classify(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    if x.dtype not in FLOATS:
        return Value(jnp.logical_not(m.settled(x)))
    operations = (jnp.isinf, jnp.isfinite, jnp.nan_to_num, jnp.trunc, jnp.rint, jnp.square)
    k = step.k % len(operations)
    a = m.quantized(x) if operations[k] is jnp.square else m.settled(x)
    return Value(operations[k](a))


@instruction
def _where(m: Machine, x: Value, step: Instruction) -> Value:
    """A choice between operands of three shapes."""
    shape = tuple(1 if (step.k >> axis) % 2 else n for axis, n in enumerate(x.shape))
    which = m.matched(m.pool[step.k % len(m.pool)], shape, BOOL)
    y = m.matched(m.other(step), x.shape[1:], x.dtype)
    return Value(m.mj.numpy.where(which, x.array, y), x.rough)


@instruction
def _promoted(m: Machine, x: Value, step: Instruction) -> Value:
    """An operation on operands of two dtypes and two shapes."""
    jnp = m.mj.numpy
    y = m.other(step)
    if not broadcasts(y.shape, x.shape):
        y = Value(m.matched(y, (), y.dtype))
    operations = (jnp.add, jnp.subtract, jnp.maximum, jnp.minimum)
    k = step.k % 4
    if BOOL in (x.dtype, y.dtype) or {x.dtype, y.dtype} & set(COMPLEX):
        k = 0
    return Value(operations[k](m.settled(x), m.settled(y)))
