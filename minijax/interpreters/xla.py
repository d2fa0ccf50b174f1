"""What values operations take, under the names that other libraries use."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of as abstractify
from minijax.core.array import to_array
from minijax.core.evaluation import pytype_aval_mappings
from minijax.core.primitive import Primitive
from minijax.core.trace import EVAL, set_trace

__all__ = [
    "abstractify",
    "apply_primitive",
    "canonicalize_dtype",
    "canonicalize_dtype_handlers",
    "pytype_aval_mappings",
]

# Type of a value -> the value with a dtype that arrays may have.
canonicalize_dtype_handlers: dict[type, Any] = dict.fromkeys(pytype_aval_mappings, to_array)

canonicalize_dtype = dtypes.canonical


def apply_primitive(prim: Primitive, *args: Any, **params: Any) -> Any:
    """Applies a primitive at once."""
    with set_trace(EVAL):
        return prim.bind(*args, **params)
