"""Mapped loops and branches whose lanes go different ways: each lane goes its own.

A loop over lanes around the operation, of which each lane does only its own work:

    vmap(while)  ──▶  scan over lanes of while

Where an iteration is a handful of operations on small values, `BLOCK` lanes go together in
lockstep, as one vector: the work is then that of the longest lane of each block. A scan over a
small state goes by blocks too: what it carries then stays in registers, for all of its steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of
from minijax.core.avals import Aval, ShapedArray
from minijax.core.jaxpr import Jaxpr, sub_jaxprs
from minijax.core.primitive import Primitive
from minijax.interpreters.batch import move_batch_axis
from minijax.interpreters.stage import stage
from minijax.primitives.control.programs import remembered
from minijax.primitives.control.staged import pick
from minijax.primitives.joining import concatenate
from minijax.primitives.shape import reshape
from minijax.primitives.windows import slice_in_dim

BLOCK = 8
_SHORT = 200
_LONG = 64
_CALLS = frozenset(["pure_callback", "io_callback", "debug_callback"])
_LARGE_PRODUCT = 1 << 12
_SMALL = 9
_IN_BLOCKS = "in blocks of lanes"
_LOOKUPS = frozenset(["gather", "dynamic_slice"])

Apply = Callable[..., Sequence[Any]]


def is_short(*jaxprs: Jaxpr) -> bool:
    """Whether programs are a few operations on small values, with nothing nested."""
    eqns = [eqn for jaxpr in jaxprs for eqn in jaxpr.eqns]
    return len(eqns) <= _SHORT and all(
        next(sub_jaxprs(eqn.params), None) is None
        and all(is_small(v.aval) for v in eqn.outvars)
        and (eqn.primitive.name in _LOOKUPS or all(is_small(v.aval) for v in eqn.invars))
        for eqn in eqns
    )


def is_small(aval: Aval) -> bool:
    """Whether a value fits into a few registers."""
    return isinstance(aval, ShapedArray) and aval.size <= _SMALL


def size_of(aval: Aval) -> int:
    """Returns the number of elements."""
    return aval.size if isinstance(aval, ShapedArray) else 1


def is_costly(*jaxprs: Jaxpr) -> bool:
    """Whether a lane should not compute programs in vain: they are long, loop or call the host."""
    for jaxpr in jaxprs:
        if len(jaxpr.eqns) > _LONG:
            return True
        for eqn in jaxpr.eqns:
            if eqn.primitive.name in _CALLS:
                return True
            inner = tuple(sub_jaxprs(eqn.params))
            if inner and (eqn.primitive.name != "jit" or is_costly(*inner)):
                return True
    return False


def shares_products(*jaxprs: Jaxpr) -> bool:
    """Whether programs multiply matrices that are better multiplied for all lanes at once."""
    for jaxpr in jaxprs:
        for eqn in jaxpr.eqns:
            size = math.prod(size_of(v.aval) for v in eqn.invars)
            if eqn.primitive.name == "dot_general" and size > _LARGE_PRODUCT**2:
                return True
            if any(shares_products(inner) for inner in sub_jaxprs(eqn.params)):
                return True
    return False


def run_lanes(
    scan: Primitive,
    size: int,
    operands: Sequence[Any],
    dims: Sequence[int | None],
    apply: Apply,
    owner: Jaxpr,
    key: Any,
) -> tuple[Any, ...]:
    """Applies a function to each lane in turn.

    Args:
        scan: the primitive of loops over leading axes.
        size: the number of lanes.
        operands, dims: the operands and their batch axes (None for those that lanes share).
        apply: takes the operands of one lane; returns its results.
        owner, key: the program of the loop over lanes is remembered there, under that.

    Returns:
        The results, with the lanes as their leading axis.
    """
    moved = [x if d is None else move_batch_axis(x, d, size) for x, d in _pairs(operands, dims)]
    return _scan(scan, size, moved, [d is not None for d in dims], apply, owner, key)


def run_blocks(
    scan: Primitive,
    size: int,
    operands: Sequence[Any],
    dims: Sequence[int | None],
    apply_block: Callable[[int, Sequence[Any]], Sequence[Any]],
    owner: Jaxpr,
    key: Any,
    block: int = BLOCK,
) -> tuple[Any, ...]:
    """Applies a function of a few lanes at once to one block of them after the other.

    Args:
        scan, size, operands, dims, owner, key: as for `run_lanes`.
        apply_block: takes a number of lanes and operands with that many in their leading axis (or
            shared ones as they are); returns results with as many.
        block: how many lanes go together.
    """
    batched = [d is not None for d in dims]
    moved = [x if d is None else move_batch_axis(x, d, size) for x, d in _pairs(operands, dims)]
    count, rest = divmod(size, block)
    parts: list[Sequence[Any]] = []
    if count == 1 and not rest:
        return tuple(apply_block(block, moved))
    if count:
        whole = [
            _blocks(x, count, block) if on else x for x, on in zip(moved, batched, strict=True)
        ]
        found = _scan(
            scan,
            count,
            whole,
            batched,
            lambda *xs: apply_block(block, xs),
            owner,
            (_IN_BLOCKS, key),
        )
        parts.append([reshape(y, (count * block, *y.shape[2:])) for y in found])
    if rest:
        left = [
            slice_in_dim(x, count * block, size) if on else x
            for x, on in zip(moved, batched, strict=True)
        ]
        parts.append(apply_block(rest, left))
    if len(parts) == 1:
        return tuple(parts[0])
    return tuple(concatenate(pair, 0) for pair in zip(*parts, strict=True))


def goes_by_blocks(jaxpr: Jaxpr) -> bool:
    """Whether a program is the body of a loop over blocks of lanes, which keeps its shape."""
    return _IN_BLOCKS in jaxpr.memo


def _blocks(x: Any, count: int, block: int) -> Any:
    return reshape(slice_in_dim(x, 0, count * block), (count, block, *x.shape[1:]))


def _scan(
    scan: Primitive,
    length: int,
    operands: Sequence[Any],
    batched: Sequence[bool],
    apply: Apply,
    owner: Jaxpr,
    key: Any,
) -> tuple[Any, ...]:
    shared = pick(operands, [not on for on in batched])
    lanes = pick(operands, batched)

    def body(*args: Any) -> list[Any]:
        consts, xs = iter(args[: len(shared)]), iter(args[len(shared) :])
        return list(apply(*(next(xs) if on else next(consts) for on in batched)))

    avals = [*map(aval_of, shared), *(aval_of(x).without_axis(0) for x in lanes)]
    # An eager call maps anew each time; its program must be the same one to be compiled once.
    jaxpr = remembered(owner, ("by lane", key, *batched, *avals), lambda: stage(body, avals))
    consts = [*jaxpr.consts, *shared]
    closed = remembered(jaxpr, "closed", jaxpr.close)
    if isinstance(key, tuple) and key[0] == _IN_BLOCKS:
        closed.memo[_IN_BLOCKS] = True
    return scan.bind(
        *consts,
        *lanes,
        jaxpr=closed,
        length=length,
        reverse=False,
        unroll=1,
        num_consts=len(consts),
        num_carry=0,
    )


def _pairs(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    return zip(xs, ys, strict=True)
