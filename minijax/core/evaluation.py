"""Applying programs and operations at once, under the names that other libraries know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minijax.core.array import ConcreteArray, aval_of
from minijax.core.avals import Aval
from minijax.core.jaxpr import Atom, Jaxpr, Literal
from minijax.core.primitive import Primitive
from minijax.core.trace import EVAL, EvalTrace, Trace, Tracer, current_trace, mapped_axes, set_trace


def eval_jaxpr(
    jaxpr: Jaxpr, consts: Sequence[Any], *args: Any, propagate_source_info: bool = True
) -> list[Any]:
    """Applies a program's equations in the current trace.

    Args:
        jaxpr: the program.
        consts: the values of its constants (`jaxpr.consts`).
        args: one value for each of its inputs.
        propagate_source_info: accepted for compatibility.

    Returns:
        The list of its outputs.

    Raises:
        ValueError: if there are more or fewer values than inputs.

    Example:
        >>> import minijax as mj
        >>> program = mj.make_jaxpr(lambda x: 2.0 * x)(1.0)
        >>> eval_jaxpr(program, program.consts, 5.0)
        [Array(10., dtype=float64, weak_type=True)]
    """
    values: dict[Atom, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Atom) -> Any:
        return atom.array() if isinstance(atom, Literal) else values[atom]

    for eqn in jaxpr.eqns:
        outs = eqn.primitive.apply(*map(read, eqn.invars), **eqn.params)
        values.update(zip(eqn.outvars, outs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


class _KnownFirst(EvalTrace):
    """Runs operations on known values at once, and hands those on traced ones to another trace."""

    __slots__ = ("_outer",)

    def __init__(self, outer: Trace) -> None:
        self._outer = outer

    def process(
        self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, ...]:
        if any(isinstance(x, Tracer) for x in args):
            with set_trace(self._outer):
                return primitive.apply(*args, **params)
        return super().process(primitive, args, params)


@contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """Runs operations on known values at once inside the context, even while tracing.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.jit
        ... def f(x):
        ...     with mj.ensure_compile_time_eval():
        ...         n = int(jnp.sum(jnp.arange(4)))
        ...     return x * n
        >>> float(f(2.0))
        12.0
    """
    outer = current_trace()
    with set_trace(EVAL if outer is EVAL else _KnownFirst(outer)):
        yield


eval_context = ensure_compile_time_eval


# Type of a value -> its aval. Operations do not look here: objects with `__jax_array__` are arrays.
pytype_aval_mappings: dict[type, Callable[[Any], Aval]] = dict.fromkeys(
    (ConcreteArray, np.ndarray, np.generic, bool, int, float, complex), aval_of
)


def max_dim(x: int, y: int) -> int:
    """Returns the larger of two lengths of axes.

    Args:
        x, y: the lengths.

    Example:
        >>> from minijax import core
        >>> core.max_dim(2, 3)
        3
    """
    return max(x, y)


def min_dim(x: int, y: int) -> int:
    """Returns the smaller of two lengths of axes.

    Args:
        x, y: the lengths.

    Example:
        >>> from minijax import core
        >>> core.min_dim(2, 3)
        2
    """
    return min(x, y)


@contextmanager
def take_current_trace() -> Iterator[Trace]:
    """Gives the trace that operations of this thread go to, and leaves none but evaluation."""
    trace = current_trace()
    with set_trace(EVAL):
        yield trace


def set_current_trace(trace: Trace, check_leaks: bool = False) -> set_trace:
    """Returns a context in which operations of this thread go to a trace."""
    return set_trace(trace)


def find_top_trace(_: Any) -> Trace:
    """Returns the trace that operations of this thread go to, whatever the argument.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> type(core.find_top_trace(())).__name__
        'EvalTrace'
        >>> seen = []
        >>> _ = mj.make_jaxpr(lambda x: seen.append(core.find_top_trace(x)) or x)(1.0)
        >>> seen[0] is core.find_top_trace(())
        False
    """
    return current_trace()


def get_opaque_trace_state(convention: Any = None) -> Any:
    """Returns a value that is equal to another one while the same traces are in action.

    Args:
        convention: accepted for compatibility.

    Returns:
        A value to compare with `==` only; inside `vmap` it tells of the mapped axes too.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> before = core.get_opaque_trace_state()
        >>> before == core.get_opaque_trace_state()
        True
        >>> inside = []
        >>> _ = mj.make_jaxpr(lambda x: inside.append(core.get_opaque_trace_state()) or x)(1.0)
        >>> before == inside[0]
        False
    """
    return current_trace(), mapped_axes()
