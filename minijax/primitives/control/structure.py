"""Functions of pytrees as closed programs, and the checks that loops and branches make on types."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.errors import four_parts
from minijax.core.jaxpr import Jaxpr, Var
from minijax.core.pytree import describe_mismatch, flatten, key_paths, unflatten
from minijax.core.records import record
from minijax.core.trace import Tracer, mapped_axes
from minijax.interpreters.stage import stage
from minijax.primitives.convert import convert_element_type


@record
class TreeProgram:
    """A function of pytrees, recorded.

    Attributes:
        jaxpr: the closed program: (consts, leaves of the arguments) -> leaves of the result.
        consts: what the function used from outside.
        out_tree: the structure of the result.
        name: what messages call the function.
    """

    jaxpr: Jaxpr
    consts: tuple[Any, ...]
    out_tree: Any
    name: str

    @property
    def out_avals(self) -> tuple[Any, ...]:
        """The avals of the leaves of the result."""
        return self.jaxpr.out_avals


def name_of(fun: Callable[..., Any]) -> str:
    """Returns the name of a function for messages."""
    return getattr(fun, "__name__", None) or type(fun).__name__


def array_leaves(what: str, tree: Any) -> tuple[list[Any], Any]:
    """Returns the leaves of a pytree as arrays, and its structure.

    Raises:
        TypeError: with the key path of a leaf that is not an array or a number.
    """
    leaves, treedef = flatten(tree)
    arrays = []
    for position, leaf in enumerate(leaves):
        try:
            arrays.append(to_array(leaf))
        except TypeError as error:
            path = key_paths(treedef)[position]
            raise TypeError(
                f"{what}{path} must be an array or a number, got {type(leaf).__name__}: "
                f"{leaf!r:.60}"
            ) from error
    return arrays, treedef


def stage_tree(
    what: str, fun: Callable[..., Any], in_tree: Any, avals: Sequence[Any]
) -> TreeProgram:
    """Records a function of pytrees as a closed program.

    Args:
        what: what messages call its result.
        fun: takes arrays in pytrees and returns arrays in a pytree.
        in_tree: the structure of the tuple of its arguments.
        avals: the avals of their leaves.

    Raises:
        TypeError: if a leaf of the result is not an array.
    """
    programs = _remembered(fun)
    key = (what, in_tree, tuple(avals), mapped_axes())
    found = programs.get(key)
    if found is None:
        found = _stage_tree(what, fun, in_tree, avals)
        # A captured tracer belongs to one call of an enclosing function.
        if not any(isinstance(const, Tracer) for const in found.consts):
            programs[key] = found
    return found


def _stage_tree(
    what: str, fun: Callable[..., Any], in_tree: Any, avals: Sequence[Any]
) -> TreeProgram:
    out_trees = []

    def flat(*leaves: Any) -> list[Any]:
        outs, tree = array_leaves(what, fun(*unflatten(in_tree, leaves)))
        out_trees.append(tree)
        return outs

    name = name_of(fun)
    jaxpr = stage(flat, avals, name, kept=True)
    return TreeProgram(jaxpr.close(), jaxpr.consts, out_trees[0], name)


# Programs recorded from a function live as long as it does: a loop that is run again with the same
# function is neither traced nor compiled again.
_programs: weakref.WeakKeyDictionary[Any, dict[Any, TreeProgram]] = weakref.WeakKeyDictionary()


def _remembered(fun: Callable[..., Any]) -> dict[Any, TreeProgram]:
    try:
        return _programs.setdefault(fun, {})
    except TypeError:
        # Not hashable, or no weak references to it: traced every time.
        return {}


def share_consts(programs: Sequence[TreeProgram]) -> tuple[tuple[Jaxpr, ...], list[Any]]:
    """Returns programs of the same arguments with their constants merged, and those."""
    shared = {id(x): x for program in programs for x in program.consts}
    jaxprs = []
    for program in programs:
        num_consts = len(program.consts)
        own = dict(zip(map(id, program.consts), program.jaxpr.invars[:num_consts], strict=True))
        leading = [own.get(key) or Var(aval_of(x)) for key, x in shared.items()]
        invars = (*leading, *program.jaxpr.invars[num_consts:])
        jaxprs.append(program.jaxpr.replace(invars=invars))
    return tuple(jaxprs), list(shared.values())


# -- types of carries and branches


def type_name(aval: Any) -> str:
    """Returns a type as messages show it, such as float64[3]."""
    return f"{aval.dtype}[{','.join(map(str, aval.shape))}]"


def _difference(expected: Any, got: Any) -> str:
    same_shape, same_dtype = expected.shape == got.shape, expected.dtype == got.dtype
    if same_shape:
        return "the dtypes differ"
    return "the shapes differ" if same_dtype else "shapes and dtypes differ"


def _at(path: str) -> str:
    return f" at {path}" if path else ""


def check_same_tree(
    happened: str, expected: Any, got: Any, names: tuple[str, str], instead: str
) -> None:
    """Refuses a result of another structure than expected.

    Raises:
        TypeError: with the key path of the first difference.
    """
    if expected != got:
        given = describe_mismatch(
            expected, got, expected_name=f"{names[0]} is", got_name=f"{names[1]} is"
        )
        raise TypeError(four_parts(happened, given, "equal structures", (instead,)))


def check_same_types(
    happened: str, tree: Any, pairs: Sequence[tuple[Any, Any]], names: tuple[str, str], instead: str
) -> None:
    """Refuses leaves of other types than expected.

    Args:
        happened: the first sentence of the message.
        tree: the structure of both sides.
        pairs: for each leaf the expected and the given aval.
        names: what the two sides are called.
        instead: what to write instead.

    Raises:
        TypeError: with the key path and both types of every leaf that differs.
    """
    lines = [
        f"{names[0]}{at} is {type_name(left)}, {names[1]}{at} is {type_name(right)}: "
        f"{_difference(left, right)}"
        for at, (left, right) in zip(map(_at, key_paths(tree)), pairs, strict=True)
        if not left.accepts(right)
    ]
    if lines:
        given = "\n            ".join(lines)
        raise TypeError(four_parts(happened, given, "equal shapes and dtypes", (instead,)))


def check_carry(name: str, program: TreeProgram, tree: Any, avals: Sequence[Any]) -> None:
    """Refuses a loop whose body does not return the type of carry that it takes.

    Args:
        name: of the loop.
        program: whose first results are the carry.
        tree: the structure of the carry.
        avals: the avals of its leaves.
    """
    check_same_types(
        f"{name}: {program.name} must return a carry of the types that it takes.",
        tree,
        list(zip(avals, program.out_avals, strict=False)),
        ("the carry it takes", "the carry it returns"),
        "give the initial carry those types, or convert with .astype(...) in the body",
    )


def promote_weak_carry(
    init: Sequence[Any], avals: Sequence[Any], outs: Sequence[Any]
) -> list[Any] | None:
    """Returns the initial carry with weak types promoted to what the body returns.

    Returns:
        The new initial values; None if none changes.
    """
    promoted, changed = list(init), False
    for i, (before, after) in enumerate(zip(avals, outs, strict=False)):
        if before.weak_type and before.dtype != after.dtype:
            pairs = [(before.dtype, True), (after.dtype, after.weak_type)]
            promoted[i] = convert_element_type(init[i], dtypes.promote(pairs)[0])
            changed = True
    return promoted if changed else None
