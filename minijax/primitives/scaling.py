"""scale, unscale: products and quotients of (co)tangents, which are 0 where these are 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import INEXACT
from minijax.core.operators import Array
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import full, unbroadcast
from minijax.primitives.families import match, nary, ufunc_on


def _without_zeros(product: Any, is_zero: Any) -> np.ndarray:
    # Only a NaN can differ from what a zero makes of a number, and a sum of squares shows one
    # without memory for the answer. An array of another class only records what is done to it.
    is_known = type(product) is np.ndarray or isinstance(product, np.generic)
    if is_known and not np.isnan(np.vdot(product, product)):
        return product
    return np.where(np.isnan(product) & is_zero(), product.dtype.type(0), product)


def _scale(t: np.ndarray, x: np.ndarray, *, either: bool = False) -> np.ndarray:
    return _without_zeros(np.multiply(t, x), lambda: (t == 0) | (x == 0) if either else t == 0)


def _unscale(t: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _without_zeros(np.divide(t, x), lambda: t == 0)


def _scale_element(k: Any, t: Any, x: Any, *, either: bool = False) -> Any:
    zero = k.constant(0, t.dtype)
    is_zero = k.or_(k.eq(t, zero), k.eq(x, zero)) if either else k.eq(t, zero)
    return k.select(is_zero, zero, k.mul(t, x))


def _unscale_element(k: Any, t: Any, x: Any) -> Any:
    zero = k.constant(0, t.dtype)
    return k.select(k.eq(t, zero), zero, k.div(t, x))


def _scale_transpose(cts: Any, t: Any, x: Any, *, either: bool = False) -> Any:
    (ct,) = cts
    if is_linear(t):
        return unbroadcast(scale(ct, x, either=either), t.aval), None
    return None, unbroadcast(scale(ct, t, either=True), x.aval)


def _negative(x: Any) -> Array:
    return scale(x, full((), -1, aval_of(x).dtype))


scale_p = nary(
    "scale",
    _scale,
    on=INEXACT,
    tangents=(
        lambda dt, t, x, out, *, either=False: scale(dt, x, either=either),
        # The slope's own slope is infinite where the slope is.
        lambda dx, t, x, out, *, either=False: scale(dx, t, either=True),
    ),
    element=_scale_element,
    transpose=_scale_transpose,
    ufuncs=ufunc_on(np.multiply, INEXACT),
    nan_apart=True,
)
unscale_p = nary(
    "unscale",
    _unscale,
    on=INEXACT,
    tangents=(
        lambda dt, t, x, out: unscale(dt, x),
        lambda dx, t, x, out: scale(dx, unscale(out, _negative(x)), either=True),
    ),
    element=_unscale_element,
    transpose=lambda cts, t, x: (unbroadcast(unscale(cts[0], x), t.aval), None),
    ufuncs=ufunc_on(np.divide, INEXACT),
    nan_apart=True,
)


def scale(t: Any, x: Any, *, either: bool = False) -> Array:
    """Returns t · x elementwise, and 0 where t is 0, whatever x is there.

    It is the product of a tangent or cotangent and a slope: what does not move, or what nothing
    depends on, contributes nothing, even where the slope is infinite or NaN.

    Args:
        t: a float or complex array.
        x: an array of the dtype and shape of `t`, or either of rank 0.
        either: whether the product is 0 where `x` is 0 too, as it is between two tangents.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.primitives.scaling import scale
        >>> scale(jnp.array([0.0, 2.0]), jnp.array([jnp.inf, 3.0]))
        Array([0., 6.], dtype=float64)
    """
    if either:
        return scale_p.bind(*match(t, x), either=True)[0]
    return scale_p.bind(*match(t, x))[0]


def unscale(t: Any, x: Any) -> Array:
    """Returns t / x elementwise, and 0 where t is 0, whatever x is there.

    Args:
        t: a float or complex array.
        x: an array of the dtype and shape of `t`, or either of rank 0.

    Raises:
        TypeError: if dtypes or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.primitives.scaling import unscale
        >>> unscale(jnp.array([0.0, 2.0]), jnp.array([0.0, 4.0]))
        Array([0. , 0.5], dtype=float64)
    """
    return unscale_p.bind(*match(t, x))[0]
