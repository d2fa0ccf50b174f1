"""Types of users that say themselves how `vmap` takes them apart and puts them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.core.records import record

Handler = Callable[..., Any]


@record
class MappedType:
    """How `vmap` treats the objects of a type.

    Attributes:
        to_elt: `(element, index, object, axes) -> object of one example`, where `element(part,
            axis)` is that example's of a part, and `index()` its number.
        from_elt: `(whole, size, object of one example, axes) -> object`, where `whole(size, part,
            axis)` is that of all examples.
    """

    to_elt: Handler
    from_elt: Handler


mapped_types: dict[type, MappedType] = {}


def is_mapped(x: Any) -> bool:
    """Returns whether an object is of a type that says how it is mapped."""
    return type(x) in mapped_types


def register_vmappable(
    data_type: type,
    spec_type: Any,
    axis_size_type: Any,
    to_elt: Handler,
    from_elt: Handler,
    make_iota: Handler | None,
) -> None:
    """Makes `vmap` treat objects of a type as wholes, which two functions take apart.

    Args:
        data_type: the type.
        spec_type, axis_size_type, make_iota: accepted for compatibility.
        to_elt: `(element, index, object, axes) -> object of one example`, where `element(part,
            axis)` is that example's of a part, and `index()` its number.
        from_elt: `(whole, size, object of one example, axes) -> object`, where `whole(size, part,
            axis)` is that of all examples.

    Example:
        >>> import minijax as mj
        >>> class Named:
        ...     def __init__(self, name, values):
        ...         self.name, self.values = name, values
        >>> register_vmappable(
        ...     Named, int, int,
        ...     lambda element, _, x, axis: Named(x.name, element(x.values, axis)),
        ...     lambda whole, size, x, axis: Named(x.name, whole(size, x.values, axis)), None)
        >>> twice = mj.vmap(lambda x: Named(x.name + '!', 2 * x.values))
        >>> twice(Named('a', mj.numpy.arange(2.0))).values
        Array([0., 2.], dtype=float64)
        >>> unregister_vmappable(Named)
    """
    mapped_types[data_type] = MappedType(to_elt, from_elt)


def unregister_vmappable(data_type: type) -> None:
    """Undoes what `register_vmappable` did for a type.

    Args:
        data_type: the type.

    Example:
        >>> register_vmappable(str, int, int, lambda *_: "", lambda *_: "", None)
        >>> unregister_vmappable(str)
        >>> is_mapped("text")
        False
    """
    del mapped_types[data_type]
