"""Blocks, loops and choices: the parts of a function that own labels and phi nodes.

They are made by `FunctionWriter` (`fn.loop(...)`, `fn.if_else(...)`), never directly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minijax.compiler.text import FunctionWriter

Operand = str | int
Carried = Sequence[tuple[str, Operand]]

_NO_NEXT = "the loop carries values: end its body with loop.next(...)"


class Block:
    """A basic block; while it is open, or through `FunctionWriter.at`, it takes instructions.

    Attributes:
        known: the values it computes of nothing but operands, by what computes them.
    """

    __slots__ = ("end", "known", "label", "lines", "phis")

    def __init__(self, label: str) -> None:
        self.label = label
        self.phis: list[str] = []
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        self.end: str | None = None

    def render(self, out: list[str]) -> None:
        """Appends the block's text to `out`."""
        assert self.end is not None, f"block {self.label} has no terminator"
        out.append(self.label + ":")
        out += self.phis
        out += self.lines
        out.append(self.end)


class _Iteration:
    """What counted and conditional loops share: a header with phi nodes for the carried values.

    Attributes:
        values: the carried values of this iteration.
        results: the carried values after the last one (the same names, seen from behind the loop).
        preheader: the block before the loop, for loop-invariant instructions.
        header: the block that tests.
    """

    __slots__ = (
        "_after",
        "_carried",
        "_fn",
        "_next",
        "_note",
        "header",
        "preheader",
        "results",
        "values",
    )

    def __init__(self, fn: FunctionWriter, carried: Carried) -> None:
        self._fn = fn
        self._carried = carried
        self._next: Sequence[Operand] | None = None if carried else ()
        self._note = ""

    def _open(self) -> None:
        fn = self._fn
        self.preheader = fn.block
        self.header, self._after = fn.new_block(), fn.new_block()
        fn.jump(self.header)
        fn.place(self.header)

    def _name_values(self) -> None:
        self.values: tuple[str, ...] = tuple(self._fn.fresh() for _ in self._carried)
        self.results = self.values

    def next(self, *values: Operand) -> None:
        """Gives the values that the next iteration starts with."""
        wanted = len(self._carried)
        assert len(values) == wanted, f"the loop carries {wanted} values, given {len(values)}"
        self._next = values

    def _close(self, again: str | None = None) -> None:
        """Ends the last block of the body, with a test if the header has none."""
        assert self._next is not None, _NO_NEXT
        latch = self._fn.block
        for name, (ty, first), following in zip(
            self.values, self._carried, self._next, strict=True
        ):
            self._phi(name, ty, first, following, latch)
        note = f", !llvm.loop {self._note}" if self._note else ""
        header, after = f"label %{self.header.label}", f"label %{self._after.label}"
        self._fn.terminate(
            f"br {header if again is None else f'i1 {again}, {header}, {after}'}{note}"
        )
        self._fn.place(self._after)

    def _phi(self, name: str, ty: str, first: Operand, following: Operand, latch: Block) -> None:
        before = self.preheader.label
        self.header.phis.append(
            f"  {name} = phi {ty} [{first}, %{before}], [{following}, %{latch.label}]"
        )


class Loop(_Iteration):
    """A counted loop; inside `with`, `index` is its counter.

    Where it is known that there is a first iteration, the test stands at the end, as LLVM would
    move it there; where it is known to be the only one, there is no loop.
    """

    __slots__ = ("_start", "_step", "_stop", "_trips", "index")

    def __init__(
        self,
        fn: FunctionWriter,
        start: Operand,
        stop: Operand,
        step: Operand,
        carried: Carried,
        note: str,
    ) -> None:
        assert step != 0, "a loop needs a step other than 0"
        super().__init__(fn, carried)
        self._start, self._stop, self._step = start, stop, step
        self._note = note
        bounds = [x for x in (start, stop, step) if isinstance(x, int)]
        self._trips = len(range(*bounds)) if len(bounds) == 3 else None

    def __enter__(self) -> Loop:
        fn = self._fn
        if self._trips == 1:
            self.preheader = self.header = fn.block
            self.index = str(self._start)
            self.values = tuple(str(first) for _, first in self._carried)
            return self
        self._open()
        self.index = fn.fresh()
        self._name_values()
        if not self._trips:
            body = fn.new_block()
            fn.jump_if(self._is_inside(self.index), body, self._after)
            fn.place(body)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        if self._trips == 1:
            self._end()
            return
        following = self._fn.emit(f"add nsw i64 {self.index}, {self._step}")
        self._phi(self.index, "i64", self._start, following, self._fn.block)
        if not self._trips:
            self._close()
            return
        self._close(self._is_inside(following))
        self._end()

    def _is_inside(self, index: str) -> str:
        descending = isinstance(self._step, int) and self._step < 0
        return self._fn.emit(f"icmp {'sgt' if descending else 'slt'} i64 {index}, {self._stop}")

    def _end(self) -> None:
        """Names the results of a loop that is left after an iteration."""
        assert self._next is not None, _NO_NEXT
        self.results = tuple(map(str, self._next))


class WhileLoop(_Iteration):
    """A loop with a condition of its own."""

    __slots__ = ("_tested",)

    def __enter__(self) -> WhileLoop:
        self._tested = False
        self._open()
        self._name_values()
        return self

    def test(self, cond: Operand) -> None:
        """Ends the condition: the body follows and runs while `cond` holds."""
        assert not self._tested, "a loop tests once"
        self._tested = True
        body = self._fn.new_block()
        self._fn.jump_if(cond, body, self._after)
        self._fn.place(body)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        assert self._tested, "emit the condition of the loop and hand it to loop.test(...)"
        self._close()


class Choice:
    """Branches that meet again.

    Attributes:
        results: after the `with`, the merged values, one for each of the types.
    """

    __slots__ = ("_blocks", "_fn", "_given", "_head", "_merge", "_selector", "_types", "results")

    def __init__(
        self, fn: FunctionWriter, ty: str, selector: Operand, count: int, types: Sequence[str]
    ) -> None:
        assert count > 0, "a choice needs a case"
        self._fn = fn
        self._selector = (ty, selector)
        self._types = types
        self._blocks: list[Block | None] = [None] * count
        self._given: list[tuple[Sequence[Operand], Block]] = []

    def __enter__(self) -> Choice:
        self._head = self._fn.block
        self._merge = self._fn.new_block()
        return self

    def then(self) -> AbstractContextManager[None]:
        """The branch of a true condition."""
        return self.case(1)

    def otherwise(self) -> AbstractContextManager[None]:
        """The branch of a false condition."""
        return self.case(0)

    @contextmanager
    def case(self, number: int) -> Iterator[None]:
        """The branch of one value of the index."""
        assert self._blocks[number] is None, f"case {number} is written twice"
        block = self._blocks[number] = self._fn.new_block()
        self._fn.place(block)
        yield
        if self._fn.block.end is None:
            self.give()

    def give(self, *values: Operand) -> None:
        """Ends a branch: the values it contributes to `results`."""
        wanted = len(self._types)
        assert len(values) == wanted, f"each branch gives {wanted} values, given {len(values)}"
        self._given.append((values, self._fn.block))
        self._fn.jump(self._merge)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        fn = self._fn
        missing = None in self._blocks
        assert not (missing and self._types), "every branch of a choice with results must be there"
        targets = [self._merge if block is None else block for block in self._blocks]
        with fn.at(self._head):
            self._branch(targets)
        fn.place(self._merge)
        self.results = tuple(self._merged(k, ty) for k, ty in enumerate(self._types))

    def _branch(self, targets: Sequence[Block]) -> None:
        ty, selector = self._selector
        if ty == "i1":
            self._fn.jump_if(selector, targets[1], targets[0])
            return
        arms = " ".join(f"{ty} {k}, label %{b.label}" for k, b in enumerate(targets[:-1]))
        self._fn.terminate(f"switch {ty} {selector}, label %{targets[-1].label} [{arms}]")

    def _merged(self, position: int, ty: str) -> str:
        arms = ", ".join(f"[{values[position]}, %{block.label}]" for values, block in self._given)
        name = self._fn.fresh()
        self._merge.phis.append(f"  {name} = phi {ty} {arms}")
        return name
