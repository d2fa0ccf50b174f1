"""Makes docs/jax_names.md: every public name of JAX, and what stands for it here.

The names and signatures are those of jax_names.tsv, so the page is made without JAX. A name is

    same        found, and every call that JAX's signature allows is allowed
    different   found, with a difference of signature, or one told in jax_names_table.py
    absent      not found, for a reason told in jax_names_table.py
"""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import minijax.numpy
from docs.jax_names_table import (
    ABSENT,
    ABSENT_MODULES,
    BEHAVIOUR,
    NO_SHARDING,
    SIGNATURES_APART,
)

LISTED = Path(__file__).with_name("jax_names.tsv")
MISSING = object()
BY_PLACE = ("positional-only", "positional or keyword")


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of jax_names.tsv."""

    module: str
    name: str
    kind: str
    signature: str

    @property
    def path(self) -> str:
        """The name as it is written here."""
        return f"mini{self.module}.{self.name}".rstrip(".")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: its name, how it may be passed, its default or None."""

    name: str
    kind: str
    default: str | None


@dataclass(slots=True)
class Section:
    """The names of a module by what became of them; remarks beside those that have one."""

    same: list[str] = field(default_factory=list)
    different: list[tuple[str, str]] = field(default_factory=list)
    absent: list[tuple[str, str]] = field(default_factory=list)


def listed() -> list[Listed]:
    """Returns the names of JAX."""
    lines = LISTED.read_text("utf-8").splitlines()
    return [Listed(*line.split("\t")) for line in lines if not line.startswith("#")]


def find(path: str) -> Any:
    """Returns what a dotted name stands for, importing modules on the way, or `MISSING`."""
    if path.startswith("minijax.Array."):
        return getattr(minijax.numpy.zeros((1, 1)), path.rpartition(".")[2], MISSING)
    parts = path.split(".")
    found: Any = importlib.import_module(parts[0])
    for depth, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part) and isinstance(found, ModuleType):
            try:
                importlib.import_module(".".join(parts[:depth]))
            except ModuleNotFoundError:
                return MISSING
        found = getattr(found, part, MISSING)
    return found


def parameters(signature: str) -> list[Parameter]:
    """Takes a signature's text apart; defaults keep their text."""
    found: list[Parameter] = []
    by_name = False
    for text in split_arguments(signature[1:-1]):
        name, _, default = text.partition("=")
        if text == "/":
            found = [Parameter(p.name, "positional-only", p.default) for p in found]
        elif text == "*":
            by_name = True
        elif name.startswith("*"):
            found.append(Parameter(name, "any", None))
            by_name = True
        else:
            kind = "keyword-only" if by_name else "positional or keyword"
            found.append(Parameter(name, kind, default if "=" in text else None))
    return found


def split_arguments(text: str) -> list[str]:
    """Splits at the commas that no bracket or quote encloses."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote or letter in "'\"":
            quote = "" if letter == quote else quote or letter
        depth += 0 if quote else (letter in "([{<") - (letter in ")]}>")
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def own_parameters(value: Any) -> list[Parameter] | None:
    """Returns the parameters of a function of this package; None if it does not tell."""
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    return [_own_parameter(parameter) for parameter in signature.parameters.values()]


def _own_parameter(parameter: inspect.Parameter) -> Parameter:
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
    if parameter.kind in stars:
        return Parameter(f"{stars[parameter.kind]}{parameter.name}", "any", None)
    missing = parameter.default is parameter.empty
    kind = parameter.kind.description
    return Parameter(parameter.name, kind, None if missing else default_text(parameter.default))


def default_text(value: Any) -> str:
    """Returns a default as jax_names.tsv writes it."""
    if isinstance(value, type):
        return value.__name__
    text = repr(value)
    return f"<{type(value).__name__}>" if " at 0x" in text or "\n" in text else text


def same_default(theirs: str, ours: str) -> bool:
    """Returns whether two texts of defaults mean the same; objects and dtypes go by any name."""
    opaque = "<object>", "<Unspecified>", "UnspecifiedValue", "None", "<unset>"
    if theirs in opaque[:3]:
        return True
    aliases = {"float64": "float", "int64": "int", "complex128": "complex", "bool_": "bool"}
    theirs, ours = (re.sub(r"<(\w+\.\w+): .*>", r"\1", t) for t in (theirs, ours))
    plain = [re.sub(r"^(<class ')?([\w.]*\.)?(\w+)('>)?$", r"\3", t) for t in (theirs, ours)]
    plain = [aliases.get(text, text) for text in plain]
    return plain[0] == plain[1] or theirs.startswith("<") or _equal_numbers(theirs, ours)


def _equal_numbers(theirs: str, ours: str) -> bool:
    try:
        return float(theirs) == float(ours)
    except ValueError:
        return False


def differences(theirs: Sequence[Parameter], ours: Sequence[Parameter]) -> Iterator[str]:
    """Yields what JAX's signature allows and ours does not, or means otherwise."""
    theirs = [p for p in theirs if not re.match(r"\**_", p.name)]
    if all(p.kind == "any" for p in theirs):
        return
    places = [p for p in ours if p.kind in BY_PLACE]
    named = {p.name: p for p in ours if p.kind in ("positional or keyword", "keyword-only")}
    any_place = any(p.name.startswith("*") and not p.name.startswith("**") for p in ours)
    any_name = any(p.name.startswith("**") for p in ours)
    met = set()
    for at, p in enumerate(theirs):
        if p.kind == "any" or (p.name in NO_SHARDING and p.name not in named):
            continue
        mine = named.get(p.name)
        if p.kind != "keyword-only" and not any_place:
            mine = places[at] if at < len(places) else None
            if mine is None and p.name in named:
                yield f"`{p.name}` only by keyword"
                mine = named[p.name]
        if mine is None:
            if not (any_place or any_name):
                yield f"no `{p.name}`"
            continue
        met.add(mine.name)
        if p.kind == "positional or keyword" and mine.name != p.name and not any_name:
            yield f"`{p.name}` is called `{mine.name}`"
        elif p.kind != "positional-only" and mine.kind == "positional-only":
            yield f"`{p.name}` only by place"
        if p.default is not None and mine.default is None:
            yield f"`{p.name}` must be given"
        elif p.default is not None and not same_default(p.default, mine.default or ""):
            yield f"`{p.name}={mine.default}` where JAX has `{p.default}`"
    for mine in ours:
        if mine.kind != "any" and mine.default is None and mine.name not in met and not any_place:
            yield f"needs `{mine.name}`"


def matching(table: dict[str, str], path: str) -> str | None:
    """Returns the entry of a table for a name, or for the first pattern that fits it."""
    if path in table:
        return table[path]
    return next((v for k, v in table.items() if fnmatch.fnmatchcase(path, k)), None)


def remarks(row: Listed, value: Any) -> list[str]:
    """Returns how the thing a name stands for here differs from JAX's."""
    told = matching(BEHAVIOUR, f"{row.module}.{row.name}")
    found = [told] if told else []
    compared = row.kind in ("function", "class") and row.signature
    if not compared or matching(SIGNATURES_APART, f"{row.module}.{row.name}") is not None:
        return found
    if not callable(value):
        return [*found, "not callable"]
    ours = own_parameters(value)
    return found if ours is None else [*found, *differences(parameters(row.signature), ours)]


def sections() -> dict[str, Section]:
    """Returns the sections of the page.

    Raises:
        SystemExit: if a name is absent and no reason is told.
    """
    found: dict[str, Section] = {}
    unexplained = []
    for row in listed():
        if row.kind == "module":
            continue
        section = found.setdefault(row.module, Section())
        value = find(row.path)
        if value is not MISSING:
            if told := remarks(row, value):
                section.different.append((row.name, "; ".join(told)))
            else:
                section.same.append(row.name)
        elif reason := matching(ABSENT, f"{row.module}.{row.name}"):
            section.absent.append((row.name, reason))
        else:
            unexplained.append(f"{row.module}.{row.name}")
    if unexplained:
        raise SystemExit(f"absent without a reason in jax_names_table.py: {' '.join(unexplained)}")
    return found


def grouped(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yields lines of a list, one for all names of the same remark."""
    by_remark: dict[str, list[str]] = {}
    for name, remark in pairs:
        by_remark.setdefault(remark, []).append(f"`{name}`")
    for remark, names in by_remark.items():
        yield f"* {' '.join(names)}: {remark}"


def page() -> str:
    """Returns the text of the page after its first line."""
    found = sections()
    version = LISTED.read_text("utf-8").splitlines()[0].lstrip("# ")
    counts = [sum(len(getattr(s, what)) for s in found.values()) for what in COUNTED]
    lines = ["", "# JAX's names", "", INTRODUCTION.format(version, *counts)]
    lines += ["", "| module | same | different | absent |", "|---|---|---|---|"]
    for module, section in found.items():
        sizes = " | ".join(str(len(getattr(section, what))) for what in COUNTED)
        lines.append(f"| `{module}` | {sizes} |")
    lines += ["", "## Modules that are absent as a whole", ""]
    lines += grouped(list(ABSENT_MODULES.items()))
    for module, section in found.items():
        lines += ["", f"## {module}"]
        if section.same:
            lines += ["", f"Same: {' '.join(f'`{name}`' for name in section.same)}"]
        if section.different:
            lines += ["", "Different:", "", *grouped(section.different)]
        if section.absent:
            lines += ["", "Absent:", "", *grouped(section.absent)]
    return "\n".join(lines) + "\n"


COUNTED = ("same", "different", "absent")
INTRODUCTION = """\
Every public name of JAX, module by module; read `minijax` for `jax`. Compared with {0}:
{1} names are the same, {2} are here with a difference, {3} are absent. "Same" means that
every call which JAX's signature allows is allowed: names of parameters, how they are passed,
defaults. Parameters that place results on devices (`out_sharding`) are left out of the
comparison: there is one device."""
