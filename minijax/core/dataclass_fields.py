"""How a dataclass becomes a pytree node: which fields are children, and which are static."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minijax.core.key_path import GetAttrKey


class Fields(NamedTuple):
    """The fields of a class: those that are children, and those that are static."""

    data: tuple[str, ...]
    meta: tuple[str, ...]


# Filled by `register_dataclass`.
dataclass_nodes: dict[type, Fields] = {}


def dataclass_functions(
    nodetype: type,
    data_fields: Sequence[str] | None,
    meta_fields: Sequence[str] | None,
    drop_fields: Sequence[str],
) -> tuple[Callable[[Any], tuple[Any, ...]], Callable[[Any, Any], Any]]:
    """The functions that take instances of `nodetype` apart and rebuild them.

    Args:
        nodetype: a class whose constructor takes its fields as keywords.
        data_fields: names of the children, or `None` to read them off the dataclass.
        meta_fields: names of the static fields, or `None` likewise.
        drop_fields: names of fields that are neither.

    Returns:
        `flatten_func`, which gives (children, static values, keys), and `unflatten_func`.

    Raises:
        TypeError: only one list is given, or none for a class that is no dataclass.
        ValueError: the lists overlap, or do not name exactly the fields.
    """
    data, meta = choose_fields(nodetype, data_fields, meta_fields)
    _check_fields(nodetype, data, meta, drop_fields)
    get_data, get_meta = _tuple_getter(data), _tuple_getter(meta)
    keys = tuple([GetAttrKey(name) for name in data])

    def flatten_func(node: Any) -> tuple[Any, ...]:
        return get_data(node), get_meta(node), keys

    def unflatten_func(rest: Any, children: Any) -> Any:
        static = dict(zip(meta, rest, strict=True))
        return nodetype(**static, **dict(zip(data, children, strict=True)))

    return flatten_func, unflatten_func


def _tuple_getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda node: tuple([getattr(node, name) for name in names])


def choose_fields(nodetype: type, data: Sequence[str] | None, meta: Sequence[str] | None) -> Fields:
    """Returns the names of the children and of the static fields.

    Raises:
        TypeError: only one list is given, or none for a class that is no dataclass.
    """
    if data is not None and meta is not None:
        return Fields(tuple(data), tuple(meta))
    if data is not None or meta is not None:
        raise TypeError(
            f"register_dataclass got data_fields={data} and meta_fields={meta}: expected both or "
            "neither. Give the other list too (it may be empty)."
        )
    if not dataclasses.is_dataclass(nodetype):
        raise TypeError(
            f"register_dataclass got {nodetype}, which is no dataclass, without data_fields and "
            "meta_fields. Give both lists, or decorate the class with dataclasses.dataclass."
        )
    fields = [field for field in dataclasses.fields(nodetype) if field.init]
    static = tuple(field.name for field in fields if field.metadata.get("static", False))
    return Fields(tuple(field.name for field in fields if field.name not in static), static)


def _check_fields(
    nodetype: type, data: Sequence[str], meta: Sequence[str], drop: Sequence[str]
) -> None:
    both = set(data) & set(meta)
    if both:
        raise ValueError(
            f"register_dataclass({nodetype.__name__}): {sorted(both)} stand in data_fields and in "
            "meta_fields. A field is one or the other: remove it from one list."
        )
    if not dataclasses.is_dataclass(nodetype):
        return
    wanted = {field.name for field in dataclasses.fields(nodetype) if field.init} - set(drop)
    named = set(data) | set(meta)
    if named != wanted:
        raise ValueError(
            f"register_dataclass({nodetype.__name__}): data_fields and meta_fields must together "
            f"name the fields that __init__ takes. Missing: {sorted(wanted - named)}; unexpected: "
            f"{sorted(named - wanted)}. Add the missing ones to a list or to drop_fields."
        )
