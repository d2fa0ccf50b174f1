"""Traces and tracers: how an operation reaches the transformation that is in action.

There is one *current* trace per thread, and no stack or level numbers. `Primitive.bind` hands the
operation to the current trace; a trace takes its own tracers apart, treats every other value as a
constant, and carries out what its rules ask for with its parent as the current trace.

At rest the current trace is `EvalTrace`, which runs operations at once on NumPy arrays.
"""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from minijax.core import quick
from minijax.core.activity import busy, recording
from minijax.core.array import ConcreteArray, aval_of, value_of, wrap
from minijax.core.avals import Aval, ShapedArray
from minijax.core.config import config
from minijax.core.errors import (
    ConcretizationTypeError,
    TracerArrayConversionError,
    TracerBoolConversionError,
    TracerIntegerConversionError,
    UnexpectedTracerError,
)
from minijax.core.operators import Array
from minijax.core.quiet import begin_quiet, end_quiet

if TYPE_CHECKING:
    from minijax.core.primitive import Plan, Primitive


class Trace:
    """An interpreter in action. `closed` is set when its transformation has finished."""

    __slots__ = ("__weakref__", "closed")

    # Whether it records operations on arrays that are known, in place of having them carried out.
    records = False

    def __init__(self) -> None:
        self.closed = False

    @property
    def main(self) -> Trace:
        """The trace itself; some libraries tell traces apart by it."""
        return self

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Applies `primitive` to values of this trace or constants."""
        raise AssertionError(f"{type(self).__name__} must define process")


class Tracer(Array):
    """A value inside a trace. Subclasses add what their interpreter knows of it."""

    __slots__ = ("__weakref__", "_trace", "aval")

    def __init__(self, trace: Trace, aval: Aval) -> None:
        self._trace = trace
        self.aval = aval  # type: ignore[assignment]

    def concrete(self) -> ConcreteArray | None:
        """Returns the array behind the tracer where the interpreter knows it, else None."""
        return None

    def origin(self) -> str:
        """Returns where the value comes from, for messages; empty if not known."""
        return ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.aval}>"

    def __bool__(self) -> bool:
        known = self.concrete()
        if known is None:
            raise TracerBoolConversionError.of(self)
        return bool(known)

    def __int__(self) -> int:
        return int(self._known("int"))

    def __float__(self) -> float:
        return float(self._known("float"))

    def __complex__(self) -> complex:
        return complex(self._known("complex"))

    def __index__(self) -> int:
        known = self.concrete()
        if known is None:
            raise TracerIntegerConversionError.of(self)
        return known.__index__()

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TracerArrayConversionError.of(self)

    def __hash__(self) -> int:  # type: ignore[override]
        raise TypeError(
            f"{self!r} is traced and has no hash: it cannot be a key of a dict or a member of a "
            "set. Mark the argument static (static_argnums), or choose with lax.switch."
        )

    def item(self, *index: int) -> Any:
        """Returns one element as a Python scalar where the value is known."""
        return self._known("item").item(*index)

    def tolist(self) -> Any:
        """Returns nested Python lists where the value is known."""
        return self._known("tolist").tolist()

    def tobytes(self, order: str = "C") -> bytes:
        """Returns the bytes of the elements where they are known."""
        return self._known("tobytes").tobytes(order)

    def __copy__(self) -> Tracer:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Tracer:
        return self

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _known(self, conversion: str) -> ConcreteArray:
        known = self.concrete()
        if known is None:
            raise ConcretizationTypeError.of(self, conversion)
        return known


def check_open(tracer: Tracer) -> None:
    """Refuses a tracer whose transformation has finished.

    Raises:
        UnexpectedTracerError: if the tracer escaped from its function.
    """
    if tracer._trace.closed:
        raise UnexpectedTracerError.of(tracer)


def check_leaks(finished: weakref.ref[Any]) -> None:
    """Refuses a tracer that is still alive after its trace has finished, if the flag asks for it.

    Raises:
        UnexpectedTracerError: under `config.check_tracer_leaks`, naming a tracer that escaped.
    """
    if not (recording and config.check_tracer_leaks):
        return
    gc.collect()
    trace = finished()
    if trace is None:
        return
    for holder in gc.get_referrers(trace):
        if isinstance(holder, Tracer):
            raise UnexpectedTracerError.of(holder, "The leak check")


class EvalTrace(Trace):
    """Runs operations at once: `impl` on NumPy buffers, or the primitive's own `run`."""

    __slots__ = ()

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        if next(_applied) == quick.next_look:
            quick.look()
        if not params:
            plan = primitive.plans[tuple([x.aval for x in args if type(x) is ConcreteArray])]
            found = None if plan is None else _run_ufunc(primitive.name, plan, args)
            if found is not None:
                return (found,)
        operands = []
        avals = []
        for x in args:
            if type(x) is ConcreteArray:
                operands.append(x._value)
                avals.append(x.aval)
                continue
            if isinstance(x, Tracer):
                check_open(x)
                raise UnexpectedTracerError.of(x)
            if primitive.run is None:
                operands.append(value_of(x))
                avals.append(aval_of(x))
        if primitive.run is not None:
            outs = primitive.run(args, **params)
        else:
            results = primitive.abstract_eval(tuple(avals), params)
            values = primitive.impl(*operands, **params)
            outs = tuple([to_result(v, aval) for v, aval in zip(values, results, strict=False)])
        if recording:
            check_numbers(primitive.name, outs)
        return outs


_applied = itertools.count()


def _run_ufunc(name: str, plan: Plan, args: Sequence[Any]) -> ConcreteArray | None:
    state = begin_quiet()
    try:
        value = plan[0](*[x._value for x in args])
    finally:
        end_quiet(state)
    if plan[2] and np.isnan(value).any():
        return None
    if type(value) is not np.ndarray:  # of rank 0
        value = np.asarray(value)
    value.setflags(False)
    out = ConcreteArray(value, plan[1])
    if recording:
        check_numbers(name, (out,))
    return out


def to_result(value: Any, aval: Aval) -> Any:
    """Returns what `impl` computed as an array (values of opaque avals as they are)."""
    if type(aval) is not ShapedArray:
        return value
    if (aval.dtype is not value.dtype and aval.dtype != value.dtype) or aval.shape != value.shape:
        raise AssertionError(
            f"impl returned {value.dtype}{list(value.shape)} where abstract says {aval}"
        )
    return wrap(value, aval)


def check_numbers(name: str, outs: Sequence[Any]) -> None:
    """Raises FloatingPointError if a result has a NaN or inf that the configuration forbids.

    It need not be called while `recording` is empty: then no flag forbids any.
    """
    if not (config.debug_nans or config.debug_infs):
        return
    for out in outs:
        if type(out) is not ConcreteArray or out.dtype.kind not in "fc":
            continue
        if config.debug_nans and np.isnan(out._value).any():
            raise FloatingPointError(
                f"NaN came out of '{name}' (debug_nans is on); result: {out.aval}."
            )
        if config.debug_infs and np.isinf(out._value).any():
            raise FloatingPointError(
                f"inf came out of '{name}' (debug_infs is on); result: {out.aval}."
            )


EVAL = EvalTrace()


class _Current(threading.local):
    """The state of a thread: the trace in action and the named axes being mapped."""

    trace: Trace = EVAL
    axes: tuple[tuple[Any, int], ...] = ()


# Of the calling thread. `set_trace` and `new_trace` change it; traces in action do so themselves.
current = _Current()


def current_trace() -> Trace:
    """Returns the trace that operations of this thread go to."""
    return current.trace


def process_in(
    trace: Trace, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
) -> tuple[Any, ...]:
    """Hands an operation on to another trace, which is current meanwhile.

    For traces in action only: they keep native code away already.
    """
    previous = current.trace
    current.trace = trace
    try:
        return trace.process(primitive, args, params)
    finally:
        current.trace = previous


class set_trace:  # noqa: N801 - a context manager; a class because it is hot
    """Makes a trace current inside the context and restores the previous one, whatever happens."""

    __slots__ = ("previous", "trace")

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __enter__(self) -> Trace:
        self.previous = current.trace
        current.trace = self.trace
        busy.add(self)
        return self.trace

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        current.trace = self.previous
        busy.discard(self)


class nested_trace:  # noqa: N801 - a context manager
    """What `set_trace` is, for traces in action only: they keep native code away already."""

    __slots__ = ("previous", "trace")

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __enter__(self) -> None:
        self.previous = current.trace
        current.trace = self.trace

    def __exit__(self, *_: object) -> None:
        current.trace = self.previous


class new_trace(set_trace):  # noqa: N801
    """Makes a fresh trace current; closes it at the end, so that leaked tracers are refused."""

    __slots__ = ()

    def __enter__(self) -> Trace:
        if self.trace.records:
            recording.add(self)
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        current.trace = self.previous
        busy.discard(self)
        recording.discard(self)
        self.trace.closed = True


class named_axis:  # noqa: N801
    """Makes a named mapped axis known inside the context (None adds nothing)."""

    __slots__ = ("axis", "previous")

    def __init__(self, name: Any, size: int) -> None:
        self.axis = (name, size)

    def __enter__(self) -> None:
        self.previous = current.axes
        if self.axis[0] is not None:
            current.axes = (*current.axes, self.axis)
            busy.add(self)

    def __exit__(self, *_: Any) -> None:
        current.axes = self.previous
        busy.discard(self)


def mapped_axes() -> tuple[tuple[Any, int], ...]:
    """Returns the (name, size) pairs of the named axes being mapped, outermost first."""
    return current.axes


def axis_size(name: Any) -> int:
    """Returns the length of a named mapped axis.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
    """
    for known, size in reversed(current.axes):
        if known == name:
            return size
    known_names = [axis for axis, _ in current.axes]
    raise NameError(
        f"unbound axis name: {name!r}. Axes that are mapped here: {known_names or 'none'}. "
        f"Call the function under vmap(..., axis_name={name!r})."
    )
