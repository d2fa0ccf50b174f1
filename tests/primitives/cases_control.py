"""Cases of branches and loops: cond, scan, while, while_pullback, gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core.dtypes import INEXACT, bool_, float64, int64
from minijax.interpreters.linearize import vjp
from minijax.primitives.arithmetic import add, mul, neg, sub
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.compare import lt
from minijax.primitives.control.choose import cond, switch
from minijax.primitives.control.lanes import gate_lanes
from minijax.primitives.control.loops import fori_loop, scan, while_loop
from minijax.primitives.slicing import dynamic_index_in_dim, dynamic_update_index_in_dim
from minijax.primitives.trigonometric import sin
from tests.primitives.case import Case, Operand

F64 = (float64,)


# -- cond


def _two_ways(flag: Any, x: Any, y: Any) -> Any:
    return cond(flag, lambda a, b: (mul(a, b), a), lambda a, b: (sin(a), mul(a, a)), x, y)


def _three_ways(index: Any, x: Any) -> Any:
    return switch(index, (neg, lambda v: mul(v, v), lambda v: sin(mul(v, v))), x)


def _closing_over(flag: Any, x: Any, y: Any) -> Any:
    return cond(flag, lambda: mul(x, y), lambda: neg(y))


def _linear_ways(flag: Any, x: Any) -> Any:
    return cond(flag, neg, lambda v: add(v, v), x)


def _flag(value: bool) -> Operand:
    return Operand((), dtype=bool_, values=value)


_COND = [
    Case("cond", _two_ways, (_flag(True), Operand((3,)), Operand((3,))), INEXACT, label="true"),
    Case("cond", _two_ways, (_flag(False), Operand((3,)), Operand((3,))), F64, label="false"),
    Case("cond", _two_ways, (Operand((), dtype=bool_), Operand(()), Operand(())), F64, label="any"),
    Case("cond", _closing_over, (_flag(True), Operand((2,)), Operand((2,))), F64, label="closure"),
    Case("cond", _linear_ways, (_flag(False), Operand((3,))), F64, label="linear", linear=(1,)),
    *(
        Case(
            "cond",
            _three_ways,
            (Operand((), dtype=int64, values=index), Operand((2, 3))),
            F64,
            label=f"switch {index}",
        )
        for index in (-4, 0, 1, 2, 9)
    ),
]


# -- scan


def _decay(rate: Any, start: Any, xs: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        after = add(mul(carry, rate), x)
        return after, mul(after, carry)

    return scan(step, start, xs)


def _decay_reference(rate: Any, start: Any, xs: Any) -> Any:
    carry, ys = start, []
    for x in xs:
        after = carry * rate + x
        ys.append(after * carry)
        carry = after
    return carry, np.array(ys, xs.dtype).reshape(xs.shape)


def _backwards(xs: Any) -> Any:
    return scan(lambda c, x: (add(sin(c), x), c), mul(reduce_sum(xs, (0,)), 0.5), xs, reverse=True)


def _counting(x: Any) -> Any:
    def step(state: Any, _: Any) -> Any:
        count, value = state
        return (add(count, 1), sin(add(value, value))), (count, value)

    (_, value), (_, values) = scan(step, (0, x), None, length=3)
    return value, values


def _linear_scan(x: Any, xs: Any) -> Any:
    return scan(lambda c, v: (add(mul(c, 0.5), v), sub(c, v)), x, xs)


def _indexed(x: Any) -> Any:
    def body(i: Any, carry: Any) -> Any:
        read = dynamic_index_in_dim(x, i, 0, keepdims=False)
        old = dynamic_index_in_dim(carry, i, 0, keepdims=False)
        return dynamic_update_index_in_dim(carry, add(mul(read, read), old), i, 0)

    return fori_loop(0, x.shape[0], body, mul(x, 2.0))


def _scan_of_cond(xs: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        after = cond(lt(x, 0.0), lambda c: mul(c, x), lambda c: sin(add(c, x)), carry)
        return after, after

    return scan(step, _first(xs), xs)


def _first(xs: Any) -> Any:
    return dynamic_index_in_dim(xs, 0, 0, keepdims=False)


_SCAN = [
    Case(
        "scan",
        _decay,
        (Operand((3,)), Operand((3,)), Operand((4, 3))),
        INEXACT,
        reference=_decay_reference,
        holomorphic=True,
        linear=(),
    ),
    *(
        Case(
            "scan",
            _decay,
            (Operand(()), Operand(()), Operand((length,))),
            F64,
            reference=_decay_reference,
            label=f"length {length}",
        )
        for length in (0, 1, 5)
    ),
    Case("scan", _backwards, (Operand((4, 2)),), F64, label="reverse"),
    Case("scan", _counting, (Operand((2,)),), F64, label="integer carry"),
    Case(
        "scan", _linear_scan, (Operand((2,)), Operand((3, 2))), F64, label="linear", linear=(0, 1)
    ),
    Case("scan", _indexed, (Operand((4,)),), F64, label="indexed"),
    Case("scan", _scan_of_cond, (Operand((4,)),), F64, label="of cond"),
]


# -- while


def _times(limit: Any, rate: Any, x: Any) -> Any:
    def body(state: Any) -> Any:
        i, value = state
        return add(i, 1), sin(mul(value, rate))

    return while_loop(lambda state: lt(state[0], limit), body, (0, x))[1]


def _until(rate: Any, x: Any) -> Any:
    def body(value: Any) -> Any:
        return add(mul(value, add(mul(rate, rate), 1.0)), 0.25)

    return while_loop(lambda value: lt(reduce_sum(value, (0,)), 7.0), body, x)


def _while_of_scan(x: Any) -> Any:
    def body(state: Any) -> Any:
        i, value = state
        return add(i, 1), scan(lambda c, v: (add(sin(c), v), None), value, x)[0]

    return while_loop(lambda state: lt(state[0], 3), body, (0, _first(x)))[1]


def _scan_of_while(xs: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        after = while_loop(lambda c: lt(c, 2.0), lambda c: add(c, add(mul(x, x), 0.5)), carry)
        return mul(after, 0.3), after

    return scan(step, _first(xs), xs)


def _trips(count: int) -> Operand:
    return Operand((), dtype=int64, values=count)


_WHILE = [
    *(
        Case(
            "while",
            _times,
            (_trips(count), Operand((2,)), Operand((2,))),
            F64,
            label=f"{count} trips",
        )
        for count in (0, 1, 3)
    ),
    Case("while", _until, (Operand((3,), 0.3, 0.4), Operand((3,), 0.1, 0.2)), F64, label="until"),
    Case("while", _while_of_scan, (Operand((3, 2)),), F64, label="of scan"),
    Case("while", _scan_of_while, (Operand((3,), 0.2, 0.9),), F64, label="in scan"),
]


def _pullback_of(loop: Callable[..., Any]) -> Callable[..., Any]:
    def pulled(*args: Any) -> Any:
        *known, x, y, ct = args
        _, pullback = vjp(lambda x, y: [loop(*known, x, y)], [x, y], [True, True])
        return tuple(pullback([ct]))

    return pulled


_PULLBACK = [
    *(
        Case(
            "while_pullback",
            _pullback_of(_times),
            (_trips(count), Operand((2,)), Operand((2,)), Operand((2,))),
            F64,
            label=f"{count} trips",
            linear=(3,),
        )
        for count in (1, 3)
    ),
    Case(
        "while_pullback",
        _pullback_of(_until),
        (Operand((3,), 0.3, 0.4), Operand((3,), 0.1, 0.2), Operand((3,))),
        F64,
        label="until",
        linear=(2,),
    ),
]

_GATE = [
    Case(
        "gate",
        gate_lanes,
        (Operand((3,), dtype=bool_, values=(True, True, True)), Operand((3, 2))),
        INEXACT,
        reference=lambda is_open, x: x,
        linear=(1,),
    ),
]

CASES = [*_COND, *_SCAN, *_WHILE, *_PULLBACK, *_GATE]
