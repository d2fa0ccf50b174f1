"""Building small kernel programs by hand, as tests of the language need them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.kernel.build import KernelBuilder
from minijax.kernel.roots import Program, Value

F64 = np.dtype(np.float64)
I64 = np.dtype(np.int64)


def array(*shape: int, dtype: np.dtype = F64) -> ShapedArray:
    """Returns the aval of an array; float64 unless another dtype is given."""
    return ShapedArray(shape, np.dtype(dtype))


def build(avals: Sequence[ShapedArray], body: Callable[..., Sequence[Value]]) -> Program:
    """Returns the program of `body(k, *inputs) -> outputs`."""
    k = KernelBuilder()
    inputs = tuple(Value(aval, k) for aval in avals)
    outputs = tuple(body(k, *inputs))
    return Program(inputs, tuple(k.definitions), outputs, tuple(k.literals))
