"""Branches and loops of the kernel language: programs inside programs."""

import numpy as np
import pytest

from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bool_
from minijax.interpreters.stage import stage_closed
from minijax.kernel.check import check_program
from minijax.kernel.printing import format_program
from minijax.kernel.reference import evaluate_program
from minijax.primitives.arithmetic import add, mul, neg, sub
from tests.kernel.programs import F64, I64, array, build

DOUBLE = stage_closed(lambda x: [add(x, x)], [array()])
NEGATE = stage_closed(lambda x: [neg(x)], [array()])


@pytest.mark.parametrize(("index", "expected"), [(0, 6.0), (1, -3.0)])
def test_branch(index: int, expected: float) -> None:
    program = build(
        [array(dtype=I64), array()],
        lambda k, i, x: k.branch((array(),), i, (DOUBLE, NEGATE), (x,)),
    )
    check_program(program)
    assert evaluate_program(program, [np.asarray(index), np.asarray(3.0)])[0] == expected


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("length", [0, 1, 4])
def test_scan(length: int, reverse: bool) -> None:
    # carry' = rate · carry + x, stacked before the step
    scalar = array()
    body = stage_closed(
        lambda rate, carry, x: [add(mul(rate, carry), x), carry], [scalar, scalar, scalar]
    )
    program = build(
        [scalar, scalar, array(length)],
        lambda k, rate, start, xs: k.scan(
            (scalar, array(length)), body, (rate,), (start,), (xs,), length, reverse
        ),
    )
    check_program(program)
    xs = np.arange(1.0, length + 1)
    carry, history = evaluate_program(program, [np.asarray(0.5), np.asarray(2.0), xs])
    expected, seen = 2.0, np.empty(length)
    for i in reversed(range(length)) if reverse else range(length):
        seen[i] = expected
        expected = 0.5 * expected + xs[i]
    assert carry == expected
    np.testing.assert_array_equal(history, seen)


def test_while_loop_runs_until_its_condition_fails() -> None:
    flag, number = ShapedArray((), bool_), array()
    going = stage_closed(lambda on, x: [on], [flag, number])

    def halve(on, x):
        # Stops after one step: there is no comparison on this floor.
        return [CLEARED, sub(x, mul(x, 0.5))]

    CLEARED = np.asarray(False)
    body = stage_closed(halve, [flag, number])
    program = build([flag, number], lambda k, on, x: k.while_loop(going, body, (), (), (on, x)))
    check_program(program)
    assert evaluate_program(program, [np.asarray(True), np.asarray(8.0)])[1] == 4.0
    assert evaluate_program(program, [np.asarray(False), np.asarray(8.0)])[1] == 8.0


@pytest.mark.parametrize("going", [True, False])
def test_a_recording_loop_is_replayed_backwards_from_its_tapes(going: bool) -> None:
    flag, number = ShapedArray((), bool_), array()
    cond = stage_closed(lambda on, x: [on], [flag, number])
    # Carry (on, x) to (False, x·x), and record x.
    square = stage_closed(lambda on, x: [np.asarray(False), mul(x, x), x], [flag, number])
    replay = stage_closed(lambda total, x: [add(total, x)], [number, number])

    def body(k, on, x):
        count, tapes = k.record_while(cond, square, (), (), (on, x))
        return count, *k.scan((number,), replay, (), (x,), tapes, count, True)

    program = build([flag, number], body)
    check_program(program)
    assert "recording while" in format_program(program)
    count, total = evaluate_program(program, [np.asarray(going), np.asarray(3.0)])
    assert (int(count), float(total)) == ((1, 6.0) if going else (0, 3.0))


def test_inline_scalars_makes_a_combiner_of_a_program() -> None:
    combiner = stage_closed(lambda a, b: [add(mul(a, b), b)], [array(), array()])
    program = build(
        [array(4)],
        lambda k, x: k.reduce(
            *((array(),), (4,), lambda o, r: (x(r[0]),), (k.constant(1, F64),)),
            lambda acc, new: k.inline_scalars(combiner, (*acc, *new)),
        ),
    )
    check_program(program)
    x = np.array([2.0, 3.0, 4.0, 5.0])
    expected = 1.0
    for value in x:
        expected = expected * value + value
    assert evaluate_program(program, [x])[0] == expected
