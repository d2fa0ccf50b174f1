"""Pytrees: nested containers of arrays, seen as a flat list of leaves plus a structure.

Every transformation works on flat lists. At its border a pytree is taken apart and rebuilt:

    {'w': x, 'b': (y, None)}  --flatten-->  [y, x]  and  {'b': (*, None), 'w': *}

`None` is an empty subtree, dict keys are sorted, everything unknown is a leaf. The walking is done
by optree, a C++ library, which is imported when the first pytree is taken apart. Only this module
calls it, so its options are stated once.

    >>> leaves, treedef = flatten({'w': 1.0, 'b': (2.0, None)})
    >>> leaves
    [2.0, 1.0]
    >>> key_paths(treedef)
    ["['b'][0]", "['w']"]
    >>> unflatten(treedef, [20.0, 10.0]) == {'w': 10.0, 'b': (20.0, None)}
    True
"""

from __future__ import annotations

import collections
import functools
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from minijax.core.key_path import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    KeyPath,
    SequenceKey,
    keystr,
)
from minijax.core.lazy import find
from minijax.core.operators import Array
from minijax.core.partial import Partial

if TYPE_CHECKING:
    import optree

# The class itself is in `minijax.core.tree_library`.
PyTreeDef: TypeAlias = "optree.PyTreeSpec"
IsLeaf: TypeAlias = Callable[[Any], bool] | None
T = TypeVar("T")
ClassT = TypeVar("ClassT", bound=type)

_NAMESPACE = "minijax"
_BUILTIN_NODES = (tuple, list, dict, collections.OrderedDict, collections.defaultdict, type(None))
__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "IsLeaf",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "broadcast_prefix",
    "describe_mismatch",
    "flatten",
    "flatten_axes",
    "flatten_call",
    "flatten_one_level",
    "flatten_up_to",
    "flatten_with_path",
    "is_tree_node",
    "key_paths",
    "keystr",
    "leaf_paths",
    "leaves",
    "node_keys",
    "one_level_keys",
    "register_later",
    "register_node",
    "structure",
    "tree_map",
    "tuple_treedef",
    "unflatten",
]

# Registered type -> whether its flatten function names the keys of its children.
_registered: dict[type, bool] = {}


# ---- the library


class _Later:
    """Stands for optree until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_load(), name)


# What the package itself registers before the library is there; None from then on.
_waiting: list[tuple[type, Callable[..., Any], Callable[..., Any]]] | None = []
_loading = threading.Lock()
if not TYPE_CHECKING:
    optree = _Later()


def _load() -> Any:
    global _waiting
    library = find(("minijax.core.tree_library", "optree"))
    with _loading:
        for nodetype, flatten_func, unflatten_func in _waiting or ():
            library.register_pytree_node(
                nodetype, flatten_func, unflatten_func, namespace=_NAMESPACE
            )
        _waiting = None
        globals()["optree"] = library
    return library


@functools.cache
def _dict_kinds() -> tuple[Any, ...]:
    kinds = optree.PyTreeKind
    return kinds.DICT, kinds.ORDEREDDICT, kinds.DEFAULTDICT


# ---- key paths


def node_keys(treedef: PyTreeDef) -> list[Any]:
    """The keys that lead from the root node of `treedef` to its children, in leaf order."""
    entries = treedef.entries()
    kind = treedef.kind
    if kind in _dict_kinds():
        return [DictKey(entry) for entry in entries]
    if kind == optree.PyTreeKind.NAMEDTUPLE:
        return [GetAttrKey(field) for field in treedef.type._fields]  # type: ignore[union-attr]
    if kind == optree.PyTreeKind.CUSTOM:
        if _registered.get(treedef.type, False):  # type: ignore[arg-type]
            return entries
        return [FlattenedIndexKey(entry) for entry in entries]
    return [SequenceKey(entry) for entry in entries]


def leaf_paths(treedef: PyTreeDef) -> list[KeyPath]:
    """The key path of every leaf of `treedef`, in leaf order."""
    paths: list[KeyPath] = []
    pending: list[tuple[KeyPath, PyTreeDef]] = [((), treedef)]
    while pending:
        path, node = pending.pop()
        if node.kind == optree.PyTreeKind.LEAF:
            paths.append(path)
            continue
        steps = zip(node_keys(node), node.children(), strict=True)
        pending.extend(reversed([((*path, key), child) for key, child in steps]))
    return paths


def key_paths(treedef: PyTreeDef) -> list[str]:
    """The key path of every leaf of `treedef` as text, for messages.

    Example:
        >>> key_paths(structure({'weights': [1, (2, 3)]}))
        ["['weights'][0]", "['weights'][1][0]", "['weights'][1][1]"]
    """
    return [keystr(path) for path in leaf_paths(treedef)]


# ---- taking apart and putting together


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], PyTreeDef]:
    """Takes a pytree apart into its leaves and its structure.

    Args:
        tree: any value.
        is_leaf: asked at every node from the root down; True makes the node a leaf.

    Returns:
        The leaves, left to right, and the structure that `unflatten` rebuilds the tree from.

    Example:
        >>> flatten([1, (2, None)])[0]
        [1, 2]
    """
    if is_leaf is None and isinstance(tree, Array) and type(tree) not in _registered:
        return [tree], _structure_of_leaf()
    return optree.tree_flatten(tree, is_leaf, namespace=_NAMESPACE)


def flatten_call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], PyTreeDef]:
    """Takes the arguments of a call apart: `flatten((tuple(args), dict(kwargs)))`, most often less.

    Example:
        >>> flatten_call([1, (2, 3)], {"scale": 4})[0]
        [1, 2, 3, 4]
    """
    if not kwargs and len(args) <= _MOST_ARGUMENTS:
        for x in args:
            if not isinstance(x, Array) or type(x) in _registered:
                break
        else:
            return list(args), _structure_of_arrays(len(args))
    return flatten((tuple(args), dict(kwargs)))


_MOST_ARGUMENTS = 16


@functools.cache
def _structure_of_leaf() -> PyTreeDef:
    return structure(0)


@functools.cache
def _structure_of_arrays(count: int) -> PyTreeDef:
    """The structure of a call with so many positional arguments that are leaves."""
    return structure(((0,) * count, {}))


def unflatten(treedef: PyTreeDef, leaves: Iterable[Any]) -> Any:
    """Builds the pytree of structure `treedef` with the given leaves.

    Raises:
        ValueError: there are more or fewer leaves than the structure has places.
    """
    return treedef.unflatten(leaves)


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a pytree, left to right."""
    return optree.tree_leaves(tree, is_leaf, namespace=_NAMESPACE)


def structure(tree: Any, is_leaf: IsLeaf = None) -> PyTreeDef:
    """The structure of a pytree: what remains when the leaves are taken out."""
    return optree.tree_structure(tree, is_leaf, namespace=_NAMESPACE)


def tree_map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """Applies `f` to each leaf, and builds a pytree of the results.

    Args:
        f: takes one leaf of `tree` and the subtree at the same place of each of `rest`.
        tree: decides the structure of the result.
        *rest: pytrees of which `tree` is a prefix.
        is_leaf: as for `flatten`, asked about the nodes of `tree`.

    Raises:
        ValueError: one of `rest` does not have the structure of `tree`; says where.

    Example:
        >>> tree_map(lambda x, y: x + y, {'a': 1, 'b': [2]}, {'a': 10, 'b': [20]})
        {'a': 11, 'b': [22]}
    """
    flat, treedef = flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten(map(f, flat))
    columns = [
        flatten_up_to(f"tree_map argument {position}", treedef, other)
        for position, other in enumerate(rest, start=2)
    ]
    return treedef.unflatten(map(f, flat, *columns))


def flatten_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], PyTreeDef]:
    """Like `flatten`, with each leaf paired with its key path.

    Args:
        tree, is_leaf: as for `flatten`.
        is_leaf_takes_path: call `is_leaf(path, node)` instead of `is_leaf(node)`.

    Example:
        >>> from minijax.tree import flatten_with_path
        >>> flatten_with_path({'a': [7]})[0]
        [((DictKey(key='a'), SequenceKey(idx=0)), 7)]
    """
    if is_leaf is not None and is_leaf_takes_path:
        answers = _ask_with_paths(tree, is_leaf)
        flat, treedef = flatten(tree, lambda _node: next(answers))
    else:
        flat, treedef = flatten(tree, is_leaf)
    return list(zip(leaf_paths(treedef), flat, strict=True)), treedef


def _ask_with_paths(tree: Any, is_leaf: Callable[[KeyPath, Any], bool]) -> Iterator[bool]:
    # optree asks its predicate node by node from the root down, children left to right, and knows
    # no paths. This generator answers in the same order, one answer ahead of the descent.
    pending: list[tuple[KeyPath, Any]] = [((), tree)]
    while pending:
        path, node = pending.pop()
        answer = is_leaf(path, node)
        if not answer:
            children, spec = _open(node)
            if spec.kind != optree.PyTreeKind.LEAF:
                steps = zip(node_keys(spec), children, strict=True)
                pending.extend(reversed([((*path, key), child) for key, child in steps]))
        yield bool(answer)


def _open(node: Any) -> tuple[list[Any], PyTreeDef]:
    # Its children (or itself, if it is a leaf) and its structure one level deep.
    return flatten(node, lambda x: x is not node)


def tuple_treedef(treedefs: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure of a tuple whose elements have the given structures."""
    return optree.treespec_tuple(treedefs, namespace=_NAMESPACE)


# ---- prefixes and mismatches


def flatten_up_to(name: str, treedef: PyTreeDef, tree: Any) -> list[Any]:
    """Takes `tree` apart as deep as `treedef` goes, into one subtree for each leaf of `treedef`.

    Args:
        name: what the message calls `tree`.
        treedef: the structure to follow.
        tree: a pytree of which `treedef` is a prefix.

    Raises:
        ValueError: the structure does not fit; names the key path and both sides.
    """
    try:
        return treedef.flatten_up_to(tree)
    except ValueError:
        found = _prefix_mismatch(treedef, tree)
        if found is None:
            raise
    path, expected, got = found
    kind = "Dict key mismatch: " if expected.kind == got.kind == optree.PyTreeKind.DICT else ""
    raise ValueError(
        f"{kind}{name} does not have the expected tree structure: at "
        f"{keystr(path) or 'the root'} it has "
        f"{describe(got)}, expected {describe(expected)}. Expected a tree of structure {treedef} "
        "(with any subtree in place of *). Give both trees the same containers and keys."
    )


def flatten_axes(name: str, treedef: PyTreeDef, axes_tree: Any) -> list[Any]:
    """Spreads a prefix tree of axes over the leaves of `treedef`.

    A prefix tree is cut off somewhere above the leaves: what stands there (an int, `None`, …)
    holds for the whole subtree. `None` is a value here, as in `in_axes`.

    Args:
        name: the argument the axes came from, for the message (`"vmap in_axes"`).
        treedef: the structure of the values.
        axes_tree: the prefix tree.

    Returns:
        One axis for each leaf of `treedef`.

    Raises:
        ValueError: the axes are no prefix of the values; names the argument and the key path.

    Example:
        >>> flatten_axes("in_axes", structure(((1, 2), {'a': 3})), ((0, None), 1))
        [0, None, 1]
    """
    result: list[Any] = []
    pending: list[tuple[KeyPath, PyTreeDef, Any]] = [((), treedef, axes_tree)]
    while pending:
        path, node, axes = pending.pop()
        if axes is None or type(axes) is int:
            result.extend([axes] * node.num_leaves)
            continue
        parts, spec = _open(axes)
        if spec.kind == optree.PyTreeKind.LEAF:
            result.extend([axes] * node.num_leaves)
            continue
        if spec != node.one_level():
            raise ValueError(_axes_message(name, path, node, spec))
        steps = zip(node_keys(node), node.children(), parts, strict=True)
        pending.extend(reversed([((*path, key), child, part) for key, child, part in steps]))
    return result


def _axes_message(name: str, path: KeyPath, values: PyTreeDef, axes: PyTreeDef) -> str:
    return (
        f"{name} does not fit the values: {name}{keystr(path)} is {describe(axes)}, but the value "
        f"there is {describe(values)}. Expected a prefix of the structure of the values: the same "
        "containers down to some level, then one int or None for all that is below. "
        "Write one int or None at that place, or repeat the containers of the value."
    )


def broadcast_prefix(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """Repeats each leaf of `prefix_tree` for all leaves of `full_tree` that lie below it.

    Raises:
        ValueError: `prefix_tree` is no prefix of `full_tree`; says where.

    Example:
        >>> broadcast_prefix([1, 2], [10, (20, 30)])
        [1, 2, 2]
    """
    flat, treedef = flatten(prefix_tree, is_leaf)
    subtrees = flatten_up_to("the full tree", treedef, full_tree)
    result: list[Any] = []
    for leaf, subtree in zip(flat, subtrees, strict=True):
        result.extend([leaf] * structure(subtree).num_leaves)
    return result


def describe_mismatch(
    expected: PyTreeDef,
    got: PyTreeDef,
    *,
    expected_name: str = "expected",
    got_name: str = "got",
    root: str = "",
) -> str:
    """Says where two structures differ first, and how; empty if they are equal.

    Args:
        expected: the structure that was asked for.
        got: the structure that was given.
        expected_name, got_name: what the text calls them (`"init has"`, `"the body returns"`).
        root: what the key path starts with (`"carry"`).

    Example:
        >>> describe_mismatch(structure({'a': (1, 2)}), structure({'a': [1, 2]}))
        "at ['a']: expected a tuple of length 2, got a list of length 2"
    """
    pending: list[tuple[KeyPath, PyTreeDef, PyTreeDef]] = [((), expected, got)]
    while pending:
        path, left, right = pending.pop()
        if left == right:
            continue
        if left.one_level() != right.one_level():
            text = f"{expected_name} {describe(left)}, {got_name} {describe(right)}"
            return f"at {root + keystr(path) or 'the root'}: {text}{_key_difference(left, right)}"
        steps = zip(node_keys(left), left.children(), right.children(), strict=True)
        pending.extend(reversed([((*path, key), one, two) for key, one, two in steps]))
    return ""


def _prefix_mismatch(treedef: PyTreeDef, tree: Any) -> tuple[KeyPath, PyTreeDef, PyTreeDef] | None:
    pending: list[tuple[KeyPath, PyTreeDef, Any]] = [((), treedef, tree)]
    while pending:
        path, node, value = pending.pop()
        if node.kind == optree.PyTreeKind.LEAF:
            continue
        parts, spec = _open(value)
        if spec != node.one_level():
            return path, node, spec
        steps = zip(node_keys(node), node.children(), parts, strict=True)
        pending.extend(reversed([((*path, key), child, part) for key, child, part in steps]))
    return None


def describe(treedef: PyTreeDef) -> str:
    """Says what the outermost node of a structure is: "a tuple of length 2"."""
    kind = treedef.kind
    if kind in (optree.PyTreeKind.LEAF, optree.PyTreeKind.NONE):
        return "a leaf" if kind == optree.PyTreeKind.LEAF else "None"
    assert treedef.type is not None, "only a leaf has no type"
    name = treedef.type.__name__
    article = "an" if name[0] in "AEIOUaeiou" else "a"
    if kind in _dict_kinds():
        return f"{article} {name} with keys {treedef.entries()}"
    if kind == optree.PyTreeKind.CUSTOM:
        return f"{article} {name} node {treedef.one_level()}"
    if kind == optree.PyTreeKind.NAMEDTUPLE:
        return f"{article} {name} (namedtuple)"
    return f"{article} {name} of length {treedef.num_children}"


def _key_difference(expected: PyTreeDef, got: PyTreeDef) -> str:
    if expected.kind not in _dict_kinds() or got.kind not in _dict_kinds():
        return ""
    missing = [key for key in expected.entries() if key not in got.entries()]
    surplus = [key for key in got.entries() if key not in expected.entries()]
    notes = [f"missing {missing}"] * bool(missing) + [f"not expected {surplus}"] * bool(surplus)
    return f" ({', '.join(notes)})" if notes else ""


# ---- one level


def is_tree_node(typ: type) -> bool:
    """Whether instances of `typ` are taken apart (True) or are leaves (False).

    Example:
        >>> is_tree_node(dict), is_tree_node(str)
        (True, False)
    """
    return typ in _BUILTIN_NODES or typ in _registered or optree.is_namedtuple_class(typ)


def is_registered(typ: type) -> bool:
    """Whether `typ` was given a flattening of its own.

    Example:
        >>> is_registered(Partial), is_registered(dict)
        (True, False)
    """
    return typ in _registered


def flatten_one_level(tree: Any) -> tuple[list[Any], Any]:
    """The children of a node, and what the node holds besides (keys, type, static fields).

    Raises:
        ValueError: `tree` is a leaf.

    Example:
        >>> flatten_one_level({'b': 1, 'a': [2]})
        ([[2], 1], ('a', 'b'))
    """
    if tree is None:
        return [], None
    if _open(tree)[1].kind == optree.PyTreeKind.LEAF:
        raise ValueError(
            f"flatten_one_level needs a pytree node, got a leaf of type {type(tree)}. Pass a "
            "container, or register the type with register_pytree_node."
        )
    rest: Any
    children, rest, _, _ = optree.tree_flatten_one_level(tree, namespace=_NAMESPACE)
    if isinstance(tree, collections.defaultdict):
        rest = rest[0], tuple(rest[1])
    return list(children), tuple(rest) if isinstance(rest, list) else rest


def one_level_keys(tree: Any) -> list[Any]:
    """The keys that lead from the node `tree` to its children."""
    return node_keys(_open(tree)[1])


# ---- registration


def register_node(
    nodetype: type,
    flatten_func: Callable[..., Any],
    unflatten_func: Callable[..., Any],
    keyed: bool,
) -> None:
    """Makes a type a pytree node; `minijax.core.pytree_nodes` has the ways to say it.

    Args:
        nodetype: the type.
        flatten_func: takes an instance, returns its children, its static rest and, if `keyed`, the
            keys of the children.
        unflatten_func: takes the static rest and the children, returns an instance.
        keyed: whether the children have keys.

    Raises:
        ValueError: the type is registered already.
    """
    _check_new(nodetype)
    with warnings.catch_warnings():
        # A namedtuple class may be given a flattening of its own; optree warns about that.
        warnings.simplefilter("ignore", UserWarning)
        optree.register_pytree_node(nodetype, flatten_func, unflatten_func, namespace=_NAMESPACE)
    _registered[nodetype] = keyed


def register_later(
    nodetype: type, flatten_func: Callable[..., Any], unflatten_func: Callable[..., Any]
) -> None:
    """Makes a class of the package a pytree node without keys, and does not load the library.

    Args:
        nodetype, flatten_func, unflatten_func: as for `register_node`.
    """
    with _loading:
        if _waiting is not None:
            _check_new(nodetype)
            _waiting.append((nodetype, flatten_func, unflatten_func))
            _registered[nodetype] = False
            return
    register_node(nodetype, flatten_func, unflatten_func, keyed=False)


def _check_new(nodetype: type) -> None:
    if nodetype in _registered or nodetype in _BUILTIN_NODES:
        raise ValueError(
            f"{nodetype} is a pytree node already, and a type can be registered only once. "
            "Remove the second registration, or register a subclass."
        )


register_later(
    Partial,
    lambda partial: ((partial.args, partial.keywords), partial.func),
    lambda func, children: Partial(func, *children[0], **children[1]),
)
