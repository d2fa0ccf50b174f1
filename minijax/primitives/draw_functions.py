"""Elementary functions as random draws are made of them.

Draws are reproducible to the bit, on every machine and in every version. So the functions in them
keep to one sequence of operations, that of XLA on a CPU, while `lax.log` and the others may become
more exact or faster.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from minijax.core.dtypes import FLOAT
from minijax.core.operators import Array
from minijax.kernel.scalars import install_special_functions
from minijax.primitives import approximations
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.exponential import exp
from minijax.primitives.families import match, scalar_like, unary
from minijax.primitives.powers import square
from minijax.primitives.scaling import unscale

_HALF_ROOT_PI = math.sqrt(math.pi) / 2


def _tan_element(k: Any, x: Any) -> Any:
    return k.special("c_tan", x)


def _one(x: Any) -> Any:
    return scalar_like(1, x.dtype)


def _gauss(t: Any, x: Any) -> Any:
    factor = scalar_like(2 / math.sqrt(math.pi), x.dtype)
    return mul(t, mul(factor, exp(neg(square(x)))))


def _c_erf(x: np.ndarray) -> np.ndarray:
    return np.asarray(importlib.import_module("scipy.special").erf(x))


install_special_functions({"c_log": np.log, "c_erf": _c_erf, "c_tan": np.tan})

draw_log_p = unary(
    "draw_log",
    approximations.on_arrays(approximations.log),
    on=FLOAT,
    tangent=lambda t, x, y: unscale(t, x),
    element=approximations.log,
)
draw_log1p_p = unary(
    "draw_log1p",
    approximations.on_arrays(approximations.log1p),
    on=FLOAT,
    tangent=lambda t, x, y: unscale(t, add(x, _one(x))),
    element=approximations.log1p,
)
draw_erf_p = unary(
    "draw_erf",
    approximations.on_arrays(approximations.erf),
    on=FLOAT,
    tangent=lambda t, x, y: _gauss(t, x),
    element=approximations.erf,
)
draw_erf_inv_p = unary(
    "draw_erf_inv",
    approximations.on_arrays(approximations.erf_inv),
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, mul(scalar_like(_HALF_ROOT_PI, y.dtype), exp(square(y)))),
    element=approximations.erf_inv,
)
draw_tan_p = unary(
    "draw_tan",
    np.tan,
    on=FLOAT,
    tangent=lambda t, x, y: mul(t, add(_one(y), square(y))),
    element=_tan_element,
)


def draw_log(x: Any) -> Array:
    """Returns the natural logarithm of floats, as draws are made of it."""
    return draw_log_p.bind(*match(x))[0]


def draw_log1p(x: Any) -> Array:
    """Returns log(1 + x) of floats, as draws are made of it."""
    return draw_log1p_p.bind(*match(x))[0]


def draw_erf(x: Any) -> Array:
    """Returns the error function of floats, as draws are made of it."""
    return draw_erf_p.bind(*match(x))[0]


def draw_erf_inv(x: Any) -> Array:
    """Returns the inverse of the error function of floats, as draws are made of it."""
    return draw_erf_inv_p.bind(*match(x))[0]


def draw_tan(x: Any) -> Array:
    """Returns the tangent of floats, as draws are made of it."""
    return draw_tan_p.bind(*match(x))[0]
