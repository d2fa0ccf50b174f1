"""Kernel programs: values, elements and roots.

A `Program` is a list of definitions in the order of their execution. A definition is

* an `Element`: each element of the result is an expression of its indices. It is not a loop; a
  consumer may take the expression over in place of a read;
* a *root*: an operation that needs a loop or a call of its own and whose results are memory (or
  registers, for rank 0).

All of it is data: it can be printed, checked and evaluated with NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import Aval
from minijax.core.records import record
from minijax.kernel.expr import Expr, ExprBuilder, Operand


class Value:
    """An array in a kernel program; calling it with indices gives the expression of an element.

    Attributes:
        aval: the aval of the array.
        definition: the `Element` or root that defines it; None for an input; the constant array
            itself for a `Literal` array.
        position: which of the definition's results it is.
    """

    __slots__ = ("aval", "builder", "definition", "position")

    def __init__(
        self, aval: Any, builder: ExprBuilder, definition: Any = None, position: int = 0
    ) -> None:
        self.aval = aval
        self.builder = builder
        self.definition = definition
        self.position = position

    @property
    def shape(self) -> tuple[int, ...]:
        return self.aval.shape

    @property
    def dtype(self) -> np.dtype:
        return self.aval.dtype

    @property
    def ndim(self) -> int:
        return len(self.aval.shape)

    @property
    def size(self) -> int:
        return self.aval.size

    def __call__(self, *indices: Operand) -> Expr:
        """Returns the element at the indices, which must be in bounds."""
        return self.builder.read(self, indices)

    def __repr__(self) -> str:
        return f"Value({self.aval})"


@record
class Element:
    """`outs[k][indices] = bodies[k]` for every index in the shape.

    `outs` have one shape. `view_of` is set where the result is the same memory as another value in
    the same order with another shape (a reshape), which a compiler need not copy.
    """

    outs: tuple[Value, ...]
    indices: tuple[Expr, ...]
    bodies: tuple[Expr, ...]
    view_of: Value | None = None


@record
class Unrolled:
    """`outs[k][indices, place]` = one of `bodies` for each place in the axes after the indices.

    Straight code for every index of the leading axes, such as the elements of a small matrix that
    depend on each other. The bodies go through the results one after the other, in row-major order.
    """

    outs: tuple[Value, ...]
    indices: tuple[Expr, ...]
    bodies: tuple[Expr, ...]

    def places(self, out: Value) -> int:
        """Returns how many bodies belong to a result."""
        return math.prod(out.shape[len(self.indices) :])


@record
class Reduce:
    """`outs[k][outer]` = fold of `elements[k]` over the `inner` indices, starting at `init[k]`.

    `combined[k]` says how accumulators `accs` and the next elements `news` combine; it is
    associative and commutative for the kinds "add mul min max and or", and where `commutes` says
    so; else it need only be associative, and elements are taken in order. `following` says the same
    in fewer operations where all that is in the accumulators comes before the next elements, in
    row-major order of the inner indices; it is empty where there is no such way.
    """

    outs: tuple[Value, ...]
    outer: tuple[Expr, ...]
    inner: tuple[Expr, ...]
    elements: tuple[Expr, ...]
    init: tuple[Expr, ...]
    accs: tuple[Expr, ...]
    news: tuple[Expr, ...]
    combined: tuple[Expr, ...]
    kind: str | None
    commutes: bool = False
    following: tuple[Expr, ...] = ()


@record
class Cumulate:
    """`outs[k]` = running fold of `elements[k]` along `axis` (inclusive), from either end."""

    outs: tuple[Value, ...]
    indices: tuple[Expr, ...]
    axis: int
    reverse: bool
    elements: tuple[Expr, ...]
    accs: tuple[Expr, ...]
    news: tuple[Expr, ...]
    combined: tuple[Expr, ...]


@record
class Scatter:
    """`out` = `operand` with, for every index of the updates in row-major order where `in_bounds`
    holds, `out[place] = combined`, made from `old` (the element there) and the `update`.

    `place` may be out of bounds where `in_bounds` fails. `unique` promises that no place is met
    twice. `combined` is the update itself for a plain store.
    """

    out: Value
    operand: Value
    indices: tuple[Expr, ...]
    place: tuple[Expr, ...]
    in_bounds: Expr
    update: Expr
    old: Expr
    new: Expr
    combined: Expr
    unique: bool


@record
class Dot:
    """`out[batch…, lhs free…, rhs free…]` = sum over the contracted axes of lhs · rhs."""

    out: Value
    lhs: Value
    rhs: Value
    lhs_contract: tuple[int, ...]
    rhs_contract: tuple[int, ...]
    lhs_batch: tuple[int, ...]
    rhs_batch: tuple[int, ...]


@record
class Sort:
    """`outs` = `operands` permuted along `axis` so that `less(a, b)` never holds backwards.

    `less` is an expression over `lhs` and `rhs`, variables for one element of each operand. The
    sort is stable. Where `keep` is a number, the results are only so many of the first.

    Where `around` is a number, that place alone holds what a sort puts there: what a sort puts in
    front of it stands in front of it, and the rest behind, both in the order of the operands.

    `unread` are the numbers of results that nobody reads, so that they need not be written.
    """

    outs: tuple[Value, ...]
    operands: tuple[Value, ...]
    axis: int
    lhs: tuple[Expr, ...]
    rhs: tuple[Expr, ...]
    less: Expr
    keep: int | None = None
    around: int | None = None
    unread: tuple[int, ...] = ()


def numbers_places(value: Value, axis: int) -> bool:
    """Tells whether the elements of an array are their own places along an axis."""
    while type(value.definition) is Element and dtypes.is_integer(value.dtype):
        index, body = value.definition.indices[axis], value.definition.bodies[value.position]
        if body is index or (body.op == "convert" and body.operands[0] is index):
            return True
        if body.op != "read" or index not in body.operands:
            return False
        value, axis = body.payload, body.operands.index(index)
    return False


def transposed_source(value: Value) -> tuple[Value, tuple[int, ...]]:
    """Returns the array that a value is with its axes in another order, and the order.

    Axis `d` of the value is axis `order[d]` of that array; a value of its own is its own source.
    """
    order = tuple(range(value.ndim))
    while type(value.definition) is Element:
        indices, body = value.definition.indices, value.definition.bodies[value.position]
        if body.op != "read" or {*map(id, body.operands)} != {*map(id, indices)}:
            break
        # A slice from the start has the same indices, but fewer of them.
        if tuple(x.payload for x in body.operands) != body.payload.shape:
            break
        places = {id(x): axis for axis, x in enumerate(body.operands)}
        order = tuple(places[id(indices[d])] for d in order)
        value = body.payload
    return value, order


@record
class Branch:
    """The outputs of `programs[index]` on `operands`; `index` (rank 0, integer) is in range."""

    outs: tuple[Value, ...]
    index: Value
    programs: tuple[Program, ...]
    operands: tuple[Value, ...]


@record(eq=True)
class TapeAval(Aval):
    """The aval of a tape: an array of elements with a leading axis as long as a loop's iterations.

    Only a recording `While` makes tapes and only a `Scan` of dynamic length reads them; they never
    enter or leave a program, so one growing buffer for each is enough.
    """

    element: Any

    def __str__(self) -> str:
        return f"tape({self.element})"


@record
class While:
    """`carry = body(body_consts, carry)` as long as `cond(cond_consts, carry)` holds.

    `outs` are the final carry. A loop that is `recording` has a body that returns records after
    the carry; its `outs` are the final carry, the number of iterations (int64 of rank 0) and a tape
    of each record.
    """

    outs: tuple[Value, ...]
    cond: Program
    body: Program
    cond_consts: tuple[Value, ...]
    body_consts: tuple[Value, ...]
    init: tuple[Value, ...]
    recording: bool = False


@record
class Scan:
    """`carry, ys[i] = body(consts, carry, xs[i])` for i = 0 … length-1, or backwards.

    `outs` are the final carry, then the stacked ys. Where `length` is a value (int64 of rank 0), xs
    are tapes of that length and there are no ys.
    """

    outs: tuple[Value, ...]
    body: Program
    consts: tuple[Value, ...]
    init: tuple[Value, ...]
    xs: tuple[Value, ...]
    length: int | Value
    reverse: bool


@record
class HostCall:
    """`outs` = `callback(*operands)` carried out by Python on NumPy arrays; never left out."""

    outs: tuple[Value, ...]
    callback: Callable[..., Any]
    operands: tuple[Value, ...]


@record(eq=True)
class NativeCall:
    """One call of a native function that takes every argument by pointer.

    An argument is a pair: ("char", "L"), ("int", 3), ("float", 1.0) of the dtype of the first
    operand, or ("in", k), ("out", k), ("work", k): the memory of an operand's or a result's
    matrix, or of a working memory. ("longs", (1, 2)) are neighbouring integers of 64 bits,
    ("table", (…)) the addresses of arguments, ("symbol", name) an address from outside.
    """

    symbol: str
    arguments: tuple[tuple[str, Any], ...]

    def leaves(self) -> list[tuple[str, Any]]:
        """Returns the arguments, those in tables among them."""
        found: list[tuple[str, Any]] = []
        for kind, argument in self.arguments:
            found += argument if kind == "table" else ((kind, argument),)
        return found


@record
class Native:
    """`outs` = what native functions make of `operands`, for each index of the `batch` axes.

    Leading axes of the lengths `batch` are common to operands and results. A pair (k, j) of
    `start` says that result k starts as a copy of operand j. `work` has the bytes of working
    memories. `evaluate` does the same with NumPy arrays. Operands whose numbers are in `shared`
    have no such axes: each call sees the whole. `products` says how many multiplications there are
    in all, where they are more than a row is long for each element.
    """

    outs: tuple[Value, ...]
    calls: tuple[NativeCall, ...]
    operands: tuple[Value, ...]
    batch: tuple[int, ...]
    start: tuple[tuple[int, int], ...]
    work: tuple[int, ...]
    evaluate: Callable[..., Any]
    shared: tuple[int, ...] = ()
    products: float | None = None

    @property
    def work_estimate(self) -> float:
        """The multiplications of all calls together, or a guess."""
        if self.products is not None:
            return self.products
        return sum(float(x.size) * max(x.shape[-1:], default=1) for x in self.outs)


Root = (
    Unrolled | Reduce | Cumulate | Scatter | Dot | Sort | Native | Branch | While | Scan | HostCall
)
Definition = Element | Root


@record
class Program:
    """Definitions in the order of execution. `literals` are array constants with their values."""

    inputs: tuple[Value, ...]
    definitions: tuple[Definition, ...]
    outputs: tuple[Value, ...]
    literals: tuple[tuple[Value, np.ndarray], ...]


def results(definition: Definition) -> tuple[Value, ...]:
    """Returns the values that a definition defines."""
    if isinstance(definition, Dot | Scatter):
        return (definition.out,)
    return definition.outs
