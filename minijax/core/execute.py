"""The one slot through which a jaxpr is run on concrete arrays.

The compiler fills it. Tests use `back_end(...)` to run programs with the NumPy evaluator instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from minijax.core.activity import busy
from minijax.core.slots import filling

if TYPE_CHECKING:
    from minijax.core.jaxpr import Jaxpr

Execute = Callable[["Jaxpr", Sequence[np.ndarray]], list[np.ndarray]]

_execute: Execute | None = None


def execute(jaxpr: Jaxpr, args: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a jaxpr on NumPy arrays of the avals of its `invars` and returns its outputs."""
    return (_execute or installed())(jaxpr, args)


def installed() -> Execute:
    """Returns the function that runs jaxprs now."""
    global _execute
    if _execute is None:
        _execute = filling("execute")
    return _execute


@contextmanager
def back_end(run: Execute) -> Iterator[None]:
    """Runs every jaxpr with the given function inside the context, and restores the previous."""
    global _execute
    previous = _execute
    token = object()
    busy.add(token)
    _execute = run
    try:
        yield
    finally:
        _execute = previous
        busy.discard(token)
