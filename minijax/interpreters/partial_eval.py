"""Recording and pruning programs, under the names that other libraries use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.avals import Aval
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import StageTrace as DynamicJaxprTrace
from minijax.interpreters.stage import StageTracer as DynamicJaxprTracer
from minijax.interpreters.stage import stage

__all__ = ["DynamicJaxprTrace", "DynamicJaxprTracer", "dce_jaxpr", "trace_to_jaxpr_dynamic"]


def trace_to_jaxpr_dynamic(
    fun: Callable[..., Any], in_avals: Sequence[Aval], **_: Any
) -> tuple[Jaxpr, tuple[Aval, ...], tuple[Any, ...]]:
    """Records a function of flat values.

    Args:
        fun: takes and returns flat values.
        in_avals: the avals of its arguments.

    Returns:
        The program, the avals of its outputs, and the values of its constants.
    """
    program = stage(fun, in_avals)
    return program, program.out_avals, program.consts


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
