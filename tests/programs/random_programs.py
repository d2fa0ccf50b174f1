"""Random programs: what hypothesis draws, and what it means in minijax and in the oracle.

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
from hypothesis import strategies as st

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
        if _broadcasts(x.shape, shape):
            return jnp.broadcast_to(array, shape)
        scalar = jnp.ravel(array)[0] if math.prod(x.shape) else jnp.ones((), dtype)
        return jnp.broadcast_to(scalar, shape)


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    if len(shape) > len(target):
        return False
    tail = target[len(target) - len(shape) :]
    return all(n in (1, m) for n, m in zip(shape, tail, strict=True))


Rule = Callable[[Machine, Value, Instruction], Value]
INSTRUCTIONS: dict[str, Rule] = {}


def _instruction(rule: Rule) -> Rule:
    INSTRUCTIONS[rule.__name__.strip("_")] = rule
    return rule


# -- elementwise


@_instruction
def _binary(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    a, b = m.settled(x), m.matched(m.other(step), x.shape, x.dtype)
    if x.dtype in COMPLEX:
        return Value((lax.add, lax.sub)[step.k % 2](a, b))
    if x.dtype == BOOL:
        operations = (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor)
    elif x.dtype in INTEGERS:
        operations = (lax.add, lax.sub, lax.mul, lax.div, lax.rem, lax.max, lax.min)
        operations += (lax.bitwise_and, lax.bitwise_or, lax.bitwise_xor, lax.shift_left)
        operations += (lax.shift_right_logical, lax.shift_right_arithmetic)
    else:
        operations = (lax.add, lax.sub, lax.max, lax.min)
    return Value(operations[step.k % len(operations)](a, b))


@_instruction
def _multiply(m: Machine, x: Value, step: Instruction) -> Value:
    if x.dtype == BOOL:
        return x
    a, b = m.quantized(x), Value(m.matched(m.other(step), x.shape, x.dtype))
    return Value(a * m.quantized(b))


@_instruction
def _unary(m: Machine, x: Value, step: Instruction) -> Value:
    jnp, lax = m.mj.numpy, m.mj.lax
    if x.dtype == BOOL:
        return Value(lax.bitwise_not(m.settled(x)))
    if x.dtype in COMPLEX:
        return Value((lax.neg, lax.conj, lax.real, lax.imag)[step.k % 4](m.settled(x)))
    if x.dtype in INTEGERS:
        operations = (lax.neg, jnp.abs, lax.sign, lax.bitwise_not, lax.population_count, lax.clz)
    else:
        operations = (lax.neg, lax.abs, lax.sign, lax.floor, lax.ceil, lax.round, jnp.isnan)
    return Value(operations[step.k % len(operations)](m.settled(x)))


@_instruction
def _smooth(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if x.dtype not in FLOATS:
        return x
    a = m.quantized(x)
    one = lax.full_like(a, 1)
    operations: tuple[Callable[[Any], Any], ...] = (
        lax.sin, lax.cos, lax.tanh, lax.exp, lax.log1p, lax.logistic, lax.atan, lax.sqrt, lax.erf,
        lambda v: lax.div(v, lax.abs(v) + one), lambda v: lax.rsqrt(v * v + one),
    )  # fmt: skip
    return Value(operations[step.k % len(operations)](a), rough=True)


@_instruction
def _combine_rough(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    if x.dtype not in FLOATS or y.shape != x.shape or y.dtype != x.dtype:
        return x
    return Value((x.array + y.array) if step.k % 2 else m.mj.lax.max(x.array, y.array), rough=True)


@_instruction
def _compare(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    operations = (
        (lax.eq, lax.ne) if x.dtype in COMPLEX else (lax.lt, lax.le, lax.gt, lax.ge, lax.eq)
    )
    b = m.matched(m.other(step), x.shape, x.dtype)
    return Value(operations[step.k % len(operations)](m.settled(x), b))


@_instruction
def _select(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    which = m.matched(m.pool[step.k % len(m.pool)], x.shape, BOOL)
    return Value(m.mj.lax.select(which, x.array, m.matched(y, x.shape, x.dtype)), x.rough)


@_instruction
def _convert(m: Machine, x: Value, step: Instruction) -> Value:
    dtype = DTYPES[step.k % len(DTYPES)]
    if m.smooth and dtype in (*FLOATS, *COMPLEX):
        dtype = FLOATS[0] if dtype in FLOATS else COMPLEX[0]
    return Value(m.converted(m.settled(x), dtype))


# -- shapes


@_instruction
def _reshape(m: Machine, x: Value, step: Instruction) -> Value:
    size = math.prod(x.shape)
    shapes = [(size,), (1, size), (size, 1), *((n, size // n) for n in (2, 3) if size % n == 0)]
    return Value(x.array.reshape(shapes[step.k % len(shapes)]), x.rough)


@_instruction
def _transpose(m: Machine, x: Value, step: Instruction) -> Value:
    axes = tuple(np.roll(range(x.rank), step.k))
    return Value(m.mj.numpy.transpose(x.array, [int(axis) for axis in axes]), x.rough)


@_instruction
def _broadcast(m: Machine, x: Value, step: Instruction) -> Value:
    return Value(m.mj.numpy.broadcast_to(x.array, (step.k % 4, *x.shape)), x.rough)


@_instruction
def _slice(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank:
        return x
    axis, n = step.j % x.rank, x.shape[step.j % x.rank]
    start, stride = step.k % (n + 1), step.k % 3 - 1
    window = slice(None, None, -1) if stride == -1 else slice(start, None, stride + 1)
    return Value(x.array[(*[slice(None)] * axis, window)], x.rough)


@_instruction
def _concatenate(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank:
        return x
    y = m.matched(m.other(step), x.shape, x.dtype)
    return Value(m.mj.lax.concatenate([x.array, y], step.k % x.rank), x.rough)


@_instruction
def _pad(m: Machine, x: Value, step: Instruction) -> Value:
    fill = m.matched(m.other(step), (), x.dtype)
    config = [((step.k + axis) % 4 - 1, step.k % 2, step.k % 3) for axis in range(x.rank)]
    config = [(max(low, -n), high, inner) for (low, high, inner), n in zip(config, x.shape)]  # noqa: B905
    if any(n == 0 for n in x.shape):
        return x
    return Value(m.mj.lax.pad(x.array, fill, config), x.rough)


# -- indexing


@_instruction
def _take(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or 0 in x.shape:
        return x
    index = m.matched(m.other(step), (), np.dtype("i4"))
    modes = ("clip", "fill", "wrap")
    rows = m.mj.numpy.asarray([0, -1, 2, 7], np.int32) + index % 3
    axis = step.k % x.rank
    return Value(m.mj.numpy.take(x.array, rows, axis=axis, mode=modes[step.k % 3]), x.rough)


@_instruction
def _dynamic_slice(m: Machine, x: Value, step: Instruction) -> Value:
    index = m.matched(m.other(step), (), np.dtype("i8"))
    sizes = [max(n - (step.k + axis) % 2, 0) for axis, n in enumerate(x.shape)]
    starts = [index] * x.rank
    if m.mj.__name__ == "jax":
        # It joins slices of slices, and forgets that the first start was moved into bounds.
        pairs = zip(x.shape, sizes, strict=True)
        starts = [
            m.mj.numpy.clip(m.mj.numpy.where(index < 0, index + n, index), 0, n - size)
            for n, size in pairs
        ]
    return Value(m.mj.lax.dynamic_slice(x.array, starts, sizes), x.rough)


@_instruction
def _update(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.rough or 0 in x.shape:
        return x
    index = m.matched(m.other(step), (), np.dtype("i4")) % 5 - 2
    new = m.matched(m.pool[step.k % len(m.pool)], x.shape[1:], x.dtype)
    at = x.array.at[index]
    if x.dtype == BOOL or step.k % 3 == 0:
        return Value(at.set(new))
    return Value(at.max(new) if x.dtype not in COMPLEX and step.k % 3 == 1 else at.add(new))


@_instruction
def _scatter_add(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype == BOOL or 0 in x.shape:
        return x
    rows = m.mj.numpy.asarray([0, 2, 0, 1]) + m.matched(m.other(step), (), np.dtype("i8")) % 2
    new = m.mj.numpy.ones((4, *x.shape[1:]), x.dtype)
    return Value(m.mj.numpy.asarray(m.quantized(x)).at[rows].add(new))


# -- reductions, products, sorting


@_instruction
def _reduce(m: Machine, x: Value, step: Instruction) -> Value:
    jnp = m.mj.numpy
    axis = step.j % (x.rank + 1)
    axes = None if axis == x.rank else axis
    if x.dtype == BOOL:
        return Value((jnp.any, jnp.all)[step.k % 2](m.settled(x), axis=axes))
    if x.dtype in COMPLEX or not math.prod(x.shape) or step.k % 3 == 0:
        return Value(jnp.sum(m.quantized(x), axis=axes, dtype=x.dtype, keepdims=step.k % 2 == 1))
    operations = (jnp.max, jnp.min, jnp.argmax, jnp.argmin)
    return Value(operations[step.k % 4](m.settled(x), axis=axes))


@_instruction
def _product(m: Machine, x: Value, step: Instruction) -> Value:
    if x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    return Value(m.mj.numpy.prod(m.quantized(x, 1), axis=None, dtype=x.dtype))


@_instruction
def _cumulate(m: Machine, x: Value, step: Instruction) -> Value:
    lax = m.mj.lax
    if not x.rank or x.dtype == BOOL or x.dtype in COMPLEX:
        return x
    axis, reverse = step.j % x.rank, step.k % 2 == 1
    if step.k % 3 == 0:
        return Value(lax.cummax(m.settled(x), axis=axis, reverse=reverse))
    return Value(lax.cumsum(m.quantized(x), axis=axis, reverse=reverse))


@_instruction
def _dot(m: Machine, x: Value, step: Instruction) -> Value:
    if not 1 <= x.rank <= 2 or x.dtype == BOOL:
        return x
    n = x.shape[-1]
    shape = ((n,), (n, 3), (n, 1))[step.k % 3]
    other = Value(m.matched(m.other(step), shape, x.dtype))
    return Value(m.mj.lax.dot(m.quantized(x, 2), m.quantized(other, 2)))


@_instruction
def _sort(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or x.dtype in COMPLEX:
        return x
    axis = step.j % x.rank
    operation = (m.mj.numpy.sort, m.mj.numpy.argsort)[step.k % 2]
    return Value(operation(m.settled(x), axis=axis))


# -- control flow, and transformations inside


def _last(m: Machine, pool: Sequence[Value], like: Any) -> Any:
    return m.matched(pool[-1], tuple(like.shape), np.dtype(like.dtype))


@_instruction
def _cond(m: Machine, x: Value, step: Instruction) -> Value:
    operand = m.settled(x)
    half = len(step.body) // 2
    branches = [
        lambda v, body=body: _last(m, m.nested([v], body), v)
        for body in (step.body[:half], step.body[half:], ())
    ]
    if step.k % 2:
        predicate = m.matched(m.other(step), (), BOOL)
        return Value(m.mj.lax.cond(predicate, *branches[:2], operand))
    return Value(m.mj.lax.switch(m.matched(m.other(step), (), np.dtype("i4")), branches, operand))


@_instruction
def _scan(m: Machine, x: Value, step: Instruction) -> Value:
    y = m.other(step)
    if not y.rank:
        return x

    def body(carry: Any, element: Any) -> Any:
        pool = m.nested([carry, element], step.body)
        return _last(m, pool, carry), m.settled(pool[len(pool) // 2])

    reverse = step.k % 2 == 1
    carry, ys = m.mj.lax.scan(body, m.settled(x), m.settled(y), reverse=reverse)
    return Value(ys if step.k % 3 else carry)


@_instruction
def _loop(m: Machine, x: Value, step: Instruction) -> Value:
    # The oracle has no reverse mode for a trip count that is not known.
    trips = step.j % 4 if m.smooth else m.matched(m.other(step), (), np.dtype("i4")) % 4

    def body(i: Any, carry: Any) -> Any:
        return _last(m, m.nested([carry, i], step.body), carry)

    return Value(m.mj.lax.fori_loop(0, trips, body, m.settled(x)))


@_instruction
def _vmap(m: Machine, x: Value, step: Instruction) -> Value:
    if not x.rank or not x.shape[0]:
        return x
    mapped = m.mj.vmap(lambda row: _last(m, m.nested([row], step.body), row))
    return Value(mapped(m.settled(x)))


@_instruction
def _jit(m: Machine, x: Value, step: Instruction) -> Value:
    inner = m.mj.jit(lambda v: m.settled(m.nested([v], step.body)[-1]))
    return Value(inner(m.settled(x)))


NESTING = ("cond", "scan", "loop", "vmap", "jit")


# -- drawing


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
            machine = Machine(mj, [Value(mj.numpy.asarray(x)) for x in inputs], smooth=True)
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
_WIDE = tuple(np.dtype(code) for code in ("f8", "f8", "f4", "c16", "i8", "i4", "u1", "?"))
_large_inputs = st.builds(
    _array, st.sampled_from(_WIDE), st.sampled_from(_LARGE_SHAPES), st.integers(0, 99)
)


def _steps(depth: int, fewest: int, most: int) -> st.SearchStrategy[tuple[Instruction, ...]]:
    names = [name for name in INSTRUCTIONS if depth or name not in NESTING]
    plain = st.sampled_from([name for name in names if name not in NESTING])
    flat = st.builds(Instruction, plain, _numbers, _numbers, _numbers)
    one = flat
    if depth:
        body = _steps(depth - 1, 1, 4)
        nest = st.builds(Instruction, st.sampled_from(NESTING), _numbers, _numbers, _numbers, body)
        one = st.one_of(flat, flat, flat, nest)
    return st.lists(one, min_size=fewest, max_size=most).map(tuple)


def drawn_programs() -> st.SearchStrategy[Drawn]:
    """Returns the strategy of programs with up to ten instructions, nested twice at most."""
    return st.builds(Drawn, st.lists(_inputs, min_size=1, max_size=3).map(tuple), _steps(2, 4, 10))


def drawn_large_programs() -> st.SearchStrategy[Drawn]:
    """Returns the strategy of programs over arrays of hundreds of elements, nested once at most."""
    inputs = st.lists(_large_inputs, min_size=1, max_size=2).map(tuple)
    return st.builds(Drawn, inputs, _steps(1, 4, 8), st.just(6000))
