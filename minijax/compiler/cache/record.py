"""What is kept of a compiled program: its object and the few facts that running it needs."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from minijax.compiler import symbols
from minijax.compiler.threads.state import RUN
from minijax.core.records import record

# Larger constant arrays are read from the program itself, which has them: the file would be a copy.
_MOST_LITERAL_BYTES = 1 << 22


@record
class Record:
    """A compiled program without the stages it went through.

    Attributes:
        image: the relocatable object.
        symbols: the outside functions that it calls.
        arena: bytes of working memory that a run needs.
        is_long: whether a run is likely to take long.
        literals: the constant arrays, which follow the inputs in the table of addresses.
        reused: the inputs that a run overwrites, each with the output that is then in its memory.
    """

    image: bytes
    symbols: tuple[str, ...]
    arena: int
    is_long: bool
    literals: tuple[np.ndarray, ...]
    reused: tuple[tuple[int, int], ...] = ()

    @property
    def uses_blas(self) -> bool:
        """Whether it calls BLAS or LAPACK."""
        return any(name.startswith(("blas_", "lapack_")) for name in self.symbols)

    @property
    def shares_parts(self) -> bool:
        """Whether it has loops in parts, and so is told how many threads they may use."""
        return RUN in self.symbols

    def is_storable(self) -> bool:
        """Tells whether a file should hold it: callbacks are of this process."""
        size = sum(x.nbytes for x in self.literals)
        return size <= _MOST_LITERAL_BYTES and all(map(symbols.is_known, self.symbols))

    def to_bytes(self) -> bytes:
        """Returns it as the content of a file."""
        head = {
            "symbols": {name: symbols.types(name) for name in self.symbols},
            "arena": self.arena,
            "is_long": self.is_long,
            "literals": [x.nbytes for x in self.literals],
            "reused": self.reused,
        }
        text = repr(head).encode()
        parts = [len(text).to_bytes(8, "little"), text, *(x.tobytes() for x in self.literals)]
        return b"".join((*parts, self.image))


def from_bytes(data: bytes) -> Record | None:
    """Returns the record of a file; None if an outside function has other types by now."""
    start = 8 + int.from_bytes(data[:8], "little")
    head = ast.literal_eval(data[8:start].decode())
    names: dict[str, str] = head["symbols"]
    if any(not symbols.is_known(name) or symbols.types(name) != names[name] for name in names):
        return None
    literals, start = _split(data, start, head["literals"])
    reused = tuple((number, out) for number, out in head["reused"])
    return Record(data[start:], tuple(names), head["arena"], head["is_long"], literals, reused)


def _split(data: bytes, start: int, sizes: Sequence[int]) -> tuple[tuple[np.ndarray, ...], int]:
    found = []
    for size in sizes:
        # Only the bytes count; a copy is aligned as arrays are.
        found.append(np.frombuffer(data, np.uint8, size, start).copy())
        start += size
    return tuple(found), start
