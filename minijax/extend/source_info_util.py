"""Where operations come from, under the names that other libraries use.

Programs keep the user's line of every operation by themselves; name stacks leave no trace.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from minijax.core.source import SourceLine, user_frame


@dataclass(frozen=True, slots=True)
class NameStack:
    """The names of the scopes around an operation.

    Attributes:
        stack: the names, outermost first.
    """

    stack: tuple[str, ...] = ()

    def extend(self, name: str) -> NameStack:
        """Returns the stack with one more scope inside."""
        return NameStack((*self.stack, name))

    def __str__(self) -> str:
        return "/".join(self.stack)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where an operation comes from.

    Attributes:
        traceback: the user's line, None if not known.
        name_stack: the names of the scopes around it.
    """

    traceback: SourceLine | None
    name_stack: NameStack = NameStack()


def new_name_stack(name: str = "") -> NameStack:
    """Returns a stack of one name, or an empty one if the name is "".

    Example:
        >>> str(new_name_stack("model").extend("layer"))
        'model/layer'
    """
    return NameStack((name,) if name else ())


def new_source_info() -> SourceInfo:
    """Returns what is known of an operation of no known origin.

    Example:
        >>> new_source_info().traceback is None
        True
    """
    return SourceInfo(None)


def current() -> SourceInfo:
    """Returns the user's line that is running.

    Example:
        >>> str(current().name_stack)
        ''
    """
    return SourceInfo(user_frame())


def current_name_stack() -> NameStack:
    """Returns the stack of names that is current: an empty one.

    Example:
        >>> current_name_stack() == new_name_stack()
        True
    """
    return NameStack()


def summarize(source_info: SourceInfo, num_frames: int = 1) -> str:
    """Returns the user's line of an operation as text, "unknown" if it is not known.

    Args:
        source_info: where the operation comes from.
        num_frames: accepted for compatibility; one line is kept.

    Example:
        >>> summarize(new_source_info())
        'unknown'
    """
    return str(source_info.traceback or "unknown")


def register_exclusion(path: str) -> None:
    """Accepts a path whose frames are not the user's; which frames are shown stays as it is.

    Example:
        >>> register_exclusion("/usr/lib/wrappers")
    """


@contextlib.contextmanager
def user_context(c: Any, *, name_stack: NameStack | None = None) -> Iterator[None]:
    """A context of operations that come from another place; it has no effect."""
    yield


@contextlib.contextmanager
def set_name_stack(name_stack: NameStack) -> Iterator[None]:
    """A context of operations with a stack of names; it has no effect."""
    yield


@contextlib.contextmanager
def extend_name_stack(name: str) -> Iterator[NameStack]:
    """A context of operations inside one more scope; it has no effect."""
    yield NameStack((name,))
