"""Jaxprs: typed, immutable programs in A-normal form.

    { lambda ; a:f64[3]. let b:f64[3] = sin a; c:f64[3] = mul b 2.0:f64[] in (c,) }

    jaxpr ::= { lambda constvar* ; invar* . let eqn* in (atom,*) }
    eqn   ::= var* = primitive[params] atom*
    atom  ::= var | literal

A variable is bound once, by the jaxpr (a constant or an input) or by one equation, and stands for a
value of its aval. A literal is a constant written in place. Parameters that are jaxprs are
*closed*: they capture nothing, so `constvars` is empty in them and what their bodies used from
outside arrives as leading operands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from minijax.core.array import ConcreteArray
from minijax.core.avals import Aval, ShapedArray
from minijax.core.primitive import Primitive
from minijax.core.printing import format_eqn, format_jaxpr
from minijax.core.source import SourceLine


class Var:
    """A variable: equal only to itself."""

    __slots__ = ("aval",)

    def __init__(self, aval: Aval) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var(id={id(self):#x}):{self.aval}"


class Literal:
    """A constant written in place: a scalar, or an array that a derived program holds.

    `val` is a read-only NumPy array of the shape and dtype of `aval`.
    """

    __slots__ = ("aval", "val")

    def __init__(self, val: np.ndarray, aval: ShapedArray) -> None:
        self.val = val
        self.aval = aval

    def array(self) -> ConcreteArray:
        """Returns the constant as an array that keeps its weak type."""
        return ConcreteArray(self.val, self.aval)

    def __repr__(self) -> str:
        return f"{self.val}:{self.aval}"


Atom = Var | Literal
_NO_EFFECTS: frozenset[str] = frozenset()


class Eqn:
    """One equation: `outvars = primitive[params] invars`, and the user's line it came from."""

    __slots__ = ("invars", "outvars", "params", "primitive", "source")

    def __init__(
        self,
        primitive: Primitive,
        invars: Sequence[Atom],
        outvars: Sequence[Var],
        params: dict[str, Any],
        source: SourceLine | None = None,
    ) -> None:
        self.primitive = primitive
        self.invars = tuple(invars)
        self.outvars = tuple(outvars)
        self.params = params
        self.source = source

    @property
    def effects(self) -> frozenset[str]:
        own = frozenset((self.primitive.effect,)) if self.primitive.effect else _NO_EFFECTS
        if not self.params:
            return own
        return own.union(*(inner.effects for inner in sub_jaxprs(self.params)))

    def replace(
        self,
        invars: Sequence[Atom] | None = None,
        outvars: Sequence[Var] | None = None,
        params: dict[str, Any] | None = None,
    ) -> Eqn:
        """Returns the equation with some of its parts replaced."""
        return Eqn(
            self.primitive,
            self.invars if invars is None else invars,
            self.outvars if outvars is None else outvars,
            self.params if params is None else params,
            self.source,
        )

    def __repr__(self) -> str:
        return format_eqn(self)


class Jaxpr:
    """A program. `consts` are the values of `constvars`; nested jaxprs have none.

    `memo` holds what passes derived from this program (its jvp, its linearization, its compiled
    form), so that the derived lives exactly as long as the program.
    """

    def __init__(
        self,
        invars: Sequence[Var],
        outvars: Sequence[Atom],
        eqns: Sequence[Eqn],
        constvars: Sequence[Var] = (),
        consts: Sequence[Any] = (),
        name: str = "",
    ) -> None:
        self.invars = tuple(invars)
        self.outvars = tuple(outvars)
        self.eqns = tuple(eqns)
        self.constvars = tuple(constvars)
        self.consts = tuple(consts)
        self.name = name
        self.memo: dict[Any, Any] = {}

    @cached_property
    def in_avals(self) -> tuple[Aval, ...]:
        """The avals of the inputs."""
        return tuple(v.aval for v in self.invars)

    @cached_property
    def out_avals(self) -> tuple[Aval, ...]:
        """The avals of the outputs."""
        return tuple(v.aval for v in self.outvars)

    @cached_property
    def effects(self) -> frozenset[str]:
        """The kinds of side effect that running the program has."""
        return frozenset().union(*(eqn.effects for eqn in self.eqns))

    @cached_property
    def axis_names(self) -> frozenset[Any]:
        """The named mapped axes that operations of the program refer to."""
        return frozenset().union(*(_axis_names(eqn) for eqn in self.eqns))

    @property
    def literals(self) -> tuple[Any, ...]:
        """The values of the constants, by another name."""
        return self.consts

    @property
    def jaxpr(self) -> Jaxpr:
        """The program itself: there is one record for programs with and without constants."""
        return self

    def replace(self, **changes: Any) -> Jaxpr:
        """Returns a copy with some of its parts replaced; memo starts empty."""
        parts = ("invars", "outvars", "eqns", "constvars", "consts", "name")
        return Jaxpr(**({part: getattr(self, part) for part in parts} | changes))

    def close(self) -> Jaxpr:
        """Returns the closed form, with the constants as leading inputs."""
        if not self.constvars:
            return self
        return Jaxpr((*self.constvars, *self.invars), self.outvars, self.eqns, name=self.name)

    def __repr__(self) -> str:
        return format_jaxpr(self)

    def pretty_print(self, *, source_info: bool = False, **_: Any) -> str:
        """Returns the printed program, with the user's line after each equation if asked."""
        return format_jaxpr(self, source_info=source_info)


def _axis_names(eqn: Eqn) -> frozenset[Any]:
    nested = frozenset().union(*(inner.axis_names for inner in sub_jaxprs(eqn.params)))
    if not eqn.primitive.collective:
        return nested
    return nested.union(eqn.params.get("axis_names", ()))


def sub_jaxprs(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """Yields the jaxprs among the values of an equation's parameters."""
    for value in params.values():
        if isinstance(value, Jaxpr):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Jaxpr):
                    yield item
