"""Keys of the cache: everything that decides which machine code a program becomes.

A program is written out with its variables numbered in order, so two traces of one function give
one key. A program that holds something whose meaning is not told by its own value, such as a
Python function, has no key; it is looked up by the text that is made from it.
"""

from __future__ import annotations

import enum
import functools
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from minijax.compiler.cache.store import digest
from minijax.compiler.engine import host, llvm_versions
from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal
from minijax.core.primitive import Primitive
from minijax.core.version import VERSION

# The folders whose code decides what a program becomes; the vocabulary decides the program only.
_DECIDING = ("compiler", "core", "interpreters", "kernel", "primitives")
# Parameters that are of no use to the compiler: the rules of custom derivatives.
_RULES: dict[str, tuple[str, ...]] = {
    "minijax.primitives.control.custom_jvp.custom_jvp_p": ("jvp",),
    "minijax.primitives.control.custom_vjp.custom_vjp_p": ("fwd", "bwd"),
    "minijax.primitives.control.custom_vmap.custom_vmap_p": ("rule",),
}
_PLAIN = (int, float, complex, str, bytes, type(None))


class _NoKeyError(Exception):
    """A value is not told by what it prints."""


def text_key(text: str, entry: str, effort: str) -> str:
    """Returns the key of a module of LLVM text."""
    return digest(b"text", environment(), entry.encode(), effort.encode(), text.encode())


def program_key(jaxpr: Jaxpr, options: tuple[Any, ...]) -> str | None:
    """Returns the key of a program, or None if it has none.

    Args:
        jaxpr: a closed program.
        options: the values of the configuration that the compiler looks at.

    Example:
        >>> from minijax.interpreters.stage import stage
        >>> from minijax.primitives.trigonometric import sin
        >>> avals = [ShapedArray((3,), np.dtype("float64"))]
        >>> first, second = (stage(lambda x: [sin(x)], avals) for _ in range(2))
        >>> program_key(first, ()) == program_key(second, ())
        True
    """
    try:
        form = _Form().text(jaxpr)
    except (_NoKeyError, RecursionError):
        return None
    return digest(b"program", environment(), repr(options).encode(), form.encode())


@functools.cache
def environment() -> bytes:
    """Returns the machine, the versions and the state of the sources."""
    target = host()
    # The features of an x86 processor are complete without its name, which is a hint for tuning.
    cpu = "" if target.features and target.triple.startswith("x86_64") else target.cpu
    parts = (
        VERSION,
        sys.implementation.cache_tag,
        sys.version_info[:3],
        getattr(sys, "abiflags", ""),
        np.__version__,
        *llvm_versions(),
        *(target.triple, cpu, target.features, target.data_layout),
        *_sources(),
    )
    return repr(parts).encode()


def _sources() -> Iterator[tuple[str, int, int]]:
    """Yields path, size and time of the files that decide what a program becomes.

    A version does not tell one state of a working copy from another.
    """
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folders = list(_DECIDING)
    found = []
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                for entry in entries:
                    if entry.name.endswith(".py"):
                        status = entry.stat()
                        path = f"{folder}/{entry.name}"
                        found.append((path, status.st_size, status.st_mtime_ns))
                    elif entry.is_dir() and entry.name != "__pycache__":
                        folders.append(f"{folder}/{entry.name}")
        except OSError:  # imported from an archive: its version has to do
            continue
    yield from sorted(found)


class _Form:
    """Writes programs down."""

    def __init__(self) -> None:
        self._programs: dict[Jaxpr, int] = {}
        self._avals: dict[ShapedArray, str] = {}

    def text(self, jaxpr: Jaxpr) -> str:
        known = self._programs.get(jaxpr)
        if known is not None:
            return f"program {known}"
        self._programs[jaxpr] = len(self._programs)
        numbers: dict[Atom, str] = {}
        lines = [self._bind(numbers, (*jaxpr.constvars, *jaxpr.invars))]
        for eqn in jaxpr.eqns:
            operands = " ".join([self._atom(numbers, x) for x in eqn.invars])
            results = self._bind(numbers, eqn.outvars)
            lines.append(f"{results}={self._operation(eqn)} {operands}")
        lines.append(" ".join([self._atom(numbers, x) for x in jaxpr.outvars]))
        return "{" + "\n".join(lines) + "}"

    def _bind(self, numbers: dict[Atom, str], variables: tuple[Any, ...]) -> str:
        for v in variables:
            numbers[v] = str(len(numbers))
        return " ".join([self._aval(v.aval) for v in variables])

    def _atom(self, numbers: dict[Atom, str], atom: Atom) -> str:
        if isinstance(atom, Literal):
            return f"{self._aval(atom.aval)}:{_bytes(atom.val)}"
        return numbers[atom]

    def _aval(self, aval: Any) -> str:
        if type(aval) is not ShapedArray:
            raise _NoKeyError
        found = self._avals.get(aval)
        if found is None:
            found = self._avals[aval] = f"{aval}{'w' if aval.weak_type else ''}"
        return found

    def _operation(self, eqn: Eqn) -> str:
        name = _name_of(eqn.primitive)
        if not eqn.params:
            return name
        left_out = _RULES.get(name, ())
        return name + ",".join(
            [
                f"{key}={self._value(value)}"
                for key, value in eqn.params.items()
                if key not in left_out
            ]
        )

    def _value(self, value: Any) -> str:
        kind = type(value)
        if kind in _PLAIN or kind is bool:
            return repr(value)
        if kind is tuple or kind is list:
            return f"({','.join([self._value(x) for x in value])},)"
        if kind is Jaxpr:
            if value.consts:
                raise _NoKeyError
            return self.text(value)
        if isinstance(value, np.dtype):
            return dtypes.short_name(value)
        if isinstance(value, np.ndarray | np.generic):
            return f"{dtypes.short_name(value.dtype)}{value.shape}:{_bytes(np.asarray(value))}"
        return self._rare(value)

    def _rare(self, value: Any) -> str:
        if type(value) is ShapedArray:
            return self._aval(value)
        if isinstance(value, enum.Enum):
            return f"{_qualified(type(value))}.{value.name}"
        if isinstance(value, dict):
            return f"{{{','.join([f'{self._value(k)}:{self._value(value[k])}' for k in value])}}}"
        if isinstance(value, frozenset):
            return f"set({','.join(sorted(map(self._value, value)))})"
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return f"{_qualified(type(value))}{self._value(tuple(value))}"
        return _qualified(value)


def _qualified(value: Any) -> str:
    """Returns the name of a class or function that one of the deciding folders defines."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        raise _NoKeyError
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    package, folder, *_ = (*module.split("."), "")
    if found is not value or package != __name__.partition(".")[0] or folder not in _DECIDING:
        raise _NoKeyError
    return f"{module}.{name}"


def _bytes(array: np.ndarray) -> str:
    if array.dtype.hasobject:
        raise _NoKeyError
    content = array.tobytes()
    return content.hex() if len(content) <= 32 else digest(content)


_primitive_names: dict[Primitive, str] = {}


def _name_of(primitive: Primitive) -> str:
    """Returns what tells a primitive of the package from all others.

    That is the same in every process, whichever modules it has imported.
    """
    found = _primitive_names.get(primitive)
    if found is None:
        _collect_primitives()
        found = _primitive_names.get(primitive)
    if found is None:
        raise _NoKeyError
    return found


def _collect_primitives() -> None:
    package = __name__.partition(".")[0] + ".primitives."
    for name, module in list(sys.modules.items()):
        if name.startswith(package):
            for attribute, value in vars(module).items():
                if type(value) is Primitive:
                    rules = getattr(value.impl, "__module__", "")
                    _primitive_names.setdefault(value, f"{rules}.{attribute}")
