"""The exponential integral Eₙ of real orders, in NumPy: SciPy has whole orders only."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

from minijax.core.quiet import quiet

_STEPS = 400


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


def exponential_integral(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Returns the integral of e^(-xt) / tⁿ over t from 1 to ∞; NaN for negative x.

    Args:
        n: the orders, any real numbers.
        x: an array whose shape broadcasts with that of `n`.
    """
    n, x = np.broadcast_arrays(n.astype(np.float64), x.astype(np.float64))
    is_whole = (n >= 0) & (n == np.floor(n)) & (n < 2**31)
    with quiet():
        found = _scipy().expn(np.where(is_whole, n, 0).astype(np.int64), x)
        if not is_whole.all():
            found = np.where(is_whole, found, _real_order(n, x))
    return np.where(np.isnan(n) | np.isnan(x) | (x < 0), np.nan, found)


def _real_order(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    small = np.where(x < 1, x, 0.5)
    found = np.where(x < 1, _upward(n, small), _fraction(n, np.where(x < 1, 1, x)))
    at_zero = np.where(n > 1, 1 / (n - 1), np.inf)
    return np.where(x == 0, at_zero, np.where(n < 1, _below_one(n, x), found))


def _below_one(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Returns x^(n-1) Γ(1 - n, x), for orders below 1."""
    order = np.where(n < 1, 1 - n, 1)
    size = _scipy().gamma(order) * x ** (-order)
    return size * _scipy().gammaincc(order, x)


def _upward(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Returns Eₙ for small x, by p Eₚ₊₁ = e^-x - x Eₚ; DLMF 8.19.12."""
    order = n - np.ceil(n) + 1
    order = np.where(order >= 1, order - 1, order)
    found = _below_one(order, x)
    for _ in range(int(np.max(np.where(n < _STEPS, n, 0), initial=0))):
        following = (np.exp(-x) - x * found) / order
        is_due = order + 1 <= n + 0.5
        found, order = np.where(is_due, following, found), np.where(is_due, order + 1, order)
    return np.where(n < _STEPS, found, np.exp(-x) / (x + n))


def _fraction(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Returns e^-x / (x + n - 1·n / (x + n + 2 - …)), Lentz's method; DLMF 8.19.17."""
    b = x + n
    d = found = 1 / b
    c = np.full_like(b, np.inf)
    for step in range(1, _STEPS):
        b, numerator = b + 2, -step * (n - 1 + step)
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        found = found * (c * d)
        if np.all(np.abs(c * d - 1) < 1e-16):
            break
    return np.exp(-x) * found
