"""Complex numbers in the order in which registers take them apart most easily.

    memory   r0 i0 r1 i1 | r2 i2 r3 i3        lanes in order      r0 r1 r2 r3   crosses the halves
                                              lanes by halves     r0 r2 r1 r3   stays within them

Where all that a loop reads and writes are complex numbers that lie together, it does not matter
which lane holds which of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.engine import host
from minijax.compiler.fuse.affine import address_terms
from minijax.core import dtypes
from minijax.kernel.expr import Expr

_HALF = 16  # bytes of what shuffles stay within
# What is done to each lane by itself, whichever it is.
_EACH_LANE = frozenset(
    ["load", "const", "scalar", "add", "sub", "mul", "div", "neg", "select", "eq", "ne", "index"]
)


def pair_order(
    nodes: Sequence[Expr], last: Expr, stored: Sequence[np.dtype], lanes: int
) -> tuple[int, ...] | None:
    """Returns which neighbour each lane may hold in a loop; None where they are to be in order.

    Args:
        nodes: the expressions of the loop.
        last: its index.
        stored: the dtypes of what it stores.
        lanes: the lanes of its vectors.
    """
    first = stored[0]
    if not dtypes.is_complex(first) or any(dtype != first for dtype in stored):
        return None
    part = first.itemsize // 2
    # Two registers of parts come from as many registers of pairs.
    if lanes * part != host().vector_bytes or host().vector_bytes <= _HALF:
        return None
    if not all(_may_be_anywhere(node, first, last) for node in nodes):
        return None
    inside = _HALF // part
    order: list[int] = []
    for start in range(0, lanes, inside):
        for half in (0, lanes):
            order += [(half + start + k) // 2 for k in range(0, inside, 2)]
    return tuple(order)


def _may_be_anywhere(node: Expr, dtype: np.dtype, last: Expr) -> bool:
    if node.op not in _EACH_LANE:
        return False
    if node.op == "load":
        steps = {id(x): c for x, c in address_terms(node) if x.op == "index"}
        plain = len(steps) == len(address_terms(node))
        step = steps.get(id(last), 0)
        return plain and (step == 0 or (step == 1 and node.dtype == dtype))
    return not any(x is last for x in node.operands)
