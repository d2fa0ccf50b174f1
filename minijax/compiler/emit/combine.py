"""Expressions of variables alone, such as how two accumulators combine."""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.frame import Frame
from minijax.compiler.emit.numbers.types import Scalar
from minijax.kernel.expr import Expr


def combine(
    frame: Frame, variables: Sequence[Expr], values: Sequence[Scalar], combined: Sequence[Expr]
) -> list[Scalar]:
    """Emits expressions of variables alone, such as how two accumulators combine."""
    body = Body(frame)
    for variable, value in zip(variables, values, strict=True):
        body.bind(variable, value, varies=frame.c.lanes > 1)
    return [body.whole(expr) for expr in combined]
