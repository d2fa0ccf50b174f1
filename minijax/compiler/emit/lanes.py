"""How many elements one instruction takes, and which of them count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from minijax.compiler.engine import host
from minijax.compiler.fuse.cost import is_function
from minijax.core.dtypes import int64
from minijax.kernel.expr import Expr


@dataclass(frozen=True, slots=True)
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


def lanes_for(nodes: Sequence[Expr], size: int) -> int:
    """Returns the number of lanes for a loop over an axis.

    Args:
        nodes: the expressions of the loop.
        size: the length of the axis.
    """
    widest = max(
        (n.dtype.itemsize for n in nodes if n.dtype != int64 or n.op in ("load", "guarded")),
        default=8,
    )
    size_of_vector = host().vector_bytes
    if any(is_function(n) for n in nodes):
        size_of_vector = max(size_of_vector, min(2 * size_of_vector, 64))
    most = max(size_of_vector // min(max(widest, 2), 8), 1)
    wanted = 1 << max(size - 1, 0).bit_length()
    return min(most, wanted)
