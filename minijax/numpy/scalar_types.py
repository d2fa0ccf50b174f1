"""The scalar types `float32`, `int64`, …: dtypes that can be called to make arrays.

>>> import minijax.numpy as jnp
>>> jnp.float32(1.5), jnp.dtype(jnp.float32), jnp.float32 == jnp.ones(1, "float32").dtype
(Array(1.5, dtype=float32), dtype('float32'), True)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.creation import asarray
from minijax.numpy.promotion import strong


class ScalarType(type):
    """The type of the scalar types: equal to their dtype and callable."""

    dtype: np.dtype

    def __call__(cls, x: Any = 0) -> Array:
        return strong(asarray(x, dtype=cls.dtype))

    def __eq__(cls, other: object) -> bool:
        if cls is other:
            return True
        try:
            return bool(cls.dtype == other)
        except TypeError:
            return False

    def __hash__(cls) -> int:
        return hash(cls.dtype.type)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.dtype.type)

    def __repr__(cls) -> str:
        return f"<class 'minijax.numpy.{cls.__name__}'>"


def _scalar_type(dtype: np.dtype, name: str | None = None) -> Any:
    text = f"The dtype {dtype.name}; called, it converts a number or a list to an array of it."
    members = {"dtype": dtype, "__doc__": text, "__module__": "minijax.numpy"}
    return ScalarType(name or dtype.name, (object,), members)


bool_ = _scalar_type(dtypes.bool_, "bool")
int8, int16, int32, int64 = map(_scalar_type, dtypes.SIGNED)
uint8, uint16, uint32, uint64 = map(_scalar_type, dtypes.UNSIGNED)
bfloat16, float16, float32, float64 = (_scalar_type(dtype) for dtype in dtypes.FLOAT)
complex64, complex128 = (_scalar_type(dtype) for dtype in dtypes.COMPLEX)

int_, uint, float_, complex_ = int64, uint64, float64, complex128
single, double, csingle, cdouble = float32, float64, complex64, complex128
