"""Linking without LLVM: an object becomes code in memory by what the object itself says.

    object ──sections──▶ one block of memory ──addresses filled in──▶ code that may run

Loading LLVM takes longer than NumPy does. Where code comes from disk this is all that it would be
needed for. Objects for x86-64 in the format of Linux (ELF) are linked here, as far as they hold
what the compiler lets LLVM write; of anything else `link` says nothing, and LLVM links it.

    code (executable)    sections, then for each outside function a jump to its address
    constants            sections, then the addresses
    variables            sections
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


def _rows(names: str, types: str) -> np.dtype:
    return np.dtype({"names": names.split(), "formats": [f"<{ty}" for ty in types.split()]})


_HEADER = _rows(
    "format kind machine version entry segments sections flags size segment_size segment_count"
    " section_size section_count names",
    "S16 u2 u2 u4 u8 u8 u8 u4 u2 u2 u2 u2 u2 u2",
)
_FORMAT, _RELOCATABLE, _X86_64 = b"\x7fELF\x02\x01\x01", 1, 62
_SECTION = _rows(
    "name kind flags address offset size link info align item", "u4 u4 u8 u8 u8 u8 u4 u4 u8 u8"
)
_BYTES, _SYMBOLS, _ADDENDS, _ZEROS, _UNWINDING = 1, 2, 4, 8, 0x7000_0001
_WRITABLE, _IN_MEMORY, _EXECUTABLE, _PER_THREAD = 1, 2, 4, 0x400
_SYMBOL = _rows("name info other section value size", "u4 u1 u1 u2 u8 u8")
_UNDEFINED, _RESERVED = 0, 0xFF00
_RELOCATION = _rows("offset kind symbol addend", "u8 u4 u4 i8")
# Eight bytes of an address; four of a distance: to a symbol, a function, the address of a symbol.
_ABSOLUTE, _DISTANCE, _CALL, _THROUGH_TABLE = 1, 2, 4, (9, 41, 42)

_WORD = 8
_JUMP = b"\xff\x25"  # to the address that is kept at a distance of four bytes


class _UnknownError(Exception):
    """The object holds something that is not linked here."""


class Linked:
    """Code in memory, which goes with the object; `linked[name]` is the address of a symbol."""

    def __init__(self, memory: Any, addresses: Mapping[str, int]) -> None:
        self._memory = memory
        self._addresses = addresses

    def __getitem__(self, name: str) -> int:
        return self._addresses[name]


def link(image: bytes, names: Sequence[str], symbols: Mapping[str, int]) -> Linked | None:
    """Puts an object into memory, ready to run.

    Args:
        image: the object.
        names: the functions of it whose addresses are wanted.
        symbols: addresses of names that it refers to; others are those of the process.

    Returns:
        The code, or None if it has to be linked by LLVM, which also says what is wrong with it.
    """
    if not is_usable():
        return None
    try:
        return _Linking(image, symbols).linked(names)
    except (_UnknownError, LookupError, ValueError, OverflowError, OSError, AttributeError):
        return None


@functools.cache
def is_usable() -> bool:
    """Whether objects of this machine can be linked here."""
    is_wide = ctypes.sizeof(ctypes.c_void_p) == _WORD
    return sys.platform == "linux" and platform.machine() == "x86_64" and is_wide


class _Place(NamedTuple):
    """A part of the block: sections with the same rights, and room for what is made here."""

    start: int
    made: int
    end: int


class _Block(NamedTuple):
    """The memory of an object, its address, and its parts."""

    memory: np.ndarray
    base: int
    code: _Place
    constants: _Place
    variables: _Place

    def write(self, start: int, content: bytes) -> None:
        """Puts bytes at an offset."""
        self.memory[start : start + len(content)] = np.frombuffer(content, np.uint8)

    def protect(self) -> None:
        """Lets code run, and neither code nor constants be written."""
        for place, rights in ((self.code, mmap.PROT_EXEC), (self.constants, 0)):
            size = place.end - place.start
            if size and _mprotect()(self.base + place.start, size, mmap.PROT_READ | rights):
                raise OSError(ctypes.get_errno(), "memory cannot be made executable")


class _Linking:
    """An object on its way into memory."""

    def __init__(self, image: bytes, symbols: Mapping[str, int]) -> None:
        self._image = image
        self._given = symbols
        self._sections = self._read_sections()
        table = self._only(_SYMBOLS)
        self._symbols = np.frombuffer(self._content(table), _SYMBOL)
        self._names = self._content(self._sections[int(table["link"])])
        self._relocations = list(self._read_relocations())
        self._outside = [
            k for k in range(1, len(self._symbols)) if self._symbols[k]["section"] == _UNDEFINED
        ]
        # The symbols whose address is kept, each in a word of its own.
        used = [r["symbol"][np.isin(r["kind"], _THROUGH_TABLE)] for _, r in self._relocations]
        kept = sorted({*self._outside, *map(int, np.concatenate([[], *used]))})
        self._words = {symbol: _WORD * k for k, symbol in enumerate(kept)}

    def linked(self, names: Sequence[str]) -> Linked:
        """Returns the code."""
        places, offsets = self._laid_out()
        memory = mmap.mmap(-1, places[-1].end, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        held = ctypes.c_char.from_buffer(memory)
        block = _Block(np.frombuffer(memory, np.uint8), ctypes.addressof(held), *places)
        for k, offset in offsets.items():
            if self._sections[k]["kind"] == _BYTES:
                block.write(offset, self._content(self._sections[k]))
        addresses = self._addresses(block.base, offsets)
        words = np.array([addresses[k] for k in self._words], np.int64)
        block.write(block.constants.made, words.tobytes())
        self._write_jumps(block)
        for section, rows in self._relocations:
            size = int(self._sections[section]["size"])
            self._fill_in(block, offsets[section], size, rows, addresses)
        block.protect()
        found = {self._name(k): int(addresses[k]) for k in self._defined()}
        return Linked((memory, held), {name: found[name] for name in names})

    # -- reading

    def _read_sections(self) -> np.ndarray:
        head = np.frombuffer(self._image, _HEADER, 1)[0]
        right = (
            self._image.startswith(_FORMAT)
            and (head["kind"], head["machine"]) == (_RELOCATABLE, _X86_64)
            and head["section_size"] == _SECTION.itemsize
        )
        if not right:
            raise _UnknownError
        count, start = int(head["section_count"]), int(head["sections"])
        return np.frombuffer(self._image, _SECTION, count, start)

    def _only(self, kind: int) -> Any:
        (found,) = self._sections[self._sections["kind"] == kind]
        return found

    def _content(self, section: Any) -> bytes:
        start, size = int(section["offset"]), int(section["size"])
        content = self._image[start : start + size]
        if len(content) != size:
            raise _UnknownError
        return content

    def _name(self, symbol: int) -> str:
        start = int(self._symbols[symbol]["name"])
        return self._names[start : self._names.index(b"\0", start)].decode()

    def _defined(self) -> list[int]:
        section = self._symbols["section"]
        named = (self._symbols["name"] != 0) & (section != _UNDEFINED) & (section < _RESERVED)
        return [int(k) for k in np.nonzero(named)[0]]

    def _in_memory(self) -> dict[int, Any]:
        """Returns the sections that become memory; how to unwind is nothing that we ask for."""
        found = {}
        for k, section in enumerate(self._sections):
            if not section["flags"] & _IN_MEMORY or section["kind"] == _UNWINDING:
                continue
            if section["kind"] not in (_BYTES, _ZEROS) or section["flags"] & _PER_THREAD:
                raise _UnknownError
            found[k] = section
        return found

    def _read_relocations(self) -> Iterator[tuple[int, np.ndarray]]:
        known = self._in_memory()
        for section in self._sections:
            if section["kind"] == _ADDENDS and int(section["info"]) in known:
                yield int(section["info"]), np.frombuffer(self._content(section), _RELOCATION)

    # -- placing

    def _laid_out(self) -> tuple[tuple[_Place, ...], dict[int, int]]:
        """Returns the parts of the block, and where in it each section is."""
        known = self._in_memory()
        rights = _WRITABLE | _EXECUTABLE
        room = {_EXECUTABLE: _WORD * len(self._outside), 0: _WORD * len(self._words)}
        places, offsets, end = [], {}, 0
        for right in (_EXECUTABLE, 0, _WRITABLE):
            start = end = _aligned(end, mmap.PAGESIZE)
            for k, section in known.items():
                if int(section["flags"]) & rights == right:
                    offsets[k] = end = _aligned(end, int(section["align"]))
                    end += int(section["size"])
            made = _aligned(end, _WORD)
            end = made + room.get(right, 0)
            places.append(_Place(start, made, end))
        if len(offsets) < len(known):
            raise _UnknownError  # memory that is written and run
        return tuple(places), offsets

    def _addresses(self, base: int, offsets: Mapping[int, int]) -> np.ndarray:
        """Returns the address of each symbol; 0 of those in sections that are left out."""
        found = np.zeros(len(self._symbols), np.int64)
        for k, offset in offsets.items():
            inside = self._symbols["section"] == k
            found[inside] = base + offset + self._symbols["value"][inside].astype(np.int64)
        for k in self._outside:
            name = self._name(k)
            found[k] = self._given[name] if name in self._given else _of_process(name)
        return found

    # -- filling in

    def _write_jumps(self, block: _Block) -> None:
        for number, symbol in enumerate(self._outside):
            start = block.code.made + _WORD * number
            distance = block.constants.made + self._words[symbol] - (start + 6)
            block.write(start, _JUMP + distance.to_bytes(4, "little", signed=True))

    def _fill_in(
        self, block: _Block, start: int, size: int, rows: np.ndarray, addresses: np.ndarray
    ) -> None:
        """Writes what a section has to know of addresses."""
        if (rows["offset"] > size).any():
            raise _UnknownError
        kinds, inside = rows["kind"], rows["offset"].astype(np.int64)
        tabled = np.isin(kinds, _THROUGH_TABLE)
        targets = self._targets(block, rows, tabled, addresses)
        wide = kinds == _ABSOLUTE
        near = (kinds == _DISTANCE) | (kinds == _CALL) | tabled
        at = start + inside
        values = targets + rows["addend"] - np.where(wide, 0, block.base + at)
        fits = (np.abs(values[near]) < 1 << 31).all()
        fits &= (inside + np.where(wide, 8, 4) <= size).all() and (targets != 0).all()
        if not (fits and (wide | near).all()):
            raise _UnknownError
        for length, chosen in ((4, near), (8, wide)):
            for k in range(length):
                block.memory[at[chosen] + k] = (values[chosen] >> 8 * k) & 0xFF

    def _targets(
        self, block: _Block, rows: np.ndarray, tabled: np.ndarray, addresses: np.ndarray
    ) -> np.ndarray:
        """Returns the addresses meant: of symbols, of jumps to them, of where theirs are kept."""
        symbols = rows["symbol"]
        targets = addresses[symbols]
        calls = (rows["kind"] == _CALL) & np.isin(symbols, self._outside)
        jumps = block.base + block.code.made
        targets[calls] = jumps + _WORD * np.searchsorted(self._outside, symbols[calls])
        table = block.base + block.constants.made
        targets[tabled] = [table + self._words[int(k)] for k in symbols[tabled]]
        return targets


def _aligned(offset: int, by: int) -> int:
    if by > mmap.PAGESIZE:
        raise _UnknownError
    by = max(by, 1)
    return (offset + by - 1) // by * by


def _of_process(name: str) -> int:
    """Returns the address of a function of the C library or of the interpreter."""
    address = ctypes.cast(getattr(_process(), name), ctypes.c_void_p).value
    if address is None:
        raise _UnknownError
    return address


@functools.cache
def _process() -> Any:
    return ctypes.CDLL(None)


@functools.cache
def _mprotect() -> Any:
    function = ctypes.CDLL(None, use_errno=True).mprotect
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return function
