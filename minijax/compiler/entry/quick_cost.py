"""What it costs to start the native way of operations, told without loading LLVM."""

from __future__ import annotations

import sys

from minijax.compiler import linking
from minijax.compiler.cache.modules import is_kept
from minijax.compiler.engine import Effort

# What the code is kept under.
NAME, ENTRY, EFFORT = "operators", "state_address", Effort.LIGHT

# In operations done in Python: the code is linked, which takes as long as some more of them, but
# who has come so far goes on as a rule; LLVM has to be loaded before; it has to be compiled.
LINKED, LOADED, COMPILED = 500, 15_000, 20_000


def cost() -> int:
    """Returns how many operations in Python the start is worth now."""
    if not is_kept(NAME, ENTRY, EFFORT):
        return COMPILED
    needs_no_llvm = linking.is_usable() or "llvmlite.binding" in sys.modules
    return LINKED if needs_no_llvm else LOADED
