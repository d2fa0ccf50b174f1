"""The scalar types `float32`, `int64`, …: dtypes that can be called to make arrays.

>>> import minijax.numpy as jnp
>>> jnp.float32(1.5), jnp.dtype(jnp.float32), jnp.float32 == jnp.ones(1, "float32").dtype
(Array(1.5, dtype=float32), dtype('float32'), True)
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.creation import asarray
from minijax.numpy.promotion import strong


class ScalarType(type):
    """The type of the scalar types: equal to their dtype and callable."""

    dtype: np.dtype

    def __call__(cls, x: Any) -> Array:
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

# Formats for storage elsewhere: they have a name and limits, but arrays cannot hold them.
float8_e3m4, float8_e4m3, float8_e4m3b11fnuz, float8_e4m3fn, float8_e4m3fnuz = (
    _scalar_type(np.dtype(getattr(ml_dtypes, f"float8_{form}")))
    for form in ("e3m4", "e4m3", "e4m3b11fnuz", "e4m3fn", "e4m3fnuz")
)
float8_e5m2, float8_e5m2fnuz, float8_e8m0fnu = (
    _scalar_type(np.dtype(getattr(ml_dtypes, f"float8_{form}")))
    for form in ("e5m2", "e5m2fnuz", "e8m0fnu")
)
float4_e2m1fn, float6_e2m3fn, float6_e3m2fn = (
    _scalar_type(np.dtype(getattr(ml_dtypes, name)))
    for name in ("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn")
)
int1, int2, int4, uint1, uint2, uint4 = (
    _scalar_type(np.dtype(getattr(ml_dtypes, name)))
    for name in ("int1", "int2", "int4", "uint1", "uint2", "uint4")
)
