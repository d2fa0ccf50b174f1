"""Sets of values: the distinct elements of arrays, and which are members of others.

The number of distinct elements depends on values: where arrays are traced, `size` states it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from minijax.core import dtypes
from minijax.core.operators import Array
from minijax.numpy import reductions
from minijax.numpy.axes import expand_dims, moveaxis, ravel, reshape
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
    if size and not items.shape[0]:
        return _fillers(
            x, items, axis, size, fill_value, (return_index, return_inverse, return_counts)
        )
    order, ordered, firsts = _ordered(items, return_index or return_inverse, equal_nan)
    places = nonzero(firsts, size=size, fill_value=0)[0]
    values = take(ordered, places, 0)
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


def _fillers(
    x: Array, items: Array, axis: int | None, size: int, fill_value: Any, extras: tuple[bool, ...]
) -> Any:
    """What `unique` returns of nothing where a size is asked for."""
    if fill_value is None:
        raise ValueError("unique: of an empty array a result of some size needs a fill_value.")
    values = full((size, *items.shape[1:]), fill_value, x.dtype)
    places = zeros(size, int)
    inverse = zeros(x.shape if axis is None else 0, int)
    found = [values if axis is None else moveaxis(values, 0, axis)]
    found += [
        y for y, is_wanted in zip((places, inverse, places), extras, strict=True) if is_wanted
    ]
    return found[0] if len(found) == 1 else tuple(found)


def _ordered(
    items: Any, needs_order: bool = False, equal_nan: bool = True
) -> tuple[Any, Array, Array]:
    """Returns the order of the rows of an array, the rows in it, and which are new there.

    The order of numbers is None where nobody needs it.
    """
    order: Any = None
    if items.ndim > 1:
        rows = reshape(items, (items.shape[0], math.prod(items.shape[1:])))
        order = lexsort(rows.T[::-1]) if rows.shape[1] else arange(rows.shape[0])
    elif needs_order:
        order = argsort(items)
    ordered: Any = sort(items) if order is None else take(items, order, 0)
    before, after = ordered[:-1], ordered[1:]
    is_new: Any = before != after
    if equal_nan:
        is_new = is_new & ~(isnan(before) & isnan(after))
    if items.ndim > 1:
        is_new = reductions.any(is_new, tuple(range(1, items.ndim)))
    start = full((min(1, items.shape[0]),), True)
    return order, ordered, concatenate([start, is_new])


_METHODS = ("auto", "sort", "compare_all", "binary_search")


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
        method: "auto", "sort", "binary_search", or "compare_all" for short `test_elements`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isin(jnp.array([1, 2, 3]), jnp.array([3, 1]))
        Array([ True, False,  True], dtype=bool)
    """
    if method not in _METHODS:
        raise ValueError(f"isin: method is one of {', '.join(_METHODS)}, got {method!r}.")
    x: Any
    x, others = promote_dtypes("isin", asarray(element), asarray(test_elements))
    if not others.size:
        return full(x.shape, invert)
    if dtypes.is_complex(x.dtype) or method == "compare_all":
        found = reductions.any(expand_dims(x, -1) == ravel(others), -1)
        return logical_not(found) if invert else found
    ordered = sort(ravel(others))
    nearest = take(ordered, searchsorted(ordered, x), mode="clip")
    found = nearest == x
    return logical_not(found) if invert else found


def _members(items: Any, firsts: Any, size: int | None, fill_value: Any) -> Array:
    places = nonzero(firsts, size=size)[0]
    if size is None:
        return take(items, places)
    fill = asarray(0 if fill_value is None else fill_value, items.dtype)
    if not items.shape[0]:
        return full(size, fill)
    is_real: Any = arange(size) < reductions.sum(firsts)
    return where(is_real, take(items, places), fill)


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
    _, ordered, firsts = _ordered(items)
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
    order, ordered, firsts = _ordered(first, return_indices)
    is_common = firsts & isin(ordered, second)
    if size is not None and fill_value is None and first.size:
        least = take(ordered, reductions.argmax(is_common))
        fill_value = where(reductions.any(is_common), least, 0)
    values = _members(ordered, is_common, size, fill_value)
    if not return_indices:
        return values
    order_of_second = argsort(second)
    places = take(order_of_second, searchsorted(take(second, order_of_second), values), mode="clip")
    if size is not None:
        is_real: Any = arange(size) < reductions.sum(is_common)
        places = where(is_real, places, second.size)
    return values, _members(order, is_common, size, first.size), places


def setxor1d(
    ar1: Any,
    ar2: Any,
    assume_unique: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Array:
    """Returns the distinct elements that are in one of two arrays only, in increasing order.

    Args:
        ar1, ar2: arrays.
        assume_unique: kept for compatibility.
        size: the length of the result, needed where arrays are traced.
        fill_value: what fills missing elements, the least element of the result if None.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.setxor1d(jnp.array([1, 2, 3]), jnp.array([3, 4]))
        Array([1, 2, 4], dtype=int64)
    """
    first, second = promote_dtypes("setxor1d", ravel(asarray(ar1)), ravel(asarray(ar2)))
    both = concatenate([first, second])
    _, ordered, firsts = _ordered(both, equal_nan=False)
    is_wanted = firsts & (isin(ordered, first) != isin(ordered, second))
    is_wanted = is_wanted | isnan(ordered)
    if size is not None and fill_value is None and both.size:
        fill_value = take(ordered, reductions.argmax(is_wanted))
    return _members(ordered, is_wanted, size, fill_value)


# -- the array API's forms of `unique`


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Array
    inverse_indices: Array


def unique_all(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> UniqueAll:
    """Returns the distinct elements, where and how often they are found.

    Args:
        x: an array.
        size, fill_value: as for `unique`. Every NaN is an element of its own.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unique_all(jnp.array([3, 1, 3])).counts
        Array([1, 2], dtype=int64)
    """
    return UniqueAll(
        *unique(x, True, True, True, None, equal_nan=False, **_filled(size, fill_value))
    )


def unique_counts(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> UniqueCounts:
    """Returns the distinct elements and how often they are found.

    Args:
        x: an array of any shape; every NaN is an element of its own.
        size: how many distinct elements to return, needed where `x` is traced: surplus ones are
            left out, missing ones filled.
        fill_value: what fills, the least element if None.

    Returns:
        A named tuple of two vectors of one length: `values`, increasing, and `counts`.

    Raises:
        ConcretizationTypeError: if `x` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unique_counts(jnp.array([3, 1, 3])).values
        Array([1, 3], dtype=int64)
    """
    found = unique(x, return_counts=True, equal_nan=False, **_filled(size, fill_value))
    return UniqueCounts(*found)


def unique_inverse(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> UniqueInverse:
    """Returns the distinct elements and for each element the index of its value.

    Args:
        x: an array of any shape; every NaN is an element of its own.
        size: how many distinct elements to return, needed where `x` is traced: surplus ones are
            left out, missing ones filled.
        fill_value: what fills, the least element if None.

    Returns:
        A named tuple: `values`, an increasing vector, and `inverse_indices` of the shape of `x`,
        such that `values[inverse_indices]` is `x`.

    Raises:
        ConcretizationTypeError: if `x` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unique_inverse(jnp.array([3, 1, 3])).inverse_indices
        Array([1, 0, 1], dtype=int64)
    """
    found = unique(x, return_inverse=True, equal_nan=False, **_filled(size, fill_value))
    return UniqueInverse(*found)


def unique_values(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Array:
    """Returns the distinct elements in increasing order.

    Args:
        x: an array of any shape; every NaN is an element of its own.
        size: how many distinct elements to return, needed where `x` is traced: surplus ones are
            left out, missing ones filled.
        fill_value: what fills, the least element if None.

    Returns:
        A vector.

    Raises:
        ConcretizationTypeError: if `x` is traced and there is no size.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.unique_values(jnp.array([3, 1, 3]))
        Array([1, 3], dtype=int64)
    """
    return unique(x, equal_nan=False, **_filled(size, fill_value))


def _filled(size: int | None, fill_value: Any) -> dict[str, Any]:
    return {"size": size, "fill_value": fill_value}
