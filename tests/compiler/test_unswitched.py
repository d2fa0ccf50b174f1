"""A bool that does not change in a loop stands in front of it where that spares work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

X = np.linspace(-3.0, 3.0, 203)
WHOLE = np.arange(203)

PROGRAMS: dict[str, Callable[..., Any]] = {
    "select": lambda flag, x, n: jnp.where(flag, jnp.sin(x), x),
    "and": lambda flag, x, n: flag & (jnp.sin(x) > 0.1),
    "or": lambda flag, x, n: (jnp.sin(x) > 0.1) | flag,
    "not of and": lambda flag, x, n: ~(flag & (n % 7 == 0)) & (n > 3),
    "two flags": lambda flag, x, n: jnp.where(flag & (x[3] > 0), jnp.where(flag, jnp.exp(x), 1), n),
    "two results": lambda flag, x, n: (jnp.where(flag, jnp.sin(x), x), jnp.exp(x) * flag),
    "a flag that is computed": lambda flag, x, n: jnp.where(x[5] > x[7], jnp.exp(x), jnp.cos(x)),
    "rows": lambda flag, x, n: jnp.where(flag, jnp.exp(x[:, None] * x), x[None, :]),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("flag", [False, True])
def test_both_loops_agree_with_the_evaluator(name: str, flag: bool) -> None:
    function = PROGRAMS[name]
    compiled = mj.jit(function)(flag, X, WHOLE)
    with back_end(evaluate):
        expected = mj.jit(lambda *args: function(*args))(flag, X, WHOLE)
    leaves = mj.tree_util.tree_leaves
    for got, want in zip(leaves(compiled), leaves(expected), strict=True):
        np.testing.assert_allclose(np.asarray(got), np.asarray(want), rtol=1e-15, atol=1e-15)


def loops(function: Callable[..., Any], *args: Any) -> int:
    return mj.jit(function).lower(*args).llvm_ir().count("phi i64")


def test_a_costly_choice_has_two_loops() -> None:
    assert loops(PROGRAMS["select"], True, X, WHOLE) == 2


def test_a_cheap_choice_has_one() -> None:
    assert loops(lambda flag, x: jnp.where(flag, 2 * x, x), True, X) == 1


def test_in_place_the_other_loop_keeps_what_is_there() -> None:
    def strike(p: Any, prime: Any) -> Any:
        return prime & ~((WHOLE % p == 0) & (p < WHOLE) & prime[p])

    found = mj.jit(lambda: mj.lax.fori_loop(2, 15, strike, jnp.asarray(WHOLE > 1)))()
    assert int(np.sum(np.asarray(found))) == 46
