"""Looking at programs: make_jaxpr, eval_shape, ShapeDtypeStruct, closure_convert, named_call."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import ContextDecorator, ExitStack
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import flatten, flatten_with_path, tree_map, unflatten
from minijax.core.references import Ref, read_all
from minijax.core.source import api_boundary
from minijax.core.trace import EVAL, current_trace, named_axis
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage, stage_with_references
from minijax.primitives.control.call import call
from minijax.transforms.arguments import (
    FlatFunction,
    argument_path,
    check_array,
    fix_arguments,
    function_name,
    normalize_argnums,
    wraps,
)


class ShapeDtypeStruct:
    """The shape and dtype of an array without its elements.

    Args:
        shape: a sequence of ints.
        dtype: anything that names a dtype.
        weak_type: whether the dtype gives way in promotion.
        sharding, manual_axis_type, is_ref: accepted for compatibility; have no meaning on one
            device.

    Example:
        >>> import minijax as mj
        >>> mj.ShapeDtypeStruct((3, 4), "float32")
        ShapeDtypeStruct(shape=(3, 4), dtype=float32)
    """

    __slots__ = ("_aval", "is_ref", "manual_axis_type", "sharding")

    def __init__(
        self,
        shape: Sequence[int],
        dtype: Any,
        *,
        sharding: Any = None,
        weak_type: bool = False,
        manual_axis_type: Any = None,
        is_ref: bool = False,
    ) -> None:
        if dtype is None:
            raise ValueError("ShapeDtypeStruct: dtype must be specified, got None.")
        self._aval = ShapedArray(tuple(map(int, shape)), dtypes.canonical(dtype), weak_type)
        self.sharding = sharding
        self.manual_axis_type = manual_axis_type
        self.is_ref = is_ref

    @staticmethod
    def like(x: Any) -> ShapeDtypeStruct:
        """Returns the shape and dtype of an array."""
        return struct_of(aval_of_struct(x))

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._aval.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements."""
        return self._aval.dtype

    @property
    def weak_type(self) -> bool:
        """Whether the dtype gives way in promotion."""
        return self._aval.weak_type

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._aval.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._aval.size

    def update(self, **changes: Any) -> ShapeDtypeStruct:
        """Returns a copy with `shape`, `dtype` or `weak_type` replaced."""
        parts = ("shape", "dtype", "weak_type", "sharding", "manual_axis_type", "is_ref")
        return ShapeDtypeStruct(**({part: getattr(self, part) for part in parts} | changes))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object: a ShapeDtypeStruct of rank 0.")
        return self.shape[0]

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype.name}{weak})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and self._aval == other._aval

    def __hash__(self) -> int:
        return hash(("ShapeDtypeStruct", self._aval))


def aval_of_struct(x: Any) -> Any:
    """Returns the aval of an array, or of anything that has a shape and a dtype."""
    if isinstance(x, ShapeDtypeStruct):
        return x._aval
    if not hasattr(x, "aval") and hasattr(x, "shape") and hasattr(x, "dtype"):
        return ShapedArray(tuple(x.shape), dtypes.canonical(x.dtype))
    return aval_of(x)


def struct_avals(what: str, args: Any, kwargs: Any) -> list[Any]:
    """Returns the avals of all leaves of arguments that may be arrays or structs."""
    found = []
    for path, x in flatten_with_path((args, kwargs))[0]:
        is_struct = hasattr(x, "shape") and hasattr(x, "dtype")
        found.append(aval_of_struct(x) if is_struct else check_array(what, argument_path(path), x))
    return found


def without_static(
    what: str, fun: Callable[..., Any], static_argnums: Any, args: tuple[Any, ...]
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Returns the function of the arguments that are not static, and those arguments."""
    positions, _ = normalize_argnums(what, static_argnums, len(args))
    free = [i for i in range(len(args)) if i not in positions]
    return fix_arguments(fun, free, args, {}), tuple(args[i] for i in free)


def make_jaxpr(
    fun: Callable[..., Any],
    static_argnums: int | Sequence[int] = (),
    axis_env: Sequence[tuple[Hashable, int]] | None = None,
    return_shape: bool = False,
) -> Callable[..., Any]:
    """Returns a function that shows the program of `fun` instead of running it.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        static_argnums: positional arguments that are passed as they are.
        axis_env: pairs of a name and a size: axes that `fun` may name as under `vmap`.
        return_shape: whether to return the shapes and dtypes of the output too.

    Returns:
        A function with the arguments of `fun` (arrays, or anything with shape and dtype) that
        returns its `Jaxpr`.

    Example:
        >>> import minijax as mj
        >>> mj.make_jaxpr(lambda x: x * 2.0)(1.0)
        { lambda ; a:f64[]. let b:f64[] = mul a 2.0:f64[] in (b,) }
    """

    @wraps(fun)
    @api_boundary
    def made(*args: Any, **kwargs: Any) -> Any:
        inner, dynamic = without_static("make_jaxpr", fun, static_argnums, args)
        with ExitStack() as stack:
            for name, size in axis_env or ():
                stack.enter_context(named_axis(name, size))
            program, out_tree, avals = _program_of_values(inner, dynamic, kwargs)
        if not return_shape:
            return program
        return program, unflatten(out_tree, map(struct_of, avals))

    made.__name__ = f"make_jaxpr({function_name(fun)})"
    return made


def _program(fun: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Jaxpr, FlatFunction]:
    flat = FlatFunction(fun, flatten((args, kwargs))[1])
    name = function_name(fun)
    return stage(flat, struct_avals(f"tracing {name}", args, kwargs), name), flat


def _program_of_values(fun: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Jaxpr, Any, Any]:
    """Records a function that may use references, from outside or among its arguments.

    Returns:
        The program, whose first inputs are the values of those from outside and whose first outputs
        what all of them hold in the end; the structure of what `fun` returns; the avals of its
        leaves.
    """
    leaves, in_tree = flatten((args, kwargs))
    places = [isinstance(leaf, Ref) for leaf in leaves]
    inner = FlatFunction(fun, in_tree)

    def flat(*values: Any) -> list[Any]:
        given = [Ref(x) if on else x for x, on in zip(values, places, strict=True)]
        outs = inner(*given)
        return [*read_all([x for x in given if isinstance(x, Ref)]), *outs]

    name = function_name(fun)
    avals = struct_avals(f"tracing {name}", args, kwargs)
    program, touched = stage_with_references(flat, avals, name)
    return program, inner.out_tree, program.out_avals[len(touched) + sum(places) :]


def struct_of(aval: Any) -> ShapeDtypeStruct:
    """Returns the shape and dtype of an aval."""
    return ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak_type)


@api_boundary
def eval_shape(fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Returns the shapes and dtypes of a function's output without computing it.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        args, kwargs: its arguments: arrays, or anything with shape and dtype.

    Returns:
        A pytree of `ShapeDtypeStruct`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.eval_shape(jnp.dot, mj.ShapeDtypeStruct((2, 3), float), jnp.ones((3, 4)))
        ShapeDtypeStruct(shape=(2, 4), dtype=float64)
    """

    @wraps(fun)
    def arrays_only(*inner_args: Any, **inner_kwargs: Any) -> Any:
        return tree_map(_array_of_struct, fun(*inner_args, **inner_kwargs))

    _, out_tree, avals = _program_of_values(arrays_only, args, kwargs)
    return unflatten(out_tree, map(struct_of, avals))


def _array_of_struct(x: Any) -> Any:
    return x._aval.zeros() if isinstance(x, ShapeDtypeStruct) else x


@api_boundary
def closure_convert(fun: Callable[..., Any], *example_args: Any) -> tuple[Any, list[Any]]:
    """Makes the differentiable values that a function closes over explicit.

    A rule given to `custom_vjp` must not close over values being differentiated; this turns them
    into arguments.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        example_args: arguments that give structure, shapes and dtypes.

    Returns:
        `(converted, values)` with `converted(*args, *values) == fun(*args)`.

    Example:
        >>> import minijax as mj
        >>> scale = mj.numpy.array(3.0)
        >>> converted, values = mj.closure_convert(lambda x: scale * x, 1.0)
        >>> float(converted(2.0, *values))
        6.0
    """
    program, flat = _program(fun, example_args, {})
    free = [dtypes.is_inexact(aval_of(c).dtype) for c in program.consts]
    values = [c for c, on in zip(program.consts, free, strict=True) if on]
    in_tree, out_tree = flat.in_tree, flat.out_tree

    def converted(*args_and_values: Any) -> Any:
        split = len(args_and_values) - len(values)
        args, given = args_and_values[:split], iter(args_and_values[split:])
        leaves, tree = flatten((args, {}))
        if tree != in_tree:
            raise TypeError(f"closure_convert: expected arguments of {in_tree}, got {tree}.")
        consts = [next(given) if on else c for c, on in zip(program.consts, free, strict=True)]
        return unflatten(out_tree, eval_jaxpr(program.close(), *consts, *leaves))

    return converted, values


class named_scope(ContextDecorator):  # noqa: N801 - used as a context manager
    """Names a part of a program; a context manager and a decorator.

    Programs show functions named by `named_call`; a scope is accepted and leaves no trace.

    Args:
        name: the name.

    Raises:
        TypeError: if the name is not a string.

    Example:
        >>> with named_scope("layer"):
        ...     pass
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"named_scope name argument must be a string, got {name!r}.")
        self.name = name

    def __enter__(self) -> None:
        """Nothing is to be done."""

    def __exit__(self, *_: Any) -> None:
        """Nothing is to be undone."""


def named_call(fun: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """Returns `fun` as one named operation of the programs that call it.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        name: how printed programs call it; by default its own name.

    Example:
        >>> import minijax as mj
        >>> half = mj.named_call(lambda x: x / 2, name="half")
        >>> "name=half" in str(mj.make_jaxpr(half)(1.0))
        True
    """
    shown = name or function_name(fun)

    @wraps(fun)
    def named(*args: Any, **kwargs: Any) -> Any:
        leaves = flatten((args, kwargs))[0]
        # Functions among the arguments, as of lax.while_loop, have no place in an operation.
        if current_trace() is EVAL or any(map(callable, leaves)):
            return fun(*args, **kwargs)
        program, flat = _program(fun, args, kwargs)
        return unflatten(flat.out_tree, call(program.close(), *program.consts, *leaves, name=shown))

    return named
