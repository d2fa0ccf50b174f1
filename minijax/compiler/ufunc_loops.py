"""The C loops of NumPy's ufuncs, for compiled code to call.

A ufunc has a loop for each combination of types, a C function that runs without Python:

    void loop(ptr args, ptr dimensions, ptr steps, ptr data)

`args` are the addresses of operands and results, `dimensions` begin with the number of elements,
`steps` with the bytes from element to element of each operand and result; `data` belongs to the
loop. The places of all that in a ufunc are looked at before they are believed, and an elementwise
loop is tried on a few numbers.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
_TRIED = (0.25, 1.5, 2.75)


class Loop(NamedTuple):
    """A loop, and the address that it takes as its last argument."""

    address: int
    data: int


class _Fields(ctypes.Structure):
    """What follows the header of an object that is a ufunc."""

    _fields_ = (
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("ntypes", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.c_void_p),
    )


def read(ufunc: object, types: str) -> Loop | None:
    """Returns a loop of a ufunc; None where it is not laid out as it should be.

    Args:
        ufunc: the ufunc.
        types: the characters of its types, such as "d->d".
    """
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    if not isinstance(ufunc, np.ufunc) or types not in ufunc.types:
        return None
    fields = _Fields.from_address(id(ufunc) + object.__basicsize__)
    counts = (fields.nin, fields.nout, fields.nargs, fields.ntypes)
    if counts != (ufunc.nin, ufunc.nout, ufunc.nargs, len(ufunc.types)):
        return None
    if fields.name != ufunc.__name__.encode() or not (fields.functions and fields.types):
        return None
    place = ufunc.types.index(types)
    numbers = ctypes.string_at(fields.types + ufunc.nargs * place, ufunc.nargs)
    if [*numbers] != [np.dtype(char).num for char in types.replace("->", "")]:
        return None
    data = _word(fields.data, place) if fields.data else 0
    return Loop(_word(fields.functions, place), data)


def _word(start: int, number: int) -> int:
    return ctypes.c_uint64.from_address(start + 8 * number).value


def call(
    loop: Loop, arrays: Sequence[np.ndarray], dimensions: Sequence[int], steps: Sequence[int]
) -> None:
    """Runs a loop on arrays, which must be what it expects."""
    table = (ctypes.c_void_p * len(arrays))(*(x.ctypes.data for x in arrays))
    counts = (ctypes.c_int64 * len(dimensions))(*dimensions)
    strides = (ctypes.c_int64 * len(steps))(*steps)
    _LOOP(loop.address)(table, counts, strides, loop.data or None)


@functools.cache
def special(name: str, operands: str, results: str) -> Loop:
    """Returns an elementwise loop of a function of `scipy.special`.

    Args:
        name: of the function.
        operands: the characters of its types, such as "d".
        results: those of its results.

    Raises:
        LookupError: if it is not where it should be.
    """
    ufunc = getattr(importlib.import_module("scipy.special"), name, None)
    found = read(ufunc, f"{operands}->{results}")
    if ufunc is None or found is None or not _agrees(ufunc, found, operands, results):
        raise LookupError(f"scipy.special has no loop of {name} where it should be")
    return found


def _agrees(ufunc: np.ufunc, loop: Loop, operands: str, results: str) -> bool:
    """Tells whether a loop does to a few numbers what its ufunc does to them."""
    xs = [np.array(_TRIED, char) for char in operands]
    wanted = ufunc(*xs)
    outs = [np.zeros(len(_TRIED), char) for char in results]
    arrays = (*xs, *outs)
    call(loop, arrays, (len(_TRIED),), [x.itemsize for x in arrays])
    pairs = zip(outs, (wanted,) if len(outs) == 1 else wanted, strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)
