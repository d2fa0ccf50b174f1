"""The one slot through which a jaxpr is run on concrete arrays.

`minijax.interpreters.evaluate` fills it with the NumPy evaluator; `minijax.compiler` takes it over.
Tests use `back_end(...)` to force one of the two, and a machine without llvmlite keeps the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from minijax.core.activity import busy

if TYPE_CHECKING:
    from minijax.core.jaxpr import Jaxpr

Execute = Callable[["Jaxpr", Sequence[np.ndarray]], list[np.ndarray]]

_execute: Execute | None = None


def install_execute(run: Execute) -> None:
    """Sets how jaxprs are run; the last one installed serves."""
    global _execute
    _execute = run


def execute(jaxpr: Jaxpr, args: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Runs a jaxpr on NumPy arrays of the avals of its `invars` and returns its outputs."""
    assert _execute is not None, "no back end is installed: import minijax"
    return _execute(jaxpr, args)


def installed() -> Execute | None:
    """Returns the function that runs jaxprs now."""
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
