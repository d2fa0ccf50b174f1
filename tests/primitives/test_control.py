"""Branches and loops: pytrees, types and messages, derivatives in every mode, what loops keep."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minijax.primitives.arithmetic  # noqa: F401 - gives array avals their vector space
from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray
from minijax.core.check import check_jaxpr
from minijax.core.config import config
from minijax.core.dtypes import float32, float64
from minijax.core.jaxpr import Eqn, Jaxpr, sub_jaxprs
from minijax.interpreters.batch import batch
from minijax.interpreters.jvp import jvp
from minijax.interpreters.linearize import vjp
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import reduce_sum, transpose
from minijax.primitives.compare import gt, lt
from minijax.primitives.control.associative_scan import associative_scan
from minijax.primitives.control.choose import cond, switch
from minijax.primitives.control.loops import fori_loop, scan, while_loop
from minijax.primitives.control.loops import map as map_slices
from minijax.primitives.powers import sqrt
from minijax.primitives.slicing import dynamic_index_in_dim, dynamic_update_index_in_dim
from minijax.primitives.trigonometric import sin

XS = np.array([0.3, 0.7, -0.2, 1.1])


@pytest.fixture(autouse=True)
def _checked() -> Iterator[None]:
    with config.override(debug_checks=True):
        yield


def total(x: Any) -> Any:
    return reduce_sum(x, tuple(range(x.ndim)))


def grad(f: Callable[..., Any]) -> Callable[..., list[Any]]:
    def gradient(*args: Any) -> list[Any]:
        arrays = [to_array(x) for x in args]
        _, pullback = vjp(lambda *xs: [f(*xs)], arrays, [True] * len(arrays))
        return pullback([to_array(np.ones(()))])

    return gradient


def push(f: Callable[..., Any], x: Any, t: Any) -> Any:
    return jvp(lambda x: [f(x)], [to_array(x)], [to_array(t)])[1][0]


def assert_close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-12, atol=1e-14)


# -- values


def test_scan_of_pytrees() -> None:
    def step(carry: Any, x: Any) -> Any:
        return {"sum": add(carry["sum"], x["a"]), "n": add(carry["n"], 1)}, (x["b"], None)

    xs = {"a": XS, "b": np.arange(4)}
    carry, (ys, nothing) = scan(step, {"sum": 0.0, "n": 0}, xs)
    assert_close(carry["sum"], XS.sum())
    assert int(carry["n"]) == 4
    assert ys.tolist() == [0, 1, 2, 3]
    assert nothing is None


def test_loops_without_iterations_return_the_initial_carry() -> None:
    carry, ys = scan(lambda c, x: (mul(c, x), mul(c, 2.0)), np.ones(2), np.zeros((0, 2)))
    assert carry.tolist() == [1.0, 1.0]
    assert ys.shape == (0, 2)
    assert int(fori_loop(5, 2, lambda i, c: add(c, i), 7)) == 7
    assert float(while_loop(lambda c: lt(c, 0.0), neg, 3.0)) == 3.0


def test_fori_loop_with_known_and_with_traced_bounds() -> None:
    def sum_below(n: Any) -> Any:
        return fori_loop(0, n, lambda i, c: add(c, i), 0)

    assert int(sum_below(5)) == 10
    jaxpr = stage(lambda n: [sum_below(n)], [ShapedArray((), np.dtype(np.int64))])
    assert [eqn.primitive.name for eqn in jaxpr.eqns] == ["while"]
    outs, _ = batch(lambda n: [sum_below(n)], [to_array(np.arange(5))], [0], 5)
    assert outs[0].tolist() == [0, 0, 1, 3, 6]


def test_switch_clamps_its_index() -> None:
    branches = [lambda: 10, lambda: 20, lambda: 30]
    found = [int(switch(i, branches)) for i in (-7, 0, 1, 2, 3, np.uint8(200))]
    assert found == [10, 10, 20, 30, 30, 30]


def test_cond_takes_numbers_and_the_operand_keyword() -> None:
    assert float(cond(2, neg, sin, 1.0)) == -1.0
    assert float(cond(0.0, lambda _: 1.0, lambda _: 2.0, operand=None)) == 2.0
    assert float(cond(True, 1.0, neg, 5.0, sin)) == -1.0


@pytest.mark.parametrize("batch_size", [None, 1, 2, 4, 9])
def test_map(batch_size: int | None) -> None:
    found = map_slices(lambda x: {"y": mul(x, x)}, XS, batch_size=batch_size)
    assert_close(found["y"], XS**2)


@pytest.mark.parametrize("n", range(9))
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(n: int, reverse: bool) -> None:
    x = np.arange(1.0, n + 1)
    found = associative_scan(lambda a, b: (add(a[0], b[0]), mul(a[1], b[1])), (x, x), reverse)
    flip = slice(None, None, -1 if reverse else 1)
    assert_close(found[0], np.cumsum(x[flip])[flip])
    assert_close(found[1], np.cumprod(x[flip])[flip])


def test_disable_jit_runs_python_loops() -> None:
    seen = []

    def step(carry: Any, x: Any) -> Any:
        seen.append(float(x))
        return add(carry, x), mul(x, 2.0)

    with config.override(disable_jit=True):
        carry, ys = scan(step, 0.0, XS, reverse=True)
        assert float(while_loop(lambda c: float(c) < 5.0, lambda c: mul(c, 2.0), 1.0)) == 8.0
        assert float(cond(True, lambda x: float(x), lambda x: 0.0, 3.0)) == 3.0
    assert seen == XS[::-1].tolist()
    assert_close(carry, XS.sum())
    assert_close(ys, 2 * XS)


# -- types


def test_weak_initial_carry_takes_the_dtype_of_the_body() -> None:
    xs = XS.astype(np.float32)
    carry, _ = scan(lambda c, x: (add(mul(x, 0.5), x), None), 1, xs)
    assert carry.dtype == float32
    carry, ys = scan(lambda c, x: (c, c), 1.0, xs)
    assert (carry.weak_type, ys.weak_type) == (True, True)
    strong = to_array(np.float64(5.0))
    assert while_loop(lambda c: lt(c, 2), lambda c: strong, 1).dtype == float64


def test_cond_results_are_as_weak_as_the_branch_of_false() -> None:
    strong = to_array(np.float64(2.0))
    assert cond(True, lambda: 1.0, lambda: 2.0).weak_type
    assert cond(True, lambda: strong, lambda: 1.0).weak_type
    assert not cond(True, lambda: 1.0, lambda: strong).weak_type


MISTAKES = {
    "carry dtype": (
        lambda: scan(lambda c, x: ((c[0], x), None), (1.0, np.int32(2)), XS),
        TypeError,
        r"takes at \[1\] is int32\[\].*returns at \[1\] is float64\[\].*dtypes differ",
    ),
    "carry shape": (
        lambda: scan(lambda c, x: ({"h": XS}, None), {"h": np.zeros(2)}, XS),
        TypeError,
        r"takes at \['h'\] is float64\[2\].*returns at \['h'\] is float64\[4\].*shapes differ",
    ),
    "carry structure": (
        lambda: scan(lambda c, x: ((c[0],), None), (1.0, 2.0), XS),
        TypeError,
        "tuple of length 2.*tuple of length 1",
    ),
    "no pair": (lambda: scan(lambda c, x: c, 1.0, XS), TypeError, "must return a pair"),
    "not a function": (lambda: scan(XS, 1.0, XS), TypeError, "f must be a function"),
    "unequal lengths": (
        lambda: scan(lambda c, x: (c, c), 0, {"a": XS, "b": XS[:2]}),
        ValueError,
        r"xs\['a'\]: \(4,\), xs\['b'\]: \(2,\)",
    ),
    "length mismatch": (
        lambda: scan(lambda c, x: (c, c), 0, XS, length=3),
        ValueError,
        r"length is 3, but xs has shape \(4,\)",
    ),
    "scalar xs": (lambda: scan(lambda c, x: (c, c), 0, 2.0), ValueError, "no leading axis"),
    "no length": (lambda: scan(lambda c, x: (c, c), 0), ValueError, "pass length="),
    "bad length": (
        lambda: scan(lambda c, x: (c, c), 0, length="a"),
        TypeError,
        "length must be a known integer",
    ),
    "leaf": (
        lambda: scan(lambda c, x: (c, "text"), 0, XS),
        TypeError,
        r"\[1\] must be an array or a number, got str",
    ),
    "branch types": (
        lambda: cond(True, lambda: {"a": 1.0}, lambda: {"a": 1}),
        TypeError,
        r"false_fun.*\['a'\] is int64\[\].*true_fun.*\['a'\] is float64\[\]",
    ),
    "branch structure": (
        lambda: cond(True, lambda: (1.0, 2.0), lambda: 1.0),
        TypeError,
        "must return the same structure",
    ),
    "predicate shape": (
        lambda: cond(XS > 0, lambda: 1, lambda: 2),
        TypeError,
        r"pred must be a scalar, got bool\[4\].*jnp.where",
    ),
    "predicate type": (
        lambda: cond("yes", lambda: 1, lambda: 2),
        TypeError,
        "pred must be a scalar, got 'yes'",
    ),
    "predicate kind": (
        lambda: cond(1j, lambda: 1, lambda: 2),
        TypeError,
        r"pred must be a bool or a real number, got complex128\[\]",
    ),
    "functions": (lambda: cond(True, neg, 3.0, 1.0), TypeError, "must be functions"),
    "no branches": (lambda: switch(0, []), ValueError, "at least one branch"),
    "index type": (lambda: switch(1.5, [neg, sin], 1.0), TypeError, "index must be an integer"),
    "condition type": (
        lambda: while_loop(lambda c: c, lambda c: c, 1.0),
        TypeError,
        r"must return one bool of rank 0.*float64\[\]",
    ),
    "condition shape": (
        lambda: while_loop(lambda c: gt(c, 0.0), lambda c: c, XS),
        TypeError,
        r"bool\[4\]",
    ),
    "while carry": (
        lambda: while_loop(lambda c: lt(c[0], 1.0), lambda c: (c[0], XS), (1.0, 2)),
        TypeError,
        r"\[1\] is float64\[\].*float64\[4\]",
    ),
    "bounds": (lambda: fori_loop(0.5, 3, lambda i, c: c, 0), TypeError, "lower must be an integer"),
    "bound dtypes": (
        lambda: fori_loop(np.int32(0), np.int64(3), lambda i, c: c, 0),
        TypeError,
        "one dtype, got int32 and int64",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_explained(name: str) -> None:
    program, error, text = MISTAKES[name]
    with pytest.raises(error, match=f"(?s){text}"):
        program()


# -- derivatives of nested control flow, against differences


def nested(w: Any, x: Any) -> Any:
    def outer(state: Any) -> Any:
        i, h = state

        def inner(c: Any, v: Any) -> Any:
            c = cond(lt(v, 0.0), lambda u: mul(sin(u), w), lambda u: add(sin(u), v), c)
            return c, None

        return add(i, 1), add(scan(inner, h, XS)[0], mul(h, 0.1))

    return total(while_loop(lambda state: lt(state[0], 3), outer, (0, x))[1])


W, X = np.array([1.0, 2.0, 0.5]), np.array([0.3, -0.6, 0.2])
STEP = 1e-6


def differences(f: Callable[[np.ndarray], Any], x: np.ndarray, t: np.ndarray) -> np.ndarray:
    up, down = f(x + STEP * t), f(x - STEP * t)
    return (np.asarray(up) - np.asarray(down)) / (2 * STEP)


def test_reverse_mode_of_nested_control_flow() -> None:
    t = np.array([0.4, -1.0, 0.7])
    pulled = grad(nested)(W, X)
    np.testing.assert_allclose(
        np.dot(pulled[0], t), differences(lambda w: nested(w, X), W, t), rtol=1e-7
    )
    np.testing.assert_allclose(push(lambda w: nested(w, X), W, t), np.dot(pulled[0], t), rtol=1e-12)


def test_all_ways_to_second_derivatives_agree() -> None:
    t = np.array([0.4, -1.0, 0.7])

    def gradient(w: Any) -> Any:
        return grad(lambda w: nested(w, X))(w)[0]

    expected = differences(gradient, W, t)
    forward_over_reverse = push(gradient, W, t)
    reverse_over_reverse = grad(lambda w: total(mul(gradient(w), t)))(W)[0]
    reverse_over_forward = grad(lambda w: push(lambda w: nested(w, X), w, t))(W)[0]
    np.testing.assert_allclose(np.asarray(forward_over_reverse), expected, rtol=1e-6)
    assert_close(reverse_over_reverse, forward_over_reverse)
    assert_close(reverse_over_forward, forward_over_reverse)


def power_until(x: Any, limit: Any) -> Any:
    return while_loop(lambda c: lt(c, limit), lambda c: mul(c, x), x)


def test_reverse_mode_through_a_while_loop_of_unknown_length() -> None:
    for count, limit in ((1, 1.0), (2, 2.0), (5, 7.0), (9, 30.0)):
        (ct, _) = grad(power_until)(1.5, limit)
        assert_close(ct, count * 1.5 ** (count - 1))


def test_lanes_of_a_while_loop_stop_on_their_own() -> None:
    limits = np.array([7.0, 1.0, 30.0])
    outs, _ = batch(lambda v: [power_until(1.5, v)], [to_array(limits)], [0], 3)
    assert_close(outs[0], [1.5**5, 1.5, 1.5**9])
    outs, _ = batch(lambda v: [grad(power_until)(1.5, v)[0]], [to_array(limits)], [0], 3)
    assert_close(outs[0], [5 * 1.5**4, 1.0, 9 * 1.5**8])


def test_what_a_lane_did_not_choose_contributes_exactly_zero() -> None:
    x = np.array([0.0, 4.0])

    def root(x: Any) -> Any:
        return cond(gt(x, 0.0), sqrt, lambda v: mul(v, 2.0), x)

    def roots(x: Any, factor: Any) -> Any:
        def body(state: Any) -> Any:
            return add(state[0], -1.0), sqrt(mul(state[1], factor))

        return while_loop(lambda state: gt(state[0], 3.5), body, (x, mul(x, x)))[1]

    def mapped(f: Callable[..., Any], *shared: Any) -> Callable[[Any], Any]:
        return lambda x: batch(lambda v: [f(v, *shared)], [x], [0], 2)[0][0]

    assert_close(grad(lambda x: total(mapped(root)(x)))(x)[0], [2.0, 0.25])
    assert_close(push(mapped(root), x, np.ones(2)), [2.0, 0.25])
    found = grad(lambda x, factor: total(mapped(roots, factor)(x)))(x, 4.0)
    assert_close(found[0], [0.0, 2.0])
    assert_close(found[1], 1.0)


# -- what loops keep and recompute


def programs_within(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    yield jaxpr
    for eqn in jaxpr.eqns:
        for inner in sub_jaxprs(eqn.params):
            yield from programs_within(inner)


def equations(jaxpr: Jaxpr, name: str) -> list[Eqn]:
    return [e for p in programs_within(jaxpr) for e in p.eqns if e.primitive.name == name]


def gradient_program(f: Callable[..., Any], *args: np.ndarray) -> Jaxpr:
    jaxpr = stage(lambda *xs: grad(f)(*xs), [aval_of(to_array(x)) for x in args]).close()
    check_jaxpr(jaxpr)
    pruned, _ = prune_jaxpr(jaxpr, [True] * len(jaxpr.outvars))
    check_jaxpr(pruned)
    return pruned


def test_gradient_of_an_indexed_loop_makes_no_dense_zeros_per_step() -> None:
    def f(x: Any) -> Any:
        def body(i: Any, c: Any) -> Any:
            read = dynamic_index_in_dim(x, i, 0, keepdims=False)
            old = dynamic_index_in_dim(c, i, 0, keepdims=False)
            return dynamic_update_index_in_dim(c, add(mul(read, read), old), i, 0)

        return total(fori_loop(0, 50, body, mul(x, 2.0)))

    x = np.linspace(0.0, 1.0, 50)
    assert_close(grad(f)(x)[0], 2 * x + 2)
    backward = equations(gradient_program(f, x), "scan")[-1]
    for eqn in backward.params["jaxpr"].eqns:
        if eqn.outvars[0].aval.shape == (50,):
            assert eqn.primitive.name in ("dynamic_update_slice", "dynamic_slice_add")


def test_constants_and_slices_of_xs_are_not_stacked() -> None:
    def f(w: Any, xs: Any) -> Any:
        # The residuals are w (a constant), sin w (hoisted), x (a slice of xs) and the carry.
        return scan(lambda c, x: (mul(mul(c, mul(sin(w), w)), x), None), 1.0, xs)[0]

    forward, backward = equations(gradient_program(f, np.float64(0.7), XS), "scan")
    stacked = forward.outvars[forward.params["num_carry"] :]
    assert len(stacked) <= 2
    assert backward.params["num_consts"] >= 1


def test_other_orders_of_xs_are_made_again_instead_of_stacked() -> None:
    def f(xs: Any) -> Any:
        return scan(lambda c, x: (add(c, total(mul(transpose(x, (1, 0)), c))), None), 1.0, xs)[0]

    xs = np.linspace(-0.5, 0.5, 24).reshape(4, 2, 3)
    forward, backward = equations(gradient_program(f, xs), "scan")
    stacked = [var.aval.shape for var in forward.outvars[forward.params["num_carry"] :]]
    assert stacked == [(4,)], "the carry alone"
    assert equations(backward.params["jaxpr"], "transpose")
    step = 1e-6 * np.ones_like(xs)
    slope = np.asarray(f(xs + step) - f(xs - step)) / 2e-6
    np.testing.assert_allclose(np.sum(np.asarray(grad(f)(xs)[0])), slope, rtol=1e-8)


def test_dead_parts_of_loops_are_pruned() -> None:
    def f(x: Any, unused: Any) -> Any:
        def step(state: Any, v: Any) -> Any:
            used, dead = state
            return (add(used, v), mul(dead, unused)), (sin(dead), used)

        (used, _), (_, ys) = scan(step, (x, x), XS)
        _, kept, _ = while_loop(
            lambda s: lt(s[0], 3), lambda s: (add(s[0], 1), neg(s[1]), mul(s[2], unused)), (0, x, x)
        )
        picked, _ = cond(lt(x, 0.0), lambda: (x, unused), lambda: (neg(x), unused))
        return [add(add(used, total(ys)), add(kept, picked))]

    aval = ShapedArray((), float64)
    jaxpr = stage(f, [aval, aval]).close()
    pruned, needed = prune_jaxpr(jaxpr, [True])
    check_jaxpr(pruned)
    assert needed[-2:] == (True, False)
    (loop,), (repeat,) = equations(pruned, "scan"), equations(pruned, "while")
    assert (loop.params["num_carry"], len(loop.outvars)) == (1, 2)
    assert len(repeat.outvars) == 2


def test_transpose_of_a_linear_loop_with_a_counter() -> None:
    def f(x: Any) -> Any:
        def body(i: Any, c: Any) -> Any:
            return add(mul(c, 0.5), dynamic_index_in_dim(x, i, 0, keepdims=False))

        return fori_loop(0, 4, body, 0.0)

    _, pullback = vjp(lambda x: [f(x)], [to_array(XS)], [True])
    assert_close(pullback([to_array(np.ones(()))])[0], [0.125, 0.25, 0.5, 1.0])


# -- against the oracle


@pytest.mark.oracle
def test_scan_agrees_with_jax_in_every_order() -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def f(w: Any, x: Any) -> Any:
        return total(scan(lambda c, v: (sin(add(mul(w, c), v)), mul(c, c)), x, XS)[1])

    def g(w: Any, x: Any) -> Any:
        step = lambda c, v: (jax.numpy.sin(w * c + v), c * c)  # noqa: E731
        return jax.lax.scan(step, x, XS)[1].sum()

    ours, theirs = grad(f)(0.9, 0.4), jax.grad(g, (0, 1))(0.9, 0.4)
    for found, expected in zip(ours, theirs, strict=True):
        assert_close(found, expected)
    (second,) = grad(lambda w: grad(f)(w, 0.4)[0])(0.9)
    assert_close(second, jax.grad(jax.grad(g))(0.9, 0.4))
