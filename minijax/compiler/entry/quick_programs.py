"""What functions of arrays do to arguments of some kinds, as blocks of native steps.

`learn` is asked for every combination of a function and the kinds of its arguments that no row
tells of. When one comes again and again, the function is traced, the rules of what it consists of
are recorded (`quick_record`), and a row has native code take their steps from then on. Before that
the steps are tried out: on the arguments, and on other values, they must give what the rules give,
to the bit.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minijax.compiler.entry import quick_keys_text as keys
from minijax.compiler.entry import quick_steps_text as steps
from minijax.compiler.entry.quick_record import Seen, Tape
from minijax.core.array import ConcreteArray, aval_of, value_of, wrap
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Jaxpr, Literal
from minijax.core.operators import BINARY, COMPARISON
from minijax.core.quick import BY_AVALS
from minijax.core.quiet import quiet
from minijax.interpreters.stage import stage, with_literals
from minijax.interpreters.steps import Steps, is_regular
from minijax.primitives.broadcast import broadcast_in_dim_p, broadcast_view

_OPERATORS = frozenset(
    f"__{prefix}{name}__" for name in (*BINARY, *COMPARISON, "getitem") for prefix in ("", "r")
)
# An application is worth its derivation, which takes about a hundred times as long, when native
# code has asked about it so often; it does so once in PATIENCE times that it does not know it.
WORTH_DERIVING = 6
PATIENCE = 16
_MOST_STEPS = 24
_MOST_SEEN = 4096
_MOST_ELEMENTS = 1 << 15
_MOST_MOVED = 4096  # bytes; beyond, a view is made sooner than a copy
_IMPL: dict[Any, Callable[..., Any]] = {broadcast_in_dim_p: broadcast_view}

Apply = Callable[..., Any]


def is_own(function: Any) -> bool:
    """Whether a function is one of the vocabulary: others may do something else the next time."""
    return str(getattr(function, "__module__", "")).startswith("minijax.")


def is_decided_by_key(function: Any) -> bool:
    """Whether what a function does is decided by the kinds of arrays, and by other arguments."""
    name = getattr(function, "__name__", "")
    return is_own(function) and (name in BY_AVALS or name in _OPERATORS)


class Programs:
    """The rows that have been written, and what they point to.

    Attributes:
        apply_block: native code that applies a block, given by its address, to arrays.
        apply_steps: the same with a list of results.
    """

    def __init__(self) -> None:
        self._memory = (ctypes.c_uint64 * (1 + (keys.ROW_WORDS << keys.ROWS_BITS)))()
        self._bytes = memoryview(self._memory).cast("B")[8:]
        self.patience = PATIENCE
        self._kept: dict[int, Any] = {}
        self._seen: dict[bytes, int] = {}
        self._turn = 0
        self.apply_block: Apply | None = None
        self.apply_steps: Apply | None = None

    @property
    def address(self) -> int:
        """The address of the first row."""
        return ctypes.addressof(self._memory) - 8 * keys.PATIENCE

    @property
    def patience(self) -> int:
        """How often native code misses a row before it asks about it."""
        return int(self._memory[0])

    @patience.setter
    def patience(self, value: int) -> None:
        self._memory[0] = value

    def learn(
        self, address: int, owner: Any, keywords: Mapping[str, Any] | None, *args: Any
    ) -> None:
        """Writes the row of an application, once it is worth it.

        Args:
            address: where its key is: the number of words, and the words.
            owner: the function.
            keywords: arguments given by name.
            *args: the other arguments.
        """
        key = ctypes.string_at(address, 8 * (1 + keys.KEY_WORDS))
        count, *words = struct.unpack(f"={1 + keys.KEY_WORDS}Q", key)
        key = key[: 8 * (1 + count)]
        times = self._seen.get(key, 0) + 1
        if times < WORTH_DERIVING:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[key] = times
            return
        self._seen.pop(key, None)
        words = words[:count]
        keywords = dict(keywords or {})
        block, function, kept = 0, 0, []
        if is_decided_by_key(owner):
            found = self._derive(owner, args, keywords, bool(words[1] & keys.BY_TYPE))
            if isinstance(found, _Block):
                block = found.address
            elif found is not None:
                function = id(found)
            kept.append(found)
        whole = [x.aval if type(x) is ConcreteArray else x for x in (*args, *keywords.values())]
        row = [count, *words, *[0] * (keys.KEY_WORDS - count), block, function]
        self._write(row, [owner, *keywords, *whole, *kept])

    def _write(self, row: list[int], kept: list[Any]) -> None:
        place = keys.place_of(row[keys.KEY : keys.KEY + row[keys.LENGTH]])
        # One of two neighbours, in turn; an empty one first.
        both = (place, place ^ 1)
        empty = [k for k in both if k not in self._kept]
        self._turn ^= 1
        chosen = empty[0] if empty else both[self._turn]
        size = 8 * keys.ROW_WORDS
        # A single assignment, so that other threads see one row or the other.
        self._bytes[chosen * size : (chosen + 1) * size] = np.array(row, np.uint64).tobytes()
        self._kept[chosen] = kept

    def _derive(
        self,
        owner: Callable[..., Any],
        args: Sequence[Any],
        keywords: Mapping[str, Any],
        by_type: bool = False,
    ) -> _Block | Callable[..., Any] | None:
        application = _Application(owner, args, keywords, by_type)
        operands, jaxpr = application.operands(), application.staged()
        if jaxpr is None or not operands or len(jaxpr.outvars) != 1:
            return None
        if type(jaxpr.outvars[0].aval) is not ShapedArray or len(jaxpr.eqns) > _MOST_STEPS:
            return None
        if not all(is_regular(eqn.primitive) for eqn in jaxpr.eqns):
            return None
        if not jaxpr.eqns:
            out = jaxpr.outvars[0]
            return _returning(jaxpr.invars.index(out)) if out in jaxpr.invars else None
        block = _recorded(with_literals(jaxpr), operands)
        if block is not None and _is_right(block, application.on, operands, self.apply_block):
            return block
        return None if by_type else Steps(with_literals(jaxpr)).first

    def derive_steps(self, jaxpr: Jaxpr) -> Callable[..., list[Any] | None] | None:
        """Returns native code for a closed program of arrays, None if there is none.

        Returns:
            A function of the inputs that returns the list of the outputs, or None if the inputs
            are not arrays of the program's avals.
        """
        avals = jaxpr.in_avals
        if not avals or len(jaxpr.eqns) > _MOST_STEPS or not jaxpr.eqns:
            return None
        if len(avals) > steps.MOST_OPERANDS or any(type(aval) is not ShapedArray for aval in avals):
            return None
        operands = [_other(aval, 1) for aval in avals if type(aval) is ShapedArray]
        block = _recorded(jaxpr, operands)
        program = Steps(jaxpr).in_python
        if block is None or not _is_right(block, program, operands, self.apply_steps):
            return None
        assert self.apply_steps is not None, "native code is there before it is tried"
        made = _OfBlock(self.apply_steps, block.address)
        made.block = block
        return made


class _OfBlock(functools.partial[Any]):
    """A function that applies a block, which lives as long."""

    block: _Block


def _is_right(
    block: _Block,
    program: Callable[..., Any],
    operands: Sequence[Any],
    apply: Apply | None,
) -> bool:
    """Tries a block out."""
    assert apply is not None, "native code is there before it asks"
    try:
        with quiet():
            for turn in range(4):
                given = operands if turn == 0 else [_another(x, turn) for x in operands]
                if not _are_same(apply(block.address, *given), program(*given)):
                    return False
    except Exception:  # the general way will say what is wrong
        return False
    return True


def _are_same(found: Any, wanted: Any) -> bool:
    pairs = zip(*[x if type(x) is list else [x] for x in (found, wanted)], strict=True)
    for a, b in pairs:
        if type(a) is not ConcreteArray or type(b) is not ConcreteArray or a.aval is not b.aval:
            return False
        if a._value.tobytes() != b._value.tobytes():
            return False
    return True


@functools.cache
def programs() -> Programs:
    """Returns the table that the native code reads."""
    return Programs()


class _Block:
    """The words of a block in memory, and what they point to."""

    def __init__(self, words: Sequence[int], kept: Any) -> None:
        self._kept = kept
        self._memory = (ctypes.c_uint64 * len(words))(*[word % 2**64 for word in words])

    @property
    def address(self) -> int:
        """The address of the first word."""
        return ctypes.addressof(self._memory)


def _returning(number: int) -> _Block:
    """Returns the block of a function that returns one of its operands."""
    words = [0] * steps.HEADER
    words[steps.RETURNED] = number
    return _Block(words, None)


class _Application(NamedTuple):
    """A function and the arguments of a call.

    Attributes:
        owner, args, keywords: the function and its arguments.
        by_type: whether floats in `args` are operands, as arrays always are.
    """

    owner: Callable[..., Any]
    args: Sequence[Any]
    keywords: Mapping[str, Any]
    by_type: bool

    def operands(self) -> list[Any]:
        """Returns the operands in their order."""
        return [x for x, is_operand in self._values() if is_operand]

    def _values(self) -> list[tuple[Any, bool]]:
        free = (ConcreteArray, float) if self.by_type else (ConcreteArray,)
        values = [(x, type(x) in free) for x in self.args]
        return values + [(x, type(x) is ConcreteArray) for x in self.keywords.values()]

    def on(self, *operands: Any) -> Any:
        """Applies the function to other operands."""
        others = iter(operands)
        given = [next(others) if is_operand else x for x, is_operand in self._values()]
        positional, named = given[: len(self.args)], given[len(self.args) :]
        return self.owner(*positional, **dict(zip(self.keywords, named, strict=True)))

    def staged(self) -> Jaxpr | None:
        """Returns the function as a program of the operands."""
        avals = [aval_of(x) for x in self.operands()]
        try:
            with warnings.catch_warnings():
                # A warning belongs to every call.
                warnings.simplefilter("error")
                return stage(lambda *traced: [self.on(*traced)], avals)
        except Exception:  # the general way will say what is wrong
            return None


def _recorded(jaxpr: Jaxpr, operands: Sequence[Any]) -> _Block | None:
    """Returns the block of a closed program, None if steps cannot do what its rules do."""
    given = [aval_of(x) for x in operands]
    if max(aval.size for aval in given) > _MOST_ELEMENTS:
        return None
    buffers = [np.array(value_of(x), order="C") for x in operands]
    try:
        tape = Tape(buffers)
        values: dict[Atom, Seen] = {
            var: tape.seen(x) for var, x in zip(jaxpr.invars, buffers, strict=True)
        }

        def read(atom: Atom) -> Seen:
            return tape.constant(atom.array()._value) if isinstance(atom, Literal) else values[atom]

        for eqn in jaxpr.eqns:
            impl = _IMPL.get(eqn.primitive, eqn.primitive.impl)
            outs = impl(*map(read, eqn.invars), **eqn.params)
            for var, x in zip(eqn.outvars, outs, strict=True):
                values[var] = tape.settled(np.asanyarray(x))
        outs, avals = [read(atom) for atom in jaxpr.outvars], jaxpr.out_avals
        for out, aval in zip(outs, avals, strict=True):
            if type(aval) is not ShapedArray or (out.shape, out.dtype) != (aval.shape, aval.dtype):
                return None
        words, kept = tape.block(outs, [aval for aval in avals if type(aval) is ShapedArray])
        words[steps.RETURNED] = len(operands)
        words += map(id, given)
        is_large = tape.only_moves and max(out.nbytes for out in outs) > _MOST_MOVED
        return None if is_large else _Block(words, [*kept, *given])
    except Exception:  # most often NotNativeError: there is a general way
        return None


def _another(x: Any, turn: int) -> Any:
    """Returns another operand of the same kind."""
    return (0.0, -1.5, -0.0, float("nan"))[turn] if type(x) is float else _other(x.aval, turn)


def _other(aval: ShapedArray, turn: int) -> ConcreteArray:
    """Returns an array of an aval with other elements."""
    random = np.random.default_rng(turn)
    value: np.ndarray
    kind, shape = aval.dtype.kind, aval.shape
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "b":
            value = random.integers(0, 2, shape)
        elif kind in "iu":
            bits = 8 * aval.dtype.itemsize if turn == 2 else 3
            value = random.integers(0, 2 ** min(bits, 63), shape)
        else:
            numbers = random.standard_normal(shape) * (1e3 if turn == 2 else 1.0)
            if turn == 3:
                odd = random.choice([0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, 1e-300], shape)
                numbers = np.where(random.random(shape) < 0.3, odd, numbers)
            value = numbers + 1j * random.standard_normal(shape) if kind == "c" else numbers
        return wrap(np.asarray(value).astype(aval.dtype), aval)
