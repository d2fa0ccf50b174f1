"""Results of elementwise functions for NaN, infinities and signed zeros, by the standard.

Source: https://data-apis.org/array-api/2024.12/API_specification/elementwise_functions.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp

NAN, INF, PI = math.nan, math.inf, math.pi

# Operands, and the result at the end. No dictionary: 0.0 and -0.0 would be one key.
Rows = tuple[tuple[Any, ...], ...]

UNARY: dict[str, Rows] = {
    "abs": (
        (NAN, NAN),
        (-0.0, 0.0),
        (-INF, INF),
    ),
    "acos": (
        (NAN, NAN),
        (1.5, NAN),
        (-1.5, NAN),
        (1.0, 0.0),
    ),
    "acosh": (
        (NAN, NAN),
        (0.5, NAN),
        (1.0, 0.0),
        (INF, INF),
    ),
    "asin": (
        (NAN, NAN),
        (1.5, NAN),
        (-1.5, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
    ),
    "asinh": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
    ),
    "atan": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, PI / 2),
        (-INF, -PI / 2),
    ),
    "atanh": (
        (NAN, NAN),
        (-1.5, NAN),
        (1.5, NAN),
        (-1.0, -INF),
        (1.0, INF),
        (0.0, 0.0),
        (-0.0, -0.0),
    ),
    "ceil": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
        (-0.5, -0.0),
        (2.0, 2.0),
    ),
    "cos": (
        (NAN, NAN),
        (0.0, 1.0),
        (-0.0, 1.0),
        (INF, NAN),
        (-INF, NAN),
    ),
    "cosh": (
        (NAN, NAN),
        (0.0, 1.0),
        (-0.0, 1.0),
        (INF, INF),
        (-INF, INF),
    ),
    "exp": (
        (NAN, NAN),
        (0.0, 1.0),
        (-0.0, 1.0),
        (INF, INF),
        (-INF, 0.0),
    ),
    "expm1": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -1.0),
    ),
    "floor": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
        (2.0, 2.0),
    ),
    "log": (
        (NAN, NAN),
        (-1.0, NAN),
        (0.0, -INF),
        (-0.0, -INF),
        (1.0, 0.0),
        (INF, INF),
    ),
    "log1p": (
        (NAN, NAN),
        (-1.5, NAN),
        (-1.0, -INF),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
    ),
    "log2": (
        (NAN, NAN),
        (-1.0, NAN),
        (0.0, -INF),
        (-0.0, -INF),
        (1.0, 0.0),
        (INF, INF),
    ),
    "log10": (
        (NAN, NAN),
        (-1.0, NAN),
        (0.0, -INF),
        (-0.0, -INF),
        (1.0, 0.0),
        (INF, INF),
    ),
    "round": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
        (0.5, 0.0),
        (1.5, 2.0),
        (2.5, 2.0),
    ),
    "reciprocal": (
        (NAN, NAN),
        (0.0, INF),
        (-0.0, -INF),
        (INF, 0.0),
        (-INF, -0.0),
    ),
    "sign": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, 0.0),
        (-3.0, -1.0),
        (3.0, 1.0),
    ),
    "sin": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, NAN),
        (-INF, NAN),
    ),
    "sinh": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
    ),
    "sqrt": (
        (NAN, NAN),
        (-1.0, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
    ),
    "tan": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, NAN),
        (-INF, NAN),
    ),
    "tanh": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, 1.0),
        (-INF, -1.0),
    ),
    "trunc": (
        (NAN, NAN),
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -INF),
        (2.5, 2.0),
        (-0.5, -0.0),
    ),
}

TRUTHS: dict[str, Rows] = {
    "isfinite": (
        (NAN, False),
        (INF, False),
        (-INF, False),
        (1.0, True),
    ),
    "isinf": (
        (NAN, False),
        (INF, True),
        (-INF, True),
        (1.0, False),
    ),
    "isnan": (
        (NAN, True),
        (INF, False),
        (1.0, False),
    ),
    "signbit": (
        (0.0, False),
        (-0.0, True),
        (INF, False),
        (-INF, True),
        (-1.0, True),
        (1.0, False),
    ),
}

BINARY: dict[str, Rows] = {
    "add": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (INF, -INF, NAN),
        (INF, INF, INF),
        (-INF, -INF, -INF),
        (INF, 1.0, INF),
        (1.0, -INF, -INF),
        (-0.0, -0.0, -0.0),
        (-0.0, 0.0, 0.0),
        (0.0, -0.0, 0.0),
        (-0.0, 3.0, 3.0),
        (3.0, -3.0, 0.0),
    ),
    "atan2": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (1.0, 0.0, PI / 2),
        (1.0, -0.0, PI / 2),
        (0.0, 1.0, 0.0),
        (0.0, 0.0, 0.0),
        (0.0, -0.0, PI),
        (0.0, -1.0, PI),
        (-0.0, 1.0, -0.0),
        (-0.0, 0.0, -0.0),
        (-0.0, -0.0, -PI),
        (-0.0, -1.0, -PI),
        (-1.0, 0.0, -PI / 2),
        (-1.0, -0.0, -PI / 2),
        (1.0, INF, 0.0),
        (1.0, -INF, PI),
        (-1.0, INF, -0.0),
        (-1.0, -INF, -PI),
        (INF, 1.0, PI / 2),
        (-INF, 1.0, -PI / 2),
        (INF, INF, PI / 4),
        (INF, -INF, 3 * PI / 4),
        (-INF, INF, -PI / 4),
        (-INF, -INF, -3 * PI / 4),
    ),
    "copysign": (
        (NAN, 1.0, NAN),
        (0.0, -1.0, -0.0),
        (-0.0, 1.0, 0.0),
        (2.0, -0.0, -2.0),
    ),
    "divide": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (INF, INF, NAN),
        (INF, -INF, NAN),
        (0.0, 0.0, NAN),
        (-0.0, 0.0, NAN),
        (0.0, 1.0, 0.0),
        (-0.0, 1.0, -0.0),
        (0.0, -1.0, -0.0),
        (-0.0, -1.0, 0.0),
        (1.0, 0.0, INF),
        (1.0, -0.0, -INF),
        (-1.0, 0.0, -INF),
        (-1.0, -0.0, INF),
        (INF, 1.0, INF),
        (INF, -1.0, -INF),
        (-INF, 1.0, -INF),
        (-INF, -1.0, INF),
        (1.0, INF, 0.0),
        (1.0, -INF, -0.0),
        (-1.0, INF, -0.0),
        (-1.0, -INF, 0.0),
    ),
    "floor_divide": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (INF, INF, NAN),
        (INF, -INF, NAN),
        (0.0, 0.0, NAN),
        (0.0, 1.0, 0.0),
        (-0.0, 1.0, -0.0),
        (0.0, -1.0, -0.0),
        (-0.0, -1.0, 0.0),
        (7.0, 2.0, 3.0),
        (-7.0, 2.0, -4.0),
        (1.0, INF, 0.0),
        (-1.0, INF, -1.0),
        (1.0, -INF, -1.0),
        (-1.0, -INF, 0.0),
    ),
    "hypot": (
        (INF, NAN, INF),
        (NAN, -INF, INF),
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (-3.0, 4.0, 5.0),
    ),
    "logaddexp": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (INF, 1.0, INF),
        (1.0, INF, INF),
    ),
    "maximum": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (1.0, 2.0, 2.0),
    ),
    "minimum": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (1.0, 2.0, 1.0),
    ),
    "multiply": (
        (NAN, 1.0, NAN),
        (INF, 0.0, NAN),
        (-INF, 0.0, NAN),
        (0.0, INF, NAN),
        (INF, INF, INF),
        (INF, -INF, -INF),
        (2.0, -INF, -INF),
        (0.0, -1.0, -0.0),
        (-0.0, -1.0, 0.0),
    ),
    "nextafter": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (0.0, -0.0, -0.0),
        (-0.0, 0.0, 0.0),
    ),
    "pow": (
        (NAN, 0.0, 1.0),
        (NAN, -0.0, 1.0),
        (2.0, 0.0, 1.0),
        (NAN, 1.0, NAN),
        (2.0, INF, INF),
        (2.0, -INF, 0.0),
        (1.0, INF, 1.0),
        (-1.0, INF, 1.0),
        (1.0, -INF, 1.0),
        (0.5, INF, 0.0),
        (0.5, -INF, INF),
        (INF, 1.0, INF),
        (INF, -1.0, 0.0),
        (-INF, 3.0, -INF),
        (-INF, 2.0, INF),
        (-INF, -3.0, -0.0),
        (-INF, -2.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, -1.0, INF),
        (-0.0, 3.0, -0.0),
        (-0.0, 2.0, 0.0),
        (-0.0, -3.0, -INF),
        (-0.0, -2.0, INF),
        (-2.0, 0.5, NAN),
    ),
    "remainder": (
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (INF, 1.0, NAN),
        (-INF, 1.0, NAN),
        (INF, INF, NAN),
        (0.0, 0.0, NAN),
        (1.0, 0.0, NAN),
        (0.0, 1.0, 0.0),
        (-0.0, -1.0, -0.0),
        (1.0, INF, 1.0),
        (-1.0, -INF, -1.0),
        (5.0, 3.0, 2.0),
        (-5.0, 3.0, 1.0),
        (5.0, -3.0, -1.0),
    ),
    "subtract": (
        (INF, INF, NAN),
        (-INF, -INF, NAN),
        (INF, -INF, INF),
        (0.0, 0.0, 0.0),
    ),
}

COMPLEX: dict[str, Rows] = {
    "exp": (
        (0j, 1 + 0j),
        (complex(1.0, INF), complex(NAN, NAN)),
        (complex(INF, 0.0), complex(INF, 0.0)),
    ),
    "sqrt": (
        (0j, 0j),
        (complex(-0.0, 0.0), 0j),
    ),
    "abs": (
        (complex(INF, NAN), INF),
        (complex(NAN, -INF), INF),
        (complex(0.0, NAN), NAN),
    ),
    "cosh": ((0j, 1 + 0j),),
    "tanh": (
        (0j, 0j),
        (complex(INF, 1.0), complex(1.0, 0.0)),
    ),
}


# Zeros of the other sign, as in JAX (docs/array_api.md).
SIGNS_OF_ZERO = (
    "sign(-0.0,)",
    "floor_divide(-0.0, 1.0)",
    "floor_divide(-0.0, -1.0)",
    "floor_divide(-1.0, -inf)",
)


def _same(got: float, expected: float) -> bool:
    if math.isnan(expected):
        return math.isnan(got)
    is_close = got == expected or math.isclose(got, expected, rel_tol=1e-6)
    return is_close and math.copysign(1.0, got) == math.copysign(1.0, expected)


def _different(name: str, rows: Rows, dtype: str) -> Iterator[str]:
    """Calls a function eagerly and compiled on all rows at once."""
    *operands, expected = zip(*rows, strict=True)
    arrays = [jnp.asarray(values, dtype) for values in operands]
    for function in (getattr(jnp, name), mj.jit(getattr(jnp, name))):
        results = np.asarray(function(*arrays)).tolist()
        for row, got, wanted in zip(rows, results, expected, strict=True):
            if f"{name}{row[:-1]}" in SIGNS_OF_ZERO:
                assert _same(got, -wanted)
            elif not _same(got, wanted):
                yield f"{name}{row[:-1]} in {dtype} is {got}, not {wanted}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_functions_of_real_numbers(name: str, dtype: str) -> None:
    rows = UNARY.get(name) or BINARY[name]
    assert not list(_different(name, rows, dtype))


@pytest.mark.parametrize("name", TRUTHS)
def test_truths(name: str) -> None:
    operands, expected = zip(*TRUTHS[name], strict=True)
    got = getattr(jnp, name)(jnp.asarray(operands))
    assert got.dtype == bool
    assert tuple(np.asarray(got).tolist()) == expected


@pytest.mark.parametrize("name", COMPLEX)
def test_functions_of_complex_numbers(name: str) -> None:
    operands, expected = zip(*COMPLEX[name], strict=True)
    got = np.asarray(getattr(jnp, name)(jnp.asarray(operands, "complex128")))
    np.testing.assert_allclose(got, np.array(expected), rtol=1e-12)
