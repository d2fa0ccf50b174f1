"""Which definitions run Python: callbacks, and native functions that this machine does not have."""

from __future__ import annotations

from minijax.compiler import external
from minijax.compiler.fuse.walk import nested
from minijax.kernel.roots import Definition, HostCall, Native

OWN = "code_"  # begins the names of functions that are written into the module


def is_linked(native: Native) -> bool:
    """Tells whether there are all functions that a native call needs."""
    names = [call.symbol for call in native.calls]
    leaves = (leaf for call in native.calls for leaf in call.leaves())
    names += [name for kind, name in leaves if kind == "symbol"]
    return all(name.startswith(OWN) or external.is_known(name) for name in names)


def calls_host(definition: Definition) -> bool:
    """Tells whether a definition runs Python, itself or in a nested program."""
    pending = [definition]
    while pending:
        found = pending.pop()
        if isinstance(found, HostCall) or (isinstance(found, Native) and not is_linked(found)):
            return True
        pending += [inner for program in nested(found) for inner in program.definitions]
    return False
