"""Records: immutable classes that only hold their fields, cheap to define.

    >>> @record
    ... class Place:
    ...     buffer: str
    ...     offset: int = 0
    >>> place = Place("arena")
    >>> place
    Place(buffer='arena', offset=0)
    >>> replace(place, offset=64).offset
    64

What `dataclass(frozen=True, slots=True)` gives, without its price: it writes and compiles four
functions a class when it is defined, which for all classes of the package takes as long as half of
`import numpy`. Here the constructor is written when the first object is made, and the rest is
shared.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, get_annotations
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

Class = TypeVar("Class", bound=type)
T = TypeVar("T")


@overload
def record(cls: Class, /) -> Class: ...
@overload
def record(*, eq: bool) -> Callable[[Class], Class]: ...


@dataclass_transform(frozen_default=True, eq_default=False)
def record(cls: Class | None = None, /, *, eq: bool = False) -> Any:
    """Makes a record of a class: its annotated names are its fields, in order.

    Args:
        cls: the class; with keywords, a decorator is returned.
        eq: whether objects with equal fields are equal, and hash as equals do. Otherwise each
            object equals itself only.

    Raises:
        AttributeError: of objects, when a field is set or deleted.
        TypeError: of the constructor, for missing or unknown fields.
    """
    return _made(cls, eq) if cls is not None else lambda given: _made(given, eq)


def replace(x: T, **changes: Any) -> T:
    """Returns a record like `x`, with some fields changed."""
    kept = {name: getattr(x, name) for name in fields(type(x)) if name not in changes}
    return type(x)(**kept, **changes)


def fields(cls: type) -> tuple[str, ...]:
    """Returns the names of the fields of a record's class."""
    names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
    return names


def _made(cls: Any, eq: bool) -> Any:
    names = tuple(get_annotations(cls))
    body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
    defaults = {name: body.pop(name) for name in names if name in body}
    body |= {"__slots__": names, "__match_args__": names, "__qualname__": cls.__qualname__}
    shared = _BEHAVIOUR | (_equality(names) if eq else {})
    body["__signature__"] = _SignatureOf(cls, defaults)
    # What the class defines itself goes before what all records share.
    made: Any = type(cls)(cls.__name__, cls.__bases__, shared | body)

    def write_first(self: Any, *args: Any, **kwargs: Any) -> None:
        made.__init__ = constructor = _constructor(made, names, defaults)
        constructor(self, *args, **kwargs)

    made.__init__ = write_first
    return made


class _SignatureOf:
    """The signature of a record's class, made when it is asked for."""

    def __init__(self, cls: type, defaults: dict[str, Any]) -> None:
        self._cls, self._defaults = cls, defaults

    def __get__(self, x: Any, owner: Any) -> Signature:
        if "__signature__" not in vars(owner):
            # A class derived from a record has a signature of its own.
            raise AttributeError("__signature__")
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Signature(
            [
                Parameter(
                    name, kind, default=self._defaults.get(name, Parameter.empty), annotation=ann
                )
                for name, ann in get_annotations(self._cls).items()
            ]
        )


def _constructor(cls: Any, names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., None]:
    """Writes `__init__`. It sets a field through the descriptor, which knows no immutability."""
    args = ", ".join(f"{n}=default_{n}" if n in defaults else n for n in names)
    lines = [f"    set_{n}(self, {n})" for n in names] or ["    pass"]
    scope: dict[str, Any] = {f"default_{n}": value for n, value in defaults.items()}
    scope |= {f"set_{n}": cls.__dict__[n].__set__ for n in names}
    exec(f"def __init__(self, {args}):\n" + "\n".join(lines), scope)
    constructor: Callable[..., None] = scope["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


def _values(x: Any) -> tuple[Any, ...]:
    return tuple([getattr(x, name) for name in x.__match_args__])


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({shown})"


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be set.")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted.")


_BEHAVIOUR = {
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__reduce__": lambda self: (type(self), _values(self)),
}


def _equality(names: tuple[str, ...]) -> dict[str, Any]:
    # Of one name, `attrgetter` gives the value itself, which serves as well.
    held: Any = attrgetter(*names) if names else lambda x: ()

    def equal(self: Any, other: object) -> Any:
        return held(self) == held(other) if type(other) is type(self) else NotImplemented

    return {"__eq__": equal, "__hash__": lambda self: hash(held(self))}
