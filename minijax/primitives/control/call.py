"""call: applying a program as one operation. It is what `jit` binds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.array import value_of
from minijax.core.avals import Aval, Zero
from minijax.core.execute import execute
from minijax.core.jaxpr import Eqn, Jaxpr, sub_jaxprs
from minijax.core.primitive import primitive
from minijax.core.trace import current_trace, to_result
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.dependence import dependent_outputs
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp_jaxpr
from minijax.interpreters.linearize import linearize_jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import StageTrace
from minijax.interpreters.transpose import is_linear, transpose_jaxpr
from minijax.primitives.control.staged import is_unmapped, pick


def _call_impl(*args: np.ndarray, jaxpr: Jaxpr, name: str) -> Any:
    return tuple(evaluate(jaxpr, args))


def _call_abstract(*avals: Aval, jaxpr: Jaxpr, name: str) -> Any:
    return jaxpr.out_avals


def _call_run(args: Sequence[Any], jaxpr: Jaxpr, name: str) -> Any:
    values = execute(jaxpr, [value_of(x) for x in args])
    return tuple(map(to_result, values, jaxpr.out_avals))


def _call_jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, name: str) -> Any:
    active = [type(t) is not Zero for t in tangents]
    derived, out_active = jvp_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
    results = call_p.bind(*primals, *pick(tangents, active), jaxpr=derived, name=name)
    outs, rest = results[: len(out_active)], iter(results[len(out_active) :])
    return outs, tuple(
        next(rest) if on else Zero(aval.tangent())
        for on, aval in zip(out_active, jaxpr.out_avals, strict=True)
    )


def _call_linearize(primals: Any, active: Any, *, jaxpr: Jaxpr, name: str) -> Any:
    split = linearize_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
    results = call_p.bind(*primals, jaxpr=split.primal, name=name)
    num_outs = len(jaxpr.outvars)
    residuals = split.residuals(primals, results[num_outs:])

    def linear(residuals: Any, *tangents: Any) -> Any:
        moving = pick(tangents, active)
        found = iter(call_p.bind(*residuals, *moving, jaxpr=split.linear, name=name))
        return tuple(
            next(found) if on else Zero(aval.tangent())
            for on, aval in zip(split.out_active, jaxpr.out_avals, strict=True)
        )

    return results[:num_outs], residuals, linear


def _call_transpose(cts: Any, *operands: Any, jaxpr: Jaxpr, name: str) -> Any:
    linear = [is_linear(x) for x in operands]
    starts = [x.take_symbolic() for x in operands if is_linear(x)]
    given = iter(starts)
    accumulate = [on and type(next(given)) is not Zero for on in linear]
    active = [type(ct) is not Zero for ct in cts]
    derived = transpose_jaxpr(jaxpr, linear, accumulate, active)
    known = [x for x in operands if not is_linear(x)]
    nonzero = [x for x in starts if type(x) is not Zero]
    results = iter(call_p.bind(*known, *nonzero, *pick(cts, active), jaxpr=derived, name=name))
    return tuple(next(results) if on else None for on in linear)


def _call_batch(
    size: int, operands: Any, dims: Any, *, jaxpr: Jaxpr, name: str, mapped_axis: Any
) -> Any:
    if is_unmapped(dims, mapped_axis, jaxpr):
        return call_p.bind(*operands, jaxpr=jaxpr, name=name), (None,) * len(jaxpr.outvars)
    batched = [dim is not None for dim in dims]
    never = [False] * len(jaxpr.outvars)
    derived, out_batched = batch_jaxpr(jaxpr, size, batched, never, mapped_axis)
    moved = [
        x if dim is None else move_batch_axis(x, dim, size)
        for x, dim in zip(operands, dims, strict=True)
    ]
    outs = call_p.bind(*moved, jaxpr=derived, name=name)
    return outs, tuple(0 if on else None for on in out_batched)


def _call_lower(k: Any, *operands: Any, out: Any, jaxpr: Jaxpr, name: str) -> Any:
    return k.inline(jaxpr, operands)


def _call_prune(eqn: Eqn, used: Sequence[bool]) -> Eqn:
    pruned, needed = prune_jaxpr(eqn.params["jaxpr"], used)
    return eqn.replace(
        invars=pick(eqn.invars, needed),
        outvars=pick(eqn.outvars, used),
        params=eqn.params | {"jaxpr": pruned},
    )


call_p = primitive(
    "jit",
    impl=_call_impl,
    abstract=_call_abstract,
    run=_call_run,
    jvp=_call_jvp,
    linearize=_call_linearize,
    transpose=_call_transpose,
    batch=_call_batch,
    lower=_call_lower,
    prune=_call_prune,
    depends=lambda operands, *, jaxpr, **_: dependent_outputs(jaxpr, operands),
    collective=True,
)


def call(jaxpr: Jaxpr, *args: Any, name: str = "") -> tuple[Any, ...]:
    """Applies a closed program to its inputs as one operation of the current trace.

    Args:
        jaxpr: a closed program.
        args: one value for each input.
        name: what the operation is called in printed programs.

    Returns:
        The outputs of the program.
    """
    # Interpreters go into nested programs by recursion, so calls are not recorded in any depth.
    if (
        _depth(jaxpr) >= _DEEPEST
        and len(jaxpr.eqns) <= _LARGEST_INLINED
        and type(current_trace()) is StageTrace
    ):
        return tuple(eval_jaxpr(jaxpr, *args))
    return call_p.bind(*args, jaxpr=jaxpr, name=name or jaxpr.name)


_DEEPEST = 24
# A function that calls the one below twice would double with every level that is written out.
_LARGEST_INLINED = 256


def _depth(jaxpr: Jaxpr) -> int:
    """Returns how deep programs are nested in a program."""
    depth = jaxpr.memo.get("depth")
    if depth is None:
        nested = (inner for eqn in jaxpr.eqns for inner in sub_jaxprs(eqn.params))
        depth = jaxpr.memo["depth"] = 1 + max(map(_depth, nested), default=-1)
    return depth
