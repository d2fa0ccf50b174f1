import numpy as np
import pytest
from inline_snapshot import snapshot

from minijax.core.array import to_array
from minijax.core.check import check_jaxpr
from minijax.core.trace import EVAL, axis_size, current_trace, mapped_axes
from minijax.interpreters.batch import batch, batch_jaxpr
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.jvp import jvp
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import reduce_sum
from tests.interpreters.support import f64, numpy, staged, x


def test_a_function_is_mapped_over_axes_wherever_they_are() -> None:
    a = np.arange(6.0).reshape(2, 3)
    outs, dims = batch(lambda u, v: [mul(u, v)], [to_array(a), to_array(a.T.copy())], [0, 1], 2)
    found = np.moveaxis(numpy(outs[0]), dims[0], 0)
    np.testing.assert_array_equal(found, a * a)


def test_what_examples_share_is_computed_once() -> None:
    def program(a, b):
        shared = neg(mul(b, b))
        return [mul(a, shared), shared]

    def mapped(a, b):
        outs, dims = batch(program, [a, b], [0, None], 5)
        assert dims == [0, None]
        return outs

    jaxpr = staged(mapped, f64(5), f64())
    assert [str(eqn.outvars[0].aval) for eqn in jaxpr.eqns] == ["f64[]", "f64[]", "f64[5]"]


def test_mapped_functions_nest() -> None:
    def product(u, v):
        return [mul(u, v)]

    def outer(u, v):
        return batch(product, [u, v], [None, 0], 3)[0]

    outs, _ = batch(outer, [x(1.0, 2.0), x(1.0, 10.0, 100.0)], [0, None], 2)
    np.testing.assert_array_equal(numpy(outs[0]), [[1, 10, 100], [2, 20, 200]])


def test_batching_a_derivative_is_deriving_a_batch() -> None:
    square = lambda a: [mul(a, a)]  # noqa: E731
    points, ones = x(1.0, 2.0, 3.0), x(1.0, 1.0, 1.0)
    inside, _ = batch(lambda a, t: jvp(square, [a], [t])[1], [points, ones], [0, 0], 3)
    _, outside = jvp(lambda a: batch(square, [a], [0], 3)[0], [points], [ones])
    np.testing.assert_array_equal(numpy(inside[0]), [2.0, 4.0, 6.0])
    np.testing.assert_array_equal(numpy(outside[0]), [2.0, 4.0, 6.0])


def test_a_mapped_program_is_printed_and_remembered() -> None:
    jaxpr = staged(lambda a, b: [add(a, b), reduce_sum(b, (0,))], f64(3), f64(3))
    mapped, out_batched = batch_jaxpr(jaxpr, 4, [True, False], [False, False])
    check_jaxpr(mapped)
    assert out_batched == (True, False)
    assert str(mapped) == snapshot("""\
{ lambda ; a:f64[4,3] b:f64[3]. let
    c:f64[4,3] = broadcast_in_dim[broadcast_dimensions=(1,) shape=(4, 3)] b
    d:f64[4,3] = add a c
    e:f64[] = reduce_sum[axes=(0,)] b
  in (d,e) }\
""")
    assert batch_jaxpr(jaxpr, 4, [True, False], [False, False])[0] is mapped


def test_an_output_may_be_made_to_have_the_axis() -> None:
    jaxpr = staged(lambda a, b: [neg(b)], f64(), f64())
    mapped, out_batched = batch_jaxpr(jaxpr, 4, [True, False], [True])
    assert out_batched == (True,)
    found = evaluate(mapped, [np.zeros(4), np.asarray(2.0)])[0]
    np.testing.assert_array_equal(found, [-2.0] * 4)


def test_named_axes_are_known_inside_only() -> None:
    def program(a):
        assert axis_size("rows") == 2
        return [a]

    batch(program, [x(1.0, 2.0)], [0], 2, "rows")
    assert mapped_axes() == ()
    with pytest.raises(NameError, match="unbound axis name: 'rows'"):
        axis_size("rows")


def test_the_trace_is_restored_after_an_exception() -> None:
    def broken(a):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        batch(broken, [x(1.0, 2.0)], [0], 2, "rows")
    assert current_trace() is EVAL
    assert mapped_axes() == ()
