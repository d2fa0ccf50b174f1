"""Pytree nodes of one's own: the ways to register a class.

>>> from minijax.core.pytree import leaves
>>> class Pair:
...     def __init__(self, left, right):
...         self.left, self.right = left, right
>>> register_pytree_node(Pair, lambda p: ((p.left, p.right), None), lambda _, c: Pair(*c))
>>> leaves(Pair(1, [2, 3]))
[1, 2, 3]
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from minijax.core.dataclass_fields import (
    choose_fields,
    dataclass_functions,
    dataclass_nodes,
)
from minijax.core.pytree import register_node

T = TypeVar("T")
ClassT = TypeVar("ClassT", bound=type)


def register_pytree_node(
    nodetype: type[T],
    flatten_func: Callable[[T], tuple[Iterable[Any], Hashable]],
    unflatten_func: Callable[[Any, Any], T],
    flatten_with_keys_func: Callable[[T], tuple[Iterable[Any], Hashable]] | None = None,
) -> None:
    """Makes a type a pytree node.

    Args:
        nodetype: the type.
        flatten_func: takes an instance, returns its children and its static rest. The rest must
            be hashable and comparable: compiled code is looked up by it.
        unflatten_func: takes the static rest and the children, returns an instance. It must not
            inspect the children: they may be tracers, or placeholders.
        flatten_with_keys_func: like `flatten_func`, but each child as a pair (key, child).

    Raises:
        ValueError: the type is registered already.

    Example:
        >>> from minijax.tree import leaves
        >>> class Pair:
        ...     def __init__(self, left, right):
        ...         self.left, self.right = left, right
        >>> register_pytree_node(Pair, lambda p: ((p.left, p.right), None), lambda _, c: Pair(*c))
        >>> leaves(Pair(1, [2, 3]))
        [1, 2, 3]
    """
    if flatten_with_keys_func is None:
        register_node(nodetype, flatten_func, unflatten_func, keyed=False)
    else:
        register_node(nodetype, _split_keys(flatten_with_keys_func), unflatten_func, keyed=True)


def _split_keys(flatten_with_keys: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def flatten_func(node: Any) -> tuple[tuple[Any, ...], Any, tuple[Any, ...]]:
        pairs, rest = flatten_with_keys(node)
        pairs = tuple(pairs)
        return tuple([child for _, child in pairs]), rest, tuple([key for key, _ in pairs])

    return flatten_func


def register_pytree_with_keys(
    nodetype: type[T],
    flatten_with_keys: Callable[[T], tuple[Iterable[Any], Hashable]],
    unflatten_func: Callable[[Any, Any], T],
    flatten_func: Callable[[T], tuple[Iterable[Any], Hashable]] | None = None,
) -> None:
    """Makes a type a pytree node whose children have names in key paths.

    Args:
        nodetype, unflatten_func: as for `register_pytree_node`.
        flatten_with_keys: takes an instance, returns pairs (key, child) and the static rest.
        flatten_func: accepted for callers that have one; the keyed function serves for both.

    Raises:
        ValueError: the type is registered already.

    Example:
        >>> from minijax.tree import leaves_with_path
        >>> class Point:
        ...     def __init__(self, x):
        ...         self.x = x
        >>> register_pytree_with_keys(Point, lambda p: ([("x", p.x)], None), lambda _, c: Point(*c))
        >>> leaves_with_path(Point(3))
        [(('x',), 3)]
    """
    del flatten_func
    register_node(nodetype, _split_keys(flatten_with_keys), unflatten_func, keyed=True)


def register_pytree_node_class(cls: ClassT) -> ClassT:
    """Class decorator: a node by its methods `tree_flatten` and `tree_unflatten` (classmethod).

    Example:
        >>> from minijax.tree import leaves
        >>> @register_pytree_node_class
        ... class Box:
        ...     def __init__(self, value):
        ...         self.value = value
        ...     def tree_flatten(self):
        ...         return (self.value,), None
        ...     @classmethod
        ...     def tree_unflatten(cls, rest, children):
        ...         return cls(*children)
        >>> leaves(Box((1, 2)))
        [1, 2]
    """
    register_node(cls, operator.methodcaller("tree_flatten"), cls.tree_unflatten, keyed=False)  # type: ignore[attr-defined]
    return cls


def register_pytree_with_keys_class(cls: ClassT) -> ClassT:
    """Class decorator: a node by its methods `tree_flatten_with_keys` and `tree_unflatten`.

    Args:
        cls: the class. `tree_flatten_with_keys` returns pairs (key, child) and the static rest;
            `tree_unflatten` is a classmethod of the rest and the children.

    Returns:
        The class.

    Raises:
        ValueError: it is registered already.

    Example:
        >>> from minijax.tree import leaves_with_path
        >>> @register_pytree_with_keys_class
        ... class Point:
        ...     def __init__(self, x):
        ...         self.x = x
        ...     def tree_flatten_with_keys(self):
        ...         return [("x", self.x)], None
        ...     @classmethod
        ...     def tree_unflatten(cls, rest, children):
        ...         return cls(*children)
        >>> leaves_with_path(Point(3))
        [(('x',), 3)]
    """
    flatten_with_keys = operator.methodcaller("tree_flatten_with_keys")
    register_node(cls, _split_keys(flatten_with_keys), cls.tree_unflatten, keyed=True)  # type: ignore[attr-defined]
    return cls


def register_static(cls: ClassT) -> ClassT:
    """Class decorator: instances have no leaves and are static; they must be hashable.

    Args:
        cls: the class. Compiled code is looked up by its instances, so equal ones must be alike.

    Returns:
        The class.

    Raises:
        ValueError: it is registered already.

    Example:
        >>> import minijax as mj
        >>> @register_static
        ... class Mode(str):
        ...     pass
        >>> mj.jit(lambda mode, x: x if mode == "keep" else -x)(Mode("flip"), 2.0)
        Array(-2., dtype=float64, weak_type=True)
    """
    register_node(cls, lambda obj: ((), obj, ()), lambda obj, _children: obj, keyed=True)
    return cls


def register_dataclass(
    nodetype: ClassT,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> ClassT:
    """Makes a dataclass (or a class like one) a pytree node; usable as a decorator.

    Args:
        nodetype: a class whose constructor takes its fields as keywords.
        data_fields: fields that hold arrays or pytrees. Without it, all fields of the dataclass
            that take part in `__init__` and are not marked static.
        meta_fields: fields that are static, hashable values. Without it, the fields declared
            with `field(metadata={'static': True})`.
        drop_fields: fields to leave out: the constructor must have defaults for them.

    Raises:
        TypeError: only one of the two lists is given, or neither for a class that is no dataclass.
        ValueError: the lists overlap, or do not name all fields, or name unknown ones.

    Example:
        >>> from minijax.tree import flatten_with_path
        >>> import dataclasses
        >>> @register_dataclass
        ... @dataclasses.dataclass
        ... class Layer:
        ...     weight: float
        ...     name: str = dataclasses.field(metadata={'static': True})
        >>> flatten_with_path(Layer(2.0, 'first'))[0]
        [((GetAttrKey(name='weight'),), 2.0)]
    """
    flatten_func, unflatten_func = dataclass_functions(
        nodetype, data_fields, meta_fields, drop_fields
    )
    register_node(nodetype, flatten_func, unflatten_func, keyed=True)
    dataclass_nodes[nodetype] = choose_fields(nodetype, data_fields, meta_fields)
    return nodetype
