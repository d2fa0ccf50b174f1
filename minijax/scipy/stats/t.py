"""Student's t distribution."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy import special
from minijax.scipy.operands import floating


def logpdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the logarithm of the density elementwise.

    Args:
        x: where.
        df: the degrees of freedom.
        loc, scale: location and scale.

    Example:
        >>> import minijax.scipy as jsp
        >>> jsp.stats.t.logpdf(0.0, 1.0)
        Array(-1.14472989, dtype=float64, weak_type=True)
    """
    x, df, loc, scale = floating("stats.t.logpdf", x, df, loc, scale)
    z = (x - loc) / scale
    above = (df + 1) / 2
    size = special.gammaln(df / 2) - special.gammaln(above) + 0.5 * jnp.log(df * math.pi)
    return -size - jnp.log(scale) - above * jnp.log1p(z * z / df)


def pdf(x: Any, df: Any, loc: Any = 0, scale: Any = 1) -> Array:
    """Returns the density elementwise.

    Args:
        x: where to evaluate.
        df: the degrees of freedom.
        loc: the shift.
        scale: the stretch.

    Example:
        >>> import minijax.scipy as jsp
        >>> round(float(jsp.stats.t.pdf(0.5, 3.0)), 6)
        0.313181
    """
    return jnp.exp(logpdf(x, df, loc, scale))


_guard_functions(globals())
