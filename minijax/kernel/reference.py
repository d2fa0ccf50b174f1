"""The NumPy evaluator of kernel programs: what a compiled program must agree with.

Elements are evaluated for all indices at once, on arrays of indices that broadcast; a read is a
look-up by index arrays, and one out of bounds is an error. Folds go through the inner index space
in row-major order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.quiet import quiet
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    HostCall,
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
from minijax.kernel.scalars import HALF, apply
from minijax.kernel.walk import postorder

Values = dict[Value, np.ndarray]
Known = dict[Expr, np.ndarray]

_FOLDS: dict[str, np.ufunc] = {
    "add": np.add,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
}


def evaluate_program(program: Program, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a kernel program with NumPy.

    Args:
        program: the program.
        inputs: an array of the shape and dtype of each of its inputs.

    Returns:
        The outputs.

    Raises:
        IndexError: if the program reads or writes an array out of bounds.
    """
    values: Values = dict(zip(program.inputs, inputs, strict=True))
    values.update(program.literals)
    for definition in program.definitions:
        found = _evaluate(definition, values)
        for value, array in zip(results(definition), found, strict=True):
            is_tape = type(value.aval) is TapeAval
            aval = value.aval.element if is_tape else value.aval
            assert array.dtype == aval.dtype, f"{array.dtype} computed for {value.aval}"
            values[value] = array if is_tape else np.broadcast_to(array, value.shape)
    return [values[value] for value in program.outputs]


def _evaluate(definition: Definition, values: Values) -> Sequence[np.ndarray]:
    match definition:
        case Element():
            return _element(definition, values)
        case Unrolled():
            return _unrolled(definition, values)
        case Reduce():
            return _reduce(definition, values)
        case Cumulate():
            return _cumulate(definition, values)
        case Scatter():
            return (_scatter(definition, values),)
        case Dot():
            return (_dot(definition, values),)
        case Sort():
            return _sort(definition, values)
        case Native():
            return definition.evaluate(*_read_all(definition.operands, values))
        case Branch():
            program = definition.programs[int(values[definition.index])]
            return evaluate_program(program, _read_all(definition.operands, values))
        case While():
            return _while(definition, values)
        case Scan():
            return _scan(definition, values)
        case HostCall():
            found = definition.callback(*_read_all(definition.operands, values))
            pairs = zip(definition.outs, found, strict=True)
            return [np.asarray(x).astype(value.dtype, copy=False) for value, x in pairs]


def _read_all(operands: Sequence[Value], values: Values) -> list[np.ndarray]:
    return [values[value] for value in operands]


# -- expressions


def _grid(indices: Sequence[Expr]) -> Known:
    """Returns each loop index as an array along an axis of its own."""
    axes = np.ogrid[tuple(slice(i.payload) for i in indices)]
    return dict(zip(indices, axes, strict=True))


def _expressions(exprs: Sequence[Expr], values: Values, known: Known) -> list[np.ndarray]:
    """Evaluates expressions, given those of the loop indices and variables in scope."""
    found = dict(known)
    for expr in postorder(exprs, found.__contains__):
        operands = [found[x] for x in expr.operands]
        if expr.op == "const":
            found[expr] = expr.payload
        elif expr.op == "read":
            found[expr] = _look_up(expr.payload, operands, values)
        else:
            assert expr.op not in ("index", "var"), f"{expr!r} is not in scope"
            found[expr] = apply(expr.op, expr.dtype, operands, expr.payload)
    return [found[expr] for expr in exprs]


def _look_up(value: Value, indices: Sequence[np.ndarray], values: Values) -> np.ndarray:
    array = values[value]
    if not indices:
        return array
    _check_bounds(value, indices)
    return np.asarray(array[tuple(indices)])


def _check_bounds(value: Value, indices: Sequence[np.ndarray]) -> None:
    # NumPy would take a negative index from the end.
    for axis, (i, n) in enumerate(zip(indices, value.shape, strict=True)):
        if i.size and not 0 <= i.min() <= i.max() < n:
            raise IndexError(
                f"index {i.min()}…{i.max()} on axis {axis} of {value.aval} is out of bounds"
            )


def _over(indices: Sequence[Expr], exprs: Sequence[Expr], values: Values) -> list[np.ndarray]:
    """Evaluates expressions at every point of an index space, each as an array of its shape."""
    shape = tuple(i.payload for i in indices)
    if 0 in shape:
        return [np.empty(shape, expr.dtype) for expr in exprs]
    found = _expressions(exprs, values, _grid(indices))
    return [np.broadcast_to(x, shape) for x in found]


def _element(definition: Element, values: Values) -> list[np.ndarray]:
    return [x.copy() for x in _over(definition.indices, definition.bodies, values)]


def _unrolled(definition: Unrolled, values: Values) -> list[np.ndarray]:
    found = iter(_over(definition.indices, definition.bodies, values))
    arrays = []
    for value in definition.outs:
        elements = [next(found) for _ in range(definition.places(value))]
        array = np.stack(elements, axis=-1) if elements else np.empty(value.shape, value.dtype)
        arrays.append(array.reshape(value.shape))
    return arrays


# -- folds


def _reduce(definition: Reduce, values: Values) -> Sequence[np.ndarray]:
    outer = tuple(i.payload for i in definition.outer)
    count = math.prod(i.payload for i in definition.inner)
    elements = _over((*definition.outer, *definition.inner), definition.elements, values)
    rows = [np.moveaxis(x.reshape(*outer, count), -1, 0) for x in elements]
    init = _expressions(definition.init, values, {})
    start = [np.broadcast_to(x, outer) for x in init]
    if definition.kind is not None:
        return [_fold(definition.kind, *start, *rows)]
    return _sequence(definition, start, rows, values)[-1]


def _fold(kind: str, start: np.ndarray, rows: np.ndarray) -> np.ndarray:
    function, dtype = _FOLDS[kind], start.dtype
    if dtype in HALF:
        return _fold(kind, start.astype(np.float32), rows.astype(np.float32)).astype(dtype)
    if rows.shape[0] == 0:
        return start
    with quiet():
        if kind in ("add", "mul"):
            return function(start, function.reduce(rows, axis=0, dtype=dtype))
        return function(start, function.reduce(rows, axis=0))


def _sequence(
    definition: Reduce | Cumulate,
    start: Sequence[np.ndarray],
    rows: Sequence[np.ndarray],
    values: Values,
) -> list[Sequence[np.ndarray]]:
    """Returns the accumulators after 0, 1, … rows."""
    steps = [start]
    for news in zip(*rows, strict=True):
        known = dict(zip(definition.accs, steps[-1], strict=True))
        known.update(zip(definition.news, news, strict=True))
        combined = _expressions(definition.combined, values, known)
        steps.append(
            [np.broadcast_to(x, acc.shape) for x, acc in zip(combined, start, strict=True)]
        )
    return steps


def _cumulate(definition: Cumulate, values: Values) -> Sequence[np.ndarray]:
    elements = _over(definition.indices, definition.elements, values)
    if 0 in elements[0].shape:
        return elements
    rows = [np.moveaxis(x, definition.axis, 0) for x in elements]
    if definition.reverse:
        rows = [x[::-1] for x in rows]
    steps = _sequence(definition, [x[0] for x in rows], [x[1:] for x in rows], values)
    stacked = [np.stack(column) for column in zip(*steps, strict=True)]
    if definition.reverse:
        stacked = [x[::-1] for x in stacked]
    return [np.moveaxis(x, 0, definition.axis) for x in stacked]


# -- scatter


def _scatter(definition: Scatter, values: Values) -> np.ndarray:
    out = values[definition.operand].copy()
    exprs = (definition.in_bounds, definition.update, *definition.place)
    in_bounds, update, *place = _over(definition.indices, exprs, values)
    if not in_bounds.any():
        return out
    where = [i[in_bounds] for i in place]  # row-major, as updates take their turns
    _check_bounds(definition.out, where)
    _write(definition, out, tuple(where), update[in_bounds], values)
    return out


def _write(
    definition: Scatter, out: np.ndarray, where: tuple[Any, ...], update: np.ndarray, values: Values
) -> None:
    combined = definition.combined
    if combined is definition.new:
        # Of several values for one place the last one stays, in NumPy too.
        out[where] = update
    elif combined.op in _FOLDS and set(combined.operands) == {definition.old, definition.new}:
        with quiet():
            _FOLDS[combined.op].at(out, where, update)
    else:
        for *position, new in zip(*where, update, strict=True):
            known = {definition.old: out[tuple(position)], definition.new: np.asarray(new)}
            known = {expr: np.asarray(x) for expr, x in known.items()}
            out[tuple(position)] = _expressions((combined,), values, known)[0]


# -- dot and sort


def _dot(definition: Dot, values: Values) -> np.ndarray:
    lhs, rhs = values[definition.lhs], values[definition.rhs]
    dtype = definition.out.dtype
    if dtype in HALF:
        lhs, rhs = lhs.astype(np.float32), rhs.astype(np.float32)
    left = list(range(lhs.ndim))
    right = [lhs.ndim + axis for axis in range(rhs.ndim)]
    shared = (
        (definition.lhs_contract, definition.rhs_contract),
        (definition.lhs_batch, definition.rhs_batch),
    )
    for lhs_axes, rhs_axes in shared:
        for i, j in zip(lhs_axes, rhs_axes, strict=True):
            right[j] = left[i]
    bound = (*definition.lhs_contract, *definition.lhs_batch)
    free = [axis for axis in left if axis not in bound]
    free += [axis for axis in right if axis >= lhs.ndim]
    with quiet():
        found = np.einsum(lhs, left, rhs, right, [*definition.lhs_batch, *free])
    return np.asarray(found).astype(dtype, copy=False)


def _sort(definition: Sort, values: Values) -> list[np.ndarray]:
    arrays = [np.moveaxis(values[x], definition.axis, -1) for x in definition.operands]
    shape = arrays[0].shape
    rows = [x.reshape(-1, shape[-1]) if x.size else x for x in arrays]
    if not arrays[0].size:
        return [np.empty(value.shape, value.dtype) for value in definition.outs]
    orders = np.stack([_order(definition, row, values) for row in zip(*rows, strict=True)])
    if (k := definition.around) is not None:
        sides = np.sort(orders[:, :k]), orders[:, k : k + 1], np.sort(orders[:, k + 1 :])
        orders = np.concatenate(sides, axis=1)
    moved = [np.take_along_axis(x, orders, axis=-1).reshape(shape) for x in rows]
    return [np.moveaxis(x[..., : definition.keep], -1, definition.axis) for x in moved]


def _order(definition: Sort, row: Sequence[np.ndarray], values: Values) -> np.ndarray:
    """Returns the stable order of one row, from comparisons of all pairs."""
    known = dict(zip(definition.lhs, (x[:, None] for x in row), strict=True))
    known.update(zip(definition.rhs, (x[None, :] for x in row), strict=True))
    length = len(row[0])
    found = _expressions((definition.less,), values, known)[0]
    less = np.broadcast_to(found, (length, length))
    earlier = np.tri(length, k=-1, dtype=bool).T
    tied = ~less & ~less.T
    rank = less.sum(axis=0) + (tied & earlier).sum(axis=0)
    order = np.empty(length, np.int64)
    order[rank] = np.arange(length)
    return order


# -- loops


def _while(definition: While, values: Values) -> list[np.ndarray]:
    cond_consts = _read_all(definition.cond_consts, values)
    body_consts = _read_all(definition.body_consts, values)
    carry = _read_all(definition.init, values)
    records: list[list[np.ndarray]] = []
    while bool(evaluate_program(definition.cond, [*cond_consts, *carry])[0]):
        outs = evaluate_program(definition.body, [*body_consts, *carry])
        records.append(outs[len(carry) :])
        carry = outs[: len(carry)]
    if not definition.recording:
        return carry
    tapes = []
    for k, value in enumerate(definition.outs[len(carry) + 1 :]):
        element = value.aval.element
        tape = np.empty((len(records), *element.shape), element.dtype)
        for i, record in enumerate(records):
            tape[i] = record[k]
        tapes.append(tape)
    return [*carry, np.asarray(len(records)), *tapes]


def _scan(definition: Scan, values: Values) -> list[np.ndarray]:
    consts = _read_all(definition.consts, values)
    carry = _read_all(definition.init, values)
    xs = _read_all(definition.xs, values)
    length = definition.length
    steps = range(length if isinstance(length, int) else int(values[length]))
    ys = [np.empty(value.shape, value.dtype) for value in definition.outs[len(carry) :]]
    for i in reversed(steps) if definition.reverse else steps:
        outs = evaluate_program(definition.body, [*consts, *carry, *(x[i] for x in xs)])
        carry, rows = outs[: len(carry)], outs[len(carry) :]
        for y, row in zip(ys, rows, strict=True):
            y[i] = row
    return [*carry, *ys]
