"""How an argument or a result is made up: containers, down to arrays and numbers.

An entry walks the recipe of the arguments it was made for; whatever differs goes to the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray
from minijax.core.avals import Aval, ShapedArray

_NUMBERS = (float, int, bool, complex)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Node:
    """A tuple, named tuple, list, dict or None.

    Attributes:
        type: its Python type.
        children: the recipes of what it holds.
        keys: of a dict.
    """

    type: type
    children: tuple[Recipe, ...]
    keys: tuple[Any, ...] = ()


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


def result_recipe(x: Any, avals: Sequence[Aval]) -> Recipe | None:
    """Returns the recipe of a result, given with numbers of outputs in place of its leaves."""
    if type(x) is int:
        aval = avals[x]
        return Leaf("array", aval, ConcreteArray) if type(aval) is ShapedArray else None
    return _container(x, [result_recipe(child, avals) for child in _children(x)])


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
    return x is None or kind in (tuple, list, dict) or _is_named_tuple(kind)


def _is_named_tuple(kind: type) -> bool:
    plain = kind.__bases__ == (tuple,) and kind.__basicsize__ == tuple.__basicsize__
    return plain and kind.__itemsize__ == tuple.__itemsize__ and hasattr(kind, "_fields")


def _children(x: Any) -> list[Any]:
    if not _is_container(x) or x is None:
        return []
    if type(x) is dict:
        return [x[key] for key in _sorted_keys(x)]
    return list(x)


def _sorted_keys(x: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(x)
    except TypeError:
        return list(x)


def _container(x: Any, children: Sequence[Recipe | None]) -> Node | None:
    if not _is_container(x) or any(child is None for child in children):
        return None
    known = tuple(child for child in children if child is not None)
    if type(x) is dict:
        keys = tuple(_sorted_keys(x))
        return Node(dict, known, keys) if all(type(key) is str for key in keys) else None
    return Node(type(x), known)
