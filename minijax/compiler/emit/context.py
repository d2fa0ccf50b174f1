"""What all emitting code shares: the module, the function being written, outside symbols.

Instructions are emitted on *lanes*: on one number at a time, or on a vector of them. Everything
that emits arithmetic names scalar types ("double") and operands; `Context` widens both:

    c.op("fadd", "double", "%v1", "0x3FF0000000000000")
        1 lane     fadd double %v1, 0x3FF0000000000000
        8 lanes    fadd <8 x double> %v1, splat (double 0x3FF0000000000000)

so one text of every operation serves loops over vectors and code for single numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from minijax.compiler import external
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand

_OWN_ROOM = 512
PURE = "nounwind willreturn memory(none)"
_SUFFIX = {"double": "f64", "float": "f32", "half": "f16", "ptr": "p0"}


class Context:
    """The state of emitting one module.

    Attributes:
        module: the module.
        fn: the function that instructions go to.
        contract: whether multiplications and additions may be fused.
        lanes: how many numbers an instruction works on.
        pair_order: which of neighbouring complex numbers each lane holds; None for in order.
        mask: the name of a vector of bools: the lanes that count; None where all do.
        alive: how many lanes count, the first ones, where that is known.
        symbols: addresses of outside functions that the linker does not find by itself.
        kept: objects that must live as long as the code.
        failures: receives the exception of a host call that failed, by thread.
        in_part: whether the function does one part of a loop.
        table_size: how many addresses a program is given; that of the number of threads follows.
    """

    def __init__(self, contract: bool) -> None:
        self.module = ModuleWriter()
        self.fn: FunctionWriter
        self.contract = contract
        self.lanes = 1
        self.pair_order: tuple[int, ...] | None = None
        self.mask: str | None = None
        self.alive = 1
        self.symbols: dict[str, int] = {}
        self.kept: list[Any] = []
        self.failures: dict[int, BaseException] = {}
        self.in_part = False
        self.table_size = 0
        self._helpers = 0
        self._rooms: dict[tuple[int, int], str] = {}

    # -- lanes

    @contextmanager
    def on(self, lanes: int, mask: str | None = None, alive: int | None = None) -> Iterator[None]:
        """Within it, instructions work on this many lanes."""
        before = self.lanes, self.mask, self.alive
        self.lanes, self.mask = lanes, mask
        self.alive = lanes if alive is None else alive
        yield
        self.lanes, self.mask, self.alive = before

    @property
    def on_numbers(self) -> bool:
        """Whether instructions work on one number, unconditionally."""
        return self.lanes == 1 and self.mask is None

    def type(self, ty: str) -> str:
        """Returns the type of as many values as there are lanes."""
        return ty if self.lanes == 1 else f"<{self.lanes} x {ty}>"

    def operand(self, ty: str, x: Operand) -> Operand:
        """Returns an operand; a constant stands for itself in every lane."""
        if self.lanes == 1 or (isinstance(x, str) and x[0] in "%<s"):
            return x  # a name, a vector, or what is a splat already
        return f"splat ({ty} {x})"

    def vector(self, ty: str, x: Operand) -> str:
        """Returns the name of a vector; a constant gets one, lest it is taken for a number."""
        spread = self.operand(ty, x)
        if isinstance(spread, str) and spread[0] == "%":
            return spread
        return self.fn.emit(f"bitcast {self.type(ty)} {spread} to {self.type(ty)}")

    def spread(self, ty: str, x: Operand) -> Operand:
        """Returns one number in every lane."""
        if self.lanes == 1 or not (isinstance(x, str) and x[0] == "%"):
            return x
        vector = self.type(ty)
        first = self.fn.emit(f"insertelement {vector} poison, {ty} {x}, i64 0")
        return self.fn.emit(
            f"shufflevector {vector} {first}, {vector} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def counting(self, ty: str = "i64") -> str:
        """Returns the constant 0, 1, 2, … over the lanes."""
        return f"<{', '.join(f'{ty} {k}' for k in range(self.lanes))}>"

    def each_lane(
        self, rets: Sequence[str], args: Sequence[tuple[str, Operand]], call: Callable[..., Any]
    ) -> tuple[str, ...]:
        """Does lane by lane what has no vector form.

        Args:
            rets: the types of the results.
            args: pairs of type and operand.
            call: takes the operands of one lane and returns the results.
        """
        if self.lanes == 1:
            return tuple(call(*(x for _, x in args)))
        types = [self.type(ty) for ty in rets]
        found = ["poison"] * len(rets)
        vectors = [self.type(ty) for ty, _ in args]
        alive = self.alive
        with self.on(1):
            for lane in range(alive):
                parts = [
                    self.fn.emit(f"extractelement {vector} {x}, i64 {lane}")
                    if isinstance(x, str) and x[0] == "%"
                    else x
                    for vector, (_, x) in zip(vectors, args, strict=True)
                ]
                for k, result in enumerate(call(*parts)):
                    text = f"insertelement {types[k]} {found[k]}, {rets[k]} {result}, i64 {lane}"
                    found[k] = self.fn.emit(text)
        return tuple(found)

    def in_groups(
        self,
        size: int,
        ty: str,
        operands: Sequence[str],
        call: Callable[..., str],
        result: str | None = None,
    ) -> str:
        """Does to groups of lanes what takes no more of them; all operands have one type.

        Args:
            size: how many lanes a group has.
            ty: the type of a lane.
            operands: vectors, or constants.
            call: takes the operands of a group and returns its result.
            result: the type of a lane of the result, if it is another one.
        """
        lanes, found = self.lanes, []
        for first in range(0, lanes, size):
            parts = [self.lanes_of(ty, x, first, size, lanes) for x in operands]
            with self.on(size):
                found.append(call(*parts))
        return self.joined(result or ty, found, size)

    def lanes_of(self, ty: str, x: str, first: int, size: int, lanes: int) -> str:
        """Returns neighbouring lanes of a vector; a constant for every lane stands for itself."""
        if x[0] not in "%<":
            return x
        wide, which = f"<{lanes} x {ty}>", ", ".join(f"i32 {first + k}" for k in range(size))
        order = f"<{size} x i32> <{which}>"
        return self.fn.emit(f"shufflevector {wide} {x}, {wide} poison, {order}")

    def joined(self, ty: str, parts: Sequence[str], size: int) -> str:
        """Returns the vector that is made of vectors of so many lanes."""
        while len(parts) > 1:
            which = ", ".join(f"i32 {k}" for k in range(2 * size))
            half, order = f"<{size} x {ty}>", f"<{2 * size} x i32> <{which}>"
            pairs = zip(parts[::2], parts[1::2], strict=True)
            parts = [
                self.fn.emit(f"shufflevector {half} {a}, {half} {b}, {order}") for a, b in pairs
            ]
            size *= 2
        return parts[0]

    # -- instructions

    def float_flags(self) -> str:
        """Returns the flags of + - *: a blank, or leave to fuse them."""
        return "contract " if self.contract else ""

    def op(self, word: str, ty: str, *operands: Operand) -> str:
        """Emits an instruction on operands of one type."""
        listed = ", ".join(str(self.operand(ty, x)) for x in operands)
        return self.fn.emit(f"{word} {self.type(ty)} {listed}")

    def cast(self, word: str, source: str, x: Operand, target: str) -> str:
        """Emits a conversion."""
        return self.fn.emit(
            f"{word} {self.type(source)} {self.operand(source, x)} to {self.type(target)}"
        )

    def select(self, condition: str, ty: str, x: Operand, y: Operand) -> str:
        """Emits a choice, lane by lane."""
        chosen, wide = self.operand("i1", condition), self.type(ty)
        a, b = self.operand(ty, x), self.operand(ty, y)
        return self.fn.emit(f"select {self.type('i1')} {chosen}, {wide} {a}, {wide} {b}")

    def intrinsic(
        self, name: str, ret: str, args: Sequence[tuple[str, Operand]], *others: str, flag: str = ""
    ) -> str:
        """Emits an intrinsic function of LLVM.

        Args:
            name: without prefix and types, such as "sqrt".
            ret: the type of the result, which the name of the function ends with.
            args: pairs of type and operand.
            others: further types in the name.
            flag: a constant bool that follows the operands.
        """
        symbol = ".".join(("llvm", name, *(self._suffix(ty) for ty in (ret, *others))))
        listed: list[tuple[str, Operand]] = [(self.type(ty), self.operand(ty, x)) for ty, x in args]
        return self.pure_call(self.type(ret), symbol, listed + ([("i1", flag)] if flag else []))

    def _suffix(self, ty: str) -> str:
        scalar = _SUFFIX.get(ty, ty)
        return scalar if self.lanes == 1 else f"v{self.lanes}{scalar}"

    def pure_call(self, ret: str, name: str, args: Sequence[tuple[str, Operand]]) -> str:
        """Calls a function without side effects: calls may be joined, moved and left out."""
        self.module.declare(name, ret, [ty for ty, _ in args], PURE)
        return self.fn.call(ret, name, args)

    def scalar_call(self, ret: str, name: str, args: Sequence[tuple[str, Operand]]) -> str:
        """Calls a function of single numbers without side effects, for each lane."""
        types = [ty for ty, _ in args]

        def call(*parts: Operand) -> tuple[str]:
            return (self.pure_call(ret, name, list(zip(types, parts, strict=True))),)

        return self.each_lane((ret,), args, call)[0]

    def outside(self, symbol: str) -> external.Signature:
        """Makes a function of `external` known to the linker; returns its types."""
        self.symbols[symbol] = external.address(symbol)
        return external.signature(symbol)

    def helper(
        self, name: str, ret: str, args: list[tuple[str, str]], write: Callable[[], None]
    ) -> None:
        """Writes a function of the module, once; within `write`, `fn` is that function."""
        if self.module.defines(name):
            return
        here = self.fn
        self.fn = self.module.function(
            name, args, ret, "internal", ("nounwind", "willreturn", "memory(none)", "alwaysinline")
        )
        with self.on(1):
            write()
        self.fn = here

    @contextmanager
    def function(self, name: str, args: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Within it, `fn` is a new function that returns a status; yields its name."""
        here, rooms = self.fn, self._rooms
        self.fn, self._rooms = self.module.function(name, args, "i32", "internal"), {}
        yield name
        self.fn, self._rooms = here, rooms

    @contextmanager
    def part(self, name: str, args: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Within it, `fn` is a new function that does a part of a loop; yields its name."""
        with self.function(name, args):
            self.in_part = True
            yield name
            self.in_part = False

    def fresh_name(self, stem: str) -> str:
        """Returns a symbol that no other function has."""
        self._helpers += 1
        return f"{stem}{self._helpers}"

    def room(self, slot: int, size: int) -> str:
        """Returns working memory on the stack; large pieces serve one kernel after the other.

        Args:
            slot: tells pieces apart that one kernel uses together.
            size: bytes.
        """
        if size <= _OWN_ROOM:
            return self.fn.alloca(f"[{size} x i8]", align=64)
        key = (slot, 1 << (size - 1).bit_length())
        if key not in self._rooms:
            self._rooms[key] = self.fn.alloca(f"[{key[1]} x i8]", align=64)
        return self._rooms[key]
