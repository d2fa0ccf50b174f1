"""Callbacks: calling Python functions from a program, traced or compiled.

A callback of the user is given arrays, as in JAX, and returns arrays of either kind; what stands in
the program takes and returns NumPy arrays. `pure_callback` may be left out or repeated where its
results allow; `io_callback` and debug callbacks have an effect, so they run exactly as often as the
program says, in program order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array, wrap
from minijax.core.avals import Aval, ShapedArray
from minijax.core.errors import runtime_error
from minijax.core.primitive import Primitive, Rule, absent, constant, primitive
from minijax.core.pytree import describe_mismatch, flatten, unflatten
from minijax.primitives.broadcast import insert_ones, spread
from minijax.primitives.control.custom_jvp import lead_batch_axis

Callback = Callable[..., Any]
Avals = tuple[ShapedArray, ...]

_METHODS = (
    "sequential",
    "sequential_unrolled",
    "expand_dims",
    "broadcast_all",
    "legacy_vectorized",
)
_NO_TRANSPOSE = absent("a Python function is not known to be linear")


def _without_derivative(name: str) -> Rule:
    def jvp(*_: Any, **__: Any) -> Any:
        # A ValueError, as callers of JAX's callbacks expect, where MissingRuleError is a TypeError.
        raise ValueError(
            f"{name}: callbacks do not support JVP, since what a Python function computes cannot "
            "be differentiated. Give its derivative with custom_jvp or custom_vjp."
        )

    return jvp


def _impl(*args: np.ndarray, callback: Callback, out_avals: Avals, **_: Any) -> Any:
    return tuple(callback(*args))


def _abstract(*avals: Aval, callback: Callback, out_avals: Avals, **_: Any) -> Any:
    return out_avals


def _lower(k: Any, *operands: Any, out: Any, callback: Callback, out_avals: Avals, **_: Any) -> Any:
    return k.host_call(out_avals, callback, operands)


def each_lane(callback: Callback, size: int, batched: Sequence[bool], out_avals: Avals) -> Callback:
    """Returns a callback that calls another once for each lane of its batched operands."""

    def mapped(*args: np.ndarray) -> Sequence[np.ndarray]:
        lanes = [
            callback(*(x[i] if on else x for x, on in zip(args, batched, strict=True)))
            for i in range(size)
        ]
        return [
            np.stack([lane[position] for lane in lanes])
            if lanes
            else np.empty((0, *aval.shape), aval.dtype)
            for position, aval in enumerate(out_avals)
        ]

    return mapped


def _lane_batch(get: Callable[[], Any]) -> Rule:
    def batch(
        size: int, operands: Any, dims: Any, *, callback: Callback, out_avals: Avals, **rest: Any
    ) -> Any:
        batched = [dim is not None for dim in dims]
        outs = get().bind(
            *lead_batch_axis(operands, dims),
            callback=each_lane(callback, size, batched, out_avals),
            out_avals=tuple(aval.with_axis(size, 0) for aval in out_avals),
            **rest,
        )
        return outs, (0,) * len(outs)

    return batch


debug_callback_p: Primitive = primitive(
    "debug_callback",
    impl=_impl,
    abstract=_abstract,
    jvp=constant,
    transpose=absent("a debug callback has no results"),
    batch=_lane_batch(lambda: debug_callback_p),
    lower=_lower,
    effect="debug",
)

io_callback_p: Primitive = primitive(
    "io_callback",
    impl=_impl,
    abstract=_abstract,
    jvp=_without_derivative("io_callback"),
    transpose=_NO_TRANSPOSE,
    batch=_lane_batch(lambda: io_callback_p),
    lower=_lower,
    effect="io",
)


def _pure_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    callback: Callback,
    out_avals: Avals,
    vmap_method: str | None,
) -> Any:
    if vmap_method is None:
        raise NotImplementedError(
            "pure_callback under vmap needs to know how to map its Python function: give "
            f"vmap_method, one of {', '.join(_METHODS)}."
        )
    if vmap_method.startswith("sequential"):
        return _lane_batch(lambda: pure_callback_p)(
            size,
            operands,
            dims,
            callback=callback,
            out_avals=out_avals,
            vmap_method=vmap_method,
        )
    moved = lead_batch_axis(operands, dims)
    if vmap_method != "legacy_vectorized":
        wide = vmap_method == "broadcast_all"
        moved = [
            x if dim is not None else spread(x, size, 0) if wide else insert_ones(x, (0,))
            for x, dim in zip(moved, dims, strict=True)
        ]
    outs = pure_callback_p.bind(
        *moved,
        callback=callback,
        out_avals=tuple(aval.with_axis(size, 0) for aval in out_avals),
        vmap_method=vmap_method,
    )
    return outs, (0,) * len(outs)


pure_callback_p = primitive(
    "pure_callback",
    impl=_impl,
    abstract=_abstract,
    jvp=_without_derivative("pure_callback"),
    transpose=_NO_TRANSPOSE,
    batch=_pure_batch,
    lower=_lower,
)


# -- functions of pytrees


def _handed(arrays: Sequence[np.ndarray]) -> list[ConcreteArray]:
    """Returns the arrays that a user's function is given; nobody else writes to the buffers."""
    return [wrap(x, ShapedArray(x.shape, x.dtype)) for x in arrays]


def _called(callback: Callback, args: Any, kwargs: Any) -> Any:
    """Calls a user's function; what it raises is also the class that JAX raises then."""
    try:
        return callback(*args, **kwargs)
    except Exception as error:
        found = runtime_error(error)
    raise found


def _result_avals(result_shape_dtypes: Any) -> tuple[Avals, Any]:
    leaves, tree = flatten(result_shape_dtypes)
    avals = tuple(ShapedArray(tuple(x.shape), dtypes.canonical(x.dtype)) for x in leaves)
    return avals, tree


def _flat_callback(
    what: str, callback: Callback, in_tree: Any, avals: Avals, out_tree: Any, batched: bool
) -> Callback:
    """Returns a callback of flat arrays that verifies what the user's function returns."""

    def flat(*arrays: np.ndarray) -> list[np.ndarray]:
        args, kwargs = unflatten(in_tree, _handed(arrays))
        leaves, tree = flatten(_called(callback, args, kwargs))
        if tree != out_tree:
            raise TypeError(
                f"{what}: the Python function must return the structure of result_shape_dtypes: "
                f"{describe_mismatch(out_tree, tree)}"
            )
        return [
            _checked(what, np.asarray(x), aval, batched)
            for x, aval in zip(leaves, avals, strict=True)
        ]

    return flat


def _checked(what: str, x: np.ndarray, aval: ShapedArray, batched: bool) -> np.ndarray:
    # A vectorised callback returns further leading axes, which vmap has asked for.
    shape = x.shape[x.ndim - len(aval.shape) :] if batched else x.shape
    if shape != aval.shape or x.dtype != aval.dtype:
        raise TypeError(
            f"{what}: the Python function returned {x.dtype}{list(x.shape)} where "
            f"result_shape_dtypes says {aval}: convert it with np.asarray(..., dtype)."
        )
    return x


def pure_callback(
    callback: Callback,
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    vmap_method: str | None = None,
    **kwargs: Any,
) -> Any:
    """Calls a Python function of arrays that has no side effects, with NumPy or anything else.

    Args:
        callback: takes arrays where `args` and `kwargs` have them, returns the structure of
            `result_shape_dtypes`. It may be called more often, or less, than the program says.
        result_shape_dtypes: a pytree of things with shape and dtype.
        args, kwargs: its arguments: pytrees of arrays.
        sharding: accepted for compatibility; has no meaning on one device.
        vmap_method: how it is mapped: "sequential" (once for each example), "expand_dims" or
            "broadcast_all" (once, with a leading axis on all arguments).

    Raises:
        TypeError: if it returns something else than announced.
        NotImplementedError: if it is mapped without `vmap_method`.

    Example:
        >>> import minijax as mj
        >>> import numpy as np
        >>> import minijax.numpy as jnp
        >>> shape = mj.ShapeDtypeStruct((3,), float)
        >>> mj.jit(lambda x: mj.pure_callback(np.sort, shape, x))(jnp.array([3.0, 1.0, 2.0]))
        Array([1., 2., 3.], dtype=float64)
    """
    if vmap_method is not None and vmap_method not in _METHODS:
        raise ValueError(
            f"pure_callback: vmap_method must be one of {_METHODS}, got {vmap_method!r}."
        )
    avals, out_tree = _result_avals(result_shape_dtypes)
    leaves, in_tree = flatten((args, kwargs))
    leaves = [to_array(x) for x in leaves]
    vectorized = vmap_method is not None and not vmap_method.startswith("sequential")
    flat = _flat_callback("pure_callback", callback, in_tree, avals, out_tree, vectorized)
    outs = pure_callback_p.bind(*leaves, callback=flat, out_avals=avals, vmap_method=vmap_method)
    return unflatten(out_tree, outs)


def io_callback(
    callback: Callback,
    result_shape_dtypes: Any,
    *args: Any,
    sharding: Any = None,
    ordered: bool = False,
    **kwargs: Any,
) -> Any:
    """Calls a Python function of arrays that may have side effects.

    Args:
        callback: takes arrays where `args` and `kwargs` have them, returns the structure of
            `result_shape_dtypes`. It is called as often as the program says, in program order.
        result_shape_dtypes: a pytree of things with shape and dtype; None for no result.
        args, kwargs: its arguments: pytrees of arrays.
        sharding: accepted for compatibility; has no meaning on one device.
        ordered: accepted for compatibility; calls are always in order.

    Raises:
        TypeError: if it returns something else than announced.

    Example:
        >>> import minijax as mj
        >>> from minijax.experimental import io_callback
        >>> seen = []
        >>> mj.jit(lambda x: io_callback(lambda v: seen.append(float(v)), None, x))(2.0)
        >>> seen
        [2.0]
    """
    avals, out_tree = _result_avals(result_shape_dtypes)
    leaves, in_tree = flatten((args, kwargs))
    leaves = [to_array(x) for x in leaves]
    flat = _flat_callback("io_callback", callback, in_tree, avals, out_tree, False)
    outs = io_callback_p.bind(*leaves, callback=flat, out_avals=avals)
    return unflatten(out_tree, outs)


def debug_callback(callback: Callback, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Calls a Python function for its side effects, whatever transformation is in action.

    Under `vmap` it is called once for each example, under `grad` once in the forward pass.

    Args:
        callback: takes arrays where `args` and `kwargs` have them; what it returns is ignored.
            Arguments that are not arrays are handed to it as they are.
        args, kwargs: its arguments.
        ordered: accepted for compatibility; calls are always in order.
    """
    leaves, in_tree = flatten((args, kwargs))
    traced = [_is_array(x) for x in leaves]
    operands = [to_array(x) for x, on in zip(leaves, traced, strict=True) if on]
    # The callback lives as long as the program: it must not hold traced values.
    known = [None if on else x for x, on in zip(leaves, traced, strict=True)]

    def flat(*arrays: np.ndarray) -> list[np.ndarray]:
        given = iter(_handed(arrays))
        full = [next(given) if on else x for x, on in zip(known, traced, strict=True)]
        inner_args, inner_kwargs = unflatten(in_tree, full)
        _called(callback, inner_args, inner_kwargs)
        return []

    debug_callback_p.bind(*operands, callback=flat, out_avals=())


def _is_array(x: Any) -> bool:
    try:
        aval_of(x)
    except (TypeError, ValueError):
        return False
    return True
