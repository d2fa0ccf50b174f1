"""Comparison and selection: eq ne lt le gt ge, select_n, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.dtypes import ALL, key_dtype
from minijax.core.operators import Array
from minijax.core.primitive import constant, primitive
from minijax.interpreters.transpose import is_linear
from minijax.primitives.bitwise import bitwise_and
from minijax.primitives.broadcast import full_like, unbroadcast
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import (
    NOT_LINEAR,
    align_batch,
    common_shape,
    like_result,
    match,
    nary,
    to_bool,
    ufunc_on,
)

_ORDERED = tuple(dtype for dtype in ALL if not dtypes.is_complex(dtype))


def _bits(x: np.ndarray) -> np.ndarray:
    # A key is equal to another one bit by bit.
    return x.view(np.uint64) if x.dtype == key_dtype else x


def _comparison(name: str, function: Any, allowed: Any) -> Any:
    def element(k: Any, x: Any, y: Any) -> Any:
        if x.dtype == key_dtype:
            x, y = k.bitcast(x, dtypes.uint64), k.bitcast(y, dtypes.uint64)
        return k.compare(name, x, y)

    return nary(
        name,
        lambda x, y: function(_bits(x), _bits(y)),
        on=allowed,
        tangents=constant,
        element=element,
        result=to_bool,
        ufuncs=ufunc_on(function, allowed),
    )


eq_p = _comparison("eq", np.equal, (*ALL, key_dtype))
ne_p = _comparison("ne", np.not_equal, (*ALL, key_dtype))
lt_p = _comparison("lt", np.less, _ORDERED)
le_p = _comparison("le", np.less_equal, _ORDERED)
gt_p = _comparison("gt", np.greater, _ORDERED)
ge_p = _comparison("ge", np.greater_equal, _ORDERED)


def eq(x: Any, y: Any) -> Array:
    """Returns x == y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.eq(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([False, False], dtype=bool)
    """
    return eq_p.bind(*match(x, y))[0]


def ne(x: Any, y: Any) -> Array:
    """Returns x != y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.ne(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([ True,  True], dtype=bool)
    """
    return ne_p.bind(*match(x, y))[0]


def lt(x: Any, y: Any) -> Array:
    """Returns x < y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.lt(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([ True, False], dtype=bool)
    """
    return lt_p.bind(*match(x, y))[0]


def le(x: Any, y: Any) -> Array:
    """Returns x <= y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.le(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([ True, False], dtype=bool)
    """
    return le_p.bind(*match(x, y))[0]


def gt(x: Any, y: Any) -> Array:
    """Returns x > y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.gt(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([False,  True], dtype=bool)
    """
    return gt_p.bind(*match(x, y))[0]


def ge(x: Any, y: Any) -> Array:
    """Returns x >= y elementwise, as bools.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.ge(jnp.array([1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([False,  True], dtype=bool)
    """
    return ge_p.bind(*match(x, y))[0]


# -- select_n: which, cases… -> the case that `which` names, elementwise


def _select_impl(which: np.ndarray, *cases: np.ndarray) -> Any:
    if len(cases) == 2:
        chosen = which if which.dtype == dtypes.bool_ else which > 0
        return (np.where(chosen, cases[1], cases[0]),)
    shape = np.broadcast_shapes(which.shape, *(case.shape for case in cases))
    result = np.array(np.broadcast_to(cases[0], shape))
    for position, case in enumerate(cases[1:], 1):
        # A position out of range takes the nearest case.
        np.copyto(result, case, where=np.asarray(which >= position))
    return (result,)


def _select_abstract(which: ShapedArray, *cases: ShapedArray) -> Any:
    if not cases:
        raise TypeError("select_n needs at least one case.")
    if which.dtype not in (dtypes.bool_, dtypes.int32):
        raise TypeError(f"select_n: `which` must have dtype bool or int32, got {which}.")
    if which.dtype == dtypes.bool_ and len(cases) > 2:
        raise TypeError(f"select_n: a bool `which` selects from two cases, got {len(cases)}.")
    first = cases[0]
    if any(case.dtype != first.dtype for case in cases):
        shown = ", ".join(map(str, cases))
        raise TypeError(f"select_n: all cases must have one dtype, got {shown}.")
    shape = common_shape("select_n", (which, *cases))
    return (ShapedArray(shape, first.dtype, all(case.weak_type for case in cases)),)


def _select_jvp(primals: Any, tangents: Any) -> Any:
    outs = select_n_p.bind(*primals)
    moving = tangents[1:]
    if all(type(t) is Zero for t in moving):
        return outs, (Zero(outs[0].aval.tangent()),)
    (t,) = select_n_p.bind(primals[0], *map(materialize, moving))
    return outs, (like_result(t, outs[0]),)


def _select_transpose(cts: Any, which: Any, *cases: Any) -> Any:
    (ct,) = cts
    if aval_of(ct).dtype == dtypes.float0:
        return (None, *(Zero(case.aval) if is_linear(case) else None for case in cases))
    zero = full_like(ct, 0)
    found: list[Any] = [None]
    for position, case in enumerate(cases):
        parts = [ct if i == position else zero for i in range(len(cases))]
        if not is_linear(case):
            found.append(None)
            continue
        found.append(unbroadcast(select_n_p.bind(which, *parts)[0], case.aval))
    return tuple(found)


def _select_batch(size: int, operands: Any, dims: Any) -> Any:
    aligned, dim = align_batch(size, operands, dims)
    return select_n_p.bind(*aligned), (dim,)


def _select_lower(k: Any, which: Any, *cases: Any, out: Any) -> Any:
    def body(*i: Any) -> Any:
        chosen, *parts = (x(*i) if x.ndim else x() for x in (which, *cases))
        if len(cases) == 2 and which.dtype == dtypes.bool_:
            return k.select(chosen, parts[1], parts[0])
        result = parts[-1]
        for position in reversed(range(len(cases) - 1)):
            here = k.lt(chosen, k.constant(position + 1, which.dtype))
            result = k.select(here, parts[position], result)
        return result

    return k.element(out[0], body)


select_n_p = primitive(
    "select_n",
    impl=_select_impl,
    abstract=_select_abstract,
    jvp=_select_jvp,
    transpose=_select_transpose,
    batch=_select_batch,
    lower=_select_lower,
)


def select_n(which: Any, *cases: Any) -> Array:
    """Returns for every element the case that `which` names.

    Args:
        which: bools (false names the first of two cases) or integer positions.
        cases: arrays of one dtype. They and `which` have one shape, or rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> select_n(jnp.array([True, False]), jnp.array([1, 2]), jnp.array([10, 20]))
        Array([10,  2], dtype=int64)
    """
    chosen = to_array(which)
    if chosen.dtype != dtypes.int32 and dtypes.is_integer(chosen.dtype):
        last = np.array(len(cases) - 1, chosen.dtype)  # before bits are cut off
        chosen = convert_element_type(clamp(np.zeros((), chosen.dtype), chosen, last), dtypes.int32)
    return select_n_p.bind(chosen, *match(*cases))[0]


def select(pred: Any, on_true: Any, on_false: Any) -> Array:
    """Returns `on_true` where the bool `pred` holds, else `on_false`.

    Args:
        pred: bools, of the shape of the cases or rank 0.
        on_true: an array.
        on_false: an array of the shape and dtype of `on_true`; either may have rank 0.

    Returns:
        An array of the dtype of the cases.

    Raises:
        TypeError: if dtypes differ, `pred` is not of bools, or shapes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.select(jnp.array([True, False]), jnp.array([1, 2]), jnp.array([10, 20]))
        Array([ 1, 20], dtype=int64)
    """
    return select_n(pred, on_false, on_true)


# -- clamp


def _clamp_impl(low: np.ndarray, x: np.ndarray, high: np.ndarray) -> Any:
    return np.minimum(np.maximum(x, low), high)


def _where(chosen: Any, t: Any) -> Any:
    return select(chosen, t, full_like(t, 0))


clamp_p = nary(
    "clamp",
    _clamp_impl,
    on=_ORDERED,
    tangents=(
        lambda t, low, x, high, out: _where(bitwise_and(gt(low, x), lt(low, high)), t),
        lambda t, low, x, high, out: _where(bitwise_and(gt(x, low), lt(x, high)), t),
        lambda t, low, x, high, out: _where(lt(high, x), t),
    ),
    element=lambda k, low, x, high: k.min(k.max(x, low), high),
    transpose=NOT_LINEAR,
)


def clamp(min: Any, x: Any, max: Any) -> Array:  # noqa: A002 - the public names
    """Returns x forced between `min` and `max` elementwise; the bounds may have rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> clamp(0.0, jnp.array([-1.0, 0.5, 2.0]), 1.0)
        Array([0. , 0.5, 1. ], dtype=float64)
    """
    low, x, high = match(min, x, max)
    return clamp_p.bind(low, x, high)[0]
