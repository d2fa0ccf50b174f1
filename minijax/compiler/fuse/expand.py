"""Substitution: reads of inline values become their expressions, the others become loads.

    a = inline[i] sin(x[i])      b = memory[j,i] a[i] * 2      ──▶      b[j,i] = sin(load x[i]) * 2

Every kernel has a builder of its own; as it is hash-consed, what several bodies of one kernel read
at the same indices is there once. An element is expanded node by node in order; only chains of
inlined elements recurse, and storage decisions cap their length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from minijax.compiler.fuse.affine import IndexBuilder
from minijax.compiler.fuse.storage import Storage
from minijax.compiler.fuse.walk import postorder
from minijax.core.dtypes import int64
from minijax.kernel.expr import BINARY_SAME, COMPARISON, UNARY_SAME, Expr
from minijax.kernel.roots import Definition, Element, Value

_SIMPLIFIED = frozenset(["add", "sub", "mul", "max", "min", "and", "or", "xor"])
_AS_IT_IS = BINARY_SAME | UNARY_SAME


class Bindings:
    """What a program's values are: shared by all kernels of the program."""

    def __init__(
        self,
        storage: dict[Value, Storage],
        defined: Mapping[Value, Definition],
        home: Callable[[Value], Value],
        orders: Iterable[Sequence[Expr]] = (),
    ) -> None:
        self.storage = storage
        self.defined = defined
        self.home = home
        self._orders = {id(nodes[-1]): nodes for nodes in orders}

    def element(self, value: Value) -> tuple[Element, Expr]:
        """Returns the definition of an inline value and its body."""
        definition = self.defined[value]
        assert isinstance(definition, Element), f"{value} cannot be inlined"
        return definition, definition.bodies[value.position]

    def order(self, body: Expr) -> Sequence[Expr]:
        """Returns the nodes of a body in order, walked once."""
        found = self._orders.get(id(body))
        if found is None:
            found = self._orders[id(body)] = postorder((body,))
        return found


class Expander:
    """Expands bodies into the builder of one kernel."""

    def __init__(self, bindings: Bindings, builder: IndexBuilder) -> None:
        self.bindings = bindings
        self.builder = builder
        self._inlined: dict[tuple[int, ...], Expr] = {}
        self._kept: list[Sequence[Expr]] = []

    def fresh_indices(self, indices: Sequence[Expr]) -> tuple[Expr, ...]:
        """Returns the kernel's own indices for a definition's; an axis of length 1 has none."""
        return tuple(
            self.builder.index(i.payload) if i.payload != 1 else self.builder.constant(0)
            for i in indices
        )

    def expand(
        self, bodies: Sequence[Expr], old: Sequence[Expr], new: Sequence[Expr]
    ) -> tuple[Expr, ...]:
        """Returns expressions over `old` indices as expressions over `new` ones."""
        done = {id(i): j for i, j in zip(old, new, strict=True)}
        return tuple(self._expand_into(body, done) for body in bodies)

    def forward(self, value: Value, indices: Sequence[Expr], expr: Expr) -> None:
        """Makes reads of a value at exactly these indices an expression of this kernel."""
        self._kept.append(tuple(indices))
        self._inlined[(id(value), *map(id, indices))] = expr

    def _expand_into(self, body: Expr, done: dict[int, Expr]) -> Expr:
        for node in self.bindings.order(body):
            if id(node) not in done:
                operands = tuple(done[id(x)] for x in node.operands)
                done[id(node)] = self._rebuild(node, operands)
        return done[id(body)]

    def _rebuild(self, node: Expr, operands: tuple[Expr, ...]) -> Expr:
        k, op = self.builder, node.op
        if op == "read":
            return self.read(node.payload, operands)
        if op in _AS_IT_IS and node.dtype != int64:
            return k.make(op, node.dtype, operands, node.payload)
        if op == "const":
            return k.constant(node.payload, node.dtype)
        if op in ("var", "index"):
            assert op == "var", "an index from outside its own definition"
            return node
        if op in ("load", "guarded", "address"):
            return k.relocated(node, operands)
        if op == "floordiv":
            return k.floordiv(operands[0], node.payload)
        if op == "mod":
            return k.mod(operands[0], node.payload)
        if op == "select":
            return k.guarded(*operands)
        if node.dtype == int64 and op in _SIMPLIFIED:
            return k.binary(op, *operands)
        if op in COMPARISON:
            return k.compare(op, *operands)
        return k.make(op, node.dtype, operands, node.payload)

    def read(self, value: Value, indices: Sequence[Expr]) -> Expr:
        """Returns the element of a value at indices of this kernel."""
        key = (id(value), *map(id, indices))
        found = self._inlined.get(key)
        if found is not None:
            return found
        inline = self.bindings.storage.get(value) is Storage.INLINE
        if value.ndim == 0 and not inline:
            return self.builder.make("scalar", value.dtype, (), value)
        if inline:
            definition, body = self.bindings.element(value)
            done = {id(i): j for i, j in zip(definition.indices, indices, strict=True)}
            found = self._expand_into(body, done)
            # The key speaks of indices by id, so they must live as long as it does.
            self.forward(value, indices, found)
            return found
        position = self.builder.position(indices, value.shape)
        return self.builder.load(self.bindings.home(value), value.dtype, position)
