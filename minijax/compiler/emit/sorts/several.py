"""Short rows arranged around one place of their sorted order, several neighbours at a time.

Where their elements go is known before they are moved (`ranks`).
"""

from __future__ import annotations

import numpy as np

from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.memory_access import load
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.emit.sorts.moved import Moved
from minijax.compiler.emit.sorts.ranks import SHORT, lanes_across, places_around
from minijax.kernel.roots import Sort


class SeveralAround:
    """Writes neighbouring rows of a sort around a place.

    Attributes:
        count: how many rows are written at a time.
    """

    def __init__(self, frame: Frame, sort: Sort, number: np.dtype) -> None:
        assert sort.around is not None, "there is a place"
        self.c = frame.c
        self.moved = Moved(frame, sort)
        self.n = sort.operands[0].shape[sort.axis]
        self.around = sort.around
        self.number = number
        self.count = lanes_across(number)
        self.key = np.dtype(f"i{number.itemsize}")

    @classmethod
    def of(cls, frame: Frame, sort: Sort, number: np.dtype) -> SeveralAround | None:
        """Returns what writes rows of so many; None where they are long or do not lie together."""
        found = cls(frame, sort, number)
        stride = found.moved.stride
        fits = found.n <= SHORT and (stride == 1 or stride >= found.count)
        return found if fits and found.moved.sources[0] is not None else None

    def write(self, start: str, target_start: str) -> None:
        """Writes the rows that start at a position and behind it from such ones."""
        c, fn, count, stride = self.c, self.c.fn, self.count, self.moved.stride
        source = self.moved.sources[0]
        assert source is not None, "what is read has an address"
        ty = layout(self.key).register
        places = fn.alloca(ty, self.n * count, align=64)
        function = places_around(c, self.number, self.n, self.around, stride)
        fn.call("void", function, [("ptr", fn.gep(ty, source, start)), ("ptr", places)])
        with fn.loop(count) as row:
            above = fn.emit(f"mul nsw i64 {row.index}, {self.n if stride == 1 else 1}")
            starts = [fn.emit(f"add nsw i64 {x}, {above}") for x in (start, target_start)]
            own = fn.gep(ty, places, row.index)
            with fn.loop(self.n) as each:
                (place,) = load(c, self.key, own, fn.emit(f"mul nsw i64 {each.index}, {count}"))
                if ty != "i64":
                    place = fn.emit(f"zext {ty} {place} to i64")
                self.moved.move(starts[0], each.index, starts[1], place)
