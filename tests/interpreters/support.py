"""What tests of the interpreters share: avals, programs, recording which operations ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minijax.primitives.arithmetic  # noqa: F401 - gives array avals their vector space
from minijax.core.array import to_array, value_of
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.stage import stage_closed


def f64(*shape: int) -> ShapedArray:
    """Returns the aval of a float64 array."""
    return ShapedArray(shape, np.dtype(np.float64))


def i64(*shape: int) -> ShapedArray:
    """Returns the aval of an int64 array."""
    return ShapedArray(shape, np.dtype(np.int64))


def numpy(x: Any) -> np.ndarray:
    """Returns an array as a NumPy array."""
    return np.asarray(value_of(x))


def x(*elements: float) -> Any:
    """Returns a float64 vector."""
    return to_array(np.array(elements))


def operations(jaxpr: Jaxpr) -> list[str]:
    """Returns the names of the primitives that a program applies, in order."""
    return [eqn.primitive.name for eqn in jaxpr.eqns]


def staged(fun: Callable[..., Sequence[Any]], *avals: ShapedArray) -> Jaxpr:
    """Returns the closed program of a function of flat values."""
    return stage_closed(fun, avals)
