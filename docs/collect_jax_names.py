"""Writes docs/jax_names.tsv, JAX's public names and signatures, for docs/jax_names.md.

python docs/collect_jax_names.py      needs jax; run it when the oracle's version changes

A line holds module, name, kind and signature. A module that is listed in docs/jax_names_table.py as
absent as a whole is one line, for its names are of no use without the rest of it.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from docs.jax_names_table import ABSENT_MODULES

TARGET = Path(__file__).with_name("jax_names.tsv")
EMPTY = inspect.Parameter.empty


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yields a package and the public modules below it that can be imported."""
    yield package
    for found in pkgutil.iter_modules(getattr(package, "__path__", ())):
        name = f"{package.__name__}.{found.name}"
        if found.name.startswith("_") or name in ABSENT_MODULES:
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        yield from modules(module)


def is_own(module: ModuleType, name: str, value: Any) -> bool:
    """Returns whether a name is meant for users of a module, and not imported for its own use."""
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    if hasattr(module, "__all__"):
        return name in module.__all__
    home = getattr(value, "__module__", None)
    source = inspect.getsource(module)
    # A module that defines functions imports others for its own use; one that only hands on
    # the names of private modules says so with `as`.
    defined = home == module.__name__ or re.search(rf"^{name}(:.*)? = ", source, re.M)
    handed_on = re.search(rf"\bas {name}\b", source)
    return bool(defined or handed_on)


def default_text(value: Any) -> str:
    """Returns a default in words that are the same in every process."""
    if isinstance(value, type):
        return value.__name__
    text = repr(value)
    return f"<{type(value).__name__}>" if " at 0x" in text or "\n" in text else text


def signature_text(value: Any) -> str:
    """Returns the signature without annotations; empty if there is none."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    shown = [
        parameter.replace(
            annotation=EMPTY,
            default=EMPTY if parameter.default is EMPTY else Word(default_text(parameter.default)),
        )
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(shown))


class Word(str):
    """A default that is written as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def kind(value: Any) -> str:
    """Returns what sort of thing a name stands for."""
    if type(value).__name__ == "Primitive":
        return "primitive"
    if type(value).__name__ == "ufunc":
        return "ufunc"
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) else "value"


def lines() -> Iterator[str]:
    """Yields the lines of the file."""
    jax = importlib.import_module("jax")
    yield f"# jax {jax.__version__}"
    for name in ABSENT_MODULES:
        yield f"{name}\t\tmodule\t"
    found = {module.__name__: module for module in modules(jax)}
    for where in sorted(found):
        module = found[where]
        for name in sorted(dir(module)):
            value = getattr(module, name)
            if is_own(module, name, value):
                yield f"{where}\t{name}\t{kind(value)}\t{signature_text(value)}"
        if module is jax:
            array = jax.numpy.zeros(1)
            yield from (f"jax.Array\t{n}\tattribute\t" for n in dir(array) if n[0] != "_")


def main() -> None:
    """Writes the file."""
    warnings.simplefilter("ignore")
    os.environ["JAX_PLATFORMS"] = "cpu"
    TARGET.write_text("\n".join(lines()) + "\n", "utf-8")


if __name__ == "__main__":
    main()
