"""The lanes of a vector that are chosen, moved to its front.

    numbers  a b c d e f g h
    choice   0 1 1 0 0 0 1 0    ->    b c g · · · · ·

Processors with AVX2 move words of 32 bits by a vector of places, and a table has such a vector for
every choice. Longer numbers are two words each, of which half as many lanes move at a time.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from minijax.compiler.emit.context import Context
from minijax.compiler.emit.numbers.types import layout
from minijax.compiler.engine import host
from minijax.compiler.text import Operand

LANES = 8
_WORD = 4  # bytes
_AVX2_BYTES = 32
_MOVE = "llvm.x86.avx2.permd"
_WORDS = f"<{LANES} x i32>"


def can_move(dtypes: Iterable[np.dtype]) -> bool:
    """Tells whether there is an instruction that moves lanes of all these dtypes."""
    target = host()
    is_x86 = target.triple.split("-")[0] in ("x86_64", "amd64")
    fit = all(layout(x).parts == 1 and x.itemsize in (_WORD, 2 * _WORD) for x in dtypes)
    return is_x86 and target.vector_bytes >= _AVX2_BYTES and fit


def word_of(c: Context, flags: str) -> str:
    """Returns a vector of bools as the bits of a number of type i8."""
    return c.fn.emit(f"bitcast <{LANES} x i1> {flags} to i{LANES}")


def ones(c: Context, word: str) -> str:
    """Returns how many lanes are chosen."""
    total = c.pure_call("i8", "llvm.ctpop.i8", [("i8", word)])
    return c.fn.emit(f"zext i8 {total} to i64")


def store_chosen(
    c: Context, dtype: np.dtype, x: str, word: str, address: str, offset: Operand
) -> None:
    """Stores the chosen lanes one behind the other, and what does not matter behind them.

    There is room for all lanes, chosen or not.

    Args:
        c: the context.
        dtype: the dtype of the numbers.
        x: a vector of them.
        word: which of them are chosen.
        address: the address of an array.
        offset: where in it the first one goes.
    """
    own, fn = layout(dtype), c.fn
    target = fn.gep(own.memory, address, offset)
    if dtype.itemsize == _WORD:
        words = fn.emit(f"bitcast <{LANES} x {own.register}> {x} to {_WORDS}")
        _move(c, words, fn.emit(f"zext i8 {word} to i64"), 1, target)
        return
    half = LANES // 2
    low, high = fn.emit(f"and i8 {word}, 15"), fn.emit(f"lshr i8 {word}, 4")
    above = fn.gep(own.memory, target, ones(c, low))
    for first, part, place in ((0, low, target), (half, high, above)):
        lanes = c.lanes_of(own.register, x, first, half, LANES)
        words = fn.emit(f"bitcast <{half} x {own.register}> {lanes} to {_WORDS}")
        _move(c, words, fn.emit(f"zext i8 {part} to i64"), 2, place)


def _move(c: Context, words: str, choice: str, length: int, target: str) -> None:
    """Stores the chosen numbers of a vector, each of which has so many words."""
    fn = c.fn
    row = fn.gep(f"[{LANES} x i8]", c.module.data(_table(length)), choice)
    places = fn.emit(f"zext <{LANES} x i8> {fn.load(f'<{LANES} x i8>', row, 8)} to {_WORDS}")
    moved = c.pure_call(_WORDS, _MOVE, [(_WORDS, words), (_WORDS, places)])
    fn.store(_WORDS, moved, target, align=_WORD)


def _table(length: int) -> bytes:
    """Returns for every choice where the words come from; those behind the chosen ones do not."""
    found = bytearray()
    count = LANES // length
    for choice in range(1 << count):
        chosen = [lane for lane in range(count) if choice >> lane & 1]
        words = [length * lane + k for lane in chosen for k in range(length)]
        found += bytes(words + [0] * (LANES - len(words)))
    return bytes(found)
