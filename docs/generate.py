"""Writes the pages of the documentation that are made from the code.

python docs/generate.py            writes the pages that main() lists
python docs/generate.py --check    fails if one of them is not what it would write
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import minijax.errors
import minijax.primitives
from docs import jax_names_page, singular_points
from minijax.core import dtypes
from minijax.core.primitive import Absent, Constant, Linear, Primitive

DOCS = Path(__file__).parent
WRITTEN = "<!-- Written by docs/generate.py from the code; not edited by hand. -->"
RULES = ("jvp", "linearize", "transpose", "batch", "lower", "run", "stage", "prune")
REQUIRED = ("jvp", "transpose", "batch", "lower")
SETS = {
    dtypes.ALL: "all",
    dtypes.NUMERIC: "numeric",
    dtypes.INEXACT: "float, complex",
    dtypes.FLOAT: "float",
    dtypes.COMPLEX: "complex",
    dtypes.INTEGER: "integer",
    (*dtypes.INTEGER, dtypes.bool_): "integer, bool",
    (*dtypes.FLOAT, *dtypes.INTEGER): "real",
    (*dtypes.ALL, dtypes.key_dtype): "all, keys",
}


def primitives() -> dict[str, list[Primitive]]:
    """Returns the primitives that each module under `minijax/primitives` states."""
    package = minijax.primitives
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    found: dict[str, list[Primitive]] = {}
    for name in sorted(names):
        module = importlib.import_module(name)
        # A module that imports a primitive holds it too, but does not assign it.
        nodes = ast.walk(ast.parse(inspect.getsource(module)))
        stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        held = [getattr(module, variable, None) for variable in dict.fromkeys(stored)]
        if stated := [x for x in held if isinstance(x, Primitive)]:
            found[name] = stated
    return found


def captured(rule: Any) -> dict[str, Any]:
    """Returns what a rule that was made by a function remembers of its making."""
    return dict(inspect.getclosurevars(rule).nonlocals) if inspect.isfunction(rule) else {}


def operand_dtypes(primitive: Primitive) -> str:
    """Returns the dtypes of the operands in words; empty if the rule computes them."""
    allowed = captured(primitive.abstract).get("on")
    if allowed is None:
        return ""
    same = [name for known, name in SETS.items() if set(known) == set(allowed)]
    return same[0] if same else " ".join(dtypes.short_name(np.dtype(x)) for x in allowed)


def jvp_kind(primitive: Primitive) -> str:
    """Returns whether the tangents are linear, zero, or given by a rule."""
    maker, inner = captured(primitive.jvp).get("self"), primitive.jvp.__qualname__
    if isinstance(maker, Linear):
        places = maker.positions
        return "linear" if places is None else f"linear in {', '.join(map(str, places))}"
    if isinstance(maker, Absent):
        return "absent"
    return "constant" if inner.startswith(f"{Constant.__name__}.") else "rule"


def reasons(primitive: Primitive) -> Iterator[tuple[str, str]]:
    """Yields the required rules that a primitive does without, each with the reason."""
    for rule in REQUIRED:
        maker = captured(getattr(primitive, rule)).get("self")
        if isinstance(maker, Absent):
            yield rule, maker.reason


def row(primitive: Primitive) -> str:
    """Returns the line of a primitive in the table of its family."""
    absent = dict(reasons(primitive))
    rules = [r for r in RULES if getattr(primitive, r) is not None and r not in absent]
    notes = [f"no {rule}: {reason}" for rule, reason in absent.items()]
    notes += ["carries programs"] * (primitive.run is not None)
    notes += [f"effect: {primitive.effect}"] * (primitive.effect is not None)
    notes += ["collective"] * primitive.collective
    cells = (f"`{primitive.name}`", operand_dtypes(primitive), jvp_kind(primitive))
    shown = " ".join(r for r in rules if r != "jvp")
    return f"| {' | '.join((*cells, shown, '; '.join(notes)))} |".replace("|  |", "| |")


def primitives_page() -> str:
    """Returns the table of primitives, family by family."""
    families = primitives()
    total = sum(map(len, families.values()))
    intro = (
        f"The {total} operations that programs are made of. Every one has `impl` and `abstract`.\n"
        "The columns say which dtypes all operands may have, if one set holds for all; how the\n"
        "tangents come about; which further rules there are, and why one is missing. What each\n"
        "rule takes and returns stands in `minijax/core/primitive.py`."
    )
    lines = [WRITTEN, "", "# Primitives", "", intro]
    for name, members in families.items():
        path = f"{name.replace('.', '/')}.py"
        lines += ["", f"## {path}", "", "| primitive | operands | jvp | rules | notes |"]
        lines += ["|---|---|---|---|---|", *map(row, members)]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """Returns the help pages of the error classes."""
    lines = [WRITTEN, "", "# Errors", "", inspect.getdoc(minijax.core.errors) or ""]
    for name, error in sorted(vars(minijax.errors).items()):
        if isinstance(error, type):
            base = error.__mro__[1].__name__
            lines += ["", f"## {name}", "", f"Base: `{base}`.", "", inspect.getdoc(error) or ""]
    # Directives of doctest are of no use to a reader.
    return re.sub(r" *(\.\.\.)? *# doctest: .*", "", "\n".join(lines)) + "\n"


def main() -> None:
    """Writes the pages, or compares them."""
    parser = argparse.ArgumentParser(description="Write the generated pages of the documentation.")
    parser.add_argument("--check", action="store_true", help="compare; write nothing")
    check = parser.parse_args().check
    pages = {
        "primitives.md": primitives_page(),
        "errors.md": errors_page(),
        "jax_names.md": WRITTEN + "\n" + jax_names_page.page(),
        "singular_points.md": WRITTEN + "\n" + singular_points.page(),
    }
    old = {n: (DOCS / n).read_text("utf-8") if (DOCS / n).exists() else "" for n in pages}
    stale = [name for name, text in pages.items() if old[name] != text]
    if check and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run python docs/generate.py")
    for name in stale:
        (DOCS / name).write_text(pages[name], "utf-8")


if __name__ == "__main__":
    main()
