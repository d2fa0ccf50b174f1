"""Donation: arguments whose memory a jitted function may use for its results.

A donated array and the result that takes its place have the same shape and dtype. If nobody else
holds the array's buffer, the program writes the result into it, and in place where its plan allows;
else the program gets a copy. Afterwards the array is deleted either way, so that no program depends
on who else held it. Arrays of NumPy are the caller's: they are read and left alone.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from minijax import compiler
from minijax.core.array import ConcreteArray, mark_deleted, value_of
from minijax.core.avals import Aval, ShapedArray
from minijax.core.config import config
from minijax.core.execute import installed
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef
from minijax.core.trace import EvalTrace, Tracer, current_trace, to_result

Matched = Mapping[int, int]


def donated_leaves(
    in_tree: PyTreeDef, positions: Sequence[int], names: Sequence[str]
) -> tuple[int, ...]:
    """Returns the numbers of the leaves of `(args, kwargs)` whose arguments are donated."""
    args, kwargs = in_tree.children()
    marked: list[bool] = []
    for position, child in enumerate(args.children()):
        marked += [position in positions] * child.num_leaves
    for name, child in zip(kwargs.entries(), kwargs.children(), strict=True):
        marked += [name in names] * child.num_leaves
    return tuple(k for k, donated in enumerate(marked) if donated)


def match_results(
    name: str, donated: Sequence[int], in_avals: Sequence[Aval], out_avals: Sequence[Aval]
) -> dict[int, int]:
    """Returns for donated leaves the numbers of the results that take their place.

    Args:
        name: of the function, for the warning about leaves that fit no result.
        donated: the numbers of donated leaves.
        in_avals: of all leaves.
        out_avals: of all results.
    """
    free: dict[Any, list[int]] = {}
    for number, aval in enumerate(out_avals):
        free.setdefault(_memory(aval), []).append(number)
    matched, useless = {}, []
    for leaf in donated:
        found = free.get(_memory(in_avals[leaf]))
        if found:
            matched[leaf] = found.pop(0)
        else:
            useless.append(in_avals[leaf])
    if useless:
        warnings.warn(
            f"Some donated buffers were not usable: jit of {name} has no result, or none left, of "
            f"the shape and dtype of {', '.join(map(str, useless))}. Those arguments are not "
            "deleted; do not donate them.",
            stacklevel=2,
        )
    return matched


def _memory(aval: Aval) -> Any:
    return (aval.shape, aval.dtype) if type(aval) is ShapedArray else aval


def can_donate(leaves: Sequence[Any]) -> bool:
    """Tells whether a call with these leaves runs a compiled program at once."""
    looks = config.debug_nans or config.debug_infs
    runs = type(current_trace()) is EvalTrace and installed() is compiler.execute and not looks
    return runs and not any(isinstance(x, Tracer) for x in leaves)


def call_donating(
    jaxpr: Jaxpr,
    consts: Sequence[Any],
    leaves: Sequence[Any],
    matched: Matched,
    threads: int | None = None,
) -> tuple[Any, ...]:
    """Runs a program; the results in `matched` take the memory of leaves, which are deleted.

    Args:
        jaxpr: the closed program.
        consts: what the function captured: its leading inputs.
        leaves: the other inputs, concrete ones.
        matched: numbers of leaves, each with the number of a result.
        threads: how many threads the run may use, if that was said.
    """
    shift = len(consts)
    program = compiler.compile_jaxpr(jaxpr, compiler.overwritten(shift, matched))
    free = [leaf for leaf in matched if _is_alone(leaves[leaf], leaves)]
    values = [value_of(x) for x in (*consts, *leaves)]
    try:
        with nullcontext() if threads is None else compiler.asked_threads(threads):
            outs = program.run(values, [shift + leaf for leaf in free])
    finally:
        # A run that failed half-way may have written already.
        for leaf in matched:
            if type(leaves[leaf]) is ConcreteArray:
                mark_deleted(leaves[leaf])
    return tuple(map(to_result, outs, jaxpr.out_avals))


def _is_alone(x: Any, leaves: Sequence[Any]) -> bool:
    """Whether an array is the only one that has its buffer, and is passed once."""
    if type(x) is not ConcreteArray or sum(y is x for y in leaves) != 1:
        return False
    if _references(x) != _ONE_REFERENCE or not x._value.flags.c_contiguous:
        return False
    base = x._value.base
    if base is None:
        return x._value.flags.owndata
    # A buffer that is all of another one, which nobody else has, as reshaping makes it.
    whole = type(base) is np.ndarray and base.flags.owndata and base.nbytes == x._value.nbytes
    del base
    return whole and sys.getrefcount(x._value.base) == _ONE_REFERENCE


def _references(x: ConcreteArray) -> int:
    return sys.getrefcount(x._value)


_ONE_REFERENCE = _references(ConcreteArray(np.zeros(1), ShapedArray((1,), np.dtype("float64"))))
