"""How the programs of primitives are rearranged: order, added outputs, what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.avals import Zero
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.evaluate import eval_jaxpr


def remembered(jaxpr: Jaxpr, key: Any, make: Callable[[], Any]) -> Any:
    """Returns what was derived from a program under a key, derived now if it is the first time."""
    if key not in jaxpr.memo:
        jaxpr.memo[key] = make()
    return jaxpr.memo[key]


def reorder_inputs(jaxpr: Jaxpr, order: Sequence[int]) -> Jaxpr:
    """Returns the program whose input k is the input `order[k]`."""
    key = ("inputs", tuple(order))
    invars = [jaxpr.invars[i] for i in order]
    return remembered(jaxpr, key, lambda: jaxpr.replace(invars=invars))


def reorder(jaxpr: Jaxpr, inputs: Sequence[int], outputs: Sequence[int]) -> Jaxpr:
    """Returns the program with inputs permuted and outputs chosen by position."""
    key = ("reorder", tuple(inputs), tuple(outputs))
    invars = [jaxpr.invars[i] for i in inputs]
    outvars = [jaxpr.outvars[i] for i in outputs]
    return remembered(jaxpr, key, lambda: jaxpr.replace(invars=invars, outvars=outvars))


def beside(active: Sequence[bool], groups: Sequence[int]) -> list[int]:
    """Returns the order that puts the tangents of each group of values right after the group.

    Args:
        active: for each value whether it has a tangent; the tangents come after all values.
        groups: the sizes of consecutive groups of values.
    """
    total, start = len(active), 0
    order: list[int] = []
    tangent_of: dict[int, int] = {}
    for i, is_active in enumerate(active):
        if is_active:
            tangent_of[i] = total + len(tangent_of)
    for size in groups:
        members = range(start, start + size)
        order += [*members, *(tangent_of[i] for i in members if i in tangent_of)]
        start += size
    return order


def carry_fixpoint(
    start: Sequence[bool], step: Callable[[tuple[bool, ...]], Sequence[bool]]
) -> tuple[bool, ...]:
    """Returns the least set of carry components that holds `start` and is closed under `step`.

    Args:
        start: a flag for each component before the first iteration.
        step: given the flags before an iteration, returns (at least) the flags after it.
    """
    flags = tuple(start)
    while True:
        after = tuple(a or b for a, b in zip(flags, step(flags), strict=False))
        if after == flags:
            return flags
        flags = after


def split_sizes(values: Sequence[Any], *sizes: int) -> list[list[Any]]:
    """Returns consecutive parts of a sequence: one of each size, then the rest."""
    parts, start = [], 0
    for size in sizes:
        parts.append(list(values[start : start + size]))
        start += size
    return [*parts, list(values[start:])]


def fill_zeros(
    flags: Sequence[bool], avals: Sequence[Any], found: Sequence[Any]
) -> tuple[Any, ...]:
    """Returns a tangent for each aval: the next one found where the flag is set, else `Zero`."""
    rest = iter(found)
    return tuple(
        next(rest) if on else Zero(aval.tangent()) for on, aval in zip(flags, avals, strict=True)
    )


def run_here(jaxpr: Jaxpr, args: Sequence[Any]) -> list[Any]:
    """Applies a program in the current trace."""
    return eval_jaxpr(jaxpr, *args)
