"""A few seconds that touch every floor through the public interface; run before each commit."""

import math
from typing import Any

import numpy as np
import pytest

import minijax
import minijax.numpy as jnp
from minijax import lax


def rosenbrock(x: Any) -> minijax.Array:
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


POINT = np.array([1.0, 2.0, 0.0])
GRADIENT = np.array([-400.0, 3402.0, -800.0])
HESSIAN = np.array([[402.0, -400.0, 0.0], [-400.0, 5002.0, -800.0], [0.0, -800.0, 200.0]])


def test_eager_operations_give_float64_arrays() -> None:
    y = jnp.sin(jnp.array([0.0, 1.0, 2.0]))
    assert isinstance(y, minijax.Array)
    assert y.shape == (3,)
    assert y.dtype == np.float64
    np.testing.assert_allclose(np.asarray(y), np.sin([0.0, 1.0, 2.0]), rtol=1e-14)


def test_grad_of_a_scalar_to_third_order() -> None:
    f = jnp.sin
    for expected in (math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)):
        f = minijax.grad(f)
        assert float(f(0.7)) == pytest.approx(expected(0.7), rel=1e-13)


def test_grad_of_a_pytree_keeps_its_structure() -> None:
    params = {"w": jnp.array([1.0, 2.0]), "b": 3.0}
    grads = minijax.grad(lambda p: jnp.sum(p["w"] ** 2) * p["b"])(params)
    assert sorted(grads) == ["b", "w"]
    np.testing.assert_allclose(np.asarray(grads["w"]), [6.0, 12.0])
    assert float(grads["b"]) == 5.0


def test_value_and_grad_agrees_with_and_without_jit() -> None:
    for transform in (lambda f: f, minijax.jit):
        value, gradient = transform(minijax.value_and_grad(rosenbrock))(POINT)
        assert float(value) == 1701.0
        np.testing.assert_allclose(np.asarray(gradient), GRADIENT)


def test_jit_traces_once_per_signature() -> None:
    traced: list[tuple[int, ...]] = []

    @minijax.jit
    def f(x: Any, y: Any) -> Any:
        traced.append(x.shape)
        return x * y + 1.0

    x = jnp.arange(3.0)
    for _ in range(3):
        np.testing.assert_array_equal(np.asarray(f(x, 2.0)), [1.0, 3.0, 5.0])
    assert traced == [(3,)]
    f(jnp.arange(4.0), 2.0)
    assert traced == [(3,), (4,)]


def test_jvp_and_vjp_are_adjoint() -> None:
    def f(x: Any) -> Any:
        return jnp.tanh(x) * jnp.cumsum(x)

    tangent, cotangent = np.array([0.3, -1.0, 2.0]), np.array([1.0, 0.5, -0.25])
    _, out_tangent = minijax.jvp(f, (POINT,), (tangent,))
    _, pullback = minijax.vjp(f, POINT)
    (in_cotangent,) = pullback(cotangent)
    assert float(jnp.vdot(cotangent, out_tangent)) == pytest.approx(
        float(jnp.vdot(in_cotangent, tangent)), rel=1e-13
    )


def test_vmap_of_grad_equals_a_loop() -> None:
    points = np.stack([POINT, np.ones(3), -POINT])
    batched = minijax.jit(minijax.vmap(minijax.grad(rosenbrock)))(points)
    looped = np.stack([np.asarray(minijax.grad(rosenbrock)(x)) for x in points])
    np.testing.assert_allclose(np.asarray(batched), looped, rtol=1e-13)


def test_vmap_with_in_axes() -> None:
    matrix, vectors = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    out = minijax.vmap(jnp.dot, in_axes=(None, 1), out_axes=1)(matrix, vectors)
    np.testing.assert_allclose(np.asarray(out), matrix @ vectors)


def test_hessian_vector_product_in_every_mode() -> None:
    v = np.array([1.0, -1.0, 0.5])
    for mode in ("forward_over_reverse", "reverse_over_reverse", "reverse_over_forward"):
        product = minijax.hessian_vector_product(rosenbrock, POINT, v, mode=mode)
        np.testing.assert_allclose(np.asarray(product), HESSIAN @ v, rtol=1e-13)
    np.testing.assert_allclose(np.asarray(minijax.hessian(rosenbrock)(POINT)), HESSIAN)


def test_scan_and_its_gradient() -> None:
    def weighted_decay(rate: Any, xs: Any) -> Any:
        def step(carry: Any, x: Any) -> Any:
            carry = carry * rate + x
            return carry, carry

        return lax.scan(step, 0.0, xs)

    xs = np.array([1.0, 2.0, 3.0])
    final, history = minijax.jit(weighted_decay)(0.5, xs)
    assert float(final) == 4.25
    np.testing.assert_allclose(np.asarray(history), [1.0, 2.5, 4.25])

    # final = xs[0] rate² + xs[1] rate + xs[2]
    by_rate, by_xs = minijax.jit(
        minijax.grad(lambda rate, xs: weighted_decay(rate, xs)[0], argnums=(0, 1))
    )(0.5, xs)
    assert float(by_rate) == pytest.approx(3.0)
    np.testing.assert_allclose(np.asarray(by_xs), [0.25, 0.5, 1.0])


def test_control_flow_follows_values() -> None:
    @minijax.jit
    def halvings(x: Any) -> Any:
        return lax.while_loop(
            lambda state: state[0] > 1.0, lambda state: (state[0] / 2.0, state[1] + 1), (x, 0)
        )[1]

    assert int(halvings(20.0)) == 5
    branch = minijax.jit(lambda x: lax.cond(x > 0.0, jnp.sqrt, jnp.exp, x))
    assert float(branch(4.0)) == pytest.approx(2.0)
    assert float(branch(0.0)) == pytest.approx(1.0)


def test_arrays_are_immutable_and_updated_by_at() -> None:
    x = jnp.zeros(3)
    with pytest.raises(TypeError, match=r"\.at\["):
        x[0] = 1.0
    np.testing.assert_array_equal(np.asarray(x.at[1].set(5.0)), [0.0, 5.0, 0.0])
    np.testing.assert_array_equal(np.asarray(x), np.zeros(3))
