"""The stages of a jitted function: wrapped, traced, lowered, compiled.

>>> import minijax as mj
>>> from minijax import stages
>>> f = mj.jit(lambda x: x + 1)
>>> isinstance(f, stages.Wrapped), isinstance(f.lower(1.0).compile(), stages.Compiled)
(True, True)
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Protocol, runtime_checkable

from minijax.transforms.lowered import ArgInfo as ArgInfo
from minijax.transforms.lowered import Compiled as Compiled
from minijax.transforms.lowered import Lowered as Lowered
from minijax.transforms.lowered import Traced as Traced

CompilerOptions = dict[str, Hashable]


@runtime_checkable
class Wrapped(Protocol):
    """A function that can be called, and traced or lowered ahead of time."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function."""
        ...

    def trace(self, *args: Any, **kwargs: Any) -> Traced:
        """Returns the traced function for arguments like these."""
        ...

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """Returns the lowered function for arguments like these."""
        ...
