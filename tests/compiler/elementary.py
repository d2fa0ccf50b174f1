"""Where elementary functions are tried, and how far their results are from the truth.

The truth is mpmath's. An error is counted in ulps: distances between neighbouring floats at the
true result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import mpmath
import numpy as np

MP = mpmath.mp.clone()
MP.prec = 180

Domain = Callable[[np.ndarray], np.ndarray]


def _logistic(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + MP.exp(-x))


def _lgamma(x: mpmath.mpf) -> mpmath.mpf:
    return MP.re(MP.loggamma(x))


TRUTH: dict[str, Callable[..., mpmath.mpf]] = {
    "exp": MP.exp,
    "exp2": lambda x: MP.power(2, x),
    "expm1": MP.expm1,
    "logistic": _logistic,
    "sinh": MP.sinh,
    "cosh": MP.cosh,
    "tanh": MP.tanh,
    "log": MP.log,
    "log1p": MP.log1p,
    "log2": lambda x: MP.log(x) / MP.ln2,
    "log10": MP.log10,
    "asinh": MP.asinh,
    "acosh": MP.acosh,
    "atanh": MP.atanh,
    "sin": MP.sin,
    "cos": MP.cos,
    "tan": MP.tan,
    "asin": MP.asin,
    "acos": MP.acos,
    "atan": MP.atan,
    "atan2": MP.atan2,
    "pow": MP.power,
    "cbrt": lambda x: MP.sign(x) * MP.cbrt(abs(x)),
    "hypot": MP.hypot,
    # Its quotient may have thousands of bits.
    "fmod": lambda x, y: MP.mpf(math.fmod(float(x), float(y))),
    "erf": MP.erf,
    "erfc": MP.erfc,
    "lgamma": _lgamma,
    "digamma": MP.digamma,
    "erf_inv": MP.erfinv,
    "sqrt": MP.sqrt,
    "rsqrt": lambda x: 1 / MP.sqrt(x),
    "square": lambda x: x**2,
    "cube": lambda x: x**3,
    "inverse_square": lambda x: 1 / x**2,
}
_DOMAINS: dict[str, Domain] = {
    "log": lambda x: x > 0,
    "log2": lambda x: x > 0,
    "log10": lambda x: x > 0,
    "log1p": lambda x: x > -1,
    "acosh": lambda x: x >= 1,
    "atanh": lambda x: np.abs(x) < 1,
    "asin": lambda x: np.abs(x) <= 1,
    "acos": lambda x: np.abs(x) <= 1,
    "lgamma": lambda x: x > 0,
    "digamma": lambda x: x > 0,
    "erf_inv": lambda x: np.abs(x) < 1,
    "sqrt": lambda x: x > 0,
    "rsqrt": lambda x: x > 0,
    **dict.fromkeys(("square", "cube", "inverse_square"), lambda x: _is_middling(x)),
    **dict.fromkeys(("exp", "exp2", "expm1", "logistic", "sinh", "cosh"), lambda x: abs(x) < 2e3),
    **dict.fromkeys(("erf", "erfc", "tanh"), lambda x: np.abs(x) < 100),
}


def _is_middling(x: np.ndarray) -> np.ndarray:
    """Tells where powers neither overflow nor lose digits below the least normal number."""
    size, bound = np.abs(x.astype(np.float64)), float(np.finfo(x.dtype).max) ** 0.3
    return (size < bound) & (size > 1 / bound)


BINARY = ("atan2", "pow", "hypot", "fmod")


def operands(name: str, dtype: type[np.floating], count: int) -> list[np.ndarray]:
    """Returns places to try a function at: about 8 · count of each operand."""
    rng = np.random.default_rng(len(name))
    if name in BINARY:
        return _pairs(name, dtype, 4 * count, rng)
    info = np.finfo(dtype)
    near = rng.choice([-1.0, 1.0], count) * 10.0 ** rng.uniform(-17, -1, count)
    least = info.minexp - info.nmant
    parts = [
        # all binades, subnormal numbers among them
        rng.choice([-1, 1], 2 * count) * _binades(least, info.maxexp, 2 * count, rng),
        rng.choice([-1, 1], count) * _binades(-40, 12, count, rng),
        rng.choice([-1.0, 0.5, 1.0, 2.0, 1.4616321449683623], count) + near,
        rng.choice([-1, 1], count) * (1 - _binades(-info.nmant - 1, 0, count, rng)),
        np.rint(rng.uniform(-70000, 70000, count)) * (math.pi / 2),
        rng.uniform(-3, 3, count),
        rng.uniform(-30, 30, count),
        rng.uniform(-745, 720, count) if dtype is np.float64 else rng.uniform(-104, 90, count),
    ]
    with np.errstate(over="ignore"):
        x = np.concatenate(parts).astype(dtype)
    x = x[np.isfinite(x) & (x != 0)]
    return [x[_DOMAINS[name](x)] if name in _DOMAINS else x]


def _binades(low: int, high: int, count: int, rng: np.random.Generator) -> np.ndarray:
    exponents = rng.integers(low, high, count)
    return np.ldexp(rng.uniform(1, 2, count), exponents)


def _pairs(
    name: str, dtype: type[np.floating], count: int, rng: np.random.Generator
) -> list[np.ndarray]:
    info = np.finfo(dtype)
    x = _binades(info.minexp - info.nmant, info.maxexp, count, rng)
    if name == "pow":
        x[::2] = rng.uniform(0.5, 2, count)[::2]
        x = x.astype(dtype)
        x[x == 1] = 2
        low, high = (-745, 709) if dtype is np.float64 else (-103, 88)
        y = (rng.uniform(low, high, count) / np.log(x.astype(float))).astype(dtype)
        x[:8], y[:8] = rng.integers(1, 13, 8), rng.integers(-9, 10, 8)
        return [x, y]
    signs = rng.choice([-1, 1], (2, count))
    with np.errstate(over="ignore"):
        y = x * np.ldexp(rng.uniform(1, 2, count), rng.integers(-4, 4, count))
        y[::3] = _binades(info.minexp - info.nmant, info.maxexp, count, rng)[::3]
        x, y = (signs[0] * x).astype(dtype), (signs[1] * y).astype(dtype)
    kept = np.isfinite(x) & np.isfinite(y) & (y != 0)
    return [x[kept], y[kept]]


def errors(name: str, found: np.ndarray, points: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the error of each result in ulps."""
    info = np.finfo(found.dtype)
    truth = TRUTH[name]
    rows = zip(found.tolist(), *(x.tolist() for x in points), strict=True)
    return np.array([_error(info, y, truth(*map(MP.mpf, x))) for y, *x in rows])


def _error(info: np.finfo, found: float, truth: mpmath.mpf) -> float:
    if math.isnan(found):
        return math.inf
    largest = MP.mpf(float(info.max))
    if math.isinf(found):
        # The float above the largest, had there been one more exponent.
        found_exactly = math.copysign(1, found) * MP.ldexp(1, int(info.maxexp))
        if abs(truth) > largest:
            return 0.0 if truth * found_exactly > 0 else math.inf
    else:
        found_exactly = MP.mpf(found)
    exponent = max(MP.frexp(truth)[1] - 1, int(info.minexp)) if truth else int(info.minexp)
    return float(abs(found_exactly - truth) / MP.ldexp(1, exponent - int(info.nmant)))
