"""Map, reduce, transpose and take apart whole pytrees."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from minijax.core import pytree
from minijax.core.pytree import IsLeaf, KeyPath, PyTreeDef

T = TypeVar("T")


class _Unspecified:
    """Stands for an argument that was not given, where `None` is a value."""

    def __repr__(self) -> str:
        return "<unspecified>"


_unspecified = _Unspecified()

tree_map = pytree.tree_map
tree_flatten_with_path = pytree.flatten_with_path


def tree_flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], PyTreeDef]:
    """Takes a pytree apart into its leaves and its structure.

    Args:
        tree: any value.
        is_leaf: asked at every node from the root down; True makes the node a leaf.

    Returns:
        The leaves from left to right, and the structure.

    Example:
        >>> leaves, treedef = tree_flatten({'b': 1, 'a': (2, None)})
        >>> leaves
        [2, 1]
        >>> tree_unflatten(treedef, [20, 10]) == {'a': (20, None), 'b': 10}
        True
    """
    return pytree.flatten(tree, is_leaf)


def tree_unflatten(treedef: PyTreeDef, leaves: Iterable[Any]) -> Any:
    """Builds the pytree of structure `treedef` with the given leaves: undoes `tree_flatten`.

    Args:
        treedef: the structure.
        leaves: the leaves from left to right; any objects.

    Returns:
        The pytree.

    Raises:
        ValueError: the number of leaves is not `treedef.num_leaves`.

    Example:
        >>> tree_unflatten(tree_structure({'a': 0, 'b': [0]}), [1, 2])
        {'a': 1, 'b': [2]}
    """
    return treedef.unflatten(leaves)


def tree_leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a pytree, from left to right.

    Args:
        tree: a pytree.
        is_leaf: says of a node whether to take it for a leaf.

    Example:
        >>> tree_leaves([1, (2, {'k': 3}), None])
        [1, 2, 3]
    """
    return pytree.leaves(tree, is_leaf)


def tree_structure(tree: Any, is_leaf: IsLeaf = None) -> PyTreeDef:
    """The structure of a pytree.

    Args:
        tree: a pytree.
        is_leaf: says of a node whether to take it for a leaf.

    Example:
        >>> tree_structure([1, 2]) == tree_structure(['x', 'y'])
        True
    """
    return pytree.structure(tree, is_leaf)


def tree_leaves_with_path(
    tree: Any, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """The leaves of a pytree, each with its key path.

    Args:
        tree: a pytree.
        is_leaf: says of a node whether to take it for a leaf.
        is_leaf_takes_path: whether `is_leaf` is called as `is_leaf(path, node)`.

    Returns:
        Pairs (key path, leaf), from left to right.

    Example:
        >>> tree_leaves_with_path({'a': 5})
        [((DictKey(key='a'),), 5)]
    """
    return pytree.flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def tree_map_with_path(
    f: Callable[..., Any],
    tree: Any,
    *rest: Any,
    is_leaf: Callable[..., bool] | None = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """Like `tree_map`; `f` takes the key path before the leaves.

    Args:
        f: takes a key path, a leaf of `tree`, and the subtrees of `rest` at that place.
        tree: decides the structure of the result.
        *rest: pytrees of which `tree` is a prefix.
        is_leaf: as for `tree_flatten`.
        is_leaf_takes_path: call `is_leaf(path, node)` instead of `is_leaf(node)`.

    Example:
        >>> from minijax.core.pytree import keystr
        >>> tree_map_with_path(lambda path, x: f'{keystr(path)}={x}', {'a': [1, 2]})
        {'a': ["['a'][0]=1", "['a'][1]=2"]}
    """
    flat, treedef = pytree.flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    columns = [
        pytree.flatten_up_to(f"tree_map_with_path argument {position}", treedef, other)
        for position, other in enumerate(rest, start=2)
    ]
    rows = zip(flat, *columns, strict=True)
    return treedef.unflatten([f(path, leaf, *others) for (path, leaf), *others in rows])


def tree_reduce(
    function: Callable[[T, Any], T],
    tree: Any,
    initializer: Any = _unspecified,
    is_leaf: IsLeaf = None,
) -> T:
    """Combines the leaves from left to right: `function(function(a, b), c)`.

    Args:
        function: takes the result so far and a leaf.
        tree: any pytree.
        initializer: the first result; without it, the first leaf.
        is_leaf: as for `tree_flatten`.

    Raises:
        TypeError: there is neither a leaf nor an initializer.

    Example:
        >>> import operator
        >>> tree_reduce(operator.add, {'a': 1, 'b': [2, 3]})
        6
    """
    flat = pytree.leaves(tree, is_leaf)
    if initializer is not _unspecified:
        return functools.reduce(function, flat, initializer)
    if not flat:
        raise TypeError(
            "tree_reduce got a tree without leaves and no initializer, and expected one of them. "
            "Pass the value for an empty tree as initializer."
        )
    return functools.reduce(function, flat)


def tree_reduce_associative(
    operation: Callable[[T, T], T],
    tree: Any,
    *,
    identity: Any = _unspecified,
    is_leaf: IsLeaf = None,
) -> T:
    """Combines the leaves pairwise, in a balanced tree: `f(f(a, b), f(c, d))`.

    Rounding errors and data dependencies grow with the logarithm of the number of leaves.

    Args:
        operation: an associative function of two leaves.
        tree: any pytree.
        identity: the result for a tree without leaves.
        is_leaf: as for `tree_flatten`.

    Raises:
        TypeError: there is neither a leaf nor an identity.

    Example:
        >>> tree_reduce_associative(lambda a, b: f'({a}{b})', ['a', 'b', 'c', 'd'])
        '((ab)(cd))'
    """
    values = pytree.leaves(tree, is_leaf)
    if not values:
        if identity is _unspecified:
            raise TypeError(
                "tree_reduce_associative got a tree without leaves and no identity, and expected "
                "one of them. Pass the value for an empty tree as identity."
            )
        return identity
    return _reduce_halves(operation, values)


def _reduce_halves(operation: Callable[[T, T], T], values: list[T]) -> T:
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    left = _reduce_halves(operation, values[:middle])
    return operation(left, _reduce_halves(operation, values[middle:]))


def tree_all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:
    """Whether all leaves are true.

    Args:
        tree: a pytree.
        is_leaf: says of a node whether to take it for a leaf.

    Example:
        >>> tree_all({'a': True, 'b': [1, 0]})
        False
    """
    return all(pytree.leaves(tree, is_leaf))


def tree_transpose(
    outer_treedef: PyTreeDef, inner_treedef: PyTreeDef | None, pytree_to_transpose: Any
) -> Any:
    """Turns a tree of trees inside out.

    Args:
        outer_treedef: the structure of the outer tree.
        inner_treedef: the structure of each of its elements; `None` takes that of the first one.
        pytree_to_transpose: the tree of trees.

    Returns:
        A tree of structure `inner_treedef` with elements of structure `outer_treedef`.

    Raises:
        TypeError: the tree does not have as many leaves as the two structures together.

    Example:
        >>> pairs = [(1, 'a'), (2, 'b'), (3, 'c')]
        >>> tree_transpose(tree_structure([0, 0, 0]), tree_structure((0, 0)), pairs)
        ([1, 2, 3], ['a', 'b', 'c'])
    """
    flat, treedef = pytree.flatten(pytree_to_transpose)
    if inner_treedef is None:
        first = outer_treedef.flatten_up_to(pytree_to_transpose)[0]
        inner_treedef = pytree.structure(first)
    inner_size, outer_size = inner_treedef.num_leaves, outer_treedef.num_leaves
    if treedef.num_leaves != inner_size * outer_size:
        raise TypeError(
            f"tree_transpose got a tree of structure {treedef}, expected one of structure "
            f"{outer_treedef.compose(inner_treedef)}. Give the structures of the outer tree and "
            "of its elements, in this order."
        )
    columns = [flat[position::inner_size] for position in range(inner_size)]
    return inner_treedef.unflatten([outer_treedef.unflatten(column) for column in columns])


def tree_broadcast(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf = None) -> Any:
    """Repeats the leaves of a prefix, so that the result has the structure of `full_tree`.

    Args:
        prefix_tree: a tree that is cut off somewhere above the leaves of `full_tree`.
        full_tree: gives the structure.
        is_leaf: as for `tree_flatten`, asked about `prefix_tree` and `full_tree`.

    Raises:
        ValueError: `prefix_tree` is no prefix of `full_tree`; says where.

    Example:
        >>> tree_broadcast([1, 2], [10, (20, {'a': 30})])
        [1, (2, {'a': 2})]
    """
    flat = pytree.broadcast_prefix(prefix_tree, full_tree, is_leaf)
    return pytree.structure(full_tree).unflatten(flat)


def all_leaves(iterable: Iterable[Any], is_leaf: IsLeaf = None) -> bool:
    """Whether no element of `iterable` is a node: each is a leaf.

    Args:
        iterable: any objects.
        is_leaf: says of a node whether to take it for a leaf.

    Example:
        >>> all_leaves([1, 2.5]), all_leaves([1, [2]]), all_leaves([None])
        (True, False, False)
    """
    return all(
        len(flat := pytree.leaves(element, is_leaf)) == 1 and flat[0] is element
        for element in iterable
    )


def treedef_is_leaf(treedef: PyTreeDef) -> bool:
    """Whether `treedef` has a single node: it is the structure of a leaf or of an empty container.

    Example:
        >>> treedef_is_leaf(tree_structure(3)), treedef_is_leaf(tree_structure([3]))
        (True, False)
    """
    return treedef.num_nodes == 1


def treedef_children(treedef: PyTreeDef) -> list[PyTreeDef]:
    """The structures of the children of the root node; empty for a leaf.

    Example:
        >>> treedef_children(tree_structure([1, (2, 3)]))
        [PyTreeSpec(*), PyTreeSpec((*, *))]
    """
    return treedef.children()


def treedef_tuple(treedefs: Iterable[PyTreeDef]) -> PyTreeDef:
    """The structure of a tuple whose elements have the given structures.

    Example:
        >>> treedef_tuple([tree_structure(1), tree_structure([2])]) == tree_structure((1, [2]))
        True
    """
    return pytree.tuple_treedef(treedefs)
