"""The language that elementary functions are written in: numbers with operators.

A `Number` is an operand of one LLVM type, on as many lanes as the function has; + - * / and
comparisons emit instructions. Products are fused with sums (`fma`) where the machine can.

>>> from minijax.compiler.emit.context import Context
>>> c = Context(contract=True)
>>> c.fn = c.module.function("f", [("<4 x double>", "x")], "<4 x double>")
>>> with c.on(4):
...     x = Number(c, "double", "%x")
...     c.fn.ret((x * x + 1.0).name)
>>> print(c.fn)
define <4 x double> @f(<4 x double> %x) #0 {
entry:
  %v1 = fmul <4 x double> %x, %x
  %v2 = fadd <4 x double> %v1, splat (double 0x3FF0000000000000)
  ret <4 x double> %v2
}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minijax.compiler.emit.context import Context
from minijax.compiler.text import literal
from minijax.core.records import record

INTEGER = {"double": "i64", "float": "i32"}
FLOAT = {"i64": "double", "i32": "float"}
_LONG = 6
_SHIFT = {"double": 1.5 * 2.0**52, "float": 1.5 * 2.0**23}


@record
class Number:
    """An operand: floats, integers or bools, one on each lane.

    Attributes:
        c: where instructions go.
        ty: the LLVM type of one lane.
        name: the operand.
    """

    c: Context
    ty: str
    name: str

    # -- arithmetic

    def __add__(self, other: Number | float) -> Number:
        return self._two("add", other)

    def __radd__(self, other: float) -> Number:
        return self.like(other) + self

    def __sub__(self, other: Number | float) -> Number:
        return self._two("sub", other)

    def __rsub__(self, other: float) -> Number:
        return self.like(other) - self

    def __mul__(self, other: Number | float) -> Number:
        return self._two("mul", other)

    def __rmul__(self, other: float) -> Number:
        return self.like(other) * self

    def __truediv__(self, other: Number | float) -> Number:
        return self._two("div", other)

    def __rtruediv__(self, other: float) -> Number:
        return self.like(other) / self

    def __neg__(self) -> Number:
        if self.is_float:
            return self.made(self.c.op("fneg", self.ty, self.name))
        return self.like(0) - self

    def __and__(self, other: Number | int) -> Number:
        return self.made(self.c.op("and", self.ty, self.name, self._other(other)))

    def __or__(self, other: Number | int) -> Number:
        return self.made(self.c.op("or", self.ty, self.name, self._other(other)))

    def __xor__(self, other: Number | int) -> Number:
        return self.made(self.c.op("xor", self.ty, self.name, self._other(other)))

    def __invert__(self) -> Number:
        return self ^ (1 if self.ty == "i1" else -1)

    def __lshift__(self, other: Number | int) -> Number:
        return self.made(self.c.op("shl", self.ty, self.name, self._other(other)))

    def __rshift__(self, other: Number | int) -> Number:
        """Shifts right, keeping the sign."""
        return self.made(self.c.op("ashr", self.ty, self.name, self._other(other)))

    def shifted_down(self, by: int) -> Number:
        """Shifts right, filling in zeros."""
        return self.made(self.c.op("lshr", self.ty, self.name, by))

    # -- comparisons: bools; false where a float is NaN

    def __lt__(self, other: Number | float) -> Number:
        return self._compare("lt", other)

    def __le__(self, other: Number | float) -> Number:
        return self._compare("le", other)

    def __gt__(self, other: Number | float) -> Number:
        return self._compare("gt", other)

    def __ge__(self, other: Number | float) -> Number:
        return self._compare("ge", other)

    def equals(self, other: Number | float) -> Number:
        """Returns where both are equal."""
        return self._compare("eq", other)

    def is_nan(self) -> Number:
        """Returns where this is NaN."""
        return Number(self.c, "i1", self.c.op("fcmp uno", self.ty, self.name, self.name))

    # -- floats

    def fma(self, factor: Number | float, term: Number | float) -> Number:
        """Returns self · factor + term, rounded once where the machine can."""
        return self._intrinsic("fmuladd", factor, term)

    def abs(self) -> Number:
        """Returns the magnitude."""
        return self._intrinsic("fabs")

    def sqrt(self) -> Number:
        """Returns the square root."""
        return self._intrinsic("sqrt")

    def round(self) -> Number:
        """Returns the nearest whole number, the even one of two."""
        return self._intrinsic("rint")

    def floor(self) -> Number:
        """Returns the largest whole number below."""
        return self._intrinsic("floor")

    def nearest(self) -> tuple[Number, Number]:
        """Returns the nearest whole number, as a float and as an integer.

        Adding 1.5 · 2^52 (2^23 in single precision) leaves no room for a fraction, so the last
        bits are the integer. Magnitudes must be below 2^51 (2^22).
        """
        shift = self.like(_SHIFT[self.ty])
        moved = self + shift
        return moved - shift, moved.bits() - shift.bits()

    def copysign(self, sign: Number) -> Number:
        """Returns the magnitude with the sign of another number."""
        return self._intrinsic("copysign", sign)

    def bits(self) -> Number:
        """Returns the bits of a float as an integer."""
        to = INTEGER[self.ty]
        return Number(self.c, to, self.c.cast("bitcast", self.ty, self.name, to))

    def as_float(self) -> Number:
        """Returns the float of these bits."""
        to = FLOAT[self.ty]
        return Number(self.c, to, self.c.cast("bitcast", self.ty, self.name, to))

    def to_float(self, less: int = 0) -> Number:
        """Returns an integer of magnitude below 2^51 (2^22), less a small one, as a float."""
        to = FLOAT[self.ty]
        shift = Number(self.c, to, literal(to, _SHIFT[to]))
        return (self + shift.bits()).as_float() - (_SHIFT[to] + less)

    def converted(self, ty: str) -> Number:
        """Returns a float as one of the other size."""
        if ty == self.ty:
            return self
        word = "fpext" if ty == "double" else "fptrunc"
        return Number(self.c, ty, self.c.cast(word, self.ty, self.name, ty))

    # -- bools

    def where(self, x: Number | float, y: Number | float) -> Number:
        """Returns x where this bool holds, else y; at least one is a `Number`."""
        like = x if isinstance(x, Number) else y
        assert isinstance(like, Number), "at least one must be a number"
        a, b = (v if isinstance(v, Number) else like.like(v) for v in (x, y))
        return like.made(self.c.select(self.name, like.ty, a.name, b.name))

    def any(self) -> str:
        """Returns whether the bool holds on any lane: a single i1."""
        if self.c.lanes == 1:
            return self.name
        name = f"llvm.vector.reduce.or.v{self.c.lanes}i1"
        return self.c.pure_call("i1", name, [(self.c.type("i1"), self.name)])

    def rarely(self, usual: Number, instead: Callable[[], Number]) -> Number:
        """Returns `usual`, and what `instead` makes on the lanes where this bool holds.

        The code of `instead` runs only if there are such lanes.
        """
        fn = self.c.fn
        with fn.if_else(self.any(), [self.c.type(usual.ty)]) as choice:
            with choice.then():
                choice.give(self.where(instead(), usual).name)
            with choice.otherwise():
                choice.give(usual.name)
        return usual.made(choice.results[0])

    # -- outside

    def scalar(self, name: str, *others: Number) -> Number:
        """Returns the result of a function of the C library, lane by lane."""
        suffix = "f" if self.ty == "float" else ""
        args = [(self.ty, x.name) for x in (self, *others)]
        return self.made(self.c.scalar_call(self.ty, name + suffix, args))

    # -- parts

    @property
    def is_float(self) -> bool:
        return self.ty in INTEGER

    def like(self, value: float) -> Number:
        """Returns a constant of the same type."""
        return Number(self.c, self.ty, literal(self.ty, value))

    def made(self, name: str) -> Number:
        """Returns another operand of the same type."""
        return Number(self.c, self.ty, name)

    def _other(self, other: Number | float) -> str:
        return other.name if isinstance(other, Number) else literal(self.ty, other)

    def _two(self, word: str, other: Number | float) -> Number:
        prefix = "f" if self.is_float else ""
        return self.made(self.c.op(prefix + word, self.ty, self.name, self._other(other)))

    def _compare(self, order: str, other: Number | float) -> Number:
        ordered = "" if order == "eq" else "s"
        word = f"fcmp o{order}" if self.is_float else f"icmp {ordered}{order}"
        return Number(self.c, "i1", self.c.op(word, self.ty, self.name, self._other(other)))

    def _intrinsic(self, name: str, *others: Number | float) -> Number:
        args = [(self.ty, self.name), *((self.ty, self._other(x)) for x in others)]
        return self.made(self.c.intrinsic(name, self.ty, args))


def polynomial(x: Number, coefficients: Sequence[float]) -> Number:
    """Returns Σ coefficients[k] xᵏ by Horner's rule, for even and odd k apart where it is long.

    Two chains of half the length run at the same time.
    """
    if len(coefficients) < _LONG:
        return _horner(x, coefficients)
    square = x * x
    even, odd = (_horner(square, coefficients[k::2]) for k in range(2))
    return odd.fma(x, even)


def _horner(x: Number, coefficients: Sequence[float]) -> Number:
    total = x.like(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total.fma(x, coefficient)
    return total
