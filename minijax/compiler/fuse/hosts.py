"""Which definitions run Python: callbacks, and native functions that this machine does not have."""

from __future__ import annotations

import numpy as np

from minijax.compiler import external
from minijax.compiler.fuse.matrices import gemm_symbol
from minijax.compiler.fuse.walk import nested
from minijax.kernel.roots import Definition, HostCall, Native

OWN = "code_"  # begins the names of functions that are written into the module


def is_linked(native: Native) -> bool:
    """Tells whether there are all functions that a native call needs."""
    names = [_needed(call.symbol) for call in native.calls]
    leaves = (leaf for call in native.calls for leaf in call.leaves())
    names += [name for kind, name in leaves if kind == "symbol"]
    return all(name.startswith(OWN) or external.is_known(name) for name in names)


def _needed(symbol: str) -> str:
    """Returns the function from outside that is needed: this one, or what our own one calls."""
    if not symbol.startswith(f"{OWN}spread_"):
        return symbol
    return gemm_symbol(np.dtype(symbol.split("_")[2]))


def calls_host(definition: Definition) -> bool:
    """Tells whether a definition runs Python, itself or in a nested program."""
    pending = [definition]
    while pending:
        found = pending.pop()
        if isinstance(found, HostCall) or (isinstance(found, Native) and not is_linked(found)):
            return True
        pending += [inner for program in nested(found) for inner in program.definitions]
    return False
