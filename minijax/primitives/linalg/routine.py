"""LAPACK routines: how compiled code calls one, and how NumPy arrays go through it.

LAPACK reads memory column by column: what it sees of a row-major matrix is the transpose. A routine
is stated for what it sees: `evaluate` takes and returns matrices as LAPACK sees them, `results` are
shapes in memory. Every `info` is a result of shape (1,).
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import int32
from minijax.core.quiet import quiet
from minijax.core.records import record
from minijax.kernel.roots import NativeCall

Axes = tuple[int, ...]
BLOCK = 64  # columns that blocked LAPACK routines take at a time; for working memories
UNBLOCKED = 32  # reflections at most that LAPACK applies one by one in any case
INFO = ((1,), int32)

_LETTER = {
    dtypes.float32: "s",
    dtypes.float64: "d",
    dtypes.complex64: "c",
    dtypes.complex128: "z",
}
SUPPORTED = tuple(_LETTER)


@record(eq=True)
class Routine:
    """What native functions do with one matrix (or a few that belong together).

    Attributes:
        calls: the native calls.
        results: shape in memory and dtype of each result.
        evaluate: the same for arrays in Fortran order: operands to results.
        start: pairs (result, operand) where the result starts as a copy of the operand.
        work: bytes of the working memories.
    """

    calls: tuple[NativeCall, ...]
    results: tuple[tuple[Axes, np.dtype], ...]
    evaluate: Callable[..., Sequence[Any]]
    start: tuple[tuple[int, int], ...] = ()
    work: tuple[int, ...] = ()


def letter(dtype: np.dtype) -> str:
    """Returns the letter of a dtype in LAPACK's names."""
    return _LETTER[dtype]


def call(symbol: str, *arguments: Any) -> NativeCall:
    """Returns a call; a str is a character, an int an integer, a pair stands as it is."""
    kinds = {str: "char", int: "int", float: "float"}
    return NativeCall(
        symbol, tuple(x if isinstance(x, tuple) else (kinds[type(x)], x) for x in arguments)
    )


@functools.cache
def wrapped(name: str) -> Callable[..., Any]:
    """Returns SciPy's wrapping of a routine, such as "lapack_dpotrf" or "blas_dtrsm"."""
    library, _, routine = name.partition("_")
    found: Callable[..., Any] = getattr(importlib.import_module(f"scipy.linalg.{library}"), routine)
    return found


def run(routine: Routine, batch: Axes, *operands: np.ndarray) -> list[np.ndarray]:
    """Applies a routine to each matrix of a batch.

    Args:
        routine: the routine.
        batch: the lengths of the leading axes.
        operands: arrays with these leading axes.

    Returns:
        Arrays with these leading axes, one for each result of the routine.
    """
    count = math.prod(batch)
    outs = [np.empty((count, *shape), dtype) for shape, dtype in routine.results]
    flat = [x.reshape(count, *x.shape[len(batch) :]) for x in operands]
    with quiet():
        for i in range(count):
            results = routine.evaluate(*(x[i].T for x in flat))
            for out, result in zip(outs, results, strict=True):
                out[i] = np.asarray(result).T
    return [x.reshape(*batch, *x.shape[1:]) for x in outs]


def native(k: Any, routine: Routine, batch: Axes, *operands: Any) -> tuple[Any, ...]:
    """Returns the kernel values that a routine makes of batches of matrices."""
    avals = [ShapedArray((*batch, *shape), dtype) for shape, dtype in routine.results]
    return k.native(
        avals,
        routine.calls,
        operands,
        batch,
        functools.partial(run, routine, batch),
        routine.start,
        routine.work,
    )
