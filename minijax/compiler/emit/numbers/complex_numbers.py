"""Complex numbers: pairs of parts.

Sums and products are formulas; a quotient scales by the larger part of the divisor (Smith 1962).
Elementary functions are our own or those of the C library, which follow Annex G of the C standard
in branch cuts, infinities and signed zeros, as NumPy's do; complex64 is computed in double
precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.real import Real
from minijax.compiler.emit.numbers.types import Scalar, layout
from minijax.compiler.vector_math import complex_functions, library
from minijax.kernel.expr import Expr

_LIBRARY = frozenset(
    [
        "exp",
        "log",
        "sqrt",
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
    ]
)
_ORDER = {"lt": "olt", "gt": "ogt", "lt_total": "olt", "le": "ole", "ge": "oge", "le_total": "ole"}


def apply(c: Context, node: Expr, x: Sequence[Scalar]) -> Scalar:
    """Emits an operation on complex numbers."""
    real = Real(c, layout(node.operands[0].dtype).register)
    op = node.op
    if op in _LIBRARY:
        return _library(c, real, f"c{op}", x[0])
    if op in _ORDER:
        return (_lexicographic(real, op, x[0], x[1]),)
    if op == "integer_pow":
        return power(real, x[0], node.payload)
    return _OPERATIONS[op](real, *x)


def multiply(real: Real, x: Scalar, y: Scalar) -> Scalar:
    """Returns x · y."""
    (a, b), (c, d) = x, y
    return (
        real.sub(real.mul(a, c), real.mul(b, d)),
        real.add(real.mul(a, d), real.mul(b, c)),
    )


def divide(real: Real, x: Scalar, y: Scalar) -> Scalar:
    """Returns x / y, scaled by the larger part of y so that nothing overflows on the way."""
    (a, b), (c, d) = x, y
    size_c, size_d = real.intrinsic("fabs", c), real.intrinsic("fabs", d)
    wide = real.compare("oge", size_c, size_d)
    # Dividing by -d + ci in place of c + di: (a + bi) / (c + di) = (b - ai) / (d - ci).
    large, small = real.select(wide, c, d), real.select(wide, d, c)
    first, second = real.select(wide, a, b), real.select(wide, b, a)
    ratio = real.div(small, large)
    scale = real.div(real.number(1.0), real.add(large, real.mul(small, ratio)))
    re = real.mul(real.add(first, real.mul(second, ratio)), scale)
    im = real.mul(real.sub(second, real.mul(first, ratio)), scale)
    im = real.select(wide, im, real.neg(im))
    nothing = real.compare("oeq", real.add(size_c, size_d), real.number(0.0))
    return (
        real.select(nothing, real.div(a, size_c), re),
        real.select(nothing, real.div(b, size_c), im),
    )


def power(real: Real, x: Scalar, exponent: int) -> Scalar:
    """Returns x to a constant integer power, by squaring."""
    one = (real.number(1.0), real.number(0.0))
    result: Scalar = ()
    square, left = x, abs(exponent)
    while left:
        if left & 1:
            result = square if not result else multiply(real, result, square)
        left >>= 1
        if left:
            square = multiply(real, square, square)
    if not result:
        return one
    return divide(real, one, result) if exponent < 0 else result


def _library(c: Context, real: Real, name: str, *operands: Scalar) -> Scalar:
    wide = [_widened(real, part) for x in operands for part in x]
    call = _own if name in library.COMPLEX else complex_functions.by_c_library
    return tuple(_narrowed(real, part) for part in call(c, name, wide))


def _own(c: Context, name: str, parts: Sequence[str]) -> Scalar:
    symbol = library.symbol(name, "double", c.lanes)
    c.symbols[symbol] = library.address(name, "double", c.lanes, len(parts))
    wide = c.type("double")
    pair = library.pair(wide)
    args = [(wide, c.operand("double", part)) for part in parts]
    both = c.pure_call(pair, symbol, args)
    return tuple(c.fn.emit(f"extractvalue {pair} {both}, {k}") for k in range(2))


def _widened(real: Real, x: str) -> str:
    return x if real.ty == "double" else real.c.cast("fpext", "float", x, "double")


def _narrowed(real: Real, x: str) -> str:
    return x if real.ty == "double" else real.c.cast("fptrunc", "double", x, "float")


def _lexicographic(real: Real, op: str, x: Scalar, y: Scalar) -> str:
    strict = {"le": "olt", "ge": "ogt", "le_total": "olt"}.get(op, _ORDER[op])
    before = real.compare(strict, x[0], y[0])
    same = real.compare("oeq", x[0], y[0])
    second = real.compare(_ORDER[op], x[1], y[1])
    return real.c.op("or", "i1", before, real.c.op("and", "i1", same, second))


def _pairwise(method: str) -> Callable[..., Scalar]:
    def emit(real: Real, *x: Scalar) -> Scalar:
        act = getattr(real, method)
        return tuple(act(*parts) for parts in zip(*x, strict=True))

    return emit


def _equal(real: Real, x: Scalar, y: Scalar) -> Scalar:
    parts = [real.compare("oeq", a, b) for a, b in zip(x, y, strict=True)]
    return (real.c.op("and", "i1", *parts),)


def _unequal(real: Real, x: Scalar, y: Scalar) -> Scalar:
    return (real.c.op("xor", "i1", _equal(real, x, y)[0], "true"),)


def _absolute(real: Real, x: Scalar) -> Scalar:
    return (real.library("hypot", *x),)


def _sign(real: Real, x: Scalar) -> Scalar:
    size = real.library("hypot", *x)
    zero = real.compare("oeq", size, real.number(0.0))
    parts = (real.div(part, size) for part in x)
    return tuple(real.select(zero, real.number(0.0), part) for part in parts)


def _extreme(op: str) -> Callable[..., Scalar]:
    def emit(real: Real, x: Scalar, y: Scalar) -> Scalar:
        keeps = _lexicographic(real, "ge" if op == "max" else "le", x, y)
        missing = real.compare("uno", *x)
        chosen = real.c.op("or", "i1", keeps, missing)
        return tuple(real.select(chosen, a, b) for a, b in zip(x, y, strict=True))

    return emit


def _finite(real: Real, x: Scalar) -> Scalar:
    sizes = [real.intrinsic("fabs", part) for part in x]
    parts = [real.compare("one", size, real.number(float("inf"))) for size in sizes]
    return (real.c.op("and", "i1", *parts),)


def _power(real: Real, x: Scalar, y: Scalar) -> Scalar:
    """x ** y, with 0 ** 0 = 1 and 0 ** y = 0 for a positive real part."""
    found = _library(real.c, real, "cpow", x, y)
    zero, one = real.number(0.0), real.number(1.0)
    is_base_zero = _equal(real, x, (zero, zero))[0]
    is_power_zero = _equal(real, y, (zero, zero))[0]
    positive = real.compare("ogt", y[0], zero)
    vanishes = real.c.op("and", "i1", is_base_zero, positive)
    found = tuple(real.select(vanishes, zero, part) for part in found)
    return (
        real.select(is_power_zero, one, found[0]),
        real.select(is_power_zero, zero, found[1]),
    )


def _log1p(real: Real, x: Scalar) -> Scalar:
    """log(1 + x): the modulus by log1p of |1 + x|² - 1 where x is small."""
    one, half = real.number(1.0), real.number(0.5)
    shifted = real.add(x[0], one)
    angle = real.library("atan2", x[1], shifted)
    squares = real.add(real.mul(x[0], real.add(x[0], real.number(2.0))), real.mul(x[1], x[1]))
    near = real.mul(half, real.library("log1p", squares))
    far = real.library("log", real.library("hypot", shifted, x[1]))
    size = real.add(real.intrinsic("fabs", x[0]), real.intrinsic("fabs", x[1]))
    return real.select(real.compare("olt", size, half), near, far), angle


def _expm1(real: Real, x: Scalar) -> Scalar:
    """exp(a + bi) - 1 = expm1(a) cos b - 2 sin²(b/2) + i exp(a) sin b."""
    grown = real.library("expm1", x[0])
    half = real.library("sin", real.mul(x[1], real.number(0.5)))
    lost = real.mul(real.number(2.0), real.mul(half, half))
    re = real.sub(real.mul(grown, real.library("cos", x[1])), lost)
    im = real.mul(real.library("exp", x[0]), real.library("sin", x[1]))
    return re, im


def _rsqrt(real: Real, x: Scalar) -> Scalar:
    root = _library(real.c, real, "csqrt", x)
    return divide(real, (real.number(1.0), real.number(0.0)), root)


def _logistic(real: Real, x: Scalar) -> Scalar:
    grown = _library(real.c, real, "cexp", tuple(real.neg(part) for part in x))
    one, zero = real.number(1.0), real.number(0.0)
    return divide(real, (one, zero), (real.add(one, grown[0]), grown[1]))


def _exp2(real: Real, x: Scalar) -> Scalar:
    ln2 = real.number(0.6931471805599453)
    return _library(real.c, real, "cexp", tuple(real.mul(part, ln2) for part in x))


_OPERATIONS: dict[str, Callable[..., Scalar]] = {
    "add": _pairwise("add"),
    "sub": _pairwise("sub"),
    "neg": _pairwise("neg"),
    "mul": multiply,
    "div": divide,
    "pow": _power,
    "eq": _equal,
    "ne": _unequal,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "abs": _absolute,
    "sign": _sign,
    "is_finite": _finite,
    "is_nan": lambda real, x: (real.compare("uno", *x),),
    "real": lambda real, x: (x[0],),
    "imag": lambda real, x: (x[1],),
    "conj": lambda real, x: (x[0], real.neg(x[1])),
    "log1p": _log1p,
    "expm1": _expm1,
    "exp2": _exp2,
    "rsqrt": _rsqrt,
    "logistic": _logistic,
}
