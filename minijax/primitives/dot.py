"""Contractions: dot_general, and dot and batch_matmul in terms of it.

The result of dot_general has the batch axes, then the free axes of lhs, then those of rhs.
"""

from __future__ import annotations

import enum
import math
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import primitive
from minijax.core.quiet import quiet
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import Axes, mix_indices, transpose
from minijax.primitives.convert import convert_element_type
from minijax.primitives.families import check_dtype, match

# ((contracted axes of lhs, of rhs), (batch axes of lhs, of rhs))
DotDimensionNumbers = tuple[tuple[Axes, Axes], tuple[Axes, Axes]]

_HALF = (dtypes.bfloat16, dtypes.float16)


class Precision(enum.Enum):
    """What a caller may ask of a contraction; on a CPU all of them are full precision."""

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2


def free_axes(ndim: int, *bound: Axes) -> Axes:
    """Returns the axes that are not bound."""
    return tuple(d for d in range(ndim) if not any(d in axes for axes in bound))


def _working_dtype(operand: np.dtype, result: np.dtype) -> np.dtype:
    """Returns the dtype to accumulate in: wide enough for operands and result, never half."""
    if operand == result == dtypes.bool_:
        return operand
    dtype, _ = dtypes.promote([(operand, False), (result, False)])
    return dtypes.float32 if dtype in _HALF else dtype


# -- abstract


def _problem(lhs: ShapedArray, rhs: ShapedArray, numbers: DotDimensionNumbers) -> str:
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = numbers
    if len(lhs_contract) != len(rhs_contract) or len(lhs_batch) != len(rhs_batch):
        return "lhs and rhs need as many contracted and as many batch axes"
    for side, x, axes in (
        ("lhs", lhs, (*lhs_contract, *lhs_batch)),
        ("rhs", rhs, (*rhs_contract, *rhs_batch)),
    ):
        if any(not 0 <= d < x.ndim for d in axes) or len(set(axes)) < len(axes):
            return f"the axes of {side} must be distinct and in 0…{x.ndim - 1}"
    for kind, left, right in (
        ("contracted", lhs_contract, rhs_contract),
        ("batch", lhs_batch, rhs_batch),
    ):
        sizes = [lhs.shape[d] for d in left], [rhs.shape[d] for d in right]
        if sizes[0] != sizes[1]:
            return f"{kind} axes must have equal lengths, here {sizes[0]} and {sizes[1]}"
    return ""


def _dot_abstract(
    lhs: ShapedArray,
    rhs: ShapedArray,
    *,
    dimension_numbers: DotDimensionNumbers,
    precision: Any,
    preferred_element_type: np.dtype | None,
) -> Any:
    check_dtype("dot_general", lhs, dtypes.ALL, "lhs")
    if lhs.dtype != rhs.dtype:
        raise TypeError(
            f"dot_general needs operands of one dtype, got {lhs} and {rhs}: "
            "convert one of them with .astype(...)."
        )
    problem = _problem(lhs, rhs, dimension_numbers)
    if problem:
        raise TypeError(
            f"dot_general: {problem}; got operands {lhs} and {rhs} with dimension_numbers "
            f"{dimension_numbers}, which are ((lhs contracted, rhs contracted), (lhs batch, rhs "
            "batch))."
        )
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = dimension_numbers
    shape = (
        *(lhs.shape[d] for d in lhs_batch),
        *(lhs.shape[d] for d in free_axes(lhs.ndim, lhs_contract, lhs_batch)),
        *(rhs.shape[d] for d in free_axes(rhs.ndim, rhs_contract, rhs_batch)),
    )
    if preferred_element_type is None:
        return (ShapedArray(shape, lhs.dtype, lhs.weak_type and rhs.weak_type),)
    _check_preferred(lhs.dtype, preferred_element_type)
    return (ShapedArray(shape, preferred_element_type),)


def _check_preferred(dtype: np.dtype, preferred: np.dtype) -> None:
    if dtypes.is_complex(dtype) and not dtypes.is_complex(preferred):
        raise TypeError(
            f"dot_general: preferred_element_type {preferred} cannot hold the result of complex "
            f"operands of dtype {dtype}: use a complex dtype."
        )


# -- impl


def _dot_impl(
    lhs: np.ndarray,
    rhs: np.ndarray,
    *,
    dimension_numbers: DotDimensionNumbers,
    precision: Any,
    preferred_element_type: np.dtype | None,
) -> Any:
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = dimension_numbers
    result = preferred_element_type or lhs.dtype
    dtype = _working_dtype(lhs.dtype, result)
    batch = tuple(lhs.shape[d] for d in lhs_batch)
    own = free_axes(lhs.ndim, lhs_contract, lhs_batch)
    other = free_axes(rhs.ndim, rhs_contract, rhs_batch)
    left, right = tuple(lhs.shape[d] for d in own), tuple(rhs.shape[d] for d in other)
    depth = math.prod(lhs.shape[d] for d in lhs_contract)
    count, rows, columns = math.prod(batch), math.prod(left), math.prod(right)
    # One matrix product per batch index: (rows, depth) times (depth, columns).
    a = lhs.astype(dtype, copy=False).transpose(*lhs_batch, *own, *lhs_contract)
    b = rhs.astype(dtype, copy=False).transpose(*rhs_batch, *rhs_contract, *other)
    a, b = a.reshape(count, rows, depth), b.reshape(count, depth, columns)
    with quiet():
        out = a[0] @ b[0] if count == 1 else a @ b
        return (out.reshape((*batch, *left, *right)).astype(result, copy=False),)


# -- jvp and transpose


def _dot_jvp(primals: Any, tangents: Any, **params: Any) -> Any:
    (lhs, rhs), (lhs_dot, rhs_dot) = primals, tangents
    (out,) = dot_general_p.bind(lhs, rhs, **params)
    space = out.aval.tangent()
    total: Any = Zero(space)
    if space.dtype == dtypes.float0:
        return (out,), (total,)
    if type(lhs_dot) is not Zero:
        (total,) = dot_general_p.bind(lhs_dot, rhs, **params)
    if type(rhs_dot) is not Zero:
        (term,) = dot_general_p.bind(lhs, rhs_dot, **params)
        total = term if type(total) is Zero else space.add(total, term)
    return (out,), (total,)


def _lhs_bar(ct: Any, lhs: Any, rhs: Any, numbers: DotDimensionNumbers, precision: Any) -> Any:
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = numbers
    lhs_free = free_axes(lhs.aval.ndim, lhs_contract, lhs_batch)
    rhs_free = free_axes(rhs.ndim, rhs_contract, rhs_batch)
    leading = len(lhs_batch)
    ct_batch = tuple(range(leading))
    ct_rhs = tuple(range(ct.ndim - len(rhs_free), ct.ndim))
    back = (ct_rhs, rhs_free), (ct_batch, rhs_batch)
    found = _multiply(ct, rhs, back, precision, lhs.aval.dtype)
    # Its axes are now: batch, free of lhs, and the contracted ones in the order of rhs.
    in_rhs_order = sorted(range(len(rhs_contract)), key=rhs_contract.__getitem__)
    present = (*lhs_batch, *lhs_free, *(lhs_contract[n] for n in in_rhs_order))
    return transpose(found, [present.index(d) for d in range(len(present))])


def _multiply(
    lhs: Any, rhs: Any, numbers: DotDimensionNumbers, precision: Any, dtype: np.dtype
) -> Any:
    """Returns a contraction of a cotangent, whose dtype may be wider or narrower, in `dtype`."""
    common, _ = dtypes.promote([(lhs.dtype, False), (rhs.dtype, False)])
    wide = [x if x.dtype == common else convert_element_type(x, common) for x in (lhs, rhs)]
    return dot_general_p.bind(
        *wide,
        dimension_numbers=numbers,
        precision=precision,
        preferred_element_type=None if dtype == common else dtype,
    )[0]


def _flipped(numbers: DotDimensionNumbers) -> DotDimensionNumbers:
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = numbers
    return (rhs_contract, lhs_contract), (rhs_batch, lhs_batch)


def _dot_transpose(
    cts: Any,
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: DotDimensionNumbers,
    precision: Any,
    preferred_element_type: np.dtype | None,
) -> Any:
    (ct,) = cts
    if is_linear(lhs):
        return _lhs_bar(ct, lhs, rhs, dimension_numbers, precision), None
    # Seen from rhs, the free axes of the result are in the other order.
    leading = len(dimension_numbers[1][0])
    left = aval_of(lhs).ndim - leading - len(dimension_numbers[0][0])
    order = (*range(leading), *range(leading + left, ct.ndim), *range(leading, leading + left))
    flipped = _flipped(dimension_numbers)
    return None, _lhs_bar(transpose(ct, order), rhs, lhs, flipped, precision)


# -- batch


def _shift(axes: Axes, dim: int) -> Axes:
    return tuple(d + (d >= dim) for d in axes)


def _dot_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    dimension_numbers: DotDimensionNumbers,
    **params: Any,
) -> Any:
    (lhs, rhs), (lhs_dim, rhs_dim) = operands, dims
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = dimension_numbers
    if lhs_dim is not None:
        lhs_contract, lhs_batch = _shift(lhs_contract, lhs_dim), _shift(lhs_batch, lhs_dim)
    if rhs_dim is not None:
        rhs_contract, rhs_batch = _shift(rhs_contract, rhs_dim), _shift(rhs_batch, rhs_dim)
    lhs_free = free_axes(lhs.ndim, lhs_contract, lhs_batch)
    rhs_free = free_axes(rhs.ndim, rhs_contract, rhs_batch)
    if lhs_dim is not None and rhs_dim is not None:
        lhs_batch, rhs_batch, place = (lhs_dim, *lhs_batch), (rhs_dim, *rhs_batch), 0
    elif lhs_dim is not None:
        # One batched operand: its batch axis is one more free axis, and nothing moves.
        place = len(lhs_batch) + lhs_free.index(lhs_dim)
    else:
        place = len(lhs_batch) + len(lhs_free) + rhs_free.index(rhs_dim)
    numbers = ((lhs_contract, rhs_contract), (lhs_batch, rhs_batch))
    return dot_general_p.bind(lhs, rhs, dimension_numbers=numbers, **params), (place,)


# -- lower


def _dot_lower(
    k: Any,
    lhs: Any,
    rhs: Any,
    *,
    out: Any,
    dimension_numbers: DotDimensionNumbers,
    precision: Any,
    preferred_element_type: np.dtype | None,
) -> Any:
    aval = out[0]
    dtype = _working_dtype(lhs.dtype, aval.dtype)
    if dtype == dtypes.bool_:
        return _any_lower(k, lhs, rhs, aval, dimension_numbers)
    a, b = (_converted(k, x, dtype) for x in (lhs, rhs))
    (found,) = k.dot(ShapedArray(aval.shape, dtype), a, b, *dimension_numbers)
    return (_converted(k, found, aval.dtype),)


def _converted(k: Any, x: Any, dtype: np.dtype) -> Any:
    if x.dtype == dtype:
        return x
    return k.element(ShapedArray(x.shape, dtype), lambda *i: k.convert(x(*i), dtype))[0]


def _any_lower(k: Any, lhs: Any, rhs: Any, aval: Any, numbers: DotDimensionNumbers) -> Any:
    """A contraction of bools: whether both hold anywhere."""
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = numbers
    left = len(free_axes(lhs.ndim, lhs_contract, lhs_batch))

    def element(outer: Any, inner: Any) -> Any:
        batch, rest = outer[: len(lhs_batch)], outer[len(lhs_batch) :]
        a = lhs(*mix_indices(rest[:left], (*inner, *batch), (*lhs_contract, *lhs_batch)))
        b = rhs(*mix_indices(rest[left:], (*inner, *batch), (*rhs_contract, *rhs_batch)))
        return (k.and_(a, b),)

    return k.reduce(
        (aval,),
        [lhs.shape[d] for d in lhs_contract],
        element,
        (k.constant(False, dtypes.bool_),),
        lambda acc, new: (k.or_(acc[0], new[0]),),
        "or",
    )


dot_general_p = primitive(
    "dot_general",
    impl=_dot_impl,
    abstract=_dot_abstract,
    jvp=_dot_jvp,
    transpose=_dot_transpose,
    batch=_dot_batch,
    lower=_dot_lower,
)


# -- public functions


def _same_dtype(lhs: Any, rhs: Any) -> list[Any]:
    operands = match(lhs, rhs)
    dtype, _ = dtypes.promote([(x.dtype, aval_of(x).weak_type) for x in operands])
    return [x if x.dtype == dtype else convert_element_type(x, dtype) for x in operands]


def dot_general(
    lhs: Any,
    rhs: Any,
    dimension_numbers: Any,
    precision: Any = None,
    preferred_element_type: Any = None,
    *,
    out_sharding: Any = None,
) -> Array:
    """Contracts two arrays over some axes, for each index along others.

    Args:
        lhs, rhs: arrays; operands of different dtypes are promoted.
        dimension_numbers: `((lhs_contracted, rhs_contracted), (lhs_batch, rhs_batch))`, sequences
            of axes. Contracted axes are summed over; batch axes are kept and matched.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result and, at least, of the accumulation; None
            for the dtype of the operands. Half-precision results are accumulated in float32.
        out_sharding: for compatibility; without effect.

    Returns:
        An array with the batch axes, the free axes of lhs, then the free axes of rhs.

    Raises:
        TypeError: if axes or dtypes do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lhs, rhs = jnp.ones((5, 2, 3)), jnp.ones((5, 3, 4))
        >>> lax.dot_general(lhs, rhs, (((2,), (1,)), ((0,), (0,)))).shape
        (5, 2, 4)
    """
    contract, batch = dimension_numbers
    numbers = tuple(
        tuple(tuple(int(d) for d in axes) for axes in pair) for pair in (contract, batch)
    )
    preferred = preferred_element_type
    return dot_general_p.bind(
        *_same_dtype(lhs, rhs),
        dimension_numbers=numbers,
        precision=tuple(precision) if isinstance(precision, list) else precision,
        preferred_element_type=None if preferred is None else dtypes.canonical(preferred),
    )[0]


def dot(
    lhs: Any,
    rhs: Any,
    *,
    dimension_numbers: Any = None,
    precision: Any = None,
    preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Array:
    """Multiplies vectors and matrices: the last axis of lhs with the first of rhs.

    Args:
        lhs, rhs: arrays of rank 1 or 2 whose contracted axes have one length; of any rank if
            `dimension_numbers` are given.
        dimension_numbers: as for `dot_general`.
        precision: for compatibility; all precisions are full here.
        preferred_element_type: the dtype of the result.
        out_sharding: for compatibility; without effect.

    Raises:
        ValueError: if the ranks or lengths do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.dot(jnp.array([[1, 2], [3, 4]]), jnp.array([1, 1]))
        Array([3, 7], dtype=int64)
    """
    shapes = aval_of(lhs).shape, aval_of(rhs).shape
    if dimension_numbers is None:
        left, right = shapes
        if len(left) not in (1, 2) or len(right) not in (1, 2) or left[-1] != right[0]:
            raise ValueError(
                f"dot multiplies vectors and matrices whose inner lengths agree, got shapes {left} "
                f"and {right}: for anything else give dimension_numbers, as for dot_general."
            )
        dimension_numbers = (((len(left) - 1,), (0,)), ((), ()))
    return dot_general(lhs, rhs, dimension_numbers, precision, preferred_element_type)


def batch_matmul(lhs: Any, rhs: Any, precision: Any = None) -> Array:
    """Multiplies the matrices in the last two axes, for each index along the axes before.

    Args:
        lhs: an array of shape (..., n, m).
        rhs: an array of shape (..., m, p).
        precision: for compatibility; all precisions are full here.

    Returns:
        An array of shape (..., n, p).

    Raises:
        ValueError: if the ranks differ or are below 2.
        TypeError: if lengths do not fit.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.batch_matmul(jnp.ones((7, 2, 3)), jnp.ones((7, 3, 4))).shape
        (7, 2, 4)
    """
    left, right = aval_of(lhs).shape, aval_of(rhs).shape
    if len(left) != len(right) or len(left) < 2:
        raise ValueError(
            f"batch_matmul needs operands of one rank of at least 2, got shapes {left} and {right}."
        )
    batch = tuple(range(len(left) - 2))
    numbers = (((len(left) - 1,), (len(left) - 2,)), (batch, batch))
    return dot_general(lhs, rhs, numbers, precision)
