"""checkpoint: values, derivatives, policies, and what is kept for the backward pass."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.transforms.checkpoint import checkpoint_name
from tests.transforms.test_grad import close, trees_close

X = np.array([0.5, -1.0, 2.0])


def deep(x: Any) -> Any:
    for _ in range(5):
        x = jnp.tanh(jnp.sin(x) * x)
    return x


def num_residuals(f: Callable[..., Any], *args: Any) -> int:
    """Returns how many array elements the linear part of `f` keeps (scalars left out)."""

    _, f_jvp = mj.linearize(f, *args)
    program = mj.make_jaxpr(f_jvp)(*args)
    return sum(const.size for const in program.consts if const.ndim)


def test_values_and_derivatives() -> None:
    f = mj.checkpoint(deep)
    close(f(X), deep(X))
    loss, plain = (lambda g: lambda x: jnp.sum(g(x)))(f), lambda x: jnp.sum(deep(x))
    close(mj.grad(loss)(X), mj.grad(plain)(X))
    close(mj.jit(mj.grad(loss))(X), mj.grad(plain)(X))
    close(mj.grad(mj.jit(loss))(X), mj.grad(plain)(X))
    close(mj.vmap(mj.grad(f))(X), mj.vmap(mj.grad(deep))(X))
    close(mj.jvp(f, (X,), (X,))[1], mj.jvp(deep, (X,), (X,))[1])
    close(mj.linearize(f, X)[1](X), mj.jvp(deep, (X,), (X,))[1])
    close(mj.hessian(loss)(X), mj.hessian(plain)(X))
    close(mj.grad(mj.grad(f))(0.5), mj.grad(mj.grad(deep))(0.5))
    close(mj.jacrev(mj.jacrev(loss))(X), mj.hessian(plain)(X))
    close(mj.jit(mj.vmap(mj.grad(mj.grad(f))))(X), mj.vmap(mj.grad(mj.grad(deep)))(X))


def test_pytrees_keywords_and_static_arguments() -> None:
    @mj.checkpoint
    def f(p: Any, *, scale: Any = 1.0) -> Any:
        return {"y": jnp.sin(p["a"]) * scale, "none": None}

    out = f({"a": X}, scale=2.0)
    assert out["none"] is None
    got = mj.grad(lambda p: f(p, scale=2.0)["y"].sum())({"a": X})
    close(got["a"], 2 * np.cos(X))
    g = mj.checkpoint(lambda x, name, n: x**n if name == "pow" else x, static_argnums=(1, 2))
    close(mj.grad(g)(3.0, "pow", 2), 6.0)
    close(mj.jit(mj.grad(lambda x: g(x, "pow", 3)))(3.0), 27.0)
    with pytest.raises(TypeError, match="static"):
        mj.grad(mj.checkpoint(lambda x, name: x))(3.0, "pow")


def test_closures_over_traced_values() -> None:
    def f(x: Any, y: Any) -> Any:
        return mj.checkpoint(lambda z: jnp.sin(z * y))(x) * y

    expected = mj.grad(lambda x, y: jnp.sin(x * y) * y, (0, 1))(0.3, 2.0)
    close(mj.grad(f, (0, 1))(0.3, 2.0), expected)
    close(mj.jit(mj.grad(f, (0, 1)))(0.3, 2.0), expected)


def test_inside_scan_and_around_it() -> None:
    def loop(body: Any) -> Any:
        return lambda x: lax.scan(lambda c, y: (body(c) * y, c), x, jnp.asarray(X))[0]

    expected = mj.grad(loop(deep))(0.4)
    for f in (loop(mj.checkpoint(deep)), mj.checkpoint(loop(deep)), mj.remat(mj.jit(loop(deep)))):
        close(mj.grad(f)(0.4), expected)
        close(mj.jit(mj.grad(f))(0.4), expected)
        close(mj.vmap(mj.grad(f))(np.full(2, 0.4)), [expected] * 2)
        close(mj.grad(mj.grad(f))(0.4), mj.grad(mj.grad(loop(deep)))(0.4))


def test_only_inputs_are_kept() -> None:
    assert num_residuals(deep, X) > 3 * X.size
    assert num_residuals(mj.checkpoint(deep), X) == X.size
    assert num_residuals(mj.checkpoint(lambda x: deep(deep(x))), X) == X.size
    twice = lambda x: mj.checkpoint(deep)(mj.checkpoint(deep)(x))  # noqa: E731
    assert num_residuals(twice, X) == 2 * X.size
    assert num_residuals(mj.jit(mj.checkpoint(deep)), X) == X.size


def test_a_scan_of_checkpoints_stacks_its_carries_only() -> None:
    def loop(body: Any) -> Any:
        return lambda x: lax.scan(lambda c, _: (body(c), None), x, None, length=10)[0]

    assert num_residuals(loop(mj.checkpoint(deep)), X) <= 10 * X.size
    assert num_residuals(loop(deep), X) > 30 * X.size


def test_policies() -> None:
    def f(x: Any) -> Any:
        y = checkpoint_name(jnp.sin(x), "sine")
        z = checkpoint_name(jnp.exp(y * y), "power")
        return jnp.sin(z @ z) * z

    x = np.outer(X, X)
    policies = mj.checkpoint_policies
    expected = mj.grad(lambda v: jnp.sum(f(v)))(x)
    second = mj.hessian(lambda v: jnp.sum(f(v)))(x)
    kept = {}
    for name, policy in {
        "none": None,
        "nothing": policies.nothing_saveable,
        "everything": policies.everything_saveable,
        "dots": policies.dots_saveable,
        "batchless": policies.dots_with_no_batch_dims_saveable,
        "sine": policies.save_only_these_names("sine"),
        "any_but_sine": policies.save_any_names_but_these("sine"),
        "all_but_sine": policies.save_anything_except_these_names("sine"),
        "moved": policies.offload_dot_with_no_batch_dims("device", "pinned_host"),
        "named": policies.save_and_offload_only_these_names(
            names_which_can_be_saved=["sine"],
            names_which_can_be_offloaded=["other"],
            offload_src="device",
            offload_dst="pinned_host",
        ),
        "both": policies.save_from_both_policies(
            policies.dots_saveable, policies.save_only_these_names("sine")
        ),
    }.items():
        g = mj.checkpoint(f, policy=policy)
        loss = lambda v, g=g: jnp.sum(g(v))  # noqa: E731
        close(mj.grad(loss)(x), expected)
        close(mj.jit(mj.grad(loss))(x), expected)
        close(mj.hessian(loss)(x), second)
        kept[name] = num_residuals(g, x) // x.size
    assert kept["none"] == kept["nothing"] == 1
    assert kept["moved"] == kept["named"] == 2
    assert kept["dots"] == kept["batchless"] == kept["sine"] == kept["any_but_sine"] == 2
    assert kept["both"] == 3
    assert kept["everything"] > 3


def test_a_name_is_saved_or_offloaded() -> None:
    with pytest.raises(ValueError, match="not both"):
        mj.checkpoint_policies.save_and_offload_only_these_names(
            names_which_can_be_saved=["a"],
            names_which_can_be_offloaded=["a"],
            offload_src="device",
            offload_dst="pinned_host",
        )


def test_policies_against_the_oracle(oracle: ModuleType) -> None:
    def program(lib: Any, x: Any) -> Any:
        f = lambda v: lib.numpy.sum(lib.numpy.sin(v @ v) ** 2)  # noqa: E731
        g = lib.checkpoint(f, policy=lib.checkpoint_policies.dots_saveable)
        return lib.value_and_grad(g)(x), lib.hessian(g)(x)

    x = np.outer(X, X)
    trees_close(program(mj, x), program(oracle, x))


def test_effects_and_custom_rules_inside() -> None:
    seen: list[float] = []

    @mj.custom_vjp
    def f(x: Any) -> Any:
        return jnp.sin(x)

    f.defvjp(lambda x: (f(x), jnp.cos(x)), lambda c, ct: (3 * c * ct,))

    def g(x: Any) -> Any:
        mj.debug.callback(lambda v: seen.append(float(v)), x)
        return f(x) * 2

    close(mj.grad(mj.checkpoint(g))(0.3), 6 * np.cos(0.3))
    assert seen
    assert set(seen) == {0.3}


def test_the_recomputation_stays_in_compiled_programs() -> None:
    f = lambda x: jnp.sum(mj.checkpoint(deep)(x))  # noqa: E731
    text = str(mj.make_jaxpr(mj.grad(f))(X))
    assert text.count("tanh") >= 10
