"""What libraries use to build transformations of their own: flattening and argument positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.avals import ShapedArray
from minijax.core.pytree import PyTreeDef, flatten, unflatten
from minijax.core.pytree import flatten_axes as _flatten_axes
from minijax.extend.core import DebugInfo
from minijax.extend.linear_util import Store, WrappedFun
from minijax.transforms.arguments import function_name
from minijax.transforms.staging import aval_of_struct


def safe_map(f: Callable[..., Any], *sequences: Any) -> list[Any]:
    """Returns the list of `f` of the elements of sequences of one length.

    Raises:
        ValueError: if the lengths differ.

    Example:
        >>> safe_map(lambda x, y: x + y, [1, 2], [3, 4])
        [4, 6]
    """
    return [f(*row) for row in zip(*map(list, sequences), strict=True)]


def shaped_abstractify(x: Any) -> ShapedArray:
    """Returns the aval of an array, a number, or anything with shape and dtype.

    Example:
        >>> aval = shaped_abstractify(2.0)
        >>> aval.shape, aval.dtype, aval.weak_type
        ((), dtype('float64'), True)
    """
    return aval_of_struct(x)


def flatten_fun(fun: WrappedFun, in_tree: PyTreeDef) -> tuple[WrappedFun, Callable[[], PyTreeDef]]:
    """Makes a function of `(args, kwargs)` one of leaves; the second result gives its out tree.

    Example:
        >>> from minijax.extend.linear_util import wrap_init
        >>> tree = flatten(((1, 2), {}))[1]
        >>> flat, out_tree = flatten_fun(wrap_init(lambda x, y: {"sum": x + y}), tree)
        >>> flat.call_wrapped(1, 2), out_tree()
        ([3], PyTreeSpec({'sum': *}))

    Args:
        fun: a wrapped function.
        in_tree: the structure of `(args, kwargs)`.
    """
    store = Store()

    def flat(f: Callable[..., Any], *leaves: Any) -> list[Any]:
        args, kwargs = unflatten(in_tree, leaves)
        outs, tree = flatten(f(*args, **kwargs))
        store.reset()
        store.store(tree)
        return outs

    return fun.wrap(flat), lambda: store.val


def flatten_fun_nokwargs(
    fun: WrappedFun, in_tree: PyTreeDef
) -> tuple[WrappedFun, Callable[[], PyTreeDef]]:
    """Makes a function of positional arguments one of leaves, like `flatten_fun`.

    Args:
        fun: a wrapped function.
        in_tree: the structure of the tuple of its arguments.

    Example:
        >>> from minijax.extend.linear_util import wrap_init
        >>> tree = flatten(((1, 2),))[1]
        >>> flat, out_tree = flatten_fun_nokwargs(wrap_init(lambda pair: [pair[0], pair[1]]), tree)
        >>> flat.call_wrapped(1, 2), out_tree()
        ([1, 2], PyTreeSpec([*, *]))
    """
    store = Store()

    def flat(f: Callable[..., Any], *leaves: Any) -> list[Any]:
        outs, tree = flatten(f(*unflatten(in_tree, leaves)))
        store.reset()
        store.store(tree)
        return outs

    return fun.wrap(flat), lambda: store.val


def flatten_axes(
    name: str, treedef: PyTreeDef, axis_tree: Any, *, kws: bool = False, tupled_args: bool = False
) -> list[Any]:
    """Returns an entry of a prefix pytree for every leaf of a structure.

    Args:
        name: what messages call the prefix.
        treedef: the structure.
        axis_tree: the prefix; None is an entry.
        kws, tupled_args: accepted for compatibility; they only change messages.

    Returns:
        A list as long as the structure has leaves.

    Raises:
        ValueError: if it is not a prefix of the structure.

    Example:
        >>> flatten_axes("in_axes", flatten({"a": (1, 2), "b": 3})[1], {"a": 0, "b": None})
        [0, 0, None]
    """
    return _flatten_axes(name, treedef, axis_tree)


def argnums_partial(
    f: WrappedFun,
    dyn_argnums: int | Sequence[int],
    args: Sequence[Any],
    require_static_args_hashable: bool = True,
) -> tuple[WrappedFun, tuple[Any, ...]]:
    """Returns a function of the arguments at some positions, and those arguments.

    Raises:
        ValueError: if another argument is not hashable and must be.

    Args:
        f: a wrapped function.
        dyn_argnums: the positions that stay arguments; negative ones count from the end.
        args: all arguments.
        require_static_args_hashable: whether the others must be hashable.

    Returns:
        The function, and the arguments at the positions.

    Example:
        >>> from minijax.extend.linear_util import wrap_init
        >>> part, dynamic = argnums_partial(wrap_init(lambda x, y: x - y), 1, (10, 3))
        >>> dynamic, part.call_wrapped(4)
        ((3,), 6)
    """
    wanted = (dyn_argnums,) if isinstance(dyn_argnums, int) else tuple(dyn_argnums)
    positions = [i % len(args) for i in wanted]
    fixed = {i: x for i, x in enumerate(args) if i not in positions}
    if require_static_args_hashable:
        for i, x in fixed.items():
            try:
                hash(x)
            except TypeError as error:
                raise ValueError(
                    f"The argument {i} of {function_name(f.f)} is static, not hashable: {x!r:.60}"
                ) from error

    def partial(inner: Callable[..., Any], *dynamic: Any, **kwargs: Any) -> Any:
        full = dict(fixed) | dict(zip(positions, dynamic, strict=True))
        return inner(*(full[i] for i in range(len(args))), **kwargs)

    return f.wrap(partial), tuple(args[i] for i in positions)


def donation_vector(
    donate_argnums: Sequence[int],
    donate_argnames: Sequence[str],
    in_tree: PyTreeDef,
    kws: bool = True,
) -> tuple[bool, ...]:
    """Returns for every leaf of `(args, kwargs)` whether its argument is donated.

    Args:
        donate_argnums: the positions of donated arguments.
        donate_argnames: the names of donated keyword arguments.
        in_tree: the structure of `(args, kwargs)`.
        kws: whether it is; otherwise it is that of `args`.

    Example:
        >>> tree = flatten((((1, 2), 3), {"scale": 4}))[1]
        >>> donation_vector((0,), ("scale",), tree)
        (True, True, False, True)
    """
    args, kwargs = unflatten(in_tree, range(in_tree.num_leaves)) if kws else (None, {})
    if args is None:
        args = unflatten(in_tree, range(in_tree.num_leaves))
    flags = [i in donate_argnums for i, x in enumerate(args) for _ in flatten(x)[0]]
    named = [name in donate_argnames for name in sorted(kwargs) for _ in flatten(kwargs[name])[0]]
    return (*flags, *named)


def rebase_donate_argnums(donate_argnums: Any, static_argnums: Any) -> tuple[int, ...]:
    """Returns donated positions as they are after static arguments were left out.

    Example:
        >>> rebase_donate_argnums((2,), (0,))
        (1,)

    Args:
        donate_argnums: positions among all arguments.
        static_argnums: the positions of static arguments.

    Raises:
        ValueError: if a position is among both.
    """
    donated, static = _positions(donate_argnums), _positions(static_argnums)
    if set(donated) & set(static):
        raise ValueError(f"static_argnums {static} and donate_argnums {donated} must not overlap.")
    return tuple(sorted(i - sum(j < i for j in static) for i in donated))


def _positions(argnums: Any) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums or ())


def debug_info(
    traced_for: str, fun: Callable[..., Any], args: Any, kwargs: Any, **_: Any
) -> DebugInfo:
    """Returns what messages call a function.

    Args:
        traced_for: the transformation, such as "jit".
        fun: the function.
        args, kwargs: the arguments that it is called with.

    Example:
        >>> def loss(x, scale): ...
        >>> info = debug_info("jit", loss, (1,), {"scale": 2})
        >>> info.traced_for, info.arg_names
        ('jit', ('args[0]', 'scale'))
    """
    names = tuple(f"args[{i}]" for i in range(len(args))) + tuple(kwargs)
    return DebugInfo(traced_for, function_name(fun), names)
