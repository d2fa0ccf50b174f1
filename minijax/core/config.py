"""Configuration: named flags with process-wide values and per-thread overrides.

`config.update("debug_nans", True)` sets a flag for the process; `with config.override(...)` sets it
for the current thread inside the context. Names may carry the prefix `jax_` or `minijax_`, so that
programs that configure JAX need no change. `MINIJAX_<FLAG>` or `JAX_<FLAG>` in the environment sets
the value to start with. `minijax.core.flags` lists the flags.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from minijax.core.activity import busy, recording
from minijax.core.flags import CHOICES, DEFAULTS, WATCHED


def _start_value(flag: str, default: Any) -> Any:
    text = os.environ.get(f"MINIJAX_{flag.upper()}", os.environ.get(f"JAX_{flag.upper()}"))
    if text is None or flag == "enable_x64":
        return default
    if isinstance(default, bool):
        return text.strip().lower() in ("1", "true", "yes", "on")
    return type(default)(text) if isinstance(default, int | float) else text


def _similar(flag: str) -> str:
    found = import_module("difflib").get_close_matches(flag, DEFAULTS)
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""


class _Overrides(threading.local):
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}


class Config:
    """The flags; read them as attributes, change them with `update` or `override`.

    Example:
        >>> config.debug_nans
        False
        >>> with config.override(debug_nans=True):
        ...     config.jax_debug_nans
        True
    """

    def __init__(self) -> None:
        self._values = {flag: _start_value(flag, value) for flag, value in DEFAULTS.items()}
        self._overrides = _Overrides()
        self._listeners: list[Callable[[], None]] = []
        self._keep_native_code_away()

    def __getattr__(self, name: str) -> Any:
        overrides = self.__dict__["_overrides"].values
        if name in overrides:
            return overrides[name]
        values = self.__dict__["_values"]
        if name in values:
            return values[name]
        return self.read(self._flag(name))

    def read(self, name: str) -> Any:
        """Returns the value that a flag has in this thread."""
        flag = self._flag(name)
        return self._overrides.values.get(flag, self._values[flag])

    def update(self, name: str, value: Any) -> None:
        """Sets a flag for the whole process.

        Raises:
            AttributeError: if there is no such flag.
            ValueError: if the flag does not take the value.
        """
        flag = self._flag(name)
        self._values[flag] = self._checked(flag, value)
        self._keep_native_code_away()
        for listener in self._listeners:
            listener()

    def _keep_native_code_away(self) -> None:
        if any(self._values[flag] != DEFAULTS[flag] for flag in WATCHED):
            recording.add(self)
        else:
            recording.discard(self)

    def on_update(self, listener: Callable[[], None]) -> None:
        """Has a function called after each `update`."""
        self._listeners.append(listener)

    @contextmanager
    def override(self, **flags: Any) -> Iterator[None]:
        """Sets flags for the current thread inside the context."""
        previous = self._overrides.values
        changes = {self._flag(name): value for name, value in flags.items()}
        self._overrides.values = previous | {
            flag: self._checked(flag, value) for flag, value in changes.items()
        }
        token = object()
        busy.add(token)
        recording.add(token)
        try:
            yield
        finally:
            self._overrides.values = previous
            busy.discard(token)
            recording.discard(token)

    def parse_flags_with_absl(self) -> None:
        """Does nothing: flags come from the environment and from `update`."""

    def config_with_absl(self) -> None:
        """Does nothing: flags come from the environment and from `update`."""

    @property
    def values(self) -> dict[str, Any]:
        """All flags with their present values."""
        return self._values | self._overrides.values

    @property
    def x64_enabled(self) -> bool:
        """Whether types of 64 bits are there: they always are."""
        return True

    def _flag(self, name: str) -> str:
        flag = name.removeprefix("jax_").removeprefix("minijax_")
        if flag not in DEFAULTS:
            raise AttributeError(
                f"There is no configuration flag {name!r}.{_similar(flag)} "
                "minijax.core.flags lists them."
            )
        return flag

    def _checked(self, flag: str, value: Any) -> Any:
        allowed = CHOICES.get(flag)
        if allowed is not None and value not in allowed:
            raise ValueError(f"config flag {flag!r} takes one of {allowed}, got {value!r}.")
        if flag == "num_threads" and (type(value) is not int or value < 1):
            raise ValueError(f"num_threads takes a positive integer, got {value!r}.")
        if flag == "enable_x64" and not value:
            raise ValueError(
                "minijax computes with 64-bit types by default and has no 32-bit mode: "
                "pass dtype=jnp.float32 where single precision is meant."
            )
        return value


config = Config()
