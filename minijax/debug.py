"""Looking at values while a program runs: `debug.print` and `debug.callback`."""

from __future__ import annotations

import builtins
import string
from collections.abc import Callable
from typing import Any

from minijax.primitives.control.callback import debug_callback


def callback(
    callback: Callable[..., Any], *args: Any, ordered: bool = False, **kwargs: Any
) -> None:
    """Calls a Python function with the values of traced arguments when the program runs.

    Args:
        callback: called for its side effects with NumPy arrays; what it returns is ignored.
        args, kwargs: its arguments; those that are not arrays are handed on as they are.
        ordered: accepted for compatibility; calls are always in order.

    Example:
        >>> import minijax as mj
        >>> seen = []
        >>> _ = mj.jit(lambda x: (mj.debug.callback(seen.append, x), x + 1)[1])(3.0)
        >>> float(seen[0])
        3.0
    """
    if not callable(callback):
        raise TypeError(f"debug.callback expects a function, got {type(callback).__name__}.")
    debug_callback(callback, *args, ordered=ordered, **kwargs)


class _Formatter(string.Formatter):
    """Refuses arguments that the format does not mention, which is mostly a mistake."""

    def check_unused_args(self, used_args: Any, args: Any, kwargs: Any) -> None:
        unused = [*(str(i) for i in range(len(args)) if i not in used_args)]
        unused += [name for name in kwargs if name not in used_args]
        if unused:
            raise ValueError(
                f"debug.print: the format does not use the argument(s) {', '.join(unused)}: add "
                "{} or {name} for each value."
            )


_formatter = _Formatter()


def print(fmt: str, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Prints values when the program runs, whatever transformation is in action.

    Args:
        fmt: a format as `str.format` takes it, such as "x = {x}, y = {}".
        args, kwargs: the values.
        ordered: accepted for compatibility; output is always in order.

    Raises:
        ValueError: if the format does not mention a value.

    Example:
        >>> import minijax as mj
        >>> _ = mj.jit(lambda x: (mj.debug.print("x = {x}", x=x), x + 1)[1])(3.0)
        x = 3.0
    """
    for option in ("partitioned", "skip_format_check", "_use_logging"):
        kwargs.pop(option, None)
    # Formatting stand-ins finds a wrong format where it is written, not where it runs.
    _formatter.format(fmt, *(_AnyFormat() for _ in args), **{name: _AnyFormat() for name in kwargs})

    def show(*values: Any, **named: Any) -> None:
        builtins.print(_formatter.format(fmt, *values, **named))

    debug_callback(show, *args, ordered=ordered, **kwargs)


class _AnyFormat:
    """Accepts any format specification, attribute and index."""

    def __format__(self, spec: str) -> str:
        return ""

    def __getattr__(self, name: str) -> _AnyFormat:
        return self

    def __getitem__(self, key: Any) -> _AnyFormat:
        return self
