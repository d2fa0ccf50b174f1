"""vjp, jacrev and linear_transpose against the oracle."""

import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax
from tests.transforms.test_grad import close, trees_close

X = np.array([0.5, -1.0, 2.0])


def test_values_and_cotangents() -> None:
    out, f_vjp = mj.vjp(lambda a, b: (a * b, jnp.sum(a)), X, 3.0)
    close(out[0], 3 * X)
    a_ct, b_ct = f_vjp((jnp.ones(3), 2.0))
    close(a_ct, 3.0 + 2.0 * np.ones(3))
    close(b_ct, X.sum())


def test_the_pullback_can_be_applied_often_and_transformed() -> None:
    _, f_vjp = mj.vjp(jnp.sin, X)
    for scale in (1.0, 2.0):
        close(f_vjp(scale * jnp.ones(3))[0], scale * np.cos(X))
    close(mj.jit(f_vjp)(jnp.ones(3))[0], np.cos(X))
    close(mj.vmap(f_vjp)(np.eye(3))[0], np.diag(np.cos(X)))
    close(mj.grad(lambda ct: jnp.sum(f_vjp(ct)[0]))(jnp.ones(3)), np.cos(X))


def test_pytrees_and_none() -> None:
    out, f_vjp = mj.vjp(lambda p: {"s": p["a"] * p["b"][0], "n": None}, {"a": 2.0, "b": (X,)})
    assert out["n"] is None
    (ct,) = f_vjp({"s": np.ones(3), "n": None})
    close(ct["a"], X.sum())
    close(ct["b"][0], 2 * np.ones(3))


def test_has_aux() -> None:
    out, f_vjp, aux = mj.vjp(lambda x: (x**2, ("aux", x)), 3.0, has_aux=True)
    assert aux[0] == "aux"
    close(aux[1], 3.0)
    close(out, 9.0)
    close(f_vjp(1.0)[0], 6.0)


def test_integers_have_float0_cotangents(oracle: ModuleType) -> None:
    f = lambda x, n: (x * n, n + 1)  # noqa: E731
    _, f_vjp = mj.vjp(f, 2.0, 3)
    zero = np.zeros((), oracle.dtypes.float0)
    x_ct, n_ct = f_vjp((1.0, zero))
    close(x_ct, 3.0)
    expected = oracle.vjp(f, 2.0, 3)[1]((1.0, zero))
    assert str(n_ct.dtype) == str(expected[1].dtype)
    assert n_ct.shape == ()


def test_cotangents_of_integers_are_zero_whatever_they_are(oracle: ModuleType) -> None:
    def run(module: Any, ct: Any) -> Any:
        jnp = module.numpy
        _, f_vjp = module.vjp(lambda x: (2 * x, jnp.argmax(x)), jnp.arange(3.0))
        return f_vjp((jnp.ones(3), ct))

    for ct in (np.int64(1), np.zeros((), mj.float0)):
        trees_close(run(mj, ct), run(oracle, ct))
    with pytest.raises(ValueError, match="float0"):
        run(mj, np.float64(1.0))


def test_float0_goes_through_compiled_programs(oracle: ModuleType) -> None:
    def run(module: Any, i: Any, x: Any) -> Any:
        f = module.jit(lambda i, x: module.vjp(lambda i, x: x * x, i, x)[1](x))
        return f(i, x)

    for i, x in ((3, 2.0), (np.arange(3), np.ones(3))):
        trees_close(run(mj, i, x)[1], run(oracle, i, x)[1])
        assert run(mj, i, x)[0].dtype == mj.float0
        assert np.shape(run(mj, i, x)[0]) == np.shape(i)
    nothing = np.zeros((), mj.float0)
    same, longer, two = mj.jit(lambda x, y: (x, x[None], 2 * y))(nothing, 1.0)
    assert same.dtype == longer.dtype == mj.float0
    assert (same.shape, longer.shape, float(two)) == ((), (1,), 2.0)


def residual_function(x: Any) -> Any:
    return {"sum": jnp.sum(jnp.exp(x["a"]) * x["b"]), "b": jnp.sin(x["b"])}


RESIDUAL_ARGUMENT = {"a": np.array([0.5, 1.5]), "b": np.array([2.0, -1.0])}
RESIDUAL_COTANGENT = {"sum": 2.0, "b": np.array([1.0, 3.0])}


@pytest.mark.parametrize("checked", [False, True])
def test_pullbacks_are_pytrees(checked: bool) -> None:
    with mj.enable_checks(checked):
        out, f_vjp = mj.vjp(residual_function, RESIDUAL_ARGUMENT)
        expected = f_vjp(RESIDUAL_COTANGENT)
        leaves, tree = mj.tree.flatten(f_vjp)
        assert [isinstance(x, mj.Array) for x in leaves] == [True] * len(leaves) != []
        trees_close(mj.tree.unflatten(tree, leaves)(RESIDUAL_COTANGENT), expected)
        # Out of a compiled program, and into one; the second call finds both compiled.
        forward = mj.jit(lambda x: mj.vjp(residual_function, x))
        backward = mj.jit(lambda f_vjp, ct: f_vjp(ct))
        for _ in range(2):
            compiled_out, compiled = forward(RESIDUAL_ARGUMENT)
            trees_close(compiled_out, out)
            trees_close(compiled(RESIDUAL_COTANGENT), expected)
            trees_close(backward(compiled, RESIDUAL_COTANGENT), expected)
        assert mj.tree.structure(compiled) == mj.tree.structure(forward(RESIDUAL_ARGUMENT)[1])


def test_pullbacks_of_loops_and_batches() -> None:
    xs = jnp.array([0.3, 0.7, 1.1])

    def f(x: Any) -> Any:
        return lax.fori_loop(0, 3, lambda _, y: jnp.sin(y) * x, x)

    slopes = mj.vmap(mj.grad(f))(xs)
    pullbacks = mj.vmap(lambda x: mj.vjp(f, x)[1])(xs)
    close(mj.vmap(lambda f_vjp: f_vjp(1.0)[0])(pullbacks), slopes)
    stacked = lax.scan(lambda carry, x: (carry, mj.vjp(f, x)[1]), 0.0, xs)[1]
    close(lax.scan(lambda carry, f_vjp: (carry, f_vjp(1.0)[0]), 0.0, stacked)[1], slopes)


def test_vjp_under_transformations() -> None:
    def directional(x: Any, ct: Any) -> Any:
        return mj.vjp(lambda y: jnp.sin(y) * y, x)[1](ct)[0]

    expected = (np.cos(X) * X + np.sin(X)) * 2.0
    close(directional(X, 2 * np.ones(3)), expected)
    close(mj.jit(directional)(X, 2 * np.ones(3)), expected)
    close(mj.vmap(directional)(X, 2 * np.ones(3)), expected)
    close(mj.jacfwd(lambda ct: directional(X, ct))(np.ones(3)), np.diag(expected / 2))


def test_messages() -> None:
    _, f_vjp = mj.vjp(lambda x: (x, x), X)
    with pytest.raises((TypeError, ValueError), match="structure"):
        f_vjp(X)
    with pytest.raises((TypeError, ValueError), match=r"shape|f64\[3\]"):
        f_vjp((X, np.ones(2)))
    with pytest.raises((TypeError, ValueError), match=r"dtype|f64"):
        f_vjp((X, X.astype("float32")))
    with pytest.raises(TypeError, match="returned a value of type str"):
        mj.vjp(lambda x: "text", 1.0)
    with pytest.raises(TypeError, match=r"takes|missing|positional"):
        f_vjp(X, X)


# -- jacrev


def test_jacrev_of_arrays(oracle: ModuleType) -> None:
    def f(np_: Any, x: Any, y: Any) -> Any:
        return np_.outer(np_.sin(x), y) * np_.sum(x)

    y = np.array([1.0, -2.0])
    for argnums in (0, 1, -1, (0, 1), (1, 0), (0,)):
        ours = mj.jacrev(functools.partial(f, jnp), argnums)(X, y)
        theirs = oracle.jacrev(functools.partial(f, oracle.numpy), argnums)(X, y)
        assert type(ours) is type(theirs) or not isinstance(theirs, tuple)
        trees_close(ours, theirs)


def test_jacrev_of_pytrees(oracle: ModuleType) -> None:
    def f(np_: Any, p: Any) -> Any:
        return {"y": (np_.dot(p["w"], p["x"]),), "z": np_.sum(p["w"])}

    p = {"w": np.arange(6.0).reshape(2, 3), "x": X}
    ours = mj.jacrev(functools.partial(f, jnp))(p)
    theirs = oracle.jacrev(functools.partial(f, oracle.numpy))(p)
    assert ours["y"][0]["w"].shape == (2, 2, 3)
    trees_close(ours, theirs)
    trees_close(mj.jit(mj.jacrev(functools.partial(f, jnp)))(p), theirs)


def test_jacrev_options(oracle: ModuleType) -> None:
    jacobian, aux = mj.jacrev(lambda x: (x**2, "aux"), has_aux=True)(X)
    close(jacobian, np.diag(2 * X))
    assert aux == "aux"
    z = np.array([1 + 1j, 2 - 1j])
    ours = mj.jacrev(lambda z: z**2 * 1j, holomorphic=True)(z)
    close(ours, np.asarray(oracle.jacrev(lambda z: z**2 * 1j, holomorphic=True)(z)))
    with pytest.raises(TypeError, match="floating-point"):
        mj.jacrev(lambda x: x * 1.0)(np.arange(3))
    with pytest.raises(TypeError, match="floating-point"):
        mj.jacrev(lambda x: (x > 0).astype(int))(X)
    with pytest.raises(TypeError, match="complex"):
        mj.jacrev(lambda x: x, holomorphic=True)(X)
    ours = mj.jacrev(lambda n, x: x * n.sum(), allow_int=True)(np.arange(3), 2.0)
    assert ours.shape == (3,)


def test_jacrev_of_real_functions_of_complex_arguments_is_refused_like_the_oracle(
    oracle: ModuleType,
) -> None:
    z = np.array([1 + 1j, 2 - 1j])
    f = lambda np_, z: np_.abs(z) ** 2  # noqa: E731
    ours = mj.jacrev(functools.partial(f, jnp))(z)
    theirs = oracle.jacrev(functools.partial(f, oracle.numpy))(z)
    trees_close(ours, theirs)


# -- linear_transpose


def test_linear_transpose() -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    f = lambda x: (matrix @ x, 2 * x)  # noqa: E731
    transposed = mj.linear_transpose(f, mj.ShapeDtypeStruct((3,), float))
    (ct,) = transposed((np.ones(2), X))
    close(ct, matrix.T @ np.ones(2) + 2 * X)
    close(mj.jit(transposed)((np.ones(2), X))[0], ct)
    again = mj.linear_transpose(lambda c: transposed(c)[0], (np.ones(2), X))
    close(again(X)[0][0], matrix @ X)


def test_linear_transpose_of_pytrees_and_several_arguments(oracle: ModuleType) -> None:
    f = lambda p, y: {"out": 3.0 * p["a"] - y}  # noqa: E731
    ours = mj.linear_transpose(f, {"a": X}, X)({"out": X})
    theirs = oracle.linear_transpose(f, {"a": X}, X)({"out": X})
    trees_close(ours, theirs)
    (zero,) = mj.linear_transpose(lambda x: jnp.zeros(2), X)(jnp.ones(2))
    close(zero, np.zeros(3))


def test_linear_transpose_messages() -> None:
    with pytest.raises((TypeError, errors.MissingRuleError)):
        mj.linear_transpose(jnp.sin, 1.0)(1.0)
    with pytest.raises(TypeError, match="structure"):
        mj.linear_transpose(lambda x: (x, x), 1.0)(1.0)
    with pytest.raises(TypeError, match="cotangent"):
        mj.linear_transpose(lambda x: 2 * x, X)(np.ones(2))
