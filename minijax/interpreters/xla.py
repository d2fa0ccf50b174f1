"""What values operations take, under the names that other libraries use."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array
from minijax.core.array import aval_of as abstractify
from minijax.core.primitive import Primitive
from minijax.core.trace import EVAL, set_trace

__all__ = [
    "abstractify",
    "apply_primitive",
    "canonicalize_dtype",
    "canonicalize_dtype_handlers",
    "pytype_aval_mappings",
]

_VALUES = (ConcreteArray, np.ndarray, np.generic, bool, int, float, complex)

# Type of a value -> its aval; and -> the value with a dtype that arrays may have. Operations do not
# look here: objects with `__jax_array__` are arrays to them.
pytype_aval_mappings: dict[type, Any] = dict.fromkeys(_VALUES, aval_of)
canonicalize_dtype_handlers: dict[type, Any] = dict.fromkeys(_VALUES, to_array)

canonicalize_dtype = dtypes.canonical


def apply_primitive(prim: Primitive, *args: Any, **params: Any) -> Any:
    """Applies a primitive at once."""
    with set_trace(EVAL):
        return prim.bind(*args, **params)
