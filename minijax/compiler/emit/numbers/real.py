"""Real floating point: f32 and f64 as they are, f16 and bf16 in f32 and rounded.

+ - * / and sqrt are the machine's; elementary functions are those of `vector_math`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.lanes import function_bytes
from minijax.compiler.emit.numbers import narrow
from minijax.compiler.emit.numbers.types import NARROW, layout, literal_float
from minijax.compiler.vector_math import library
from minijax.kernel.expr import Expr

_ORDER = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_INTRINSIC = {
    "sqrt": "sqrt",
    "abs": "fabs",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "round": "rint",
}
_SIZES = {"double": 8, "float": 4}
LIBRARY = frozenset(
    [
        "exp",
        "exp2",
        "expm1",
        "log",
        "log1p",
        "cbrt",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "erfc",
        "logistic",
        "pow",
        "atan2",
    ]
)
# What rounds nothing needs no rounding afterwards.
_EXACT = frozenset(
    [
        "abs",
        "neg",
        "max",
        "min",
        "sign",
        "floor",
        "ceil",
        "trunc",
        "round",
        "rem",
        "nextafter",
        "real",
    ]
)


class Real:
    """Emits arithmetic on one float type."""

    def __init__(self, c: Context, ty: str) -> None:
        self.c = c
        self.ty = ty

    def number(self, value: float) -> str:
        """Returns a constant."""
        return literal_float(self.ty, value)

    def add(self, x: str, y: str) -> str:
        """Returns x + y."""
        return self.c.op(f"fadd {self.c.float_flags()}".strip(), self.ty, x, y)

    def sub(self, x: str, y: str) -> str:
        """Returns x - y."""
        return self.c.op(f"fsub {self.c.float_flags()}".strip(), self.ty, x, y)

    def mul(self, x: str, y: str) -> str:
        """Returns x · y."""
        return self.c.op(f"fmul {self.c.float_flags()}".strip(), self.ty, x, y)

    def div(self, x: str, y: str) -> str:
        """Returns x / y."""
        return self.c.op("fdiv", self.ty, x, y)

    def neg(self, x: str) -> str:
        """Returns -x."""
        return self.c.op("fneg", self.ty, x)

    def compare(self, order: str, x: str, y: str) -> str:
        """Returns the bool of a comparison, such as "olt"."""
        return self.c.op(f"fcmp {order}", self.ty, x, y)

    def select(self, condition: str, x: str, y: str) -> str:
        """Returns x where the condition holds, else y."""
        return self.c.select(condition, self.ty, x, y)

    def intrinsic(self, name: str, *operands: str) -> str:
        """Returns the result of an LLVM intrinsic."""
        return self.c.intrinsic(name, self.ty, [(self.ty, x) for x in operands])

    def library(self, name: str, *operands: str) -> str:
        """Returns the result of an elementary function: our own, or the C library's."""
        if name in library.FUNCTIONS:
            return self._own(name, operands)
        return self.c_function(name, *operands)

    def c_function(self, name: str, *operands: str) -> str:
        """Returns the result of a function of the C library."""
        suffix = "f" if self.ty == "float" else ""
        return self.c.scalar_call(self.ty, name + suffix, [(self.ty, x) for x in operands])

    def _own(self, name: str, operands: Sequence[str]) -> str:
        c, ty = self.c, self.ty
        most = function_bytes() // _SIZES[ty]
        if c.lanes > most:
            return c.in_groups(most, ty, operands, lambda *parts: self._own(name, parts))
        symbol = library.symbol(name, ty, c.lanes)
        c.symbols[symbol] = library.address(name, ty, c.lanes, len(operands))
        wide = c.type(ty)
        return c.pure_call(wide, symbol, [(wide, c.operand(ty, x)) for x in operands])

    def power(self, x: str, exponent: int) -> str:
        """Returns x to a constant power, by squaring."""
        result, square, left = "", x, abs(exponent)
        while left:
            if left & 1:
                result = square if not result else self.mul(result, square)
            left >>= 1
            if left:
                square = self.mul(square, square)
        one = self.number(1.0)
        if not result:
            return one
        return self.div(one, result) if exponent < 0 else result


def apply(c: Context, node: Expr, x: Sequence[str]) -> str:
    """Emits an operation on real floats (all but the special functions)."""
    dtype = node.operands[0].dtype
    real = Real(c, layout(dtype).register)
    if node.op in _ORDER:
        return real.compare(_ORDER[node.op], x[0], x[1])
    if node.op in ("lt_total", "le_total"):
        return _total_order(c, dtype, node.op, x)
    if node.op == "is_nan":
        return real.compare("uno", x[0], x[0])
    if node.op == "is_finite":
        return real.compare("one", real.intrinsic("fabs", x[0]), real.number(np.inf))
    if node.op == "imag":
        return real.number(0.0)
    if node.op == "nextafter":
        return _next(c, dtype, real, x)
    result = _number(c, node, real, x)
    if dtype in NARROW and node.op not in _EXACT:
        return narrow.rounded(c, dtype, result)
    return result


def _number(c: Context, node: Expr, real: Real, x: Sequence[str]) -> str:
    op = node.op
    if op in ("add", "sub", "mul", "div", "neg"):
        method: Callable[..., str] = getattr(real, op)
        return method(*x)
    if op == "pow" and node.operands[1].is_constant and abs(node.operands[1].payload) == 0.5:
        return _root(real, x[0], inverse=node.operands[1].payload < 0)
    if op in _INTRINSIC:
        return real.intrinsic(_INTRINSIC[op], *x)
    if op in LIBRARY:
        return real.library(op, *x)
    match op:
        case "fma":
            return real.intrinsic("fma", *x)
        case "max" | "min":
            return _extreme(real, op, *x)
        case "rem":
            return real.library("fmod", *x)
        case "sign":
            return _sign(real, x[0])
        case "rsqrt":
            return real.div(real.number(1.0), real.intrinsic("sqrt", x[0]))
        case "integer_pow":
            return real.power(x[0], node.payload)
        case "reduce_precision":
            return _reduce_precision(c, real, x[0], *node.payload)
    raise AssertionError(f"no code for the operation {op!r} on floats")


def _root(real: Real, x: str, inverse: bool) -> str:
    """x to the power of 1/2 or -1/2, which differs from the root at -0 and -inf."""
    root = real.intrinsic("sqrt", real.add(x, real.number(0.0)))
    infinity = real.number(np.inf)
    root = real.select(real.compare("oeq", x, real.number(-np.inf)), infinity, root)
    return real.div(real.number(1.0), root) if inverse else root


def _extreme(real: Real, op: str, x: str, y: str) -> str:
    """The larger or smaller of two; a NaN if either is: that one, for some look at its sign."""
    # One instruction where the choice is x if they are equal or a NaN is among them.
    is_better = real.compare("ogt" if op == "max" else "olt", y, x)
    found = real.select(is_better, y, x)
    return real.select(real.compare("uno", y, y), y, found)


def _sign(real: Real, x: str) -> str:
    unit = real.intrinsic("copysign", real.number(1.0), x)
    return real.select(real.compare("one", x, real.number(0.0)), unit, x)


def _total_order(c: Context, dtype: np.dtype, op: str, x: Sequence[str]) -> str:
    """Compares the bits as integers; below zero a float grows downwards from the sign bit."""
    ty, register = {"float": ("i32", "float"), "double": ("i64", "double")}[layout(dtype).register]
    least = -(1 << (int(ty[1:]) - 1))
    keys = []
    for value in x:
        bits = c.cast("bitcast", register, value, ty)
        flipped = c.op("sub", ty, least, bits)
        negative = c.op("icmp slt", ty, bits, 0)
        keys.append(c.select(negative, ty, flipped, bits))
    order = "slt" if op == "lt_total" else "sle"
    return c.op(f"icmp {order}", ty, *keys)


def _next(c: Context, dtype: np.dtype, real: Real, x: Sequence[str]) -> str:
    """The neighbour: one step of the bits, towards y."""
    ty = f"i{8 * dtype.itemsize}"
    bits, towards = (_bits(c, dtype, ty, each) for each in x)
    is_zero = real.compare("oeq", x[0], real.number(0.0))
    sign = c.op("and", ty, towards, -(1 << (8 * dtype.itemsize - 1)))
    least = c.op("or", ty, sign, 1)
    up = real.compare("olt", x[0], x[1])
    positive = real.compare("ogt", x[0], real.number(0.0))
    grows = c.op("icmp eq", "i1", up, positive)
    moved = c.op("add", ty, bits, c.select(grows, ty, 1, -1))
    found = c.select(is_zero, ty, least, moved)
    if dtype in NARROW:
        result = narrow.from_bits(c, dtype, found)
    else:
        result = c.cast("bitcast", ty, found, real.ty)
    result = real.select(real.compare("oeq", x[0], x[1]), x[1], result)
    undefined = real.compare("uno", x[0], x[1])
    return real.select(undefined, real.add(x[0], x[1]), result)


def _bits(c: Context, dtype: np.dtype, ty: str, x: str) -> str:
    if dtype in NARROW:
        return narrow.to_bits(c, dtype, x)
    return c.cast("bitcast", layout(dtype).register, x, ty)


def _reduce_precision(
    c: Context, real: Real, x: str, exponent_bits: int, mantissa_bits: int
) -> str:
    """Rounds to nearest even with fewer bits; what is too large or too small becomes inf or 0."""
    ty, own_mantissa, own_exponent = ("i32", 23, 8) if real.ty == "float" else ("i64", 52, 11)
    bits = c.cast("bitcast", real.ty, x, ty)
    dropped = own_mantissa - mantissa_bits
    if dropped > 0:
        odd = c.op("and", ty, c.op("lshr", ty, bits, dropped), 1)
        raised = c.op("add", ty, bits, (1 << (dropped - 1)) - 1)
        bits = c.op("and", ty, c.op("add", ty, raised, odd), -(1 << dropped))
    result = c.cast("bitcast", ty, bits, real.ty)
    top = (1 << (exponent_bits - 1)) - 1
    if exponent_bits < own_exponent:
        largest = real.number((2 - 2.0**-mantissa_bits) * 2.0**top)
        size = real.intrinsic("fabs", result)
        infinite = real.intrinsic("copysign", real.number(np.inf), x)
        zero = real.intrinsic("copysign", real.number(0.0), x)
        result = real.select(real.compare("ogt", size, largest), infinite, result)
        result = real.select(real.compare("olt", size, real.number(2.0 ** (1 - top))), zero, result)
    finite = real.compare("one", real.intrinsic("fabs", x), real.number(np.inf))
    return real.select(finite, result, x)
