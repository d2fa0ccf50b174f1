"""The registry of node types, and one level of a tree at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from minijax.core import pytree, pytree_nodes

KeyEntry = TypeVar("KeyEntry", bound=Hashable)


def flatten_one_level(tree: Any) -> tuple[Iterable[Any], Hashable]:
    """Takes the root node of `tree` apart.

    Args:
        tree: a pytree that is not a leaf.

    Returns:
        The children, and what the node holds besides (dict keys, a namedtuple's type, static data).

    Raises:
        ValueError: `tree` is a leaf.

    Example:
        >>> flatten_one_level({'b': 1, 'a': [2]})
        ([[2], 1], ('a', 'b'))
    """
    return pytree.flatten_one_level(tree)


def flatten_one_level_with_keys(
    tree: Any,
) -> tuple[Iterable[tuple[Any, Any]], Hashable]:
    """Like `flatten_one_level`, with each child paired with its key.

    Example:
        >>> flatten_one_level_with_keys([7])[0]
        ((SequenceKey(idx=0), 7),)
    """
    children, rest = pytree.flatten_one_level(tree)
    return tuple(zip(pytree.one_level_keys(tree), children, strict=True)), rest


class PyTreeRegistry:
    """The node types this package knows, as an object. There is one: `default_registry`."""

    def flatten(
        self, tree: Any, leaf_predicate: Callable[[Any], bool] | None = None
    ) -> tuple[list[Any], pytree.PyTreeDef]:
        """Same as `tree_flatten`."""
        return pytree.flatten(tree, leaf_predicate)

    def flatten_with_path(
        self, tree: Any, leaf_predicate: Callable[[Any], bool] | None = None
    ) -> tuple[list[tuple[pytree.KeyPath, Any]], pytree.PyTreeDef]:
        """Same as `tree_flatten_with_path`."""
        return pytree.flatten_with_path(tree, leaf_predicate)

    def flatten_one_level(self, tree: Any) -> tuple[Iterable[Any], Hashable] | None:
        """Same as the function `flatten_one_level`, but `None` for a leaf."""
        if tree is not None and not pytree.is_tree_node(type(tree)):
            return None
        return pytree.flatten_one_level(tree)

    def is_node(self, typ: type) -> bool:
        """Same as `is_tree_node`."""
        return pytree.is_tree_node(typ)

    def register_node(
        self, nodetype: type, to_iterable: Callable[..., Any], from_iterable: Callable[..., Any]
    ) -> None:
        """Same as `register_pytree_node`."""
        pytree_nodes.register_pytree_node(nodetype, to_iterable, from_iterable)


default_registry = PyTreeRegistry()
