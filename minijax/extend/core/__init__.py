"""Programs as data: records, questions about them, and running them.

>>> import minijax as mj
>>> program = mj.make_jaxpr(lambda x: 2.0 * x)(1.0)
>>> [eqn.primitive.name for eqn in program.eqns], jaxpr_as_fun(program)(3.0)
(['mul'], [Array(6., dtype=float64, weak_type=True)])
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of
from minijax.core.avals import Aval
from minijax.core.check import check_jaxpr as check_jaxpr
from minijax.core.errors import (
    ConcretizationTypeError,
)
from minijax.core.errors import (
    InconclusiveDimensionOperation as InconclusiveDimensionOperation,
)
from minijax.core.errors import JaxprTypeError as JaxprTypeError
from minijax.core.evaluation import eval_jaxpr
from minijax.core.evaluation import find_top_trace as find_top_trace
from minijax.core.evaluation import get_opaque_trace_state as get_opaque_trace_state
from minijax.core.jaxpr import Eqn as JaxprEqn
from minijax.core.jaxpr import Jaxpr as ClosedJaxpr
from minijax.core.jaxpr import Jaxpr as Jaxpr
from minijax.core.jaxpr import Literal as Literal
from minijax.core.jaxpr import Var as Var
from minijax.core.jaxpr import sub_jaxprs
from minijax.core.trace import Trace, Tracer, current_trace, mapped_axes, set_trace
from minijax.core.user_primitive import UserPrimitive as Primitive
from minijax.extend.core import primitives as primitives
from minijax.interpreters.batch import BatchTrace
from minijax.interpreters.stage import StageTrace

Effect = str
Effects = frozenset[str]
no_effects: Effects = frozenset()
array_types = {ConcreteArray, np.ndarray, np.generic, bool, int, float, complex}

__all__ = [
    "ClosedJaxpr",
    "DebugInfo",
    "DropVar",
    "Effect",
    "Effects",
    "InconclusiveDimensionOperation",
    "Jaxpr",
    "JaxprEqn",
    "JaxprTypeError",
    "Literal",
    "Primitive",
    "Token",
    "Var",
    "array_types",
    "call_impl",
    "check_jaxpr",
    "concrete_or_error",
    "find_top_trace",
    "gensym",
    "get_opaque_trace_state",
    "jaxpr_as_fun",
    "jaxprs_in_params",
    "mapped_aval",
    "new_jaxpr_eqn",
    "no_effects",
    "nonempty_axis_env_DO_NOT_USE",
    "primal_dtype_to_tangent_dtype",
    "primitives",
    "set_current_trace",
    "subjaxprs",
    "take_current_trace",
    "unmapped_aval",
    "unsafe_am_i_under_a_jit_DO_NOT_USE",
    "unsafe_am_i_under_a_vmap_DO_NOT_USE",
    "unsafe_get_axis_names_DO_NOT_USE",
    "valid_jaxtype",
]


class DropVar(Var):
    """A variable that nobody reads."""

    __slots__ = ()


class Token:
    """What orders side effects; they are always in order here.

    Args:
        buf: what it stands for.
    """

    def __init__(self, buf: Any = None) -> None:
        self._buf = buf

    def block_until_ready(self) -> None:
        """Does nothing: side effects are finished when their call returns."""


@dataclass(frozen=True, slots=True)
class DebugInfo:
    """What messages call a function, its arguments and its results."""

    traced_for: str
    func_src_info: str
    arg_names: tuple[str, ...] | None = None
    result_paths: Any = None


def jaxpr_as_fun(closed_jaxpr: Jaxpr, *args: Any) -> Any:
    """Returns a program as a function of flat values; called with them, it applies it at once.

    Args:
        closed_jaxpr: the program.
        args: one value for each input, or none to get the function.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> core.jaxpr_as_fun(mj.make_jaxpr(lambda x: x + 1)(mj.numpy.ones(2)))(mj.numpy.zeros(2))
        [Array([1., 1.], dtype=float64)]
    """
    apply = partial(eval_jaxpr, closed_jaxpr, closed_jaxpr.consts)
    return apply(*args) if args else apply


def jaxprs_in_params(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """Yields the programs among the parameters of an equation.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> program = mj.make_jaxpr(mj.jit(lambda x: x + 1))(2.0)
        >>> len(list(core.jaxprs_in_params(program.eqns[0].params)))
        1
    """
    return sub_jaxprs(params)


def subjaxprs(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    """Yields the programs among the parameters of the equations of a program.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> program = mj.make_jaxpr(lambda x: mj.lax.cond(x > 0, lambda: x, lambda: -x))(2.0)
        >>> len(list(core.subjaxprs(program)))
        2
    """
    for eqn in jaxpr.eqns:
        yield from sub_jaxprs(eqn.params)


def new_jaxpr_eqn(
    invars: Sequence[Any],
    outvars: Sequence[Any],
    primitive: Primitive,
    params: dict[str, Any],
    effects: Any = no_effects,
    source_info: Any = None,
    ctx: Any = None,
) -> JaxprEqn:
    """Returns an equation; effects follow from the primitive.

    Args:
        invars, outvars: its operands and the variables of its results.
        primitive, params: the operation.
        effects, ctx: accepted for compatibility.
        source_info: where it comes from.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> eqn = mj.make_jaxpr(mj.numpy.sin)(2.0).eqns[0]
        >>> core.new_jaxpr_eqn(eqn.invars, eqn.outvars, eqn.primitive, {}).primitive
        sin
    """
    return JaxprEqn(primitive, tuple(invars), tuple(outvars), params, source_info)


def gensym() -> Callable[[Aval], Var]:
    """Returns a function that makes a new variable of an aval.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.extend import core
        >>> aval = jnp.ones((2, 3)).aval
        >>> new = core.gensym()
        >>> new(aval).aval == aval, new(aval) is new(aval)
        (True, False)
    """
    return Var


def mapped_aval(size: int, axis: int | None, aval: Any) -> Any:
    """Returns the aval of one example of a batch.

    Raises:
        ValueError: if the axis does not have that length.

    Args:
        size: the number of examples.
        axis: the axis of the batch; None if there is none.
        aval: that of the batch.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.extend import core
        >>> aval = jnp.ones((2, 3)).aval
        >>> core.mapped_aval(2, 0, aval).shape
        (3,)
    """
    if axis is None:
        return aval
    if aval.shape[axis] != size:
        raise ValueError(f"mapped_aval: axis {axis} of {aval} does not have length {size}.")
    return aval.without_axis(axis)


def unmapped_aval(size: int, axis: int | None, aval: Any, explicit_mesh_axis: Any = None) -> Any:
    """Returns the aval of a batch of examples.

    Args:
        size: the number of examples.
        axis: where the axis of the batch goes; None if there is none.
        aval: that of an example.
        explicit_mesh_axis: accepted for compatibility.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.extend import core
        >>> aval = jnp.ones((2, 3)).aval
        >>> core.unmapped_aval(5, 1, aval).shape
        (2, 5, 3)
    """
    return aval if axis is None else aval.with_axis(size, axis)


def concrete_or_error(force: Any, val: Any, context: str = "") -> Any:
    """Returns `force(val)` of a known value.

    Args:
        force: a conversion such as `int`; None for none.
        val: the value.
        context: what an error says besides.

    Raises:
        ConcretizationTypeError: if the value is traced and not known.

    Example:
        >>> from minijax.extend import core
        >>> core.concrete_or_error(int, 3.0)
        3
    """
    convert = (lambda x: x) if force is None else force
    if not isinstance(val, Tracer):
        return convert(val)
    known = val.concrete()
    if known is None:
        error = ConcretizationTypeError.of(val, getattr(force, "__name__", "the conversion"))
        raise ConcretizationTypeError(f"{error}\n{context}") if context else error
    return convert(known)


def valid_jaxtype(x: Any) -> bool:
    """Returns whether a value is an array or a number.

    Example:
        >>> from minijax.extend import core
        >>> core.valid_jaxtype(1.5), core.valid_jaxtype('text')
        (True, False)
    """
    try:
        aval_of(x)
    except (TypeError, ValueError):
        return False
    return True


def primal_dtype_to_tangent_dtype(primal_dtype: Any) -> np.dtype:
    """Returns the dtype of the tangents of values of a dtype.

    Example:
        >>> from minijax.extend import core
        >>> [core.primal_dtype_to_tangent_dtype(name).names for name in ('float32', 'int32')]
        [None, ('float0',)]
    """
    return dtypes.tangent_dtype(np.dtype(primal_dtype))


def call_impl(f: Any, *args: Any, **params: Any) -> Any:
    """Calls a wrapped function.

    Args:
        f: the function, made by `wrap_init`.
        args: what it is called with.
        params: accepted for compatibility.

    Example:
        >>> from minijax.extend import core
        >>> from minijax.extend.linear_util import wrap_init
        >>> core.call_impl(wrap_init(lambda x: x + 1), 2)
        3
    """
    return f.call_wrapped(*args)


def take_current_trace() -> Trace:
    """Returns the trace that operations of this thread go to."""
    return current_trace()


@contextmanager
def set_current_trace(trace: Trace, check_leaks: bool = False) -> Iterator[Trace]:
    """Makes a trace the one that operations of this thread go to, inside the context."""
    with set_trace(trace):
        yield trace


def _traces() -> Iterator[Trace]:
    trace: Any = current_trace()
    while trace is not None:
        yield trace
        trace = getattr(trace, "parent", None)


def nonempty_axis_env_DO_NOT_USE() -> bool:  # noqa: N802 - the name that programs use
    """Returns whether a named axis is being mapped.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> seen = []
        >>> def f(x):
        ...     seen.append(core.nonempty_axis_env_DO_NOT_USE())
        ...     return x
        >>> _ = f(1), mj.vmap(f, axis_name='i')(mj.numpy.ones(2))
        >>> seen
        [False, True]
    """
    return bool(mapped_axes())


def unsafe_am_i_under_a_jit_DO_NOT_USE() -> bool:  # noqa: N802 - the name that programs use
    """Returns whether operations are being recorded.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> seen = []
        >>> def f(x):
        ...     seen.append(core.unsafe_am_i_under_a_jit_DO_NOT_USE())
        ...     return x
        >>> _ = f(1), mj.jit(f)(1)
        >>> seen
        [False, True]
    """
    return any(isinstance(trace, StageTrace) for trace in _traces())


def unsafe_am_i_under_a_vmap_DO_NOT_USE() -> bool:  # noqa: N802 - the name that programs use
    """Returns whether operations are being mapped.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> seen = []
        >>> def f(x):
        ...     seen.append(core.unsafe_am_i_under_a_vmap_DO_NOT_USE())
        ...     return x
        >>> _ = f(1), mj.vmap(f)(mj.numpy.ones(2))
        >>> seen
        [False, True]
    """
    return any(isinstance(trace, BatchTrace) for trace in _traces())


def unsafe_get_axis_names_DO_NOT_USE() -> list[Any]:  # noqa: N802 - the name that programs use
    """Returns the names of the axes being mapped.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> seen = []
        >>> def f(x):
        ...     seen.extend(core.unsafe_get_axis_names_DO_NOT_USE())
        ...     return x
        >>> _ = mj.vmap(f, axis_name='rows')(mj.numpy.ones(2))
        >>> seen
        ['rows']
    """
    return [name for name, _ in mapped_axes()]
