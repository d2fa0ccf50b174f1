import numpy as np
from inline_snapshot import snapshot

from minijax.core.array import to_array
from minijax.core.avals import Zero
from minijax.core.check import check_jaxpr
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp
from minijax.interpreters.linearize import linearize, linearize_jaxpr, vjp
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import reduce_sum
from tests.interpreters.support import f64, numpy, operations, staged, x


def test_the_primal_runs_now_and_the_tangent_is_recorded() -> None:
    outs, linear, out_active = linearize(lambda a: [mul(a, a), a], [x(2.0, 3.0)], [True])
    np.testing.assert_array_equal(numpy(outs[0]), [4.0, 9.0])
    assert out_active == (True, True)
    check_jaxpr(linear)
    assert str(linear) == snapshot("""\
{ lambda a:f64[2] ; b:f64[2]. let
    c:f64[2] = mul b a
    d:f64[2] = mul a b
    e:f64[2] = add c d
  in (e,b) }\
""")
    tangents = eval_jaxpr(linear, x(1.0, 10.0))
    np.testing.assert_array_equal(numpy(tangents[0]), [4.0, 60.0])


def test_only_operations_on_tangents_are_recorded() -> None:
    def program(a, b):
        weight = neg(mul(b, b))
        return [mul(a, weight), weight]

    _, linear, out_active = linearize(program, [x(1.0), x(2.0)], [True, False])
    assert operations(linear) == ["mul"]
    assert out_active == (True, False)


def test_a_function_that_ignores_its_argument_has_no_linear_part() -> None:
    _, linear, out_active = linearize(lambda a: [x(1.0)], [x(2.0)], [True])
    assert out_active == (False,)
    assert not linear.eqns
    _, pullback = vjp(lambda a: [x(1.0)], [x(2.0)], [True])
    assert type(pullback([x(1.0)])[0]) is Zero


def test_vjp_is_the_adjoint() -> None:
    def program(a, b):
        return [mul(a, b), reduce_sum(mul(a, a), (0,))]

    a, b = x(1.0, 2.0), x(3.0, 4.0)
    _, pullback = vjp(program, [a, b], [True, True])
    a_bar, b_bar = pullback([x(1.0, 1.0), to_array(10.0)])
    np.testing.assert_array_equal(numpy(a_bar), [23.0, 44.0])
    np.testing.assert_array_equal(numpy(b_bar), [1.0, 2.0])


def test_a_zero_cotangent_is_not_carried_out() -> None:
    def program(a):
        return [mul(a, a), neg(a)]

    def backward(a, ct):
        _, pullback = vjp(program, [a], [True])
        return pullback([Zero(f64(2)), ct])

    # The product is computed by the forward pass; only neg is transposed.
    names = operations(staged(backward, f64(2), f64(2)))
    assert names.count("mul") == 1
    assert "add" not in names


def test_derivatives_nest() -> None:
    def gradient(f):
        def pulled(a):
            _, pullback = vjp(f, [a], [True])
            return pullback([to_array(1.0)])

        return pulled

    cube = lambda a: [mul(mul(a, a), a)]  # noqa: E731
    assert float(gradient(gradient(cube))(to_array(2.0))[0]) == 12.0
    (forward,) = jvp(gradient(cube), [to_array(2.0)], [to_array(1.0)])[1]
    assert float(forward) == 12.0


def test_a_program_is_split_with_residuals_forwarded_and_pruned() -> None:
    jaxpr = staged(lambda a, b: [mul(neg(a), b), add(a, b)], f64(3), f64(3))
    split = linearize_jaxpr(jaxpr, [True, False], [False, False])
    assert str(split.primal) == snapshot("""\
{ lambda ; a:f64[3] b:f64[3]. let
    c:f64[3] = neg a
    d:f64[3] = mul c b
    e:f64[3] = add a b
  in (d,e) }\
""")
    assert str(split.linear) == snapshot("""\
{ lambda ; a:f64[3] b:f64[3]. let
    c:f64[3] = neg b
    d:f64[3] = mul c a
  in (d,b) }\
""")
    # b is an input: the caller has it, so it is not saved. -a is not needed at all.
    assert split.forwarded == (1,)
    assert split.num_saved == 0


def test_a_split_program_gives_outputs_and_tangents() -> None:
    def program(a, b):
        c = mul(a, b)
        return [mul(c, c)]

    jaxpr = staged(program, f64(2), f64(2))
    split = linearize_jaxpr(jaxpr, [True, True], [False])
    check_jaxpr(split.primal)
    check_jaxpr(split.linear)
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    results = evaluate(split.primal, [a, b])
    residuals = split.residuals([a, b], results[1:])
    tangents = evaluate(split.linear, [*residuals, np.ones(2), np.zeros(2)])
    np.testing.assert_array_equal(results[0], (a * b) ** 2)
    np.testing.assert_array_equal(tangents[0], 2 * a * b * b)
