"""The type checker of kernel programs: scoping, shapes, dtypes. Run in tests after lowering."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bool_, int64
from minijax.kernel.expr import BINARY_SAME, COMPARISON, PREDICATE, UNARY_SAME, Expr
from minijax.kernel.printing import format_definition
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    Native,
    Program,
    Reduce,
    Scan,
    Scatter,
    Sort,
    TapeAval,
    Unrolled,
    Value,
    While,
    results,
)
from minijax.kernel.walk import fields_of, operands_of, postorder


class KernelTypeError(TypeError):
    """A kernel program breaks the rules of its language: a lowering rule is wrong."""


def check_program(program: Program) -> None:
    """Verifies a program and the programs nested in it.

    Raises:
        KernelTypeError: with the offending definition, if a value is used before it is defined or
            defined twice, if an index or variable is used outside its loop, or if dtypes, shapes
            or numbers of operands do not fit.
    """
    pending = [program]
    while pending:
        current = pending.pop()
        _check_scopes(current)
        for definition in current.definitions:
            try:
                _check_definition(definition)
            except AssertionError as error:
                raise KernelTypeError(f"{error} in\n{format_definition(definition)}") from None
            pending.extend(fields_of(definition, Program))


def _check_scopes(program: Program) -> None:
    defined: set[Value] = set()
    _define(program.inputs, defined)
    _define((value for value, _ in program.literals), defined)
    for value, array in program.literals:
        if (array.shape, array.dtype) != (value.shape, value.dtype):
            raise KernelTypeError(f"literal of {array.dtype}{array.shape} is not of {value.aval}")
    for definition in program.definitions:
        outs = results(definition)
        for value in operands_of(definition, outs):
            if value not in defined:
                text = format_definition(definition)
                raise KernelTypeError(f"{value} is used before it is defined in\n{text}")
        _define(outs, defined)
    for value in program.outputs:
        if value not in defined:
            raise KernelTypeError(f"the output {value} is not defined")


def _define(values: Iterable[Value], defined: set[Value]) -> None:
    for value in values:
        if value in defined:
            raise KernelTypeError(f"{value} is defined twice")
        defined.add(value)


def _require(condition: bool, message: str, *parts: Any) -> None:
    # The message is put together on failure only: this is asked of every node of a program.
    if not condition:
        raise AssertionError(message.format(*parts))


# -- definitions


def _check_definition(definition: Definition) -> None:
    match definition:
        case Element():
            _check_space(definition.outs, definition.indices)
            _check_exprs(definition.bodies, definition.indices, definition.outs)
        case Unrolled():
            _check_unrolled(definition)
        case Reduce():
            _check_space(definition.outs, definition.outer)
            scope = (*definition.outer, *definition.inner)
            _check_exprs(definition.elements, scope, definition.outs)
            _check_exprs(definition.init, (), definition.outs)
            _check_combiner(definition)
        case Cumulate():
            _check_space(definition.outs, definition.indices)
            _require(0 <= definition.axis < len(definition.indices), "axis out of range")
            _check_exprs(definition.elements, definition.indices, definition.outs)
            _check_combiner(definition)
        case Scatter():
            _check_scatter(definition)
        case Dot():
            _check_dot(definition)
        case Sort():
            _same_avals(definition.outs, _kept(definition), "sorted operands")
            scope = (*definition.lhs, *definition.rhs)
            _check_exprs((definition.less,), scope)
            _require(definition.less.dtype == bool_, "less must be a bool")
            _check_around(definition)
        case Native():
            _check_native(definition)
        case Branch():
            _require(dtypes.is_integer(definition.index.dtype), "the index must be an integer")
            _require(definition.index.shape == (), "the index must have rank 0")
            for program in definition.programs:
                _check_call(program, definition.operands, definition.outs)
        case While():
            _check_while(definition)
        case Scan():
            _check_scan(definition)


def _check_space(outs: Sequence[Value], indices: Sequence[Expr]) -> None:
    for value in outs:
        sizes = tuple(i.payload for i in indices)
        _require(sizes == value.shape, "indices of {} for {}", sizes, value.aval)


def _check_unrolled(definition: Unrolled) -> None:
    sizes = tuple(i.payload for i in definition.indices)
    outs = [v for v in definition.outs for _ in range(definition.places(v))]
    _require(len(outs) == len(definition.bodies), "{} bodies", len(definition.bodies))
    for value in definition.outs:
        leading = value.shape[: len(sizes)]
        _require(leading == sizes, "indices of {} for {}", sizes, value.aval)
    _check_exprs(definition.bodies, definition.indices, outs)


def _check_combiner(definition: Reduce | Cumulate) -> None:
    scope = (*definition.accs, *definition.news)
    _check_exprs(definition.combined, scope, definition.outs)
    for var, out in zip(definition.accs, definition.outs, strict=True):
        _require(var.dtype == out.dtype, "accumulator of {} for {}", var.dtype, out.aval)


def _check_scatter(definition: Scatter) -> None:
    _same_avals((definition.out,), (definition.operand,), "scattered operand")
    _check_exprs((definition.update,), definition.indices, (definition.out,))
    _check_exprs((*definition.place, definition.in_bounds), definition.indices)
    _require(len(definition.place) == definition.out.ndim, "a place needs an index for each axis")
    _require(all(i.dtype == int64 for i in definition.place), "places are int64")
    _require(definition.in_bounds.dtype == bool_, "in_bounds must be a bool")
    _check_exprs((definition.combined,), (definition.old, definition.new), (definition.out,))


def _check_dot(definition: Dot) -> None:
    lhs, rhs = definition.lhs, definition.rhs
    contract = (definition.lhs_contract, definition.rhs_contract)
    batch = (definition.lhs_batch, definition.rhs_batch)
    for left, right in (contract, batch):
        sizes = [lhs.shape[i] for i in left], [rhs.shape[j] for j in right]
        _require(sizes[0] == sizes[1], "axes of lengths {} and {} do not meet", *sizes)
    shape = [lhs.shape[i] for i in batch[0]]
    for value, bound in ((lhs, contract[0] + batch[0]), (rhs, contract[1] + batch[1])):
        shape += [n for axis, n in enumerate(value.shape) if axis not in bound]
        _require(value.dtype == definition.out.dtype, "operand of {}", value.dtype)
    _require(tuple(shape) == definition.out.shape, "the result has shape {}", tuple(shape))


def _kept(definition: Sort) -> list[Any]:
    axis, keep = definition.axis, definition.keep
    if keep is None:
        return [x.aval for x in definition.operands]
    return [
        ShapedArray((*x.shape[:axis], keep, *x.shape[axis + 1 :]), x.dtype)
        for x in definition.operands
    ]


def _check_around(definition: Sort) -> None:
    if definition.around is not None:
        length = definition.operands[0].shape[definition.axis]
        _require(definition.keep is None, "only whole rows are arranged around a place")
        _require(0 <= definition.around < length, "no place {}", definition.around)


_PLAIN_ARGUMENTS = ("char", "int", "float", "longs", "symbol")


def _check_native(definition: Native) -> None:
    operands, outs, batch = definition.operands, definition.outs, definition.batch
    split = [x for j, x in enumerate(operands) if j not in definition.shared]
    for value in (*split, *outs):
        _require(value.shape[: len(batch)] == batch, "{} has no axes {}", value.aval, batch)
        _require(value.ndim > len(batch), "{} is no batch of arrays", value.aval)
    for k, j in definition.start:
        same = (outs[k].size, outs[k].dtype) == (operands[j].size, operands[j].dtype)
        _require(same, "{} cannot start as a copy of {}", outs[k].aval, operands[j].aval)
    counts = {"in": len(operands), "out": len(outs), "work": len(definition.work)}
    for call in definition.calls:
        for kind, argument in call.leaves():
            _require(kind in (*_PLAIN_ARGUMENTS, *counts), "argument of kind {}", kind)
            _require(argument in range(counts[kind]) if kind in counts else True, "no {}", kind)


def _same_avals(expected: Sequence[Any], found: Sequence[Any], what: str) -> None:
    left = [(x.shape, x.dtype) for x in expected]
    right = [(x.shape, x.dtype) for x in found]
    _require(left == right, "{}: {} where {} is expected", what, right, left)


def _check_call(program: Program, operands: Sequence[Any], outs: Sequence[Any]) -> None:
    _same_avals(program.inputs, operands, "operands of a program")
    _same_avals(program.outputs, outs, "results of a program")


def _check_while(definition: While) -> None:
    carry, rest = definition.init, definition.outs[len(definition.init) :]
    _same_avals(carry, definition.outs[: len(carry)], "carry")
    records = definition.body.outputs[len(carry) :]
    if definition.recording:
        count, *tapes = rest
        _same_avals((ShapedArray((), int64),), (count,), "the number of iterations")
        elements = [TapeAval(x.aval) for x in records]
        _require([x.aval for x in tapes] == elements, "tapes of {}", elements)
    else:
        _require(not rest and not records, "only a recording loop has records")
    _check_call(definition.body, (*definition.body_consts, *carry), (*carry, *records))
    _same_avals(definition.cond.inputs, (*definition.cond_consts, *carry), "operands")
    (flag,) = definition.cond.outputs
    _require((flag.shape, flag.dtype) == ((), bool_), "the condition gives {}", flag.aval)


def _check_scan(definition: Scan) -> None:
    body, length = definition.body, definition.length
    num_carry, num_fixed = len(definition.init), len(definition.consts) + len(definition.init)
    carry, ys = definition.outs[:num_carry], definition.outs[num_carry:]
    _same_avals(definition.init, carry, "carry")
    _same_avals(body.inputs[:num_fixed], (*definition.consts, *definition.init), "operands")
    _same_avals(body.outputs[:num_carry], carry, "carry of the body")
    if isinstance(length, Value):
        _same_avals((ShapedArray((), int64),), (length,), "the dynamic length")
        _require(not ys, "a scan of dynamic length stacks nothing")
        tapes = [x.aval.element for x in definition.xs]
        _same_avals(body.inputs[num_fixed:], tapes, "elements of tapes")
        return
    for inner, outer in (
        *zip(body.inputs[num_fixed:], definition.xs, strict=True),
        *zip(body.outputs[num_carry:], ys, strict=True),
    ):
        stacked = ((length, *inner.shape), inner.dtype)
        _require(stacked == (outer.shape, outer.dtype), "{} stacks {}", outer.aval, inner.aval)


# -- expressions


def _check_exprs(
    exprs: Sequence[Expr], scope: Iterable[Expr], outs: Sequence[Value] | None = None
) -> None:
    known = set(scope)
    for expr in postorder(exprs, known.__contains__):
        _require(expr.op not in ("index", "var"), "{!r} is used outside its loop", expr)
        _check_expr(expr)
    if outs is not None:
        for expr, value in zip(exprs, outs, strict=True):
            _require(expr.dtype == value.dtype, "expression of {} for {}", expr.dtype, value.aval)


def _check_expr(expr: Expr) -> None:
    found = [x.dtype for x in expr.operands]
    expected = _operand_dtypes(expr, found)
    _require(found == expected, "{} of {}, expected {}", expr.op, found, expected)


def _operand_dtypes(expr: Expr, found: list[np.dtype]) -> list[np.dtype]:
    """Returns the dtypes that the operands must have, given those found."""
    op, dtype = expr.op, expr.dtype
    first = found[0] if found else dtype
    if op == "const":
        return []
    if op == "read":
        _require(dtype == expr.payload.dtype, "read of {} from {}", dtype, expr.payload.aval)
        return [int64] * expr.payload.ndim
    if op in UNARY_SAME or op in ("integer_pow", "reduce_precision", "floordiv", "mod"):
        return [dtype]
    if op in BINARY_SAME:
        return [dtype, dtype]
    if op in COMPARISON or op in PREDICATE:
        _require(dtype == bool_, "{} gives a bool", op)
        return [first, first] if op in COMPARISON else [first]
    if op == "select":
        return [bool_, dtype, dtype]
    if op == "fma":
        return [dtype, dtype, dtype]
    if op in ("abs", "real", "imag"):
        _require(dtype == dtypes.real_dtype(first), "{} of {} gives {}", op, first, dtype)
        return [first]
    if op == "complex":
        _require(dtype == dtypes.complex_dtype(first), "complex of {} gives {}", first, dtype)
        return [first, first]
    if op == "bitcast":
        _require(dtype.itemsize == first.itemsize, "bitcast of {} to {}", first, dtype)
        return [first]
    _require(op in ("convert", "special"), "{} is no operation of the language", op)
    return [first] if op == "convert" else found
