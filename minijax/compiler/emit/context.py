"""What all emitting code shares: the module, the function being written, outside symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.compiler import external
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand

_OWN_ROOM = 512
PURE = "nounwind willreturn memory(none)"


class Context:
    """The state of emitting one module.

    Attributes:
        module: the module.
        fn: the function that instructions go to.
        contract: whether multiplications and additions may be fused.
        symbols: addresses of outside functions that the linker does not find by itself.
        kept: objects that must live as long as the code.
        failures: receives the exception of a host call that failed, by thread.
    """

    def __init__(self, contract: bool) -> None:
        self.module = ModuleWriter()
        self.fn: FunctionWriter
        self.contract = contract
        self.symbols: dict[str, int] = {}
        self.kept: list[Any] = []
        self.failures: dict[int, BaseException] = {}
        self._group = ""
        self._helpers = 0
        self._rooms: dict[tuple[int, int], str] = {}

    def float_flags(self) -> str:
        """Returns the flags of + - *: a blank, or leave to fuse them."""
        return "contract " if self.contract else ""

    def pure_call(self, ret: str, name: str, args: Sequence[tuple[str, Operand]]) -> str:
        """Calls a function without side effects: calls may be joined, moved and left out."""
        self.module.declare(name, ret, [ty for ty, _ in args], PURE)
        return self.fn.call(ret, name, args)

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
        write()
        self.fn = here

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

    # -- loops without dependences

    def access(self) -> str:
        """Returns the metadata of a memory access in a loop whose iterations are independent."""
        if not self._group:
            self._group = self.module.metadata("distinct !{}")
        return f", !llvm.access.group {self._group}"

    def independent(self) -> str:
        """Returns the metadata of a loop whose iterations may run in any order."""
        self.access()
        accesses = self.module.metadata(f'!{{!"llvm.loop.parallel_accesses", {self._group}}}')
        return self.module.loop_metadata(accesses)
