"""Programs that are composed with transformations, written once for minijax and for the oracle.

A program takes one pytree of floating point leaves and returns a pytree of such leaves, so that
every transformation of it is again such a function (`TRANSFORMATIONS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

Function = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the table.

    Attributes:
        build: makes the function from the module `minijax` or `jax`.
        point: where it is evaluated.
    """

    build: Callable[[ModuleType], Function]
    point: Any


def _numbers(*shape: int, seed: int = 0, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, shape)


def perceptron_loss(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def loss(params: Any) -> Any:
        hidden = _numbers(4, 3, seed=1)
        for weights, bias in params["layers"]:
            hidden = jnp.tanh(hidden @ weights + bias)
        return jnp.mean((hidden - 0.5) ** 2) + 0.1 * params["penalty"] ** 2

    return loss


def recurrent_network(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def run(params: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            state = jnp.tanh(params["w"] @ state + x)
            return state, jnp.sum(state * params["b"])

        state, readouts = mj.lax.scan(step, params["b"], _numbers(5, 3, seed=2))
        return {"state": state, "readouts": readouts}

    return run


def branches(mj: ModuleType) -> Function:
    jnp, lax = mj.numpy, mj.lax

    def f(x: Any) -> Any:
        y = lax.cond(jnp.sum(x) > 0.3, jnp.sin, lambda v: v**3 - v, x)
        which = jnp.where(x[0] > 0.0, 2, 0)
        return lax.switch(which, [jnp.cos, jnp.exp, lambda v: v[::-1] * v], y * x)

    return f


def bounded_while(mj: ModuleType) -> Function:
    """The oracle cannot transpose a `while_loop`; there the same loop has a static trip count."""
    jnp, lax = mj.numpy, mj.lax

    def body(state: Any) -> Any:
        i, value = state
        return i + 1, jnp.cos(value) * 1.5 + 0.1 * i

    def f(x: Any) -> Any:
        if mj.__name__ == "jax":
            return lax.fori_loop(0, 6, lambda _, state: body(state), (0, x))[1]
        return lax.while_loop(lambda state: state[0] < 6, body, (0, x))[1]

    return f


def loop_of_updates(mj: ModuleType) -> Function:
    jnp, lax = mj.numpy, mj.lax

    def f(x: Any) -> Any:
        def step(i: Any, history: Any) -> Any:
            return history.at[i].set(0.5 * history[i - 1] * x[i] + jnp.sin(history[i - 2]))

        return lax.fori_loop(2, 6, step, jnp.zeros(6).at[:2].add(x[:2]))

    return f


def gather_and_scatter(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        rows = np.array([3, 0, 3, 1])
        picked = x[rows, 1:] * jnp.take(x, jnp.array([2, 1, 0, 2]), axis=0)[:, :2]
        bins = jnp.zeros((3, 2)).at[jnp.array([0, 2, 2, 1])].add(picked)
        scaled = bins.at[1].multiply(x[0, :2])
        return scaled, x.at[::2, 0].set(picked[:2, 0])

    return f


def softmax(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        largest = mj.lax.stop_gradient(jnp.max(x, axis=-1, keepdims=True))
        normaliser = jnp.log(jnp.sum(jnp.exp(x - largest), axis=-1, keepdims=True)) + largest
        return jnp.exp(x - normaliser), mj.nn.logsumexp(x, axis=0), mj.nn.softmax(2.0 * x)

    return f


def einsum(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(operands: Any) -> Any:
        a, b = operands
        chained = jnp.einsum("ij,jk,lk->il", a, b, jnp.cos(a @ b))
        return chained, jnp.einsum("ii->i", b) * jnp.einsum("ij->", a)

    return f


def sort_and_cumulate(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        ordered = jnp.sort(x * jnp.array([1.0, -2.0, 3.0, -1.5, 0.5]))
        return jnp.cumsum(ordered**2), jnp.cumprod(ordered + 3.0), ordered[jnp.argsort(x)]

    return f


def custom_jvp_inside(mj: ModuleType) -> Function:
    jnp = mj.numpy

    @mj.custom_jvp
    def log1pexp(x: Any) -> Any:
        return jnp.log1p(jnp.exp(x))

    @log1pexp.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        return log1pexp(x), t * (1.0 - 1.0 / (1.0 + jnp.exp(x)))

    return lambda x: log1pexp(3.0 * x) * x


def custom_vjp_inside(mj: ModuleType) -> Function:
    """A vjp rule has no forward mode, so the stack of transformations must be reverse only."""
    jnp = mj.numpy

    @mj.custom_vjp
    def clipped(x: Any, limit: Any) -> Any:
        return jnp.sin(x) * limit

    def forward(x: Any, limit: Any) -> Any:
        return clipped(x, limit), (x, limit)

    def backward(residuals: Any, ct: Any) -> Any:
        x, limit = residuals
        return ct * jnp.tanh(jnp.cos(x) * limit), jnp.sum(ct * jnp.sin(x))

    clipped.defvjp(forward, backward)
    return lambda x: clipped(x, x[0] ** 2)


def checkpointed(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        block = mj.checkpoint(lambda v: jnp.sin(v) * jnp.exp(-v * v))
        return block(block(x)) + mj.lax.scan(lambda c, a: (block(c + a), c), 0.1, x)[1]

    return f


def nested_containers(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(tree: Any) -> Any:
        a, rest = tree["pair"]
        mixed = mj.tree.map(lambda v: jnp.sum(v) * a, rest)
        return [{"x": mixed["y"] * tree["scale"], "none": None}, (rest["y"] - a, mixed)]

    return f


def complex_inside(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        z = jnp.exp(1j * x) * (x[::-1] + 0.5j)
        product = jnp.conj(z) * z[0]
        return jnp.real(product), jnp.imag(z**2), jnp.abs(z)

    return f


def integer_bits(mj: ModuleType) -> Function:
    jnp, lax = mj.numpy, mj.lax

    def f(x: Any) -> Any:
        level = jnp.floor(jnp.abs(x) * 100.0).astype(jnp.uint32)
        mixed = (level ^ (level >> 3)) * jnp.uint32(2654435761)
        odd = lax.population_count(mixed) % 2 == 1
        return jnp.where(odd, x * x, jnp.sin(x)) * (mixed % 7).astype(x.dtype)

    return f


def guarded_branch(mj: ModuleType) -> Function:
    jnp = mj.numpy

    def f(x: Any) -> Any:
        safe = jnp.where(x > 0.0, x, 1.0)
        return jnp.where(x > 0.0, jnp.sqrt(safe) * jnp.log(safe), x**2), jnp.maximum(x, 0.1)

    return f


def windows_and_shapes(mj: ModuleType) -> Function:
    jnp, lax = mj.numpy, mj.lax

    def f(x: Any) -> Any:
        start = jnp.argmax(x[:, 0])
        window = lax.dynamic_slice(x, (start, 1), (2, 2))
        padded = jnp.pad(window, ((1, 0), (0, 1)))
        stacked = jnp.concatenate([padded, x[:2].T.reshape(2, 3) * 2.0], axis=0)
        return lax.dynamic_update_slice(stacked, window**2, (start, 0)), jnp.roll(x, 1, axis=0)

    return f


def constant_output(mj: ModuleType) -> Function:
    """Outputs that do not depend on the input, and an input that is not used."""
    jnp = mj.numpy

    def f(pair: Any) -> Any:
        used, _ = pair
        return jnp.ones(2), used * mj.lax.stop_gradient(used), jnp.zeros((0, 3))

    return f


PROGRAMS: dict[str, Program] = {
    "perceptron_loss": Program(
        perceptron_loss,
        {
            "layers": [
                (_numbers(3, 5, seed=3), _numbers(5, seed=4)),
                (_numbers(5, 2, seed=5), _numbers(2, seed=6)),
            ],
            "penalty": np.float64(0.7),
        },
    ),
    "recurrent_network": Program(
        recurrent_network, {"w": _numbers(3, 3, seed=7), "b": _numbers(3, seed=8)}
    ),
    "branches": Program(branches, np.array([0.4, -0.2, 0.6])),
    "bounded_while": Program(bounded_while, np.array([0.3, -1.2])),
    "loop_of_updates": Program(loop_of_updates, _numbers(6, seed=9)),
    "gather_and_scatter": Program(gather_and_scatter, _numbers(4, 3, seed=10)),
    "softmax": Program(softmax, _numbers(3, 4, seed=11)),
    "einsum": Program(einsum, (_numbers(2, 3, seed=12), _numbers(3, 3, seed=13))),
    "sort_and_cumulate": Program(sort_and_cumulate, _numbers(5, seed=14)),
    "custom_jvp_inside": Program(custom_jvp_inside, _numbers(3, seed=15)),
    "custom_vjp_inside": Program(custom_vjp_inside, _numbers(3, seed=16)),
    "checkpointed": Program(checkpointed, _numbers(4, seed=17)),
    "nested_containers": Program(
        nested_containers,
        {
            "pair": (np.float64(0.8), {"y": _numbers(2, seed=18), "z": [_numbers(3, seed=19)]}),
            "scale": _numbers(2, seed=20),
        },
    ),
    "complex_inside": Program(complex_inside, _numbers(3, seed=21)),
    "integer_bits": Program(integer_bits, _numbers(6, seed=22)),
    "guarded_branch": Program(guarded_branch, np.array([0.5, -0.5, 2.0, -3.0])),
    "windows_and_shapes": Program(windows_and_shapes, _numbers(4, 3, seed=23)),
    "constant_output": Program(constant_output, (_numbers(2, seed=24), np.float64(1.0))),
}

REVERSE_ONLY = {"custom_vjp_inside"}


def _tangent(mj: ModuleType, x: Any) -> Any:
    return mj.tree_util.tree_map(lambda leaf: mj.numpy.cos(3.0 * leaf) + 0.5, x)


def _copies(mj: ModuleType, x: Any) -> Any:
    return mj.tree_util.tree_map(lambda leaf: mj.numpy.stack([leaf, 0.9 * leaf]), x)


def scalar(mj: ModuleType, f: Function) -> Function:
    """Returns `f` followed by a weighted sum of all that it returns."""

    def total(x: Any) -> Any:
        leaves = mj.tree_util.tree_leaves(f(x))
        return sum(mj.numpy.sum(leaf * (1.0 + 0.3 * k)) for k, leaf in enumerate(leaves))

    return total


def _jit(mj: ModuleType, f: Function) -> Function:
    return mj.jit(f)


def _vmap(mj: ModuleType, f: Function) -> Function:
    return lambda x: mj.vmap(f)(_copies(mj, x))


def _scan(mj: ModuleType, f: Function) -> Function:
    return lambda x: mj.lax.scan(lambda _, each: (None, f(each)), None, _copies(mj, x))[1]


def _grad(mj: ModuleType, f: Function) -> Function:
    return mj.grad(scalar(mj, f))


def _jvp(mj: ModuleType, f: Function) -> Function:
    return lambda x: mj.jvp(f, (x,), (_tangent(mj, x),))


def _linearize(mj: ModuleType, f: Function) -> Function:
    def g(x: Any) -> Any:
        out, tangent_map = mj.linearize(f, x)
        return out, tangent_map(_tangent(mj, x))

    return g


def _checkpoint(mj: ModuleType, f: Function) -> Function:
    return mj.checkpoint(f)


def _hvp(mj: ModuleType, f: Function) -> Function:
    total = scalar(mj, f)
    if mj.__name__ == "jax":
        return lambda x: mj.jvp(mj.grad(total), (x,), (_tangent(mj, x),))[1]
    return lambda x: mj.hessian_vector_product(total, x, _tangent(mj, x))


TRANSFORMATIONS: dict[str, Callable[[ModuleType, Function], Function]] = {
    "jit": _jit,
    "vmap": _vmap,
    "grad": _grad,
    "jvp": _jvp,
    "linearize": _linearize,
    "checkpoint": _checkpoint,
    "hvp": _hvp,
    "scan": _scan,
}
DERIVATIVE_ORDER = {"grad": 1, "jvp": 1, "linearize": 1, "hvp": 2}

# What a transformation computes does not depend on how: the oracle runs the cheaper form.
_SAME_VALUE = {"jit": None, "checkpoint": None, "linearize": "jvp", "scan": "vmap"}


def transformed(mj: ModuleType, name: str, stack: tuple[str, ...]) -> Function:
    """Returns the named program under a stack of transformations, the innermost first."""
    f = PROGRAMS[name].build(mj)
    for transformation in stack:
        f = TRANSFORMATIONS[transformation](mj, f)
    return f


def reduced(stack: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a stack that has the same value and is cheaper for the oracle."""
    forms = (_SAME_VALUE.get(name, name) for name in stack)
    return tuple(form for form in forms if form is not None)
