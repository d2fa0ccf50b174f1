"""An element that reads an array is computed before the array is overwritten.

s = scatter(a, …)                            b is stored before a becomes s, unless the
b[i] = a[i] + 1         read after s  ──▶    scatter itself reads it, where it writes
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minijax.compiler.fuse.expand import Bindings
from minijax.compiler.fuse.own_place import would_read_own_place
from minijax.compiler.fuse.storage import Decision, Storage
from minijax.kernel.roots import Definition, Scatter, Value, results


def keep_scatters_in_place(
    definitions: Sequence[Definition], decision: Decision, bindings: Bindings
) -> None:
    """Stores the inline values that would keep a scatter from overwriting its operand.

    Args:
        definitions: the definitions of the program, in order.
        decision: where values live; what must be stored is changed.
        bindings: the same as readers of it see it.
    """
    if any(isinstance(definition, Scatter) for definition in definitions):
        _Overwritten(definitions, decision, bindings).store()


class _Overwritten:
    def __init__(
        self, definitions: Sequence[Definition], decision: Decision, bindings: Bindings
    ) -> None:
        self.definitions = definitions
        self.decision = decision
        self.bindings = bindings
        self.safe: dict[int, bool] = {}

    def store(self) -> None:
        storage = self.decision.storage
        overwritten: dict[Value, list[int]] = {}
        for position, definition in enumerate(self.definitions):
            if isinstance(definition, Scatter) and storage[definition.out] is Storage.MEMORY:
                home = self.bindings.home(definition.operand)
                overwritten.setdefault(home, []).append(position)
        reads = self._inline_reads(overwritten)
        last: dict[Value, int] = {}
        for position in range(len(self.definitions) - 1, -1, -1):
            for value in results(self.definitions[position]):
                if storage[value] is not Storage.INLINE:
                    continue
                # Whoever takes the value over comes later and is known already.
                readers = self.decision.readers[value]
                end = max(r if isinstance(r, int) else last[r] for r in readers)
                last[value] = end
                times = {p for memory in reads[value] for p in overwritten[memory]}
                if end in times and self._reads_own_place(end):
                    times.remove(end)
                if any(position < p <= end for p in times):
                    storage[value] = Storage.MEMORY
                    last[value] = position

    def _reads_own_place(self, position: int) -> bool:
        """Whether a scatter that computes its updates itself can overwrite its operand."""
        if position not in self.safe:
            scatter = self.definitions[position]
            assert isinstance(scatter, Scatter), "only scatters overwrite"
            self.safe[position] = would_read_own_place(scatter, self.bindings)
        return self.safe[position]

    def _inline_reads(self, memories: Mapping[Value, object]) -> dict[Value, set[Value]]:
        """Returns which of some memories each inline value reads, directly or not."""
        reads: dict[Value, set[Value]] = {}
        for value, body in self.decision.bodies.items():
            if self.decision.storage[value] is not Storage.INLINE:
                continue
            found = reads[value] = set()
            for node in body.nodes:
                if node.op == "read":
                    home = self.bindings.home(node.payload)
                    found |= {home} if home in memories else reads.get(home, set())
        return reads
