"""Profiling: annotated spans of a program, written as a trace that browsers and Perfetto show.

Between `start_trace(folder)` and `stop_trace()` every `TraceAnnotation` and annotated function is
recorded with its start and duration; the end writes `folder/trace.json` in the Chrome trace
format. Outside of a trace an annotation costs next to nothing.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from minijax.placement import live_arrays


@dataclass(slots=True)
class ProfileOptions:
    """Accepted for compatibility: what a profiler of XLA would record."""

    host_tracer_level: int = 2
    python_tracer_level: int = 1
    device_tracer_level: int = 1
    advanced_configuration: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Recording:
    folder: Path
    events: list[dict[str, Any]] = field(default_factory=list)


_active: list[_Recording] = []
_lock = threading.Lock()


class TraceAnnotation(ContextDecorator):
    """Names a span of the program in traces; a context manager and a decorator.

    Args:
        name: what the trace calls it.
        kwargs: what the trace says of it.

    Example:
        >>> with TraceAnnotation("load"):
        ...     pass
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        self._name = name
        self._facts = kwargs
        self._starts: list[float] = []

    def __enter__(self) -> TraceAnnotation:
        self._starts.append(time.perf_counter())
        return self

    def __exit__(self, *_: Any) -> None:
        start = self._starts.pop()
        if _active:
            _active[-1].events.append(
                {
                    "name": self._name,
                    "ph": "X",
                    "ts": start * 1e6,
                    "dur": (time.perf_counter() - start) * 1e6,
                    "pid": os.getpid(),
                    "tid": threading.get_ident(),
                    "args": {name: str(value) for name, value in self._facts.items()},
                }
            )

    def set_metadata(self, **kwargs: Any) -> None:
        """Adds to what the trace says of the span."""
        self._facts |= kwargs


class StepTraceAnnotation(TraceAnnotation):
    """Names a step of a training loop in traces.

    Args:
        name: what the trace calls it.
        kwargs: what the trace says of it, such as `step_num`.
    """


def annotate_function(
    func: Callable[..., Any], name: str | None = None, **decorator_kwargs: Any
) -> Callable[..., Any]:
    """Returns `func` with every call named in traces.

    Args:
        func: a function.
        name: what traces call it; by default its own name.
        decorator_kwargs: what traces say of it.

    Example:
        >>> annotate_function(lambda x: x + 1, name="increment")(1)
        2
    """
    shown = name or str(getattr(func, "__qualname__", type(func).__qualname__))

    @functools.wraps(func)
    def annotated(*args: Any, **kwargs: Any) -> Any:
        with TraceAnnotation(shown, **decorator_kwargs):
            return func(*args, **kwargs)

    return annotated


def start_trace(
    log_dir: os.PathLike[str] | str,
    create_perfetto_link: bool = False,
    create_perfetto_trace: bool = False,
    profiler_options: ProfileOptions | None = None,
) -> None:
    """Starts to record.

    Args:
        log_dir: the folder that the trace is written to.
        create_perfetto_link: accepted for compatibility; nothing is served.
        create_perfetto_trace: accepted for compatibility; Perfetto reads what is written.
        profiler_options: accepted for compatibility.

    Raises:
        RuntimeError: if a trace is being recorded.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     start_trace(folder)
        ...     stop_trace()
        ...     [path.name for path in pathlib.Path(folder).iterdir()]
        ['trace.json']
    """
    with _lock:
        if _active:
            raise RuntimeError("Profile has already been started. Only one profile may be run.")
        _active.append(_Recording(Path(log_dir)))


def stop_trace() -> None:
    """Ends the recording and writes it.

    Raises:
        RuntimeError: if nothing is being recorded.

    Example:
        >>> try:
        ...     stop_trace()
        ... except RuntimeError as error:
        ...     print(error)
        No profile started
    """
    with _lock:
        if not _active:
            raise RuntimeError("No profile started")
        recording = _active.pop()
    recording.folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"traceEvents": recording.events, "displayTimeUnit": "ms"})
    (recording.folder / "trace.json").write_text(text, "utf-8")


@contextmanager
def trace(
    log_dir: os.PathLike[str] | str,
    create_perfetto_link: bool = False,
    create_perfetto_trace: bool = False,
    profiler_options: ProfileOptions | None = None,
) -> Iterator[None]:
    """Records inside the context; arguments as for `start_trace`.

    Example:
        >>> import json, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with trace(folder), TraceAnnotation("work"):
        ...         pass
        ...     written = json.loads((pathlib.Path(folder) / "trace.json").read_text())
        >>> [event["name"] for event in written["traceEvents"]]
        ['work']

    Args:
        log_dir: the folder that the trace is written to.
        create_perfetto_link, create_perfetto_trace, profiler_options: accepted for compatibility.
    """
    start_trace(log_dir, create_perfetto_link, create_perfetto_trace, profiler_options)
    try:
        yield
    finally:
        stop_trace()


def start_server(port: int, requires_backend: bool = True) -> None:
    """Does nothing: traces are written by this process.

    Args:
        port: accepted for compatibility; nothing listens.
        requires_backend: accepted for compatibility.

    Example:
        >>> start_server(9999)
    """


def stop_server() -> None:
    """Does nothing: traces are written by this process.

    Example:
        >>> stop_server()
    """


def register_subprocess(pid: int, port: int) -> Callable[[], None]:
    """Does nothing and returns a function that does nothing: one process is traced.

    Args:
        pid, port: accepted for compatibility.

    Example:
        >>> unregister = register_subprocess(pid=1, port=9999)
        >>> unregister()
    """
    return lambda: None


def device_memory_profile(backend: str | None = None) -> bytes:
    """Returns the arrays that are alive, as gzipped JSON: shape, dtype and bytes of each.

    Args:
        backend: a platform; by default all.

    Example:
        >>> import gzip, json
        >>> import minijax.numpy as jnp
        >>> x = jnp.ones((3, 1234567))
        >>> rows = json.loads(gzip.decompress(device_memory_profile()))
        >>> {"shape": [3, 1234567], "dtype": "float64", "bytes": x.nbytes} in rows
        True
    """
    rows = [
        {"shape": x.shape, "dtype": str(x.dtype), "bytes": int(np.prod(x.shape)) * x.itemsize}
        for x in live_arrays(backend)
    ]
    return gzip.compress(json.dumps(rows).encode())


def save_device_memory_profile(filename: Any, backend: str | None = None) -> None:
    """Writes `device_memory_profile` to a file.

    Args:
        filename: the path of the file.
        backend: a platform; by default all.

    Example:
        >>> import gzip, pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "memory.json.gz"
        ...     save_device_memory_profile(path)
        ...     gzip.decompress(path.read_bytes())[:1]
        b'['
    """
    Path(filename).write_bytes(device_memory_profile(backend))
