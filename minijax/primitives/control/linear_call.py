"""linear_call: a program that is linear in its last operands, with a transpose its author gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.avals import Aval, Zero, materialize
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.batch import MappedAxis, batch_jaxpr
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp
from minijax.interpreters.transpose import is_linear
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.control.custom_jvp import batch_flat, lead_batch_axis
from minijax.primitives.control.staged import is_unmapped, run_staged

# (residuals, cotangents of the outputs) -> cotangents of the linear operands
Transpose = Callable[[Sequence[Any], Sequence[Any]], Sequence[Any]]


def _impl(*args: np.ndarray, jaxpr: Jaxpr, transpose: Transpose, num_res: int) -> Any:
    return tuple(evaluate(jaxpr, args))


def _abstract(*avals: Aval, jaxpr: Jaxpr, transpose: Transpose, num_res: int) -> Any:
    return jaxpr.out_avals


def _jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, transpose: Transpose, num_res: int) -> Any:
    params = {"jaxpr": jaxpr, "transpose": transpose, "num_res": num_res}
    outs = linear_call_p.bind(*primals, **params)
    parts = []
    if any(type(t) is not Zero for t in tangents[num_res:]):
        moving = [materialize(t) for t in tangents[num_res:]]
        parts.append(linear_call_p.bind(*primals[:num_res], *moving, **params))
    if any(type(t) is not Zero for t in tangents[:num_res]):
        still = [Zero(x.aval.tangent()) for x in primals[num_res:]]
        directions = [*tangents[:num_res], *still]
        found = jvp(lambda *xs: eval_jaxpr(jaxpr, *xs), primals, directions)[1]
        parts.append(tuple(map(materialize, found)))
    if len(parts) < 2:
        return outs, parts[0] if parts else tuple(Zero(out.aval.tangent()) for out in outs)
    return outs, tuple(x.aval.add(x, y) for x, y in zip(*parts, strict=True))


def _transpose(cts: Any, *operands: Any, jaxpr: Jaxpr, transpose: Transpose, num_res: int) -> Any:
    found = transpose(operands[:num_res], [materialize(ct) for ct in cts])
    linear = [is_linear(x) for x in operands[num_res:]]
    return (None,) * num_res + tuple(
        ct if on else None for ct, on in zip(found, linear, strict=True)
    )


def _batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    jaxpr: Jaxpr,
    transpose: Transpose,
    num_res: int,
    mapped_axis: MappedAxis,
) -> Any:
    params = {"jaxpr": jaxpr, "transpose": transpose, "num_res": num_res}
    if is_unmapped(dims, mapped_axis.name, jaxpr):
        return linear_call_p.bind(*operands, **params), (None,) * len(jaxpr.outvars)
    batched = [dim is not None for dim in dims]
    always = [True] * len(jaxpr.outvars)
    derived, _ = batch_jaxpr(jaxpr, size, batched, always, mapped_axis.name)

    def flat(*args: Any) -> list[Any]:
        return list(transpose(args[:num_res], args[num_res:]))

    mapped = batch_flat(flat, size, [*batched[:num_res], *always], mapped_axis)

    def derived_transpose(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        found = mapped(*residuals, *cts)
        # An operand that all examples share collects the cotangents of all.
        return [
            ct if on else reduce_sum(ct, (0,))
            for ct, on in zip(found, batched[num_res:], strict=True)
        ]

    moved = lead_batch_axis(operands, dims)
    outs = linear_call_p.bind(*moved, jaxpr=derived, transpose=derived_transpose, num_res=num_res)
    return outs, (0,) * len(outs)


def _lower(
    k: Any, *operands: Any, out: Any, jaxpr: Jaxpr, transpose: Transpose, num_res: int
) -> Any:
    return k.inline(jaxpr, operands)


linear_call_p: Primitive = primitive(
    "linear_call",
    impl=_impl,
    abstract=_abstract,
    run=run_staged(lambda: linear_call_p),
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    collective=True,
    holds_functions=True,
)


def apply_linear(jaxpr: Jaxpr, transpose: Transpose, *args: Any, num_res: int) -> tuple[Any, ...]:
    """Applies a closed program that is linear in its last operands.

    Args:
        jaxpr: the closed program.
        transpose: `(residuals, cotangents) -> cotangents of the linear operands`, flat.
        args: the residuals, then the linear operands.
        num_res: how many operands are residuals.
    """
    return linear_call_p.bind(*args, jaxpr=jaxpr, transpose=transpose, num_res=num_res)
