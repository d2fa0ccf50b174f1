"""custom_vmap: a program whose batched form its author gives.

Everything else sees the program. Forward derivatives keep the rule: the rule of the derived program
differentiates the author's rule. Reverse mode goes through the program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.avals import Aval, Zero, materialize
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive, primitive
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.jvp import jvp, jvp_jaxpr
from minijax.interpreters.linearize import linearize_jaxpr
from minijax.interpreters.transpose import backward_pass
from minijax.primitives.control.call import call
from minijax.primitives.control.custom_jvp import lead_batch_axis
from minijax.primitives.control.programs import fill_zeros
from minijax.primitives.control.staged import is_unmapped, pick, run_staged

# (size, which operands are batched, operands) -> (outputs, which outputs are batched)
BatchRule = Callable[[int, Sequence[bool], Sequence[Any]], tuple[list[Any], list[bool]]]


def _impl(*args: np.ndarray, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str) -> Any:
    return tuple(evaluate(jaxpr, args))


def _abstract(*avals: Aval, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str) -> Any:
    return jaxpr.out_avals


def _jvp(
    primals: Any, tangents: Any, *, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str
) -> Any:
    active = [type(t) is not Zero for t in tangents]
    derived, out_active = jvp_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
    if any(active[:num_consts]):
        # The rule does not know of what the function closes over.
        results = call(derived, *primals, *pick(tangents, active), name=name)
    else:
        results = custom_vmap_p.bind(
            *primals,
            *pick(tangents, active),
            jaxpr=derived,
            rule=_jvp_rule(rule, active[num_consts:], out_active),
            num_consts=num_consts,
            name=name,
        )
    num_outs = len(out_active)
    return results[:num_outs], fill_zeros(out_active, jaxpr.out_avals, results[num_outs:])


def _jvp_rule(rule: BatchRule, active: Sequence[bool], out_active: Sequence[bool]) -> BatchRule:
    """Returns the batch rule of a derived program: the derivative of the rule."""

    def derived(size: int, batched: Sequence[bool], operands: Sequence[Any]) -> Any:
        count = len(active)
        given = iter(zip(operands[count:], batched[count:], strict=True))
        primals, tangents, flags = [], [], []
        for x, is_batched, on in zip(operands[:count], batched[:count], active, strict=True):
            t, t_batched = next(given) if on else (Zero(x.aval.tangent()), is_batched)
            either = is_batched or t_batched
            primals.append(_with_axis(x, is_batched, either, size))
            tangents.append(_with_axis(t, t_batched, either, size) if on else t)
            flags.append(either)
        out_batched: list[bool] = []

        def outputs(*xs: Any) -> list[Any]:
            outs, found = rule(size, flags, xs)
            out_batched[:] = found
            return outs

        outs, out_tangents = jvp(outputs, primals, tangents)
        moving = [materialize(t) for t in pick(out_tangents, out_active)]
        return [*outs, *moving], [*out_batched, *pick(out_batched, out_active)]

    return derived


def _with_axis(x: Any, is_batched: bool, wanted: bool, size: int) -> Any:
    return move_batch_axis(x, None, size) if wanted and not is_batched else x


def _linearize(
    primals: Any, active: Any, *, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str
) -> Any:
    split = linearize_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
    results = call(split.primal, *primals, name=name)
    num_outs = len(jaxpr.outvars)
    residuals = split.residuals(primals, results[num_outs:])

    def linear(residuals: Any, *tangents: Any) -> Any:
        found = call(split.linear, *residuals, *pick(tangents, active), name=name)
        return fill_zeros(split.out_active, jaxpr.out_avals, found)

    return results[:num_outs], residuals, linear


def _transpose(
    cts: Any, *operands: Any, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str
) -> Any:
    return tuple(backward_pass(jaxpr, operands, cts))


def _batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    jaxpr: Jaxpr,
    rule: BatchRule,
    num_consts: int,
    name: str,
    mapped_axis: Any,
) -> Any:
    if is_unmapped(dims, mapped_axis, jaxpr):
        outs = custom_vmap_p.bind(
            *operands, jaxpr=jaxpr, rule=rule, num_consts=num_consts, name=name
        )
        return outs, (None,) * len(outs)
    batched = [dim is not None for dim in dims]
    moved = lead_batch_axis(operands, dims)
    if any(batched[:num_consts]):
        derived, flags = batch_jaxpr(
            jaxpr, size, batched, [False] * len(jaxpr.outvars), mapped_axis
        )
        outs = call(derived, *moved, name=name)
    else:
        outs, flags = map(tuple, rule(size, batched[num_consts:], moved[num_consts:]))
    return tuple(outs), tuple(0 if on else None for on in flags)


def _lower(
    k: Any, *operands: Any, out: Any, jaxpr: Jaxpr, rule: BatchRule, num_consts: int, name: str
) -> Any:
    return k.inline(jaxpr, operands)


custom_vmap_p: Primitive = primitive(
    "custom_vmap_call",
    impl=_impl,
    abstract=_abstract,
    run=run_staged(lambda: custom_vmap_p),
    jvp=_jvp,
    linearize=_linearize,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    collective=True,
)


def call_with_batch_rule(
    jaxpr: Jaxpr, rule: BatchRule, *args: Any, num_consts: int = 0, name: str = ""
) -> tuple[Any, ...]:
    """Applies a closed program whose batched form is given.

    Args:
        jaxpr: the closed program; its leading inputs are what the function closes over.
        rule: `(size, batched, operands) -> (outputs, output batched)` on flat values without the
            constants; batch axes are leading.
        args: one value for each input.
        num_consts: how many inputs are constants.
        name: what the operation is called in printed programs.
    """
    return custom_vmap_p.bind(*args, jaxpr=jaxpr, rule=rule, num_consts=num_consts, name=name)
