"""Floor 1: the language that lowering rules speak.

A kernel program says what the element of an array at an index is (`Element`), or names an operation
that needs a loop of its own (a root: `Reduce`, `Scatter`, `Dot`, `Sort`, loops and branches). It
knows nothing of LLVM: `kernel.reference` evaluates it with NumPy, `minijax.compiler` fuses it into
loop nests and emits them.
"""
