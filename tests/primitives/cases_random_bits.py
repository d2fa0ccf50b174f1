"""Cases of random bits and typed keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.dtypes import key_dtype, uint32
from minijax.primitives.random_bits import random_unwrap, random_wrap, threefry2x32
from tests.primitives.case import Case, Operand

_WORD = Operand((4,), 0, 2**32 - 1, dtype=uint32)
_ONES = 2**32 - 1


def _answer(key: Sequence[int], block: Sequence[int], expected: Sequence[int], label: str) -> Case:
    """A known answer of the cipher."""
    operands = tuple(Operand((1,), values=[word], dtype=uint32) for word in (*key, *block))
    words = tuple(np.array([word], np.uint32) for word in expected)
    return Case(
        "threefry2x32", threefry2x32, operands, (uint32,), lambda *_: words, f"answer-{label}"
    )


def _wrapped(words: np.ndarray) -> np.ndarray:
    keys = np.empty(words.shape[:-1], key_dtype)
    keys["key<fry>"] = words
    return keys


def _round_trip(words: Any) -> Any:
    return random_unwrap(random_wrap(words))


CASES: list[Case] = [
    # Known answers published with the Random123 library (kat_vectors, threefry2x32, 20 rounds).
    _answer((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE), "zeros"),
    _answer((_ONES, _ONES), (_ONES, _ONES), (0x1CB996FC, 0xBB002BE7), "ones"),
    _answer((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0), "pi"),
    Case("threefry2x32", threefry2x32, (_WORD,) * 4, (uint32,)),
    Case(
        "threefry2x32",
        threefry2x32,
        (Operand((), 0, 9, dtype=uint32), Operand((), 0, 9, dtype=uint32), _WORD, _WORD),
        (uint32,),
        label="scalar-key",
    ),
    Case("threefry2x32", threefry2x32, (Operand((0, 2)),) * 4, (uint32,), label="empty"),
    Case("threefry2x32", threefry2x32, (Operand(()),) * 4, (uint32,), label="scalar"),
    Case("random_wrap", random_wrap, (Operand((3, 2), 0, 9),), (uint32,), _wrapped),
    Case("random_wrap", random_wrap, (Operand((2,), 0, 9),), (uint32,), _wrapped, "scalar"),
    Case("random_wrap", random_wrap, (Operand((0, 2)),), (uint32,), _wrapped, "empty"),
    Case("random_unwrap", _round_trip, (Operand((2, 3, 2), 0, 9),), (uint32,), lambda x: x),
    Case("random_unwrap", _round_trip, (Operand((0, 2)),), (uint32,), lambda x: x, "empty"),
]
