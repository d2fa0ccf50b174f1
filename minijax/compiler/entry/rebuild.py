"""Results that only Python can make: those with dataclasses, whose constructors may run any code.

For containers and registered dataclasses an expression is written that makes the result of the list
of its leaves, such as `kind0(weight=v[0], bias=[v[1], v[2]], name=rest0)`; its cost is that of the
constructors. Nodes of other kinds are left to the function they were registered with.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from minijax.core.dataclass_fields import dataclass_nodes
from minijax.core.pytree import PyTreeDef, is_registered, unflatten

Rebuild = Callable[[list[Any]], Any]


class Place:
    """Stands for a leaf of a result while its recipe is made."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


def numbered(out_tree: PyTreeDef) -> Any:
    """Returns a result with a `Place` as each leaf; None if a constructor does not take them."""
    try:
        return unflatten(out_tree, map(Place, range(out_tree.num_leaves)))
    except Exception:  # of the user's own making: it wants arrays
        return None


def rebuild_function(out_tree: PyTreeDef, places: Any) -> Rebuild:
    """Returns what makes a result of the list of its leaves.

    Args:
        out_tree: the structure of the result.
        places: what `numbered` returned for it.
    """
    names: dict[str, Any] = {}
    text = None if places is None else _expression(places, names)
    # A constructor may have put something else in the place of a leaf.
    if text is None or {*re.findall(r"v\[(\d+)\]", text)} != {
        *map(str, range(out_tree.num_leaves))
    }:
        return functools.partial(unflatten, out_tree)
    made: Rebuild = eval(f"lambda v: {text}", names)
    return made


def _expression(x: Any, names: dict[str, Any]) -> str | None:
    """The text that makes a result; the names it speaks of are added to `names`."""
    kind = type(x)
    if kind is Place:
        return f"v[{x.number}]"
    if x is None:
        return "None"
    if kind in dataclass_nodes:
        return _constructor(x, names)
    if is_registered(kind):
        return None
    if kind is dict:
        keys = [_name("key", key, names) for key in x]
        inner = [_expression(child, names) for child in x.values()]
        return _joined(
            "{", [k and v and f"{k}: {v}" for k, v in zip(keys, inner, strict=True)], "}"
        )
    if kind in (list, tuple):
        opening, closing = "[]" if kind is list else "()"
        return _joined(opening, [_expression(child, names) for child in x], closing)
    if isinstance(x, tuple) and hasattr(kind, "_fields"):
        opening = f"{_name('kind', kind, names)}("
        return _joined(opening, [_expression(child, names) for child in x], ")")
    return None


def _constructor(x: Any, names: dict[str, Any]) -> str | None:
    fields = dataclass_nodes[type(x)]
    parts: list[str | None] = [
        f"{name}={_name('rest', getattr(x, name), names)}" for name in fields.meta
    ]
    for name in fields.data:
        value = _expression(getattr(x, name), names)
        parts.append(value and f"{name}={value}")
    return _joined(f"{_name('kind', type(x), names)}(", parts, ")")


def _joined(opening: str, parts: Iterable[str | None], closing: str) -> str | None:
    found = list(parts)
    if any(part is None for part in found):
        return None
    # With a comma at the end, a tuple of one is a tuple.
    return f"{opening}{''.join(f'{part}, ' for part in found)}{closing}"


def _name(word: str, value: Any, names: dict[str, Any]) -> str:
    name = f"{word}{len(names)}"
    names[name] = value
    return name
