"""Functions that programs compute by polynomials: log, log1p, erf and erf_inv.

Compiled loops over them run in vector registers, and draws of `minijax.random` have the bits of
other systems that evaluate the same polynomials in the same order. Each function is written once,
in the operations of the kernel language; `on_arrays` makes a NumPy function of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.dtypes import bool_, float32, float64, int32
from minijax.core.quiet import quiet
from minijax.kernel.scalars import HALF, apply

Element = Callable[[Any, Any], Any]

# Cephes, logf.c: log(1 + z) = z - z²/2 + z³ p(z) for |z| < √2 - 1; three interleaved polynomials.
_LOG_TERMS = (
    (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1),
    (-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1),
    (2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
)
_LN2_HIGH, _LN2_LOW = 0.693359375, -2.12194440e-4
_LEAST_NORMAL = float(np.finfo(np.float32).smallest_normal)

# Cephes, unity.c: log(1 + x) = x - x²/2 + x³ p(x) / q(x) for 1/√2 <= 1 + x <= √2.
_LOG1P_P = (
    4.5270000862445199635215e-5,
    4.9854102823193375972212e-1,
    6.5787325942061044846969e0,
    2.9911919328553073277375e1,
    6.0949667980987787057556e1,
    5.7112963590585538103336e1,
    2.0039553499201281259648e1,
)
_LOG1P_Q = (
    1.0,
    1.5062909083469192043167e1,
    8.3047565967967209469434e1,
    2.2176239823732856465394e2,
    3.0909872225312059774938e2,
    2.1642788614495947685003e2,
    6.0118660497603843919306e1,
)

# erf(x) = x p(x²) / q(x²) for |x| < 3.8325, a minimax quotient for single precision; 1 beyond.
_ERF_P = (2.2905065e-4, 3.4082910e-3, 5.0955694e-2, 1.8520832e-1, 1.1283791e0)
_ERF_Q = (
    -1.1791603e-7,
    2.3547966e-5,
    1.0179626e-3,
    1.4070470e-2,
    1.1098505e-1,
    4.9746925e-1,
    1.0,
)
_ERF_ONE = 3.832507

# Giles: erf_inv(x) = x p(t) with w = -log(1 - x²); t is w or its root, less the middle of a range.
_ERF_INV_SINGLE = (
    (
        5.0,
        2.5,
        *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
        *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
    ),
    (
        math.inf,
        3.0,
        *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
        *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
    ),
)
_ERF_INV_DOUBLE = (
    (
        6.25,
        3.125,
        *(-3.6444120640178196921e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18),
        *(1.115787767802518096e-17, -1.333171662854620906e-16, 2.0972767875968561637e-17),
        *(6.6376381343583238325e-15, -4.0545662729752068639e-14, -8.1519341976054721522e-14),
        *(2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11),
        *(1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08),
        *(4.2347877827932403518e-07, -1.3654692000834678645e-06, -1.3882523362786468719e-05),
        *(0.0001867342080340571352, -0.00074070253416626697512, -0.0060336708714301490533),
        *(0.24015818242558961693, 1.6536545626831027356),
    ),
    (
        16.0,
        3.25,
        *(2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07),
        *(1.8239629214389227755e-08, 1.5027403968909827627e-06, -4.013867526981545969e-06),
        *(2.9234449089955446044e-06, 1.2475304481671778723e-05, -4.7318229009055733981e-05),
        *(6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796),
        *(0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066),
        *(-0.0037512085075692412107, 0.005370914553590063617, 1.0052589676941592334),
        3.0838856104922207635,
    ),
    (
        math.inf,
        5.0,
        *(-2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09),
        *(-3.7894654401267369937e-09, 7.6157012080783393804e-09, -1.4960026627149240478e-08),
        *(2.9147953450901080826e-08, -6.7711997758452339498e-08, 2.2900482228026654717e-07),
        *(-9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05),
        *(7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026),
        *(1.0103004648645343977, 4.8499064014085844221),
    ),
)


class _Arrays:
    """The operations of the kernel language on NumPy arrays."""

    def constant(self, value: Any, dtype: np.dtype) -> np.ndarray:
        return np.asarray(value).astype(dtype)

    def convert(self, x: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return apply("convert", dtype, (x,))

    def bitcast(self, x: np.ndarray, dtype: np.dtype) -> np.ndarray:
        return apply("bitcast", dtype, (x,))

    def select(self, condition: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.where(condition, x, y)

    def special(self, name: str, *operands: np.ndarray) -> np.ndarray:
        return apply("special", operands[0].dtype, operands, name)

    def __getattr__(self, name: str) -> Any:
        op = name.rstrip("_")

        def operation(*operands: Any) -> np.ndarray:
            first = next(x.dtype for x in operands if isinstance(x, np.ndarray))
            dtype = bool_ if op in ("lt", "le", "eq", "ge") else first
            return apply(op, dtype, [np.asarray(x, first) for x in operands])

        return operation


def on_arrays(element: Element) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the function of NumPy arrays that an element expression means."""

    def function(x: np.ndarray) -> np.ndarray:
        with quiet():
            return np.asarray(element(_Arrays(), np.asarray(x)))

    return function


def _horner(k: Any, x: Any, coefficients: Sequence[float]) -> Any:
    total = k.constant(coefficients[0], x.dtype)
    for coefficient in coefficients[1:]:
        total = k.fma(total, x, k.constant(coefficient, x.dtype))
    return total


def _in_single(k: Any, x: Any, element: Element) -> Any:
    """Applies an element expression to a half-precision number, in single precision."""
    return k.convert(element(k, k.convert(x, float32)), x.dtype)


# -- logarithms


def log(k: Any, x: Any) -> Any:
    """Returns log(x): polynomials in single precision, the C library's function in double.

    Source:
        S. Moshier, Cephes mathematical library, logf.
    """
    if x.dtype in HALF:
        return _in_single(k, x, log)
    if x.dtype != float32:
        return k.special("c_log", x)
    exponent, z = _exponent_and_fraction(k, x)
    square = k.mul(z, z)
    cube = k.mul(square, z)
    first, second, third = (_horner(k, z, terms) for terms in _LOG_TERMS)
    terms = k.fma(k.fma(first, cube, second), cube, third)
    tail = k.fma(terms, cube, k.mul(exponent, k.constant(_LN2_LOW, float32)))
    head = k.fma(square, k.constant(-0.5, float32), z)
    found = k.fma(exponent, k.constant(_LN2_HIGH, float32), k.add(head, tail))
    found = k.select(k.eq(x, k.constant(math.inf, float32)), x, found)
    zero = k.constant(0.0, float32)
    below = k.select(k.eq(x, zero), k.constant(-math.inf, float32), k.constant(math.nan, float32))
    return k.select(k.gt(x, zero), found, below)


def _exponent_and_fraction(k: Any, x: Any) -> tuple[Any, Any]:
    """Returns e and z with x = 2^e (1 + z) and 1 + z from 1/√2 to √2."""
    subnormal = k.lt(x, k.constant(_LEAST_NORMAL, float32))
    scaled = k.mul(x, k.constant(2.0**23, float32))
    bits = k.bitcast(k.select(subnormal, scaled, x), int32)
    power = k.shift_right_logical(bits, k.constant(23, int32))
    bias = k.select(subnormal, k.constant(149, int32), k.constant(126, int32))
    exponent = k.convert(k.sub(power, bias), float32)
    half = k.or_(k.and_(bits, k.constant(0x007FFFFF, int32)), k.constant(0x3F000000, int32))
    fraction = k.bitcast(half, float32)
    low = k.lt(fraction, k.constant(math.sqrt(0.5), float32))
    one, zero = k.constant(1.0, float32), k.constant(0.0, float32)
    exponent = k.sub(exponent, k.select(low, one, zero))
    return exponent, k.add(k.sub(fraction, one), k.select(low, fraction, zero))


def log1p(k: Any, x: Any) -> Any:
    """Returns log(1 + x): a quotient of polynomials where that is near zero.

    Source:
        S. Moshier, Cephes mathematical library, log1p.
    """
    if x.dtype in HALF:
        return _in_single(k, x, log1p)
    square = k.mul(x, x)
    ratio = k.div(_horner(k, x, _LOG1P_P), _horner(k, x, _LOG1P_Q))
    high = k.mul(k.mul(x, square), ratio)
    near = k.add(x, k.fma(square, k.constant(-0.5, x.dtype), high))
    far = log(k, k.add(x, k.constant(1.0, x.dtype)))
    limit = k.constant(math.sqrt(2) - 1, x.dtype)
    return k.select(k.lt(k.abs(x), limit), near, far)


# -- the error function and its inverse


def erf(k: Any, x: Any) -> Any:
    """Returns erf(x): a quotient in single precision, the C library's function in double."""
    if x.dtype in HALF:
        return _in_single(k, x, erf)
    if x.dtype != float32:
        return k.special("c_erf", x)
    square = k.mul(x, x)
    ratio = k.div(k.mul(x, _horner(k, square, _ERF_P)), _horner(k, square, _ERF_Q))
    ended = k.ge(k.abs(x), k.constant(_ERF_ONE, float32))
    return k.select(ended, k.sign(x), ratio)


def erf_inv(k: Any, x: Any) -> Any:
    """Returns the inverse of erf: ±inf at ±1, NaN beyond; near ±1 half of the digits are right.

    Source:
        M. Giles, "Approximating the erfinv function", GPU Computing Gems, 2010.
    """
    if x.dtype in HALF:
        return _in_single(k, x, erf_inv)
    w = k.neg(log1p(k, k.mul(x, k.neg(x))))
    return _inverse_at(k, x, w, _ERF_INV_SINGLE if x.dtype == float32 else _ERF_INV_DOUBLE)


def exact_erf_inv(k: Any, x: Any) -> Any:
    """Returns the inverse of erf to the last digits: 1 - x² has no rounding of x² in it."""
    if x.dtype != float64:
        return k.convert(exact_erf_inv(k, k.convert(x, float64)), x.dtype)
    one, size = k.constant(1.0, float64), k.abs(x)
    near = k.log1p(k.mul(x, k.neg(x)))
    far = k.log(k.mul(k.sub(one, size), k.add(one, size)))
    w = k.neg(k.select(k.lt(size, k.constant(0.5, float64)), near, far))
    return _inverse_at(k, x, w, _ERF_INV_DOUBLE)


def _inverse_at(k: Any, x: Any, w: Any, ranges: Sequence[Sequence[float]]) -> Any:
    root = k.sqrt(w)
    found: Any = None
    for end, middle, *terms in reversed(ranges):
        start = w if end == ranges[0][0] else root
        value = _horner(k, k.sub(start, k.constant(middle, x.dtype)), terms)
        inside = k.lt(w, k.constant(end, x.dtype))
        found = value if found is None else k.select(inside, value, found)
    is_end = k.eq(k.abs(x), k.constant(1.0, x.dtype))
    return k.mul(x, k.select(is_end, k.constant(math.inf, x.dtype), found))
