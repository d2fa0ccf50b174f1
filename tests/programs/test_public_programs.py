"""Programs as tutorials and libraries write them: what they rely on beside the mathematics."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax, tree_util
from minijax.flatten_util import ravel_pytree

X = np.arange(3.0)


# -- programs


@partial(mj.custom_vjp, nondiff_argnums=(0,))
def fixed_point(f: Callable[..., Any], a: Any, guess: Any) -> Any:
    """Returns the x with f(a, x) = x, to which iteration from a guess leads."""

    def is_moving(pair: Any) -> Any:
        return jnp.abs(pair[0] - pair[1]) > 1e-12

    return lax.while_loop(is_moving, lambda pair: (pair[1], f(a, pair[1])), (guess, f(a, guess)))[1]


def _forward(f: Callable[..., Any], a: Any, guess: Any) -> Any:
    found = fixed_point(f, a, guess)
    return found, (a, found)


def _adjoint_step(f: Callable[..., Any], packed: Any, u: Any) -> Any:
    a, found, ct = packed
    return ct + mj.vjp(lambda x: f(a, x), found)[1](u)[0]


def _backward(f: Callable[..., Any], residuals: Any, ct: Any) -> Any:
    a, found = residuals
    u = fixed_point(partial(_adjoint_step, f), (a, found, ct), ct)
    return (*mj.vjp(lambda a: f(a, found), a)[1](u), jnp.zeros_like(found))


fixed_point.defvjp(_forward, _backward)


def square_root(a: Any) -> Any:
    """Returns the square root by Heron's iteration, differentiated implicitly."""
    return fixed_point(lambda a, x: 0.5 * (x + a / x), a, 1.0)


@pytest.mark.parametrize("wrap", [lambda f: f, mj.jit])
def test_fixed_point_with_custom_vjp(wrap: Callable[..., Any]) -> None:
    first, second = mj.grad(square_root), mj.grad(mj.grad(square_root))
    np.testing.assert_allclose(wrap(square_root)(2.0), 2**0.5, rtol=1e-12)
    np.testing.assert_allclose(wrap(first)(2.0), 0.5 * 2**-0.5, rtol=1e-9)
    np.testing.assert_allclose(wrap(second)(2.0), -0.25 * 2**-1.5, rtol=1e-7)
    np.testing.assert_allclose(wrap(mj.vmap(first))(X + 1), 0.5 * (X + 1) ** -0.5, rtol=1e-9)


def test_leapfrog_conserves_energy() -> None:
    def energy(q: Any, p: Any) -> Any:
        return 0.5 * p @ p + 0.25 * jnp.sum(q**4)

    def step(_: int, state: Any) -> Any:
        q, p = state
        p = p - 0.005 * mj.grad(energy)(q, p)
        q = q + 0.01 * p
        return q, p - 0.005 * mj.grad(energy)(q, p)

    start = jnp.array([1.0, -0.5]), jnp.array([0.0, 0.3])
    end = mj.jit(lambda s: lax.fori_loop(0, 500, step, s))(start)
    np.testing.assert_allclose(energy(*end), energy(*start), rtol=1e-4)
    assert abs(float(end[0][0] - start[0][0])) > 1e-2


def test_viterbi_finds_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(0)
    transition, emission = rng.normal(size=(3, 3)), rng.normal(size=(4, 3))

    def step(score: Any, e: Any) -> Any:
        candidates = score[:, None] + transition
        return candidates.max(0) + e, candidates.argmax(0)

    score, back = mj.jit(lambda: lax.scan(step, jnp.asarray(emission[0]), emission[1:]))()
    first, path = lax.scan(lambda z, b: (b[z], z), score.argmax(), back, reverse=True)
    paths = np.stack(np.meshgrid(*[range(3)] * 4, indexing="ij"), -1).reshape(-1, 4)
    totals = emission[range(4), paths].sum(1) + transition[paths[:, :-1], paths[:, 1:]].sum(1)
    np.testing.assert_array_equal([first, *path], paths[totals.argmax()])
    np.testing.assert_allclose(score.max(), totals.max())


def test_ensemble_of_linear_models_trained_under_vmap() -> None:
    x = mj.random.normal(mj.random.key(1), (20, 2))
    y = x @ jnp.array([1.0, 2.0]) + 3.0

    def train(params: Any) -> Any:
        def loss(p: Any) -> Any:
            return jnp.mean((x @ p["w"] + p["b"] - y) ** 2)

        def step(_: int, p: Any) -> Any:
            return tree_util.tree_map(lambda v, g: v - 0.2 * g, p, mj.grad(loss)(p))

        return lax.fori_loop(0, 300, step, params)

    start = {"w": mj.random.normal(mj.random.key(0), (4, 2)), "b": jnp.zeros(4)}
    trained = mj.jit(mj.vmap(train))(start)
    np.testing.assert_allclose(trained["w"], np.tile([1.0, 2.0], (4, 1)), rtol=1e-6)
    np.testing.assert_allclose(trained["b"], np.full(4, 3.0), rtol=1e-6)


def test_per_example_gradients_are_rows_of_the_jacobian() -> None:
    w, xs = jnp.array([0.3, -0.2, 0.1]), jnp.arange(12.0).reshape(4, 3) / 10

    def loss(w: Any, x: Any) -> Any:
        return jnp.tanh(x @ w) ** 2

    rows = mj.jit(mj.vmap(mj.grad(loss), in_axes=(None, 0)))(w, xs)
    jacobian = mj.jacfwd(lambda w: mj.vmap(loss, (None, 0))(w, xs))(w)
    np.testing.assert_allclose(rows, jacobian, rtol=1e-12, atol=1e-15)


# -- what libraries rely on


def test_transposing_a_linear_function_of_integers() -> None:
    (found,) = mj.linear_transpose(lambda x: 3 * x, 1)(2)
    assert (int(found), found.dtype) == (6, np.dtype("int64"))
    with pytest.raises(TypeError, match="cotangent must be i64"):
        mj.linear_transpose(lambda x: 3 * x, 1)(2.0)


def test_unravel_keeps_the_dtype_of_the_vector_if_the_leaves_have_one() -> None:
    vector, unravel = ravel_pytree({"a": np.zeros(2, "f4"), "b": np.zeros((), "f4")})
    assert vector.dtype == np.float32
    assert unravel(X)["a"].dtype == np.float64
    _, unravel_mixed = ravel_pytree({"a": np.zeros(2, "f4"), "b": np.zeros(1)})
    with pytest.raises(TypeError, match="dtype float64, got float32"):
        unravel_mixed(np.zeros(3, "f4"))


def test_a_jitted_function_has_the_signature_of_its_function() -> None:
    @mj.jit
    def f(x: int, *, scale: int = 3) -> int:
        return x * scale

    for follow in (True, False):
        signature = inspect.signature(f, follow_wrapped=follow)
        assert list(signature.parameters) == ["x", "scale"]


@pytest.mark.parametrize("index", [np.zeros(0, bool), np.zeros(0, int)])
def test_an_empty_index_of_an_empty_array(index: np.ndarray) -> None:
    empty = jnp.zeros((0, 2))
    assert empty[index].shape == (0, 2)
    assert mj.grad(lambda x: x[index].sum())(empty).shape == (0, 2)


def test_a_tuple_inside_an_index_is_an_array() -> None:
    np.testing.assert_array_equal(jnp.asarray(X)[(0, 2),], [0.0, 2.0])


def test_scalars_that_numpy_makes_hard() -> None:
    large = 2**64 - 1
    assert int(jnp.array(large, "uint64")) == int(jnp.asarray(large, jnp.uint64)) == large
    halves = jnp.array([jnp.array(0.5, "bfloat16"), 1.5], dtype="bfloat16")
    assert halves.dtype == jnp.bfloat16
    np.testing.assert_array_equal(halves.astype(float), [0.5, 1.5])


# -- which error


def _identity(x: Any) -> Any:
    return x


def _pullback(ct: Any) -> Any:
    return mj.vjp(_identity, 1.0)[1](ct)


def _pushforward(tangent: Any) -> Any:
    return mj.linearize(_identity, 1.0)[1](tangent)


def _callback(x: Any) -> Any:
    return mj.pure_callback(np.sin, mj.ShapeDtypeStruct((), float), x)


MISTAKES: list[tuple[str, type[Exception], str, Callable[[], Any]]] = [
    ("argnums", TypeError, "1 positional", lambda: mj.grad(_identity, argnums=1)(1.0)),
    ("jvp shape", ValueError, "jvp", lambda: mj.jvp(_identity, (1.0,), (X,))),
    ("jvp dtype", TypeError, "jvp", lambda: mj.jvp(_identity, (1.0,), (1,))),
    ("jvp container", TypeError, "structure", lambda: mj.jvp(_identity, (1.0,), [1.0])),
    ("vjp shape", ValueError, "pullback", lambda: _pullback(X)),
    ("vjp dtype", ValueError, "pullback", lambda: _pullback(1)),
    ("linearize shape", ValueError, "linearized", lambda: _pushforward(X)),
    ("linearize dtype", ValueError, "linearized", lambda: _pushforward(1)),
    ("out_axes", TypeError, "out_axes", lambda: mj.vmap(_identity, out_axes="a")(X)),
    ("callback", ValueError, "do not support JVP", lambda: mj.grad(_callback)(1.0)),
    ("shapes", ValueError, "Incompatible shapes", lambda: jnp.broadcast_shapes((2,), (3,))),
    ("operands", TypeError, "Incompatible shapes", lambda: jnp.asarray(X) + jnp.ones(4)),
    ("keys", ValueError, "Dict key", lambda: mj.tree.map(max, {"a": 1}, {"b": 1})),
    ("float", TypeError, "real", lambda: float(jnp.asarray(1j))),
    ("no dtype", ValueError, "at least one", lambda: jnp.result_type()),
]


@pytest.mark.parametrize(
    ("error", "text", "mistake"), [pytest.param(*case[1:], id=case[0]) for case in MISTAKES]
)
def test_a_mistake_raises_what_programs_catch(
    error: type[Exception], text: str, mistake: Callable[[], Any]
) -> None:
    with pytest.raises(error, match=text):
        mistake()


@pytest.mark.parametrize("wrap", [mj.jit, mj.vmap, lambda f: mj.jit(mj.vmap(f))])
def test_traced_values_may_appear_where_known_ones_are_evaluated(wrap: Callable[..., Any]) -> None:
    def f(flag: Any) -> Any:
        with mj.ensure_compile_time_eval():
            known = int(mj.jit(jnp.sum)(jnp.arange(4)))
            return known * jnp.where(flag, 1.0, 2.0)

    np.testing.assert_array_equal(wrap(f)(jnp.array([True, False])), [6.0, 12.0])


def test_a_named_loop() -> None:
    named = mj.named_call(lax.while_loop, name="count")
    assert int(mj.jit(lambda n: named(lambda c: c < 3, lambda c: c + 1, n))(0)) == 3
