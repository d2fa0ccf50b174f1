"""From a jaxpr to native code: plan, LLVM text, machine code, a callable address."""

from minijax.compiler.entry.install import add_entry
from minijax.compiler.entry.point import EntryPoint
from minijax.compiler.pipeline import Compiled, compile_jaxpr, execute
from minijax.compiler.threads.runtime import asked as asked_threads

__all__ = ["Compiled", "EntryPoint", "add_entry", "asked_threads", "compile_jaxpr", "execute"]
