"""From a jaxpr to native code: plan, LLVM text, machine code, a callable address."""
