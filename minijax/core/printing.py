"""Printing jaxprs: the text that snapshots compare with and people read.

    { lambda ; a:f64[3]. let b:f64[3] = sin a in (b,) }

Variables are named in the order of their binding: a … z, ba, bb, …. Programs nested in parameters
are printed indented, with names of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Var

_WIDTH = 100


def variable_names() -> Iterator[str]:
    """Yields a, b, …, z, ba, bb, …: the digits of 0, 1, 2, … in base 26."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in itertools.count():
        name = letters[number % 26]
        while number := number // 26:
            name = letters[number % 26] + name
        yield name


class _Names:
    """The names of the variables of one program."""

    def __init__(self) -> None:
        self._fresh = variable_names()
        self._names: dict[Atom, str] = {}

    def bind(self, var: Var) -> str:
        """Returns the variable with its type, as where it is bound."""
        return f"{self.use(var)}:{var.aval}"

    def use(self, atom: Atom) -> str:
        """Returns the variable's name, or the literal with its type."""
        value = getattr(atom, "val", None)
        if value is not None:
            return f"{_number(value)}:{atom.aval}"
        if atom not in self._names:
            self._names[atom] = next(self._fresh)
        return self._names[atom]


def _number(value: np.ndarray) -> str:
    if value.ndim:
        return "[...]"
    if value.dtype.kind == "b":
        return str(bool(value))
    if value.dtype.kind == "c":
        return str(complex(value))
    return str(value.item()) if value.dtype.kind in "iu" else repr(float(value))


def format_jaxpr(jaxpr: Jaxpr, *, source_info: bool = False) -> str:
    """Returns the text of a program; with the user's lines after the equations if asked."""
    return "\n".join(_jaxpr_lines(jaxpr, source_info))


def format_eqn(eqn: Eqn) -> str:
    """Returns the text of one equation with names of its own."""
    return "\n".join(_eqn_lines(eqn, _Names(), False))


def _jaxpr_lines(jaxpr: Jaxpr, source_info: bool) -> list[str]:
    names = _Names()
    consts = "".join(f"{names.bind(v)} " for v in jaxpr.constvars)
    inputs = " ".join(names.bind(v) for v in jaxpr.invars)
    head = f"{{ lambda {consts}; {inputs}. let".replace(" . let", " . let")
    body: list[str] = []
    for eqn in jaxpr.eqns:
        body.extend(_eqn_lines(eqn, names, source_info))
    outs = "".join(f"{names.use(atom)}," for atom in jaxpr.outvars)
    tail = f"in ({outs}) }}" if len(jaxpr.outvars) == 1 else f"in ({outs.rstrip(',')}) }}"
    one_line = f"{head} {'; '.join(body)} {tail}".replace("let  in", "let in")
    if len(body) <= 1 and len(one_line) <= _WIDTH and not any("\n" in line for line in body):
        return [one_line]
    return [head, *(f"    {line}" for line in body), f"  {tail}"]


def _eqn_lines(eqn: Eqn, names: _Names, source_info: bool) -> list[str]:
    operands = "".join(f" {names.use(atom)}" for atom in eqn.invars)
    binders = " ".join(names.bind(v) for v in eqn.outvars)
    left = f"{binders} = " if binders else ""
    params, nested = [], []
    for name in sorted(eqn.params):
        text = _param(eqn.params[name])
        if "\n" in text:
            nested.append((name, text))
        elif text:
            params.append(f"{name}={text}")
    where = f"  # {eqn.source}" if source_info and eqn.source is not None else ""
    if not nested:
        inside = f"[{' '.join(params)}]" if params else ""
        return [f"{left}{eqn.primitive.name}{inside}{operands}{where}"]
    lines = [f"{left}{eqn.primitive.name}[{where}"]
    lines += [f"  {text}" for text in params]
    for name, text in nested:
        first, *rest = text.split("\n")
        lines += [f"  {name}={first}", *(f"  {line}" for line in rest)]
    return [*lines, f"]{operands}"]


def _param(value: Any) -> str:
    if hasattr(value, "eqns"):
        text = format_jaxpr(value)
        return text if "\n" in text else f"{text}\n".rstrip("\n")
    if isinstance(value, tuple) and value and all(hasattr(item, "eqns") for item in value):
        inner = ",\n".join(format_jaxpr(item) for item in value)
        return f"(\n{inner}\n)"
    if isinstance(value, np.dtype):
        return value.name
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return str(value)
