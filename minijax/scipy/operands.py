"""How functions of this package take their arguments."""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.promotion import broadcast, promote_dtypes
from minijax.numpy.promotion import strong as strong


def floating(name: str, *values: Any) -> list[Array]:
    """Returns arguments in their common floating dtype, with shapes that broadcast.

    Args:
        name: the function, for messages.
        *values: arrays and numbers; integers become floating numbers.

    Raises:
        TypeError: if an argument is no array and no number.
        ValueError: if the shapes do not broadcast.
    """
    promoted = promote_dtypes(f"scipy.{name}", *values, inexact=True)
    return list(broadcast(f"scipy.{name}", promoted))


def one(name: str, x: Any) -> Array:
    """Returns an argument as an array of a floating dtype."""
    return floating(name, x)[0]


def real_floating(name: str, *values: Any) -> list[Array]:
    """Returns arguments as `floating` does.

    Raises:
        TypeError: if they are complex too.
    """
    found = floating(name, *values)
    if found and dtypes.is_complex(found[0].dtype):
        raise TypeError(f"scipy.{name} takes real arrays, got {found[0].dtype}: take x.real.")
    return found
