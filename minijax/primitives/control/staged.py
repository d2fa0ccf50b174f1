"""What primitives that carry programs share: running eagerly, and seeing named axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of, value_of
from minijax.core.execute import execute
from minijax.core.jaxpr import Eqn, Jaxpr, Var, sub_jaxprs
from minijax.core.primitive import Primitive, Rule
from minijax.core.trace import to_result


def run_staged(get: Callable[[], Primitive]) -> Rule:
    """Returns the `run` rule of a primitive whose eager application executes a program.

    The program has the one equation; it is remembered with the first program that the
    application carries, so that it is compiled once.

    Args:
        get: returns the primitive (late, since the primitive holds this rule).
    """

    def run(args: Sequence[Any], **params: Any) -> tuple[Any, ...]:
        avals = tuple(map(aval_of, args))
        jaxpr = _one_equation(get(), avals, params)
        values = execute(jaxpr, [value_of(x) for x in args])
        return tuple(map(to_result, values, jaxpr.out_avals))

    return run


def _one_equation(primitive: Primitive, avals: tuple[Any, ...], params: dict[str, Any]) -> Jaxpr:
    memo = next(sub_jaxprs(params)).memo
    key = ("run", primitive, avals, *params.items())
    jaxpr = memo.get(key)
    if jaxpr is None:
        invars = [Var(aval) for aval in avals]
        outvars = [Var(aval) for aval in primitive.abstract_eval(avals, params)]
        eqn = Eqn(primitive, invars, outvars, params)
        jaxpr = memo[key] = Jaxpr(invars, outvars, [eqn], name=primitive.name)
    return jaxpr


def is_unmapped(dims: Sequence[int | None], mapped_axis: Any, *jaxprs: Jaxpr) -> bool:
    """Whether an application neither has a batched operand nor uses the axis being mapped."""
    return all(dim is None for dim in dims) and not any(
        mapped_axis in jaxpr.axis_names for jaxpr in jaxprs
    )


def pick(values: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
    """Returns the values whose flag is set."""
    return [x for x, on in zip(values, wanted, strict=True) if on]
