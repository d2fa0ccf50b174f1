"""From a jaxpr to native code: plan, LLVM text, machine code, a callable address."""

from minijax.compiler.pipeline import Compiled, compile_jaxpr, execute

__all__ = ["Compiled", "compile_jaxpr", "execute"]
