"""The builder `k` that lowering rules receive.

A rule says what the elements of its results are:

    lower=lambda k, x, out, permutation: k.element(out[0], lambda *i: x(*(i[p] for p in inverse)))

or names a root:

    lower=lambda k, x, out, axes: k.reduce(out, sizes, lambda o, r: (x(*mix(o, r)),), ...)

`lower_jaxpr` turns a whole closed jaxpr into a `Program` by asking every equation's primitive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.dtypes import int64
from minijax.core.jaxpr import Atom, Jaxpr, Literal
from minijax.kernel.expr import Expr, ExprBuilder, Operand
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    HostCall,
    Native,
    NativeCall,
    Program,
    Reduce,
    Scan,
    Scatter,
    Sort,
    TapeAval,
    Unrolled,
    Value,
    While,
)

Exprs = tuple[Expr, ...]


class KernelBuilder(ExprBuilder):
    """Makes the definitions of one program, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.definitions: list[Definition] = []
        self.literals: list[tuple[Value, np.ndarray]] = []

    # -- elements

    def element(self, aval: Any, body: Callable[..., Expr]) -> tuple[Value]:
        """Returns an array by the expression of its element.

        Args:
            aval: the aval of the array.
            body: takes one index expression for each axis and returns the element.
        """
        return self.elements((aval,), lambda *i: (body(*i),))  # type: ignore[return-value]

    def elements(self, avals: Sequence[Any], body: Callable[..., Exprs]) -> tuple[Value, ...]:
        """Returns several arrays of one shape by the expressions of their elements."""
        indices = tuple(self.index(n) for n in avals[0].shape)
        bodies = tuple(body(*indices))
        for aval, expr in zip(avals, bodies, strict=True):
            assert expr.dtype == aval.dtype, f"element of {expr.dtype} in an array of {aval}"
        return self._add(avals, lambda outs: Element(outs, indices, bodies))

    def reshape(self, x: Value, aval: Any) -> tuple[Value]:
        """Returns the elements of x in row-major order with another shape."""
        indices = tuple(self.index(n) for n in aval.shape)
        where: list[Expr] = [self.constant(0) for _ in x.shape]
        for olds, news in _joint_axes(x.shape, aval.shape):
            lengths = [aval.shape[d] for d in news]
            position = self.flatten([indices[d] for d in news], lengths)
            found = self.unflatten(position, [x.shape[d] for d in olds])
            for d, i in zip(olds, found, strict=True):
                where[d] = i
        body = x(*where)
        return self._add((aval,), lambda outs: Element(outs, indices, (body,), x))  # type: ignore[return-value]

    def flatten(self, indices: Sequence[Expr], shape: Sequence[int]) -> Expr:
        """Returns the row-major position of an index tuple in a shape."""
        position = self.constant(0)
        for i, n in zip(indices, shape, strict=True):
            position = self.add(self.mul(position, n), i)
        return position

    def unflatten(self, position: Expr, shape: Sequence[int]) -> Exprs:
        """Returns the index tuple at a row-major position of a shape."""
        found: list[Expr] = []
        below = 1
        for axis in reversed(range(len(shape))):
            n = shape[axis]
            quotient = self.floordiv(position, max(below, 1))
            outermost = math.prod(shape[:axis]) == 1
            found.append(quotient if outermost and n > 1 else self.mod(quotient, max(n, 1)))
            below *= n
        return tuple(reversed(found))

    # -- roots

    def unrolled(
        self, avals: Sequence[Any], sizes: Sequence[int], body: Callable[..., Sequence[Exprs]]
    ) -> tuple[Value, ...]:
        """Returns arrays by straight code for each index of their leading axes.

        Args:
            avals: the avals of the results.
            sizes: the lengths of the leading axes, common to all results.
            body: takes one index expression for each of these axes and returns, for each result,
                its elements there in row-major order.
        """
        indices = tuple(self.index(n) for n in sizes)
        bodies = tuple(x for elements in body(*indices) for x in elements)
        return self._add(avals, lambda outs: Unrolled(outs, indices, bodies))

    def reduce(
        self,
        avals: Sequence[Any],
        sizes: Sequence[int],
        element: Callable[[Exprs, Exprs], Exprs],
        init: Exprs,
        combine: Callable[[Exprs, Exprs], Exprs],
        kind: str | None = None,
        commutes: bool = False,
        follow: Callable[[Exprs, Exprs], Exprs] | None = None,
    ) -> tuple[Value, ...]:
        """Returns folds over inner indices.

        Args:
            avals: the avals of the results (one shape: the outer index space).
            sizes: the lengths of the inner index space.
            element: takes outer and inner indices and returns the elements to fold.
            init: the constants that the folds start from.
            combine: takes accumulators and next elements and returns the new accumulators.
            kind: "add mul min max and or" where the fold is one of these, which frees the order.
            commutes: says that the order is free for another `combine`.
            follow: does what `combine` does, where the next elements come after all others.
        """
        outer = tuple(self.index(n) for n in avals[0].shape)
        inner = tuple(self.index(n) for n in sizes)
        elements = tuple(element(outer, inner))
        accs, news, combined = self._combiner(elements, combine)
        following = () if follow is None else tuple(follow(accs, news))
        return self._add(
            avals,
            lambda outs: Reduce(
                *(outs, outer, inner, elements, tuple(init), accs, news, combined, kind),
                commutes=commutes,
                following=following,
            ),
        )

    def cumulate(
        self,
        avals: Sequence[Any],
        axis: int,
        element: Callable[..., Exprs],
        combine: Callable[[Exprs, Exprs], Exprs],
        reverse: bool = False,
    ) -> tuple[Value, ...]:
        """Returns running folds along an axis; `element` takes one index for each axis."""
        indices = tuple(self.index(n) for n in avals[0].shape)
        elements = tuple(element(*indices))
        accs, news, combined = self._combiner(elements, combine)
        return self._add(
            avals,
            lambda outs: Cumulate(outs, indices, axis, reverse, elements, accs, news, combined),
        )

    def scatter(
        self,
        aval: Any,
        operand: Value,
        sizes: Sequence[int],
        place: Callable[..., tuple[Sequence[Operand], Expr]],
        update: Callable[..., Expr],
        combine: Callable[[Expr, Expr], Expr] | None = None,
        unique: bool = False,
    ) -> tuple[Value]:
        """Returns `operand` with elements replaced or combined with updates.

        Args:
            aval: the aval of the result.
            operand: the array to start from.
            sizes: the lengths of the index space of the updates.
            place: takes the indices of an update and returns the index tuple that it goes to and
                a bool: whether that is in bounds (an update out of bounds is dropped).
            update: takes the indices of an update and returns its value.
            combine: makes the new element from the old one and the update; None to replace.
            unique: a promise that no place is written twice.
        """
        indices = tuple(self.index(n) for n in sizes)
        where, in_bounds = place(*indices)
        to = tuple(self._as_expr(i, np.dtype(np.int64)) for i in where)
        value = update(*indices)
        old, new = self.variable(aval.dtype), self.variable(aval.dtype)
        combined = new if combine is None else combine(old, new)
        return self._add(
            (aval,),
            lambda outs: Scatter(
                *(outs[0], operand, indices, to, in_bounds, value, old, new, combined, unique)
            ),
        )  # type: ignore[return-value]

    def dot(
        self,
        aval: Any,
        lhs: Value,
        rhs: Value,
        contract: tuple[Sequence[int], Sequence[int]],
        batch: tuple[Sequence[int], Sequence[int]],
    ) -> tuple[Value]:
        """Returns the contraction of two arrays of the dtype of `aval`."""
        axes = tuple(map(tuple, (*contract, *batch)))
        return self._add((aval,), lambda outs: Dot(outs[0], lhs, rhs, *axes))  # type: ignore[return-value]

    def sort(
        self,
        operands: Sequence[Value],
        axis: int,
        less: Callable[[Exprs, Exprs], Expr],
        keep: int | None = None,
        around: int | None = None,
    ) -> tuple[Value, ...]:
        """Returns the operands stably sorted along an axis, or the first `keep` of each row.

        With `around`, only that place holds what a sort puts there; `Sort` tells the rest.
        `less` takes one element of each operand, twice, and says whether the first goes before.
        """
        lhs = tuple(self.variable(x.dtype) for x in operands)
        rhs = tuple(self.variable(x.dtype) for x in operands)
        before = less(lhs, rhs)
        avals = [x.aval for x in operands]
        if keep is not None:
            shapes = [(*x.shape[:axis], keep, *x.shape[axis + 1 :]) for x in operands]
            pairs = zip(shapes, operands, strict=True)
            avals = [ShapedArray(shape, x.dtype) for shape, x in pairs]
        return self._add(
            avals, lambda outs: Sort(outs, tuple(operands), axis, lhs, rhs, before, keep, around)
        )

    def native(
        self,
        avals: Sequence[Any],
        calls: Sequence[NativeCall],
        operands: Sequence[Value],
        batch: tuple[int, ...],
        evaluate: Callable[..., Any],
        start: Sequence[tuple[int, int]] = (),
        work: Sequence[int] = (),
        shared: Sequence[int] = (),
        products: float | None = None,
    ) -> tuple[Value, ...]:
        """Returns what native functions make of matrices; the fields of `Native` say how."""
        fixed = (tuple(start), tuple(work), evaluate, tuple(shared), products)
        return self._add(
            avals, lambda outs: Native(outs, tuple(calls), tuple(operands), batch, *fixed)
        )

    def branch(
        self,
        avals: Sequence[Any],
        index: Value,
        jaxprs: Sequence[Jaxpr],
        operands: Sequence[Value],
    ) -> tuple[Value, ...]:
        """Returns the outputs of the program that `index` (rank 0, in range) selects."""
        programs = tuple(lower_jaxpr(jaxpr) for jaxpr in jaxprs)
        return self._add(avals, lambda outs: Branch(outs, index, programs, tuple(operands)))

    def while_loop(
        self,
        cond: Jaxpr,
        body: Jaxpr,
        cond_consts: Sequence[Value],
        body_consts: Sequence[Value],
        init: Sequence[Value],
    ) -> tuple[Value, ...]:
        """Returns the carry of a loop after its condition has failed."""
        consts = (tuple(cond_consts), tuple(body_consts))
        programs = (lower_jaxpr(cond), lower_jaxpr(body))
        return self._add(
            [x.aval for x in init], lambda outs: While(outs, *programs, *consts, tuple(init))
        )

    def record_while(
        self,
        cond: Jaxpr,
        body: Jaxpr,
        cond_consts: Sequence[Value],
        body_consts: Sequence[Value],
        init: Sequence[Value],
    ) -> tuple[Value, tuple[Value, ...]]:
        """Returns the number of iterations of a loop and a tape of each of its records.

        The body returns the records of an iteration after the carry.
        """
        num_carry = len(init)
        tapes = [TapeAval(aval) for aval in body.out_avals[num_carry:]]
        avals = [*(x.aval for x in init), ShapedArray((), int64), *tapes]
        inputs = (tuple(cond_consts), tuple(body_consts), tuple(init))
        programs = (lower_jaxpr(cond), lower_jaxpr(body))
        outs = self._add(avals, lambda outs: While(outs, *programs, *inputs, recording=True))
        return outs[num_carry], outs[num_carry + 1 :]

    def scan(
        self,
        avals: Sequence[Any],
        body: Jaxpr,
        consts: Sequence[Value],
        init: Sequence[Value],
        xs: Sequence[Value],
        length: int | Value,
        reverse: bool,
    ) -> tuple[Value, ...]:
        """Returns final carry and stacked outputs of a loop over leading axes (or over tapes)."""
        inputs = (tuple(consts), tuple(init), tuple(xs))
        program = lower_jaxpr(body)
        return self._add(avals, lambda outs: Scan(outs, program, *inputs, length, reverse))

    def host_call(
        self, avals: Sequence[Any], callback: Callable[..., Any], operands: Sequence[Value]
    ) -> tuple[Value, ...]:
        """Returns what a Python function of NumPy arrays returns (one array for each aval)."""
        return self._add(avals, lambda outs: HostCall(outs, callback, tuple(operands)))

    def inline(self, jaxpr: Jaxpr, operands: Sequence[Value]) -> tuple[Value, ...]:
        """Returns the outputs of a closed jaxpr on the operands, as part of this program."""
        assert not jaxpr.constvars, "only closed jaxprs are lowered"
        values: dict[Atom, Value] = dict(zip(jaxpr.invars, operands, strict=True))
        for eqn in jaxpr.eqns:
            inputs = [self._atom(atom, values) for atom in eqn.invars]
            avals = tuple(var.aval for var in eqn.outvars)
            outs = eqn.primitive.lower(self, *inputs, out=avals, **eqn.params)
            values.update(zip(eqn.outvars, outs, strict=True))
        return tuple(self._atom(atom, values) for atom in jaxpr.outvars)

    def inline_scalars(self, jaxpr: Jaxpr, operands: Exprs) -> Exprs:
        """Returns the outputs of a jaxpr of rank-0 values as expressions of rank-0 operands.

        This is how the combiner of a general reduction becomes part of the reduction.
        """
        own = KernelBuilder()
        inputs = [Value(aval, self) for aval in jaxpr.in_avals]
        outs = own.inline(jaxpr, inputs)
        known: dict[int, Expr] = {id(v): x for v, x in zip(inputs, operands, strict=True)}
        for definition in own.definitions:
            assert isinstance(definition, Element), "a combiner has only elementwise operations"
            for value, body in zip(definition.outs, definition.bodies, strict=True):
                known[id(value)] = self.substitute(body, known)
        return tuple(known[id(value)] for value in outs)

    def substitute(self, expr: Expr, reads: dict[int, Expr]) -> Expr:
        """Returns an expression with reads of rank-0 values (by id) replaced."""
        if expr.op == "read":
            return reads[id(expr.payload)]
        if not expr.operands:
            return self.constant(expr.payload, expr.dtype) if expr.op == "const" else expr
        operands = tuple(self.substitute(x, reads) for x in expr.operands)
        return self.make(expr.op, expr.dtype, operands, expr.payload)

    # -- parts

    def _atom(self, atom: Atom, values: dict[Atom, Value]) -> Value:
        if not isinstance(atom, Literal):
            return values[atom]
        if atom.aval.shape == ():
            return self.element(atom.aval, lambda: self.constant(atom.val, atom.aval.dtype))[0]
        value = Value(atom.aval, self, atom.val)
        self.literals.append((value, atom.val))
        return value

    def _combiner(
        self, elements: Exprs, combine: Callable[[Exprs, Exprs], Exprs]
    ) -> tuple[Exprs, Exprs, Exprs]:
        accs = tuple(self.variable(e.dtype) for e in elements)
        news = tuple(self.variable(e.dtype) for e in elements)
        return accs, news, tuple(combine(accs, news))

    def _add(
        self, avals: Sequence[Any], make: Callable[[tuple[Value, ...]], Definition]
    ) -> tuple[Value, ...]:
        outs = tuple(Value(aval, self, None, i) for i, aval in enumerate(avals))
        definition = make(outs)
        for value in outs:
            value.definition = definition
        self.definitions.append(definition)
        return outs


def _joint_axes(
    old: Sequence[int], new: Sequence[int]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Returns the groups of axes that a reshape takes apart or joins among themselves.

    Axes of length 1 belong to none.

    >>> _joint_axes((8, 6, 5), (8, 1, 2, 3, 5))
    [((0,), (0,)), ((1,), (2, 3)), ((2,), (4,))]
    """
    olds, news = ([d for d, n in enumerate(shape) if n != 1] for shape in (old, new))
    if 0 in old:
        return [(tuple(olds), tuple(news))]
    found = []
    while olds:
        i = j = 1
        while (below := math.prod(old[d] for d in olds[:i])) != (
            above := math.prod(new[d] for d in news[:j])
        ):
            i, j = (i + 1, j) if below < above else (i, j + 1)
        found.append((tuple(olds[:i]), tuple(news[:j])))
        olds, news = olds[i:], news[j:]
    return found


def lower_jaxpr(jaxpr: Jaxpr) -> Program:
    """Returns the kernel program of a closed jaxpr; remembered with the jaxpr."""
    program = jaxpr.memo.get("lowered")
    if program is None:
        k = KernelBuilder()
        inputs = tuple(Value(aval, k) for aval in jaxpr.in_avals)
        outputs = k.inline(jaxpr, inputs)
        program = Program(inputs, tuple(k.definitions), outputs, tuple(k.literals))
        jaxpr.memo["lowered"] = program
    return program
