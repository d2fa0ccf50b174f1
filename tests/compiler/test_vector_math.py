"""The compiled elementary functions: accuracy, special values, the same bits for all lanes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import minijax as mj
from minijax.compiler.vector_math import extended, library
from minijax.compiler.vector_math.arrays import on_arrays
from tests.compiler import elementary

# Worst errors in ulps; 2 elsewhere. Below zero the last two are as good as their largest term.
BOUNDS = {"pow": 4.0, "lgamma": 4.0, "digamma": 4.0}
FLOATS = (np.float64, np.float32)
SPECIAL = (0.0, 1.0, 2.0, 3.0, 0.5, 1.5, 1e-310, 1e-40, 3e38, 1e308, math.inf)
NUMPY_NAMES = {
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "pow": "power"},
    **{"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"},
}
SCIPY_NAMES = {"logistic": "expit", "erf": "erf", "erfc": "erfc"}


@pytest.mark.parametrize("name", library.FUNCTIONS)
def test_accuracy(name: str) -> None:
    for dtype in FLOATS:
        points = elementary.operands(name, dtype, 60)
        found = on_arrays(name, 8)(*points)
        np.testing.assert_array_equal(on_arrays(name, 1)(*points), found)
        errors = elementary.errors(name, found, points)
        worst = int(np.argmax(errors))
        bound = BOUNDS.get(name, 2.0) if dtype is np.float64 else 2.0
        place = [float(x[worst]) for x in points]
        assert errors[worst] <= bound, f"{name}{place} = {found[worst]}: {errors[worst]} ulps"


# Written in operations of the language, or by the machine itself.
_COMPILED: dict[str, tuple[Callable[..., Any], float]] = {
    "erf_inv": (mj.lax.erf_inv, 4.0),
    "sqrt": (mj.lax.sqrt, 0.5),
    "rsqrt": (mj.lax.rsqrt, 2.0),
    "square": (mj.lax.square, 0.5),
    "cube": (lambda x: mj.lax.integer_pow(x, 3), 2.0),
    "inverse_square": (lambda x: mj.lax.integer_pow(x, -2), 2.0),
}


@pytest.mark.parametrize("name", _COMPILED)
def test_accuracy_of_other_functions(name: str) -> None:
    function, bound = _COMPILED[name]
    for dtype in FLOATS:
        points = elementary.operands(name, dtype, 60)
        found = np.asarray(mj.jit(function)(*points))
        errors = elementary.errors(name, found, points)
        worst = int(np.argmax(errors))
        assert errors[worst] <= bound, f"{name}({points[0][worst]}): {errors[worst]} ulps"


def test_the_inverse_of_erf_at_its_ends() -> None:
    for dtype in FLOATS:
        x = np.array([0.0, -0.0, 1.0, -1.0, 1.5, np.inf, np.nan, 1e-40], dtype)
        found = np.asarray(mj.jit(mj.lax.erf_inv)(x))
        wanted = scipy.special.erfinv(x.astype(np.float64)).astype(dtype)
        np.testing.assert_allclose(found, wanted, 1e-6)
        np.testing.assert_array_equal(np.signbit(found[:4]), np.signbit(x[:4]))


@pytest.mark.parametrize("name", library.FUNCTIONS)
def test_special_values(name: str) -> None:
    for dtype in FLOATS:
        with np.errstate(all="ignore"):
            x = np.array([*SPECIAL, *(-v for v in SPECIAL), math.nan], dtype)
            points = [x.ravel() for x in np.meshgrid(x, x)] if name in elementary.BINARY else [x]
            want = _usual(name)(*points).astype(dtype)
        found = on_arrays(name, 4)(*points)
        close = np.isclose(found, want, rtol=64 * np.finfo(dtype).eps, atol=0, equal_nan=True)
        same_sign = (np.signbit(found) == np.signbit(want)) | np.isnan(want)
        wrong = ~(close & same_sign)
        assert not wrong.any(), f"{[p[wrong] for p in points]}: {found[wrong]} {want[wrong]}"


def _usual(name: str) -> Callable[..., np.ndarray]:
    if name in SCIPY_NAMES:
        return getattr(scipy.special, SCIPY_NAMES[name])
    if name == "lgamma":
        return lambda x: np.vectorize(_lgamma)(x.astype(float))
    if name == "digamma":
        # SciPy takes the side of a pole from the sign of zero.
        return lambda x: np.where(x == 0, math.nan, scipy.special.digamma(x))
    return getattr(np, NUMPY_NAMES.get(name, name))


def _lgamma(x: float) -> float:
    is_pole = x <= 0 and (math.isinf(x) or x == math.floor(x))
    return math.inf if is_pole or x > 1e306 else math.lgamma(x)


@pytest.mark.parametrize(
    ("name", "operands", "want"),
    [
        ("exp", [0.0], 1.0),
        ("log", [1.0], 0.0),
        ("log2", [2.0**-1074], -1074.0),
        ("log10", [1e22], 22.0),
        ("exp2", [-1074.0], 5e-324),
        ("pow", [3.0, 5.0], 243.0),
        ("pow", [2.0, -1074.0], 5e-324),
        ("pow", [1.5, 20.0], 1.5**20),
        ("pow", [-7.0, 3.0], -343.0),
        ("pow", [math.nan, 0.0], 1.0),
        ("pow", [1.0, math.nan], 1.0),
        ("cbrt", [-27.0], -3.0),
        ("hypot", [3e300, 4e300], 5e300),
        ("tanh", [40.0], 1.0),
        ("logistic", [-800.0], 0.0),
        ("lgamma", [1.0], 0.0),
        ("lgamma", [2.0], 0.0),
    ],
)
def test_exact_values(name: str, operands: list[float], want: float) -> None:
    found = on_arrays(name, 8)(*(np.array([x]) for x in operands))
    assert found.tolist() == [want]


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_gamma_below_zero(name: str) -> None:
    x = -np.random.default_rng(0).uniform(0, 40, 150)
    found = on_arrays(name, 8)(x)
    want = np.array([float(elementary.TRUTH[name](v)) for v in x.tolist()])
    np.testing.assert_allclose(found, want, rtol=2e-15, atol=2e-15)


@pytest.mark.parametrize("name", library.FUNCTIONS)
def test_machines_without_fused_multiplication(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_compiled", {})
    monkeypatch.setattr(extended, "fuses", lambda: False)
    points = elementary.operands(name, np.float64, 20)
    found = on_arrays(name, 8)(*points)
    assert elementary.errors(name, found, points).max() <= BOUNDS.get(name, 2.0)
    test_special_values(name)


@pytest.mark.parametrize("name", library.COMPLEX)
def test_complex_values(name: str) -> None:
    sizes = [0.0, 5e-324, 1e-300, 1e-20, 0.5, 1.0, math.pi / 2, math.pi, 20.0, 300.0, 400.0]
    sizes += [705.0, 711.0, 1e5, 1e7, 1e200, 1e300, math.inf]
    parts = np.array([*sizes, *(-x for x in sizes), math.nan])
    z = np.empty((parts.size, parts.size), complex)
    z.real, z.imag = parts[:, None], parts
    angles = np.random.default_rng(0).uniform(-3.2, 3.2, 200)
    z = np.concatenate([z.ravel(), np.exp(1j * angles) * (1 + 1e-9 * angles), 3 * angles + 2j])
    # Called through a loop over an array: by the name of the C library without its c.
    found = np.asarray(mj.jit(getattr(mj.numpy, name[1:]))(z))
    with np.errstate(all="ignore"):
        want = getattr(np, name[1:])(z)
    for got, truth in ((found.real, want.real), (found.imag, want.imag)):
        np.testing.assert_allclose(got, truth, rtol=4e-15, atol=1e-323)
        known = ~np.isnan(truth)
        np.testing.assert_array_equal(np.signbit(got)[known], np.signbit(truth)[known])
