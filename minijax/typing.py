"""Types for annotations: what functions of arrays take.

>>> from minijax.typing import ArrayLike
>>> import minijax as mj
>>> def double(x: ArrayLike) -> mj.Array:
...     return mj.numpy.multiply(x, 2)
"""

from __future__ import annotations

from typing import Any, Protocol, Union

import numpy as np

from minijax.core.operators import Array


class SupportsDType(Protocol):
    """Anything with a dtype."""

    @property
    def dtype(self) -> np.dtype:
        """The dtype."""
        ...


ArrayLike = Union[Array, np.ndarray, np.bool_, np.number, bool, int, float, complex]  # noqa: UP007
DTypeLike = Union[str, type[Any], np.dtype, SupportsDType]  # noqa: UP007

__all__ = ["ArrayLike", "DTypeLike"]
