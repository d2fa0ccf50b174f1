"""Lowering of primitives in terms of others, under the names that other libraries use.

There is no MLIR: `lower_fun` makes the one kind of lowering that is used. A rule that would build
operations is accepted, and compiled programs call the implementation of its primitive instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minijax.core.primitive import Primitive
from minijax.core.user_primitive import primitive_lowerings
from minijax.interpreters.stage import stage_closed


class LoweringRuleContext:
    """What a rule that builds operations would be given; rules name it in annotations."""


@dataclass(frozen=True, slots=True)
class LoweredFunction:
    """A function of arrays as the lowering of a primitive.

    Attributes:
        fun: takes and returns arrays.
        multiple_results: whether it returns a sequence.
    """

    fun: Callable[..., Any]
    multiple_results: bool

    def lower(self, k: Any, operands: Any, out: Any, params: dict[str, Any]) -> tuple[Any, ...]:
        """Returns the kernel values of the function's results."""

        def flat(*args: Any) -> Any:
            outs = self.fun(*args, **params)
            return outs if self.multiple_results else [outs]

        return k.inline(stage_closed(flat, [x.aval for x in operands]), operands)


def lower_fun(fun: Callable[..., Any], multiple_results: bool = True) -> LoweredFunction:
    """Returns the lowering of a primitive as a function of arrays.

    Args:
        fun: takes the operands and parameters of the primitive.
        multiple_results: whether it returns a sequence.
    """
    return LoweredFunction(fun, multiple_results)


def register_lowering(prim: Primitive, rule: Any, platform: str | None = None, **_: Any) -> Any:
    """Sets the lowering of a primitive made by `minijax.extend.core.Primitive`.

    Args:
        prim: the primitive.
        rule: what `lower_fun` returned; any other rule has no effect.
        platform: other platforms than "cpu" are ignored.

    Returns:
        The rule.
    """
    if platform in (None, "cpu") and isinstance(rule, LoweredFunction):
        primitive_lowerings[prim] = rule.lower
    return rule
