"""Functions of a whole axis: softmax and its relatives, standardisation, one-hot encoding."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.dtypes import inexact_dtype
from minijax.primitives.control.collectives import axis_index, axis_size
from minijax.primitives.identities import stop_gradient
from minijax.transforms.custom import custom_jvp

Axis = int | tuple[int, ...] | None


def _inexact(x: Any) -> Array:
    x = jnp.asarray(x)
    return x if dtypes.is_inexact(x.dtype) else jnp.astype(x, inexact_dtype(x.dtype))


def _promoted(*operands: Any) -> list[Array]:
    dtype = jnp.result_type(*operands)
    return [jnp.asarray(operand).astype(dtype) for operand in operands]


def _masked_max(x: Array, axis: Axis, where: Any) -> Array:
    return jnp.max(x, axis, where=where, initial=-jnp.inf, keepdims=True)


def softmax(x: Any, axis: Axis = -1, where: Any = None) -> Array:
    """Returns exp(x) divided by its sum over an axis.

    Args:
        x: an array.
        axis: one or several axes.
        where: which elements take part; the others become 0.

    Example:
        >>> from minijax import nn
        >>> import minijax.numpy as jnp
        >>> nn.softmax(jnp.zeros(4))
        Array([0.25, 0.25, 0.25, 0.25], dtype=float64)

    Source:
        The derivative is y · (t - Σ y t), which needs the result only.
    """
    x = _inexact(x)
    axes = tuple(range(x.ndim)) if axis is None else axis
    where = True if where is None else where
    return _softmax(x, where, -jnp.inf, axes)


def _softmax_value(x: Any, where: Any, initial: Any, axis: Any) -> Array:
    top = jnp.max(x, axis, where=where, initial=initial, keepdims=True)
    safe = x if where is True else jnp.where(where, x, initial)
    unnormalized = jnp.exp(safe - top)
    total = jnp.sum(unnormalized, axis, where=where, keepdims=True)
    result = unnormalized / total
    return result if where is True else jnp.where(where, result, 0)


def _softmax_jvp(initial: Any, axis: Any, primals: Any, tangents: Any) -> Any:
    (x, where), (t, _) = primals, tangents
    y = _softmax(x, where, initial, axis)
    return y, y * (t - jnp.sum(y * t, axis, where=where, keepdims=True))


_softmax = custom_jvp(_softmax_value, nondiff_argnums=(2, 3))
_softmax.defjvp(_softmax_jvp)


def log_softmax(x: Any, axis: Axis = -1, where: Any = None) -> Array:
    """Returns the logarithm of `softmax`, computed without overflow.

    Args:
        x: an array of any shape.
        axis: one or several axes, over which the exponentials of the result sum to 1.
        where: which elements take part, of a shape that broadcasts to that of `x`; the others
            become -inf.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.log_softmax(jnp.array([1000.0, 1000.0]))
        Array([-0.69314718, -0.69314718], dtype=float64)
    """
    x = _inexact(x)
    masked = x if where is None else jnp.where(where, x, -jnp.inf)
    top = stop_gradient(_masked_max(x, axis, where))
    shifted = masked - top
    total = jnp.log(jnp.sum(jnp.exp(shifted), axis, where=where, keepdims=True))
    result = shifted - total
    return result if where is None else jnp.where(where, result, -jnp.inf)


def logsumexp(
    a: Any,
    axis: Axis = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: Any = None,
) -> Any:
    """Returns log(Σ b · exp(a)) over an axis, computed without overflow.

    Args:
        a: an array.
        axis: one or several axes; all if None.
        b: weights of the shape of `a`, possibly negative if `return_sign`.
        keepdims: whether the axes stay, with length 1.
        return_sign: whether to return the sign of the sum too.
        where: which elements take part.

    Returns:
        The logarithm (of the absolute value), and the sign if `return_sign`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.logsumexp(jnp.array([-1.0, 0.5]))
        Array(0.70141328, dtype=float64)
    """
    a = _inexact(a)
    if b is not None:
        a, b = _promoted(a, b)
        a, b = jnp.broadcast_arrays(a, b)
        a = jnp.where(b != 0, a, -jnp.inf)
    top = _masked_max(a.real, axis, where)
    top = stop_gradient(jnp.where(jnp.isfinite(top), top, 0))
    # Left-out elements must not become infinite: the derivative there would be 0 · inf.
    shifted = a - top if where is None else jnp.where(where, a - top, -jnp.inf)
    terms = jnp.exp(shifted)
    terms = terms if b is None else b * terms
    total = jnp.sum(terms, axis, where=where, keepdims=keepdims)
    sign = jnp.sign(total)
    if return_sign or b is not None or dtypes.is_complex(a.dtype):
        magnitude = jnp.abs(total) if return_sign or not dtypes.is_complex(a.dtype) else total
    else:
        magnitude = total
    shift = top if keepdims else jnp.squeeze(top, axis)
    # The logarithm of nothing is -inf with slope 0 by convention, not 0 · inf.
    is_zero = jnp.equal(magnitude, 0)
    logarithm = jnp.where(is_zero, -jnp.inf, jnp.log(jnp.where(is_zero, 1, magnitude)))
    out = logarithm + shift.astype(magnitude.dtype)
    if return_sign:
        return out, sign
    if b is not None and not dtypes.is_complex(out.dtype):
        out = jnp.where(sign < 0, jnp.nan, out)
    return out


def logmeanexp(x: Any, axis: Axis = None, where: Any = None, keepdims: bool = False) -> Array:
    """Returns log(mean(exp(x))) over an axis, computed without overflow.

    Args:
        x: an array of any shape.
        axis: one or several axes; all if None.
        where: which elements take part, of a shape that broadcasts to that of `x`.
        keepdims: whether the axes stay, with length 1.

    Returns:
        An array of the shape of `x` without the axes.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.logmeanexp(jnp.array([[1000.0, 1000.0], [0.0, 0.0]]), axis=1)
        Array([1000.,    0.], dtype=float64)
    """
    x = _inexact(x)
    ones = jnp.ones_like(x) if where is None else jnp.broadcast_to(where, x.shape).astype(x.dtype)
    count = jnp.sum(ones, axis, keepdims=keepdims)
    return logsumexp(x, axis, where=where, keepdims=keepdims) - jnp.log(count)


def standardize(
    x: Any,
    axis: Axis = -1,
    mean: Any = None,
    variance: Any = None,
    epsilon: Any = 1e-5,
    where: Any = None,
    *,
    algorithm: str = "fast",
) -> Array:
    """Returns x shifted and scaled to mean 0 and variance 1 along an axis.

    Args:
        x: an array.
        axis: one or several axes.
        mean, variance: used in place of those of x, if given.
        epsilon: added to the variance.
        where: which elements take part in mean and variance.
        algorithm: "fast" for the mean of squares less the square of the mean, "stable" for the
            mean of squares of differences, which is exact for large means.

    Raises:
        ValueError: if there is no such algorithm.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.standardize(jnp.array([-1.0, 0.5]))
        Array([-0.99999111,  0.99999111], dtype=float64)
    """
    x = jnp.asarray(x)
    mean = jnp.mean(x, axis, keepdims=True, where=where) if mean is None else mean
    if algorithm not in ("fast", "stable"):
        raise ValueError(f'standardize: algorithm must be "fast" or "stable", got {algorithm!r}.')
    if variance is None and algorithm == "stable":
        variance = jnp.mean(jnp.square(x - mean), axis, keepdims=True, where=where)
    elif variance is None:
        # E[x²] - E[x]² may come out negative for constants.
        square = jnp.mean(jnp.square(x), axis, keepdims=True, where=where)
        variance = jnp.clip(square - jnp.square(mean), 0)
    return (x - mean) / jnp.sqrt(variance + epsilon)


def one_hot(x: Any, num_classes: int, *, dtype: Any = None, axis: Any = -1) -> Array:
    """Returns vectors that are 1 at the positions x and 0 elsewhere (0 if out of range).

    Args:
        x: integers.
        num_classes: the length of the vectors.
        dtype: the dtype of the result; float64 if None.
        axis: where their axis goes, or the name of a mapped axis that it lies along.

    Raises:
        ValueError: if a mapped axis does not have the length of the vectors.

    Example:
        >>> from minijax import nn
        >>> import minijax.numpy as jnp
        >>> nn.one_hot(jnp.array([0, 2]), 3)
        Array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float64)
    """
    x, num_classes = jnp.asarray(x), index(num_classes)
    dtype = float if dtype is None else dtype
    if not isinstance(axis, int | np.integer):
        if axis_size(axis) != num_classes:
            raise ValueError(
                f"one_hot: the axis {axis!r} has length {axis_size(axis)}, and num_classes is "
                f"{num_classes}."
            )
        return (x == axis_index(axis)).astype(dtypes.canonical(dtype))
    where = range(x.ndim + 1)[axis]
    classes = jnp.arange(num_classes, dtype=x.dtype)
    shape = [1] * (x.ndim + 1)
    shape[where] = num_classes
    return (jnp.expand_dims(x, where) == classes.reshape(shape)).astype(dtypes.canonical(dtype))
