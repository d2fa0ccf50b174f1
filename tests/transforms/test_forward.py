"""jvp, linearize, jacfwd, hessian and Hessian-vector products against the oracle."""

import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from tests.transforms.test_grad import close, trees_close

X = np.array([0.5, -1.0, 2.0])
V = np.array([1.0, 0.5, -2.0])


def test_jvp_of_pytrees() -> None:
    out, tangent = mj.jvp(lambda p, s: {"y": p["a"] * s}, ({"a": X}, 3.0), ({"a": V}, 1.0))
    close(out["y"], 3 * X)
    close(tangent["y"], 3 * V + X)
    _, tangent = mj.jvp(lambda: 3.0, (), ())
    close(tangent, 0.0)


def test_jvp_accepts_lists_and_numpy() -> None:
    close(mj.jvp(jnp.sin, [X], [V])[1], np.cos(X) * V)
    close(mj.jvp(lambda x: x**2, (3.0,), (2.0,))[1], 12.0)


def test_jvp_has_aux() -> None:
    _, tangent, aux = mj.jvp(lambda x: (x**2, {"n": "name", "x": x}), (3.0,), (1.0,), has_aux=True)
    close(tangent, 6.0)
    assert aux["n"] == "name"
    assert float(aux["x"]) == 3.0


def test_jvp_of_integers(oracle: ModuleType) -> None:
    zero = np.zeros((), oracle.dtypes.float0)
    _, tangent = mj.jvp(lambda x, n: (x * n, n + 1), (2.0, 3), (1.0, zero))
    close(tangent[0], 3.0)
    assert str(tangent[1].dtype) == str(zero.dtype)
    assert tangent[1].shape == ()


def test_jvp_messages() -> None:
    with pytest.raises(TypeError, match="tuple or list"):
        mj.jvp(jnp.sin, X, V)
    with pytest.raises(TypeError, match="structure"):
        mj.jvp(jnp.sin, (X,), (V, V))
    with pytest.raises(TypeError, match="structure"):
        mj.jvp(lambda p: p["a"], ({"a": X},), ({"b": V},))
    with pytest.raises(ValueError, match=r"f64\[3\].*f64\[2\]"):
        mj.jvp(jnp.sin, (X,), (V[:2],))
    with pytest.raises(TypeError, match="f32"):
        mj.jvp(jnp.sin, (X,), (V.astype("float32"),))
    with pytest.raises(TypeError, match="float0"):
        mj.jvp(lambda n: n * 1.0, (3,), (1,))
    with pytest.raises(TypeError, match="str"):
        mj.jvp(lambda x: "text", (1.0,), (1.0,))


def test_jvp_of_complex_functions(oracle: ModuleType) -> None:
    f = lambda np_, z: (np_.exp(z) * np_.conj(z), np_.abs(z))  # noqa: E731
    z, t = np.array([1 + 2j]), np.array([0.5 - 1j])
    ours = mj.jvp(functools.partial(f, jnp), (z,), (t,))
    trees_close(ours, oracle.jvp(functools.partial(f, oracle.numpy), (z,), (t,)))


def test_linearize() -> None:
    calls = []

    def f(x: Any, y: Any) -> Any:
        calls.append(1)
        return {"s": jnp.sin(x) * y, "c": 2.0}

    out, f_jvp = mj.linearize(f, X, 3.0)
    close(out["s"], 3 * np.sin(X))
    for scale in (1.0, -2.0):
        tangent = f_jvp(scale * V, scale)
        close(tangent["s"], scale * (3 * np.cos(X) * V + np.sin(X)))
        close(tangent["c"], 0.0)
    assert len(calls) == 1
    close(mj.vmap(f_jvp, in_axes=(0, None))(np.eye(3), 0.0)["s"], np.diag(3 * np.cos(X)))
    close(mj.jit(f_jvp)(V, 0.0)["s"], 3 * np.cos(X) * V)
    with pytest.raises(TypeError, match="structure"):
        f_jvp(V)
    with pytest.raises(ValueError, match="tangent"):
        f_jvp(V[:2], 1.0)


def test_the_linearized_function_is_a_pytree() -> None:
    def f(x: Any) -> Any:
        return jnp.sin(x["a"]) * x["b"], x["n"]

    x = {"a": np.array([0.5, 1.5]), "b": np.array([2.0, 3.0]), "n": np.int64(2)}
    t = {"a": np.array([1.0, 2.0]), "b": np.array([0.5, 0.0]), "n": np.zeros((), mj.float0)}
    expected = mj.jvp(f, (x,), (t,))[1]
    out, f_jvp = mj.jit(lambda x: mj.linearize(f, x))(x)
    close(out[0], np.sin(x["a"]) * x["b"])
    close(f_jvp(t)[0], expected[0])
    close(mj.jit(lambda f_jvp: f_jvp(t)[0])(f_jvp), expected[0])
    assert mj.tree.leaves(mj.tree.map(jnp.shape, f_jvp)).count(2) >= 1
    rows = mj.vmap(lambda a: mj.linearize(jnp.sin, a)[1])(x["a"])
    close(mj.vmap(lambda f_jvp: f_jvp(1.0))(rows), np.cos(x["a"]))


def test_linearize_of_grad_is_a_hessian_operator() -> None:
    slope, operator = mj.linearize(mj.grad(lambda x: jnp.sum(x**3)), X)
    close(slope, 3 * X**2)
    close(operator(V), 6 * X * V)


def test_linearize_has_aux_and_nesting() -> None:
    _, f_jvp, aux = mj.linearize(lambda x: (x**2, "aux"), 3.0, has_aux=True)
    assert aux == "aux"
    close(f_jvp(1.0), 6.0)
    close(mj.grad(lambda x: mj.linearize(jnp.sin, x)[1](1.0))(0.3), -np.sin(0.3))
    close(mj.jit(lambda x: mj.linearize(jnp.sin, x)[1](x))(0.3), 0.3 * np.cos(0.3))


# -- jacfwd and hessian


def f_arrays(np_: Any, x: Any, y: Any) -> Any:
    return np_.outer(np_.sin(x), y) * np_.sum(x)


def test_jacfwd_of_arrays(oracle: ModuleType) -> None:
    y = np.array([1.0, -2.0])
    for argnums in (0, 1, -1, (0, 1), (1, 0), (0,)):
        ours = mj.jacfwd(functools.partial(f_arrays, jnp), argnums)(X, y)
        trees_close(ours, oracle.jacfwd(functools.partial(f_arrays, oracle.numpy), argnums)(X, y))


def test_jacfwd_of_pytrees_scalars_and_constants(oracle: ModuleType) -> None:
    def f(np_: Any, p: Any) -> Any:
        return {"y": (np_.dot(p["w"], p["x"]) * p["s"],), "c": np_.ones(2)}

    p = {"w": np.arange(6.0).reshape(2, 3), "x": X, "s": 2.0}
    ours = mj.jacfwd(functools.partial(f, jnp))(p)
    theirs = oracle.jacfwd(functools.partial(f, oracle.numpy))(p)
    trees_close(ours, theirs)
    trees_close(mj.jit(mj.jacfwd(functools.partial(f, jnp)))(p), theirs)


def test_jacfwd_options(oracle: ModuleType) -> None:
    jacobian, aux = mj.jacfwd(lambda x: (x**2, 2 * x[0]), has_aux=True)(X)
    close(jacobian, np.diag(2 * X))
    close(aux, 1.0)
    z = np.array([1 + 1j, 2 - 1j])
    f = lambda z: z**2 * 1j  # noqa: E731
    close(mj.jacfwd(f, holomorphic=True)(z), np.asarray(oracle.jacfwd(f, holomorphic=True)(z)))
    with pytest.raises(TypeError, match="floating-point"):
        mj.jacfwd(lambda x: x * 1.0)(np.arange(3))
    with pytest.raises(TypeError, match="holomorphic"):
        mj.jacfwd(lambda x: x)(z)
    ours = mj.jacfwd(lambda x, k: x**k)(X, k=3)
    close(ours, np.diag(3 * X**2))


def test_jacfwd_of_functions_with_a_batch(oracle: ModuleType) -> None:
    y = np.array([1.0, -2.0])
    xs = np.stack([X, 2 * X])
    ours = mj.vmap(mj.jacfwd(functools.partial(f_arrays, jnp)), in_axes=(0, None))(xs, y)
    theirs = oracle.vmap(oracle.jacfwd(functools.partial(f_arrays, oracle.numpy)), (0, None))(xs, y)
    trees_close(ours, theirs)


def test_hessian(oracle: ModuleType) -> None:
    def f(np_: Any, p: Any, y: Any) -> Any:
        return np_.sum(np_.sin(p["a"]) * y) * p["b"] ** 2 + np_.prod(p["a"])

    p = {"a": X, "b": 2.0}
    for argnums in (0, 1, (0, 1)):
        ours = mj.hessian(functools.partial(f, jnp), argnums)(p, V)
        trees_close(ours, oracle.hessian(functools.partial(f, oracle.numpy), argnums)(p, V))
    (ours, aux) = mj.hessian(lambda x: (jnp.sum(x**3), x[0]), has_aux=True)(X)
    close(ours, np.diag(6 * X))
    close(aux, 0.5)
    z = np.array([1 + 1j, 2 - 1j])
    g = lambda z: (z**3).sum()  # noqa: E731
    close(mj.hessian(g, holomorphic=True)(z), np.diag(6 * z))
    close(mj.hessian(lambda x: x**3)(2.0), 12.0)


def test_all_ways_to_one_hessian_agree() -> None:
    f = lambda x: jnp.sum(jnp.exp(jnp.sin(x)) * x[::-1])  # noqa: E731
    expected = mj.hessian(f)(X)
    for outer in (mj.jacfwd, mj.jacrev):
        for inner in (mj.jacfwd, mj.jacrev, mj.grad):
            close(outer(inner(f))(X), expected)
            close(mj.jit(outer(inner(f)))(X), expected)


# -- Hessian-vector products


MODES = ("forward_over_reverse", "reverse_over_reverse", "reverse_over_forward")


@pytest.mark.parametrize("mode", MODES)
def test_hvp_of_pytrees(mode: str) -> None:
    def f(p: Any, scale: Any, kind: str) -> Any:
        assert kind == "exact"
        return scale * jnp.sum(p["a"] ** 2 * p["b"]) + jnp.cos(p["b"])

    p, v = {"a": X, "b": 0.7}, {"a": V, "b": -1.0}
    got = mj.hessian_vector_product(f, p, v, 3.0, "exact", mode=mode)
    close(got["a"], 3 * (2 * 0.7 * V + 2 * X * -1.0))
    close(got["b"], 3 * (2 * X @ V) + np.cos(0.7))
    jitted = mj.jit(lambda p, v: mj.hvp(f, p, v, 3.0, "exact", mode=mode))(p, v)
    close(jitted["a"], got["a"])


@pytest.mark.parametrize("mode", MODES)
def test_hvp_under_transformations(mode: str) -> None:
    f = lambda x: jnp.sum(x**4)  # noqa: E731
    product = functools.partial(mj.hvp, f, mode=mode)
    close(mj.vmap(product, in_axes=(None, 0))(X, np.eye(3)), np.diag(12 * X**2))
    close(mj.grad(lambda x: jnp.sum(product(x, V)))(X), 24 * X * V)
    close(product(X.astype("float32"), V.astype("float32")), (12 * X**2 * V))


def test_hvp_messages() -> None:
    with pytest.raises(ValueError, match="mode"):
        mj.hvp(jnp.sum, X, V, mode="sideways")
    with pytest.raises(TypeError, match="structure"):
        mj.hvp(jnp.sum, X, (V,))
    with pytest.raises(TypeError, match="v must have"):
        mj.hvp(jnp.sum, X, V[:2])
    with pytest.raises(TypeError, match="scalar output"):
        mj.hvp(jnp.sin, X, V)
