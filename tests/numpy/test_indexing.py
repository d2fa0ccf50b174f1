"""Reads and updates with static and traced indices, in loops, and their derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.errors import NonConcreteBooleanIndexError
from tests.numpy.oracle import agree

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

OPERANDS: dict[str, Any] = {
    "x": np.array([0.5, -1.25, 2.0, 0.75]),
    "m": np.arange(12.0).reshape(3, 4) / 7 - 0.6,
    "t": np.arange(36.0).reshape(3, 3, 4) / 17 - 1.0,
    "v": np.array([1.5, -0.5]),
}
SCALARS = [0, 2, -1, -4, 7, -9]
VECTORS = [[0, 2], [-1, 1], [1, 1], [9, -7]]

# Reads of x, m, t at a traced int i.
READS_AT_INT = """
x[i]
m[i]
m[:, i]
m[i, 1:]
m[1:, i]
m[i, ::-2]
m[i, None]
m[i, i]
m[..., i]
t[0, i]
t[i, :, 1]
t[:, i, ::2]
t[1, ..., i]
x[i + 1]
x.at[i].get(mode='fill')
x.at[i].get(mode='fill', fill_value=3.0)
x.at[i].get(mode='clip')
m.at[:, i].get(mode='fill', fill_value=-1.0)
jnp.take(m, i, axis=1)
jnp.take(m, i, axis=0, mode='wrap')
jnp.take(m, i, axis=0, mode='clip')
""".strip().splitlines()

# Reads at a traced vector of ints i of length 2.
READS_AT_VECTOR = """
x[i]
m[i]
m[:, i]
m[i, i]
m[i, 1]
m[i, 1:]
m[i[:, None], i]
m[i, ::-1]
t[:, i]
t[0, :, i]
t[i, :, i]
t[:, i, i]
t[:, i, None, 1:3]
t[..., i]
x.at[i].get(mode='fill')
x.at[i].get(mode='fill', fill_value=3.0)
x.at[i].get(mode='clip')
m.at[i, i].get(mode='fill', fill_value=-1.0)
m.at[:, i].get(wrap_negative_indices=False, mode='clip')
jnp.take(m, i)
jnp.take(m, i, axis=1, mode='wrap')
jnp.take_along_axis(m[:2], i[:, None], 1)
jnp.take_along_axis(m[:2], i[:, None], 1, mode='clip')
""".strip().splitlines()

UPDATES_AT_INT = """
x.at[i].set(v[0])
x.at[i].add(v[0])
x.at[i].multiply(v[0])
x.at[i].divide(v[0])
x.at[i].subtract(v[0])
x.at[i].min(v[0])
x.at[i].max(v[0])
x.at[i].set(v[0], mode='clip')
x.at[i].add(v[0], mode='clip')
x.at[i].set(v[0], mode='drop')
m.at[i].set(x)
m.at[i].add(v[0])
m.at[i, 1:3].set(v)
m.at[i, 1:3].add(v, mode='clip')
m.at[:, i].set(v[1])
m.at[::2, i].add(v)
m.at[i, i].set(v[0])
m.at[i, ::-2].multiply(v)
t.at[0, i].set(x)
t.at[:, i, 1].add(v[0])
""".strip().splitlines()

UPDATES_AT_VECTOR = """
x.at[i].set(v)
x.at[i].add(v)
x.at[i].subtract(v)
x.at[i].min(v)
x.at[i].max(v)
x.at[i].set(v[0])
x.at[i].add(v, mode='clip')
x.at[i].set(v, mode='drop')
m.at[i].add(x)
m.at[:, i].add(v)
m.at[i, 1:].add(v[:, None])
m.at[i[:, None], i].add(v)
m.at[0, i].set(v)
t.at[:, i, 1].add(v)
t.at[0, :, i].add(v[:, None])
x.at[i].add(v, wrap_negative_indices=False)
""".strip().splitlines()

TRACED = (
    [(line, SCALARS) for line in READS_AT_INT + UPDATES_AT_INT]
    + [(line, VECTORS) for line in READS_AT_VECTOR + UPDATES_AT_VECTOR]
)  # fmt: skip


def function_of(expression: str, library: ModuleType) -> Callable[..., Any]:
    """Returns the function of (x, m, t, v) and the index i that an expression states."""
    return eval(f"lambda operands, i: {_unpacked(expression)}", {"jnp": library.numpy})


def _unpacked(expression: str) -> str:
    names = ", ".join(OPERANDS)
    values = ", ".join(f"operands[{name!r}]" for name in OPERANDS)
    return f"(lambda {names}: {expression})({values})"


def value_and_gradients(expression: str, library: ModuleType) -> Callable[..., Any]:
    """Returns the value, and gradients of a projection of the squared value."""
    f = function_of(expression, library)

    def projection(operands: Any, i: Any) -> Any:
        y = f(operands, i)
        weights = np.cos(1.0 + np.arange(int(np.prod(y.shape)))).reshape(y.shape)
        return library.numpy.sum(y * y * weights), y

    def both(operands: Any, i: Any) -> Any:
        gradients, value = library.grad(projection, has_aux=True)(operands, i)
        return {"value": value} | gradients

    return both


def arrays(library: ModuleType) -> dict[str, Any]:
    return {name: library.numpy.asarray(value) for name, value in OPERANDS.items()}


def _is_clipped_read(expression: str, index: Any) -> bool:
    """Whether a read without a mode is out of bounds of an axis of length 3.

    Its value is that of the nearest place in both libraries. The derivative here goes to the place
    that was read; that of the oracle is lost.
    """
    is_outside = bool(np.any((np.asarray(index) < -3) | (np.asarray(index) >= 3)))
    return is_outside and ".at[" not in expression and "mode" not in expression


def assert_close(ours: Any, theirs: Any, what: str) -> None:
    for name in theirs:
        np.testing.assert_allclose(
            np.asarray(ours[name]),
            np.asarray(theirs[name]),
            1e-12,
            1e-12,
            err_msg=f"{what}: {name}",
        )


@pytest.mark.parametrize(("expression", "indices"), TRACED, ids=[line for line, _ in TRACED])
def test_traced_index(expression: str, indices: list[Any], oracle: ModuleType) -> None:
    """Values and gradients, compiled once for all indices, mapped over them, and eager."""
    run, expected = mj.jit(value_and_gradients(expression, mj)), []
    run_oracle = oracle.jit(value_and_gradients(expression, oracle))
    for index in indices:
        theirs = run_oracle(arrays(oracle), oracle.numpy.asarray(index))
        expected.append({name: np.asarray(value) for name, value in theirs.items()})
        ours = run(arrays(mj), mj.numpy.asarray(index))
        if _is_clipped_read(expression, index):
            theirs = expected[-1] = {"value": expected[-1]["value"]}
        assert_close(ours, theirs, f"{expression} at {index}")
    eager = value_and_gradients(expression, mj)(arrays(mj), mj.numpy.asarray(indices[1]))
    assert_close(eager, expected[1], f"{expression} at {indices[1]}, eager")
    mapped = mj.jit(mj.vmap(value_and_gradients(expression, mj), in_axes=(None, 0)))
    compared = expected[-1]  # out of bounds, where clipped reads compare the value only
    stacked = {name: np.stack([row[name] for row in expected]) for name in compared}
    ours = mapped(arrays(mj), mj.numpy.asarray(indices))
    assert_close(ours, stacked, f"{expression}, mapped over indices")


STATIC = """
x[1:3]
x[::-1]
x[-2:]
m[1]
m[-1, 2]
m[:, 1:3]
m[::2, ::-1]
m[None, 1, :, None]
m[..., 0]
t[0, 1:, ::2]
m[np.array([0, 2])]
m[np.array([True, False, True])]
m[:, np.array([True, False, True, True])]
m[m_mask]
m[[0, 2], [1, 3]]
x.at[1].set(v[0])
x.at[::2].set(v)
x.at[1:3].set([1.5, 2.5])
x.at[np.array([0, 2])].add((1, v[0]))
x.at[::-2].add(v)
m.at[1].set(x)
m.at[1, 2].add(v[0])
m.at[:, 1].multiply(v[0])
m.at[0:2, 1].set(v)
m.at[m_mask].set(v[0])
m.at[m_mask].add(v[1])
m.at[1].power(2)
m.at[0, 1:3].divide(v)
m.at[...].set(v[0])
m.at[None, 1].add(v[0])
m.at[2].min(x)
m.at[2].max(x)
t.at[0, :, np.array([0, 2])].set(v[:, None])
""".strip().splitlines()


@pytest.mark.parametrize("expression", STATIC)
def test_static_index(expression: str, oracle: ModuleType) -> None:
    expression = expression.replace("m_mask", "(np.arange(12).reshape(3, 4) % 5 == 1)")
    expression = expression.replace("np.", "__import__('numpy').")
    theirs = oracle.jit(value_and_gradients(expression, oracle))(arrays(oracle), 0)
    f = value_and_gradients(expression, mj)
    assert_close(f(arrays(mj), 0), theirs, f"{expression}, eager")
    assert_close(mj.jit(f)(arrays(mj), 0), theirs, f"{expression}, compiled")
    twice = {name: np.stack([value, value * 0.5]) for name, value in OPERANDS.items()}
    rows = mj.vmap(f, in_axes=(0, None))({k: mj.numpy.asarray(a) for k, a in twice.items()}, 0)
    assert_close({name: value[0] for name, value in rows.items()}, theirs, f"{expression}, mapped")


LOOPS: dict[str, str] = {
    "a read in a scan": "lib.lax.scan(lambda c, k: (c * 0.5 + x[k] * x[k], c), 0.3, ks)",
    "a row in a scan": "lib.lax.scan(lambda c, k: (c * m[k % 3], c), m[0], ks)",
    "a negative read in a scan": "lib.lax.scan(lambda c, k: (c + x[-k - 1] * c, x[k]), 0.3, ks)",
    "a read in fori_loop": "lib.lax.fori_loop(0, 4, lambda k, c: c * 0.5 + x[k] ** 2, 0.3)",
    "set in fori_loop": "lib.lax.fori_loop(1, 4, lambda k, c: c.at[k].set(c[k - 1] * x[k]), x)",
    "add in fori_loop": "lib.lax.fori_loop(1, 4, lambda k, c: c.at[k].add(c[k - 1] ** 2), x)",
    "multiply in fori_loop": "lib.lax.fori_loop(0, 4, lambda k, c: c.at[k].multiply(c[-k]), x)",
    "a row set in a loop": "lib.lax.fori_loop(1, 3, lambda k, c: c.at[k].set(c[k - 1] * x), m)",
    "an element of a matrix": "lib.lax.fori_loop(0, 3, lambda k, c: c.at[k, k].add(c[0, k]), m)",
    "a column in a scan": "lib.lax.scan(lambda c, k: (c.at[:, k].multiply(v[0]), c[:, k]), m, ks)",
    "out of bounds in a loop": "lib.lax.fori_loop(2, 7, lambda k, c: c.at[k].add(x[k]), x)",
    "a vector of indices": "lib.lax.scan(lambda c, k: (c.at[ks - k].add(x), c[ks]), x * x, ks)",
}


@pytest.mark.parametrize("name", LOOPS)
def test_indexing_in_loops(name: str, oracle: ModuleType) -> None:
    results = []
    for library in (oracle, mj):
        f = _loss_of_loop(LOOPS[name], library)
        both = library.jit(library.value_and_grad(f))
        value, gradients = both(arrays(library))
        direction = arrays(library)
        second = library.jit(
            lambda p, d, f=f, library=library: library.jvp(library.grad(f), (p,), (d,))[1]
        )(arrays(library), direction)
        results.append((value, gradients, second))
    (theirs, their_gradients, their_second), (ours, our_gradients, our_second) = results
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), 1e-12, err_msg=name)
    assert_close(our_gradients, their_gradients, name)
    assert_close(our_second, their_second, f"{name}, second order")


def _loss_of_loop(expression: str, library: ModuleType) -> Callable[[Any], Any]:
    run = eval(
        f"lambda operands: {_unpacked(expression)}",
        {"jnp": library.numpy, "lib": library, "ks": library.numpy.arange(4)},
    )

    def loss(operands: Any) -> Any:
        leaves = library.tree_util.tree_leaves(run(operands))
        return sum(library.numpy.sum(library.numpy.sin(leaf)) for leaf in leaves)

    return loss


REFUSED = """
x[m > 0]
x['a']
x[1.5]
x[0, 0]
m[:, :, 0]
m[..., ...]
x[np.array([True, False])]
x.at[0].set(x)
m.at[0].set(x[:3])
x.at[0:2].add(y)
x.at[jnp.array([1.0])].set(0)
x.at[0].get(mode='nonsense')
""".strip().splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_refused(expression: str, oracle: ModuleType) -> None:
    agree(expression, oracle)


def test_traced_mask_needs_a_size() -> None:
    with pytest.raises(NonConcreteBooleanIndexError):
        mj.jit(lambda x: x[x > 0])(mj.numpy.ones(3))


def test_clipped_reads_have_the_derivative_of_the_place_read() -> None:
    def read(x: Any, i: Any) -> Any:
        return mj.numpy.sum(x[i])

    for index, slope in ((9, [0, 0, 1]), ([7, -8], [1, 0, 1]), ([1, 3], [0, 1, 1])):
        for f in (mj.grad(read), mj.jit(mj.grad(read))):
            found = f(mj.numpy.ones(3), mj.numpy.asarray(index))
            np.testing.assert_array_equal(np.asarray(found), slope)


# The oracle has no derivatives of products at indices that may repeat.
@pytest.mark.parametrize("index", [[0, 2], [1, 1], [3, -9]])
@pytest.mark.parametrize("method", ["multiply", "divide"])
def test_derivatives_of_products(method: str, index: list[int]) -> None:
    x, v = np.array([0.5, -1.25, 2.0, 0.75]), np.array([1.5, -0.5])

    def f(x: Any, v: Any) -> Any:
        y = getattr(x.at[mj.numpy.asarray(index)], method)(v)
        return mj.numpy.sum(mj.numpy.sin(y))

    gradients = mj.jit(mj.grad(f, argnums=(0, 1)))(x, v)
    for number, point in enumerate((x, v)):
        for k in range(point.size):
            step = np.zeros(point.size)
            step[k] = 1e-6
            high, low = [x, v], [x, v]
            high[number], low[number] = point + step, point - step
            arrays_high, arrays_low = (map(mj.numpy.asarray, both) for both in (high, low))
            slope = (float(f(*arrays_high)) - float(f(*arrays_low))) / 2e-6
            assert float(gradients[number][k]) == pytest.approx(slope, abs=1e-7)


def test_values_of_another_kind_are_cast_with_a_warning() -> None:
    x = jnp.arange(3)
    for change in (
        lambda p: p.set(1.5),
        lambda p: p.add(np.float32(1.5)),
        lambda p: p.apply(jnp.sin),
    ):
        with pytest.warns(FutureWarning, match="cannot safely cast") as found:
            assert change(x.at[1]).dtype == x.dtype
        assert found[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x.at[0].set(True)
        x.at[0].divide(2)
        jnp.zeros(3, jnp.float32).at[0].set(np.float64(0.1))
        jnp.zeros(3, jnp.complex64).at[0].set(np.float64(0.1))
