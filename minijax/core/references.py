"""References: places whose array a program may replace, in place of passing it along.

    >>> import minijax as mj
    >>> total = mj.new_ref(0.0)
    >>> def add(x):
    ...     total[...] += x
    >>> add(2.0), mj.jit(add)(3.0), total[...]
    (None, None, Array(5., dtype=float64, weak_type=True))

A reference is a Python object that holds the newest value; programs know nothing of it. Where a
function is recorded, every reference from outside that it touches is noted, put back to what it was
at the end, and `ReferencesTouched` is raised. What called for the recording then records the
function anew with the values of those references as further inputs and outputs (`threading`).
So transformations see functions of values only.
"""

from __future__ import annotations

import threading as _threads
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import Zero
from minijax.core.errors import UnexpectedTracerError
from minijax.core.trace import Trace, Tracer, current_trace


class Ref:
    """A place that holds an array; `ref[index]` reads it, `ref[index] = value` writes to it.

    Made by `new_ref`.

    Example:
        >>> import minijax as mj
        >>> ref = mj.new_ref(mj.numpy.zeros(3))
        >>> ref[1] = 5.0
        >>> ref[1:] += 1.0
        >>> ref
        Ref([0., 6., 1.], dtype=float64)
    """

    __slots__ = ("__weakref__", "_home", "_trace", "_value")

    def __init__(self, value: Any) -> None:
        self._place(to_array(value))

    def _place(self, value: Any) -> None:
        self._value = value
        # Whose values it may hold, and the recording that it is part of (None for none).
        self._trace: Trace | None = current_trace()
        self._home = recording_trace()

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._value.size

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return "Ref" + repr(self._value).removeprefix("Array")

    def __getitem__(self, index: Any) -> Any:
        value = self.value()
        return value if index is ... else value[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write("set", index, value)

    def addupdate(self, index: Any, value: Any) -> None:
        """Adds to the elements at an index."""
        self._write("add", index, value)

    def value(self) -> Any:
        """Returns the whole array."""
        self._touch()
        return self._value

    def replace(self, value: Any) -> None:
        """Puts another array of the same shape and dtype in the place of the whole.

        Raises:
            ValueError: if the value belongs to a transformation of which the reference is no part.
        """
        self._touch()
        self._value = self._known_outside(value)

    def _write(self, how: str, index: Any, value: Any) -> None:
        value = to_array(value)
        dtype = dtypes.promote([(self.dtype, False), (value.dtype, value.weak_type)])[0]
        if dtype != self.dtype or (value.dtype != dtype and not value.weak_type):
            raise ValueError(
                f"A reference of {self.dtype}{list(self.shape)} takes values of its dtype, got "
                f"{value.aval}: convert it with .astype(ref.dtype)."
            )
        self.replace(getattr(self.value().at[index], how)(value))

    def _touch(self) -> None:
        """Notes that the recording in action, if any, uses a reference from outside."""
        if self._home is not None and self._home.closed:
            raise UnexpectedTracerError(
                "A reference made inside a transformed function was used after the function had "
                "finished. Return its value, ref[...], or pass a reference in."
            )
        home = recording_trace()
        if home is not self._home and home is not None:
            home.references.setdefault(self, (self._value, self._trace, self._home))
            self._trace = self._home = home

    def _known_outside(self, value: Any) -> Any:
        """Returns a value as the trace that the reference belongs to knows it."""
        trace: Any = current_trace()
        while trace is not None and trace is not self._trace:
            if isinstance(value, Tracer) and value._trace is trace:
                if type(getattr(value, "tangent", None)) is not Zero:
                    raise ValueError(
                        "A reference from outside of a function that is differentiated or mapped "
                        f"cannot take a value that is: {value!r}. Pass the reference to the "
                        "function as an argument, or lax.stop_gradient(value) to it."
                    )
                value = value.primal
            trace = getattr(trace, "parent", None)
        return value


class ReferencesTouched(TypeError):  # noqa: N818 - mostly a signal
    """A function that is recorded uses references made outside of it.

    Attributes:
        references: these.
    """

    def __init__(self, references: Sequence[Ref], name: str) -> None:
        shown = ", ".join(f"{ref.dtype}{list(ref.shape)}" for ref in references)
        super().__init__(
            f"{name or 'A function'} uses references made outside of it ({shown}), and what "
            "records it here takes functions of values only: pass ref[...] and return new values."
        )
        self.references = tuple(references)


def recording_trace() -> Any:
    """Returns the innermost trace that records all operations, None if there is none."""
    trace: Any = current_trace()
    while trace is not None and not trace.records:
        trace = getattr(trace, "parent", None)
    return trace


def put_back(noted: dict[Ref, Any]) -> bool:
    """Makes references what they were before a recording touched them; returns if one differs."""
    changed = False
    for ref, (value, trace, home) in noted.items():
        changed = changed or ref._value is not value
        ref._value, ref._trace, ref._home = value, trace, home
    return changed


class _Held(_threads.local):
    """The references that recordings in action take as inputs."""

    references: tuple[Ref, ...] = ()


_held = _Held()


@contextmanager
def holding(references: Sequence[Ref], values: Sequence[Any]) -> Iterator[None]:
    """Makes references hold other values inside the context, which the current trace knows."""
    before = {ref: (ref._value, ref._trace, ref._home) for ref in references}
    held, _held.references = _held.references, tuple(dict.fromkeys((*_held.references, *before)))
    try:
        for ref, value in zip(references, values, strict=True):
            ref._place(value)
        yield
    finally:
        put_back(before)
        _held.references = held


def threading(
    apply: Callable[[tuple[Ref, ...]], Any], touched: ReferencesTouched | None = None
) -> Any:
    """Applies something that records functions, with the references that they touch made known.

    Args:
        apply: takes references to thread through; `ReferencesTouched` leaves it if there are more.
        touched: what left it without any; else it begins with the references that an enclosing
            recording threads through.
    """
    references = _held.references if touched is None else _with((), touched)
    while True:
        try:
            return apply(references)
        except ReferencesTouched as found:
            references = _with(references, found)


def _with(references: tuple[Ref, ...], found: ReferencesTouched) -> tuple[Ref, ...]:
    """Returns references and more that were touched; those of a recording that is over raise."""
    more = [ref for ref in found.references if ref not in references]
    if not more or any(ref._home is not None and ref._home.closed for ref in more):
        raise found
    return (*references, *more)


def read_all(references: Iterable[Ref]) -> list[Any]:
    """Returns the values of references."""
    return [ref.value() for ref in references]


def replace_all(references: Sequence[Ref], values: Sequence[Any]) -> None:
    """Gives references new values."""
    for ref, value in zip(references, values, strict=True):
        ref.replace(value)


def with_values(fun: Callable[..., Any], references: Sequence[Ref]) -> Callable[..., Any]:
    """Returns a function of the values of references, then of what `fun` takes.

    It returns the values that the references have in the end, and the result.
    """

    def pure(values: Sequence[Any], *args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
        with holding(references, values):
            out = fun(*args, **kwargs)
            return read_all(references), out

    pure.__name__ = getattr(fun, "__name__", type(fun).__name__)
    return pure
