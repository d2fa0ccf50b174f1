"""custom_vmap: the rule is used wherever the function is mapped, however deep."""

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.custom_batching import custom_vmap, sequential_vmap

X = jnp.arange(3.0)


@pytest.fixture(scope="module")
def marked():
    """sin(x) y, whose batched form is cos(x) y: it shows where the rule was used."""

    @custom_vmap
    def f(x, y):
        return jnp.sin(x) * y

    @f.def_vmap
    def rule(size, batched, x, y):
        assert size == 3
        return jnp.cos(x) * y, any(batched)

    return f


def test_the_rule_is_used_under_vmap_only(marked) -> None:
    mapped = mj.vmap(marked, (0, None))
    assert marked(1.0, 2.0) == mj.jit(marked)(1.0, 2.0) == 2 * np.sin(1.0)
    assert mj.grad(marked)(1.0, 2.0) == 2 * np.cos(1.0)
    for run in (mapped, mj.jit(mapped), mj.vmap(mj.jit(marked), (0, None))):
        np.testing.assert_allclose(run(X, 2.0), 2 * np.cos(X))
    square = mj.vmap(mj.vmap(marked, (0, None)), (None, 0))(X, X)
    np.testing.assert_allclose(square, np.outer(X, np.cos(X)))
    shared = mj.vmap(lambda x: marked(1.0, 2.0) + x)(X)
    np.testing.assert_allclose(shared, 2 * np.sin(1.0) + X)


def test_derivatives_of_the_mapped_function_follow_the_rule(marked) -> None:
    mapped = mj.vmap(marked, (0, None))
    np.testing.assert_allclose(mj.jvp(mapped, (X, 2.0), (X, 0.0))[1], -2 * X * np.sin(X))
    found = mj.vmap(lambda x, t: mj.jvp(lambda x: marked(x, 2.0), (x,), (t,))[1])(X, X)
    np.testing.assert_allclose(found, -2 * X * np.sin(X))
    gradient = mj.jit(mj.grad(lambda x: mapped(x, 2.0).sum()))(X)
    np.testing.assert_allclose(gradient, -2 * np.sin(X), atol=1e-15)


def test_sequential_vmap() -> None:
    square = sequential_vmap(lambda tree: {"out": tree["a"] * tree["b"]})
    axes = ({"a": 0, "b": None},)
    mapped = mj.vmap(square, axes)
    np.testing.assert_array_equal(mapped({"a": X, "b": 3.0})["out"], 3 * X)
    gradient = mj.grad(lambda x: mapped({"a": x, "b": 3.0})["out"].sum())(X)
    np.testing.assert_array_equal(gradient, [3.0, 3.0, 3.0])
    captured = mj.vmap(lambda c: sequential_vmap(lambda d: d * c)(2.0))(X)
    np.testing.assert_array_equal(captured, 2 * X)


def test_a_function_closes_over_a_traced_value() -> None:
    def f(c):
        g = custom_vmap(lambda x: x * c)
        g.def_vmap(lambda size, batched, x: (x * c, batched[0]))
        return mj.vmap(g)(X).sum()

    assert mj.grad(f)(2.0) == mj.jit(mj.grad(f))(2.0) == 3.0


def test_errors() -> None:
    f = custom_vmap(lambda x: x)
    with pytest.raises(AttributeError, match="def_vmap"):
        f(1.0)
    f.def_vmap(lambda size, batched, x: x)
    with pytest.raises(TypeError, match="pair"):
        mj.vmap(f)(X)
    f.def_vmap(lambda size, batched, x: ((x, x), (True, True)))
    with pytest.raises(ValueError, match="structure"):
        mj.vmap(f)(X)


def test_a_batch_rule_is_given_through_custom_derivatives() -> None:
    @mj.custom_vjp
    @mj.custom_batching.custom_vmap
    def f(x):
        return jnp.sin(x)

    f.def_vmap(lambda size, batched, x: (jnp.cos(x), batched[0]))
    f.defvjp(lambda x: (f(x), x), lambda x, ct: (2.0 * ct,))
    x = jnp.array([0.1, 0.2])
    np.testing.assert_array_equal(mj.vmap(f)(x), jnp.cos(x))
    assert mj.grad(f)(0.1) == 2.0
    with pytest.raises(AttributeError, match="unknown"):
        f.unknown  # noqa: B018
