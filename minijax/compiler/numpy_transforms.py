"""NumPy's own Fourier transforms, found through the generalised ufuncs that `numpy.fft` calls.

Since version 2 a transform along one axis is a ufunc, whose inner loop is a C function that runs
without Python:

    void loop(ptr args, ptr dimensions, ptr steps, ptr data)

`args` are the addresses of the operand, of a factor and of the result. `dimensions` are the number
of transforms and the lengths of the operand's and the result's axis; `steps` are bytes: from
transform to transform for each of the three, then along the axes of operand and result. `data`
belongs to the loop. Operand and result may be the same memory.

The places of all that in a ufunc are looked at before they are believed, and one small transform is
compared with what `numpy.fft` makes of it.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_MODULE = "numpy.fft._pocketfft_umath"
_LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
# Each with the dtypes of operand and result, next to one of real numbers.
_KINDS = {
    "fft": ("complex", "complex"),
    "ifft": ("complex", "complex"),
    "rfft_n_even": ("real", "complex"),
    "rfft_n_odd": ("real", "complex"),
    "irfft": ("complex", "real"),
}
_COMPLEX = {"float32": "complex64", "float64": "complex128"}


class Transform(NamedTuple):
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


@functools.cache
def transform(kind: str, real: str) -> Transform:
    """Returns a transform along one axis.

    Args:
        kind: "fft", "ifft", "irfft" (to any length), "rfft_n_even" or "rfft_n_odd" (of an operand
            of even or odd length).
        real: the dtype of the factor, "float32" or "float64".

    Raises:
        LookupError: if it is not where it should be, as in other versions of NumPy.
    """
    found = _read(kind, real) if kind in _KINDS and real in _COMPLEX else None
    if found is None or not _agrees(kind, real, found):
        raise LookupError(f"NumPy's transform {kind} of {real} is not where it should be")
    return found


def _dtypes(kind: str, real: str) -> tuple[np.dtype, np.dtype, np.dtype]:
    names = {"real": real, "complex": _COMPLEX[real]}
    source, target = _KINDS[kind]
    return np.dtype(names[source]), np.dtype(real), np.dtype(names[target])


def _read(kind: str, real: str) -> Transform | None:
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        ufunc = getattr(importlib.import_module(_MODULE), kind)
    except (ImportError, AttributeError):
        return None
    wanted = _dtypes(kind, real)
    signature = "{}{}->{}".format(*(dtype.char for dtype in wanted))
    if not isinstance(ufunc, np.ufunc) or signature not in ufunc.types:
        return None
    fields = _Fields.from_address(id(ufunc) + object.__basicsize__)
    counts = (fields.nin, fields.nout, fields.nargs, fields.ntypes)
    if counts != (2, 1, 3, len(ufunc.types)) or fields.name != ufunc.__name__.encode():
        return None
    place = ufunc.types.index(signature)
    types = ctypes.string_at(fields.types + 3 * place, 3)
    if [*types] != [dtype.num for dtype in wanted] or not fields.functions:
        return None
    data = _word(fields.data, place) if fields.data else 0
    return Transform(_word(fields.functions, place), data)


def _word(start: int, number: int) -> int:
    return ctypes.c_uint64.from_address(start + 8 * number).value


def _agrees(kind: str, real: str, found: Transform) -> bool:
    """Tells whether a loop does to two rows what `numpy.fft` does to them."""
    source, _, target = _dtypes(kind, real)
    n = 5 if kind == "rfft_n_odd" else 6
    operand_length = n // 2 + 1 if kind == "irfft" else n
    result_length = n // 2 + 1 if kind.startswith("rfft") else n
    x = np.arange(1, 2 * operand_length + 1).reshape(2, operand_length).astype(source)
    out = np.zeros((2, result_length), target)
    factor = np.full((), 1 / n if kind.startswith("i") else 1, real)
    dimensions = np.array([2, operand_length, result_length], np.int64)
    steps = np.array([x.strides[0], 0, out.strides[0], x.itemsize, out.itemsize], np.int64)
    _call(found, (x, factor, out), dimensions, steps)
    wanted: Any = getattr(np.fft, kind.partition("_")[0])(x, n)
    return bool(np.allclose(out, wanted, 1e-4))


def _call(
    found: Transform, arrays: Sequence[np.ndarray], dimensions: np.ndarray, steps: np.ndarray
) -> None:
    table = (ctypes.c_void_p * len(arrays))(*(x.ctypes.data for x in arrays))
    _LOOP(found.address)(table, dimensions.ctypes.data, steps.ctypes.data, found.data or None)
