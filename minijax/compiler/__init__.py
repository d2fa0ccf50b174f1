"""From a jaxpr to native code: plan, LLVM text, machine code, a callable address."""

from minijax.compiler.entry.install import add_entry
from minijax.compiler.entry.point import EntryPoint
from minijax.compiler.pipeline import Compiled, compile_jaxpr, compiled_forms, execute

__all__ = ["Compiled", "EntryPoint", "add_entry", "compile_jaxpr", "compiled_forms", "execute"]
