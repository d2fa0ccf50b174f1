"""What only a product reads lies in the order of the memory it is computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minijax.numpy as jnp
from minijax import lax
from minijax.kernel.roots import Dot, Value
from tests.compiler.programs import aval, check_function


def _operands(function: Callable[..., Any], *shapes: tuple[int, ...]) -> tuple[Value, Value]:
    """Compiles and compares a function with one product; returns what the product reads."""
    found = check_function(lambda *x: [function(*x)], *(aval(*shape) for shape in shapes))
    definitions = [step.definition for step in found.plan.fused.steps]
    (product,) = (x for x in definitions if isinstance(x, Dot))
    return product.lhs, product.rhs


def _chain(a: Any, w: Any) -> Any:
    """A chain of more operations than are kept inline."""
    x = a.T * w
    for k in range(15):
        x = jnp.where(x > k, jnp.exp(-x), x * w) + a.T
    return x @ a


def test_an_operand_has_the_order_of_its_source() -> None:
    lhs, rhs = _operands(lambda a, w: (jnp.exp(a.T) * w) @ a, (200, 24), (200,))
    assert (lhs.shape, rhs.shape) == ((200, 24), (200, 24))


def test_the_right_operand_too() -> None:
    lhs, rhs = _operands(lambda a, b: a @ jnp.exp(b).T, (40, 50), (60, 50))
    assert (lhs.shape, rhs.shape) == ((40, 50), (60, 50))


def test_all_of_a_long_chain_has_the_order_of_its_source() -> None:
    found = check_function(lambda a, w: [_chain(a, w)], aval(120, 24), aval(120), tolerance=1e-9)
    steps = [step.definition for step in found.plan.fused.steps]
    stored = [out.shape for step in steps for out in getattr(step, "outs", ()) if out.ndim == 2]
    assert stored
    assert set(stored) == {(120, 24)}


def test_batches_stay_in_front() -> None:
    def products(a: Any, b: Any) -> Any:
        return lax.batch_matmul(jnp.exp(jnp.swapaxes(a, 1, 2)), b)

    lhs, rhs = _operands(products, (3, 40, 20), (3, 40, 25))
    assert (lhs.shape, rhs.shape) == ((3, 40, 20), (3, 40, 25))


def test_groups_of_axes_stay_together() -> None:
    def product(a: Any, b: Any) -> Any:
        return jnp.einsum("ijk,kl->ijl", jnp.exp(jnp.transpose(a, (1, 2, 0))), b)

    # The kept axes follow each other in memory, as a matrix needs them.
    assert _operands(product, (30, 4, 20), (30, 25))[0].shape == (30, 4, 20)


@pytest.mark.parametrize(
    "function",
    (
        lambda a, b: jnp.exp(a.T) @ b,
        lambda a, b: (jnp.exp(a.T) + b[:, :1].T) @ b,
    ),
    ids=("one", "with a row"),
)
def test_what_is_read_along_the_rows_counts(function: Callable[..., Any]) -> None:
    assert _operands(function, (40, 30), (40, 35))[0].shape == (40, 30)


def test_sources_that_disagree_leave_the_order() -> None:
    lhs, _ = _operands(lambda a, b: (jnp.exp(a.T) + b) @ a, (200, 24), (24, 200))
    assert lhs.shape == (24, 200)


def test_others_that_read_an_operand_leave_the_order() -> None:
    def both(a: Any) -> Any:
        b = jnp.exp(a.T) * 2.0
        return [b @ a, b]

    found = check_function(both, aval(200, 24))
    (product,) = (x.definition for x in found.plan.fused.steps if isinstance(x.definition, Dot))
    assert product.lhs.shape == (24, 200)


def test_a_short_last_axis_leaves_the_order() -> None:
    lhs, _ = _operands(lambda a, b: jnp.exp(a.T) @ b, (900, 3), (900, 40))
    assert lhs.shape == (3, 900)
