"""Recording and pruning programs, under the names that other libraries use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minijax.core.array import aval_of
from minijax.core.avals import Aval
from minijax.core.jaxpr import Jaxpr
from minijax.core.trace import current_trace, new_trace
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import StageTrace as DynamicJaxprTrace
from minijax.interpreters.stage import StageTracer as DynamicJaxprTracer
from minijax.interpreters.stage import TangentTrace, stage

__all__ = [
    "DynamicJaxprTrace",
    "DynamicJaxprTracer",
    "PartialVal",
    "dce_jaxpr",
    "trace_to_jaxpr_dynamic",
    "trace_to_jaxpr_nounits",
]


def trace_to_jaxpr_dynamic(
    fun: Callable[..., Any], in_avals: Sequence[Aval], **_: Any
) -> tuple[Jaxpr, tuple[Aval, ...], tuple[Any, ...]]:
    """Records a function of flat values.

    Args:
        fun: takes and returns flat values.
        in_avals: the avals of its arguments.

    Returns:
        The program, the avals of its outputs, and the values of its constants.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import partial_eval as pe
        >>> pe.trace_to_jaxpr_dynamic(lambda x: [jnp.sin(x)], [jnp.ones(2).aval])
        ({ lambda ; a:f64[2]. let b:f64[2] = sin a in (b,) }, (ShapedArray(f64[2]),), ())
    """
    program = stage(fun, in_avals)
    return program, program.out_avals, program.consts


@dataclass(frozen=True, slots=True)
class PartialVal:
    """A value that is known, or of which the type is known.

    Attributes:
        aval: its type if it is not known, else None.
        const: the value if it is known.
    """

    aval: Aval | None
    const: Any

    def __iter__(self) -> Iterator[Any]:
        return iter((self.aval, self.const))

    @classmethod
    def known(cls, const: Any) -> PartialVal:
        """Returns a known value."""
        return cls(None, const)

    @classmethod
    def unknown(cls, aval: Aval) -> PartialVal:
        """Returns a value of a type."""
        return cls(aval, None)

    def is_known(self) -> bool:
        """Whether the value is known."""
        return self.aval is None

    def get_known(self) -> Any:
        """Returns the value, None if it is not known."""
        return self.const

    def get_aval(self) -> Aval:
        """Returns the type of the value."""
        return aval_of(self.const) if self.aval is None else self.aval


def trace_to_jaxpr_nounits(
    fun: Any, pvals: Sequence[PartialVal], instantiate: bool | Sequence[bool] = False
) -> tuple[Jaxpr, list[PartialVal], tuple[Any, ...]]:
    """Computes what depends on known values only, and records the rest.

    Args:
        fun: takes and returns flat values; a function or `linear_util.WrappedFun`.
        pvals: its arguments.
        instantiate: which outputs are recorded even if they are known.

    Returns:
        The program of the unknown inputs and outputs, all outputs, and the constants of the
        program.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import partial_eval as pe
        >>> pvals = [pe.PartialVal.known(3.0), pe.PartialVal.unknown(jnp.ones(2).aval)]
        >>> program, outs, _ = pe.trace_to_jaxpr_nounits(lambda x, y: [2 * x, jnp.sin(y)], pvals)
        >>> program
        { lambda ; a:f64[2]. let b:f64[2] = sin a in (b,) }
        >>> outs[0].const, outs[1].is_known()
        (6.0, False)
    """
    trace = TangentTrace(current_trace())
    with new_trace(trace):
        args = [p.const if p.is_known() else trace.new_input(p.get_aval()) for p in pvals]
        outs = list(fun(*args))
        keep = [instantiate] * len(outs) if isinstance(instantiate, bool) else instantiate
        unknown = [
            on or (isinstance(out, DynamicJaxprTracer) and out._trace is trace)
            for out, on in zip(outs, keep, strict=True)
        ]
        recorded = [out for out, on in zip(outs, unknown, strict=True) if on]
        program = trace.finish(recorded)
    out_pvals = [
        PartialVal.unknown(aval_of(out)) if on else PartialVal.known(out)
        for out, on in zip(outs, unknown, strict=True)
    ]
    return program, out_pvals, program.consts


def dce_jaxpr(
    jaxpr: Jaxpr, used_outputs: Sequence[bool], instantiate: bool | Sequence[bool] = False
) -> tuple[Jaxpr, list[bool]]:
    """Removes what some outputs of a closed program do not need.

    Args:
        jaxpr: the program.
        used_outputs: which outputs are needed.
        instantiate: which inputs stay in any case.

    Returns:
        The program of the needed outputs and inputs, and which inputs those are.

    Example:
        >>> import minijax as mj
        >>> from minijax.interpreters import partial_eval as pe
        >>> program = mj.make_jaxpr(lambda x, y: (mj.numpy.sin(x), mj.numpy.cos(y)))(1.0, 2.0)
        >>> pe.dce_jaxpr(program.jaxpr, [True, False])
        ({ lambda ; a:f64[]. let b:f64[] = sin a in (b,) }, [True, False])
    """
    pruned, needed = prune_jaxpr(jaxpr, list(used_outputs))
    kept = [instantiate] * len(needed) if isinstance(instantiate, bool) else list(instantiate)
    if not any(on and not used for on, used in zip(kept, needed, strict=True)):
        return pruned, list(needed)
    given = iter(pruned.invars)
    inner = [next(given) if on else var for on, var in zip(needed, jaxpr.invars, strict=True)]
    flags = [on or keep for on, keep in zip(needed, kept, strict=True)]
    invars = [var for var, on in zip(inner, flags, strict=True) if on]
    return pruned.replace(invars=invars), flags
