"""NumPy's own Fourier transforms: the loops of the generalised ufuncs that `numpy.fft` calls.

Since version 2 a transform along one axis is a ufunc (`ufunc_loops`). Its operands are an array and
a factor. `dimensions` are the number of transforms and the lengths of the operand's and the
result's axis; `steps` are bytes: from transform to transform for operand, factor and result, then
along the axes of operand and result. Operand and result may be the same memory.

Before it is believed, one small transform is compared with what `numpy.fft` makes of it.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minijax.compiler import ufunc_loops
from minijax.compiler.ufunc_loops import Loop

_MODULE = "numpy.fft._pocketfft_umath"
# Each with the dtypes of operand and result, next to one of real numbers.
_KINDS = {
    "fft": ("complex", "complex"),
    "ifft": ("complex", "complex"),
    "rfft_n_even": ("real", "complex"),
    "rfft_n_odd": ("real", "complex"),
    "irfft": ("complex", "real"),
}
_COMPLEX = {"float32": "complex64", "float64": "complex128"}


@functools.cache
def transform(kind: str, real: str) -> Loop:
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


def _read(kind: str, real: str) -> Loop | None:
    try:
        ufunc = getattr(importlib.import_module(_MODULE), kind)
    except (ImportError, AttributeError):
        return None
    types = "{}{}->{}".format(*(dtype.char for dtype in _dtypes(kind, real)))
    return ufunc_loops.read(ufunc, types)


def _agrees(kind: str, real: str, found: Loop) -> bool:
    """Tells whether a loop does to two rows what `numpy.fft` does to them."""
    source, _, target = _dtypes(kind, real)
    n = 5 if kind == "rfft_n_odd" else 6
    operand_length = n // 2 + 1 if kind == "irfft" else n
    result_length = n // 2 + 1 if kind.startswith("rfft") else n
    x = np.arange(1, 2 * operand_length + 1).reshape(2, operand_length).astype(source)
    out = np.zeros((2, result_length), target)
    factor = np.full((), 1 / n if kind.startswith("i") else 1, real)
    steps = (x.strides[0], 0, out.strides[0], x.itemsize, out.itemsize)
    ufunc_loops.call(found, (x, factor, out), (2, operand_length, result_length), steps)
    wanted: Any = getattr(np.fft, kind.partition("_")[0])(x, n)
    return bool(np.allclose(out, wanted, 1e-4))
