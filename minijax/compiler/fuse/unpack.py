"""Registers first: small arrays in loops become numbers and vectors that live in registers.

    scan { y:f64[3] -> y + 0.1 (y[1] y - y) }      ──▶      scan { y₀, y₁, y₂ -> … }

Inside a loop, whatever is small is split into parts (`parts`), and what is said of all its indices
is said of each part (`unroll`). What a loop carries is split as well, and so are its small
constants. Where something needs an array in memory after all (a row of a stacked result, an
operand of a native call), it is packed there.

Outside of loops nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minijax.compiler.fuse import unroll
from minijax.compiler.fuse.parts import Layout, Reader, lanes_of, layout_of, part_aval
from minijax.compiler.fuse.rewrite import rewrite
from minijax.compiler.fuse.splitting import carry_layouts, constant_layouts, layouts_of, sought_in
from minijax.compiler.fuse.walk import expressions, index_space, is_tape, nested, postorder
from minijax.core.records import replace
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    HostCall,
    Native,
    Program,
    Reduce,
    Scan,
    Scatter,
    Sort,
    Unrolled,
    Value,
    While,
    results,
)

_MOST_PARTS = 2000


def unpack(program: Program) -> Program:
    """Returns the program with small arrays of its loops in registers."""
    if not any(isinstance(d, Scan | While) for d in _all_definitions(program)):
        return program
    return _Unpacker(inside=False).whole(program)


def _all_definitions(program: Program) -> list[Definition]:
    found: list[Definition] = []
    pending = [program]
    while pending:
        each = pending.pop()
        found += each.definitions
        pending += [inner for d in each.definitions for inner in nested(d)]
    return found


class _Unpacker:
    """Rewrites one program.

    Args:
        inside: whether it is the body of a loop.
    """

    def __init__(self, inside: bool) -> None:
        self.inside = inside
        self.k = Reader()
        self.k.memory = self.in_memory
        self.definitions: list[Definition] = []
        self.names: dict[Value, Value] = {}
        self.made = 0

    # -- programs

    def whole(self, program: Program) -> Program:
        """Returns a program with the same inputs and outputs."""
        self._run(program)
        outputs = tuple(map(self.in_memory, program.outputs))
        return replace(program, definitions=tuple(self.definitions), outputs=outputs)

    def body(
        self,
        program: Program,
        inputs: Sequence[Layout | None],
        outputs: Sequence[Layout | None],
        rows: Sequence[Value] = (),
    ) -> Program:
        """Returns a program that takes and gives parts where there is a layout.

        Args:
            program: the program.
            inputs, outputs: the layouts, None for what is not split.
            rows: inputs in memory that are read once, at the start, if they are small.
        """
        taken: list[Value] = []
        for value, layout in zip(program.inputs, inputs, strict=True):
            taken += [value] if layout is None else self._parts_of_input(value, layout)
        for value in rows:
            self._read_row(value)
        self._run(program)
        given: list[Value] = []
        for value, layout in zip(program.outputs, outputs, strict=True):
            given += [self.in_memory(value)] if layout is None else self.in_registers(value, layout)
        return replace(
            program,
            inputs=tuple(taken),
            definitions=tuple(self.definitions),
            outputs=tuple(given),
        )

    def _parts_of_input(self, value: Value, layout: Layout) -> list[Value]:
        aval = part_aval(value.dtype, layout.lanes)
        parts = [Value(aval, self.k) for _ in range(layout.count)]
        self.k.parts[value] = tuple(self.k.read(part, ()) for part in parts)
        return parts

    def _read_row(self, value: Value) -> None:
        layout = layout_of(value.shape)
        if layout is not None:
            self.names[value] = value
            parts = self._read_all(value, layout)
            registers = [self._register(part, layout.lanes) for part in parts]
            self.k.parts[value] = tuple(self.k.read(part, ()) for part in registers)

    def _run(self, program: Program) -> None:
        self.k.known.update(program.literals)
        for definition in rewrite(program.definitions):
            match definition:
                case Scan() | While():
                    self._loop(definition)
                case Branch():
                    self._branch(definition)
                case _:
                    self._plain(definition)

    # -- values

    def in_memory(self, value: Value) -> Value:
        """Returns the value that stands for another one; an array that is split is packed."""
        found = self.names.get(value)
        if found is not None or value not in self.k.parts:
            return value if found is None else found
        found = self.names[value] = Value(value.aval, self.k)
        self._pack(value, found)
        return found

    def _pack(self, value: Value, target: Value) -> None:
        layout = layout_of(value.shape)
        parts = self.k.parts[value]
        assert layout is not None, "only small arrays have parts"
        if layout.lanes == 1:
            elements = parts
        else:
            lanes = [self.k.constant(lane) for lane in range(layout.lanes)]
            elements = tuple(self.k.lane(part, lane) for lane in lanes for part in parts)
        self._define(Unrolled((target,), (), elements))

    def in_registers(self, value: Value, layout: Layout) -> list[Value]:
        """Returns the parts of an array as values."""
        parts = self.k.parts.get(value)
        if parts is None:
            parts = self._read_all(value, layout)
        found = [self._register(part, layout.lanes) for part in parts]
        return found

    def _read_all(self, value: Value, layout: Layout) -> tuple[Expr, ...]:
        k, memory = self.k, self.in_memory(value)
        own = [] if layout.lanes == 1 else [k.lane_index(layout.lanes)]
        return tuple(k.read(memory, [*own, *place]) for place in layout.places())

    def _register(self, part: Expr, lanes: int) -> Value:
        if part.op == "read" and not part.operands and lanes_of(part.payload) == lanes:
            value: Value = part.payload
            return value
        out = Value(part_aval(part.dtype, lanes), self.k)
        self._define(Element((out,), (), (part,)))
        return out

    def _define(self, definition: Definition) -> None:
        for position, value in enumerate(results(definition)):
            value.position = position
            value.definition = definition
        self.definitions.append(definition)

    # -- plain definitions

    def _plain(self, definition: Definition) -> None:
        bodies = self._bodies(definition)
        if bodies is None:
            self.definitions.append(self._kept(definition))
            return
        outs = results(definition)
        if outs[0].ndim == 0:
            self.definitions.append(Element(outs, (), tuple(x for (x,) in bodies)))
            return
        values: list[Value] = []
        exprs: list[Expr] = []
        for out, parts in zip(outs, bodies, strict=True):
            layout = layout_of(out.shape)
            assert layout is not None, "only small arrays are split"
            found = []
            for part in parts:
                if not _is_plain(part):
                    lanes = layout.lanes if self.k.varies(part) else 1
                    values.append(Value(part_aval(part.dtype, lanes), self.k))
                    exprs.append(part)
                    part = self.k.read(values[-1], ())
                found.append(part)
            self.k.parts[out] = tuple(found)
        if values:
            self.made += len(values)
            self._define(Element(tuple(values), (), tuple(exprs)))

    def _bodies(self, definition: Definition) -> unroll.Bodies | None:
        if not self.inside or self.made > _MOST_PARTS:
            return None
        outs = results(definition)
        if not outs or not all(out.ndim == 0 or layout_of(out.shape) for out in outs):
            return None
        if outs[0].ndim == 0 and isinstance(definition, Element):
            return None
        return unroll.bodies(self.k, definition)

    def _kept(self, definition: Definition) -> Definition:
        """Returns a definition that reads parts where it can, and memory elsewhere."""
        match definition:
            case Dot():
                lhs, rhs = self.in_memory(definition.lhs), self.in_memory(definition.rhs)
                return replace(definition, lhs=lhs, rhs=rhs)
            case Sort() | Native() | HostCall():
                return replace(definition, operands=self._all_in_memory(definition.operands))
        exprs = self._rebuilt(definition)
        match definition:
            case Element():
                source = definition.view_of
                source = None if source is None else self.in_memory(source)
                return replace(definition, bodies=exprs, view_of=source)
            case Unrolled():
                return replace(definition, bodies=exprs)
            case Reduce() | Cumulate():
                return replace(definition, elements=exprs)
            case Scatter():
                *place, in_bounds, update = exprs
                operand = self.in_memory(definition.operand)
                where = tuple(place)
                return replace(
                    definition, operand=operand, place=where, in_bounds=in_bounds, update=update
                )
        raise AssertionError(f"{definition} is not plain")

    def _rebuilt(self, definition: Definition) -> tuple[Expr, ...]:
        exprs = expressions(definition)
        reads = [n.payload for n in postorder(exprs) if n.op == "read"]
        if not any(v in self.k.parts or v in self.names for v in reads):
            return exprs
        indices = {id(i): i for i in index_space(definition)}
        with self.k.from_memory(bool(indices)):
            return self.k.rebuild(exprs, indices)

    def _all_in_memory(self, values: Sequence[Value]) -> tuple[Value, ...]:
        return tuple(map(self.in_memory, values))

    # -- loops and branches

    def _operands(
        self, values: Sequence[Value], layouts: Sequence[Layout | None]
    ) -> tuple[Value, ...]:
        found: list[Value] = []
        for value, layout in zip(values, layouts, strict=True):
            found += [self.in_memory(value)] if layout is None else self.in_registers(value, layout)
        return tuple(found)

    def _loop(self, loop: Scan | While) -> None:
        init = carry_layouts(loop)
        if isinstance(loop, Scan):
            consts = constant_layouts(loop.consts, loop.body)
            xs = loop.xs
            rest = loop.body.outputs[len(init) :]
            inputs = [*consts, *init, *(None for _ in xs)]
            sought = sought_in(loop.body)
            rows = [x for x in loop.body.inputs[len(loop.consts) + len(init) :] if x not in sought]
            outputs = [*init, *(None for _ in rest)]
            body = _Unpacker(True).body(loop.body, inputs, outputs, rows)
            changes: dict[str, Any] = {
                "consts": self._operands(loop.consts, consts),
                "xs": tuple(x if is_tape(x) else self.in_memory(x) for x in map(self._name, xs)),
            }
            if isinstance(loop.length, Value):
                changes["length"] = self._name(loop.length)
        else:
            cond_consts = constant_layouts(loop.cond_consts, loop.cond)
            consts = constant_layouts(loop.body_consts, loop.body)
            rest = loop.body.outputs[len(init) :]
            cond = _Unpacker(True).body(loop.cond, [*cond_consts, *init], [None])
            outputs = [*init, *(None for _ in rest)]
            body = _Unpacker(True).body(loop.body, [*consts, *init], outputs)
            changes = {
                "cond": cond,
                "cond_consts": self._operands(loop.cond_consts, cond_consts),
                "body_consts": self._operands(loop.body_consts, consts),
            }
        changes |= {"body": body, "init": self._operands(loop.init, init)}
        wanted = [*init, *(None for _ in loop.outs[len(init) :])]
        self._finish(loop, wanted, changes)

    def _branch(self, branch: Branch) -> None:
        if not self.inside:
            outs: list[Layout | None] = [None] * len(branch.outs)
            programs = tuple(map(unpack, branch.programs))
            given = self._all_in_memory(branch.operands)
        else:
            operands, outs = layouts_of(branch.operands), layouts_of(branch.outs)
            programs = tuple(_Unpacker(True).body(p, operands, outs) for p in branch.programs)
            given = self._operands(branch.operands, operands)
        index = self._name(branch.index)
        self._finish(branch, outs, {"programs": programs, "index": index, "operands": given})

    def _finish(
        self,
        definition: Scan | While | Branch,
        layouts: Sequence[Layout | None],
        changes: dict[str, Any],
    ) -> None:
        """Defines a loop or branch with results in parts; outside of loops these are packed."""
        outs: list[Value] = []
        packed: list[Value] = []
        for value, layout in zip(definition.outs, layouts, strict=True):
            if layout is None:
                self.names[value] = Value(value.aval, self.k)
                outs.append(self.names[value])
            else:
                outs += self._parts_of_input(value, layout)
                packed.append(value)
        self._define(replace(definition, outs=tuple(outs), **changes))
        if not self.inside:
            for value in packed:
                self.in_memory(value)

    def _name(self, value: Value) -> Value:
        return self.names.get(value, value)


def _is_plain(part: Expr) -> bool:
    return part.is_constant or (part.op == "read" and not part.operands)
