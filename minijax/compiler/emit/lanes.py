"""How many elements one instruction takes, and which of them count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.engine import host
from minijax.compiler.fuse.cost import is_function
from minijax.core.dtypes import int64, is_complex
from minijax.core.records import record
from minijax.kernel.expr import Expr


@record(eq=True)
class Lanes:
    """The lanes of a vector.

    Attributes:
        count: how many there are.
        mask: the bools that say which count; None where all do.
        alive: how many count, the first ones; None where all do, or where it is not known.
    """

    count: int
    mask: str | None = None
    alive: int | None = None

    @staticmethod
    def first(alive: int, count: int) -> Lanes:
        """Returns lanes of which the first ones count."""
        bits = ", ".join(f"i1 {'true' if k < alive else 'false'}" for k in range(count))
        return Lanes(count, f"<{bits}>", alive)


# Instructions that take next to nothing: several registers of them fit into one step.
_CHEAP = frozenset(
    [
        *("load", "scalar", "const", "index", "convert", "bitcast", "select"),
        *("eq", "ne", "lt", "le", "gt", "ge", "is_nan", "is_finite"),
        *("and", "or", "xor", "not", "abs", "neg", "add", "sub", "mul", "max", "min"),
    ]
)
_STEADY = ("index", "const")
_CHAIN, _SEARCHES = 3, 4
_FEW = 12
_MOST_NODES = 80  # of loops that are written for several groups of elements
_MOST_BYTES = 64  # of the vectors that functions take: two chains of operations hide latency


def function_bytes() -> int:
    """Returns the length of the vectors that elementary functions take at most."""
    size = host().vector_bytes
    return max(size, min(2 * size, _MOST_BYTES))


def lanes_for(nodes: Sequence[Expr], size: int, stored: Sequence[np.dtype] = ()) -> int:
    """Returns the number of lanes for a loop over an axis.

    They fill a register with the widest numbers. Where little is done to those, and what comes of
    it is narrower, they fill several registers, so that a store is as wide as it can be. Functions
    take two registers at a time, functions of functions are called for twice as many elements, and
    searches, where one look-up waits for another, take four.

    Args:
        nodes: the expressions of the loop.
        size: the length of the axis.
        stored: the dtypes of what the loop stores, if that is all it does.
    """
    calls = any(map(is_function, nodes))
    sizes = [
        n.dtype.itemsize if calls else _part_size(n.dtype)
        for n in nodes
        if n.dtype != int64 or n.op in ("load", "guarded")
    ]
    widest = max(sizes, default=8)
    size_of_vector = host().vector_bytes
    if calls:
        # Functions of functions wait for each other: calls for other elements go in between.
        size_of_vector = function_bytes() * (
            2 if len(nodes) <= _MOST_NODES and _is_chain(nodes) else 1
        )
    most = max(size_of_vector // min(max(widest, 1), 8), 1)
    narrow = max((x.itemsize for x in stored), default=widest)
    if narrow < widest and len(nodes) <= _FEW and all(n.op in _CHEAP for n in nodes):
        most *= min(widest // narrow, 4)
    if not calls and _chained_lookups(nodes) >= _CHAIN:
        most *= _SEARCHES
    wanted = 1 << max(size - 1, 0).bit_length()
    return min(most, wanted)


def _chained_lookups(nodes: Sequence[Expr]) -> int:
    """Returns how many look-ups wait for each other at most; operands come before their users."""
    depth: dict[int, int] = {}
    most = 0
    for node in nodes:
        found = max((depth.get(id(x), 0) for x in node.operands), default=0)
        if node.op in ("load", "guarded") and any(x.op not in _STEADY for x in node.operands):
            found += 1
        if found:
            depth[id(node)] = found
            most = max(most, found)
    return most


def _part_size(dtype: np.dtype) -> int:
    """Returns the bytes of what a register holds of a number: a part of a complex one."""
    return dtype.itemsize // (2 if is_complex(dtype) else 1)


def _is_chain(nodes: Sequence[Expr]) -> bool:
    """Tells whether a function is applied to what depends on the result of another one."""
    behind: set[int] = set()
    for node in nodes:
        follows = any(id(x) in behind for x in node.operands)
        if is_function(node) and follows:
            return True
        if follows or is_function(node):
            behind.add(id(node))
    return False
