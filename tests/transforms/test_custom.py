"""custom_jvp, custom_vjp, custom_gradient and closure_convert, under every transformation."""

import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from tests.transforms.test_grad import close, trees_close

X = np.array([0.5, -1.0, 2.0])


def tripled_sine() -> Any:
    """A sine whose derivative is three times too large, so that its rule is told from none."""

    @mj.custom_jvp
    def f(x: Any) -> Any:
        return jnp.sin(x)

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return f(x), 3 * jnp.cos(x) * t

    return f


def tripled_sine_vjp() -> Any:
    @mj.custom_vjp
    def f(x: Any) -> Any:
        return jnp.sin(x)

    f.defvjp(lambda x: (f(x), jnp.cos(x)), lambda c, ct: (3 * c * ct,))
    return f


MAKERS = (tripled_sine, tripled_sine_vjp)


# -- both kinds


@pytest.mark.parametrize("make", MAKERS)
def test_reverse_mode_and_second_order(make: Any) -> None:
    f = make()
    close(f(X), np.sin(X))
    close(mj.jit(f)(X), np.sin(X))
    close(mj.grad(f)(0.3), 3 * np.cos(0.3))
    close(mj.jit(mj.grad(f))(0.3), 3 * np.cos(0.3))
    close(mj.grad(mj.jit(f))(0.3), 3 * np.cos(0.3))
    close(mj.vmap(mj.grad(f))(X), 3 * np.cos(X))
    close(mj.grad(lambda x: jnp.sum(mj.vmap(f)(x)))(X), 3 * np.cos(X))
    close(mj.grad(lambda x: jnp.sum(mj.vmap(mj.jit(f))(x)))(X), 3 * np.cos(X))
    close(mj.jit(mj.vmap(mj.grad(f)))(X), 3 * np.cos(X))
    close(mj.jacrev(f)(X), np.diag(3 * np.cos(X)))
    # The rule of the vjp uses cos, whose derivative is its own.
    close(mj.grad(mj.grad(f))(0.3), -3 * np.sin(0.3))
    close(mj.jit(mj.grad(mj.jit(mj.grad(f))))(0.3), -3 * np.sin(0.3))
    close(mj.vmap(mj.grad(mj.grad(f)))(X), -3 * np.sin(X))


@pytest.mark.parametrize("make", MAKERS)
def test_inside_control_flow(make: Any) -> None:
    f = make()

    def scanned(x: Any) -> Any:
        return lax.scan(lambda c, y: (f(c) + y, f(y)), x, jnp.asarray(X))

    def g(x: Any) -> Any:
        return 3 * jnp.sin(x) - lax.stop_gradient(2 * jnp.sin(x))

    expected = mj.grad(lambda x: lax.scan(lambda c, y: (g(c) + y, g(y)), x, jnp.asarray(X))[0])(0.2)
    close(mj.grad(lambda x: scanned(x)[0])(0.2), expected)
    close(mj.jit(mj.grad(lambda x: scanned(x)[0]))(0.2), expected)
    close(mj.vmap(mj.grad(lambda x: scanned(x)[0]))(np.full(2, 0.2)), [expected] * 2)
    close(mj.grad(lambda x: lax.cond(x > 0, f, lambda y: y, x))(0.3), 3 * np.cos(0.3))
    close(
        mj.grad(lambda x: lax.fori_loop(0, 2, lambda i, c: f(c), x))(0.3),
        9 * np.cos(np.sin(0.3)) * np.cos(0.3),
    )
    close(mj.grad(mj.checkpoint(f))(0.3), 3 * np.cos(0.3))


@pytest.mark.parametrize("make", MAKERS)
def test_a_function_without_rule_says_so(make: Any) -> None:
    kind = mj.custom_jvp if make is tripled_sine else mj.custom_vjp
    with pytest.raises(AttributeError, match=r"rule.*defined"):
        kind(lambda x: x)(1.0)


@pytest.mark.parametrize("kind", [mj.custom_jvp, mj.custom_vjp])
def test_keyword_arguments_defaults_and_names(kind: Any) -> None:
    @kind
    def f(x: Any, scale: Any = 2.0) -> Any:
        """Scales."""
        return x * scale

    if kind is mj.custom_jvp:
        f.defjvp(lambda ps, ts: (ps[0] * ps[1], 5.0 * ts[0]))
    else:
        f.defvjp(lambda x, scale: (x * scale, None), lambda _, ct: (5.0 * ct, None))
    assert f.__name__ == "f"
    assert f.__doc__ == "Scales."
    close(f(3.0), 6.0)
    close(f(x=3.0, scale=3.0), 9.0)
    close(mj.grad(f)(3.0), 5.0)
    close(mj.grad(lambda x: f(scale=2.0, x=x))(3.0), 5.0)


@pytest.mark.parametrize("kind", [mj.custom_jvp, mj.custom_vjp])
def test_methods(kind: Any) -> None:
    class Model:
        weight = 2.0

        @functools.partial(kind, nondiff_argnums=(0,))
        def apply(self, x: Any) -> Any:
            return self.weight * x

        if kind is mj.custom_jvp:

            @apply.defjvp
            def apply_jvp(self, primals: Any, tangents: Any) -> Any:
                return self.weight * primals[0], 7.0 * tangents[0]
        else:
            apply.defvjp(lambda self, x: (self.weight * x, None), lambda self, _, ct: (7.0 * ct,))

    model = Model()
    close(model.apply(3.0), 6.0)
    close(mj.grad(model.apply)(3.0), 7.0)
    close(mj.jit(mj.grad(model.apply))(3.0), 7.0)


@pytest.mark.parametrize("make", MAKERS)
def test_collectives_inside(make: Any) -> None:
    @mj.custom_vjp
    def shared(x: Any) -> Any:
        return lax.psum(x, "i")

    shared.defvjp(lambda x: (shared(x), None), lambda _, ct: (ct * 10.0,))
    f = lambda x: jnp.sum(mj.vmap(shared, axis_name="i")(x))  # noqa: E731
    close(f(X), 3 * X.sum())
    close(mj.grad(f)(X), [10.0] * 3)


# -- custom_jvp


def test_custom_jvp_forward_mode() -> None:
    f = tripled_sine()
    close(mj.jvp(f, (0.3,), (2.0,))[1], 6 * np.cos(0.3))
    close(mj.jvp(mj.jit(f), (0.3,), (2.0,))[1], 6 * np.cos(0.3))
    close(mj.jacfwd(f)(X), np.diag(3 * np.cos(X)))
    close(mj.jacfwd(mj.grad(f))(0.3), -3 * np.sin(0.3))
    close(mj.linearize(f, 0.3)[1](1.0), 3 * np.cos(0.3))
    close(mj.jvp(mj.vmap(f), (X,), (X,))[1], 3 * np.cos(X) * X)
    close(mj.vmap(lambda x: mj.jvp(f, (x,), (1.0,))[1])(X), 3 * np.cos(X))
    close(mj.hessian(f)(0.3), -3 * np.sin(0.3))
    close(
        mj.jvp(lambda x: lax.scan(lambda c, _: (f(c), 0.0), x, None, 2)[0], (0.3,), (1.0,))[1],
        9 * np.cos(np.sin(0.3)) * np.cos(0.3),
    )


def test_custom_jvp_pytrees(oracle: ModuleType) -> None:
    def program(lib: Any, p: Any, y: Any) -> Any:
        @lib.custom_jvp
        def f(p: Any, y: Any) -> Any:
            return {"s": p["a"] * y, "n": (p["b"],)}

        @f.defjvp
        def rule(primals: Any, tangents: Any) -> Any:
            (p, y), (dp, dy) = primals, tangents
            return f(p, y), {"s": dp["a"] * y * 2 + p["a"] * dy, "n": (dp["b"] * 5,)}

        loss = lambda p, y: f(p, y)["s"].sum() + f(p, y)["n"][0]  # noqa: E731
        return lib.grad(loss, (0, 1))(p, y), lib.jit(lib.grad(loss))(p, y)

    p = {"a": X, "b": 2.0}
    trees_close(program(mj, p, 3.0), program(oracle, p, 3.0))


def test_custom_jvp_nondiff_argnums() -> None:
    @functools.partial(mj.custom_jvp, nondiff_argnums=(0, 2))
    def apply(g: Any, x: Any, n: int) -> Any:
        return g(x) * n

    @apply.defjvp
    def rule(g: Any, n: int, primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return apply(g, x, n), 100.0 * n * t

    close(apply(jnp.sin, 0.3, 2), 2 * np.sin(0.3))
    close(mj.grad(lambda x: apply(jnp.sin, x, 2))(0.3), 200.0)
    close(mj.jit(mj.grad(lambda x: apply(jnp.sin, x, 2)))(0.3), 200.0)
    close(mj.vmap(mj.grad(lambda x: apply(jnp.sin, x, 2)))(X), [200.0] * 3)

    @functools.partial(mj.custom_jvp, nondiff_argnames=("g",))
    def named(x: Any, g: Any) -> Any:
        return g(x)

    named.defjvp(lambda g, ps, ts: (g(ps[0]), 9.0 * ts[0]))
    close(mj.grad(lambda x: named(x, g=jnp.sin))(0.3), 9.0)
    with pytest.raises(ValueError, match="nondiff_argnames"):
        mj.custom_jvp(lambda x: x, nondiff_argnames=("y",))


def test_defjvps() -> None:
    @mj.custom_jvp
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * y + z

    f.defjvps(lambda t, out, x, y, z: 10 * t, None, lambda t, out, x, y, z: out * t)
    dx, dy, dz = mj.grad(f, (0, 1, 2))(2.0, 3.0, 4.0)
    close((dx, dy, dz), (10.0, 0.0, 10.0))
    close(mj.jvp(f, (2.0, 3.0, 4.0), (1.0, 1.0, 1.0))[1], 20.0)
    close(mj.jit(mj.grad(f, 2))(2.0, 3.0, 4.0), 10.0)


def test_custom_jvp_symbolic_zeros() -> None:
    seen: list[Any] = []

    @mj.custom_jvp
    def f(x: Any, y: Any) -> Any:
        return x * y

    def rule(primals: Any, tangents: Any) -> Any:
        (x, y), (dx, dy) = primals, tangents
        kinds = tuple(type(t).__name__ == "SymbolicZero" for t in tangents)
        seen.append(kinds)
        assert all(t.shape == () for t in tangents)
        total = 0.0
        if not kinds[0]:
            total = total + dx * y
        if not kinds[1]:
            total = total + x * dy
        return f(x, y), total

    f.defjvp(rule, symbolic_zeros=True)
    close(mj.grad(f)(2.0, 3.0), 3.0)
    close(mj.grad(f, 1)(2.0, 3.0), 2.0)
    close(mj.jvp(f, (2.0, 3.0), (1.0, 1.0))[1], 5.0)
    assert seen == [(False, True), (True, False), (False, False)]
    seen.clear()
    close(mj.grad(lambda x: mj.jit(f)(x, 3.0))(2.0), 3.0)
    close(mj.vmap(mj.grad(f), in_axes=(0, None))(X, 3.0), [3.0] * 3)
    close(mj.grad(lambda x: jnp.sum(mj.vmap(f, in_axes=(0, None))(x, 3.0)))(X), [3.0] * 3)


def test_custom_jvp_sees_known_values() -> None:
    @mj.custom_jvp
    def f(x: Any) -> Any:
        return x if x > 0 else -x

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return f(x), (5.0 if float(x) > 0 else -7.0) * t

    close(f(-2.0), 2.0)
    close(mj.grad(f)(2.0), 5.0)
    close(mj.grad(f)(-2.0), -7.0)
    close(mj.jvp(f, (-2.0,), (1.0,)), (2.0, -7.0))


def test_custom_jvp_with_integer_arguments(oracle: ModuleType) -> None:
    def program(lib: Any) -> Any:
        @lib.custom_jvp
        def f(x: Any, n: Any) -> Any:
            return x * n

        @f.defjvp
        def rule(primals: Any, tangents: Any) -> Any:
            (x, n), (dx, dn) = primals, tangents
            assert dn.dtype == oracle.dtypes.float0
            return f(x, n), 11.0 * dx

        return lib.grad(f)(2.0, 3), lib.jit(lib.grad(f))(2.0, 3)

    trees_close(program(mj), program(oracle))


def test_custom_jvp_closing_over_traced_values() -> None:
    def outer(x: Any, scale: Any) -> Any:
        @mj.custom_jvp
        def f(y: Any) -> Any:
            return y * scale

        f.defjvp(lambda ps, ts: (ps[0] * scale, 3 * ts[0] * scale))
        return f(x)

    close(mj.jit(outer)(2.0, 5.0), 10.0)
    close(mj.jit(mj.grad(outer))(2.0, 5.0), 15.0)
    close(mj.vmap(mj.grad(outer))(X, 2 * X), 6 * X)


def _closing(kind: str, x: Any, y: Any) -> Any:
    """Returns x · y by a function of y that closes over x; its derivative is 3x, not x."""
    if kind == "jvp":
        f = mj.custom_jvp(lambda z: x * z)
        f.defjvp(lambda ps, ts: (x * ps[0], 3 * x * ts[0]))
    else:
        f = mj.custom_vjp(lambda z: x * z)
        f.defvjp(lambda z: (x * z, z), lambda _, ct: (3 * x * ct,))
    return f(y)


@pytest.mark.parametrize("kind", ["jvp", "vjp"])
@pytest.mark.parametrize("around", [lambda f: f, mj.jit], ids=["eager", "jit"])
def test_custom_functions_closing_over_mapped_values(kind: str, around: Any) -> None:
    f = lambda x, y: _closing(kind, x, y)  # noqa: E731
    close(around(mj.vmap(f, (0, None)))(X, 2.0), 2 * X)
    close(around(mj.vmap(lambda x: f(x, 2.0)))(X), 2 * X)
    close(around(mj.vmap(lambda x: f(x, jnp.sin(x))))(X), X * jnp.sin(X))
    close(around(mj.vmap(lambda x: mj.grad(lambda y: f(x, y))(2.0)))(X), 3 * X)
    close(around(mj.vmap(mj.vmap(lambda x: f(x, 2.0))))(X[:, None]), 2 * X[:, None])
    total = lambda w: mj.vmap(lambda x: f(x, w))(X).sum()  # noqa: E731
    close(around(mj.grad(total))(2.0), 3 * X.sum())
    scaled = lambda w: mj.vmap(lambda x: f(x, w * x))(X).sum()  # noqa: E731
    close(around(mj.grad(scaled))(2.0), 3 * (X * X).sum())


def test_a_custom_function_of_shared_values_stays_shared() -> None:
    f = mj.custom_jvp(lambda x: x * 2)
    f.defjvp(lambda ps, ts: (ps[0] * 2, ts[0] * 2))
    y, z = mj.vmap(lambda x: (f(3.0), f(x)), out_axes=(None, 0))(X)
    assert (y.shape, z.shape) == ((), X.shape)
    close(z, y / 3 * X)


def test_custom_jvp_rule_messages() -> None:
    def made(rule: Any) -> Any:
        f = mj.custom_jvp(lambda x: {"y": x})
        f.defjvp(rule)
        return lambda x: f(x)["y"].sum()

    with pytest.raises(TypeError, match="pair"):
        mj.grad(made(lambda ps, ts: ps[0]))(X)
    with pytest.raises(TypeError, match="structure"):
        mj.grad(made(lambda ps, ts: ({"y": ps[0]}, ts[0])))(X)
    with pytest.raises(TypeError, match=r"\['y'\].*f64\[3\]"):
        mj.grad(made(lambda ps, ts: ({"y": ps[0]}, {"y": ts[0][:2]})))(X)
    with pytest.raises(TypeError, match="structure"):
        mj.grad(mj.jit(made(lambda ps, ts: ({"z": ps[0]}, {"z": ts[0]}))))(X)
    f = mj.custom_jvp(lambda x: x)
    f.defjvp(lambda ps, ts: (ps[0], ts[0]))
    with pytest.raises(TypeError, match="str"):
        f("text")


def test_rules_of_nested_custom_functions() -> None:
    inner = tripled_sine()

    @mj.custom_jvp
    def f(x: Any) -> Any:
        return inner(x) ** 2

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        return f(primals[0]), mj.jvp(lambda y: 2 * inner(y), primals, tangents)[1]

    close(mj.grad(f)(0.3), 6 * np.cos(0.3))
    close(mj.jit(mj.grad(mj.grad(f)))(0.3), -6 * np.sin(0.3))


# -- custom_vjp


def test_custom_vjp_pytrees_and_none(oracle: ModuleType) -> None:
    def program(lib: Any, p: Any, y: Any) -> Any:
        @lib.custom_vjp
        def f(p: Any, y: Any, n: Any) -> Any:
            return {"s": p["a"] * y, "n": (p["b"] * n,)}

        def bwd(res: Any, ct: Any) -> Any:
            _, y = res
            return {"a": ct["s"] * y, "b": 5 * ct["n"][0]}, None, None

        f.defvjp(lambda p, y, n: (f(p, y, n), (p, y)), bwd)
        loss = lambda p, y: f(p, y, 2)["s"].sum() + f(p, y, 2)["n"][0]  # noqa: E731
        return (
            lib.grad(loss, (0, 1))(p, y),
            lib.jit(lib.grad(loss, (0, 1)))(p, y),
            lib.vmap(lib.grad(loss), in_axes=({"a": 0, "b": None}, None))(p, y),
        )

    p = {"a": X, "b": 2.0}
    trees_close(program(mj, p, 3.0), program(oracle, p, 3.0))


def test_custom_vjp_none_for_parts_of_an_argument() -> None:
    f = mj.custom_vjp(lambda p: p["a"] * p["b"][0])
    f.defvjp(lambda p: (f(p), None), lambda _, ct: ({"a": ct * 4, "b": None},))
    got = mj.grad(f)({"a": 1.0, "b": (2.0, 3.0)})
    close(got["a"], 4.0)
    close(got["b"], (0.0, 0.0))


def test_custom_vjp_nondiff_argnums() -> None:
    @functools.partial(mj.custom_vjp, nondiff_argnums=(0, 2))
    def apply(g: Any, x: Any, name: str) -> Any:
        return g(x)

    apply.defvjp(
        lambda g, x, name: (g(x), x),
        lambda g, name, x, ct: (ct * (2.0 if name == "two" else 3.0),),
    )
    close(mj.grad(lambda x: apply(jnp.sin, x, "two"))(0.3), 2.0)
    close(mj.jit(mj.grad(lambda x: apply(jnp.sin, x, "three")))(0.3), 3.0)
    close(mj.grad(apply, 1)(jnp.sin, 0.3, "two"), 2.0)
    with pytest.raises(TypeError, match="nondiff_argnums"):
        mj.jit(lambda x, n: apply(jnp.sin, x, n))(0.3, 2)


def test_custom_vjp_symbolic_zeros() -> None:
    perturbed: list[Any] = []
    kinds: list[Any] = []

    f = mj.custom_vjp(lambda x, y: (x * y, y))

    def fwd(x: Any, y: Any) -> Any:
        perturbed.append((x.perturbed, y.perturbed))
        return (x.value * y.value, y.value), (x.value, y.value)

    def bwd(res: Any, cts: Any) -> Any:
        kinds.append(tuple(type(ct).__name__ == "SymbolicZero" for ct in cts))
        x, y = res
        return cts[0] * y, cts[0] * x

    f.defvjp(fwd, bwd, symbolic_zeros=True)
    close(mj.grad(lambda x: f(x, 3.0)[0])(2.0), 3.0)
    close(mj.grad(lambda x, y: f(x, y)[0], (0, 1))(2.0, 3.0), (3.0, 2.0))
    assert perturbed == [(True, False), (True, True)]
    assert kinds == [(False, True), (False, True)]


def test_custom_vjp_sees_known_values() -> None:
    @mj.custom_vjp
    def f(x: Any) -> Any:
        return x if x > 0 else -x

    f.defvjp(
        lambda x: (f(x), x if x > 0 else 2 * x),
        lambda res, ct: (ct * (5.0 if float(res) > 0 else 7.0),),
    )
    close(mj.grad(f)(2.0), 5.0)
    close(mj.grad(f)(-2.0), 7.0)


def test_custom_vjp_residuals_may_be_anything() -> None:
    f = mj.custom_vjp(lambda x: x**2)
    f.defvjp(lambda x: (f(x), {"x": x, "none": None, "two": 2.0}), lambda r, ct: (r["two"] * ct,))
    close(mj.grad(f)(3.0), 2.0)
    close(mj.jit(mj.grad(f))(3.0), 2.0)


def test_custom_vjp_has_no_forward_mode() -> None:
    f = tripled_sine_vjp()
    for transform in (lambda g: mj.jvp(g, (X,), (X,)), lambda g: mj.jacfwd(g)(X)):
        for g in (f, mj.jit(f)):
            with pytest.raises((TypeError, mj.errors.MissingRuleError), match="custom_vjp"):
                transform(g)


def test_custom_vjp_with_integer_arguments(oracle: ModuleType) -> None:
    def program(lib: Any) -> Any:
        f = lib.custom_vjp(lambda x, n: x * n)
        zero = np.zeros((), oracle.dtypes.float0)
        f.defvjp(lambda x, n: (f(x, n), None), lambda _, ct: (13.0 * ct, zero))
        return lib.grad(f)(2.0, 3), lib.jit(lib.grad(f))(2.0, 3)

    trees_close(program(mj), program(oracle))


def test_custom_vjp_closing_over_values() -> None:
    scale = jnp.asarray(4.0)
    f = mj.custom_vjp(lambda x: x * scale)
    f.defvjp(lambda x: (f(x), None), lambda _, ct: (ct * scale * 2,))
    close(mj.grad(f)(3.0), 8.0)
    close(mj.jit(mj.grad(f))(3.0), 8.0)

    def outer(x: Any, y: Any) -> Any:
        g = mj.custom_vjp(lambda z: z * y)
        g.defvjp(lambda z: (z * y, None), lambda _, ct: (ct * y,))
        return g(x)

    close(mj.jit(mj.grad(outer))(2.0, 5.0), 5.0)
    with pytest.raises((TypeError, mj.errors.UnexpectedTracerError)):
        mj.jit(mj.grad(outer, 1))(2.0, 5.0)


def test_a_backward_rule_may_compute_in_another_precision() -> None:
    f = mj.custom_vjp(lambda x: x * 2)
    f.defvjp(lambda x: (f(x), None), lambda _, ct: (ct.astype(jnp.float32) * 2,))
    assert mj.grad(lambda x: f(x).sum())(X).dtype == X.dtype


def test_custom_vjp_rule_messages() -> None:
    def made(fwd: Any, bwd: Any) -> Any:
        f = mj.custom_vjp(lambda x, y: x * y)
        f.defvjp(fwd, bwd)
        return f

    good = lambda x, y: (x * y, None)  # noqa: E731
    with pytest.raises(TypeError, match="pair"):
        mj.grad(made(lambda x, y: x, lambda *_: ()))(1.0, 2.0)
    with pytest.raises(TypeError, match="2 argument"):
        mj.grad(made(good, lambda _, ct: (ct,)))(1.0, 2.0)
    with pytest.raises(TypeError, match="2 argument"):
        mj.grad(made(good, lambda _, ct: ct))(1.0, 2.0)
    with pytest.raises(TypeError, match="structure"):
        mj.grad(made(good, lambda _, ct: ((ct, ct), ct)))(1.0, 2.0)
    with pytest.raises(ValueError, match=r"f64\[\].*f64\[3\]"):
        mj.grad(made(good, lambda _, ct: (jnp.ones(3), ct)))(1.0, 2.0)
    with pytest.raises(TypeError, match="structure"):
        mj.grad(mj.jit(made(lambda x, y: ((x, y), None), lambda _, ct: (ct, ct))))(1.0, 2.0)


def test_gradient_clipping_inside_a_loop() -> None:
    clip = mj.custom_vjp(lambda x: x)
    clip.defvjp(lambda x: (x, None), lambda _, ct: (jnp.clip(ct, -1.0, 1.0),))

    def f(x: Any) -> Any:
        return lax.scan(lambda c, _: (clip(c) * 10.0, None), x, None, length=4)[0]

    close(mj.grad(f)(1.0), 1.0)
    close(mj.jit(mj.vmap(mj.grad(f)))(X), [1.0] * 3)


# -- custom_gradient and closure_convert


def test_custom_gradient() -> None:
    @mj.custom_gradient
    def f(x: Any, y: Any) -> Any:
        z = jnp.sin(x)
        return z * y, lambda ct: (ct * z * 10, ct * y)

    close(f(0.3, 2.0), np.sin(0.3) * 2)
    close(mj.grad(f, (0, 1))(0.3, 2.0), (10 * np.sin(0.3), 2.0))
    close(mj.jit(mj.grad(f))(0.3, 2.0), 10 * np.sin(0.3))
    close(mj.vmap(mj.grad(f))(X, X), 10 * np.sin(X))
    single = mj.custom_gradient(lambda x: (x**2, lambda ct: ct * x))
    close(mj.grad(single)(3.0), 3.0)


def test_closure_convert() -> None:
    def outer(x: Any) -> Any:
        converted, values = mj.closure_convert(lambda y: y * x + jnp.sum(X), 1.0)
        return converted(2.0, *values)

    close(outer(3.0), 6.0 + X.sum())
    close(mj.grad(outer)(3.0), 2.0)
    close(mj.jit(mj.grad(outer))(3.0), 2.0)
    converted, values = mj.closure_convert(lambda p: {"y": p["x"]}, {"x": 1.0})
    assert not values
    close(converted({"x": 2.0})["y"], 2.0)
    with pytest.raises(TypeError, match="closure_convert"):
        converted((2.0,))
