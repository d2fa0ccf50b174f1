"""The rules that elementwise primitives share, and the statements that declare one.

    sin_p = unary("sin", np.sin, on=INEXACT,
                  tangent=lambda t, x, y: mul(t, cos(x)),   # t tangent, x operand, y result
                  element=lambda k, x: k.sin(x))            # k: kernel builder

Operands of one primitive have one dtype (unless it says otherwise) and one shape, or rank 0: a
scalar meets arrays of any shape without being broadcast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of, scalar, to_array
from minijax.core.avals import ShapedArray, Zero
from minijax.core.operators import Array
from minijax.core.primitive import Absent, Constant, Primitive, absent, constant, primitive
from minijax.core.primitive import Rule as Rule
from minijax.core.quiet import begin_quiet, end_quiet
from minijax.primitives.broadcast import broadcast_in_dim, move_axis, spread

_HALF = frozenset((dtypes.bfloat16, dtypes.float16))
NOT_LINEAR = absent("it is not linear in its operands")


# -- impl


def through_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a NumPy function that computes bfloat16 and float16 in float32."""

    def compute(*operands: np.ndarray, **params: Any) -> Any:
        dtype = operands[0].dtype
        if dtype not in _HALF:
            return function(*operands, **params)
        wide = (x.astype(np.float32) if x.dtype == dtype else x for x in operands)
        result = function(*wide, **params)
        return result.astype(dtype) if result.dtype == np.float32 else result

    return compute


def ufunc_on(function: np.ufunc, on: Sequence[np.dtype]) -> dict[np.dtype, np.ufunc]:
    """Returns the table `ufuncs` of a primitive that is one ufunc on every dtype it takes."""
    return {dtype: function for dtype in on if dtype not in _HALF and dtype != dtypes.key_dtype}


def _elementwise_impl(function: Callable[..., Any]) -> Rule:
    compute = through_float32(function)

    def impl(*operands: np.ndarray, **params: Any) -> tuple[np.ndarray]:
        state = begin_quiet()
        try:
            return (np.asarray(compute(*operands, **params)),)
        finally:
            end_quiet(state)

    return impl


# -- abstract


def names_of(allowed: Sequence[np.dtype]) -> str:
    """Returns the short names of dtypes for a message."""
    return " ".join(dtypes.short_name(dtype) for dtype in allowed)


def check_dtype(name: str, aval: ShapedArray, allowed: Sequence[np.dtype], operand: str) -> None:
    """Refuses an operand whose dtype a primitive does not take.

    Raises:
        TypeError: naming the operand, its dtype and the dtypes allowed.
    """
    if aval.dtype not in allowed:
        raise TypeError(
            f"{name} does not take {operand} of dtype {aval.dtype} (shape {aval.shape}); "
            f"allowed: {names_of(allowed)}. Convert it with .astype(...)."
        )


def common_shape(name: str, avals: Sequence[ShapedArray]) -> tuple[int, ...]:
    """Returns the shape of an elementwise result.

    Raises:
        TypeError: if two operands have different shapes of rank above 0.
    """
    shapes = {aval.shape for aval in avals if aval.shape}
    if len(shapes) > 1:
        shown = ", ".join(str(aval.shape) for aval in avals)
        raise TypeError(
            f"{name} needs operands of one shape (or rank 0), got shapes {shown}: "
            "broadcast them, or use the function of minijax.numpy, which does."
        )
    return next(iter(shapes), ())


def _nary_abstract(
    name: str,
    on: Sequence[np.dtype],
    result: Callable[[np.dtype], np.dtype],
) -> Rule:
    def abstract(*avals: ShapedArray, **params: Any) -> tuple[ShapedArray]:
        for position, aval in enumerate(avals):
            check_dtype(name, aval, on, f"operand {position}")
        first = avals[0]
        if any(aval.dtype != first.dtype for aval in avals):
            shown = ", ".join(dtypes.short_name(aval.dtype) for aval in avals)
            raise TypeError(
                f"{name} needs operands of one dtype, got {shown}: convert them with .astype(...)"
                ", or use the function of minijax.numpy, which promotes."
            )
        dtype = result(first.dtype)
        weak = all(aval.weak_type for aval in avals) and dtype != dtypes.bool_
        return (ShapedArray(common_shape(name, avals), dtype, weak),)

    return abstract


# -- batch


def align_batch(
    size: int, operands: Sequence[Any], dims: Sequence[int | None]
) -> tuple[list[Any], int]:
    """Returns elementwise operands with the batch axis in one place, and that place."""
    ranks = [
        len(aval_of(x).shape) - (dim is not None) for x, dim in zip(operands, dims, strict=True)
    ]
    rank = max(ranks)
    full_rank = [d for d, r in zip(dims, ranks, strict=True) if d is not None and r == rank]
    target = full_rank[0] if full_rank else 0
    shape = None
    for x, dim, r in zip(operands, dims, ranks, strict=True):
        if r == rank:
            own = aval_of(x).shape
            inner = own if dim is None else own[:dim] + own[dim + 1 :]
            shape = (*inner[:target], size, *inner[target:])
    assert shape is not None
    aligned = []
    for x, dim, r in zip(operands, dims, ranks, strict=True):
        if dim is None:
            aligned.append(x if r == 0 else spread(x, size, target))
        elif r < rank:
            aligned.append(broadcast_in_dim(x, shape, (target,)))
        else:
            aligned.append(move_axis(x, dim, target))
    return aligned, target


def elementwise_batch(get: Callable[[], Primitive]) -> Rule:
    """Returns the batch rule of an elementwise primitive (given late, as it holds the rule)."""

    def batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
        aligned, dim = align_batch(size, operands, dims)
        outs = get().bind(*aligned, **params)
        return outs, (dim,) * len(outs)

    return batch


# -- jvp and lower


def _nary_jvp(get: Callable[[], Primitive], tangents: Sequence[Callable[..., Any] | None]) -> Rule:
    def jvp(primals: Any, given: Any, **params: Any) -> Any:
        (out,) = get().bind(*primals, **params)
        aval = out.aval
        total: Any = None
        for t, rule in zip(given, tangents, strict=True):
            if type(t) is Zero or rule is None:
                continue
            term = rule(t, *primals, out, **params)
            if aval_of(term) is not aval:
                # A scalar's tangent meets a result with axes.
                term = like_result(term, out)
            total = term if total is None else aval.tangent().add(total, term)
        return (out,), (Zero(aval.tangent()) if total is None else total,)

    return jvp


def like_result(t: Any, out: Any) -> Any:
    """Returns a tangent broadcast to the shape of the result it belongs to."""
    shape = aval_of(out).shape
    return t if aval_of(t).shape == shape else broadcast_in_dim(t, shape, ())


def elementwise_lower(element: Callable[..., Any]) -> Rule:
    """Returns the lower rule that applies `element(k, *exprs, **params)` at every index."""

    def lower(k: Any, *operands: Any, out: Any, **params: Any) -> Any:
        def body(*i: Any) -> Any:
            return element(k, *(x(*i) if x.ndim else x() for x in operands), **params)

        return k.element(out[0], body)

    return lower


# -- statements


def _same(dtype: np.dtype) -> np.dtype:
    return dtype


def to_bool(dtype: np.dtype) -> np.dtype:
    """The result dtype of a comparison."""
    return dtypes.bool_


def nary(
    name: str,
    function: Callable[..., Any],
    *,
    on: Sequence[np.dtype],
    tangents: Sequence[Callable[..., Any] | None] | Constant,
    element: Callable[..., Any],
    transpose: Rule | Absent = NOT_LINEAR,
    result: Callable[[np.dtype], np.dtype] = _same,
    ufuncs: Mapping[np.dtype, np.ufunc] | None = None,
    nan_apart: bool = False,
) -> Primitive:
    """Declares an elementwise primitive of several operands.

    Args:
        name: its name.
        function: the NumPy function (parameters by keyword).
        on: the dtypes it takes.
        tangents: for each operand the tangent of the result, `(t, *operands, out, **params)`, or
            None where it does not depend smoothly on the operand; `constant` if on none.
        element: `(k, *exprs, **params) -> expr`.
        transpose: the transpose rule where it is linear.
        result: the dtype of the result, from that of the operands.
        ufuncs: for dtypes on which `function` is a ufunc, that ufunc, if not all are the same.
        nan_apart: whether that holds for results without NaN only.
    """
    made: list[Primitive] = []
    if isinstance(function, np.ufunc):
        ufuncs = ufunc_on(function, on)
    jvp = tangents if isinstance(tangents, Constant) else _nary_jvp(lambda: made[0], tangents)
    made.append(
        primitive(
            name,
            impl=_elementwise_impl(function),
            abstract=_nary_abstract(name, on, result),
            jvp=jvp,
            transpose=transpose,
            batch=elementwise_batch(lambda: made[0]),
            lower=elementwise_lower(element),
            ufuncs=ufuncs,
            nan_apart=nan_apart,
        )
    )
    return made[0]


def unary(
    name: str,
    function: Callable[..., Any],
    *,
    on: Sequence[np.dtype],
    tangent: Callable[..., Any] | None,
    element: Callable[..., Any],
    transpose: Rule | Absent = NOT_LINEAR,
    result: Callable[[np.dtype], np.dtype] = _same,
) -> Primitive:
    """Declares an elementwise primitive of one operand; `tangent(t, x, y)`, None if it is zero."""
    return nary(
        name,
        function,
        on=on,
        tangents=constant if tangent is None else (tangent,),
        element=element,
        transpose=transpose,
        result=result,
    )


# -- calling elementwise primitives


def scalar_like(x: Any, dtype: np.dtype, weak_type: bool = False) -> Array:
    """Returns a Python or NumPy number as an array of rank 0 of the given dtype."""
    return scalar(x, dtype, weak_type)


def match(*operands: Any) -> Sequence[Any]:
    """Returns operands as arrays; Python scalars take the dtype of the arrays among them."""
    for x in operands:
        if not hasattr(x, "aval"):
            break
    else:
        return operands
    arrays = [x for x in operands if hasattr(x, "aval")]
    typed = arrays[0] if arrays else next((x for x in operands if hasattr(x, "dtype")), None)
    if typed is None:
        return [to_array(x) for x in operands]
    dtype = aval_of(typed).dtype
    return [_as_operand(x, dtype) for x in operands]


def _as_operand(x: Any, dtype: np.dtype) -> Array:
    found = dtypes.python_scalar_dtype(type(x))
    return to_array(x) if found is None else scalar(x, dtype, found[1])
