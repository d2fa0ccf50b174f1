"""What a fused program is made of: its loops and calls in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from minijax.compiler.fuse.affine import IndexBuilder
from minijax.compiler.fuse.expand import Bindings
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Definition, Program, Value


@dataclass(slots=True)
class Step:
    """One loop nest or call.

    Attributes:
        definition: with expanded expressions; `outs` are only those that are stored.
        loads: the memories it reads.
        inner: the programs nested in it.
        builder: makes further expressions for it.
        nodes: ids of the expressions in it.
        group: the number of the first of the steps that take a row at a time together with it.
        row: the index of the row.
    """

    definition: Definition
    loads: set[Value]
    builder: IndexBuilder
    inner: tuple[Fused, ...] = ()
    nodes: set[int] = field(default_factory=set)
    group: int | None = None
    row: Expr | None = None


@dataclass(slots=True)
class Fused:
    """A program as steps."""

    program: Program
    steps: list[Step]
    bindings: Bindings

    def home(self, value: Value) -> Value:
        """Returns the value whose memory another value shares."""
        return self.bindings.home(value)
