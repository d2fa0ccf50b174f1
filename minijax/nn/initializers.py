"""Initial values for parameters: functions that take a key, a shape and a dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax import random
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.core.source import guard_functions as _guard_functions

Initializer = Callable[..., Array]
Axes = int | Sequence[int]


def _dtype(dtype: Any) -> np.dtype:
    return dtypes.canonical(float if dtype is None else dtype)


def zeros(key: Any, shape: Sequence[int], dtype: Any = None) -> Array:
    """Returns zeros; the key is not used."""
    return jnp.zeros(shape, _dtype(dtype))


def ones(key: Any, shape: Sequence[int], dtype: Any = None) -> Array:
    """Returns ones; the key is not used."""
    return jnp.ones(shape, _dtype(dtype))


def constant(value: Any, dtype: Any = None) -> Initializer:
    """Makes an initializer that fills with a value."""
    default = dtype

    @api_boundary
    def init(key: Any, shape: Sequence[int], dtype: Any = default) -> Array:
        return jnp.full(shape, value, _dtype(dtype))

    return init


def uniform(scale: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Makes an initializer that draws uniformly from [0, scale)."""
    default = dtype

    @api_boundary
    def init(key: Any, shape: Sequence[int], dtype: Any = default) -> Array:
        found = _dtype(dtype)
        return random.uniform(key, shape, found) * jnp.asarray(scale, found)

    return init


def normal(stddev: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Makes an initializer that draws normal numbers of mean 0."""
    default = dtype

    @api_boundary
    def init(key: Any, shape: Sequence[int], dtype: Any = default) -> Array:
        found = _dtype(dtype)
        return random.normal(key, shape, found) * jnp.asarray(stddev, found)

    return init


def truncated_normal(
    stddev: Any = 1e-2, dtype: Any = None, lower: Any = -2.0, upper: Any = 2.0
) -> Initializer:
    """Makes an initializer of normal numbers cut off at `lower` and `upper` deviations."""
    default = dtype

    @api_boundary
    def init(key: Any, shape: Sequence[int], dtype: Any = default) -> Array:
        found = _dtype(dtype)
        draws = random.truncated_normal(key, lower, upper, shape, found)
        return draws * jnp.asarray(stddev, found)

    return init


def _product(shape: Sequence[int], axes: Axes) -> int:
    return math.prod(shape[axis] for axis in ([axes] if isinstance(axes, int) else axes))


def _fans(shape: Sequence[int], inputs: Axes, outputs: Axes, batch: Axes) -> tuple[float, float]:
    if len(shape) < 2:
        raise ValueError(
            f"variance_scaling needs a shape with an input and an output axis, got {tuple(shape)}."
        )
    n_in, n_out = _product(shape, inputs), _product(shape, outputs)
    # Axes that are none of these are the window of a convolution.
    window = math.prod(shape) / max(n_in * n_out * _product(shape, batch), 1)
    return n_in * window, n_out * window


_FANS: dict[str, Callable[[float, float], float]] = {
    "fan_in": lambda n_in, n_out: n_in,
    "fan_out": lambda n_in, n_out: n_out,
    "fan_avg": lambda n_in, n_out: (n_in + n_out) / 2,
    "fan_geo_avg": lambda n_in, n_out: math.sqrt(n_in * n_out),
}
# The deviation of a standard normal number cut off at ±2.
_CUT_DEVIATION = 0.87962566103423978


def variance_scaling(
    scale: Any,
    mode: str,
    distribution: str,
    in_axis: Axes = -2,
    out_axis: Axes = -1,
    batch_axis: Axes = (),
    dtype: Any = None,
) -> Initializer:
    """Makes an initializer of variance scale / n, with n a number of inputs or outputs.

    Args:
        scale: the factor.
        mode: "fan_in", "fan_out", "fan_avg" or "fan_geo_avg": what n is.
        distribution: "truncated_normal", "normal" or "uniform".
        in_axis, out_axis, batch_axis: the axes of inputs, of outputs, and those left aside.
        dtype: the dtype of the result.

    Raises:
        ValueError: if there is no such mode or distribution.
    """
    if mode not in _FANS:
        raise ValueError(f"variance_scaling: mode must be one of {list(_FANS)}, got {mode!r}.")
    if distribution not in ("truncated_normal", "normal", "uniform"):
        raise ValueError(
            'variance_scaling: distribution must be "truncated_normal", "normal" or "uniform", '
            f"got {distribution!r}."
        )
    default = dtype

    @api_boundary
    def init(key: Any, shape: Sequence[int], dtype: Any = default) -> Array:
        found = _dtype(dtype)
        n = _FANS[mode](*_fans(shape, in_axis, out_axis, batch_axis))
        variance = jnp.asarray(scale / n, found)
        if distribution == "normal":
            return random.normal(key, shape, found) * jnp.sqrt(variance)
        if distribution == "uniform":
            return random.uniform(key, shape, found, -1.0) * jnp.sqrt(3 * variance)
        deviation = jnp.sqrt(variance) / jnp.asarray(_CUT_DEVIATION, found)
        return random.truncated_normal(key, -2, 2, shape, found) * deviation

    return init


def _scaled(name: str, scale: float, mode: str, distribution: str) -> Callable[..., Initializer]:
    def make(
        in_axis: Axes = -2, out_axis: Axes = -1, batch_axis: Axes = (), dtype: Any = None
    ) -> Initializer:
        return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"Makes `variance_scaling({scale}, {mode!r}, {distribution!r})`."
    return make


glorot_uniform = _scaled("glorot_uniform", 1.0, "fan_avg", "uniform")
glorot_normal = _scaled("glorot_normal", 1.0, "fan_avg", "truncated_normal")
lecun_uniform = _scaled("lecun_uniform", 1.0, "fan_in", "uniform")
lecun_normal = _scaled("lecun_normal", 1.0, "fan_in", "truncated_normal")
he_uniform = _scaled("he_uniform", 2.0, "fan_in", "uniform")
he_normal = _scaled("he_normal", 2.0, "fan_in", "truncated_normal")
xavier_uniform, xavier_normal = glorot_uniform, glorot_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal

_guard_functions(globals())
