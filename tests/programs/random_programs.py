"""Random programs: what hypothesis draws, and what it means in minijax and in the oracle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

# Each of these modules enters its instructions into the table.
from tests.programs import random_arrays as random_arrays
from tests.programs import random_elementwise as random_elementwise
from tests.programs import random_folds as random_folds
from tests.programs import random_numpy as random_numpy
from tests.programs.random_control import NESTING
from tests.programs.random_machine import (
    BOOL,
    COMPLEX,
    DTYPES,
    FLOATS,
    INSTRUCTIONS,
    INTEGERS,
    MAX_SIZE,
    Instruction,
    Machine,
    Value,
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A program with its inputs."""

    inputs: tuple[np.ndarray, ...]
    instructions: tuple[Instruction, ...]
    largest: int = MAX_SIZE

    def function(self, mj: ModuleType, rough: list[bool]) -> Callable[..., list[Any]]:
        """Returns the program as a function of its inputs; notes which results are rough."""

        def run(*inputs: Any) -> list[Any]:
            values = [Value(mj.numpy.asarray(x)) for x in inputs]
            machine = Machine(mj, values, largest=self.largest)
            machine.run(self.instructions)
            rough[:] = [value.rough for value in machine.pool[-3:]]
            return [value.array for value in machine.pool[-3:]]

        return run

    def smooth_points(self) -> tuple[np.ndarray, ...]:
        """Returns the inputs in 64 bits, finite and without ties, as derivatives ask for."""
        points = []
        for x in self.inputs:
            if x.dtype in FLOATS:
                finite = np.nan_to_num(x.astype(np.float64), nan=0.3, posinf=0.7, neginf=-0.7)
                x = finite + 0.0137 * np.sqrt(np.arange(1.0, x.size + 1.0)).reshape(x.shape)
            points.append(x.astype(np.complex128) if x.dtype in COMPLEX else x)
        return tuple(points)

    def scalar_function(self, mj: ModuleType) -> Callable[..., Any]:
        """Returns a smooth form of the program followed by a weighted sum of its results."""

        def run(*inputs: Any) -> Any:
            values = [Value(mj.numpy.asarray(x)) for x in inputs]
            machine = Machine(mj, values, smooth=True, largest=self.largest)
            machine.run(self.instructions)
            total: Any = mj.numpy.zeros(())
            for k, value in enumerate(machine.pool):
                if value.dtype in (*FLOATS, *COMPLEX):
                    total = total + (1.0 + 0.1 * k) * mj.numpy.sum(
                        machine.quantized(Value(machine.converted(value.array, FLOATS[0])))
                    )
            return total

        return run


_SHAPES = ((), (3,), (0,), (1,), (2, 3), (1, 3), (3, 0), (2, 1, 2), (3, 3), (17,))
_numbers = st.integers(0, 23)


def _array(dtype: np.dtype, shape: tuple[int, ...], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == BOOL:
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in INTEGERS:
        low = 0 if dtype.kind == "u" else -5
        ordinary = rng.integers(low, 9, shape)
        extreme = rng.choice(np.array([np.iinfo(dtype).min, np.iinfo(dtype).max], dtype), shape)
        return np.where(rng.random(shape) < 0.1, extreme, ordinary.astype(dtype))
    values = rng.integers(-16, 17, shape) / 4.0
    if dtype in COMPLEX:
        return np.asarray(values + 1j * rng.integers(-16, 17, shape) / 4.0).astype(dtype)
    special = rng.choice([np.nan, np.inf, -np.inf, -0.0, 0.0], shape)
    return np.asarray(np.where(rng.random(shape) < 0.08, special, values)).astype(dtype)


_inputs = st.builds(_array, st.sampled_from(DTYPES), st.sampled_from(_SHAPES), st.integers(0, 99))

# Long enough for vectors with a rest, rows that stay in cache, tiles and matrix products.
_LARGE_SHAPES = ((70,), (257,), (5, 67), (67, 5), (8, 64), (1, 200), (40, 33), (3, 65, 9))
_WIDE = tuple(
    np.dtype(code) for code in ("f8", "f8", "f4", "f2", "c16", "c8", "i8", "i4", "i2", "u1", "?")
)
_large_inputs = st.builds(
    _array, st.sampled_from(_WIDE), st.sampled_from(_LARGE_SHAPES), st.integers(0, 99)
)

# Large enough for threads, parts of loops, strips and tiles.
_HUGE_SHAPES = ((100_003,), (317, 400), (33, 64, 65), (4, 30_000), (30_000, 4), (7, 40, 401))
_huge_inputs = st.builds(
    _array, st.sampled_from(_WIDE), st.sampled_from(_HUGE_SHAPES), st.integers(0, 99)
)
# Their results, or what the evaluator makes on the way, would be of gigabytes.
_TOO_HUGE = ("contract", "diagonals", "scan", "map", "dot", "vmap", "vmap_axes", "combine_arrays")


def _steps(
    depth: int, fewest: int, most: int, left_out: Sequence[str] = ()
) -> st.SearchStrategy[tuple[Instruction, ...]]:
    names = [name for name in INSTRUCTIONS if name not in left_out]
    nesting = [name for name in names if name in NESTING]
    plain = st.sampled_from([name for name in names if name not in NESTING])
    flat = st.builds(Instruction, plain, _numbers, _numbers, _numbers)
    one = flat
    if depth:
        body = _steps(depth - 1, 1, 4, left_out)
        nest = st.builds(Instruction, st.sampled_from(nesting), _numbers, _numbers, _numbers, body)
        one = st.one_of(flat, flat, flat, nest)
    return st.lists(one, min_size=fewest, max_size=most).map(tuple)


def drawn_programs() -> st.SearchStrategy[Drawn]:
    """Returns the strategy of programs with up to ten instructions, nested twice at most."""
    return st.builds(Drawn, st.lists(_inputs, min_size=1, max_size=3).map(tuple), _steps(2, 4, 10))


def drawn_large_programs() -> st.SearchStrategy[Drawn]:
    """Returns the strategy of programs over arrays of hundreds of elements, nested once at most."""
    inputs = st.lists(_large_inputs, min_size=1, max_size=2).map(tuple)
    return st.builds(Drawn, inputs, _steps(1, 4, 8), st.just(6000))


def drawn_huge_programs() -> st.SearchStrategy[Drawn]:
    """Returns the strategy of short programs over arrays of 10⁵ elements, nested once at most."""
    inputs = st.lists(_huge_inputs, min_size=1, max_size=2).map(tuple)
    return st.builds(Drawn, inputs, _steps(1, 2, 5, _TOO_HUGE), st.just(400_000))
