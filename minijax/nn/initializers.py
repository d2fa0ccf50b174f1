"""Initial values for parameters: functions that take a key, a shape and a dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from minijax import numpy as jnp
from minijax import random
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.core.source import api_boundary
from minijax.core.source import guard_functions as _guard_functions

Axes = int | Sequence[int]


@runtime_checkable
class Initializer(Protocol):
    """A function that makes initial values from a key, a shape and a dtype."""

    def __call__(
        self, key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None
    ) -> Array: ...


def _dtype(dtype: Any) -> np.dtype:
    return dtypes.canonical(float if dtype is None else dtype)


def zeros(key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None) -> Array:
    """Returns zeros; the key is not used.

    Args:
        key: not used.
        shape: the shape of the array.
        dtype: its dtype; by default float64.
        out_sharding: accepted for compatibility.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> initializers.zeros(random.key(0), (3,))
        Array([0., 0., 0.], dtype=float64)
    """
    return jnp.zeros(shape, _dtype(dtype))


def ones(key: Any, shape: Sequence[int], dtype: Any = None, out_sharding: Any = None) -> Array:
    """Returns ones; the key is not used.

    Args:
        key: not used.
        shape: the shape of the array.
        dtype: its dtype; by default float64.
        out_sharding: accepted for compatibility.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> initializers.ones(random.key(0), (3,), 'float32')
        Array([1., 1., 1.], dtype=float32)
    """
    return jnp.ones(shape, _dtype(dtype))


def constant(value: Any, dtype: Any = None) -> Initializer:
    """Makes an initializer that fills with a value.

    Args:
        value: the value.
        dtype: the dtype of the arrays; by default float64.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> initializers.constant(7)(random.key(0), (2,))
        Array([7., 7.], dtype=float64)
    """
    default = dtype

    @api_boundary
    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        return jnp.full(shape, value, _dtype(dtype))

    return init


def uniform(scale: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Makes an initializer that draws uniformly from [0, scale).

    Args:
        scale: the upper end.
        dtype: the dtype of the arrays; by default float64.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> drawn = initializers.uniform(0.5)(random.key(0), (100,))
        >>> bool(((drawn >= 0) & (drawn < 0.5)).all())
        True
    """
    default = dtype

    @api_boundary
    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        found = _dtype(dtype)
        return random.uniform(key, shape, found) * jnp.asarray(scale, found)

    return init


def normal(stddev: Any = 1e-2, dtype: Any = None) -> Initializer:
    """Makes an initializer that draws normal numbers of mean 0.

    Args:
        stddev: the standard deviation.
        dtype: the dtype of the arrays; by default float64.

    Returns:
        A function of a key, a shape and a dtype, which returns an array of that shape.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> drawn = initializers.normal(0.5)(random.key(0), (100, 100))
        >>> bool(abs(drawn.std() - 0.5) < 0.02)
        True
    """
    default = dtype

    @api_boundary
    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        found = _dtype(dtype)
        return random.normal(key, shape, found) * jnp.asarray(stddev, found)

    return init


def truncated_normal(
    stddev: Any = 1e-2, dtype: Any = None, lower: Any = -2.0, upper: Any = 2.0
) -> Initializer:
    """Makes an initializer of normal numbers of mean 0, none beyond `lower` or `upper` deviations.

    The deviation is that of the distribution before it is cut off; that of the numbers is smaller.

    Args:
        stddev: the standard deviation before the cut.
        dtype: the dtype of the arrays; by default float64.
        lower, upper: the bounds, in units of `stddev`.

    Returns:
        A function of a key, a shape and a dtype, which returns an array of that shape.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> drawn = initializers.truncated_normal(0.1)(random.key(0), (1000,))
        >>> bool((abs(drawn) <= 0.2).all())
        True
    """
    default = dtype

    @api_boundary
    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
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
# The deviation of a standard normal number cut off at ±2, and of a complex one cut off at 2.
_CUT_DEVIATION = 0.87962566103423978
_CUT_COMPLEX_DEVIATION = 0.95311164380491208


def _in_disc(key: Any, shape: Sequence[int], dtype: np.dtype, distribution: str) -> Array:
    """Draws complex numbers of variance 1: uniform in a disc, or normal and cut off at 2."""
    first, second = random.split(key)
    real = dtypes.real_dtype(dtype)
    u = random.uniform(first, shape, real)
    angle = 2 * np.pi * random.uniform(second, shape, real).astype(dtype)
    if distribution == "uniform":
        radius = jnp.sqrt(2 * u)
    else:
        part = (1 - np.exp(np.asarray(-4, real))) * u
        radius = jnp.sqrt(-jnp.log(1 - part)) / np.asarray(_CUT_COMPLEX_DEVIATION, real)
    return radius.astype(dtype) * jnp.exp(1j * angle)


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

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> init = initializers.variance_scaling(2.0, 'fan_in', 'normal')
        >>> drawn = init(random.key(0), (50, 200))
        >>> round(float(drawn.var() * 50), 1)
        2.0
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
    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        found = _dtype(dtype)
        n = _FANS[mode](*_fans(shape, in_axis, out_axis, batch_axis))
        variance = jnp.asarray(scale / n, found)
        if distribution == "normal":
            return random.normal(key, shape, found) * jnp.sqrt(variance)
        if dtypes.is_complex(found):
            return _in_disc(key, shape, found, distribution) * jnp.sqrt(variance)
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
    make.__doc__ = f"""Makes `variance_scaling({scale}, {mode!r}, {distribution!r})`.

    Args:
        in_axis, out_axis, batch_axis: the axes of inputs, of outputs, and those left aside.
        dtype: the dtype of the arrays; by default float64.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> initializers.{name}()(random.key(0), (3, 4), "float32").shape
        (3, 4)
    """
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


def orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: Any = None) -> Initializer:
    """Makes an initializer of matrices with orthonormal rows or columns, whichever are fewer.

    Args:
        scale: a factor.
        column_axis: the axis of the columns; all others together are the rows.
        dtype: the dtype of the result.

    Returns:
        A function of a key, a shape of two axes or more and a dtype, which returns an array of that
        shape.

    Raises:
        ValueError: by the initializer, for a shape of fewer than two axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> w = initializers.orthogonal()(random.key(0), (4, 2))
        >>> bool(jnp.allclose(w.T @ w, jnp.eye(2)))
        True

    Source:
        A. Saxe, J. McClelland, S. Ganguli, "Exact solutions to the nonlinear dynamics of learning
        in deep linear neural networks", 2014.
    """
    default = dtype

    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        found = _dtype(dtype)
        if len(shape) < 2:
            raise ValueError(f"orthogonal needs a shape of two axes or more, got {tuple(shape)}.")
        if 0 in shape:
            return jnp.zeros(shape, found)
        columns = shape[column_axis]
        matrix = random.orthogonal(key, math.prod(shape) // columns, (), found, columns)
        rest = [n for axis, n in enumerate(shape) if axis != range(len(shape))[column_axis]]
        filled = jnp.moveaxis(matrix.reshape((*rest, columns)), -1, column_axis)
        return filled * jnp.asarray(scale, found)

    return init


def delta_orthogonal(scale: Any = 1.0, column_axis: int = -1, dtype: Any = None) -> Initializer:
    """Makes an initializer of convolutions that are orthogonal at the centre and zero elsewhere.

    Args:
        scale: a factor.
        column_axis: the axis of the columns of the matrix at the centre.
        dtype: the dtype of the result.

    Returns:
        A function of a key, a shape (*window, inputs, outputs) and a dtype, which returns an array
        of that shape.

    Raises:
        ValueError: by the initializer, for a shape that does not have 3, 4 or 5 axes, or with more
            inputs than outputs.

    Example:
        >>> from minijax import random
        >>> from minijax.nn import initializers
        >>> w = initializers.delta_orthogonal()(random.key(0), (3, 2, 2))
        >>> abs(w).sum((1, 2)) > 0
        Array([False,  True, False], dtype=bool)

    Source:
        L. Xiao et al., "Dynamical isometry and a mean field theory of CNNs", 2018.
    """
    default = dtype

    def init(
        key: Any, shape: Sequence[int], dtype: Any = default, out_sharding: Any = None
    ) -> Array:
        found = _dtype(dtype)
        if len(shape) not in (3, 4, 5) or shape[-1] < shape[-2]:
            raise ValueError(
                "delta_orthogonal needs a shape of 3, 4 or 5 axes, the last of which is no shorter "
                f"than the one before, got {tuple(shape)}."
            )
        centre = tuple((n - 1) // 2 for n in shape[:-2])
        matrix = orthogonal(scale, column_axis, found)(key, shape[-2:])
        return jnp.zeros(shape, found).at[centre].set(matrix)

    return init
