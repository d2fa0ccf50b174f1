"""Functions of functions are called in groups of lanes, for more elements than one call takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.emit.lanes import function_bytes
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

CHAINS: dict[str, Callable[[Any], Any]] = {
    "log of exp of tanh": lambda x: jnp.log1p(jnp.exp(-x * jnp.tanh(x))),
    "powers": lambda x: jnp.exp(x) ** 0.3 + jnp.arctan2(jnp.sin(x), 2.0),
    "a sum": lambda x: jnp.sum(jnp.exp(jnp.sin(x)), keepdims=True),
    "rows": lambda x: jnp.sum(jnp.exp(jnp.sin(x[:, None] * x)), axis=1),
    "a gradient": mj.grad(lambda x: jnp.sum(jnp.log1p(jnp.exp(jnp.tanh(x))))),
    "where": lambda x: jnp.where(x > 0, jnp.sin(jnp.exp(-x)), jnp.cos(x)),
}


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1, 3, 15, 16, 33, 301])
def test_chains_agree_with_the_evaluator(name: str, dtype: str, size: int) -> None:
    x = np.random.default_rng(size).standard_normal(size).astype(dtype)
    compiled = np.asarray(mj.jit(CHAINS[name])(x))
    with back_end(evaluate):
        expected = np.asarray(mj.jit(lambda x: CHAINS[name](x))(x))
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(compiled, expected, rtol=tolerance, atol=tolerance)


def test_calls_of_one_function_follow_each_other() -> None:
    text = mj.jit(CHAINS["log of exp of tanh"]).lower(np.zeros(640)).llvm_ir()
    lanes = function_bytes() // 8
    found = re.findall(rf"call <{lanes} x double> @(\w+)_f64x{lanes}\(", text)
    assert found[:6] == ["tanh", "tanh", "exp", "exp", "log1p", "log1p"]
