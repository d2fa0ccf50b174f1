"""Branches over pytrees: cond and switch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.config import config
from minijax.core.pytree import unflatten
from minijax.core.references import Ref, read_all, replace_all, threading, with_values
from minijax.core.source import api_boundary
from minijax.core.trace import Tracer
from minijax.primitives.compare import gt, lt, ne, select_n
from minijax.primitives.control.cond import cond_p
from minijax.primitives.control.references import split_references
from minijax.primitives.control.structure import (
    TreeProgram,
    array_leaves,
    check_same_tree,
    check_same_types,
    share_consts,
    stage_tree,
    type_name,
)
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import scalar_like

_NOT_GIVEN: Any = object()


@api_boundary
def cond(
    pred: Any,
    true_fun: Callable[..., Any],
    false_fun: Callable[..., Any],
    *operands: Any,
    operand: Any = _NOT_GIVEN,
) -> Any:
    """Applies one of two functions; only that one runs.

    Args:
        pred: a bool or number of rank 0; a number counts as true unless it is zero.
        true_fun: applied to the operands where `pred` holds.
        false_fun: applied to the operands where it does not; returns the same types.
        operands: pytrees of arrays.
        operand: one operand, by keyword.

    Returns:
        What the chosen function returns.

    Raises:
        TypeError: if `pred` has axes, or the functions return different structures or types.

    Example:
        >>> from minijax import lax
        >>> print(lax.cond(3.0 > 2.0, lambda x: x + 1.0, lambda x: x - 1.0, 10.0))
        11.0
    """
    if operand is not _NOT_GIVEN:
        if operands:
            raise TypeError("cond: pass operands by position or operand= by keyword, not both.")
        operands = (operand,)
    if not callable(true_fun) and len(operands) == 2 and callable(false_fun):
        return _cond_of_two(pred, true_fun, false_fun, *operands)
    if not (callable(true_fun) and callable(false_fun)):
        raise TypeError(
            "cond: true_fun and false_fun must be functions of the operands, got "
            f"{type(true_fun).__name__} and {type(false_fun).__name__}: "
            "cond(pred, true_fun, false_fun, *operands)."
        )
    pred = _scalar("cond", "pred", pred)
    if dtypes.is_complex(pred.dtype):
        raise TypeError(f"cond: pred must be a bool or a real number, got {type_name(pred.aval)}.")
    if config.disable_jit and _is_known(pred):
        return true_fun(*operands) if bool(pred) else false_fun(*operands)
    if pred.dtype != dtypes.bool_:
        pred = ne(pred, 0)
    index = convert_element_type(pred, dtypes.int32)
    return _choose("cond", index, (false_fun, true_fun), ("false_fun", "true_fun"), operands)


def _cond_of_two(
    pred: Any, true_operand: Any, true_fun: Callable[..., Any], false_operand: Any, false_fun: Any
) -> Any:
    """The older form in which each function has an operand of its own."""
    return cond(
        pred,
        lambda x, y: true_fun(x),
        lambda x, y: false_fun(y),
        true_operand,
        false_operand,
    )


@api_boundary
def switch(
    index: Any,
    branches: Sequence[Callable[..., Any]],
    *operands: Any,
    operand: Any = _NOT_GIVEN,
) -> Any:
    """Applies the function of a sequence that an index chooses; only that one runs.

    Args:
        index: an integer of rank 0; one that is out of range counts as the nearest in range.
        branches: functions of the operands that return the same types.
        operands: pytrees of arrays.
        operand: one operand, by keyword.

    Returns:
        What the chosen function returns.

    Raises:
        TypeError: if `index` is not an integer of rank 0, or the functions return different types.
        ValueError: if there are no branches.

    Example:
        >>> from minijax import lax
        >>> print(lax.switch(1, [lambda x: x, lambda x: 2.0 * x, lambda x: 3.0 * x], 10.0))
        20.0
    """
    if not all(callable(branch) for branch in branches):
        raise TypeError("switch: branches must be a sequence of functions of the operands.")
    if operand is not _NOT_GIVEN:
        if operands:
            raise TypeError("switch: pass operands by position or operand= by keyword, not both.")
        operands = (operand,)
    if not branches:
        raise ValueError("switch: there must be at least one branch, got an empty sequence.")
    index = _scalar("switch", "index", index)
    if not dtypes.is_integer(index.dtype):
        raise TypeError(f"switch: index must be an integer, got {type_name(index.aval)}.")
    if len(branches) == 1:
        return branches[0](*operands)
    last = len(branches) - 1
    if config.disable_jit and _is_known(index):
        return branches[min(max(operator.index(index), 0), last)](*operands)
    names = tuple(f"branches[{i}]" for i in range(len(branches)))
    return _choose("switch", _clamped(index, last), tuple(branches), names, operands)


def _clamped(index: Any, last: int) -> Any:
    bounds = np.iinfo(index.dtype)
    # A bound that the dtype cannot reach needs no comparison (and has no value in that dtype).
    if last < bounds.max:
        index = select_n(gt(index, last), index, scalar_like(last, index.dtype))
    if bounds.min < 0:
        index = select_n(lt(index, 0), index, scalar_like(0, index.dtype))
    return convert_element_type(index, dtypes.int32)


def _scalar(name: str, role: str, x: Any) -> Any:
    try:
        found = to_array(x)
    except TypeError as error:
        raise TypeError(f"{name}: {role} must be a scalar, got {x!r:.60}.") from error
    if found.shape:
        raise TypeError(
            f"{name}: {role} must be a scalar, got {type_name(aval_of(found))}. To choose element "
            "by element use jnp.where(condition, x, y), or map the function with vmap."
        )
    return found


def _is_known(x: Any) -> bool:
    return not isinstance(x, Tracer) or x.concrete() is not None


def _choose(
    name: str,
    index: Any,
    functions: Sequence[Callable[..., Any]],
    names: Sequence[str],
    operands: tuple[Any, ...],
) -> Any:
    parts = split_references(operands)

    def run(references: tuple[Ref, ...]) -> Any:
        if not references and not parts.references:
            return _choose_pure(name, index, functions, names, operands)
        pure = [with_values(parts.closing(fun), references) for fun in functions]
        given = (read_all(references), *parts.others)
        values, out = _choose_pure(name, index, pure, names, given)
        replace_all(references, values)
        return out

    return threading(run)


def _choose_pure(
    name: str,
    index: Any,
    functions: Sequence[Callable[..., Any]],
    names: Sequence[str],
    operands: tuple[Any, ...],
) -> Any:
    leaves, tree = array_leaves(f"{name}: operands", operands)
    avals = [aval_of(x) for x in leaves]
    programs = [
        stage_tree(f"{name}: the result of {role}", fun, tree, avals)
        for fun, role in zip(functions, names, strict=True)
    ]
    _check_branches(name, programs, names)
    branches, consts = share_consts(programs)
    outs = cond_p.bind(index, *consts, *leaves, branches=branches)
    return unflatten(programs[0].out_tree, outs)


def _check_branches(name: str, programs: Sequence[TreeProgram], names: Sequence[str]) -> None:
    first = programs[0]
    for program, role in zip(programs[1:], names[1:], strict=True):
        sides = (
            f"the result of {names[0]} ({first.name})",
            f"the result of {role} ({program.name})",
        )
        check_same_tree(
            f"{name}: all functions must return the same structure.",
            first.out_tree,
            program.out_tree,
            sides,
            "return the same structure from each",
        )
        check_same_types(
            f"{name}: all functions must return the same types.",
            first.out_tree,
            list(zip(first.out_avals, program.out_avals, strict=True)),
            sides,
            "convert the results with .astype(...), broadcast them to one shape",
        )
