"""Exchange of arrays with other libraries through DLPack."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.numpy import from_dlpack as from_dlpack
from minijax.numpy.dtypes import to_dtype

__all__ = ["from_dlpack", "is_supported_dtype"]


def is_supported_dtype(dtype: Any) -> bool:
    """Returns whether arrays of a dtype can be exchanged.

    Example:
        >>> is_supported_dtype("float32")
        True
    """
    return to_dtype(dtype) in (*dtypes.ALL,)
