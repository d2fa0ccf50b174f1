"""Recording what a rule of a primitive does in NumPy, as steps that native code takes.

`impl` of a primitive is run once on arrays of the class `Seen`, which hand every ufunc, selection
and conversion to a `Tape`. The tape computes it and notes the step; what only looks at elements in
another order, as reshapes and slices do, is known by where in memory it looks. Whatever else a
rule does with elements is refused, and so is looking at a value:

    _sum of f64[3] ──▶ add.reduce ──▶ move 0.0 to r1; the loop of add over r1, r0, r1

The steps call the loops that NumPy would call, in its order, so results are the same to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.compiler.entry import quick_steps_text as text
from minijax.compiler.entry.loops import find_loop
from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.quiet import quiet

_ITEM_SIZES = (1, 2, 4, 8, 16)
_MOST_PRODUCTS = 1 << 15
_VIEWS = (np.broadcast_to, np.expand_dims, np.flip, np.moveaxis, np.reshape, np.squeeze)
_FILLED = (np.ones_like, np.zeros_like)


class NotNativeError(Exception):
    """A rule does something that no step does."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise NotNativeError


class Seen(np.ndarray):
    """An array whose operations are recorded on its tape."""

    tape: Tape

    def __array_finalize__(self, source: Any) -> None:
        tape = getattr(source, "tape", None)
        if tape is not None:
            self.tape = tape

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return self.tape.apply(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3 and not options:
            return self.tape.where(*args)
        if function in _FILLED and len(args) == 1 and not options:
            return self.tape.constant(function(_plain(args[0])))
        if function in _VIEWS:
            return super().__array_function__(function, types, args, options)
        raise NotNativeError

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return found if isinstance(found, np.ndarray) else _refuse()

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """Returns the array in another dtype."""
        if args or options.keys() - {"copy"}:
            raise NotNativeError
        return self if self.dtype == dtype else self.tape.cast(self, np.dtype(dtype))


for _name in """
    __bool__ __int__ __float__ __complex__ __index__ __iter__ __setitem__ __contains__ item tolist
    tobytes fill sort partition put choose take compress repeat dump dumps tofile byteswap resize
    """.split():  # noqa: SIM905 - a list of strings would fill a screen
    setattr(Seen, _name, _refuse)


def _plain(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, np.ndarray) else x


class Tape:
    """The steps of a program, and where the values of its registers are.

    Attributes:
        fixed: of each register that is no operand, what its value is added to, and the value.
        steps: the words of each step.
        kept: what the steps point to.
    """

    def __init__(self, operands: Sequence[np.ndarray]) -> None:
        self.fixed: list[tuple[int, int]] = []
        self.steps: list[list[int]] = []
        self.kept: list[Any] = []
        self._operands = len(operands)
        self._buffers: list[tuple[int, int, int]] = []  # address, bytes, register
        self._scratch = 0
        for number, x in enumerate(operands):
            self._note(x, number)

    # -- registers

    def seen(self, x: np.ndarray) -> Seen:
        """Returns an array of the tape's own memory as one whose operations are recorded."""
        found = x.view(Seen)
        found.tape = self
        return found

    def _note(self, x: np.ndarray, register: int) -> None:
        if not x.size or x.dtype.itemsize not in _ITEM_SIZES or x.dtype.kind == "V":
            raise NotNativeError
        self.kept.append(x)
        self._buffers.append((x.ctypes.data, x.nbytes, register))

    def _fix(self, base: int, value: int) -> int:
        if self._operands + len(self.fixed) >= text.MOST_REGISTERS:
            raise NotNativeError
        self.fixed.append((base, value))
        return self._operands + len(self.fixed) - 1

    def constant(self, x: np.ndarray) -> Seen:
        """Returns an array whose elements are always these."""
        x = np.array(x, order="C")
        self._note(x, self._fix(text.ABSOLUTE, x.ctypes.data))
        return self.seen(x)

    def _result(self, x: np.ndarray) -> tuple[Seen, int]:
        """Returns what a step has computed, and its register."""
        if not x.flags.c_contiguous or self._scratch + x.nbytes > text.SCRATCH_BYTES:
            raise NotNativeError
        register = self._fix(text.SCRATCH, self._scratch)
        self._scratch += -(-x.nbytes // 64) * 64
        self._note(x, register)
        return self.seen(x), register

    def place(self, x: np.ndarray) -> tuple[int, int]:
        """Returns the register that an array lies in, and how many bytes behind its start."""
        address = x.ctypes.data
        for start, size, register in self._buffers:
            if start <= address < start + size:
                return register, address - start
        raise NotNativeError

    def _step(self, kind: int, words: dict[int, Sequence[int]]) -> None:
        step = [0] * text.STEP_WORDS
        step[text.KIND] = kind
        for first, values in words.items():
            step[first : first + len(values)] = values
        self.steps.append(step)

    # -- moves and conversions

    def copy(self, x: np.ndarray) -> Seen:
        """Returns an array whose elements lie side by side."""
        source, offset = self.place(x)
        found, target = self._result(np.array(_plain(x), order="C"))
        self._move(x, (source, target), offset)
        return found

    def _move(self, x: np.ndarray, registers: tuple[int, int], offset: int) -> None:
        axes: list[tuple[int, int]] = []
        for n, stride in zip(x.shape, x.strides, strict=True):
            if n == 1:
                continue
            if axes and axes[-1][1] == n * stride:
                axes[-1] = axes[-1][0] * n, stride
            else:
                axes.append((n, stride))
        missing = text.MOVE_AXES - len(axes)
        if missing < 0:
            raise NotNativeError
        whole = [(1, x.itemsize)] * missing + axes
        words = {
            text.MOVED[0]: registers,
            text.MOVE_OFFSET: (offset, x.itemsize),
            text.MOVE_LENGTHS: [n for n, _ in whole],
            text.MOVE_STRIDES: [stride for _, stride in whole],
        }
        self._step(text.MOVE, words)

    def settled(self, x: np.ndarray) -> Seen:
        """Returns a value as an array of ours would hold it."""
        self.place(x)
        return self.seen(x) if x.flags.c_contiguous else self.copy(x)

    def cast(self, x: np.ndarray, dtype: np.dtype) -> Seen:
        """Returns an array in another dtype."""
        names = text.CAST_TYPES
        source, target = x.dtype.str[1:].replace("b", "u"), dtype.str[1:]
        if source not in names or target not in names:
            raise NotNativeError
        x = x if x.flags.c_contiguous else self.copy(x)
        register, offset = self.place(x)
        if offset:
            raise NotNativeError
        with quiet():
            found, result = self._result(_plain(x).astype(dtype))
        kinds = names.index(source), names.index(target)
        self._step(text.CAST, {1: (register, result), text.CAST_COUNT: (x.size, *kinds)})
        return found

    def _elements(self, x: Any, dtype: np.dtype, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Returns register, offset and stride of an operand for a row of elements."""
        if not isinstance(x, np.ndarray):
            x = self.constant(np.asarray(x, dtype))
        self.place(x)
        if x.dtype != dtype:
            x = self.cast(x, dtype)
        if x.size == 1:
            return *self.place(x), 0
        if x.shape != shape or not x.flags.c_contiguous:
            x = self.copy(np.broadcast_to(_plain(x), shape))
        return *self.place(x), x.itemsize

    def where(self, which: Any, yes: Any, no: Any) -> Seen:
        """Returns one of two values for each element."""
        if getattr(which, "dtype", None) != dtypes.bool_:
            raise NotNativeError
        result = np.where(_plain(which), _plain(yes), _plain(no))
        found, out = self._result(result)
        operands = [(which, which.dtype), (yes, result.dtype), (no, result.dtype)]
        places = [self._elements(x, dtype, result.shape) for x, dtype in operands]
        if any(offset for _, offset, _ in places):
            raise NotNativeError
        words = {
            1: [*(register for register, _, _ in places), out],
            text.SELECT_STRIDES: [stride for _, _, stride in places],
            text.SELECT_COUNT: (result.size, result.itemsize),
        }
        self._step(text.SELECT, words)
        return found

    # -- ufuncs

    def apply(
        self, ufunc: np.ufunc, method: str, inputs: Sequence[Any], options: dict[str, Any]
    ) -> Seen:
        """Does what a ufunc does, and notes it."""
        if method == "reduce" and len(inputs) == 1:
            return self._reduce(ufunc, inputs[0], options)
        if method != "__call__" or options or ufunc.nout != 1 or ufunc.nin > 2:
            raise NotNativeError
        if ufunc.signature is not None:
            return self._multiply(*inputs) if ufunc is np.matmul else _refuse()
        with quiet():
            result = np.asarray(ufunc(*map(_plain, inputs)))
        given = [x.dtype if hasattr(x, "dtype") else type(x) for x in inputs]
        found = ufunc.resolve_dtypes((*given, None))
        places = [
            self._elements(x, dtype, result.shape) for x, dtype in zip(inputs, found, strict=False)
        ]
        out, register = self._result(result)
        places.append((register, 0, result.itemsize))
        strides = [stride for _, _, stride in places]
        self._loop(ufunc, found, places, (1, 1), (), (result.size,), strides)
        return out

    def _loop(
        self,
        ufunc: np.ufunc,
        of: Sequence[np.dtype],
        places: Sequence[tuple[int, int, int]],
        outer: tuple[int, int],
        outer_strides: Sequence[int],
        lengths: Sequence[int],
        strides: Sequence[int],
    ) -> None:
        loop = find_loop(ufunc, of)
        if loop is None:
            raise NotNativeError
        self.kept.append(ufunc)
        words = {
            text.REGISTERS: [register for register, _, _ in places],
            text.OFFSETS: [offset for _, offset, _ in places],
            text.OUTER: outer,
            text.OUTER_STRIDES: outer_strides,
            text.FUNCTION: loop,
            text.LENGTHS: lengths,
            text.STRIDES: strides,
        }
        self._step(text.LOOP, words)

    def _reduce(self, ufunc: np.ufunc, x: np.ndarray, options: dict[str, Any]) -> Seen:
        start = options.get("initial", ufunc.identity)
        if options.keys() - {"axis", "dtype", "initial", "keepdims"} or start is None:
            raise NotNativeError
        with quiet():
            result = np.asarray(ufunc.reduce(_plain(x), **options))
        if x.dtype != result.dtype or not x.flags.c_contiguous:
            raise NotNativeError
        outer, folded, inner = _parts_of(x.shape, options.get("axis", 0))
        source, offset = self.place(x)
        filled = self.constant(np.asarray(start, result.dtype))
        out, register = self._result(result)
        spread = np.broadcast_to(_plain(filled), result.shape)
        self._move(spread, (self.place(filled)[0], register), 0)
        item = x.itemsize
        places = [(register, 0, 0), (source, offset, 0), (register, 0, 0)]
        to, through = inner * item, folded * inner * item
        if inner == 1:
            rounds, lengths, strides, step = (outer, 1), (folded,), (0, item, 0), 0
        else:
            rounds, lengths, strides, step = (outer, folded), (inner,), (item, item, item), to
        outer_strides = (to, through, to, 0, step, 0)
        self._loop(ufunc, [x.dtype] * 3, places, rounds, outer_strides, lengths, strides)
        return out

    def _multiply(self, a: Any, b: Any) -> Seen:
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray)):
            raise NotNativeError
        if a.ndim != 2 or b.ndim != 2 or a.dtype != b.dtype:
            raise NotNativeError
        if a.size * b.shape[1] > _MOST_PRODUCTS:
            raise NotNativeError
        with quiet():
            result = np.matmul(_plain(a), _plain(b))
        places = [(*self.place(x), 0) for x in (a, b)]
        out, register = self._result(result)
        places.append((register, 0, 0))
        lengths = (1, *a.shape, b.shape[1])
        strides = (0, 0, 0, *a.strides, *b.strides, *result.strides)
        self._loop(np.matmul, [result.dtype] * 3, places, (1, 1), (), lengths, strides)
        return out

    # -- the end

    def block(
        self, results: Sequence[np.ndarray], avals: Sequence[ShapedArray]
    ) -> tuple[list[int], list[Any]]:
        """Returns the words of a block with these values as results, and what they point to."""
        if len(results) > text.MOST_RESULTS:
            raise NotNativeError
        words = [0] * text.HEADER
        for number, (x, aval) in enumerate(zip(results, avals, strict=True)):
            self._give(x, text.RESULT + number)
            shape = np.array(aval.shape or (0,), np.int64)
            self.kept += [shape, aval, aval.dtype]
            words += [id(aval.dtype), id(aval), len(aval.shape), shape.ctypes.data]
        words[text.COUNT], words[text.FIXED] = len(self.steps), len(self.fixed)
        words[text.RESULTS], words[text.FIRST] = len(results), len(words)
        words += [word for pair in self.fixed for word in pair]
        words += [word for step in self.steps for word in step]
        return words, self.kept

    def _give(self, x: np.ndarray, result: int) -> None:
        """Has a value computed in a result's memory, or moved there."""
        register, offset = self.place(x)
        number = register - self._operands
        is_whole = not offset and (register, x.nbytes) in [(r, n) for _, n, r in self._buffers]
        if number >= 0 and is_whole and self.fixed[number][0] == text.SCRATCH:
            self.fixed[number] = result, 0
        else:
            self._move(x, (register, self._fix(result, 0)), offset)

    @property
    def only_moves(self) -> bool:
        """Whether nothing is computed."""
        return all(step[text.KIND] == text.MOVE for step in self.steps)


def _parts_of(shape: tuple[int, ...], axis: Any) -> tuple[int, int, int]:
    """Returns how many elements a fold has in front of, along, and behind the folded axes."""
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    long = sorted(d % len(shape) for d in axes if shape[d] != 1) if shape else []
    if not long:
        raise NotNativeError
    first, last = long[0], long[-1]
    if any(shape[d] != 1 and d not in long for d in range(first, last)):
        raise NotNativeError
    return (
        math.prod(shape[:first]),
        math.prod(shape[first : last + 1]),
        math.prod(shape[last + 1 :]),
    )
