"""Inputs of the programs: drawn by NumPy with a fixed seed, the same for every library."""

from __future__ import annotations

import numpy as np


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Returns standard normal float64 values of a shape."""
    return np.random.default_rng(seed).normal(size=shape)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, seed: int = 0) -> np.ndarray:
    """Returns float64 values of a shape, uniform between two bounds."""
    return np.random.default_rng(seed).uniform(low, high, size=shape)


def integers(high: int, *shape: int, seed: int = 0) -> np.ndarray:
    """Returns int64 values of a shape, from 0 to below a bound."""
    return np.random.default_rng(seed).integers(0, high, size=shape)


def positive_definite(*shape: int, seed: int = 0) -> np.ndarray:
    """Returns symmetric matrices (..., n, n) whose eigenvalues are at least n."""
    a = normal(*shape, seed=seed)
    n = shape[-1]
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)
