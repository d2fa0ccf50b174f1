"""The stages of a jitted function that users can look at: traced, lowered, compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minijax import compiler
from minijax.core.array import aval_of
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef, describe_mismatch, flatten, unflatten
from minijax.core.source import api_boundary
from minijax.primitives.control.call import call

Split = Callable[[tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A function traced for one signature.

    Attributes:
        jaxpr: the closed program; its leading inputs are `consts`.
        consts: the arrays that the function captured.
        in_tree, out_tree: the structures of `(args, kwargs)` and of the output.
        fun_name: the name of the function.
        split: takes `(args, kwargs)` to the dynamic ones.
    """

    jaxpr: Jaxpr
    consts: tuple[Any, ...]
    in_tree: PyTreeDef
    out_tree: PyTreeDef
    fun_name: str
    split: Split

    def lower(self) -> Lowered:
        """Returns the next stage."""
        return Lowered(self)


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """A traced function with views of everything the compiler makes of it."""

    traced: Traced

    def jaxpr(self) -> Jaxpr:
        """Returns the program as it was traced."""
        return self.traced.jaxpr

    def kernels(self) -> str:
        """Returns the loop nests that the program becomes."""
        return compiler.compile_jaxpr(self.traced.jaxpr).kernels()

    def llvm_ir(self) -> str:
        """Returns the LLVM IR that is given to LLVM."""
        return compiler.compile_jaxpr(self.traced.jaxpr).llvm_ir()

    def assembly(self) -> str:
        """Returns the machine code as text."""
        return compiler.compile_jaxpr(self.traced.jaxpr).assembly()

    def memory(self) -> Any:
        """Returns how much memory a run takes, in bytes."""
        return compiler.compile_jaxpr(self.traced.jaxpr).memory()

    def as_text(self, dialect: str | None = None) -> str:
        """Returns the program as text."""
        return self.llvm_ir() if dialect == "llvm" else str(self.traced.jaxpr)

    @property
    def in_tree(self) -> PyTreeDef:
        """The structure of `(args, kwargs)`."""
        return self.traced.in_tree

    @property
    def out_tree(self) -> PyTreeDef:
        """The structure of the output."""
        return self.traced.out_tree

    def compile(self, compiler_options: Any = None) -> Compiled:
        """Compiles the program and returns it as a callable for arguments of this signature."""
        compiler.compile_jaxpr(self.traced.jaxpr)
        return Compiled(self.traced)


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A function compiled for one signature."""

    traced: Traced

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the compiled program.

        Raises:
            TypeError: if the arguments are not of the structure, shapes and dtypes it was
                compiled for.
        """
        leaves, tree = flatten(self.traced.split(args, kwargs))
        name = self.traced.fun_name
        if tree != self.traced.in_tree:
            raise TypeError(
                f"{name} was compiled for arguments of another structure: "
                f"{describe_mismatch(self.traced.in_tree, tree)}"
            )
        expected = self.traced.jaxpr.in_avals[len(self.traced.consts) :]
        for aval, leaf in zip(expected, leaves, strict=True):
            if not aval.accepts(aval_of(leaf)):
                raise TypeError(
                    f"{name} was compiled for an argument of {aval}, got {aval_of(leaf)}: compile "
                    "it for these arguments too, or call the jitted function."
                )
        outs = call(self.traced.jaxpr, *self.traced.consts, *leaves, name=name)
        return unflatten(self.traced.out_tree, outs)

    def as_text(self) -> str:
        """Returns the LLVM IR of the program."""
        return Lowered(self.traced).llvm_ir()

    def memory_analysis(self) -> Any:
        """Returns how much memory a run takes, in bytes."""
        return Lowered(self.traced).memory()

    @property
    def in_tree(self) -> PyTreeDef:
        """The structure of `(args, kwargs)`."""
        return self.traced.in_tree

    @property
    def out_tree(self) -> PyTreeDef:
        """The structure of the output."""
        return self.traced.out_tree
