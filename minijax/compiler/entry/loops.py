"""The inner loops of NumPy's ufuncs, found where an extension module puts them.

void loop(ptr addresses, ptr count, ptr strides, ptr data)
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

_NIN, _NOUT, _NARGS, _COUNT = 16, 20, 24, 48  # 32 bits each
_FUNCTIONS, _DATA, _NAME, _TYPES = 32, 40, 56, 64  # addresses


def find_loop(ufunc: np.ufunc, dtypes: Sequence[np.dtype]) -> tuple[int, int] | None:
    """Returns the addresses of the loop for operands and result of some dtypes, and of its data.

    None if there is none, or a ufunc is not laid out as it should be.
    """
    if not _is_plain(ufunc):
        return None
    chars = [dtype.char for dtype in dtypes]
    wanted = f"{''.join(chars[: ufunc.nin])}->{''.join(chars[ufunc.nin :])}"
    if wanted not in ufunc.types:
        return None
    number = ufunc.types.index(wanted)
    function = _word(_word(id(ufunc) + _FUNCTIONS) + 8 * number)
    data = _word(id(ufunc) + _DATA)
    return (function, _word(data + 8 * number) if data else 0) if function else None


def _is_plain(ufunc: np.ufunc) -> bool:
    """Whether the fields that can be known are where they are looked for."""
    if ctypes.sizeof(ctypes.c_void_p) != 8 or type(ufunc) is not np.ufunc:
        return False
    at = id(ufunc)
    counts = [ctypes.c_int32.from_address(at + k).value for k in (_NIN, _NOUT, _NARGS, _COUNT)]
    if counts != [ufunc.nin, ufunc.nout, ufunc.nargs, ufunc.ntypes]:
        return False
    if ctypes.string_at(_word(at + _NAME)) != ufunc.__name__.encode():
        return False
    numbers = bytes(np.dtype(c).num for text in ufunc.types for c in text.replace("->", ""))
    return ctypes.string_at(_word(at + _TYPES), len(numbers)) == numbers


def _word(address: int) -> int:
    return ctypes.c_uint64.from_address(address).value
