"""grad and value_and_grad: arguments, auxiliary data, complex conventions, messages."""

import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax


def close(got: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=1e-12, atol=1e-14)


def trees_close(got: Any, expected: Any) -> None:
    """Compares pytrees of ours with pytrees of the oracle: structure, dtypes and values."""
    ours, theirs = mj.tree.leaves(got), mj.tree.leaves(expected)
    assert len(ours) == len(theirs)
    for o, t in zip(ours, map(np.asarray, theirs), strict=True):
        assert o.shape == t.shape
        assert str(o.dtype) == str(t.dtype)
        if o.dtype != mj.dtypes.float0:
            close(o, t)


X = np.array([0.5, -1.0, 2.0])


# -- argnums


def test_argnums() -> None:
    f = lambda x, y, z: jnp.sum(x * y) + z**2  # noqa: E731
    args = (X, 2 * X, 3.0)
    close(mj.grad(f)(*args), 2 * X)
    close(mj.grad(f, 1)(*args), X)
    close(mj.grad(f, -1)(*args), 6.0)
    both = mj.grad(f, (0, 2))(*args)
    assert isinstance(both, tuple)
    close(both[0], 2 * X)
    close(both[1], 6.0)
    close(mj.grad(f, (-1, 1))(*args)[0], 6.0)
    (only,) = mj.grad(f, (1,))(*args)
    close(only, X)
    close(mj.grad(f, [2])(*args)[0], 6.0)


def test_argnums_out_of_range() -> None:
    with pytest.raises(TypeError, match="argnums=2"):
        mj.grad(lambda x: x, 2)(1.0)
    with pytest.raises(TypeError, match=r"argnums=0.*0 positional"):
        mj.grad(lambda x: x)(x=1.0)
    with pytest.raises(TypeError, match="argnums must be"):
        mj.grad(lambda x: x, "x")(1.0)
    with pytest.raises(ValueError, match="twice"):
        mj.grad(lambda x, y: x, (0, -2))(1.0, 1.0)


def test_keyword_arguments_are_passed_through() -> None:
    f = lambda x, *, scale=1.0, mode="lin": x * scale if mode == "lin" else x**2  # noqa: E731
    close(mj.grad(f)(3.0), 1.0)
    close(mj.grad(f)(3.0, scale=2.0), 2.0)
    close(mj.grad(f)(3.0, mode="square"), 6.0)


def test_arguments_that_are_not_differentiated_may_be_anything() -> None:
    f = lambda x, n, name: x**n if name == "power" else x  # noqa: E731
    close(mj.grad(f)(3.0, 2, "power"), 6.0)
    close(mj.grad(f)(3.0, 2, "other"), 1.0)
    close(mj.grad(lambda x, g: g(x))(0.0, jnp.sin), 1.0)


# -- pytrees


def test_pytrees(oracle: ModuleType) -> None:
    def loss(np_: Any, p: Any, data: Any) -> Any:
        hidden = np_.tanh(data["x"] @ p["layers"][0] + p["bias"])
        return np_.sum((hidden @ p["layers"][1] - data["y"]) ** 2)

    rng = np.random.default_rng(0)
    params = {
        "layers": (rng.normal(size=(3, 4)), rng.normal(size=(4,))),
        "bias": rng.normal(size=4),
        "none": None,
        "unused": [np.float32(1.0)],
    }
    data = {"x": rng.normal(size=(5, 3)), "y": rng.normal(size=5)}
    ours = mj.grad(functools.partial(loss, jnp))(params, data)
    theirs = oracle.grad(functools.partial(loss, oracle.numpy))(params, data)
    assert sorted(ours) == ["bias", "layers", "none", "unused"]
    assert ours["none"] is None
    trees_close(ours, theirs)
    trees_close(mj.jit(mj.grad(functools.partial(loss, jnp)))(params, data), theirs)


def test_gradients_have_the_dtype_of_the_argument(oracle: ModuleType) -> None:
    for x in (np.float32([1.0, 2.0]), np.float16([1.0]), np.float64([1.0]), np.complex64([1j])):
        f = lambda np_, v: np_.sum(np_.abs(v) ** 2).astype("float64")  # noqa: E731
        ours = mj.grad(functools.partial(f, jnp))(x)
        theirs = oracle.grad(functools.partial(f, oracle.numpy))(x)
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-3)


def test_weak_types_of_gradients(oracle: ModuleType) -> None:
    for f in (lambda x: x**2, lambda x: x * np.float64(2.0), lambda x: x * 1.0):
        for x in (2.0, np.float64(2.0)):
            ours, theirs = mj.value_and_grad(f)(x), oracle.value_and_grad(f)(x)
            assert [o.weak_type for o in ours] == [t.weak_type for t in theirs]
            ours, theirs = mj.jit(mj.grad(f))(x), oracle.jit(oracle.grad(f))(x)
            assert ours.weak_type == theirs.weak_type


# -- auxiliary data


def test_has_aux_takes_anything() -> None:
    def f(x: Any) -> Any:
        return x**2, {"name": "square", "x": x, "fun": len, "twice": (2 * x, None)}

    slope, aux = mj.grad(f, has_aux=True)(3.0)
    close(slope, 6.0)
    assert aux["name"] == "square"
    assert aux["fun"] is len
    close(aux["twice"][0], 6.0)
    assert float(aux["x"]) == 3.0  # not a tracer
    (value, aux), slope = mj.value_and_grad(f, has_aux=True)(3.0)
    close(value, 9.0)
    assert aux["twice"][1] is None
    jitted = mj.jit(mj.grad(lambda x: (x**2, {"x": x}), has_aux=True))(3.0)
    close(jitted[1]["x"], 3.0)


def test_aux_under_nested_differentiation() -> None:
    def inner(x: Any) -> Any:
        return x**3, jnp.sin(x)

    def outer(x: Any) -> Any:
        slope, aux = mj.grad(inner, has_aux=True)(x)
        return slope + aux

    close(mj.grad(outer)(2.0), 12.0 + np.cos(2.0))
    close(mj.vmap(outer)(X), 3 * X**2 + np.sin(X))


def test_has_aux_needs_a_pair() -> None:
    with pytest.raises(TypeError, match="pair"):
        mj.grad(lambda x: x, has_aux=True)(1.0)
    with pytest.raises(TypeError, match="pair"):
        mj.grad(lambda x: (x, 1, 2), has_aux=True)(1.0)


# -- numbers that are not real


FUNCTIONS = {
    "abs2": lambda np_, z: np_.sum(np_.abs(z) ** 2),
    "real_of_product": lambda np_, z: np_.sum(np_.real(z * (1 - 2j))),
    "imag_of_exp": lambda np_, z: np_.sum(np_.imag(np_.exp(z))),
    "angle": lambda np_, z: np_.sum(np_.angle(z)),
    "conj": lambda np_, z: np_.sum((z * np_.conj(z)).real ** 2),
    "mixed": lambda np_, z: np_.real(np_.vdot(z, z * z)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_real_functions_of_complex_arguments(oracle: ModuleType, name: str) -> None:
    z = np.array([1 + 2j, -0.5 + 0.3j])
    ours = mj.grad(functools.partial(FUNCTIONS[name], jnp))(z)
    theirs = oracle.grad(functools.partial(FUNCTIONS[name], oracle.numpy))(z)
    trees_close(ours, theirs)


def test_complex_functions_of_real_arguments(oracle: ModuleType) -> None:
    def f(np_: Any, x: Any) -> Any:
        return np_.sum(np_.abs(np_.exp(1j * x) + x) ** 2)

    ours = mj.grad(functools.partial(f, jnp))(X)
    trees_close(ours, oracle.grad(functools.partial(f, oracle.numpy))(X))
    assert ours.dtype == np.float64


def test_holomorphic(oracle: ModuleType) -> None:
    z = 0.5 + 1.5j
    close(mj.grad(lambda z: jnp.exp(z * 2j), holomorphic=True)(z), 2j * np.exp(2j * z))
    f = lambda np_, z: np_.sum(np_.sin(z) * z)  # noqa: E731
    zs = np.array([z, -z])
    ours = mj.grad(functools.partial(f, jnp), holomorphic=True)(zs)
    trees_close(ours, oracle.grad(functools.partial(f, oracle.numpy), holomorphic=True)(zs))
    with pytest.raises(TypeError, match="complex arguments"):
        mj.grad(lambda x: x * 1j, holomorphic=True)(1.0)
    with pytest.raises(TypeError, match="complex output"):
        mj.grad(jnp.abs, holomorphic=True)(1j)
    with pytest.raises(TypeError, match="holomorphic=True"):
        mj.grad(lambda z: z)(1j)


def test_integer_arguments(oracle: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"args\[0\].*int64.*float"):
        mj.grad(lambda x: x * 1.0)(3)
    with pytest.raises(TypeError, match=r"args\[1\]\['n'\].*allow_int"):
        mj.grad(lambda x, p: x * p["n"], 1)(1.0, {"n": np.arange(2)})
    f = lambda x, n: jnp.sum(x * n)  # noqa: E731
    slopes = mj.grad(f, (0, 1), allow_int=True)(X, np.arange(3))
    close(slopes[0], [0.0, 1.0, 2.0])
    assert slopes[1].shape == (3,)
    expected = oracle.grad(lambda n: 1.0 * n.sum(), allow_int=True)(np.arange(3))
    assert str(slopes[1].dtype) == str(expected.dtype)
    close(mj.grad(lambda x, n, b: jnp.where(b, x, 0.0) * n)(2.0, 3, True), 3.0)


def test_output_messages() -> None:
    with pytest.raises(TypeError, match=r"scalar output.*\(3,\)"):
        mj.grad(lambda x: x)(X)
    with pytest.raises(TypeError, match="int64"):
        mj.grad(lambda x: 3)(1.0)
    with pytest.raises(TypeError, match="has_aux"):
        mj.grad(lambda x: (x, x))(1.0)
    with pytest.raises(TypeError, match=r"NoneType|one scalar output"):
        mj.grad(lambda x: None)(1.0)
    with pytest.raises(TypeError, match="str"):
        mj.grad(lambda x: "text")(1.0)
    with pytest.raises(TypeError, match=r"not an array|Expected an array"):
        mj.grad(lambda x: x)("text")


# -- concrete values


def test_python_control_flow_on_known_values() -> None:
    def f(x: Any) -> Any:
        if x > 0:
            return x * float(x) * int(x)
        total = x
        while abs(total) < 100:
            total = total * 2
        return total

    close(mj.grad(f)(3.5), 3.5 * 3)
    close(mj.grad(f)(-1.0), 128.0)
    close(mj.grad(mj.grad(lambda x: x**3 if x > 0 else x))(2.0), 12.0)
    close(mj.jvp(f, (3.5,), (2.0,))[1], 21.0)
    assert mj.grad(lambda x: x * len(range(int(x))))(3.0) == 3.0
    close(mj.grad(lambda x: x[jnp.argmax(x).item()])(X), [0.0, 0.0, 1.0])
    assert isinstance(mj.grad(lambda x: x * x.item())(3.0), mj.Array)


def test_printing_values_under_grad() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append((float(x), f"{x}"))
        return x**2

    mj.grad(f)(3.0)
    assert seen[0][0] == 3.0


def test_numpy_functions_under_grad_are_refused() -> None:
    with pytest.raises(errors.TracerArrayConversionError):
        mj.grad(lambda x: np.sin(x))(1.0)


def test_control_flow_under_grad_of_jit_is_refused() -> None:
    with pytest.raises(errors.TracerBoolConversionError):
        mj.grad(mj.jit(lambda x: x if x > 0 else -x))(1.0)


# -- nesting and state


def test_perturbations_are_not_confused() -> None:
    close(mj.grad(lambda x: x * mj.grad(lambda y: x * y)(2.0))(3.0), 6.0)
    close(mj.grad(lambda x: x * mj.jvp(lambda y: x + y, (1.0,), (1.0,))[1])(3.0), 1.0)
    close(mj.jvp(lambda x: mj.grad(lambda y: x * x * y)(1.0), (3.0,), (1.0,))[1], 6.0)


def test_high_orders() -> None:
    f = jnp.sin
    for order in range(1, 6):
        f = mj.grad(f)
        close(f(0.3), np.sin(0.3 + order * np.pi / 2))


def test_gradient_of_constant_and_unused() -> None:
    close(mj.grad(lambda x: 2.0)(X), np.zeros(3))
    close(mj.grad(lambda x: lax.stop_gradient(jnp.sum(x)) * 1.0)(X), np.zeros(3))
    close(mj.grad(lambda x, y: jnp.sum(y), 0)(X, X), np.zeros(3))
    close(mj.grad(lambda x: x)(2.0), 1.0)


def test_gradients_of_indexing_and_updates(oracle: ModuleType) -> None:
    def f(np_: Any, x: Any) -> Any:
        y = x.at[0].set(x[1] ** 2).at[np_.array([2, 2])].add(x[:2])
        return np_.sum(y[::-1] * np_.arange(3.0)) + y[-1] * x[np_.array([0, 0])].sum()

    trees_close(
        mj.grad(functools.partial(f, jnp))(X), oracle.grad(functools.partial(f, oracle.numpy))(X)
    )


def test_an_exception_restores_the_trace() -> None:
    def f(x: Any) -> Any:
        raise RuntimeError("inside")

    for transform in (mj.grad, mj.jit, mj.vmap):
        with pytest.raises(RuntimeError, match="inside"):
            transform(f)(X)
        assert isinstance(jnp.sin(1.0), mj.Array)
        close(jnp.sin(1.0) + 1, np.sin(1.0) + 1)
    close(mj.grad(jnp.sum)(X), np.ones(3))


def test_a_leaked_tracer_is_refused() -> None:
    leaked: list[Any] = []
    mj.grad(lambda x: (leaked.append(x), x)[1])(1.0)
    with pytest.raises(errors.UnexpectedTracerError):
        leaked[0] * 2


def test_value_and_grad_keeps_the_function_name() -> None:
    def energy(x: Any) -> Any:
        """Energy."""
        return x**2

    for made in (mj.grad(energy), mj.value_and_grad(energy)):
        assert made.__doc__
        assert "energy" in made.__name__


def test_partial_objects_and_callables_without_names() -> None:
    close(mj.grad(functools.partial(lambda a, x: a * x, 3.0))(1.0), 3.0)

    class Square:
        def __call__(self, x: Any) -> Any:
            return x * x

    close(mj.grad(Square())(3.0), 6.0)
    close(mj.jit(mj.grad(mj.jit(Square())))(3.0), 6.0)
