"""Keys: the steps from the root of a pytree to a leaf.

A key path is a tuple of keys. Written as text it is the Python expression that reaches the leaf:

    >>> keystr((DictKey('w'), SequenceKey(0), GetAttrKey('bias')))
    "['w'][0].bias"
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from minijax.core.records import record

KeyPath: TypeAlias = tuple[Any, ...]


@record(eq=True)
class SequenceKey:
    """The step from a tuple or list to its element at `idx`."""

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"


@record(eq=True)
class DictKey:
    """The step from a dict to its value at `key`."""

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@record(eq=True)
class GetAttrKey:
    """The step from an object to its attribute `name`."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@record(eq=True)
class FlattenedIndexKey:
    """The step to child number `key` of a node whose registration names no keys."""

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key}>]"


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """Writes a key path as text.

    Args:
        keys: the path, as `flatten_with_path` returns it.
        simple: write bare names (`a`, `0`, `x`) in place of Python syntax (`['a']`, `[0]`, `.x`).
        separator: what to put between two steps.

    Example:
        >>> path = (DictKey('w'), SequenceKey(0), GetAttrKey('bias'))
        >>> keystr(path), keystr(path, simple=True, separator='/')
        ("['w'][0].bias", 'w/0/bias')
    """
    return separator.join(map(_simple_key if simple else str, keys))


def _simple_key(key: Any) -> str:
    match key:
        case SequenceKey(idx=name) | DictKey(key=name) | GetAttrKey(name=name):
            return str(name)
        case FlattenedIndexKey(key=name):
            return str(name)
        case _:
            return str(key)
