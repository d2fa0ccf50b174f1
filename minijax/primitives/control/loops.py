"""Loops over pytrees: scan, while_loop, fori_loop and map."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of, to_array
from minijax.core.config import config
from minijax.core.errors import four_parts
from minijax.core.pytree import describe, flatten, key_paths, structure, tuple_treedef, unflatten
from minijax.core.references import Ref, read_all, replace_all, threading, with_values
from minijax.core.source import api_boundary
from minijax.core.trace import Tracer
from minijax.interpreters.batch import batch, move_batch_axis
from minijax.primitives.arithmetic import add
from minijax.primitives.broadcast import insert_ones
from minijax.primitives.compare import lt
from minijax.primitives.control.references import split_references
from minijax.primitives.control.scan import scan_p
from minijax.primitives.control.structure import (
    TreeProgram,
    array_leaves,
    check_carry,
    check_same_tree,
    name_of,
    promote_weak_carry,
    stage_tree,
    type_name,
)
from minijax.primitives.control.while_loop import while_p
from minijax.primitives.convert import convert_element_type
from minijax.primitives.joining import concatenate
from minijax.primitives.shape import reshape
from minijax.primitives.windows import index_in_dim, slice_in_dim

# -- scan


@api_boundary
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    _split_transpose: bool = False,
) -> tuple[Any, Any]:
    """Runs a loop over the leading axes of arrays, carrying a state along.

    It is one operation, compiled to one loop, with forward and reverse mode.

    Args:
        f: `(carry, x) -> (carry, y)`; the carry it returns has the types of the one it takes.
        init: the initial carry, a pytree of arrays.
        xs: a pytree of arrays whose leading axes have one length; None for a loop over nothing.
        length: the number of iterations; needed only if `xs` has no arrays.
        reverse: whether to go from the last slice to the first.
        unroll: how many iterations the compiled loop may make at once; no influence on results.

    Returns:
        The last carry, and the ys stacked along a new leading axis.

    Raises:
        TypeError: if `f` does not return a pair, or changes the type of the carry.
        ValueError: if the lengths of `xs` and `length` disagree.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> total, partial = lax.scan(lambda c, x: (c + x, c + x), 0.0, jnp.array([1.0, 2.0, 3.0]))
        >>> print(total, partial)
        6.0 [1. 3. 6.]
    """
    if not callable(f):
        raise TypeError(f"scan: f must be a function (carry, x) -> (carry, y), got {f!r:.60}.")
    if any(isinstance(x, Ref) for x in flatten(xs)[0]):
        return _scan_references(f, init, xs, (length, reverse, unroll))

    def run(references: tuple[Ref, ...]) -> tuple[Any, Any]:
        if not references:
            return _scan(f, init, xs, length, reverse, unroll)

        def body(state: Any, x: Any) -> Any:
            values, pair = pure(state[0], state[1], x)
            carry, y = pair
            return (values, carry), y

        pure = with_values(f, references)
        start = read_all(references), init
        (values, carry), ys = _scan(body, start, xs, length, reverse, unroll)
        replace_all(references, values)
        return carry, ys

    return threading(run)


def _scan_references(
    f: Callable[..., Any], init: Any, xs: Any, options: tuple[Any, ...]
) -> tuple[Any, Any]:
    """Runs a scan with references among its xs: each iteration has one of the slice."""
    parts = split_references(xs)

    def body(carry: Any, x: Any) -> Any:
        slices = [Ref(value) for value in x[0]]
        carry, y = f(carry, parts.join(slices, x[1]))
        return carry, (read_all(slices), y)

    carry, (values, ys) = scan(body, init, (read_all(parts.references), parts.others), *options)
    replace_all(parts.references, values)
    return carry, ys


def _scan(
    f: Callable[..., Any], init: Any, xs: Any, length: Any, reverse: bool, unroll: int | bool
) -> tuple[Any, Any]:
    xs_flat, xs_tree = array_leaves("scan: xs", xs)
    length = _scan_length(xs_flat, xs_tree, length)
    if config.disable_jit and length:
        return _scan_python(f, init, (xs_flat, xs_tree), length, reverse)
    init_flat, init_tree = array_leaves("scan: init", init)
    x_avals = [x.aval.without_axis(0) for x in xs_flat]
    program, init_flat = _stage_scan(f, init_flat, init_tree, x_avals, xs_tree)
    outs = scan_p.bind(
        *program.consts,
        *init_flat,
        *xs_flat,
        jaxpr=program.jaxpr,
        length=length,
        reverse=bool(reverse),
        unroll=_unroll_factor(unroll, length),
        num_consts=len(program.consts),
        num_carry=len(init_flat),
    )
    return unflatten(program.out_tree, outs)


def _stage_scan(
    f: Callable[..., Any], init: list[Any], init_tree: Any, x_avals: Sequence[Any], xs_tree: Any
) -> tuple[TreeProgram, list[Any]]:
    """Returns the recorded body and the initial carry with weak types promoted."""
    in_tree = tuple_treedef((init_tree, xs_tree))

    def stage_body(carry: Sequence[Any]) -> TreeProgram:
        avals = [*builtins.map(aval_of, carry), *x_avals]
        program = stage_tree("scan: the result of f", f, in_tree, avals)
        _check_pair(program, init_tree)
        return program

    program = stage_body(init)
    promoted = promote_weak_carry(init, list(builtins.map(aval_of, init)), program.out_avals)
    if promoted is not None:
        init, program = promoted, stage_body(promoted)
    check_carry("scan", program, init_tree, list(builtins.map(aval_of, init)))
    return program, init


def _check_pair(program: TreeProgram, init_tree: Any) -> None:
    tree = program.out_tree
    if tree.type not in (tuple, list) or tree.num_children != 2:
        raise TypeError(
            four_parts(
                f"scan: the body {program.name} must return a pair (carry, y).",
                describe(tree),
                "a tuple of two: the carry for the next iteration and the output of this one",
                ("return carry, None for a loop that collects no outputs",),
            )
        )
    check_same_tree(
        f"scan: {program.name} must return a carry of the structure that it takes.",
        init_tree,
        tree.child(0),
        ("the carry it takes", "the carry it returns"),
        "return the carry in the structure of init",
    )


def _scan_length(xs: Sequence[Any], tree: Any, length: Any) -> int:
    for x, path in zip(xs, key_paths(tree), strict=True):
        if not x.shape:
            raise ValueError(
                f"scan: xs{path} has no leading axis to scan over: it is {type_name(x.aval)}. "
                "Pass values that all iterations share in init, or let the body close over them."
            )
    sizes = [x.shape[0] for x in xs]
    if length is not None:
        length = _as_length(length)
        wrong = [i for i, n in enumerate(sizes) if n != length]
        if wrong:
            path = key_paths(tree)[wrong[0]]
            raise ValueError(
                f"scan: length is {length}, but xs{path} has shape {xs[wrong[0]].shape}: leave "
                "length out, or slice the array to that length."
            )
        return length
    if not sizes:
        raise ValueError(
            "scan: there is nothing to scan over (xs has no arrays) and no length: pass length=."
        )
    if len(set(sizes)) > 1:
        shown = ", ".join(
            f"xs{path}: {x.shape}" for path, x in zip(key_paths(tree), xs, strict=True)
        )
        raise ValueError(f"scan: the leading axes of xs have different lengths: {shown}.")
    return sizes[0]


def _as_length(length: Any) -> int:
    try:
        found = operator.index(length)
    except TypeError as error:
        raise TypeError(
            f"scan: length must be a known integer, got {length!r:.60}. For a number of iterations "
            "that depends on values use while_loop or fori_loop."
        ) from error
    if found < 0:
        raise ValueError(f"scan: length must not be negative, got {found}.")
    return found


def _unroll_factor(unroll: int | bool, length: int) -> int:
    if isinstance(unroll, bool):
        return max(length, 1) if unroll else 1
    if unroll < 0:
        raise ValueError(f"scan: unroll must not be negative, got {unroll}.")
    return max(int(unroll), 1)


def _scan_python(
    f: Callable[..., Any], init: Any, xs: tuple[list[Any], Any], length: int, reverse: bool
) -> tuple[Any, Any]:
    """Runs the loop in Python, as `disable_jit` asks."""
    carry, ys = init, []
    leaves, tree = xs
    for i in reversed(range(length)) if reverse else range(length):
        x = unflatten(tree, [index_in_dim(leaf, i, 0, keepdims=False) for leaf in leaves])
        carry, y = f(carry, x)
        ys.append(y)
    if reverse:
        ys.reverse()
    flat = [list(builtins.map(to_array, flatten(y)[0])) for y in ys]
    stacked = [
        concatenate([insert_ones(value, (0,)) for value in column], 0)
        for column in zip(*flat, strict=True)
    ]
    return carry, unflatten(structure(ys[0]), stacked)


# -- while_loop


@api_boundary
def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Repeats a body as long as a condition holds.

    Forward and reverse mode work, though the number of iterations is known only at run time: the
    reverse pass records what it needs while it runs the loop again.

    Args:
        cond_fun: `carry -> bool` of rank 0.
        body_fun: `carry -> carry`, of the types that it takes.
        init_val: the initial carry, a pytree of arrays.

    Returns:
        The first carry for which the condition fails.

    Raises:
        TypeError: if the condition is not a bool of rank 0 or the body changes the carry's type.

    Example:
        >>> from minijax import lax
        >>> print(lax.while_loop(lambda x: x < 100.0, lambda x: x * 3.0, 2.0))
        162.0
    """
    for role, fun in (("cond_fun", cond_fun), ("body_fun", body_fun)):
        if not callable(fun):
            raise TypeError(f"while_loop: {role} must be a function of the carry, got {fun!r:.60}.")

    def run(references: tuple[Ref, ...]) -> Any:
        if not references:
            return _while_loop(cond_fun, body_fun, init_val)
        condition, body = with_values(cond_fun, references), with_values(body_fun, references)
        values, carry = _while_loop(
            lambda state: condition(*state)[1],
            lambda state: body(*state),
            (read_all(references), init_val),
        )
        replace_all(references, values)
        return carry

    return threading(run)


def _while_loop(cond_fun: Callable[..., Any], body_fun: Callable[..., Any], init_val: Any) -> Any:
    if config.disable_jit and _are_known(init_val):
        carry = init_val
        while cond_fun(carry):
            carry = body_fun(carry)
        return carry
    init, tree = array_leaves("while_loop: init_val", init_val)
    body = _stage_while_body(body_fun, init, tree)
    promoted = promote_weak_carry(init, list(builtins.map(aval_of, init)), body.out_avals)
    if promoted is not None:
        init = promoted
        body = _stage_while_body(body_fun, init, tree)
    avals = list(builtins.map(aval_of, init))
    check_carry("while_loop", body, tree, avals)
    cond = stage_tree("while_loop: the condition", cond_fun, tuple_treedef((tree,)), avals)
    _check_condition(cond)
    outs = while_p.bind(
        *cond.consts,
        *body.consts,
        *init,
        cond_jaxpr=cond.jaxpr,
        body_jaxpr=body.jaxpr,
        cond_nconsts=len(cond.consts),
        body_nconsts=len(body.consts),
    )
    return unflatten(tree, outs)


def _stage_while_body(body_fun: Callable[..., Any], init: Sequence[Any], tree: Any) -> TreeProgram:
    in_tree = tuple_treedef((tree,))
    body = stage_tree("while_loop: the carry", body_fun, in_tree, list(builtins.map(aval_of, init)))
    check_same_tree(
        f"while_loop: {body.name} must return a carry of the structure that it takes.",
        tree,
        body.out_tree,
        ("the carry it takes", "the carry it returns"),
        "return the carry in the structure of init_val",
    )
    return body


def _check_condition(cond: TreeProgram) -> None:
    avals = cond.out_avals
    is_leaf = cond.out_tree.is_leaf()
    if is_leaf and avals[0].shape == () and avals[0].dtype == dtypes.bool_:
        return
    shown = ", ".join(builtins.map(type_name, avals)) or "nothing"
    raise TypeError(
        four_parts(
            f"while_loop: the condition {cond.name} must return one bool of rank 0.",
            shown if is_leaf else f"{describe(cond.out_tree)}: {shown}",
            "bool[]",
            ("compare: x > 0", "join several: jnp.all(...) or jnp.any(...)"),
        )
    )


def _are_known(tree: Any) -> bool:
    return all(
        not isinstance(leaf, Tracer) or leaf.concrete() is not None for leaf in flatten(tree)[0]
    )


# -- fori_loop


@api_boundary
def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """Repeats a body for i = lower … upper - 1.

    With known bounds it is a scan, otherwise a while_loop; both have forward and reverse mode.

    Args:
        lower, upper: integers of rank 0.
        body_fun: `(i, carry) -> carry`, of the types that it takes.
        init_val: the initial carry, a pytree of arrays.
        unroll: how many iterations the compiled loop may make at once (known bounds only).

    Returns:
        The carry after the last iteration, `init_val` if there is none.

    Raises:
        TypeError: if a bound is not an integer or the body changes the carry's type.

    Example:
        >>> from minijax import lax
        >>> print(lax.fori_loop(1, 5, lambda i, c: c * i, 1))
        24
    """
    if not callable(body_fun):
        raise TypeError(f"fori_loop: body_fun must be a function (i, carry), got {body_fun!r:.60}.")
    lower, upper = _loop_bounds(lower, upper)
    first, last = _known_integer(lower), _known_integer(upper)

    if first is not None and last is not None:

        def step(state: Any, _: Any) -> Any:
            i, carry = state
            return (add(i, 1), body_fun(i, carry)), None

        step.__name__ = name_of(body_fun)
        length = max(last - first, 0)
        start = to_array(first)
        return scan(step, (start, init_val), None, length, unroll=1 if unroll is None else unroll)[
            0
        ][1]
    if unroll is not None:
        raise ValueError(
            "fori_loop: unroll needs bounds that are known while tracing: pass Python integers, or "
            "leave unroll out."
        )

    def advance(state: Any) -> Any:
        i, end, carry = state
        return add(i, 1), end, body_fun(i, carry)

    advance.__name__ = name_of(body_fun)
    return while_loop(lambda state: lt(state[0], state[1]), advance, (lower, upper, init_val))[2]


def _loop_bounds(lower: Any, upper: Any) -> tuple[Any, Any]:
    """Returns the bounds as integer arrays of one dtype."""
    bounds = []
    for role, x in (("lower", lower), ("upper", upper)):
        aval = aval_of(x)
        if aval.shape or not dtypes.is_integer(aval.dtype):
            raise TypeError(
                f"fori_loop: {role} must be an integer of rank 0, got {type_name(aval)}."
            )
        bounds.append(to_array(x))
    one, two = (x.aval for x in bounds)
    if one.dtype == two.dtype:
        return bounds[0], bounds[1]
    if not (one.weak_type or two.weak_type):
        raise TypeError(
            f"fori_loop: lower and upper must have one dtype, got {one.dtype} and {two.dtype}: "
            "convert one of them with .astype(...)."
        )
    dtype, _ = dtypes.promote((aval.dtype, aval.weak_type) for aval in (one, two))
    return convert_element_type(bounds[0], dtype), convert_element_type(bounds[1], dtype)


def _known_integer(x: Any) -> int | None:
    known = x.concrete() if isinstance(x, Tracer) else x
    return int(known) if isinstance(known, ConcreteArray) else None


# -- map


@api_boundary
def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """Applies a function to each slice along the leading axes, one after the other.

    Args:
        f: a function of one slice.
        xs: a pytree of arrays whose leading axes have one length.
        batch_size: how many slices to map at once; None for one.

    Returns:
        The results, stacked along a new leading axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> print(lax.map(lambda x: x * x, jnp.array([1.0, 2.0, 3.0])))
        [1. 4. 9.]
    """
    leaves, tree = array_leaves("map: xs", xs)
    if batch_size is None:
        return _map_slices(f, leaves, tree)
    if batch_size < 1:
        raise ValueError(f"map: batch_size must be at least 1, got {batch_size}.")
    length = _scan_length(leaves, tree, None)
    count = length // batch_size
    done = count * batch_size
    parts = []
    if count or not length:
        shaped = [
            reshape(slice_in_dim(x, 0, done), (count, batch_size, *x.shape[1:])) for x in leaves
        ]
        blocks, out_tree = flatten(_map_slices(_mapped(f), shaped, tree))
        parts.append([reshape(y, (done, *y.shape[2:])) for y in blocks])
    if done < length:
        rest = unflatten(tree, [slice_in_dim(x, done, length) for x in leaves])
        tail, out_tree = flatten(_mapped(f)(rest))
        parts.append(tail)
    joined = [concatenate(list(column), 0) for column in zip(*parts, strict=True)]
    return unflatten(out_tree, joined)


def _map_slices(f: Callable[[Any], Any], leaves: Sequence[Any], tree: Any) -> Any:
    return scan(lambda carry, x: (carry, f(x)), (), unflatten(tree, leaves))[1]


def _mapped(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns the function mapped over the leading axes of its argument."""

    def mapped(xs: Any) -> Any:
        leaves, tree = flatten(xs)
        out_trees = []

        def flat(*slices: Any) -> list[Any]:
            what = f"map: the result of {name_of(f)}"
            outs, out_tree = array_leaves(what, f(unflatten(tree, slices)))
            out_trees.append(out_tree)
            return outs

        size = aval_of(leaves[0]).shape[0]
        outs, dims = batch(flat, leaves, [0] * len(leaves), size)
        moved = builtins.map(lambda out, dim: move_batch_axis(out, dim, size), outs, dims)
        return unflatten(out_trees[0], moved)

    return mapped
