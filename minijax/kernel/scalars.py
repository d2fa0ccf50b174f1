"""What each scalar operation of the kernel language computes, as NumPy functions.

    >>> import numpy as np
    >>> apply("div", np.dtype("int64"), [np.array([7, -7, 1]), np.array([2, 2, 0])])
    array([ 3, -3, -1])

bfloat16 and float16 are computed in float32 and rounded once for each operation, except where that
would change the meaning. Functions that NumPy lacks (erf, digamma, Bessel functions, …) are
installed by whoever has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.quiet import quiet

Function = Callable[..., Any]

HALF = (dtypes.bfloat16, dtypes.float16)


# -- integers: division by zero and shifts beyond the width have values


def _div(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not dtypes.is_integer(x.dtype):
        return np.divide(x, y)
    quotient = np.where(y == 0, -1 if x.dtype.kind == "i" else ~x.dtype.type(0), 0)
    safe = np.where(y == 0, 1, y).astype(x.dtype)
    # fmod truncates, so the difference divides exactly; the least integer by -1 wraps to itself.
    exact = np.floor_divide(x - np.fmod(x, safe), safe)
    return np.where(y == 0, quotient.astype(x.dtype), exact)


def _rem(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not dtypes.is_integer(x.dtype):
        return np.fmod(x, y)
    safe = np.where(y == 0, 1, y).astype(x.dtype)
    return np.where(y == 0, x, np.fmod(x, safe))


def _pow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if not dtypes.is_integer(x.dtype):
        return np.power(x, y)
    power = np.power(x, np.maximum(y, 0))
    # x to a negative power is 1/x, which is an integer for x = 1 and -1 only.
    inverse = np.where(np.abs(x) == 1, np.power(x, np.abs(y)), 0)
    return np.where(y < 0, inverse, power).astype(x.dtype)


def _bits(x: np.ndarray) -> np.ndarray:
    return x.view(np.dtype(f"u{x.dtype.itemsize}"))


def _shift(function: Function, x: np.ndarray, y: np.ndarray, beyond: Any) -> np.ndarray:
    width = 8 * x.dtype.itemsize
    count = _bits(y)
    safe = np.minimum(count, width - 1).astype(x.dtype)
    return np.where(count >= width, beyond, function(x, safe)).astype(x.dtype)


def _shift_left(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _shift(np.left_shift, x, y, 0)


def _shift_right_logical(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _shift(np.right_shift, _bits(x), _bits(y), 0).view(x.dtype)


def _shift_right_arithmetic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    signed = x.view(np.dtype(f"i{x.dtype.itemsize}"))
    sign = np.where(signed < 0, -1, 0)
    return _shift(np.right_shift, signed, y.view(signed.dtype), sign).view(x.dtype)


def _population_count(x: np.ndarray) -> np.ndarray:
    return np.bitwise_count(_bits(x)).astype(x.dtype)


def _clz(x: np.ndarray) -> np.ndarray:
    bits, zeros = _bits(x), np.zeros(x.shape, np.int64)
    for k in range(8 * x.dtype.itemsize):
        zeros += (bits >> bits.dtype.type(k)) == 0
    return zeros.astype(x.dtype)


# -- floating point


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.reciprocal(1 + np.exp(-x))


def _rsqrt(x: np.ndarray) -> np.ndarray:
    return np.reciprocal(np.sqrt(x))


def fused_multiply_add(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Returns x·y + z rounded once.

    Source:
        S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms
        using rounding to odd", 2008.
    """
    if x.dtype != np.float64:
        # The product is exact in double precision.
        high, low = _two_sum(x.astype(np.float64) * y, z.astype(np.float64))
        return _to_odd(high, low).astype(x.dtype)
    high, low = _two_product(x, y)
    above, below = _two_sum(z, low)
    top, rest = _two_sum(high, above)
    exact = top + _to_odd(*_two_sum(below, rest))
    # A product that overflows on its own is still a number beside an infinity.
    beside = np.isinf(z) & np.isfinite(x) & np.isfinite(y)
    return np.where(np.isfinite(exact), exact, np.where(beside, z, x * y + z))


def _two_sum(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def _two_product(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    product = x * y
    (a, b), (c, d) = _halves(x), _halves(y)
    return product, b * d - (((product - a * c) - b * c) - a * d)


def _halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = x * 134217729.0  # 2^27 + 1, for which the halves have 26 bits
    high = scaled - (scaled - x)
    return high, x - high


def _to_odd(high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Returns the sum of two doubles rounded to odd: exact, or of odd mantissa."""
    bits = np.ascontiguousarray(high).view(np.int64).reshape(np.shape(high))
    inexact = (low != 0) & np.isfinite(low) & (bits & 1 == 0)
    step = np.where((low > 0) == (high > 0), 1, -1)
    return np.where(inexact, bits + step, bits).view(np.float64)


def total_order(x: np.ndarray) -> np.ndarray:
    """Returns integers in the order of floats: -nan < -inf < ... < -0 = 0 < ... < inf < nan."""
    if not dtypes.is_float(x.dtype):
        return x
    bits = x.view(np.dtype(f"i{x.dtype.itemsize}"))
    # A negative float grows downwards from the sign bit, where -0 lies.
    return np.where(bits < 0, np.iinfo(bits.dtype).min - bits, bits)


def _integer_pow(x: np.ndarray, exponent: int) -> np.ndarray:
    result, square, rest = np.ones_like(x), x, abs(exponent)
    while rest:
        if rest % 2:
            result = result * square
        square, rest = square * square, rest // 2
    return np.reciprocal(result) if exponent < 0 else result


def _reduce_precision(x: np.ndarray, bits: tuple[int, int]) -> np.ndarray:
    """Returns x rounded to nearest even with fewer exponent and mantissa bits."""
    exponent_bits, mantissa_bits = bits
    own_mantissa = {8: 52, 4: 23}[x.dtype.itemsize]
    raw = x.view(np.dtype(f"u{x.dtype.itemsize}"))
    dropped = max(own_mantissa - mantissa_bits, 0)
    one = raw.dtype.type(1)
    if dropped:
        odd = (raw >> raw.dtype.type(dropped)) & one
        raw = raw + ((one << raw.dtype.type(dropped - 1)) - one) + odd
        raw = raw & ~((one << raw.dtype.type(dropped)) - one)
    rounded = raw.view(x.dtype)
    top = 2 ** (exponent_bits - 1) - 1
    largest = np.ldexp(2 - 2.0**-mantissa_bits, min(top, 1023))
    sign = np.copysign(np.ones_like(x), x)
    rounded = np.where(np.abs(rounded) > largest, sign * np.inf, rounded)
    rounded = np.where(np.abs(rounded) < 2.0 ** (1 - top), sign * 0, rounded)
    return np.where(np.isfinite(x), rounded, x).astype(x.dtype)


# -- conversion


def convert(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Returns x in another dtype: floats to integers saturate (NaN gives 0), parts are dropped."""
    if x.dtype == dtype:
        return x
    if dtypes.is_complex(x.dtype) and not dtypes.is_complex(dtype) and dtype != dtypes.bool_:
        x = x.real
    if dtypes.is_float(x.dtype) and dtypes.is_integer(dtype):
        return _saturate(x.astype(np.float64), dtype)
    return x.astype(dtype)


def _saturate(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    # float(high) may round up to high + 1, which does not fit either.
    inside = (x >= low) & (x < float(high))
    found = np.where(inside, x, 0).astype(dtype)
    return np.where(x >= float(high), dtype.type(high), np.where(x < low, dtype.type(low), found))


# -- the table

_NUMPY: dict[str, Function] = {
    **{f.__name__: f for f in (np.floor, np.ceil, np.trunc, np.sqrt, np.cbrt)},
    **{f.__name__: f for f in (np.exp, np.exp2, np.expm1, np.log, np.log1p)},
    **{f.__name__: f for f in (np.sin, np.cos, np.tan, np.sinh, np.cosh, np.tanh)},
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "conj": np.conjugate,
    "neg": np.negative,
    "sign": np.sign,
    "round": np.rint,
    "rsqrt": _rsqrt,
    "logistic": _logistic,
    "not": np.invert,
    "population_count": _population_count,
    "clz": _clz,
    "add": np.add,
    "sub": np.subtract,
    "fma": fused_multiply_add,
    "mul": np.multiply,
    "div": _div,
    "rem": _rem,
    "pow": _pow,
    "max": np.maximum,
    "min": np.minimum,
    "atan2": np.arctan2,
    "nextafter": np.nextafter,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "shift_left": _shift_left,
    "shift_right_arithmetic": _shift_right_arithmetic,
    "shift_right_logical": _shift_right_logical,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "lt_total": lambda x, y: total_order(x) < total_order(y),
    "le_total": lambda x, y: total_order(x) <= total_order(y),
    "is_finite": np.isfinite,
    "is_nan": np.isnan,
    "abs": np.abs,
    "real": np.real,
    "imag": np.imag,
    "select": np.where,
}
# These look at bits or neighbours: widening the operands would change what they mean.
_EXACT = frozenset(("nextafter", "lt_total", "le_total", "select", "neg", "abs"))

_special: dict[str, Function] = {}


def install_special_functions(functions: Mapping[str, Function]) -> None:
    """Gives names of the language that NumPy has no function for ("erf", "i0e") their meaning."""
    _special.update(functions)


def apply(
    op: str, dtype: np.dtype, operands: Sequence[np.ndarray], payload: Any = None
) -> np.ndarray:
    """Returns a scalar operation applied to arrays elementwise.

    Args:
        op: an operation of `minijax.kernel.expr` that reads no value and is no leaf.
        dtype: the dtype of the result.
        operands: arrays whose shapes broadcast.
        payload: the parameter of the operation.

    Raises:
        LookupError: if the operation needs a function that nobody has installed.
    """
    with quiet():
        if op == "convert":
            return convert(operands[0], dtype)
        if op == "bitcast":
            return np.ascontiguousarray(operands[0]).reshape(operands[0].shape).view(dtype)
        is_half = operands[0].dtype in HALF and op not in _EXACT
        wide = [x.astype(np.float32) if x.dtype in HALF else x for x in operands]
        result = np.asarray(_compute(op, wide if is_half else operands, payload))
        return result if result.dtype == dtype else result.astype(dtype)


def _compute(op: str, operands: Sequence[np.ndarray], payload: Any) -> Any:
    match op:
        case "floordiv":
            return operands[0] // payload
        case "mod":
            return operands[0] % payload
        case "integer_pow":
            return _integer_pow(operands[0], payload)
        case "reduce_precision":
            return _reduce_precision(operands[0], payload)
        case "complex":
            return _complex(*operands)
    if op in _NUMPY:
        return _NUMPY[op](*operands)
    name = payload if op == "special" else op
    if name not in _special:
        raise LookupError(
            f"No function is installed for the kernel operation {name!r}: "
            "give one to minijax.kernel.scalars.install_special_functions."
        )
    return _special[name](*operands)


def _complex(re: np.ndarray, im: np.ndarray) -> np.ndarray:
    # re + 1j * im would turn an infinite part into NaN in the other one.
    out = np.empty(np.broadcast_shapes(re.shape, im.shape), dtypes.complex_dtype(re.dtype))
    out.real, out.imag = re, im
    return out
