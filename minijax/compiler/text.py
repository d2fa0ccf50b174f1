"""LLVM text that is written the way the loops in it read.

A `ModuleWriter` collects functions, declarations and constants; a `FunctionWriter` emits
instructions and owns blocks, labels and phi nodes, so that no caller ever wires one by hand.

>>> module = ModuleWriter()
>>> fn = module.function("triangle", [("i64", "n"), ("ptr", "out")])
>>> with fn.loop("%n", carried=[("i64", 0)]) as loop:
...     loop.next(fn.emit(f"add i64 {loop.values[0]}, {loop.index}"))
>>> fn.store("i64", loop.results[0], "%out")
>>> fn.ret()
>>> print(fn)
define i32 @triangle(i64 %n, ptr %out) #0 {
entry:
  br label %b1
b1:
  %v1 = phi i64 [0, %entry], [%v5, %b3]
  %v2 = phi i64 [0, %entry], [%v4, %b3]
  %v3 = icmp slt i64 %v1, %n
  br i1 %v3, label %b3, label %b2
b3:
  %v4 = add i64 %v2, %v1
  %v5 = add nsw i64 %v1, 1
  br label %b1
b2:
  store i64 %v2, ptr %out
  ret i32 0
}

An operand is a string (`"%v3"`, `"%n"`, `"0x3FF0000000000000"`) or an integer. Every loop tests
at the top, so a loop over nothing touches nothing. Text is appended to lists and joined once; an
instruction costs about a microsecond. Within a block, equal arithmetic is emitted once.
"""

from __future__ import annotations

import ctypes
import math
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minijax.compiler.blocks import Block, Carried, Choice, Loop, Operand, WhileLoop

__all__ = [
    "Block",
    "Carried",
    "Choice",
    "FunctionWriter",
    "Loop",
    "ModuleWriter",
    "Operand",
    "WhileLoop",
    "literal",
]

# What these compute depends on the operands alone, and computing it has no effect. (What `freeze`
# makes of a value that is undefined is another thing each time.)
_PURE = frozenset(
    """
    add sub mul shl lshr ashr and or xor fadd fsub fmul fdiv fneg icmp fcmp select zext sext trunc
    fpext fptrunc sitofp uitofp fptosi fptoui bitcast getelementptr insertelement extractelement
    shufflevector
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)

_RESERVED = re.compile(r"(entry|[bv]\d+)\Z")


def literal(ty: str, value: complex) -> str:
    """The text of a constant of a scalar type, exact to the bit.

    >>> literal("double", 1.0), literal("float", 0.1), literal("i1", True), literal("i8", 255)
    ('0x3FF0000000000000', '0x3FB99999A0000000', 'true', '255')
    """
    if ty == "i1":
        return "true" if value else "false"
    if ty.startswith("i"):
        return str(int(value.real))
    number = float(value.real)
    if ty == "half":
        return f"0xH{_bits('e', number):04X}"
    if ty == "float":
        number = ctypes.c_float(number).value
    return f"0x{_bits('d', number):016X}"


def _bits(code: str, number: float) -> int:
    try:
        packed = struct.pack(f">{code}", number)
    except OverflowError:
        packed = struct.pack(f">{code}", math.copysign(math.inf, number))
    return int.from_bytes(packed, "big")


class ModuleWriter:
    """A module of LLVM text: functions, and what they share."""

    __slots__ = ("_attributes", "_constants", "_declarations", "_functions", "_metadata")

    def __init__(self) -> None:
        self._functions: dict[str, FunctionWriter] = {}
        self._declarations: dict[str, str] = {}
        self._constants: dict[str, str] = {}
        self._attributes: dict[str, str] = {}
        self._metadata: dict[str, str] = {}

    def function(
        self,
        name: str,
        args: Sequence[tuple[str, str]],
        ret: str = "i32",
        linkage: str = "",
        attributes: Sequence[str] = ("nounwind",),
    ) -> FunctionWriter:
        """Starts a function.

        Args:
            name: its symbol.
            args: pairs of type, with parameter attributes if any (`"ptr noalias"`), and name.
            ret: type of the result; functions that can fail return an `i32` code, 0 for success.
            linkage: `"internal"`, `"private"` or nothing.
            attributes: function attributes.
        """
        assert name not in self._functions, f"function @{name} is defined twice"
        writer = FunctionWriter(self, name, args, ret, linkage, self.attributes(attributes))
        self._functions[name] = writer
        return writer

    def defines(self, name: str) -> bool:
        """Tells whether a function of that name was started."""
        return name in self._functions

    def declare(self, name: str, ret: str, args: Sequence[str], attributes: str = "") -> str:
        """Declares an outside function, once; returns its global name."""
        text = f"declare {ret} @{name}({', '.join(args)}) {attributes}".rstrip()
        known = self._declarations.setdefault(name, text)
        assert known == text, f"two declarations of one symbol: {known!r} and {text!r}"
        return "@" + name

    def callee(self, name: str, ret: str, args: Sequence[str]) -> str:
        """The global name of a function, which is declared unless the module knows it."""
        if name not in self._functions and name not in self._declarations:
            self.declare(name, ret, args)
        return "@" + name

    def constant(self, ty: str, initializer: str, align: int = 8) -> str:
        """A private constant; equal constants share one. Returns its global name."""
        text = f"private unnamed_addr constant {ty} {initializer}, align {align}"
        return self._constants.setdefault(text, f"@c{len(self._constants)}")

    def variable(self, name: str, ty: str) -> str:
        """Memory of the module's own, all zeros at first; returns its global name."""
        return self._constants.setdefault(
            f"internal global {ty} zeroinitializer, align 64 ; {name}", f"@{name}"
        )

    def data(self, content: bytes, align: int = 8) -> str:
        """A private constant array of bytes; returns its global name."""
        escaped = "".join(f"\\{byte:02X}" for byte in content)
        return self.constant(f"[{len(content)} x i8]", f'c"{escaped}"', align)

    def attributes(self, names: Sequence[str]) -> str:
        """The attribute group of these function attributes, such as `#0`."""
        if not names:
            return ""
        return self._attributes.setdefault(" ".join(names), f"#{len(self._attributes)}")

    def metadata(self, text: str) -> str:
        """The metadata node of this text, such as `!0`; equal nodes share one."""
        return self._metadata.setdefault(text, f"!{len(self._metadata)}")

    def loop_metadata(self, *fields: str) -> str:
        """A fresh node that annotates one loop with these properties."""
        node = f"!{len(self._metadata)}"
        self._metadata[f"distinct !{{{', '.join((node, *fields))}}}"] = node
        return node

    def __str__(self) -> str:
        bodies = [str(function) for function in self._functions.values()]
        parts = [f"{name} = {text}" for text, name in self._constants.items()]
        parts += [text for name, text in self._declarations.items() if name not in self._functions]
        parts += bodies
        parts += [
            f"attributes {group} = {{ {names} }}" for names, group in self._attributes.items()
        ]
        parts += [f"{node} = {text}" for text, node in self._metadata.items()]
        return "\n".join(parts) + "\n"


class FunctionWriter:
    """Emits the instructions of one function, block by block.

    Attributes:
        module: the module it is in.
        name: its symbol.
        block: the block that instructions go to.
        calls: how many calls of other than LLVM's own functions it holds.
    """

    __slots__ = (
        "_allocas",
        "_blocks",
        "_failures",
        "_header",
        "_labels",
        "_returns",
        "_values",
        "block",
        "calls",
        "module",
        "name",
    )

    def __init__(
        self,
        module: ModuleWriter,
        name: str,
        args: Sequence[tuple[str, str]],
        ret: str,
        linkage: str,
        attributes: str,
    ) -> None:
        for _, arg in args:
            assert not _RESERVED.match(arg), f"argument name {arg!r} is kept for generated names"
        params = ", ".join(f"{ty} %{arg}" for ty, arg in args)
        words = ("define", linkage, ret, f"@{name}({params})", attributes, "{")
        self.module = module
        self.name = name
        self._header = " ".join(word for word in words if word)
        self._returns = ret
        self.calls = 0
        self._values = 0
        self._labels = 0
        self._allocas: list[str] = []
        self._failures: list[str] = []
        self.block = Block("entry")
        self._blocks = [self.block]

    @property
    def entry(self) -> Block:
        """The first block: what is emitted `at` it is known everywhere behind it."""
        return self._blocks[0]

    @property
    def size(self) -> int:
        """The number of values that have names, a measure of its length."""
        return self._values

    @property
    def can_fail(self) -> bool:
        """Whether it may leave with an error code."""
        return bool(self._failures)

    def fresh(self) -> str:
        """A new SSA name."""
        self._values += 1
        return f"%v{self._values}"

    def emit(self, operation: str) -> str:
        """Emits an instruction with a result; returns the name of the result.

        What the block has computed already is not computed again: index arithmetic repeats itself,
        and each instruction costs LLVM's passes more than it costs to look.
        """
        block = self.block
        name = block.known.get(operation)
        if name is None:
            self._values += 1
            name = f"%v{self._values}"
            block.lines.append(f"  {name} = {operation}")
            if operation.partition(" ")[0] in _PURE:
                block.known[operation] = name
        return name

    def do(self, operation: str) -> None:
        """Emits an instruction without a result."""
        self.block.lines.append("  " + operation)

    def call(self, ret: str, name: str, args: Sequence[tuple[str, Operand]]) -> str:
        """Calls a function by symbol, or through a pointer if the name starts with `%`.

        Args:
            ret: result type, `"void"` for none.
            name: symbol without `@`; it is declared if the module does not define it.
            args: pairs of type and operand.

        Returns:
            The name of the result, empty for `void`.
        """
        if not name.startswith("llvm."):
            self.calls += 1
        if name[0] != "%":
            name = self.module.callee(name, ret, [ty for ty, _ in args])
        operation = f"call {ret} {name}({', '.join(f'{ty} {value}' for ty, value in args)})"
        if ret != "void":
            return self.emit(operation)
        self.do(operation)
        return ""

    def gep(self, ty: str, pointer: str, offset: Operand) -> str:
        """The address `offset` elements of type `ty` after `pointer`."""
        if offset == 0:
            return pointer
        return self.emit(f"getelementptr inbounds {ty}, ptr {pointer}, i64 {offset}")

    def load(self, ty: str, pointer: str, align: int | None = None) -> str:
        """Loads a value; without `align` the natural alignment of the type is promised."""
        return self.emit(f"load {ty}, ptr {pointer}{_alignment(align)}")

    def store(self, ty: str, value: Operand, pointer: str, align: int | None = None) -> None:
        """Stores a value; without `align` the natural alignment of the type is promised."""
        self.do(f"store {ty} {value}, ptr {pointer}{_alignment(align)}")

    def alloca(
        self, ty: str, count: int = 1, align: int | None = None, name: str | None = None
    ) -> str:
        """Room on the stack, made in the entry block so that no loop grows the stack.

        Args:
            ty: the type of an element.
            count: the number of elements.
            align: bytes; without it the natural alignment of the type.
            name: a fresh name that is known already, before the number of elements is.
        """
        name = name or self.fresh()
        self._allocas.append(f"  {name} = alloca {ty}, i64 {count}{_alignment(align)}")
        return name

    def new_block(self) -> Block:
        """A block that is not yet part of the function; `place` puts it there."""
        self._labels += 1
        return Block(f"b{self._labels}")

    def place(self, block: Block) -> None:
        """Appends a block to the function; instructions go there from now on."""
        self._blocks.append(block)
        self.block = block

    def terminate(self, text: str) -> None:
        """Ends the current block."""
        block = self.block
        assert block.end is None, f"block {block.label} has ended; only plain instructions fit here"
        block.end = "  " + text

    def jump(self, target: Block) -> None:
        """Ends the current block with a branch to `target`."""
        self.terminate(f"br label %{target.label}")

    def jump_if(self, cond: Operand, then: Block, otherwise: Block) -> None:
        """Ends the current block with a conditional branch."""
        self.terminate(f"br i1 {cond}, label %{then.label}, label %{otherwise.label}")

    @contextmanager
    def at(self, block: Block) -> Iterator[None]:
        """Within it, plain instructions go to the end of an earlier block.

        A block that has ended takes them before its terminator: `with fn.at(loop.preheader)`
        places loop-invariant work in front of the loop one is in.
        """
        here, self.block = self.block, block
        try:
            yield
        finally:
            self.block = here

    def ret(self, value: Operand | None = None) -> None:
        """Returns; from a function of result type `i32`, with 0 unless told otherwise."""
        if self._returns == "void":
            self.terminate("ret void")
            return
        assert value is not None or self._returns == "i32", f"@{self.name} must return a value"
        self.terminate(f"ret {self._returns} {0 if value is None else value}")

    def fail_if(self, cond: Operand, code: Operand) -> None:
        """Leaves the function with an error code if the condition holds; meant to be rare."""
        assert self._returns == "i32", f"@{self.name} returns {self._returns}, not an error code"
        self._failures.append(f"[{code}, %{self.block.label}]")
        weights = self.module.metadata('!{!"branch_weights", i32 1, i32 1048575}')
        proceed = self.new_block()
        self.terminate(f"br i1 {cond}, label %failed, label %{proceed.label}, !prof {weights}")
        self.place(proceed)

    def loop(
        self,
        start: Operand,
        stop: Operand | None = None,
        step: Operand = 1,
        *,
        carried: Carried = (),
        note: str = "",
    ) -> Loop:
        """A counted loop over `i64`, with the arguments of `range`.

        Args:
            start: first index, or the end if it is the only one.
            stop: end, not reached.
            step: distance, a positive or negative integer or the name of a positive value.
            carried: pairs of type and first value of what each iteration hands to the next.
            note: the loop's metadata, from `ModuleWriter.loop_metadata`.

        Returns:
            A context manager; it yields itself.
        """
        if stop is None:
            start, stop = 0, start
        return Loop(self, start, stop, step, carried, note)

    def while_loop(self, carried: Carried) -> WhileLoop:
        """A loop that runs while a condition holds.

        The `with` block first emits the condition from `loop.values`, hands it to `loop.test`,
        then emits the body and hands the new values to `loop.next`.
        """
        return WhileLoop(self, carried)

    def if_else(self, cond: Operand, types: Sequence[str] = ()) -> Choice:
        """Two branches, `choice.then()` and `choice.otherwise()`, merged into `choice.results`.

        Args:
            cond: an `i1`.
            types: types of the values that each branch hands to `choice.give`.
        """
        return Choice(self, "i1", cond, 2, types)

    def switch(
        self, index: Operand, count: int, types: Sequence[str] = (), index_type: str = "i64"
    ) -> Choice:
        """Branches `choice.case(0)` … `choice.case(count - 1)`, merged into `choice.results`.

        An index out of range takes the last case.
        """
        return Choice(self, index_type, index, count, types)

    @contextmanager
    def when(self, cond: Operand) -> Iterator[None]:
        """Emits what is inside it under a condition."""
        with self.if_else(cond) as choice, choice.then():
            yield

    def __str__(self) -> str:
        out = [self._header, "entry:", *self._allocas]
        entry, *others = self._blocks
        assert entry.end is not None, f"block entry of @{self.name} has no terminator"
        out += entry.lines
        out.append(entry.end)
        for block in others:
            block.render(out)
        if self._failures:
            out += ["failed:", f"  %code = phi i32 {', '.join(self._failures)}", "  ret i32 %code"]
        out.append("}")
        return "\n".join(out)


def _alignment(align: int | None) -> str:
    return "" if align is None else f", align {align}"
