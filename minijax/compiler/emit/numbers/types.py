"""How elements of each dtype look in registers and in memory.

| dtype          | register          | memory          |
|----------------|-------------------|-----------------|
| bool           | i1                | i8              |
| integers, keys | iN                | iN              |
| f32, f64       | float, double     | the same        |
| f16, bf16      | float, rounded    | i16             |
| complex        | two of its parts  | real, imaginary |

A *scalar* is the tuple of names that hold one element: one name, or two for a complex number.
"""

from __future__ import annotations

import functools

import numpy as np

from minijax.compiler.text import literal
from minijax.core import dtypes
from minijax.core.records import record

Scalar = tuple[str, ...]
NARROW = (dtypes.float16, dtypes.bfloat16)
_FLOAT_BITS = {"double": 64, "float": 32}


@record(eq=True)
class Layout:
    """The LLVM types of one element, or of each part of a complex one."""

    register: str
    memory: str
    parts: int
    align: int


@functools.cache
def layout(dtype: np.dtype) -> Layout:
    """Returns the types of a dtype's elements."""
    if dtype == dtypes.bool_:
        return Layout("i1", "i8", 1, 1)
    if dtype in NARROW:
        return Layout("float", "i16", 1, 2)
    if dtype == dtypes.key_dtype:
        return Layout("i64", "i64", 1, 4)
    if dtype == dtypes.float0:
        return Layout("i8", "i8", 0, 1)  # no part: nothing is loaded or stored
    if dtypes.is_integer(dtype):
        return Layout(*(f"i{8 * dtype.itemsize}",) * 2, 1, dtype.itemsize)
    size = dtypes.real_dtype(dtype).itemsize
    name = {4: "float", 8: "double"}[size]
    return Layout(name, name, 2 if dtypes.is_complex(dtype) else 1, size)


def bits_of(ty: str) -> int:
    """Returns how many bits an LLVM type of a number has."""
    return _FLOAT_BITS.get(ty) or int(ty[1:])


def registers(dtype: np.dtype) -> tuple[str, ...]:
    """Returns the register types of a scalar."""
    shape = layout(dtype)
    return (shape.register,) * shape.parts


def constant(value: np.ndarray) -> Scalar:
    """Returns a constant of any dtype as a scalar."""
    dtype = value.dtype
    if dtype == dtypes.float0:
        return ()
    if dtype == dtypes.key_dtype:
        return (str(int(np.frombuffer(value.tobytes(), np.int64)[0])),)
    if dtypes.is_complex(dtype):
        ty = layout(dtype).register
        return literal_float(ty, value.real), literal_float(ty, value.imag)
    if dtypes.is_float(dtype):
        return (literal_float(layout(dtype).register, value),)
    if dtype == dtypes.bool_:
        return ("true" if value else "false",)
    return (str(int(value)),)


def literal_float(ty: str, value: object) -> str:
    """Returns a float constant, exact to the bit."""
    return literal(ty, float(value))  # type: ignore[arg-type]
