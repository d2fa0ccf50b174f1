"""The table of programs: what is measured, at which sizes, how closely results must agree.

A program is written once, for every library that spells its names like JAX's. It is a function of
three arguments: the NumPy-like module, the module of transformations, and a size. It returns a
function and its arguments, which are NumPy arrays in any pytree; the caller compiles the function
and converts the arguments.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

SIZES = ("small", "medium", "large")

Made = tuple[Callable[..., Any], tuple[Any, ...]]
Make = Callable[[Any, Any, Any], Made]


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """One program: `sizes` are what `make` gets for small, medium and large."""

    family: str
    name: str
    sizes: tuple[Any, Any, Any]
    tolerance: float
    make: Make


PROGRAMS: list[Program] = []


def program(name: str, *sizes: Any, tolerance: float = 1e-9) -> Callable[[Make], Make]:
    """Registers a program; its family is the module it is written in.

    Args:
        name: what the table calls it.
        sizes: small, medium, large.
        tolerance: allowed difference of two libraries, relative to the largest value of an array.
    """
    small, medium, large = sizes

    def register(make: Make) -> Make:
        family = make.__module__.rpartition(".")[2]
        PROGRAMS.append(Program(family, name, (small, medium, large), tolerance, make))
        return make

    return register


def size_label(size: Any) -> str:
    """Returns a size as the table shows it: `1000`, `512×512`."""
    return "×".join(str(x) for x in size) if isinstance(size, tuple) else str(size)
