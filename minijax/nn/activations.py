"""Activation functions, elementwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy.dtypes import inexact_dtype
from minijax.primitives.exponential import logistic
from minijax.primitives.special import erf
from minijax.transforms.custom import custom_jvp
from minijax.transforms.jit import jit


def _inexact(x: Any) -> Array:
    x = jnp.asarray(x)
    return jnp.astype(x, inexact_dtype(x.dtype)) if not dtypes.is_inexact(x.dtype) else x


@custom_jvp
@jit
def relu(x: Any) -> Array:
    """Returns max(x, 0); the derivative at 0 is 0.

    Example:
        >>> from minijax import nn
        >>> float(nn.relu(-1.0)), float(nn.relu(2.0))
        (0.0, 2.0)
    """
    return jnp.maximum(x, 0)


def _relu_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return relu(x), jnp.where(jnp.asarray(x) > 0, t, jnp.zeros_like(t))


relu.defjvp(_relu_jvp)


@custom_jvp
@jit
def relu6(x: Any) -> Array:
    """Returns min(max(x, 0), 6); the derivative at 0 and 6 is 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.relu6(jnp.array([-1.0, 0.5]))
        Array([0. , 0.5], dtype=float64)
    """
    return jnp.minimum(jnp.maximum(x, 0), 6.0)


def _relu6_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    x = jnp.asarray(x)
    return relu6(x), jnp.where((x > 0) & (x < 6), t, jnp.zeros_like(t))


relu6.defjvp(_relu6_jvp)


def sigmoid(x: Any) -> Array:
    """Returns 1 / (1 + exp(-x)).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.sigmoid(jnp.array([-1.0, 0.5]))
        Array([0.26894142, 0.62245933], dtype=float64)
    """
    return logistic(_inexact(x))


def log_sigmoid(x: Any) -> Array:
    """Returns log(sigmoid(x)).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.log_sigmoid(jnp.array([-1.0, 0.5]))
        Array([-1.31326169, -0.47407698], dtype=float64)
    """
    return -softplus(-jnp.asarray(x))


def softplus(x: Any) -> Array:
    """Returns log(1 + exp(x)).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.softplus(jnp.array([-1.0, 0.5]))
        Array([0.31326169, 0.97407698], dtype=float64)
    """
    return jnp.logaddexp(x, 0)


def sparse_plus(x: Any) -> Array:
    """Returns 0 below -1, x above 1, and (x + 1)²/4 between.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.sparse_plus(jnp.array([-1.0, 0.5]))
        Array([0.    , 0.5625], dtype=float64)
    """
    x = jnp.asarray(x)
    return jnp.where(x <= -1.0, 0.0, jnp.where(x >= 1.0, x, (x + 1.0) ** 2 / 4))


def sparse_sigmoid(x: Any) -> Array:
    """Returns the derivative of `sparse_plus`: (x + 1)/2 clipped to [0, 1].

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.sparse_sigmoid(jnp.array([-1.0, 0.5]))
        Array([0.  , 0.75], dtype=float64)
    """
    return 0.5 * jnp.clip(jnp.asarray(x) + 1.0, 0.0, 2.0)


def tanh(x: Any) -> Array:
    """Returns the hyperbolic tangent.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.tanh(jnp.array([-1.0, 0.5]))
        Array([-0.76159416,  0.46211716], dtype=float64)
    """
    return jnp.tanh(x)


def soft_sign(x: Any) -> Array:
    """Returns x / (1 + |x|).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.soft_sign(jnp.array([-1.0, 0.5]))
        Array([-0.5       ,  0.33333333], dtype=float64)
    """
    x = jnp.asarray(x)
    return x / (jnp.abs(x) + 1)


def silu(x: Any) -> Array:
    """Returns x · sigmoid(x).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.silu(jnp.array([-1.0, 0.5]))
        Array([-0.26894142,  0.31122967], dtype=float64)
    """
    x = _inexact(x)
    return x * sigmoid(x)


swish = silu


def mish(x: Any) -> Array:
    """Returns x · tanh(softplus(x)).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.mish(jnp.array([-1.0, 0.5]))
        Array([-0.30340146,  0.37524521], dtype=float64)
    """
    x = jnp.asarray(x)
    return x * jnp.tanh(softplus(x))


def elu(x: Any, alpha: Any = 1.0) -> Array:
    """Returns x above 0 and alpha · (exp(x) - 1) below.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.elu(jnp.array([-1.0, 0.5]))
        Array([-0.63212056,  0.5       ], dtype=float64)
    """
    x = jnp.asarray(x)
    return jnp.where(x > 0, x, alpha * jnp.expm1(jnp.where(x > 0, 0.0, x)))


def celu(x: Any, alpha: Any = 1.0) -> Array:
    """Returns x above 0 and alpha · (exp(x / alpha) - 1) below.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.celu(jnp.array([-1.0, 0.5]))
        Array([-0.63212056,  0.5       ], dtype=float64)
    """
    x = jnp.asarray(x)
    return jnp.maximum(x, 0.0) + alpha * jnp.expm1(jnp.minimum(x, 0.0) / alpha)


def selu(x: Any) -> Array:
    """Returns the scaled exponential linear unit (G. Klambauer et al., NIPS 2017).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.selu(jnp.array([-1.0, 0.5]))
        Array([-1.11133074,  0.52535049], dtype=float64)
    """
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    return scale * elu(x, alpha)


def leaky_relu(x: Any, negative_slope: Any = 1e-2) -> Array:
    """Returns x above 0 and negative_slope · x below.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.leaky_relu(jnp.array([-1.0, 0.5]))
        Array([-0.01,  0.5 ], dtype=float64)
    """
    x = jnp.asarray(x)
    return jnp.where(x >= 0, x, negative_slope * x)


def hard_tanh(x: Any) -> Array:
    """Returns x clipped to [-1, 1].

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.hard_tanh(jnp.array([-1.0, 0.5]))
        Array([-1. ,  0.5], dtype=float64)
    """
    x = jnp.asarray(x)
    return jnp.where(x > 1, 1, jnp.where(x < -1, -1, x))


def hard_sigmoid(x: Any) -> Array:
    """Returns relu6(x + 3) / 6.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.hard_sigmoid(jnp.array([-1.0, 0.5]))
        Array([0.33333333, 0.58333333], dtype=float64)
    """
    return relu6(jnp.asarray(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Array:
    """Returns x · hard_sigmoid(x).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.hard_silu(jnp.array([-1.0, 0.5]))
        Array([-0.33333333,  0.29166667], dtype=float64)
    """
    x = jnp.asarray(x)
    return x * hard_sigmoid(x)


hard_swish = hard_silu


def squareplus(x: Any, b: Any = 4) -> Array:
    """Returns (x + sqrt(x² + b)) / 2.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.squareplus(jnp.array([-1.0, 0.5]))
        Array([0.61803399, 1.28077641], dtype=float64)
    """
    x = jnp.asarray(x)
    return 0.5 * (x + jnp.sqrt(jnp.square(x) + b))


def gelu(x: Any, approximate: bool = True) -> Array:
    """Returns x · Φ(x), with Φ the normal distribution function.

    Args:
        x: an array.
        approximate: whether to use the tanh approximation (D. Hendrycks and K. Gimpel, 2016).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.gelu(jnp.array([-1.0, 0.5]))
        Array([-0.15880801,  0.34571401], dtype=float64)
    """
    x = _inexact(x)
    if approximate:
        root = np.asarray(np.sqrt(2 / np.pi), x.dtype)
        return x * (0.5 * (1.0 + jnp.tanh(root * (x + 0.044715 * x**3))))
    return x * 0.5 * (1.0 + erf(x / np.asarray(np.sqrt(2), x.dtype)))


def glu(x: Any, axis: int = -1) -> Array:
    """Returns the first half along an axis times the sigmoid of the second half.

    Args:
        x: an array of any shape.
        axis: the axis, of even length n, that is halved.

    Returns:
        An array of the shape of `x`, with length n / 2 along `axis`.

    Raises:
        ValueError: if the axis has odd length.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.glu(jnp.array([3.0, 4.0, 0.0, 0.0]))
        Array([1.5, 2. ], dtype=float64)
    """
    x = jnp.asarray(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu needs an axis of even length, got {x.shape[axis]} (axis {axis}).")
    first, second = jnp.split(x, 2, axis)
    return first * sigmoid(second)


def identity(x: Any) -> Array:
    """Returns x.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.identity(jnp.array([-1.0, 0.5]))
        Array([-1. ,  0.5], dtype=float64)
    """
    return jnp.asarray(x)


@custom_jvp
def log1mexp(x: Any) -> Array:
    """Returns log(1 - exp(-x)) without loss of digits.

    Source:
        M. Mächler, "Accurately computing log(1 - exp(-|a|))", 2012.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import nn
        >>> nn.log1mexp(jnp.array([[1.0, 2.0]]))
        Array([[-0.45867515, -0.14541346]], dtype=float64)
    """
    x = _inexact(x)
    cut = np.asarray(np.log(2), x.dtype)
    small = jnp.where(x < cut, x, cut)
    large = jnp.where(x < cut, cut, x)
    return jnp.where(x < cut, jnp.log(-jnp.expm1(-small)), jnp.log1p(-jnp.exp(-large)))


def _log1mexp_jvp(primals: Any, tangents: Any) -> Any:
    (x,), (t,) = primals, tangents
    return log1mexp(x), t / jnp.expm1(x)


log1mexp.defjvp(_log1mexp_jvp)
