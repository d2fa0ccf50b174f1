"""Where the user is: the line of their program, and tracebacks that show only their frames.

A line counts as the user's when its file lies outside this package. Two things use that:

    user_frame()        the innermost such line, remembered by equations and named in errors
    @api_boundary       put on public functions: an exception that leaves one of them loses the
                        frames of this package, so a traceback ends in the user's program

    >>> line = user_frame()
    >>> line.function
    '<module>'

All frames are kept while `traceback_options.show_internal_frames` is true; the environment variable
MINIJAX_SHOW_INTERNAL_FRAMES=1 sets it at the start.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import FunctionType, TracebackType
from typing import Any, NamedTuple, ParamSpec, TypeVar

from minijax.core.config import config

P = ParamSpec("P")
R = TypeVar("R")

PACKAGE_DIRECTORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class SourceLine(NamedTuple):
    """A place in a program. A tuple, since one is made for every traced equation."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        if not self.file:
            return "unknown place"
        return f"{self.file}:{self.line} ({self.function})"


UNKNOWN = SourceLine("", 0, "")


def user_frame() -> SourceLine:
    """The innermost line on the stack that lies outside this package; `UNKNOWN` if none does."""
    frame = sys._getframe(1)
    code = frame.f_code
    while code.co_filename in _internal or _is_internal(code.co_filename):
        if frame.f_back is None:
            return UNKNOWN
        frame = frame.f_back
        code = frame.f_code
    # What SourceLine(...) does, without a frame of its own.
    return tuple.__new__(SourceLine, (code.co_filename, frame.f_lineno, code.co_qualname))


# Files of this package that frames have been seen of: every traced operation asks for many.
_internal: set[str] = set()


def _is_internal(file: str) -> bool:
    if not file.startswith(PACKAGE_DIRECTORY):
        return False
    _internal.add(file)
    return True


class TracebackOptions:
    """Switches for tracebacks.

    Attributes:
        show_internal_frames: keep the frames of this package in tracebacks.
    """

    __slots__ = ("show_internal_frames",)

    def __init__(self, show_internal_frames: bool = False) -> None:
        self.show_internal_frames = show_internal_frames


traceback_options = TracebackOptions(os.environ.get("MINIJAX_SHOW_INTERNAL_FRAMES", "0") == "1")


def api_boundary(fn: Callable[P, R]) -> Callable[P, R]:
    """Decorator of a public function: exceptions that leave it show no frames of this package.

    Boundaries nest: every one on the way out filters what has been added since the last, so no
    record of which is the outermost is needed, and a call that succeeds pays for a `try` only.

    Args:
        fn: the public function.

    Returns:
        A function of the same signature, name and docstring.
    """

    @functools.wraps(fn)
    def public(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return fn(*args, **kwargs)
        except Exception as error:
            filter_traceback(error)
            # A bare raise keeps the traceback just set; `raise error` would add this frame again.
            raise

    return public


def guard_functions(namespace: dict[str, Any]) -> None:
    """Makes every public function of a vocabulary module an `api_boundary`.

    Modules of the package import functions from where they are defined, so that only a call of the
    user's passes the boundary.

    Args:
        namespace: the `globals()` of the module, after its imports.
    """
    module = namespace["__name__"]
    for name, value in list(namespace.items()):
        namespace[name] = guarded(name, value, module)


def guarded(
    name: str,
    value: Any,
    module: str,
    guard: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None,
) -> Any:
    """Returns what a name of a vocabulary module stands for: a function becomes an `api_boundary`.

    Args:
        name: the name; private ones are left alone, and so is what has a wrapper already.
        value: what it stands for; whatever is no function of this package is left alone.
        module: the vocabulary module.
        guard: what makes a function a boundary, `api_boundary` if None.
    """
    is_own = isinstance(value, FunctionType) and value.__module__.startswith("minijax.")
    if not is_own or name.startswith("_") or hasattr(value, "__wrapped__"):
        return value
    boundary = (guard or api_boundary)(value)
    # Pickle finds a function by its module and name.
    boundary.__module__ = module
    return boundary


def filter_traceback(error: BaseException) -> None:
    """Removes the frames of this package from the traceback of `error` and of what caused it.

    Does nothing while `traceback_options.show_internal_frames` is true, or the configuration flag
    `traceback_filtering` is "off".
    """
    if traceback_options.show_internal_frames or config.traceback_filtering == "off":
        return
    chain: list[BaseException | None] = [error]
    seen: list[BaseException] = []
    while chain:
        link = chain.pop()
        if link is None or any(link is other for other in seen):
            continue
        seen.append(link)
        link.__traceback__ = _user_frames(link.__traceback__)
        chain += [link.__cause__, link.__context__]


def _user_frames(traceback: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(PACKAGE_DIRECTORY):
            kept.append(traceback)
        traceback = traceback.tb_next
    result: TracebackType | None = None
    for entry in reversed(kept):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result
