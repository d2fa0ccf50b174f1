"""NumPy's own sorting functions, found through its table of C functions.

A dtype has two of interest here:

    i32 sort(ptr values, i64 n, ptr array)
    i32 argsort(ptr values, ptr order, i64 n, ptr array)

Numbers need no `array`: null does. For items of two bytes and more (values) or four and more
(orders) it is the fast sort, which does not keep the order of equals; below that the stable one.
The result is not 0 where working memory was refused. `quicksort` is the fast one of values whatever
their size, which sorts short rows of bytes before the stable one has cleared its counters.
"""

from __future__ import annotations

import ctypes
import functools
import importlib

import numpy as np

_MODULE = "numpy._core._multiarray_umath"
_ABI_VERSION, _GET_FUNCTIONS = 0, 365  # in the table
_ABI = 0x2000000
# Bytes into the functions of a dtype: for each three kinds.
_PLACES = {"sort": 264, "quicksort": 264, "argsort": 288}
_FAST, _STABLE = 0, 2
_SMALLEST_FAST = {"sort": 2, "quicksort": 1, "argsort": 4}
_DTYPES = tuple(map(np.dtype, ("f8", "f4", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")))


def is_fast(kind: str, dtype: np.dtype) -> bool:
    """Tells whether a function is the fast one, which does not keep the order of equals.

    Args:
        kind: "sort" or "argsort".
        dtype: the dtype of the values.
    """
    return dtype.itemsize >= _SMALLEST_FAST[kind]


def available(dtype: np.dtype) -> bool:
    """Tells whether there are functions for a dtype, at places that are known."""
    return dtype in _DTYPES and _table() is not None


def address(kind: str, dtype_name: str) -> int:
    """Returns the address of a function.

    Args:
        kind: "sort", "quicksort" or "argsort".
        dtype_name: of a number.

    Raises:
        LookupError: if it is not known.
    """
    dtype = np.dtype(dtype_name)
    table = _table()
    if table is None or dtype not in _DTYPES:
        raise LookupError(f"NumPy's {kind} of {dtype_name} is not where it should be")
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(_word(table, _GET_FUNCTIONS))
    functions: int = get(dtype)
    at = _FAST if is_fast(kind, dtype) else _STABLE
    return _word(functions + _PLACES[kind], at)


def _word(start: int, number: int) -> int:
    return ctypes.c_uint64.from_address(start + 8 * number).value


@functools.cache
def _table() -> int | None:
    """Returns the address of the table, None where another version of NumPy lays it out."""
    if ctypes.sizeof(ctypes.c_void_p) != 8 or np.lib.NumpyVersion(np.__version__) < "2.0.0":
        return None
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table: int = pointer(importlib.import_module(_MODULE)._ARRAY_API, None)
    version = ctypes.PYFUNCTYPE(ctypes.c_uint)(_word(table, _ABI_VERSION))
    return table if version() == _ABI else None
