"""Instructions of random programs: functions of NumPy that are programs themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.programs.random_machine import (
    BOOL,
    COMPLEX,
    FLOATS,
    INTEGERS,
    Instruction,
    Machine,
    Value,
    instruction,
)


@instruction
def _of_complex(m: Machine, x: Value, step: Instruction) -> Value:
    """Elementary functions of complex numbers, rough all of them, and products."""
    jnp, lax = m.mj.numpy, m.mj.lax
    if x.dtype not in COMPLEX:
        return x
    a = m.quantized(x, 2)
    b = m.quantized(Value(m.matched(m.other(step), x.shape, x.dtype)), 2)
    operations: tuple[Callable[[], Any], ...] = (
        lambda: lax.abs(a + 3),
        lambda: lax.exp(a),
        lambda: lax.sin(a),
        lambda: lax.tanh(a),
        lambda: lax.sqrt(a + 3),
        lambda: lax.log(a + 3),
        lambda: lax.div(a, b + 4),
        lambda: jnp.angle(a + 3),
    )
    if step.k % 9 == 8:
        return Value(a * b)
    return Value(operations[step.k % 9](), rough=True)


@instruction
def _fold_numbers(m: Machine, x: Value, step: Instruction) -> Value:
    """Folds that leave NaNs out or count, and differences."""
    jnp = m.mj.numpy
    if x.dtype == BOOL or x.dtype in COMPLEX or not math.prod(x.shape) or not x.rank or m.smooth:
        return x
    axis = step.j % x.rank
    a, exact = m.settled(x), m.quantized(x)
    operations: tuple[Callable[[], Any], ...] = (
        lambda: jnp.nansum(exact, axis=axis, dtype=x.dtype),
        lambda: jnp.nanmax(exact, axis=axis),
        lambda: jnp.nanargmin(exact, axis=axis),
        lambda: jnp.nancumsum(exact, axis=axis, dtype=x.dtype),
        lambda: jnp.ptp(exact, axis=axis),
        lambda: jnp.count_nonzero(a, axis=axis),
        lambda: jnp.diff(exact, axis=axis),
        lambda: jnp.diff(exact, n=2, axis=axis, prepend=1),
        lambda: jnp.any(a, axis=axis, keepdims=True),
        lambda: jnp.all(a),
        lambda: jnp.trace(exact) if x.rank > 1 else jnp.ediff1d(exact),
    )
    return Value(operations[step.k % len(operations)]())


@instruction
def _choose(m: Machine, x: Value, step: Instruction) -> Value:
    """Sets, histograms and positions of a number of results that is known before."""
    jnp = m.mj.numpy
    if x.dtype == BOOL or x.dtype in COMPLEX or not math.prod(x.shape) or m.smooth:
        return x
    a = m.settled(x)
    flat = jnp.ravel(a)
    small = jnp.abs(_small(m, x))
    edges = jnp.asarray([-2, 0, 1, 5], x.dtype if x.dtype.kind != "u" else np.int64)
    operations: tuple[Callable[[], Any], ...] = (
        lambda: jnp.nonzero(flat, size=4, fill_value=-1)[0],
        lambda: jnp.unique(flat, size=5, fill_value=1),
        lambda: jnp.unique(flat, size=5, return_counts=True)[1],
        lambda: jnp.bincount(jnp.ravel(small), length=6),
        lambda: jnp.digitize(flat, edges, right=step.j % 2 == 1),
        lambda: jnp.isin(a, edges),
        lambda: jnp.lexsort((jnp.ravel(small), flat)),
        lambda: jnp.flatnonzero(flat, size=3),
        lambda: jnp.select([a > 1, a < 1], [a, jnp.zeros((), x.dtype)], 1),
        lambda: jnp.compress(np.arange(flat.size) % 2 == 0, flat, size=flat.size // 2),
        lambda: jnp.argwhere(flat, size=3)[:, 0],
        lambda: jnp.histogram(small, bins=4, range=(0, 8))[0].astype(np.int32),
    )
    return Value(operations[step.k % len(operations)]())


def _small(m: Machine, x: Value) -> Any:
    return m.matched(x, x.shape, np.dtype("i4")) % 8


@instruction
def _of_integers(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    if x.dtype not in INTEGERS:
        return x
    a, b = m.settled(x), m.matched(m.other(step), x.shape, x.dtype)
    operations: tuple[Callable[[], Any], ...] = (
        lambda: jnp.gcd(a, b),
        lambda: jnp.left_shift(a, jnp.asarray(step.j % 5, x.dtype)),
        lambda: jnp.right_shift(a, jnp.asarray(step.j % 5, x.dtype)),
        lambda: jnp.divmod(a, b)[step.j % 2],
        lambda: jnp.invert(a),
        lambda: jnp.bitwise_count(a),
        lambda: jnp.packbits(_small(m, x) > 2, axis=-1) if x.rank else a,
        lambda: jnp.power(a, jnp.asarray(step.j % 4, x.dtype)),
        lambda: jnp.true_divide(a, b),
        lambda: jnp.float_power(_small(m, x), 2),
    )
    result = operations[step.k % len(operations)]()
    return Value(result, rough=step.k % len(operations) >= 8)


@instruction
def _of_floats(m: Machine, x: Value, step: Instruction) -> Value:
    """Functions of two numbers and others that are made of several steps; rough most of them."""
    jnp = m.mj.numpy
    if x.dtype not in FLOATS:
        return x
    a, b = m.quantized(x), m.quantized(Value(m.matched(m.other(step), x.shape, x.dtype)))
    operations: tuple[Callable[[], Any], ...] = (
        lambda: jnp.hypot(a, b + 9),
        lambda: jnp.logaddexp(a, b),
        lambda: jnp.arctan2(a, b + 9),
        lambda: jnp.sinc(a / 3 + 0.1),
        lambda: jnp.cbrt(a + 9),
        lambda: jnp.expm1(a / 4),
        lambda: jnp.power(jnp.abs(a) + 1, b / 4),
        lambda: jnp.arcsinh(a),
        lambda: jnp.log2(jnp.abs(a) + 1),
        lambda: jnp.interp(a, np.array([-3.0, 0.0, 2.0]), np.array([1.0, -1.0, 4.0])),
        lambda: jnp.polyval(jnp.asarray([1, -2, 3], x.dtype), a),
        lambda: m.mj.nn.gelu(a),
        lambda: m.mj.nn.softplus(a),
        lambda: m.mj.scipy.special.xlogy(a, jnp.abs(b) + 1),
    )
    return Value(operations[step.k % len(operations)](), rough=True)


@instruction
def _combine_arrays(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    if x.dtype == BOOL or not 1 <= x.rank <= 2 or not math.prod(x.shape):
        return x
    a = m.quantized(x, 2)
    b = m.quantized(Value(m.matched(m.other(step), (3,), x.dtype)), 2)
    operations: tuple[Callable[[], Any], ...] = (
        lambda: jnp.kron(a, b),
        lambda: jnp.convolve(jnp.ravel(a), b, mode=("full", "same", "valid")[step.j % 3]),
        lambda: jnp.cross(jnp.broadcast_to(a.ravel()[:1], (3,)), b),
        lambda: jnp.vander(b, 3),
        lambda: jnp.pad(a, step.j % 3, mode=("edge", "reflect", "wrap", "symmetric")[step.j % 4]),
        lambda: jnp.rot90(jnp.atleast_2d(a), step.j),
        lambda: jnp.insert(jnp.ravel(a), 1, b[0]),
        lambda: jnp.delete(jnp.ravel(a), 0),
        lambda: jnp.block([[b, b], [b, b]]),
        lambda: jnp.tensordot(a, b, axes=0),
        lambda: jnp.fft.ifft(jnp.fft.fft(a)),
        lambda: jnp.resize(a, (2, 5)),
    )
    k = step.k % len(operations)
    # A power of a whole number need not be one to the last bit.
    return Value(operations[k](), rough=k == 10 or (k == 3 and x.dtype not in INTEGERS))
