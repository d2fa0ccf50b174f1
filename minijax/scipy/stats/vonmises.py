"""Von Mises' distribution on the circle."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpdf(x: Any, kappa: Any) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: angles.
        kappa: the concentration, above 0; the result is NaN otherwise.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.vonmises.logpdf(0.0, 1.0)
        Array(-1.07379142, dtype=float64, weak_type=True)
    """
    x, kappa = floating("stats.vonmises.logpdf", x, kappa)
    # cos(x) - 1 and the scaled Bessel function do not overflow where κ is large.
    found = kappa * (jnp.cos(x) - 1) - jnp.log(2 * math.pi * special.i0e(kappa))
    return jnp.where(kappa > 0, found, jnp.nan)


def pdf(x: Any, kappa: Any) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        kappa: the concentration.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.vonmises.pdf(0.5, 1.0)), 6)
        0.302338
    """
    return jnp.exp(logpdf(x, kappa))


_guard_functions(globals())
