"""Operations that have a name of their own, and whose rules are those of what they consist of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive, Rule, primitive
from minijax.interpreters.batch import batch
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.jvp import jvp
from minijax.interpreters.stage import stage_closed
from minijax.primitives.families import NOT_LINEAR

_PROGRAM_LIMIT = 256


def composed(
    name: str,
    function: Callable[..., Sequence[Any]],
    check: Callable[..., None],
    derivative: Rule | None = None,
) -> Primitive:
    """Declares the primitive that does what a function of arrays does.

    Args:
        name: what jaxprs print.
        function: takes arrays and parameters and returns arrays, by other primitives.
        check: takes avals and parameters, and refuses what the function must not see.
        derivative: the jvp rule, if it is not that of the function.
    """

    @functools.lru_cache(_PROGRAM_LIMIT)
    def program(avals: tuple[ShapedArray, ...], params: tuple[tuple[str, Any], ...]) -> Jaxpr:
        return stage_closed(lambda *xs: function(*xs, **dict(params)), avals, name)

    def flat(params: Any) -> Callable[..., Any]:
        return lambda *xs: function(*xs, **params)

    def impl(*arrays: np.ndarray, **params: Any) -> Any:
        avals = tuple(ShapedArray(x.shape, x.dtype) for x in arrays)
        return tuple(evaluate(program(avals, tuple(params.items())), arrays))

    def abstract(*avals: ShapedArray, **params: Any) -> Any:
        check(*avals, **params)
        return program(avals, tuple(params.items())).out_avals

    def jvp_rule(primals: Any, tangents: Any, **params: Any) -> Any:
        outs, out_tangents = jvp(flat(params), primals, tangents)
        return tuple(outs), tuple(out_tangents)

    def batch_rule(size: int, operands: Any, dims: Any, **params: Any) -> Any:
        return batch(flat(params), operands, dims, size)

    def lower(k: Any, *operands: Any, out: Any, **params: Any) -> Any:
        avals = tuple(aval_of(x) for x in operands)
        return k.inline(program(avals, tuple(params.items())), operands)

    return primitive(
        name,
        impl=impl,
        abstract=abstract,
        jvp=derivative or jvp_rule,
        transpose=NOT_LINEAR,
        batch=batch_rule,
        lower=lower,
    )
