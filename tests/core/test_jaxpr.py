import numpy as np
import pytest

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.check import JaxprTypeError, check_jaxpr
from minijax.core.jaxpr import Eqn, Jaxpr, Literal, Var, sub_jaxprs
from minijax.interpreters.stage import stage, stage_closed
from minijax.primitives.arithmetic import add_p, mul, neg, neg_p
from minijax.primitives.control.call import call

F64 = ShapedArray((3,), dtypes.float64)
TABLE = np.arange(3.0)


def negated() -> Jaxpr:
    a, b = Var(F64), Var(F64)
    return Jaxpr([a], [b], [Eqn(neg_p, [a], [b], {})])


def test_a_program_knows_its_avals() -> None:
    jaxpr = negated()
    assert jaxpr.in_avals == (F64,)
    assert jaxpr.out_avals == (F64,)
    assert jaxpr.effects == frozenset()
    assert jaxpr.jaxpr is jaxpr


def test_replace_starts_a_memo_of_its_own() -> None:
    jaxpr = negated()
    jaxpr.memo["derived"] = 1
    assert not jaxpr.replace(name="other").memo
    assert jaxpr.replace(name="other").name == "other"


def test_close_makes_constants_leading_inputs() -> None:
    jaxpr = stage(lambda a: [mul(a, TABLE)], [F64])
    closed = jaxpr.close()
    assert len(jaxpr.constvars) == 1
    assert not closed.constvars
    assert closed.in_avals == (F64, F64)
    assert closed.close() is closed


def test_programs_inside_are_found() -> None:
    inner = negated()
    jaxpr = stage_closed(lambda a: [*call(inner, a)], [F64])
    assert [*sub_jaxprs(jaxpr.eqns[0].params)] == [inner]


def test_a_literal_keeps_its_weak_type() -> None:
    literal = Literal(np.asarray(2.0), ShapedArray((), dtypes.float64, True))
    assert literal.array().aval.weak_type


# -- check_jaxpr


def refused(jaxpr: Jaxpr, match: str) -> None:
    with pytest.raises(JaxprTypeError, match=match):
        check_jaxpr(jaxpr)


def test_a_sound_program_passes() -> None:
    check_jaxpr(negated())
    check_jaxpr(stage_closed(lambda a: [*call(negated(), neg(a))], [F64]))


def test_a_variable_used_before_it_is_bound() -> None:
    a, b = Var(F64), Var(F64)
    refused(Jaxpr([a], [b], []), "used before it is bound in the outputs")
    refused(Jaxpr([a], [a], [Eqn(neg_p, [b], [Var(F64)], {})]), "used before it is bound")


def test_a_variable_bound_twice() -> None:
    a, b = Var(F64), Var(F64)
    eqn = Eqn(neg_p, [a], [b], {})
    refused(Jaxpr([a], [b], [eqn, eqn]), "bound twice")
    refused(Jaxpr([a, a], [a], []), "bound twice, the second time in the inputs")


def test_results_that_abstract_does_not_give() -> None:
    a, b = Var(F64), Var(ShapedArray((4,), dtypes.float64))
    refused(Jaxpr([a], [b], [Eqn(neg_p, [a], [b], {})]), r"(?s)f64\[4\] in .*neg.*f64\[3\]")
    two = Eqn(neg_p, [a], [Var(F64), Var(F64)], {})
    refused(Jaxpr([a], [a], [two]), "wrong type")


def test_operands_that_abstract_refuses() -> None:
    a, b = Var(F64), Var(ShapedArray((3,), dtypes.int64))
    program = Jaxpr([a, b], [a], [Eqn(add_p, [a, b], [Var(F64)], {})])
    with pytest.raises(TypeError, match="one dtype, got f64, i64"):
        check_jaxpr(program)


def test_a_literal_of_another_aval() -> None:
    wrong = Literal(np.asarray(1), ShapedArray((), dtypes.float64))
    refused(Jaxpr([], [wrong], []), "is not of its aval in the outputs")


def test_a_nested_program_that_is_not_closed() -> None:
    inner = stage(lambda a: [mul(a, TABLE)], [F64])
    jaxpr = stage_closed(lambda a: [*call(inner, a)], [F64])
    refused(jaxpr, "nested jaxpr is not closed")


def test_constants_without_binders() -> None:
    refused(Jaxpr([], [], [], [Var(F64)], []), "one constant per constvar")
