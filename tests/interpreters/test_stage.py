import numpy as np
import pytest
from inline_snapshot import snapshot

from minijax.core.array import to_array
from minijax.core.check import check_jaxpr
from minijax.core.errors import UnexpectedTracerError
from minijax.core.jaxpr import Literal
from minijax.core.trace import EVAL, current_trace
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.stage import stage, stage_closed
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum
from tests.interpreters.support import f64, numpy, operations, staged, x


def test_every_operation_is_recorded() -> None:
    def program(a, b):
        c = mul(a, b)
        return [reduce_sum(c, (0,)), neg(a)]

    jaxpr = staged(program, f64(3), f64(3))
    check_jaxpr(jaxpr)
    assert str(jaxpr) == snapshot("""\
{ lambda ; a:f64[3] b:f64[3]. let
    c:f64[3] = mul a b
    d:f64[] = reduce_sum[axes=(0,)] c
    e:f64[3] = neg a
  in (d,e) }\
""")


def test_scalars_become_literals_and_keep_their_dtype() -> None:
    jaxpr = staged(lambda a: [mul(a, 2.0)], f64(3))
    assert str(jaxpr) == snapshot("{ lambda ; a:f64[3]. let b:f64[3] = mul a 2.0:f64[] in (b,) }")


def test_arrays_from_outside_become_constants() -> None:
    table = x(1.0, 2.0)
    jaxpr = stage(lambda a: [add(mul(a, table), table)], [f64(2)])
    assert len(jaxpr.constvars) == 1  # one, though it is used twice
    assert jaxpr.consts[0] is table
    check_jaxpr(jaxpr)


def test_a_closed_program_holds_them_as_literals() -> None:
    jaxpr = stage_closed(lambda a: [mul(a, x(1.0, 2.0))], [f64(2)])
    assert not jaxpr.constvars
    assert isinstance(jaxpr.eqns[0].invars[1], Literal)
    np.testing.assert_array_equal(evaluate(jaxpr, [np.array([3.0, 4.0])])[0], [3.0, 8.0])


def test_a_closed_program_cannot_hold_a_tracer_from_outside() -> None:
    def outer(a):
        return [*eval_jaxpr(stage_closed(lambda b: [mul(a, b)], [f64(3)]), a)]

    with pytest.raises(UnexpectedTracerError):
        staged(outer, f64(3))


def test_an_output_may_be_an_input_a_constant_or_given_twice() -> None:
    jaxpr = staged(lambda a, b: [a, to_array(1.5), a], f64(), f64())
    check_jaxpr(jaxpr)
    assert operations(jaxpr) == []
    found = evaluate(jaxpr, [np.asarray(2.0), np.asarray(3.0)])
    assert [float(v) for v in found] == [2.0, 1.5, 2.0]


def test_the_trace_is_restored_after_an_exception() -> None:
    def broken(a):
        mul(a, a)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        staged(broken, f64(3))
    assert current_trace() is EVAL


def test_a_tracer_that_escaped_is_refused() -> None:
    leaked = []

    def program(a):
        leaked.append(neg(a))
        return [a]

    staged(program, f64(3))
    with pytest.raises(UnexpectedTracerError, match=r"f64\[3\]|float64\[3\]"):
        neg(leaked[0])
    with pytest.raises(UnexpectedTracerError):
        staged(lambda a: [add(a, leaked[0])], f64(3))


def test_evaluating_and_applying_a_program_agree() -> None:
    jaxpr = staged(lambda a: [broadcast_in_dim(neg(a), (2, 3), (1,)), a], f64(3))
    a = np.arange(3.0)
    for evaluated, applied in zip(
        evaluate(jaxpr, [a]), eval_jaxpr(jaxpr, to_array(a)), strict=True
    ):
        np.testing.assert_array_equal(evaluated, numpy(applied))
