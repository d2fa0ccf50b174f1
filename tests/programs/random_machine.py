"""The machine that runs random programs, in minijax or in the oracle.

A program is a list of instructions, each a name and three numbers. An instruction takes its
operands from a pool of values, adds its result to it, and *adapts* to the shapes and dtypes that it
finds there (axes and positions are taken modulo). So every list of instructions is a program, and a
failing one shrinks to a few.

Results are compared to the last bit, though nobody prescribes the order of a sum, whether a
multiply and an add are contracted, or whether intermediate values have excess precision. So what is
multiplied or summed is quantized first: products and sums of small whole numbers are exact. A value
that rounding may have changed is *rough*: it is compared with a tolerance, and where an instruction
could blow up a difference, ones take its place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
FLOATS = (np.dtype("f8"), np.dtype("f4"), np.dtype("f2"), BFLOAT16)
COMPLEX = (np.dtype("c16"), np.dtype("c8"))
INTEGERS = tuple(np.dtype(code) for code in ("i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"))
BOOL = np.dtype(bool)
DTYPES = (*FLOATS, *COMPLEX, *INTEGERS, BOOL)
MAX_SIZE = 120


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step: a name of `INSTRUCTIONS`, three numbers to choose by, and a nested program."""

    name: str
    i: int
    j: int
    k: int
    body: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the pool."""

    array: Any
    rough: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self.array.dtype)

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(slots=True)
class Machine:
    """Runs instructions with one library.

    Attributes:
        mj: the module `minijax` or `jax`.
        pool: the values so far.
        smooth: do not quantize, so that programs have derivatives; nothing is exact then, and
            floating point values have 64 bits.
        largest: the most elements that a value may have; a step that makes more does nothing.
    """

    mj: ModuleType
    pool: list[Value]
    smooth: bool = False
    largest: int = MAX_SIZE

    def run(self, instructions: Sequence[Instruction]) -> None:
        """Adds the result of each instruction to the pool."""
        for step in instructions:
            x = self.pool[step.i % len(self.pool)]
            result = INSTRUCTIONS[step.name](self, x, step)
            self.pool.append(result if math.prod(result.shape) <= self.largest else x)

    def other(self, step: Instruction) -> Value:
        return self.pool[step.j % len(self.pool)]

    def many(self, few: int) -> int:
        """Returns a number of places: few of small arrays, enough for vectors of large ones."""
        return few if self.largest <= MAX_SIZE else 9 * few + 2

    def nested(self, values: Sequence[Any], body: Sequence[Instruction]) -> list[Value]:
        """Returns the pool after running a nested program on some arrays and some of the pool."""
        captured = [value for value in self.pool[-2:] if not value.rough]
        machine = Machine(self.mj, [*map(Value, values), *captured], self.smooth, self.largest)
        machine.run(body)
        return machine.pool

    # -- making values exact, or of a certain type

    def quantized(self, x: Value, bound: int = 8) -> Any:
        """Returns whole numbers within a bound, of the same dtype; a rough value gives ones."""
        jnp, lax = self.mj.numpy, self.mj.lax
        if self.smooth and x.dtype in FLOATS:
            return jnp.tanh(x.array)
        if x.rough:
            return jnp.ones(x.shape, x.dtype)
        if x.dtype in COMPLEX:
            parts = Value(lax.real(x.array)), Value(lax.imag(x.array))
            return lax.complex(*(self.quantized(part, bound) for part in parts))
        if x.dtype in FLOATS:
            limit = jnp.asarray(bound, x.dtype)
            return lax.floor(lax.clamp(-limit, x.array, limit))
        return x.array

    def settled(self, x: Value) -> Any:
        """Returns the array itself where it is exact, its quantized form where it is rough."""
        return self.quantized(x) if x.rough and not self.smooth else x.array

    def converted(self, x: Any, dtype: np.dtype) -> Any:
        x_dtype = np.dtype(x.dtype)
        if x_dtype in COMPLEX and dtype not in COMPLEX:
            x = self.mj.lax.real(x)
        if dtype in INTEGERS and x_dtype in (*FLOATS, *COMPLEX):
            # No integer is prescribed for what is none: the oracle has several.
            x = self.mj.numpy.where(self.mj.numpy.isfinite(x), x, 0)
        return self.mj.lax.convert_element_type(x, dtype)

    def matched(self, x: Value, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """Returns an exact value made from `x` that has the shape and dtype."""
        jnp = self.mj.numpy
        array = self.converted(self.settled(x), dtype)
        if broadcasts(x.shape, shape):
            return jnp.broadcast_to(array, shape)
        scalar = jnp.ravel(array)[0] if math.prod(x.shape) else jnp.ones((), dtype)
        return jnp.broadcast_to(scalar, shape)


def broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    if len(shape) > len(target):
        return False
    tail = target[len(target) - len(shape) :]
    return all(n in (1, m) for n, m in zip(shape, tail, strict=True))


Rule = Callable[[Machine, Value, Instruction], Value]
INSTRUCTIONS: dict[str, Rule] = {}


def instruction(rule: Rule) -> Rule:
    INSTRUCTIONS[rule.__name__.strip("_")] = rule
    return rule
