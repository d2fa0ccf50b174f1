"""Bools that are known in front of a loop over vectors, as wide as the numbers they meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.engine import host
from tests.compiler.programs import aval, check_function


def chosen(x: Any, flags: Any) -> Any:
    return jnp.where(flags[:, None], x + 1, x * 2)


def met(x: Any, flags: Any) -> Any:
    return jnp.where((x > 0) | flags[:, None], x, -x * 3)


def both(x: Any, flags: Any) -> Any:
    rare = flags & (jnp.sum(x, axis=1) > 0)
    return jnp.where(~(rare[:, None] & (x < 1)) & (x != 0), x, -x * 3)


def stored(x: Any, flags: Any) -> Any:
    return (x > 0) ^ ((x < 1) & flags[:, None])


FUNCTIONS = (chosen, met, both, stored)
DTYPES = ("float64", "float32", "int64", "int32", "int8")
CASES = [(chosen, "complex128"), *((f, dtype) for f in FUNCTIONS for dtype in DTYPES)]


@pytest.mark.parametrize("columns", (3, 8, 30, 129))
@pytest.mark.parametrize(("function", "dtype"), CASES)
def test_flags_of_rows(function: Callable[..., Any], dtype: str, columns: int) -> None:
    def program(x: Any, numbers: Any) -> Any:
        return [function(x, numbers > 0)]

    tolerance = 1e-6 if dtype == "float32" else 1e-13
    check_function(program, aval(40, columns, dtype=dtype), aval(40), tolerance=tolerance)


@pytest.mark.skipif(host().vector_bytes != 32, reason="of registers of 32 bytes")
def test_a_flag_is_not_widened_in_the_loop() -> None:
    x = np.ones((100, 64))
    text = mj.jit(met).lower(x, x[:, 0] > 0).assembly()
    loop = next(part for part in text.split("\n.LBB") if "vpandn" in part or "vblendv" in part)
    assert "vpackss" not in loop
    assert "vpmovsx" not in loop
