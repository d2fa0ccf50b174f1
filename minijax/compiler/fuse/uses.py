"""Who computes the elements of a value that is not stored, and how many of them.

    b[i] = a[i] + a[i + 1]        c[i] = b[i] - b[i + 1]

A loop over c that takes over b and a computes each element of b twice and each of a three times:
a[i], a[i + 1] (wanted by both b[i] and b[i + 1], computed once) and a[i + 2]. So reads at a
constant distance from the loop's own indices are kept apart by distance, and counted once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from minijax.kernel.expr import Expr

_MOST_SHIFTS = 32
# Up to here the loops inside of what is hoisted out of them do not make up for its slowness.
_SHORT = 16
_ONE_BY_ONE = 4.0
Shift = tuple[int, ...]


@dataclass(slots=True)
class Use:
    """What one loop computes of a value.

    Attributes:
        shifts: distances from the loop's own indices, with how many elements are computed there.
        others: how many elements are computed at other indices.
    """

    shifts: dict[Shift, float] = field(default_factory=dict)
    others: float = 0.0

    @staticmethod
    def at_own_index(rank: int, count: float) -> Use:
        """Returns the use of a loop that computes the value where it is."""
        return Use({(0,) * rank: count})

    @property
    def total(self) -> float:
        """How many elements are computed."""
        return sum(self.shifts.values()) + self.others

    def add_shifted(self, user: Use, shift: Shift) -> None:
        """Adds a read, at a constant distance, by something that is itself used."""
        self.others += user.others
        for own, count in user.shifts.items():
            at = tuple(a + b for a, b in zip(own, shift, strict=True))
            if at in self.shifts or len(self.shifts) < _MOST_SHIFTS:
                self.shifts[at] = max(self.shifts.get(at, 0.0), count)
            else:
                self.others += count

    def add_elsewhere(self, user: Use, share: float) -> None:
        """Adds a read at other indices, which happens for a share of the user's elements."""
        self.others += user.total * share


Uses = dict[int, Use]
"""The uses of a value, by the number of the loop's definition."""


def add_read(uses: Uses, users: Mapping[int, Use], shift: Shift | None, share: float) -> None:
    """Adds a read to the uses of what is read.

    Args:
        uses: the uses of the value that is read.
        users: the uses of the reader.
        shift: the distance of the read from the reader's indices; None where there is none.
        share: for a read elsewhere, how often it happens for each element of the reader.
    """
    for sink, user in users.items():
        found = uses.setdefault(sink, Use())
        if shift is not None and all(len(own) == len(shift) for own in user.shifts):
            found.add_shifted(user, shift)
        else:
            found.add_elsewhere(user, share)


def share_of(inside: int) -> float:
    """Returns how often a read happens for each element, in terms of elements in vectors.

    A read that the inner indices do not touch is hoisted out of their loops. There it is computed
    one by one, while a loop of its own would go by vectors.

    Args:
        inside: over how many elements the loops go that it is hoisted out of.
    """
    if inside <= 1:
        return 1.0
    return (_ONE_BY_ONE if inside < _SHORT else 1.0) / inside


def shift_of(operands: Sequence[Expr], indices: Sequence[Expr]) -> Shift | None:
    """Returns by how much the indices of a read differ from those of its loop, if constantly."""
    if len(operands) != len(indices):
        return None
    found = []
    for x, index in zip(operands, indices, strict=True):
        distance = _distance(x, index)
        if distance is None:
            return None
        found.append(distance)
    return tuple(found)


def _distance(x: Expr, index: Expr) -> int | None:
    if x is index:
        return 0
    if x.is_constant:
        return int(x.payload) if index.payload == 1 else None
    if x.op in ("add", "sub") and x.operands[0] is index and x.operands[1].is_constant:
        by = int(x.operands[1].payload)
        return by if x.op == "add" else -by
    return None
