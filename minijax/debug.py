"""Looking at values while a program runs: `print`, `log`, `callback`, `breakpoint`."""

from __future__ import annotations

import builtins
import logging
import string
import sys
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.source import PACKAGE_DIRECTORY
from minijax.placement import Device
from minijax.primitives.control.callback import debug_callback
from minijax.sharding import SingleDeviceSharding

_logger = logging.getLogger("minijax")


def callback(
    callback: Callable[..., Any],
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    **kwargs: Any,
) -> None:
    """Calls a Python function with the values of traced arguments when the program runs.

    Args:
        callback: called for its side effects with arrays; what it returns is ignored.
        args, kwargs: its arguments; those that are not arrays are handed on as they are.
        ordered, partitioned: accepted for compatibility; calls are always in order.

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


def _show_when_run(
    show: Callable[[str], None], fmt: str, args: Any, ordered: bool, kwargs: dict[str, Any]
) -> None:
    # Formatting stand-ins finds a wrong format where it is written, not where it runs.
    _formatter.format(fmt, *(_AnyFormat() for _ in args), **{name: _AnyFormat() for name in kwargs})

    def shown(*values: Any, **named: Any) -> None:
        show(_formatter.format(fmt, *values, **named))

    debug_callback(shown, *args, ordered=ordered, **kwargs)


def print(
    fmt: str,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    skip_format_check: bool = False,
    _use_logging: bool = False,
    **kwargs: Any,
) -> None:
    """Prints values when the program runs, whatever transformation is in action.

    Args:
        fmt: a format as `str.format` takes it, such as "x = {x}, y = {}".
        args, kwargs: the values.
        ordered, partitioned, skip_format_check: accepted for compatibility; output is always in
            order, and the format always verified.

    Raises:
        ValueError: if the format does not mention a value.

    Example:
        >>> import minijax as mj
        >>> _ = mj.jit(lambda x: (mj.debug.print("x = {x}", x=x), x + 1)[1])(3.0)
        x = 3.0
    """
    _show_when_run(_log if _use_logging else _write, fmt, args, ordered, kwargs)


def log(
    fmt: str,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    skip_format_check: bool = False,
    _use_logging: bool = True,
    **kwargs: Any,
) -> None:
    """Logs values (logger "minijax", level INFO) when the program runs.

    Args:
        fmt: a format as of `str.format`: "{}" and "{name}" stand for values.
        args, kwargs: the values; arrays, traced or not, or anything else that can be formatted.
        ordered, partitioned, skip_format_check: as for `print`.

    Raises:
        ValueError: if the format does not use an argument.

    Example:
        >>> import minijax as mj
        >>> _ = mj.jit(lambda x: (mj.debug.log("x = {x}", x=x), x + 1)[1])(3.0)
    """
    _show_when_run(_log if _use_logging else _write, fmt, args, ordered, kwargs)


def _write(text: str) -> None:
    builtins.print(text)


def _log(text: str) -> None:
    _logger.info(text)


def breakpoint(
    *,
    backend: str | None = None,
    filter_frames: bool = True,
    num_frames: int | None = None,
    ordered: bool = False,
    token: Any = None,
    **kwargs: Any,
) -> Any:
    """Stops when the program runs and opens a debugger on the variables of the calling function.

    Traced variables have their values. The debugger is that of `sys.breakpointhook` (`pdb`), in a
    frame whose local variables are those of the user's function, in a dictionary `frame`.

    Args:
        backend, filter_frames, num_frames, ordered: accepted for compatibility.
        token: returned as it is.
        kwargs: handed to the debugger.

    Returns:
        `token`.

    Example:
        >>> import sys
        >>> import minijax as mj
        >>> def f(x):
        ...     y = 2 * x
        ...     mj.debug.breakpoint()
        ...     return y
        >>> stops = []
        >>> usual, sys.breakpointhook = sys.breakpointhook, lambda: stops.append("here")
        >>> _ = mj.jit(f)(3.0)  # doctest: +ELLIPSIS
        breakpoint at ... (f); variables: x, y
        >>> sys.breakpointhook = usual
        >>> stops
        ['here']
    """
    caller = sys._getframe(1)
    while caller.f_code.co_filename.startswith(PACKAGE_DIRECTORY) and caller.f_back is not None:
        caller = caller.f_back
    place = f"{caller.f_code.co_filename}:{caller.f_lineno} ({caller.f_code.co_name})"
    names = {name: value for name, value in caller.f_locals.items() if not name.startswith("_")}

    def stop(**frame: Any) -> None:
        builtins.print(f"breakpoint at {place}; variables: {', '.join(frame)}")
        builtins.breakpoint(**kwargs)

    debug_callback(stop, **names)
    return token


def inspect_array_sharding(value: Any, *, callback: Callable[[Any], None]) -> None:
    """Calls a function with the sharding of an array: the one device.

    Args:
        value: an array of any shape, or a tracer.
        callback: called once, at once, with a `SingleDeviceSharding`; its value is ignored.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> seen = []
        >>> mj.debug.inspect_array_sharding(jnp.ones(3), callback=seen.append)
        >>> seen
        [SingleDeviceSharding(device=CpuDevice(id=0))]
    """
    callback(SingleDeviceSharding(Device()))


def visualize_sharding(
    shape: Sequence[int],
    sharding: Any,
    *,
    use_color: bool = True,
    scale: float = 1.0,
    min_width: int = 9,
    max_width: int = 80,
    color_map: Any = None,
) -> None:
    """Prints a picture of where the parts of an array live: one box, the CPU.

    Args:
        shape: the shape of the array, of rank 1 or 2.
        sharding: the sharding.
        min_width, max_width: bounds of the width of the box.
        use_color, scale, color_map: accepted for compatibility.

    Raises:
        ValueError: if the array is of another rank.

    Example:
        >>> visualize_sharding((4,), None)
        ┌─────────┐
        │  CPU 0  │
        └─────────┘
    """
    if len(shape) not in (1, 2):
        raise ValueError("`visualize_sharding` only works for shapes with 1 and 2 dimensions.")
    width = builtins.min(builtins.max(min_width, 7), max_width)
    line = "─" * width
    builtins.print(f"┌{line}┐\n│{'CPU 0'.center(width)}│\n└{line}┘")


def visualize_array_sharding(arr: Any, **kwargs: Any) -> None:
    """Prints a picture of where the parts of an array live: one box, the CPU.

    Args:
        arr: an array of rank 1 or 2.
        kwargs: options of `visualize_sharding`.

    Raises:
        ValueError: if the array is of another rank.

    Example:
        >>> import minijax.numpy as jnp
        >>> visualize_array_sharding(jnp.ones((4, 2)), min_width=11)
        ┌───────────┐
        │   CPU 0   │
        └───────────┘
    """
    visualize_sharding(arr.shape, SingleDeviceSharding(Device()), **kwargs)


class DebugEffect:
    """The side effect of `debug.callback`."""


class OrderedDebugEffect:
    """The side effect of an ordered `debug.callback`; all are ordered."""


class _AnyFormat:
    """Accepts any format specification, attribute and index."""

    def __format__(self, spec: str) -> str:
        return ""

    def __getattr__(self, name: str) -> _AnyFormat:
        return self

    def __getitem__(self, key: Any) -> _AnyFormat:
        return self
