"""Complex numbers whose lanes stand in the order of the halves of a register."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax.numpy as jnp
from minijax import jit

_PROGRAMS: dict[str, Callable[..., Any]] = {
    "product": lambda np, x, y, r: x * y,
    "chain": lambda np, x, y, r: (x * y - 2j) / (y + x) + 1,
    "one row": lambda np, x, y, r: x * y[:1],
    "one column": lambda np, x, y, r: x * y[:, :1],
    "turned round": lambda np, x, y, r: x * y[:, ::-1],
    "every second": lambda np, x, y, r: (
        x[:, ::2] * y[:, 1::2][:, : x[:, ::2].shape[1]] if x.shape[1] % 2 == 0 else x
    ),
    "shifted": lambda np, x, y, r: x[:, 1:] * y[:, :-1],
    "transposed": lambda np, x, y, r: x.T * 2j,
    "real numbers too": lambda np, x, y, r: x * r,
    "real result": lambda np, x, y, r: (x * y).real,
    "places": lambda np, x, y, r: x * np.arange(x.shape[1]),
    "choice": lambda np, x, y, r: np.where(x == y, x, y * 1j),
    "choice by place": lambda np, x, y, r: np.where(np.arange(x.shape[1]) < 3, x, y),
    "joined": lambda np, x, y, r: np.concatenate([x, y], axis=1) * 1j,
    "function": lambda np, x, y, r: np.exp(x) * y,
    "sums": lambda np, x, y, r: (x * y).sum(axis=1),
    "two results": lambda np, x, y, r: (x * y, x + y),
    "results of two kinds": lambda np, x, y, r: (x * y, (x + y).imag),
}


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("name", _PROGRAMS)
def test_programs_of_complex_numbers(name: str, dtype: str) -> None:
    program = _PROGRAMS[name]
    rng = np.random.default_rng(0)
    for n in (1, 3, 4, 7, 8, 16, 21):
        x, y = (rng.normal(size=(3, n, 2)).view(np.complex128)[..., 0] for _ in range(2))
        x, y, r = x.astype(dtype), y.astype(dtype), rng.normal(size=(3, n)).astype(x.real.dtype)
        x[:, 0] = y[:, 0]
        r = r.astype(x.real.dtype)
        wanted = program(np, x, y, r)
        found = jit(lambda x, y, r: program(jnp, x, y, r))(x, y, r)
        both = zip(found, wanted, strict=True) if type(wanted) is tuple else [(found, wanted)]
        for a, b in both:
            tolerance = 1e-13 if dtype == "complex128" else 2e-5
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
