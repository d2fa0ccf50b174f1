import numpy as np
import pytest
from inline_snapshot import snapshot

from minijax.core.array import to_array
from minijax.core.avals import Zero
from minijax.core.errors import UnexpectedTracerError
from minijax.core.trace import EVAL, current_trace
from minijax.interpreters.jvp import jvp, jvp_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import reduce_sum
from tests.interpreters.support import f64, numpy, operations, staged, x


def cube(a):
    return [mul(mul(a, a), a)]


def test_tangents_are_pushed_forward() -> None:
    outs, tangents = jvp(cube, [x(2.0, 3.0)], [x(1.0, 0.5)])
    np.testing.assert_array_equal(numpy(outs[0]), [8.0, 27.0])
    np.testing.assert_array_equal(numpy(tangents[0]), [12.0, 13.5])


def test_third_derivatives_do_not_confuse_perturbations() -> None:
    def derivative(f):
        return lambda a: jvp(f, [a], [to_array(1.0)])[1]

    fourth_power = lambda a: [mul(*cube(a), a)]  # noqa: E731
    assert float(derivative(derivative(derivative(fourth_power)))(to_array(2.0))[0]) == 48.0

    # d/dx (x · d/dy (x + y)) = 1: the inner tangent is not the outer one.
    def outer(a):
        (inner,) = jvp(lambda b: [add(a, b)], [to_array(1.0)], [to_array(1.0)])[1]
        return [mul(a, inner)]

    assert float(derivative(outer)(to_array(5.0))[0]) == 1.0


def test_symbolic_zeros_cost_nothing() -> None:
    """An operation none of whose operands has a tangent is carried out once and stays plain."""

    def program(a, b):
        inert = neg(mul(b, b))
        return [mul(a, a), inert]

    def derived(a, b, a_dot):
        outs, tangents = jvp(program, [a, b], [a_dot, Zero(f64(3))])
        assert type(tangents[1]) is Zero
        return [*outs, tangents[0]]

    jaxpr = staged(derived, f64(3), f64(3), f64(3))
    assert operations(jaxpr) == ["mul", "neg", "mul", "mul", "mul", "add"]


def test_all_zero_tangents_leave_the_program_as_it_is() -> None:
    def derived(a):
        outs, tangents = jvp(cube, [a], [Zero(f64(3))])
        assert type(tangents[0]) is Zero
        return outs

    assert operations(staged(derived, f64(3))) == operations(staged(cube, f64(3)))


def test_a_linear_operation_is_applied_to_the_tangent() -> None:
    def derived(a, a_dot):
        return jvp(lambda v: [reduce_sum(v, (0,))], [a], [a_dot])[1]

    assert str(staged(derived, f64(3), f64(3))) == snapshot("""\
{ lambda ; a:f64[3] b:f64[3]. let
    c:f64[] = reduce_sum[axes=(0,)] a
    d:f64[] = reduce_sum[axes=(0,)] b
  in (d,) }\
""")


def test_constants_of_enclosing_traces_have_no_tangent() -> None:
    def program(a):
        _, (tangent,) = jvp(lambda b: [mul(a, b)], [a], [x(1.0, 1.0)])
        return [tangent]

    assert operations(stage(program, [f64(2)])) == ["mul", "mul"]


def test_the_trace_is_restored_and_tracers_do_not_escape() -> None:
    leaked = []

    def broken(a):
        leaked.append(a)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        jvp(broken, [x(1.0)], [x(1.0)])
    assert current_trace() is EVAL
    with pytest.raises(UnexpectedTracerError):
        neg(leaked[0])


def test_the_derived_program_is_remembered_and_printed() -> None:
    jaxpr = staged(lambda a, b: [mul(a, b), neg(b)], f64(3), f64(3))
    derived, out_active = jvp_jaxpr(jaxpr, [True, False], [False, False])
    assert out_active == (True, False)
    assert str(derived) == snapshot("""\
{ lambda ; a:f64[3] b:f64[3] c:f64[3]. let
    d:f64[3] = mul a b
    e:f64[3] = mul c b
    f:f64[3] = neg b
  in (d,f,e) }\
""")
    assert jvp_jaxpr(jaxpr, [True, False], [False, False])[0] is derived
    forced, out_active = jvp_jaxpr(jaxpr, [True, False], [False, True])
    assert out_active == (True, True)
    assert len(forced.outvars) == 4
