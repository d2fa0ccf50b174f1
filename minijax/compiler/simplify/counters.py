"""Counters: a scan that is handed the numbers of another one's steps counts for itself.

ys = stack of i in scan { i -> i + 1 };  scan over ys       becomes      scan { i -> i + 1 }

The gradient of a loop needs the number of each step where the loop indexes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from minijax.compiler.simplify.nested import in_nested
from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var
from minijax.primitives.arithmetic import add_p
from minijax.primitives.control.scan import scan_p


class _Line(NamedTuple):
    """What an array is: `first + k * step` at place k, made by additions like this one."""

    first: int
    step: int
    addition: Eqn


def count_again(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which scans count in place of reading numbers that count."""
    lines: dict[Atom, _Line] = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = in_nested(eqn, count_again)
        if eqn.primitive is scan_p:
            eqn = _counting(eqn, lines)
            lines.update(_stacked(eqn))
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns)


def _stacked(eqn: Eqn) -> Iterator[tuple[Var, _Line]]:
    """Yields the counters that a scan stacks."""
    body: Jaxpr = eqn.params["jaxpr"]
    num_consts, num_carry = eqn.params["num_consts"], eqn.params["num_carry"]
    made = {inner.outvars[0]: inner for inner in body.eqns if inner.primitive is add_p}
    places = {var: j for j, var in enumerate(body.invars[num_consts : num_consts + num_carry])}
    for k in range(num_carry, len(body.outvars)):
        var = body.outvars[k]
        j = places.get(var)  # type: ignore[arg-type]
        if j is None:
            continue
        first, count = eqn.invars[num_consts + j], made.get(body.outvars[j])  # type: ignore[arg-type]
        step = None if count is None else _step(count, var)
        if count is not None and step is not None and isinstance(first, Literal):
            start, last = int(first.val), eqn.params["length"] - 1
            if eqn.params["reverse"]:
                start, step = start + last * step, -step
            if _fits(first.val.dtype, start, start + last * step):
                yield eqn.outvars[k], _Line(start, step, count)


def _step(count: Eqn, var: Atom) -> int | None:
    """Returns the number that an addition adds to a variable, if it is a whole constant."""
    x, number = count.invars
    if x is not var or not isinstance(number, Literal) or number.aval.shape:
        return None
    return int(number.val) if dtypes.is_integer(number.val.dtype) else None


def _fits(dtype: np.dtype, *numbers: int) -> bool:
    info = np.iinfo(dtype)
    return all(info.min <= x <= info.max for x in numbers)


def _counting(eqn: Eqn, lines: dict[Atom, _Line]) -> Eqn:
    """Returns a scan that carries the counters among what it goes over."""
    num_consts, num_carry = eqn.params["num_consts"], eqn.params["num_carry"]
    start = num_consts + num_carry
    found = [k for k in range(start, len(eqn.invars)) if eqn.invars[k] in lines]
    if not found:
        return eqn
    body: Jaxpr = eqn.params["jaxpr"]
    last = eqn.params["length"] - 1
    inits, added = [], []
    for k in found:
        first, step, count = lines[eqn.invars[k]]
        if eqn.params["reverse"]:
            first, step = first + last * step, -step
        inits.append(_constant(count, first))
        number = _constant(count, step)
        out = Var(count.outvars[0].aval)
        added.append(count.replace(invars=(body.invars[k], number), outvars=(out,)))
    kept = [k for k in range(start, len(eqn.invars)) if k not in found]
    results = [inner.outvars[0] for inner in added]
    smaller = body.replace(
        invars=[*body.invars[:start], *(body.invars[k] for k in (*found, *kept))],
        eqns=[*body.eqns, *added],
        outvars=[*body.outvars[:num_carry], *results, *body.outvars[num_carry:]],
    )
    unused = [Var(var.aval) for var in results]
    return eqn.replace(
        invars=[*eqn.invars[:start], *inits, *(eqn.invars[k] for k in kept)],
        outvars=[*eqn.outvars[:num_carry], *unused, *eqn.outvars[num_carry:]],
        params=eqn.params | {"jaxpr": smaller, "num_carry": num_carry + len(found)},
    )


def _constant(count: Eqn, number: int) -> Literal:
    """Returns a number of the type that an addition counts in."""
    aval = count.outvars[0].aval
    assert isinstance(aval, ShapedArray), "a counter is a number"
    return Literal(np.asarray(number, aval.dtype), aval)
