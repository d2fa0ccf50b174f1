"""From functions of pytrees to functions of flat values, and the messages that belong there."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array
from minijax.core.avals import Zero
from minijax.core.pytree import (
    PyTreeDef,
    describe_mismatch,
    flatten,
    flatten_call,
    flatten_with_path,
    keystr,
    structure,
    tree_map,
    unflatten,
)
from minijax.core.references import Ref
from minijax.core.trace import Tracer, current_trace


class FlatFunction:
    """A function of pytrees as a function of leaves; remembers the structure of its last output.

    Attributes:
        fun: the function of pytrees.
        in_tree: the structure of `(args, kwargs)`.
        has_aux: whether `fun` returns a pair whose second part is handed through as it is.
        out_tree: the structure of the output, known after a call.
        aux: the second part, with tracers of the trace in action taken apart.
    """

    __slots__ = ("aux", "fun", "has_aux", "in_tree", "out_tree")

    out_tree: PyTreeDef
    aux: Any

    def __init__(
        self, fun: Callable[..., Any], in_tree: PyTreeDef, *, has_aux: bool = False
    ) -> None:
        self.fun = fun
        self.in_tree = in_tree
        self.has_aux = has_aux
        self.aux = None

    def __call__(self, *leaves: Any) -> list[Any]:
        args, kwargs = unflatten(self.in_tree, leaves)
        out = self.fun(*args, **kwargs)
        if self.has_aux:
            out, aux = split_aux(self.fun, out)
            self.aux = tree_map(_primal, aux)
        outs, self.out_tree = flatten(out)
        for position, leaf in enumerate(outs):
            if not hasattr(leaf, "aval"):
                check_output(self.fun, self.out_tree, leaf, position)
        return outs


def function_name(fun: Callable[..., Any]) -> str:
    """Returns the name by which messages and printed programs call a function."""
    inner = getattr(fun, "func", fun)
    name = getattr(inner, "__name__", None)
    # Modules of some libraries answer every attribute with something of their own.
    return name if isinstance(name, str) else type(inner).__name__


def wraps(fun: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Does what `functools.wraps` does, for objects too that answer with other types."""
    kinds = {"__name__": str, "__qualname__": str, "__annotations__": dict}
    odd = [a for a, kind in kinds.items() if not isinstance(getattr(fun, a, kind()), kind)]
    assigned = [a for a in functools.WRAPPER_ASSIGNMENTS if a not in odd]
    return functools.wraps(fun, assigned)


def check_callable(what: str, fun: Any) -> None:
    """Refuses what is not a function.

    Raises:
        TypeError: saying what was passed in its place.
    """
    if not callable(fun):
        raise TypeError(
            f"{what} takes a function and returns a function, got {type(fun).__name__}: "
            f"{fun!r:.60}. Write {what}(f)(x), not {what}(f(x))."
        )


def split_aux(fun: Callable[..., Any], out: Any) -> tuple[Any, Any]:
    """Returns the two parts of the output of a function with auxiliary data.

    Raises:
        TypeError: if it is not a pair.
    """
    if not isinstance(out, tuple | list) or len(out) != 2:
        raise TypeError(
            f"with has_aux=True, {function_name(fun)} must return a pair (output, auxiliary data), "
            f"got {describe_sequence(out)}."
        )
    return out[0], out[1]


def describe_sequence(x: Any) -> str:
    """Returns the type of a value for a message, with its length for a tuple or list."""
    length = f" of length {len(x)}" if isinstance(x, tuple | list) else ""
    return type(x).__name__ + length


def _primal(x: Any) -> Any:
    if not isinstance(x, Tracer):
        return x
    split = getattr(current_trace(), "split", None)
    return x if split is None else split(x)[0]


def check_output(fun: Callable[..., Any], out_tree: PyTreeDef, leaf: Any, position: int) -> None:
    """Refuses an output that is not an array or a number.

    Raises:
        TypeError: naming the function, the key path of the output and its type.
        ValueError: if it is a reference.
    """
    if isinstance(leaf, Ref):
        raise ValueError(
            f"{function_name(fun)} returned a reference, and a transformed function can only "
            "return what one holds: return ref[...]."
        )
    try:
        aval_of(leaf)
    except TypeError:
        paths = flatten_with_path(unflatten(out_tree, range(out_tree.num_leaves)))[0]
        path = keystr(paths[position][0])
        place = f" at {path}" if path else ""
        raise TypeError(
            f"{function_name(fun)} returned a value of type {type(leaf).__name__}{place}: "
            f"{leaf!r:.60}. A transformed function returns arrays and numbers, in tuples, lists, "
            "dicts or other pytrees; leave other values out, or return them as auxiliary data "
            "(has_aux=True)."
        ) from None


def check_array(what: str, path: str, x: Any) -> Any:
    """Returns the aval of an argument.

    Raises:
        TypeError: naming the argument by its key path, if it is not an array or a number.
    """
    try:
        return aval_of(x)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{what}: the argument{f' at {path}' if path else ''} is a {type(x).__name__} "
            f"({x!r:.60}), which is not an array. Make it a static argument (static_argnums, "
            "static_argnames), close over it, or register its class as a pytree."
        ) from error


def flatten_arrays(what: str, args: Sequence[Any]) -> tuple[list[Any], PyTreeDef]:
    """Returns the leaves of positional arguments as arrays, and the structure of `(args, {})`.

    Raises:
        TypeError: naming the argument by its key path, if it is not an array or a number.
    """
    leaves, in_tree = flatten_call(args, {})
    try:
        return [as_array(x) for x in leaves], in_tree
    except (TypeError, ValueError):
        argument_avals(what, args, {})  # finds the one that is not an array, and names it
        raise


def as_array(x: Any) -> Any:
    """Returns an argument as an array; a zero of dtype float0 stays as it is."""
    if type(x) is ConcreteArray:
        return x
    return x if aval_of(x).dtype == dtypes.float0 else to_array(x)


def argument_avals(what: str, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Any]:
    """Returns the avals of all leaves of arguments, naming the one that is not an array."""
    leaves = flatten_with_path((tuple(args), kwargs))[0]
    return [check_array(what, argument_path(path), x) for path, x in leaves]


def argument_path(path: Sequence[Any]) -> str:
    """Returns how a message names a leaf of `(args, kwargs)`: `args[0]['w']` or `kwargs['x']`."""
    return ("args", "kwargs")[path[0].idx] + keystr(tuple(path[1:]))


def normalize_argnums(
    what: str, argnums: int | Sequence[int], num_args: int
) -> tuple[tuple[int, ...], bool]:
    """Returns argument positions as nonnegative ints, and whether a single int was given.

    Raises:
        TypeError: if `argnums` is not an int or a sequence of ints, or a position is out of range.
        ValueError: if a position is named twice.
    """
    if type(argnums) is int and 0 <= argnums < num_args:
        return (argnums,), True
    try:
        single = not isinstance(argnums, Sequence)
        given = (argnums,) if single else tuple(argnums)  # type: ignore[arg-type]
        positions = [operator.index(i) for i in given]  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"{what}: argnums must be an int or a sequence of ints, got {argnums!r}."
        ) from None
    for i in positions:
        if not -num_args <= i < num_args:
            raise TypeError(
                f"{what}: argnums={argnums!r} names the positional argument {i}, but the function "
                f"was called with {num_args} positional argument(s)."
            )
    wrapped = tuple(i % num_args for i in positions)
    if len(set(wrapped)) != len(wrapped):
        raise ValueError(f"{what}: argnums={argnums!r} names an argument twice.")
    return wrapped, single


def fix_arguments(
    fun: Callable[..., Any], argnums: Sequence[int], args: Sequence[Any], kwargs: dict[str, Any]
) -> Callable[..., Any]:
    """Returns `fun` as a function of the arguments at `argnums` (and further keyword ones)."""
    fixed = list(args)
    for i in argnums:
        fixed[i] = None  # a function that outlives the call does not keep what was passed

    def partial(*free: Any, **more: Any) -> Any:
        full = fixed.copy()
        for i, x in zip(argnums, free, strict=True):
            full[i] = x
        return fun(*full, **kwargs, **more)

    partial.func = fun  # type: ignore[attr-defined]  # where `function_name` looks
    return partial


def check_same_structure(what: str, expected_name: str, expected: Any, name: str, got: Any) -> None:
    """Refuses a pytree whose structure is not that of another.

    Raises:
        TypeError: saying by key path where they differ.
    """
    expected_tree, got_tree = structure(expected), structure(got)
    if expected_tree != got_tree:
        raise TypeError(
            f"{what}: {name} must have the structure of {expected_name}: "
            f"{describe_mismatch(expected_tree, got_tree)}"
        )


class Like:
    """A stand-in for a value of which only the aval is kept."""

    def __init__(self, aval: Any) -> None:
        self.aval = aval


def check_tangent(
    what: str,
    name: str,
    primal: Any,
    tangent: Any,
    errors: tuple[type[Exception], type[Exception]] = (TypeError, TypeError),
) -> Any:
    """Returns a tangent or cotangent in the form that interpreters take.

    Args:
        what: who asks, for the message.
        name: what the message calls the tangent.
        primal: the value, or something else with its aval.
        tangent: the tangent or cotangent.
        errors: what to raise for a wrong shape, and for a wrong dtype.
    """
    wrong_shape, wrong_dtype = errors
    space = aval_of(primal).tangent()
    found = check_array(what, name, tangent)
    if found.dtype == dtypes.float0 or space.dtype == dtypes.float0:
        if found.dtype != space.dtype:
            raise wrong_dtype(
                f"{what}: {name} for a value of {aval_of(primal)} must have dtype "
                f"{dtypes.short_name(space.dtype)} and shape {space.shape}, got {found}. Integers "
                "and bools have the tangent dtype float0 (minijax.dtypes.float0)."
            )
        return Zero(space)
    if found.shape != space.shape or found.dtype != space.dtype:
        error = wrong_dtype if found.dtype != space.dtype else wrong_shape
        raise error(
            f"{what}: {name} must have the shape and dtype of its value, {space}, got {found}."
        )
    return to_array(tangent)
