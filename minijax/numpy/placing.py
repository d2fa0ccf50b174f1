"""Values put into arrays by number or by mask, and functions defined by cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions, ufuncs
from minijax.numpy.axes import broadcast_to, ravel, reshape
from minijax.numpy.creation import asarray, zeros_like
from minijax.numpy.promotion import UnsupportedArgumentError, convert, operand, strong
from minijax.numpy.ranges import arange
from minijax.numpy.selection import where
from minijax.numpy.taking import take


def _refuse_inplace(name: str, inplace: bool) -> None:
    if inplace:
        raise ValueError(f"{name} cannot change an array: use inplace=False and the result.")


def put(a: Any, ind: Any, v: Any, mode: str | None = None, *, inplace: bool = True) -> Array:
    """Returns an array with values put at places of the ravelled array.

    Args:
        a: an array.
        ind: the places, integers; negative ones count from the end.
        v: the values, repeated as often as needed.
        mode: what happens to places out of bounds: "clip", "wrap", or None to leave them out.
        inplace: must be False: arrays are immutable.

    Raises:
        ValueError: if `inplace` is True or there is no such mode.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.put(jnp.zeros(4), jnp.array([0, 2]), jnp.array([1.0, 5.0]), inplace=False)
        Array([1., 0., 5., 0.], dtype=float64)
    """
    _refuse_inplace("put", inplace)
    if mode == "raise":
        raise UnsupportedArgumentError('put: places may be traced: use mode="clip" or "wrap".')
    if mode not in (None, "clip", "wrap"):
        raise ValueError(f'put: mode is "clip", "wrap" or None, got {mode!r}.')
    x = operand(a, "put")
    places: Any = ravel(operand(ind, "put"))
    values = ravel(operand(v, "put"))
    if not places.size or not values.size or not x.size:
        return x
    chosen = take(values, arange(places.size) % values.size)
    if mode == "clip":
        places = ufuncs.clip(places, 0, x.size - 1)
    elif mode == "wrap":
        places = ufuncs.remainder(places, x.size)
    flat: Any = ravel(x)
    return reshape(flat.at[places].set(chosen, mode="drop"), x.shape)


def place(arr: Any, mask: Any, vals: Any, *, inplace: bool = True) -> Array:
    """Returns an array with values put where a mask is true, one after another.

    Args:
        arr: an array.
        mask: an array of as many elements.
        vals: the values, repeated as often as needed.
        inplace: must be False: arrays are immutable.

    Raises:
        ValueError: if `inplace` is True, the sizes differ or there are no values.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.arange(4)
        >>> jnp.place(x, x > 1, jnp.array([7, 8]), inplace=False)
        Array([0, 1, 7, 8], dtype=int64)
    """
    _refuse_inplace("place", inplace)
    x, values = asarray(arr), ravel(asarray(vals))
    chosen: Any = asarray(mask)
    if chosen.size != x.size:
        raise ValueError(f"place: {chosen.size} elements in the mask for an array of {x.size}.")
    if not values.size:
        raise ValueError("place: there must be at least one value to put.")
    if not x.size:
        return x
    is_chosen: Any = ravel(chosen != 0)
    number = reductions.cumsum(is_chosen) - 1
    new = convert(take(values, ufuncs.remainder(number, values.size)), x.dtype)
    return reshape(where(is_chosen, new, ravel(x)), x.shape)


def piecewise(
    x: Any, condlist: Any, funclist: list[Any | Callable[..., Any]], *args: Any, **kw: Any
) -> Array:
    """Returns for each element what the function of the last condition that holds gives.

    Args:
        x: an array.
        condlist: conditions, arrays of bools of the shape of x; the last true one counts.
        funclist: for each condition a number or a function of x; one more is for the elements
            for which no condition holds, where 0 is returned otherwise.
        *args, **kw: further arguments of the functions.

    Returns:
        An array of the shape and dtype of x.

    Raises:
        ValueError: if the numbers of conditions and functions do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.array([-2.0, 0.0, 3.0])
        >>> jnp.piecewise(x, [x < 0, x > 0], [jnp.negative, 10.0])
        Array([ 2.,  0., 10.], dtype=float64)
    """
    at = strong(asarray(x))
    conditions = _conditions(condlist)
    count = len(conditions)
    if len(funclist) not in (count, count + 1):
        raise ValueError(
            f"piecewise: {count} conditions need {count} or {count + 1} functions, "
            f"got {len(funclist)}."
        )
    result = zeros_like(at)
    if len(funclist) > count:
        result = _case(funclist[count], at, args, kw)
    for condition, function in zip(conditions, funclist[:count], strict=True):
        result = where(condition, _case(function, at, args, kw), result)
    return result


def _conditions(condlist: Any) -> list[Array]:
    found = condlist if isinstance(condlist, list | tuple) else asarray(condlist)
    if isinstance(found, Array) and found.ndim == 0:
        return [found]
    return [convert(asarray(condition), dtypes.bool_) for condition in found]


def _case(function: Any, x: Array, args: Any, kw: Any) -> Array:
    value = function(x, *args, **kw) if callable(function) else function
    return broadcast_to(convert(asarray(value), x.dtype), x.shape)
