"""The rows of the table of primitives: what a case states, and the operands it samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax.core import dtypes


@dataclass(frozen=True)
class Operand:
    """How to sample one operand.

    Attributes:
        shape: its shape.
        low, high: its range (of real and imaginary parts).
        dtype: its dtype; None for the dtype that the case is run with.
        values: fixed values in place of a sample.
        distinct: sample without ties (for sorts, maxima and their derivatives).
    """

    shape: tuple[int, ...] = ()
    low: float = -2.0
    high: float = 2.0
    dtype: np.dtype | None = None
    values: Any = None
    distinct: bool = False

    def sample(self, rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        """Returns an array of the operand's dtype (or the given one)."""
        dtype = self.dtype or dtype
        if self.values is not None:
            return np.asarray(self.values).astype(dtype)
        if dtype == dtypes.bool_:
            return rng.integers(0, 2, self.shape).astype(bool)
        if dtypes.is_integer(dtype):
            low = max(self.low, 0) if dtype.kind == "u" else self.low
            return rng.integers(int(low), int(self.high) + 1, self.shape).astype(dtype)
        return self._sample_inexact(rng, dtype)

    def _sample_inexact(self, rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        if self.distinct:
            size = int(np.prod(self.shape))
            grid = np.linspace(self.low, self.high, size + 2)[1:-1]
            return rng.permutation(grid).reshape(self.shape).astype(dtype)
        real = rng.uniform(self.low, self.high, self.shape)
        if dtypes.is_complex(dtype):
            return (real + 1j * rng.uniform(self.low, self.high, self.shape)).astype(dtype)
        return np.asarray(real).astype(dtype)


@dataclass(frozen=True)
class Case:
    """One row: a primitive applied with certain parameters to certain operands.

    Attributes:
        primitive: the name of the primitive that the case is about.
        function: applies it to arrays and returns an array or a tuple of arrays.
        operands: how to sample the operands.
        dtypes: the dtypes to run it with.
        reference: the NumPy function of the same operands, or None if `impl` is its own reference.
        label: tells cases of one primitive apart.
        differentiable: whether jvp is compared with finite differences.
        linear: the operands in which it is linear: transposes are checked by the dot product.
        holomorphic: whether a complex step is a valid derivative for real operands.
        tolerance: relative tolerance in float64; scaled for narrower dtypes.
        batched: operands whose batch-dimension combinations are tested (None: all).
        lowers: whether it has a lower rule that kernel evaluator and compiler can run.
    """

    primitive: str
    function: Callable[..., Any]
    operands: tuple[Operand, ...]
    dtypes: Sequence[np.dtype]
    reference: Callable[..., Any] | None = None
    label: str = ""
    differentiable: bool = True
    linear: tuple[int, ...] = ()
    holomorphic: bool = False
    tolerance: float = 1e-12
    batched: tuple[int, ...] | None = None
    lowers: bool = True

    def sample(self, dtype: np.dtype, seed: int = 0) -> list[np.ndarray]:
        """Returns operands for one dtype, the same for the same seed."""
        rng = np.random.default_rng(seed)
        return [operand.sample(rng, dtype) for operand in self.operands]

    @property
    def name(self) -> str:
        """The name shown by pytest."""
        return f"{self.primitive}-{self.label}" if self.label else self.primitive
