"""Public functions have a docstring with an example that tells of each argument.

The functions are those of JAX's public names that are found here. undocumented.txt lists those that
fall short; it may only get shorter. It is written by

    python -m tests.surface.test_docstrings
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

from docs.jax_names_page import find, listed

KNOWN = Path(__file__).with_name("undocumented.txt")


def functions() -> dict[str, Callable[..., Any]]:
    """Returns the public functions, each under the first name that leads to it."""
    found: dict[int, tuple[str, Callable[..., Any]]] = {}
    for row in listed():
        value = find(row.path) if row.kind == "function" else None
        plain = inspect.unwrap(value) if callable(value) else value
        if isinstance(plain, FunctionType) and plain.__module__.startswith("minijax."):
            found.setdefault(id(plain), (row.path, plain))
    return dict(found.values())


def faults(function: Callable[..., Any]) -> list[str]:
    """Returns what a docstring lacks."""
    text = inspect.getdoc(function) or ""
    if not text:
        return ["docstring"]
    names = [name for name in inspect.signature(function).parameters if not name.startswith("_")]
    untold = [name for name in names if not re.search(rf"\b{name}\b", text)]
    # A function of one argument tells of it in its first sentence.
    told = len(names) < 2 or not untold
    return ["example"] * (">>>" not in text) + ["arguments"] * (not told)


def short() -> dict[str, list[str]]:
    """Returns the functions whose docstrings lack something."""
    lacking = {name: faults(function) for name, function in functions().items()}
    return {name: found for name, found in sorted(lacking.items()) if found}


def known() -> dict[str, set[str]]:
    """Returns what undocumented.txt says."""
    lines = [line.split() for line in KNOWN.read_text("utf-8").splitlines()]
    return {name: set(found) for name, *found in lines}


def test_functions_are_documented() -> None:
    listed_before = known()
    new = [
        f"{name}: {', '.join(found)}"
        for name, found in short().items()
        if not set(found) <= listed_before.get(name, set())
    ]
    assert not new


def test_every_function_has_a_docstring() -> None:
    assert not [name for name, found in short().items() if "docstring" in found]


if __name__ == "__main__":
    KNOWN.write_text("".join(f"{n} {' '.join(f)}\n" for n, f in short().items()), "utf-8")
