"""Element expressions: typed scalar expressions over loop indices and elements of arrays.

    c[i0,i1] = sin(a[i1,i0]) + 1.0

An `Expr` is one node: an operation on other expressions, a constant, a loop index, an element of a
value, or a variable (the accumulator of a reduction). Expressions are *hash-consed*: a builder
returns the same object for the same expression, so a common subexpression exists once and is
compared by identity.

Integer expressions are simplified while they are built (`i*1`, `i+0`, `(i//4)*4 + i%4`), which is
what keeps index arithmetic through reshapes and slices short. Floating-point ones never are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minijax.core import dtypes
from minijax.core.dtypes import bool_, int64

if TYPE_CHECKING:
    from minijax.kernel.roots import Value

UNARY_SAME = frozenset(
    """
    neg sign floor ceil round trunc exp exp2 expm1 log log1p sqrt rsqrt cbrt sin cos tan asin acos
    atan sinh cosh tanh asinh acosh atanh logistic erf erfc lgamma digamma not
    population_count clz conj
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)
BINARY_SAME = frozenset(
    """
    add sub mul div rem pow max min atan2 nextafter and or xor shift_left shift_right_arithmetic
    shift_right_logical
    """.split()  # noqa: SIM905
)
# `lt_total` orders floats totally: -nan < -inf < ... < -0 = 0 < ... < inf < nan (sorting).
COMPARISON = frozenset(["eq", "ne", "lt", "le", "gt", "ge", "lt_total", "le_total"])
PREDICATE = frozenset(("is_finite", "is_nan"))


class Expr:
    """One node of an element expression.

    Attributes:
        op: "const", "index", "read", "var", "select", "convert", "bitcast", "special", … or one of
            the operations named in the sets of this module.
        dtype: the dtype of the element.
        operands: the expressions it is made from; the indices, for "read".
        payload: the constant's value, the index's length, the value read, the special function's
            name, …
    """

    __slots__ = ("dtype", "op", "operands", "payload")

    def __init__(
        self, op: str, dtype: np.dtype, operands: tuple[Expr, ...] = (), payload: Any = None
    ) -> None:
        self.op = op
        self.dtype = dtype
        self.operands = operands
        self.payload = payload

    @property
    def is_constant(self) -> bool:
        return self.op == "const"

    def __repr__(self) -> str:
        # Operands by operation only: expressions share, and a tree of them grows exponentially.
        inner = ", ".join(operand.op for operand in self.operands)
        shown = "" if self.payload is None else f"<{self.payload}>"
        return f"{self.op}{shown}({inner})"


Operand = Expr | int


class ExprBuilder:
    """Makes expressions. Python ints among operands take the dtype of the other operand."""

    def __init__(self) -> None:
        self._nodes: dict[Any, Expr] = {}
        self._fresh = 0

    def make(
        self, op: str, dtype: np.dtype, operands: tuple[Expr, ...] = (), payload: Any = None
    ) -> Expr:
        """Returns the node with these parts, the same object every time."""
        # `id` is safe as a key: the node found under it holds its operands.
        key = (op, dtype, payload, *map(id, operands))
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Expr(op, dtype, operands, payload)
        return node

    # -- leaves

    def constant(self, value: Any, dtype: np.dtype = int64) -> Expr:
        """Returns a constant of the given dtype."""
        scalar = np.asarray(value).astype(dtype)
        # Bytes tell -0.0 from 0.0 and one NaN from another.
        key = ("const", dtype, scalar.tobytes())
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Expr("const", dtype, (), scalar)
        return node

    def index(self, size: int) -> Expr:
        """Returns a fresh loop index that runs from 0 to `size` (exclusive)."""
        return Expr("index", int64, (), size)

    def variable(self, dtype: np.dtype) -> Expr:
        """Returns a fresh variable: an accumulator or an operand of a comparison."""
        self._fresh += 1
        return Expr("var", dtype, (), self._fresh)

    def read(self, value: Value, indices: Sequence[Operand]) -> Expr:
        """Returns the element of a value at the given indices, which must be in bounds."""
        assert len(indices) == len(value.shape), f"{value} needs {len(value.shape)} indices"
        exprs = tuple(self._as_expr(i, int64) for i in indices)
        return self.make("read", value.dtype, exprs, value)

    # -- scalar operations

    def unary(self, op: str, x: Expr) -> Expr:
        """Returns `op(x)` for an operation that keeps the dtype."""
        assert op in UNARY_SAME, op
        return self.make(op, x.dtype, (x,))

    def binary(self, op: str, x: Operand, y: Operand) -> Expr:
        """Returns `op(x, y)` for operands and a result of one dtype."""
        x, y = self._same_dtype(x, y)
        if x.dtype == int64:
            simpler = self._simplify(op, x, y)
            if simpler is not None:
                return simpler
        return self.make(op, x.dtype, (x, y))

    def compare(self, op: str, x: Operand, y: Operand) -> Expr:
        """Returns the bool of a comparison: eq ne lt le gt ge, or lt_total, le_total."""
        assert op in COMPARISON, op
        x, y = self._same_dtype(x, y)
        if x.is_constant and y.is_constant and x.dtype == int64:
            return self.constant(_COMPARE[op](int(x.payload), int(y.payload)), bool_)
        return self.make(op, bool_, (x, y))

    def __getattr__(self, name: str) -> Any:
        # k.sin(x), k.add(x, y), k.lt(x, y), k.is_nan(x): every operation by its name.
        if name in BINARY_SAME:
            return lambda x, y: self.binary(name, x, y)
        if name in UNARY_SAME:
            return lambda x: self.unary(name, x)
        if name.rstrip("_") in ("and", "or", "not"):  # k.and_, k.or_, k.not_
            return getattr(self, name.rstrip("_"))
        if name in COMPARISON:
            return lambda x, y: self.compare(name, x, y)
        if name in PREDICATE:
            return lambda x: self.make(name, bool_, (x,))
        raise AttributeError(f"the kernel language has no operation {name!r}")

    def abs(self, x: Expr) -> Expr:
        """Returns |x|; real for complex x."""
        return self.make("abs", dtypes.real_dtype(x.dtype), (x,))

    def real(self, x: Expr) -> Expr:
        """Returns the real part."""
        return self.make("real", dtypes.real_dtype(x.dtype), (x,))

    def imag(self, x: Expr) -> Expr:
        """Returns the imaginary part."""
        return self.make("imag", dtypes.real_dtype(x.dtype), (x,))

    def complex(self, re: Expr, im: Expr) -> Expr:
        """Returns re + i·im."""
        return self.make("complex", dtypes.complex_dtype(re.dtype), (re, im))

    def integer_pow(self, x: Expr, exponent: int) -> Expr:
        """Returns x to a constant integer power, by repeated multiplication."""
        return self.make("integer_pow", x.dtype, (x,), exponent)

    def fma(self, x: Operand, y: Operand, z: Operand) -> Expr:
        """Returns x·y + z of floats, rounded once."""
        x, y = self._same_dtype(x, y)
        return self.make("fma", x.dtype, (x, y, self._as_expr(z, x.dtype)))

    def select(self, condition: Expr, x: Operand, y: Operand) -> Expr:
        """Returns x where the bool `condition` holds, else y."""
        x, y = self._same_dtype(x, y)
        if condition.is_constant:
            return x if bool(condition.payload) else y
        return x if x is y else self.make("select", x.dtype, (condition, x, y))

    def convert(self, x: Expr, dtype: np.dtype) -> Expr:
        """Returns x converted to a dtype as NumPy's astype does (floats to ints saturate)."""
        if x.dtype == dtype:
            return x
        if x.is_constant and x.dtype == int64 and dtypes.is_integer(dtype):
            return self.constant(x.payload, dtype)
        return self.make("convert", dtype, (x,))

    def bitcast(self, x: Expr, dtype: np.dtype) -> Expr:
        """Returns the bits of x seen as a dtype of the same size."""
        return x if x.dtype == dtype else self.make("bitcast", dtype, (x,))

    def special(self, name: str, *operands: Expr) -> Expr:
        """Returns a special function that has no operation of its own, such as "i0e"."""
        return self.make("special", operands[0].dtype, operands, name)

    def reduce_precision(self, x: Expr, exponent_bits: int, mantissa_bits: int) -> Expr:
        """Returns x rounded to a format with fewer bits."""
        return self.make("reduce_precision", x.dtype, (x,), (exponent_bits, mantissa_bits))

    # -- index arithmetic

    def floordiv(self, x: Expr, divisor: int) -> Expr:
        """Returns x // divisor for a nonnegative index x and a positive constant."""
        if divisor == 1:
            return x
        if x.is_constant:
            return self.constant(int(x.payload) // divisor)
        if x.op == "index" and x.payload <= divisor:
            return self.constant(0)
        return self.make("floordiv", int64, (x,), divisor)

    def mod(self, x: Expr, divisor: int) -> Expr:
        """Returns x mod divisor for a nonnegative index x and a positive constant."""
        if divisor == 1:
            return self.constant(0)
        if x.is_constant:
            return self.constant(int(x.payload) % divisor)
        if x.op == "index" and x.payload <= divisor:
            return x
        return self.make("mod", int64, (x,), divisor)

    def clamp_index(self, x: Expr, upper: int) -> Expr:
        """Returns an int64 index forced into 0 … upper (inclusive)."""
        return self.max(self.min(x, max(upper, 0)), 0)

    def all_of(self, conditions: Sequence[Expr]) -> Expr:
        """Returns whether every bool holds; true for none."""
        result = self.constant(True, bool_)
        for condition in conditions:
            if condition.is_constant and bool(condition.payload):
                continue
            is_true = result.is_constant and bool(result.payload)
            result = condition if is_true else self.make("and", bool_, (result, condition))
        return result

    def guard(self, condition: Expr, x: Value, indices: Sequence[Expr], otherwise: Expr) -> Expr:
        """Returns the element of x at `indices` where `condition` holds, else `otherwise`.

        The indices may be out of bounds where the condition fails: nothing is read there.
        """
        if 0 in x.shape:
            return otherwise
        # An index that goes over the axis, or a part of it, is safe as it is.
        safe = [
            i if i.op == "index" and i.payload <= n else self.select(condition, i, 0)
            for i, n in zip(indices, x.shape, strict=True)
        ]
        return self.select(condition, self.read(x, safe), otherwise)

    # -- how operands meet

    def _as_expr(self, x: Operand, dtype: np.dtype) -> Expr:
        return x if isinstance(x, Expr) else self.constant(x, dtype)

    def _same_dtype(self, x: Operand, y: Operand) -> tuple[Expr, Expr]:
        if not isinstance(x, Expr):
            assert isinstance(y, Expr), "at least one operand must be an expression"
            return self.constant(x, y.dtype), y
        if not isinstance(y, Expr):
            return x, self.constant(y, x.dtype)
        assert x.dtype == y.dtype, f"operands of {x.dtype} and {y.dtype} do not meet"
        return x, y

    def _simplify(self, op: str, x: Expr, y: Expr) -> Expr | None:
        if x.is_constant and y.is_constant and op in _FOLD:
            return self.constant(_wrap(_FOLD[op](int(x.payload), int(y.payload))))
        if op in ("add", "mul") and x.is_constant:
            x, y = y, x
        if y.is_constant:
            value = int(y.payload)
            if value == 0 and op in ("add", "sub", "or", "xor"):
                return x
            if value == 0 and op == "mul":
                return y
            if value == 1 and op == "mul":
                return x
        if op == "add":
            return self._rejoin(x, y) or self._rejoin(y, x)
        return None

    def _rejoin(self, x: Expr, y: Expr) -> Expr | None:
        """Returns e for (e // n) * n + e % n, also where e is itself p // d."""
        if y.op != "mod" or x.op != "mul" or not x.operands[1].is_constant:
            return None
        quotient, rest, n = x.operands[0], y.operands[0], y.payload
        if quotient.op != "floordiv" or int(x.operands[1].payload) != n:
            return None
        whole = quotient.operands[0]
        if quotient.payload == n and rest is whole:
            return rest
        # p // (d n) stands for (p // d) // n.
        is_same = rest.op == "floordiv" and rest.operands[0] is whole
        return rest if is_same and quotient.payload == rest.payload * n else None


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


_FOLD: dict[str, Callable[[int, int], int]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "max": max,
    "min": min,
}
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "lt_total": lambda x, y: x < y,
    "le_total": lambda x, y: x <= y,
}
