"""How an argument or a result is made up: containers, down to arrays and numbers.

An entry walks the recipe of the arguments it was made for; whatever differs goes to the next one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minijax.compiler.entry.rebuild import Place
from minijax.core import dtypes
from minijax.core.array import ConcreteArray
from minijax.core.avals import Aval, ShapedArray
from minijax.core.dataclass_fields import dataclass_nodes
from minijax.core.pytree import is_registered
from minijax.core.records import record

_PLAIN_READING: Any = object.__getattribute__
_NUMBERS = (float, int, bool, complex)


@record(eq=True)
class Leaf:
    """An array or a number.

    Attributes:
        kind: "array" (ours), "numpy", "scalar" (NumPy's) or the name of a Python number's type.
        aval: what it is as an array.
        type: its Python type.
    """

    kind: str
    aval: ShapedArray
    type: type


@record(eq=True)
class Node:
    """A tuple, named tuple, list, dict, dataclass or None.

    Attributes:
        type: its Python type.
        children: the recipes of what it holds.
        keys: of a dict, the keys of the children.
        order: of a dict, the numbers of the children in the order of its making.
        fields: of a dataclass, the attributes that the children are.
        rest: of a dataclass, the static attributes and their values.
    """

    type: type
    children: tuple[Recipe, ...]
    keys: tuple[Any, ...] = ()
    order: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    rest: tuple[tuple[str, Any], ...] = ()


Recipe = Leaf | Node


def argument_recipe(x: Any) -> Recipe | None:
    """Returns the recipe of an argument; None for what only Python can take apart."""
    kind = type(x)
    if kind is ConcreteArray:
        aval = x.aval
        return Leaf("array", aval, kind) if type(aval) is ShapedArray else None
    if kind is np.ndarray:
        plain = x.dtype.isnative and dtypes.canonical(x.dtype) is x.dtype
        return Leaf("numpy", ShapedArray(x.shape, x.dtype), kind) if plain else None
    if kind in _NUMBERS:
        scalar = dtypes.python_scalar_dtype(kind)
        assert scalar is not None, "a Python number has a dtype"
        return Leaf(kind.__name__, ShapedArray((), *scalar), kind)
    if isinstance(x, np.generic):
        plain = x.dtype.kind in "biufc" and x.dtype.itemsize <= 16
        return Leaf("scalar", ShapedArray((), x.dtype), kind) if plain else None
    return _container(x, [argument_recipe(child) for child in _children(x)])


def result_recipe(x: Any, avals: Sequence[Aval]) -> tuple[Recipe, bool] | None:
    """Returns the recipe of a result, given with a `Place` as each leaf.

    Returns:
        The recipe and whether the result is made by it; else the recipe is of the list of leaves,
        and Python makes the result of that. None if an output is not an array.
    """
    if not all(type(aval) is ShapedArray for aval in avals):
        return None
    arrays = [Leaf("array", aval, ConcreteArray) for aval in avals if type(aval) is ShapedArray]
    made = None if x is None and arrays else _result(x, arrays)
    return (Node(list, tuple(arrays)), False) if made is None else (made, True)


def _result(x: Any, arrays: Sequence[Leaf]) -> Recipe | None:
    if type(x) is Place:
        return arrays[x.number]
    if type(x) in dataclass_nodes:
        return None
    return _container(x, [_result(child, arrays) for child in _children(x)])


def leaves(recipe: Recipe) -> Iterator[Leaf]:
    """Yields the leaves in order."""
    if isinstance(recipe, Leaf):
        yield recipe
    else:
        for child in recipe.children:
            yield from leaves(child)


def leaf_values(x: Any) -> list[Any]:
    """Returns the leaves of an argument that has a recipe, in order."""
    if not _is_container(x):
        return [x]
    return [leaf for child in _children(x) for leaf in leaf_values(child)]


def _is_container(x: Any) -> bool:
    kind = type(x)
    plain = x is None or kind in (tuple, list, dict)
    return plain or _is_named_tuple(kind) or _has_readable_fields(x)


def _is_named_tuple(kind: type) -> bool:
    plain = kind.__bases__ == (tuple,) and kind.__basicsize__ == tuple.__basicsize__
    plain = plain and kind.__itemsize__ == tuple.__itemsize__ and hasattr(kind, "_fields")
    return plain and not is_registered(kind)


def _has_readable_fields(x: Any) -> bool:
    """Whether reading the fields of a registered dataclass runs no code and makes no objects."""
    kind = type(x)
    fields = dataclass_nodes.get(kind)
    if fields is None or inspect.getattr_static(kind, "__getattribute__") is not _PLAIN_READING:
        return False
    for name in (*fields.data, *fields.meta):
        # A property, unlike a slot, may make what it returns.
        found = inspect.getattr_static(kind, name, None)
        if hasattr(type(found), "__set__") and not inspect.ismemberdescriptor(found):
            return False
        if not (inspect.ismemberdescriptor(found) or name in getattr(x, "__dict__", ())):
            return False
    return True


def _children(x: Any) -> list[Any]:
    if not _is_container(x) or x is None:
        return []
    if type(x) is dict:
        return [x[key] for key in _sorted_keys(x)]
    if type(x) in dataclass_nodes:
        return [getattr(x, name) for name in dataclass_nodes[type(x)].data]
    return list(x)


def _sorted_keys(x: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(x)
    except TypeError:
        return list(x)


def _container(x: Any, children: Sequence[Recipe | None]) -> Node | None:
    if not _is_container(x) or any(child is None for child in children):
        return None
    kind, known = type(x), tuple(child for child in children if child is not None)
    if kind is dict:
        if not all(type(key) is str for key in x):
            return None
        keys = tuple(_sorted_keys(x))
        places = {key: k for k, key in enumerate(keys)}
        return Node(dict, known, keys, tuple(places[key] for key in x))
    if kind in dataclass_nodes:
        fields = dataclass_nodes[kind]
        rest = tuple((name, getattr(x, name)) for name in fields.meta)
        return Node(kind, known, fields=fields.data, rest=rest)
    return Node(kind, known)
