"""Packages whose names are imported when they are first asked for.

The `__init__` of a public package says where each of its names is defined, and nothing is imported
until a program uses one:

    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "minijax.numpy.axes": "ravel reshape",      # from minijax.numpy.axes import ...
            "minijax.numpy": "fft linalg",              # the package itself: its modules
            "minijax.core.operators": "ndarray=Array",  # from ... import Array as ndarray
        },
    )

Beside it an `__init__.pyi` holds the same as import statements, for type checkers and editors. It
is written from the tables by `python -m tests.surface.test_stubs`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from minijax.core.collector import paused

Place = tuple[str, str]

_namespace = ModuleType.__dict__["__dict__"].__get__  # type: ignore[index]

# The names of every package that has a table, with the module and the name of their definition.
tables: dict[str, dict[str, Place]] = {}


def places(table: Mapping[str, str]) -> dict[str, Place]:
    """Returns for every name of a table the module that defines it, and its name there.

    >>> places({"math": "pi ceiling=ceil"})
    {'pi': ('math', 'pi'), 'ceiling': ('math', 'ceil')}
    """
    found: dict[str, Place] = {}
    for module, names in table.items():
        for entry in names.split():
            public, _, defined = entry.partition("=")
            found[public] = (module, defined or public)
    return found


def find(place: Place) -> Any:
    """Imports what is defined at a place.

    >>> find(("math", "pi"))
    3.141592653589793
    """
    module, name = place
    return getattr(_module(module), name)


def _module(name: str) -> ModuleType:
    """Imports a module, and what it imports; no garbage is looked for, as they make none."""
    if name in sys.modules:
        return import_module(name)  # which waits for a thread that is not done with it
    with paused():
        return import_module(name)


class LazyPackage(ModuleType):
    """A package whose `__dict__`, which some programs go through, has all its names."""

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        for name in tables[self.__name__]:
            getattr(self, name)
        return _namespace(self)


def lazy_names(
    package: str,
    table: Mapping[str, str],
    wrap: Callable[[str, Any, str], Any] | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Makes the `__getattr__`, `__dir__` and `__all__` of a package.

    Args:
        package: its `__name__`.
        table: for every module the names that the package takes from it, separated by spaces;
            `public=defined` where the two differ. The package's own name stands before its modules.
        wrap: called with a name, what it stands for, and the package; returns what becomes public.
    """
    known = tables[package] = places(table)
    namespace = vars(sys.modules[package])
    sys.modules[package].__class__ = LazyPackage

    def get(name: str) -> Any:
        place = known.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if place[0] == package:
            return _module(f"{package}.{place[1]}")
        value = find(place)
        if wrap is not None:
            value = wrap(name, value, package)
        # Of two threads that come here at once, both get what the first one has put there.
        return namespace.setdefault(name, value)

    def names() -> list[str]:
        return sorted({*known, *(name for name in namespace if name.startswith("__"))})

    return get, names, [name for name in sorted(known) if name[0] != "_"]
