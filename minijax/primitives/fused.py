"""fma: a product and a sum that round once."""

from __future__ import annotations

from typing import Any

from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.kernel.scalars import fused_multiply_add
from minijax.primitives.arithmetic import mul
from minijax.primitives.families import match, nary

fma_p = nary(
    "fma",
    fused_multiply_add,
    on=FLOAT,
    tangents=(
        lambda t, x, y, z, out: mul(t, y),
        lambda t, x, y, z, out: mul(t, x),
        lambda t, x, y, z, out: t,
    ),
    element=lambda k, x, y, z: k.fma(x, y, z),
)


def fma(x: Any, y: Any, z: Any) -> Array:
    """Returns x·y + z elementwise, rounded once.

    Compiled programs may fuse a product and a sum, and which ones they do depends on what is
    around them; a result that must not depend on it is written with this function.

    Args:
        x, y, z: float arrays of one dtype and one shape, or of rank 0.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.primitives.fused import fma
        >>> bool(fma(jnp.array(0.1), 10.0, -1.0) == 2.0**-54)
        True
    """
    return fma_p.bind(*match(x, y, z))[0]
