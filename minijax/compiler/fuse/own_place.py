"""Scatters whose updates read the array that is overwritten, but only where they write.

    b = scatter(a, i + 1 <- a[i + 1] + x[i])

Each update reads its place before it writes there, and no other update writes there: the sum need
not be stored first, and the scatter can still overwrite its operand.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.fuse.affine import IndexBuilder, address_terms
from minijax.compiler.fuse.expand import Bindings, Expander
from minijax.compiler.fuse.walk import postorder
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Scatter, Value

_READS = ("load", "guarded")


def would_read_own_place(scatter: Scatter, bindings: Bindings) -> bool:
    """Tells whether a scatter would read its operand only where it writes.

    Args:
        scatter: the definition, before its reads become loads.
        bindings: where all values live, were the updates computed within the scatter.
    """
    if not scatter.unique or not scatter.indices:
        return False
    builder = IndexBuilder()
    expander = Expander(bindings, builder)
    new = expander.fresh_indices(scatter.indices)
    exprs = (*scatter.place, scatter.in_bounds, scatter.update)
    *place, in_bounds, update = expander.expand(exprs, scatter.indices, new)
    to = builder.position(place, scatter.out.shape)
    address = builder.load(scatter.out, scatter.out.dtype, to)
    operand = bindings.home(scatter.operand)
    return reads_own_place(address, (*address.operands, in_bounds), update, operand)


def reads_own_place(
    address: Expr, conditions: Sequence[Expr], update: Expr, operand: Value
) -> bool:
    """Tells whether loads of a memory in `update` are all at an address.

    Args:
        address: a load or an address, whose position counts.
        conditions: expressions that must not load the memory at all.
        update: the expression of an update.
        operand: the memory.
    """
    wanted = _position(address)
    if any(_loads(node, operand) for node in postorder(conditions)):
        return False
    return all(
        node.op == "load" and _position(node) == wanted
        for node in postorder((update,))
        if _loads(node, operand)
    )


def _loads(node: Expr, memory: Value) -> bool:
    return node.op in _READS and node.payload.value is memory


def _position(node: Expr) -> tuple[int, dict[int, int]]:
    return node.payload.const, {id(x): c for x, c in address_terms(node)}
