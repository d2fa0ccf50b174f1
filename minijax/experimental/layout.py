"""How arrays lie in memory: one way, in C order. The names are accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Layout:
    """The order of axes in memory.

    Attributes:
        major_to_minor: the axes, slowest first.
        tiling: accepted for compatibility.
        sub_byte_element_size_in_bits: accepted for compatibility.
    """

    major_to_minor: tuple[int, ...]
    tiling: Any = None
    sub_byte_element_size_in_bits: int = 0


@dataclass(frozen=True, slots=True)
class Format:
    """An order of axes and a place.

    Attributes:
        layout: the order of axes, None for the usual one.
        sharding: the place, None for the one there is.
    """

    layout: Layout | None = None
    sharding: Any = None
