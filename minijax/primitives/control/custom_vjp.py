"""custom_vjp: a function whose pullback its author gives.

The forward rule computes outputs and residuals. The tangent of the outputs is the result of
`custom_lin`, an operation that is linear in the tangents, knows how to be transposed (the backward
rule) and nothing else: there is no forward derivative to evaluate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import aval_of, to_array
from minijax.core.avals import Aval, Zero, materialize
from minijax.core.dtypes import float0
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import absent, primitive
from minijax.interpreters.batch import MappedAxis
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.transpose import backward_pass, is_linear
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.control.custom_jvp import (
    Call,
    batch_call,
    batch_flat,
    check_constants,
    lead_batch_axis,
    run_call,
    stage_call,
)

_NO_FORWARD = (
    "forward-mode differentiation (jvp, jacfwd, linearize's function) of a custom_vjp function: "
    "only its pullback was given. Use reverse mode (grad, vjp, jacrev), or give the rule with "
    "custom_jvp, which serves both"
)


# -- custom_lin: residuals and tangents to output tangents


def _no_forward(*_: Any, **__: Any) -> Any:
    raise TypeError(f"can't apply {_NO_FORWARD}.")


def _lin_abstract(*avals: Aval, bwd: Any, num_res: int, out_avals: tuple[Aval, ...]) -> Any:
    return out_avals


def _lin_transpose(
    cts: Any, *operands: Any, bwd: Any, num_res: int, out_avals: tuple[Aval, ...]
) -> Any:
    found = bwd(operands[:num_res], cts)
    linear = [is_linear(x) for x in operands[num_res:]]
    return (None,) * num_res + tuple(
        ct if on else None for ct, on in zip(found, linear, strict=True)
    )


def _lin_batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    bwd: Any,
    num_res: int,
    out_avals: tuple[Aval, ...],
    mapped_axis: MappedAxis,
) -> Any:
    batched = [dim is not None for dim in dims]
    moved = lead_batch_axis(operands, dims)

    def mapped_bwd(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        def one(*args: Any) -> list[Any]:
            return [materialize(ct) for ct in bwd(args[:num_res], args[num_res:])]

        flags = [*batched[:num_res], *(True for _ in cts)]
        found = batch_flat(one, size, flags, mapped_axis)(*residuals, *map(materialize, cts))
        return [
            ct if on else reduce_sum(ct, (0,))
            for ct, on in zip(found, batched[num_res:], strict=True)
        ]

    outs = custom_lin_p.bind(
        *moved,
        bwd=mapped_bwd,
        num_res=num_res,
        out_avals=tuple(aval.with_axis(size, 0) for aval in out_avals),
    )
    return outs, (0,) * len(outs)


custom_lin_p = primitive(
    "custom_lin",
    impl=_no_forward,
    abstract=_lin_abstract,
    run=_no_forward,
    jvp=absent(_NO_FORWARD),
    transpose=_lin_transpose,
    batch=_lin_batch,
    lower=_no_forward,
    collective=True,
    holds_functions=True,
)


# -- custom_vjp


def _impl(*args: np.ndarray, call: Call, fwd: Any, bwd: Any, num_consts: int, name: str) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications are evaluated"
    return tuple(evaluate(call, args))


def _abstract(*avals: Aval, call: Call, fwd: Any, bwd: Any, num_consts: int, name: str) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications have avals"
    return call.out_avals


def _run(args: Sequence[Any], call: Call, fwd: Any, bwd: Any, num_consts: int, name: str) -> Any:
    return run_call(args, call, num_consts)


def _dense(tangent: Any) -> Any:
    # Nobody reads the tangent of an integer, and compiled programs have no float0.
    if type(tangent) is Zero and tangent.aval.dtype == float0:  # type: ignore[attr-defined]
        return to_array(False)
    return materialize(tangent)


def _jvp(
    primals: Any, tangents: Any, *, call: Call, fwd: Any, bwd: Any, num_consts: int, name: str
) -> Any:
    check_constants(tangents, num_consts, "custom_vjp")
    active = [type(t) is not Zero for t in tangents[num_consts:]]
    outs, residuals = fwd(primals[num_consts:], active)
    out_avals = tuple(aval_of(out).tangent() for out in outs)
    out_tangents = custom_lin_p.bind(
        *residuals,
        *map(_dense, tangents[num_consts:]),
        bwd=bwd,
        num_res=len(residuals),
        out_avals=out_avals,
    )
    return outs, out_tangents


def _transpose(
    cts: Any, *operands: Any, call: Call, fwd: Any, bwd: Any, num_consts: int, name: str
) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications are transposed"
    return tuple(backward_pass(call, operands, cts))


def _batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    call: Call,
    fwd: Any,
    bwd: Any,
    num_consts: int,
    name: str,
    mapped_axis: MappedAxis,
) -> Any:
    batched = [dim is not None for dim in dims]
    flags = batched[num_consts:]
    mapped = batch_call(call, size, batched, num_consts, mapped_axis)

    def mapped_fwd(primals: Sequence[Any], active: Sequence[bool]) -> Any:
        counts: list[int] = []

        def one(*args: Any) -> list[Any]:
            outs, residuals = fwd(args, active)
            counts.append(len(outs))
            return [*outs, *residuals]

        found = batch_flat(one, size, flags, mapped_axis)(*primals)
        return found[: counts[-1]], found[counts[-1] :]

    def mapped_bwd(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        num_res = len(residuals)

        def one(*args: Any) -> list[Any]:
            return [materialize(ct) for ct in bwd(args[:num_res], args[num_res:])]

        every = [True] * (num_res + len(cts))
        found = batch_flat(one, size, every, mapped_axis)(*residuals, *map(materialize, cts))
        return [ct if on else reduce_sum(ct, (0,)) for ct, on in zip(found, flags, strict=True)]

    outs = custom_vjp_p.bind(
        *lead_batch_axis(operands, dims),
        call=mapped,
        fwd=mapped_fwd,
        bwd=mapped_bwd,
        num_consts=num_consts,
        name=name,
    )
    return outs, (0,) * len(outs)


def _lower(
    k: Any,
    *operands: Any,
    out: Any,
    call: Call,
    fwd: Any,
    bwd: Any,
    num_consts: int,
    name: str,
) -> Any:
    return k.inline(call, operands)


def _stage(args: Sequence[Any], params: dict[str, Any]) -> Any:
    staged, call, num_consts = stage_call(args, params["call"], params["num_consts"])
    return staged, params | {"call": call, "num_consts": num_consts}


custom_vjp_p = primitive(
    "custom_vjp_call",
    impl=_impl,
    abstract=_abstract,
    run=_run,
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    stage=_stage,
    collective=True,
    holds_functions=True,
)


def call_with_vjp(
    function: Callable[..., Sequence[Any]],
    fwd: Callable[..., Any],
    bwd: Callable[..., Any],
    *args: Any,
    name: str = "",
) -> tuple[Any, ...]:
    """Applies a flat function whose pullback is given.

    Args:
        function: takes and returns flat values.
        fwd: `(primals, active) -> (outs, residuals)` on flat values.
        bwd: `(residuals, cts) -> cts of the arguments` on flat values; cts may be `Zero`.
        args: the arguments.
        name: what the operation is called in printed programs.
    """
    return custom_vjp_p.bind(*args, call=function, fwd=fwd, bwd=bwd, num_consts=0, name=name)
