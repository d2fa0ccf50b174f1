"""Sets of values: the distinct elements of arrays, and which are members of others.

The number of distinct elements depends on values: where arrays are traced, `size` states it.
"""

from __future__ import annotations

from typing import Any

from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import moveaxis, ravel, reshape
from minijax.numpy.creation import asarray, full, zeros
from minijax.numpy.joining import concatenate
from minijax.numpy.logic import isnan, logical_not
from minijax.numpy.promotion import promote_dtypes
from minijax.numpy.ranges import arange
from minijax.numpy.selection import nonzero, where
from minijax.numpy.sorting import argsort, lexsort, searchsorted, sort
from minijax.numpy.taking import take


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: Any = None,
    sorted: bool = True,
) -> Any:
    """Returns the distinct elements in increasing order.

    Args:
        ar: an array.
        return_index: whether to return where each is first found.
        return_inverse: whether to return for each element of `ar` the index of its value.
        return_counts: whether to return how often each is found.
        axis: compare the slices along this axis; None compares elements.
        equal_nan: whether all NaN are the same.
        size: the length of the result, needed where `ar` is traced: surplus elements are left
            out, missing ones filled.
        fill_value: what fills, the least element if None.
        sorted: kept for compatibility: the result is always sorted.

    Returns:
        The elements, followed by the arrays that were asked for.

    Raises:
        ConcretizationTypeError: if `ar` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unique(jnp.array([3, 1, 3]), return_counts=True)
        (Array([1, 3], dtype=int64), Array([1, 2], dtype=int64))
    """
    x = asarray(ar)
    items = ravel(x) if axis is None else moveaxis(x, axis, 0)
    order, firsts = _ordered(items, equal_nan)
    places = nonzero(firsts, size=size, fill_value=0)[0]
    values = take(take(items, order, 0), places, 0)
    number = reductions.cumsum(firsts) - 1  # of the value, for each element in order
    if size is not None and fill_value is not None and items.shape[0]:
        is_real = reshape(arange(size) <= number[-1], (-1,) + (1,) * (values.ndim - 1))
        values = where(is_real, values, asarray(fill_value, values.dtype))
    results = [values if axis is None else moveaxis(values, 0, axis)]
    if return_index:
        results.append(take(order, places))
    if return_inverse:
        inverse: Any = zeros(number.shape, number.dtype).at[order].set(number)
        results.append(reshape(inverse, x.shape) if axis is None else inverse)
    if return_counts:
        counts: Any = zeros(places.shape, number.dtype)
        results.append(counts.at[number].add(1, mode="drop"))
    return results[0] if len(results) == 1 else tuple(results)


def _ordered(items: Any, equal_nan: bool = True) -> tuple[Array, Array]:
    """Returns the order of the rows of an array, and which are the first of their kind in it."""
    if items.ndim == 1:
        order = argsort(items)
    else:
        items = reshape(items, (items.shape[0], -1))
        order = lexsort(items.T[::-1])
    ordered: Any = take(items, order, 0)
    before, after = ordered[:-1], ordered[1:]
    is_new: Any = before != after
    if equal_nan:
        is_new = is_new & ~(isnan(before) & isnan(after))
    if items.ndim > 1:
        is_new = reductions.any(is_new, 1)
    start = full((min(1, items.shape[0]),), True)
    return order, concatenate([start, is_new])


def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    method: str = "auto",
) -> Array:
    """Returns for each element whether it is among others.

    Args:
        element: an array.
        test_elements: an array, of any shape.
        assume_unique: kept for compatibility.
        invert: whether to return the contrary.
        method: kept for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isin(jnp.array([1, 2, 3]), jnp.array([3, 1]))
        Array([ True, False,  True], dtype=bool)
    """
    x, others = promote_dtypes("isin", asarray(element), asarray(test_elements))
    if not others.size:
        return full(x.shape, invert)
    ordered = sort(ravel(others))
    nearest = take(ordered, searchsorted(ordered, x), mode="clip")
    found: Any = nearest == x
    return logical_not(found) if invert else found


def _members(items: Any, firsts: Any, size: int | None, fill_value: Any) -> Array:
    places = nonzero(firsts, size=size, fill_value=items.shape[0])[0]
    if size is None:
        return take(items, places)
    return take(items, places, mode="fill", fill_value=0 if fill_value is None else fill_value)


def setdiff1d(
    ar1: Any,
    ar2: Any,
    assume_unique: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Array:
    """Returns the distinct elements of one array that are not in another, in increasing order.

    Args:
        ar1, ar2: arrays.
        assume_unique: whether the elements of `ar1` are distinct: they keep their order then.
        size: the length of the result, needed where arrays are traced.
        fill_value: what fills missing elements, 0 if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.setdiff1d(jnp.array([3, 1, 2]), jnp.array([2]))
        Array([1, 3], dtype=int64)
    """
    items = ravel(asarray(ar1))
    if assume_unique:
        return _members(items, isin(items, ar2, invert=True), size, fill_value)
    order, firsts = _ordered(items)
    ordered = take(items, order)
    return _members(ordered, firsts & isin(ordered, ar2, invert=True), size, fill_value)


def union1d(ar1: Any, ar2: Any, *, size: int | None = None, fill_value: Any = None) -> Array:
    """Returns the distinct elements of two arrays together, in increasing order.

    Args:
        ar1, ar2: arrays.
        size, fill_value: as for `unique`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.union1d(jnp.array([3, 1]), jnp.array([1, 2]))
        Array([1, 2, 3], dtype=int64)
    """
    both = concatenate([ravel(asarray(ar1)), ravel(asarray(ar2))])
    return unique(both, size=size, fill_value=fill_value)


def intersect1d(
    ar1: Any,
    ar2: Any,
    assume_unique: bool = False,
    return_indices: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Returns the distinct elements that are in both of two arrays, in increasing order.

    Args:
        ar1, ar2: arrays.
        assume_unique: kept for compatibility.
        return_indices: whether to return where each is first found in either array too.
        size: the length of the result, needed where arrays are traced.
        fill_value: what fills missing elements, the least element of `ar1` if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.intersect1d(jnp.array([3, 1, 2]), jnp.array([2, 3, 4]))
        Array([2, 3], dtype=int64)
    """
    first, second = promote_dtypes("intersect1d", ravel(asarray(ar1)), ravel(asarray(ar2)))
    order, firsts = _ordered(first)
    ordered = take(first, order)
    is_common = firsts & isin(ordered, second)
    if size is not None and fill_value is None and first.size:
        fill_value = ordered[0]
    values = _members(ordered, is_common, size, fill_value)
    if not return_indices:
        return values
    order_of_second = argsort(second)
    places = searchsorted(take(second, order_of_second), values)
    return values, _members(order, is_common, size, first.size), take(order_of_second, places)
