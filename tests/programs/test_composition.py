"""Transformations compose: every program, under stacks of transformations, equals the oracle."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from tests.programs.base_programs import (
    DERIVATIVE_ORDER,
    PROGRAMS,
    REVERSE_ONLY,
    TRANSFORMATIONS,
    reduced,
    transformed,
)

_PER_PROGRAM = 14
_HIGHEST_ORDER = 3

Stack = tuple[str, ...]


def _is_allowed(name: str, stack: Stack) -> bool:
    forward = {"jvp", "linearize", "hvp"}
    if name in REVERSE_ONLY and forward & set(stack):
        return False
    return sum(DERIVATIVE_ORDER.get(t, 0) for t in stack) <= _HIGHEST_ORDER


def _stacks() -> Iterator[tuple[str, Stack]]:
    """Yields every single transformation, and a sample of the stacks of two and three."""
    sample = random.Random(0)
    deeper = [s for n in (2, 3) for s in itertools.product(TRANSFORMATIONS, repeat=n)]
    for name in PROGRAMS:
        singles = [(t,) for t in TRANSFORMATIONS]
        allowed = [s for s in deeper if _is_allowed(name, s)]
        for stack in [*singles, *sample.sample(allowed, _PER_PROGRAM - len(singles))]:
            if _is_allowed(name, stack):
                yield name, stack


# The oracle runs each program once: most of its time would go into optimizing it.
_QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


@functools.cache
def _expected(oracle: ModuleType, name: str, stack: Stack) -> list[np.ndarray]:
    point = PROGRAMS[name].point
    lowered = oracle.jit(transformed(oracle, name, stack)).lower(point)
    out = lowered.compile(compiler_options=_QUICKLY)(point)
    return [np.asarray(leaf) for leaf in oracle.tree_util.tree_leaves(out)]


def _assert_close(found: Any, expected: list[np.ndarray], rtol: float = 1e-9) -> None:
    leaves = mj.tree_util.tree_leaves(found)
    assert [(leaf.shape, leaf.dtype) for leaf in leaves] == [(e.shape, e.dtype) for e in expected]
    for leaf, reference in zip(leaves, expected, strict=True):
        scale = max(1.0, float(np.max(np.abs(reference), initial=0.0)))
        np.testing.assert_allclose(np.asarray(leaf), reference, rtol=rtol, atol=rtol * scale)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "stack"), [pytest.param(n, s, id=f"{n}-{'-'.join(s)}") for n, s in _stacks()]
)
def test_a_stack_of_transformations_equals_the_oracle(
    oracle: ModuleType, name: str, stack: Stack
) -> None:
    expected = _expected(oracle, name, reduced(stack))
    point = PROGRAMS[name].point
    eager = transformed(mj, name, stack)(point)
    _assert_close(eager, expected)
    compiled = mj.jit(transformed(mj, name, stack))(point)
    _assert_close(compiled, [np.asarray(leaf) for leaf in mj.tree_util.tree_leaves(eager)], 1e-11)


@pytest.mark.oracle
def test_jit_inside_grad_inside_vmap_inside_scan_inside_jit(oracle: ModuleType) -> None:
    def nested(module: ModuleType) -> Callable[[Any], Any]:
        numpy = module.numpy
        inner = module.jit(lambda x, y: numpy.sum(numpy.sin(x) * y**2) / (1.0 + y @ y))
        mapped = module.vmap(module.grad(inner, argnums=1), in_axes=(None, 0))

        def step(ys: Any, x: Any) -> Any:
            ys = ys - 0.1 * mapped(x, ys)
            return ys, numpy.sum(ys, axis=0)

        return module.jit(lambda xs, ys: module.lax.scan(step, ys, xs))

    points = np.linspace(-1.0, 1.0, 12).reshape(4, 3), np.linspace(0.5, 1.5, 6).reshape(2, 3)
    expected = oracle.tree_util.tree_leaves(nested(oracle)(*points))
    _assert_close(nested(mj)(*points), [np.asarray(leaf) for leaf in expected], 1e-12)


# -- all ways to one Hessian

POINT = np.array([0.3, -0.7, 1.1, 0.2])


def _energy(x: Any) -> Any:
    def step(carry: Any, element: Any) -> Any:
        carry = jnp.tanh(carry * 0.5 + element) + 0.1 * element**2
        return carry, carry * element

    last, history = lax.scan(step, 0.2, x)
    chosen = lax.cond(x[0] > 0.0, jnp.sin, jnp.cos, x * jnp.roll(x, 1))
    return last + jnp.sum(history) + jnp.sum(chosen) * jnp.prod(x[1:])


def _columns(product: Callable[[np.ndarray], Any]) -> np.ndarray:
    return np.stack([np.asarray(product(v)) for v in np.eye(len(POINT))], axis=1)


def _by_mode(mode: str) -> np.ndarray:
    return _columns(lambda v: mj.hessian_vector_product(_energy, POINT, v, mode=mode))


HESSIANS: dict[str, Callable[[], Any]] = {
    "jacfwd of jacfwd": lambda: mj.jacfwd(mj.jacfwd(_energy))(POINT),
    "jacfwd of jacrev": lambda: mj.jacfwd(mj.jacrev(_energy))(POINT),
    "jacrev of jacfwd": lambda: mj.jacrev(mj.jacfwd(_energy))(POINT),
    "jacrev of jacrev": lambda: mj.jacrev(mj.jacrev(_energy))(POINT),
    "compiled": lambda: mj.jit(mj.hessian(_energy))(POINT),
    "product, forward over reverse": lambda: _by_mode("forward_over_reverse"),
    "product, reverse over reverse": lambda: _by_mode("reverse_over_reverse"),
    "product, reverse over forward": lambda: _by_mode("reverse_over_forward"),
    "linearize of grad": lambda: _columns(mj.linearize(mj.grad(_energy), POINT)[1]),
    "vmap of linearize of grad": lambda: mj.vmap(mj.linearize(mj.grad(_energy), POINT)[1])(
        np.eye(4)
    ),
    "vjp of grad": lambda: _columns(lambda v: mj.vjp(mj.grad(_energy), POINT)[1](v)[0]),
    "grad of a product with grad": lambda: _columns(
        mj.jit(lambda v: mj.grad(lambda x: jnp.vdot(mj.grad(_energy)(x), v))(POINT))
    ),
    "checkpointed": lambda: mj.hessian(mj.checkpoint(_energy))(POINT),
    "jvp of jitted grad": lambda: _columns(
        lambda v: mj.jvp(mj.jit(mj.grad(mj.jit(_energy))), (POINT,), (v,))[1]
    ),
}


@pytest.mark.parametrize("way", HESSIANS)
def test_all_ways_to_one_hessian_agree(way: str) -> None:
    reference = np.asarray(mj.hessian(_energy)(POINT))
    np.testing.assert_allclose(reference, reference.T, atol=1e-12)
    np.testing.assert_allclose(np.asarray(HESSIANS[way]()), reference, atol=1e-10, rtol=1e-10)
