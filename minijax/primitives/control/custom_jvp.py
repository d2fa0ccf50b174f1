"""custom_jvp: a function whose derivative its author gives.

Eagerly nothing is traced: the function, or its rule, is called on the values there are, so both may
look at them. Only when the application is recorded does the function become a program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import aval_of, to_array, value_of
from minijax.core.avals import Aval, Zero
from minijax.core.execute import execute
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import primitive
from minijax.core.trace import to_result
from minijax.interpreters.batch import MappedAxis, batch, batch_jaxpr, move_batch_axis
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.stage import stage
from minijax.interpreters.transpose import backward_pass

# A flat function of the operands after the constants, or its program (constants included).
Call = Callable[..., Sequence[Any]] | Jaxpr


def run_call(args: Sequence[Any], call: Call, num_consts: int) -> tuple[Any, ...]:
    """Applies a function or program eagerly."""
    if isinstance(call, Jaxpr):
        values = execute(call, [value_of(x) for x in args])
        return tuple(map(to_result, values, call.out_avals))
    return tuple(map(to_array, call(*args[num_consts:])))


def stage_call(
    args: Sequence[Any], call: Call, num_consts: int
) -> tuple[Sequence[Any], Jaxpr, int]:
    """Returns operands, closed program and number of constants of an application to record."""
    if isinstance(call, Jaxpr):
        return args, call, num_consts
    program = stage(call, [aval_of(x) for x in args])
    return (*program.consts, *args), program.close(), num_consts + len(program.consts)


def batch_call(
    call: Call, size: int, batched: Sequence[bool], num_consts: int, mapped_axis: MappedAxis
) -> Call:
    """Returns a function or program mapped over leading axes; all results have the axis."""
    if isinstance(call, Jaxpr):
        always = [True] * len(call.outvars)
        return batch_jaxpr(call, size, batched, always, mapped_axis.name)[0]
    return batch_flat(call, size, batched[num_consts:], mapped_axis)


def batch_flat(
    function: Callable[..., Sequence[Any]],
    size: int,
    batched: Sequence[bool],
    mapped_axis: MappedAxis,
) -> Callable[..., list[Any]]:
    """Returns a flat function mapped over leading axes; all results have the axis."""

    def mapped(*args: Any) -> list[Any]:
        dims = [0 if on else None for on in batched]
        outs, out_dims = batch(function, args, dims, size, *mapped_axis)
        return [move_batch_axis(out, dim, size) for out, dim in zip(outs, out_dims, strict=True)]

    return mapped


def lead_batch_axis(operands: Sequence[Any], dims: Sequence[int | None]) -> list[Any]:
    """Returns operands with their batch axes in front."""
    return [
        x if dim is None else aval_of(x).move_axis(x, dim, 0)
        for x, dim in zip(operands, dims, strict=True)
    ]


def check_constants(tangents: Sequence[Any], num_consts: int, kind: str) -> None:
    """Refuses to differentiate with respect to what a custom function closes over.

    Raises:
        TypeError: if a captured value has a tangent.
    """
    if any(type(t) is not Zero for t in tangents[:num_consts]):
        raise TypeError(
            f"A {kind} function is being differentiated with respect to a value that it closes "
            "over. Its rule says how to differentiate with respect to its arguments only: pass the "
            "value as an argument (closure_convert can do it)."
        )


# -- rules


def _impl(*args: np.ndarray, call: Call, jvp: Any, num_consts: int, name: str) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications are evaluated"
    return tuple(evaluate(call, args))


def _abstract(*avals: Aval, call: Call, jvp: Any, num_consts: int, name: str) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications have avals"
    return call.out_avals


def _run(args: Sequence[Any], call: Call, jvp: Any, num_consts: int, name: str) -> Any:
    return run_call(args, call, num_consts)


def _jvp(primals: Any, tangents: Any, *, call: Call, jvp: Any, num_consts: int, name: str) -> Any:
    check_constants(tangents, num_consts, "custom_jvp")
    return jvp(primals[num_consts:], tangents[num_consts:])


def _transpose(cts: Any, *operands: Any, call: Call, jvp: Any, num_consts: int, name: str) -> Any:
    assert isinstance(call, Jaxpr), "only recorded applications are transposed"
    return tuple(backward_pass(call, operands, cts))


def _batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    call: Call,
    jvp: Any,
    num_consts: int,
    name: str,
    mapped_axis: MappedAxis,
) -> Any:
    batched = [dim is not None for dim in dims]
    mapped = batch_call(call, size, batched, num_consts, mapped_axis)
    moved = lead_batch_axis(operands, dims)

    def mapped_jvp(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        given = [type(t) is not Zero for t in tangents]
        moving = [t for t, on in zip(tangents, given, strict=True) if on]
        spaces = [x.aval for x, on in zip(tangents, given, strict=True) if not on]
        flags = batched[num_consts:]
        moving_flags = [flag for flag, on in zip(flags, given, strict=True) if on]

        def one(*args: Any) -> list[Any]:
            lane_tangents = _with_zeros(args[len(primals) :], given, spaces, flags)
            outs, out_tangents = jvp(args[: len(primals)], lane_tangents)
            return [*outs, *(_dense(t) for t in out_tangents)]

        both = batch_flat(one, size, [*flags, *moving_flags], mapped_axis)(*primals, *moving)
        half = len(both) // 2
        return both[:half], both[half:]

    outs = custom_jvp_p.bind(*moved, call=mapped, jvp=mapped_jvp, num_consts=num_consts, name=name)
    return outs, (0,) * len(outs)


def _with_zeros(
    moving: Sequence[Any], given: Sequence[bool], spaces: Sequence[Any], batched: Sequence[bool]
) -> list[Any]:
    """Returns the tangents one lane sees: the given ones, and symbolic zeros of lane shape."""
    values, avals = iter(moving), iter(spaces)
    return [
        next(values) if on else Zero(_lane(next(avals), is_batched))
        for on, is_batched in zip(given, batched, strict=True)
    ]


def _lane(aval: Any, is_batched: bool) -> Any:
    return aval.without_axis(0) if is_batched else aval


def _dense(t: Any) -> Any:
    return t.aval.zeros() if type(t) is Zero else t


def _lower(
    k: Any, *operands: Any, out: Any, call: Call, jvp: Any, num_consts: int, name: str
) -> Any:
    return k.inline(call, operands)


def _stage(args: Sequence[Any], params: dict[str, Any]) -> Any:
    staged, call, num_consts = stage_call(args, params["call"], params["num_consts"])
    return staged, params | {"call": call, "num_consts": num_consts}


custom_jvp_p = primitive(
    "custom_jvp_call",
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


def call_with_jvp(
    function: Callable[..., Sequence[Any]], rule: Callable[..., Any], *args: Any, name: str = ""
) -> tuple[Any, ...]:
    """Applies a flat function whose derivative is given.

    Args:
        function: takes and returns flat values.
        rule: `(primals, tangents) -> (outs, out_tangents)` on flat values; tangents may be `Zero`.
        args: the arguments.
        name: what the operation is called in printed programs.
    """
    return custom_jvp_p.bind(*args, call=function, jvp=rule, num_consts=0, name=name)
