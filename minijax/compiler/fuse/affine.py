"""Index arithmetic: expressions of one kernel whose integer part simplifies by ranges.

An index is a sum of coefficients times terms. Knowing what each term ranges over, a division by a
constant splits exactly, and the digits of one number join again:

    i < 3, j < 4:   (4i + j) // 4 = i      (4i + j) mod 4 = j
    12 (e // 12) + 4 ((e // 4) mod 3) + e mod 4 = e

so that chains of reshapes, slices and transposes leave plain strided addresses. A read of memory
becomes a `load` of a flat position, kept as a sum too, which later lets loops be joined and
invariant parts be computed outside them:

    >>> k = IndexBuilder()
    >>> i, j = k.index(3), k.index(4)
    >>> flat = k.add(k.mul(i, 4), j)
    >>> k.floordiv(flat, 4) is i, k.mod(flat, 4) is j
    (True, True)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minijax.core.dtypes import int64
from minijax.kernel.expr import Expr, ExprBuilder

_MOST_TERMS = 16
_UNKNOWN = (-(1 << 63), (1 << 63) - 1)
Range = tuple[int, int]


class Linear(NamedTuple):
    """`const` + the sum of coefficient times term."""

    const: int
    terms: tuple[tuple[Expr, int], ...]


class Address(NamedTuple):
    """The payload of a load: which memory, and the position but for the terms (the operands)."""

    value: Any
    const: int
    coefficients: tuple[int, ...]


def address_terms(node: Expr) -> list[tuple[Expr, int]]:
    """Returns the terms of the position of a "load", "guarded" or "address", with coefficients."""
    terms = node.operands[1:] if node.op == "guarded" else node.operands
    return list(zip(terms, node.payload.coefficients, strict=True))


_NOWHERE: frozenset[int] = frozenset()
_READS = ("load", "guarded")


class IndexBuilder(ExprBuilder):
    """Makes the expressions of one kernel."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[int, tuple[Expr, Linear, Range]] = {}
        self._guards: dict[int, frozenset[int]] = {}

    def make(
        self, op: str, dtype: np.dtype, operands: tuple[Expr, ...] = (), payload: Any = None
    ) -> Expr:
        node = super().make(op, dtype, operands, payload)
        if dtype == int64 and id(node) not in self._facts:
            # Derived when the node is made, from facts of its operands: nothing recurses.
            self._facts[id(node)] = (node, self._derive_linear(node), self._derive_range(node))
        if (self._guards or op in _READS) and id(node) not in self._guards:
            guards = self._derive_guards(node)
            if guards:
                self._guards[id(node)] = guards
        return node

    # -- reads under a condition

    def guarded(self, condition: Expr, x: Expr, otherwise: Expr) -> Expr:
        """Returns x where the condition holds, else `otherwise`.

        A load in x at a position that only counts where the condition holds,

            condition ? load a[condition ? i - 2 : 0] : otherwise

        becomes a "guarded" load of a[i - 2], which goes on with the index like any other. Where it
        hangs on several conditions, they go one by one.
        """
        if id(condition) in self._guards.get(id(x), _NOWHERE):
            x = self._without_guard(condition, x)
        return self.select(condition, x, otherwise)

    def _derive_guards(self, node: Expr) -> frozenset[int]:
        """Returns the conditions (by id) that positions of loads at or below a node hang on."""
        guards = _NOWHERE
        if node.op in _READS:
            guards = frozenset(id(x.operands[0]) for x, _ in address_terms(node) if _is_guard(x))
        for x in node.operands:
            below = self._guards.get(id(x))
            if below:
                guards |= below
        return guards

    def _without_guard(self, condition: Expr, root: Expr) -> Expr:
        done: dict[int, Expr] = {}
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in done:
                stack.pop()
            elif id(condition) not in self._guards.get(id(node), _NOWHERE):
                done[id(node)] = node
            elif node.op in _READS and _hangs_on(node, condition):
                done[id(node)] = self._guarded_load(condition, node)
            else:
                missing = [x for x in node.operands if id(x) not in done]
                if missing:
                    stack += missing
                    continue
                operands = tuple(done[id(x)] for x in node.operands)
                done[id(node)] = self.make(node.op, node.dtype, operands, node.payload)
        return done[id(root)]

    def _guarded_load(self, condition: Expr, node: Expr) -> Expr:
        const = node.payload.const
        found: dict[int, tuple[Expr, int]] = {}
        for term, coefficient in address_terms(node):
            own = term.operands[1] if _is_guard(term, condition) else term
            linear = self.linear(own)
            const += coefficient * linear.const
            _accumulate(found, linear.terms, coefficient)
        terms = _nonzero(found)
        payload = Address(node.payload.value, const, tuple(c for _, c in terms))
        if node.op == "guarded":
            condition = self.all_of([node.operands[0], condition])
        return self.make("guarded", node.dtype, (condition, *(t for t, _ in terms)), payload)

    # -- positions

    def floordiv(self, x: Expr, divisor: int) -> Expr:
        quotient, remainder, shift = self._split(x, divisor)
        if shift is not None:
            return self.sum_of(Linear(quotient.const + shift, quotient.terms))
        rest = self.sum_of(remainder)
        if rest.op == "floordiv":
            whole = super().floordiv(rest.operands[0], rest.payload * divisor)
        else:
            whole = super().floordiv(rest, divisor)
        return self.add(self.sum_of(quotient), whole)

    def mod(self, x: Expr, divisor: int) -> Expr:
        _, remainder, shift = self._split(x, divisor)
        if shift is not None:
            return self.sum_of(Linear(remainder.const - shift * divisor, remainder.terms))
        rest = self.sum_of(remainder)
        if rest.op == "mod" and rest.payload % divisor == 0:
            return super().mod(rest.operands[0], divisor)
        return super().mod(rest, divisor)

    def load(self, value: Any, dtype: np.dtype, position: Linear) -> Expr:
        """Returns the element of a memory at a flat position."""
        position = self._join_digits(position)
        terms = tuple(term for term, _ in position.terms)
        coefficients = tuple(coefficient for _, coefficient in position.terms)
        return self.make("load", dtype, terms, Address(value, position.const, coefficients))

    def relocated(self, node: Expr, operands: Sequence[Expr]) -> Expr:
        """Returns a "load", "guarded" or "address" with other operands, maybe sums themselves."""
        guard = operands[: node.op == "guarded"]
        const = node.payload.const
        found: dict[int, tuple[Expr, int]] = {}
        for term, c in zip(operands[len(guard) :], node.payload.coefficients, strict=True):
            linear = self.linear(term)
            const += c * linear.const
            _accumulate(found, linear.terms, c)
        terms = _nonzero(found)
        payload = Address(node.payload.value, const, tuple(c for _, c in terms))
        return self.make(node.op, node.dtype, (*guard, *(t for t, _ in terms)), payload)

    def position(self, indices: Sequence[Expr], shape: Sequence[int]) -> Linear:
        """Returns the row-major position of an index tuple."""
        found: dict[int, tuple[Expr, int]] = {}
        const, stride = 0, 1
        for i, n in zip(reversed(indices), reversed(shape), strict=True):
            linear = self.linear(i)
            const += stride * linear.const
            _accumulate(found, linear.terms, stride)
            stride *= n
        return Linear(const, _nonzero(found))

    # -- facts

    def linear(self, x: Expr) -> Linear:
        """Returns an index as a sum of terms."""
        known = self._facts.get(id(x))
        return self._derive_linear(x) if known is None else known[1]

    def range(self, x: Expr) -> Range:
        """Returns bounds (both inclusive) of an index."""
        known = self._facts.get(id(x))
        return self._derive_range(x) if known is None else known[2]

    def sum_of(self, linear: Linear) -> Expr:
        """Returns the expression of a sum."""
        total = self.constant(0)
        for term, coefficient in linear.terms:
            total = self.add(total, self.mul(term, coefficient))
        return self.add(total, linear.const)

    def _derive_linear(self, x: Expr) -> Linear:
        if x.op == "const":
            return Linear(int(x.payload), ())
        if x.op in ("add", "sub"):
            a, b = map(self.linear, x.operands)
            if len(a.terms) + len(b.terms) <= _MOST_TERMS:
                sign = 1 if x.op == "add" else -1
                found: dict[int, tuple[Expr, int]] = {}
                _accumulate(found, a.terms, 1)
                _accumulate(found, b.terms, sign)
                return Linear(a.const + sign * b.const, _nonzero(found))
        if x.op == "mul" and x.operands[1].op == "const":
            a, factor = self.linear(x.operands[0]), int(x.operands[1].payload)
            terms = tuple((term, c * factor) for term, c in a.terms) if factor else ()
            return Linear(a.const * factor, terms)
        return Linear(0, ((x, 1),))

    def _derive_range(self, x: Expr) -> Range:
        match x.op:
            case "const":
                return int(x.payload), int(x.payload)
            case "index":
                return 0, x.payload - 1
            case "mod":
                return 0, x.payload - 1
            case "floordiv":
                low, high = self.range(x.operands[0])
                return max(low, 0) // x.payload, max(high, 0) // x.payload
            case "min" | "max":
                pick = min if x.op == "min" else max
                (a, b), (c, d) = map(self.range, x.operands)
                return pick(a, c), pick(b, d)
            case "select":
                (a, b), (c, d) = map(self.range, x.operands[1:])
                return min(a, c), max(b, d)
            case "convert" if x.operands[0].dtype.kind in "iub" and x.operands[0].dtype != "u8":
                return _dtype_range(x.operands[0].dtype)
            case "add" | "sub" | "mul":
                return self._linear_range(self._derive_linear(x), x)
            case _:
                return _UNKNOWN

    def _linear_range(self, linear: Linear, x: Expr | None = None) -> Range:
        low = high = linear.const
        for term, coefficient in linear.terms:
            if term is x:
                return _UNKNOWN
            a, b = self.range(term)
            low += min(a * coefficient, b * coefficient)
            high += max(a * coefficient, b * coefficient)
        # What may wrap around is not known at all.
        return (low, high) if _UNKNOWN[0] <= low and high <= _UNKNOWN[1] else _UNKNOWN

    # -- division

    def _split(self, x: Expr, divisor: int) -> tuple[Linear, Linear, int | None]:
        """Returns quotient and remainder of the terms, and the remainder's own quotient if known.

        x = divisor · quotient + remainder. Where the remainder may be negative, nothing is split.
        """
        linear = self._join_digits(self.linear(x))
        exact = tuple((t, c // divisor) for t, c in linear.terms if c % divisor == 0)
        others = tuple((t, c) for t, c in linear.terms if c % divisor)
        quotient = Linear(linear.const // divisor, exact)
        remainder = Linear(linear.const % divisor, others)
        low, high = self._linear_range(remainder)
        if low // divisor == high // divisor:
            return quotient, remainder, low // divisor
        if low < 0:
            return Linear(0, ()), linear, None
        return quotient, remainder, None

    def _join_digits(self, linear: Linear) -> Linear:
        """Joins terms that are neighbouring digits of one number."""
        terms = list(linear.terms)
        if sum(t.op in ("mod", "floordiv") for t, _ in terms) < 2:
            return linear
        const = linear.const
        while (pair := _neighbours(terms)) is not None:
            (low, coefficient), high = pair
            e, unit, n = _digit(low)
            assert n is not None, "the lower digit has a base"
            above = _digit(high[0])[2]
            terms.remove((low, coefficient))
            terms.remove(high)
            joined = super().floordiv(e, unit)
            if above is not None:
                joined = self.mod(joined, n * above)
            whole = self.linear(joined)
            const += coefficient * whole.const
            found: dict[int, tuple[Expr, int]] = {}
            _accumulate(found, tuple(terms), 1)
            _accumulate(found, whole.terms, coefficient)
            terms = list(_nonzero(found))
        return Linear(const, tuple(terms))


def _is_guard(term: Expr, condition: Expr | None = None) -> bool:
    if term.op != "select" or (condition is not None and term.operands[0] is not condition):
        return False
    otherwise = term.operands[2]
    return otherwise.is_constant and int(otherwise.payload) == 0


def _hangs_on(node: Expr, condition: Expr) -> bool:
    return any(_is_guard(term, condition) for term, _ in address_terms(node))


def _digit(term: Expr) -> tuple[Expr, int, int | None]:
    """Returns (e, unit, base) for (e // unit) mod base; base None for e // unit."""
    if term.op == "floordiv":
        return term.operands[0], term.payload, None
    inner = term.operands[0]
    if inner.op == "floordiv":
        return inner.operands[0], inner.payload, term.payload
    return inner, 1, term.payload


def _neighbours(terms: list[tuple[Expr, int]]) -> Any:
    """Returns two terms that are neighbouring digits, the lower one first."""
    digits = [(t, c, *_digit(t)) for t, c in terms if t.op in ("mod", "floordiv")]
    for low, c, e, unit, base in digits:
        if base is None:
            continue
        for high, c_high, e_high, unit_high, _ in digits:
            if e_high is e and unit_high == unit * base and c_high == c * base:
                return (low, c), (high, c_high)
    return None


def _accumulate(
    found: dict[int, tuple[Expr, int]], terms: Sequence[tuple[Expr, int]], factor: int
) -> None:
    for term, coefficient in terms:
        before = found.get(id(term), (term, 0))[1]
        found[id(term)] = (term, before + factor * coefficient)


def _nonzero(found: dict[int, tuple[Expr, int]]) -> tuple[tuple[Expr, int], ...]:
    return tuple((term, c) for term, c in found.values() if c)


def _dtype_range(dtype: np.dtype) -> Range:
    if dtype.kind == "b":
        return 0, 1
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)
