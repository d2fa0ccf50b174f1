"""What it costs to start the native way of operations, told without loading LLVM."""

from __future__ import annotations

import sys

from minijax.compiler import linking
from minijax.compiler.cache.location import store
from minijax.compiler.cache.modules import is_kept
from minijax.compiler.engine import Effort

# What the code is kept under. It is short functions that call: more effort takes four times as long
# for next to nothing.
NAME, ENTRY, EFFORT = "operators", "state_address", Effort.MINIMAL

# In operations done in Python: the code is linked, which takes as long as some more of them, but
# who has come so far goes on as a rule; LLVM has to be loaded before; it has to be compiled, for
# all programs to come, or for this one.
LINKED, LOADED, KEPT, COMPILED = 500, 10_000, 5_000, 20_000


def cost() -> int:
    """Returns how many operations in Python the start is worth now."""
    if store() is None:
        return COMPILED
    if not is_kept(NAME, ENTRY, EFFORT):
        return KEPT
    needs_no_llvm = linking.is_usable() or "llvmlite.binding" in sys.modules
    return LINKED if needs_no_llvm else LOADED
