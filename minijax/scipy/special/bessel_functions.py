"""Modified Bessel functions of the first kind."""

from __future__ import annotations

from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.primitives import special_functions
from minijax.scipy.operands import one


def i0e(x: Any) -> Array:
    """Returns e^-|x| I₀(x) elementwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> float(jsp.special.i0e(0.0))
        1.0
    """
    return special_functions.bessel_i0e(one("special.i0e", x))


def i0(x: Any) -> Array:
    """Returns I₀(x) elementwise."""
    x = one("special.i0", x)
    return jnp.exp(jnp.abs(x)) * special_functions.bessel_i0e(x)


def i1e(x: Any) -> Array:
    """Returns e^-|x| I₁(x) elementwise."""
    return special_functions.bessel_i1e(one("special.i1e", x))


def i1(x: Any) -> Array:
    """Returns I₁(x) elementwise."""
    x = one("special.i1", x)
    return jnp.exp(jnp.abs(x)) * special_functions.bessel_i1e(x)
