from typing import Any

import numpy as np
from inline_snapshot import snapshot

from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero
from minijax.core.primitive import absent, linear, primitive
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.transpose import UndefinedPrimal, backward_pass, transpose_jaxpr
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import reduce_sum
from tests.interpreters.support import f64, numpy, operations, staged, x

# head reads the first element; its transpose adds into the accumulator of the whole.
taken: list[Any] = []


def _head_transpose(cts, operand):
    accumulator = operand.take()
    taken.append(accumulator)
    return (put_head_p.bind(accumulator, cts[0])[0],)


def _put_head_impl(whole, element):
    out = whole.copy()
    out[0] += element
    return (out,)


put_head_p = primitive(
    "put_head",
    impl=_put_head_impl,
    abstract=lambda whole, element: (whole,),
    jvp=linear,
    transpose=absent("a test needs none"),
    batch=absent("a test needs none"),
    lower=absent("a test needs none"),
)
head_p = primitive(
    "head",
    impl=lambda whole: (whole[0].copy(),),
    abstract=lambda whole: (whole.without_axis(0),),
    jvp=linear,
    transpose=_head_transpose,
    batch=absent("a test needs none"),
    lower=absent("a test needs none"),
)


def head(a):
    return head_p.bind(a)[0]


def test_cotangents_of_two_uses_are_added() -> None:
    jaxpr = staged(lambda a: [add(neg(a), a)], f64(2))
    (ct,) = backward_pass(jaxpr, [UndefinedPrimal(f64(2))], [x(1.0, 2.0)])
    np.testing.assert_array_equal(numpy(ct), [0.0, 0.0])


def test_what_is_not_linear_is_evaluated_and_has_no_cotangent() -> None:
    jaxpr = staged(lambda a, b: [mul(neg(a), b)], f64(2), f64(2))
    known, ct = backward_pass(jaxpr, [x(3.0, 4.0), UndefinedPrimal(f64(2))], [x(1.0, 1.0)])
    assert known is None
    np.testing.assert_array_equal(numpy(ct), [-3.0, -4.0])


def test_an_unused_linear_input_gets_a_symbolic_zero() -> None:
    jaxpr = staged(lambda a, b: [neg(a)], f64(2), f64(3))
    args = [UndefinedPrimal(f64(2)), UndefinedPrimal(f64(3))]
    _, ct = backward_pass(jaxpr, args, [x(1.0, 1.0)])
    assert type(ct) is Zero
    assert ct.aval == f64(3)


def test_equations_without_a_cotangent_are_skipped() -> None:
    program = staged(lambda a: [neg(a), reduce_sum(mul(a, 3.0), (0,))], f64(2))

    def backward(ct):
        return backward_pass(program, [UndefinedPrimal(f64(2))], [ct, Zero(f64())])

    assert operations(staged(backward, f64(2))) == ["neg"]


def test_an_indexed_read_takes_the_accumulator_in_place() -> None:
    """Two reads and a dense use: one array goes from hand to hand, no zeros are added to it."""
    program = staged(lambda a: [head(a), head(a), neg(a)], f64(3))
    taken.clear()

    def backward(ct, dense_ct):
        return backward_pass(program, [UndefinedPrimal(f64(3))], [ct, ct, dense_ct])

    jaxpr = staged(backward, f64(), f64(3))
    assert str(jaxpr) == snapshot("""\
{ lambda ; a:f64[] b:f64[3]. let
    c:f64[3] = neg b
    d:f64[3] = put_head c a
    e:f64[3] = put_head d a
  in (e,) }\
""")
    assert len(taken) == 2
    found = evaluate(jaxpr, [np.asarray(1.0), np.array([1.0, 2.0, 3.0])])[0]
    np.testing.assert_array_equal(found, [1.0, -2.0, -3.0])


def test_the_first_taker_starts_from_zeros() -> None:
    program = staged(lambda a: [head(a)], f64(3))
    (ct,) = backward_pass(program, [UndefinedPrimal(f64(3))], [to_array(5.0)])
    np.testing.assert_array_equal(numpy(ct), [5.0, 0.0, 0.0])


def test_a_transposed_program_starts_from_accumulators_given_to_it() -> None:
    program = staged(lambda a, b: [head(a), mul(a, b)], f64(3), f64(3))
    derived = transpose_jaxpr(program, [True, False], [True, False], [True, True])
    assert derived.in_avals == (f64(3), f64(3), f64(), f64(3))
    b, start = np.array([1.0, 2.0, 3.0]), np.array([100.0, 100.0, 100.0])
    (found,) = evaluate(derived, [b, start, np.asarray(7.0), np.ones(3)])
    np.testing.assert_array_equal(found, [108.0, 102.0, 103.0])
    assert transpose_jaxpr(program, [True, False], [True, False], [True, True]) is derived


def test_a_transposed_program_is_dense_where_nothing_arrives() -> None:
    program = staged(lambda a: [neg(a)], f64(2))
    derived = transpose_jaxpr(program, [True], [False], [False])
    np.testing.assert_array_equal(evaluate(derived, [])[0], [0.0, 0.0])


def test_undefined_primals_know_their_aval() -> None:
    assert aval_of(UndefinedPrimal(f64(3))) == f64(3)
    assert repr(UndefinedPrimal(f64(3))) == "UndefinedPrimal(f64[3])"
