"""The outside functions that programs call, by name: where each is in this process.

    exp_f64x8       elementary functions (`vector_math.library`)
    slide_f32x8_2x6 panels of convolutions (`emit.panels`)
    raised          where an interrupted loop leaves what a handler raised (`status`)
    pool_run        the parts of a loop on threads (`threads.pool`)
    blas_dgemm, …   native functions of other libraries (`external`)

Other symbols, those of callbacks, are known to the program alone that made them.
"""

from __future__ import annotations

from minijax.compiler import external, status
from minijax.compiler.threads import runtime
from minijax.compiler.threads.state import RUN
from minijax.compiler.vector_math import library
from minijax.core.lazy import find

PANEL = "slide_"  # begins the names of panels


def is_known(symbol: str) -> bool:
    """Tells whether a symbol means the same in every process.

    Example:
        >>> is_known("exp_f64x4"), is_known("blas_dgemm"), is_known("host1")
        (True, True, False)
    """
    return _is_own(symbol) or external.is_known(symbol)


def address(symbol: str) -> int:
    """Returns the address of a known symbol."""
    if symbol == status.SLOT:
        return status.slot_address()
    if symbol == RUN:
        return runtime.address()
    if symbol.startswith(PANEL):
        found: int = find(("minijax.compiler.emit.panels", "address"))(symbol)
        return found
    function = library.parsed(symbol)
    return external.address(symbol) if function is None else library.address(*function)


def types(symbol: str) -> str:
    """Returns the types of a native function as text; they may differ from build to build."""
    return "" if _is_own(symbol) else str(external.signature(symbol))


def _is_own(symbol: str) -> bool:
    """Tells whether the compiler made the function itself."""
    is_fixed = symbol in (status.SLOT, RUN) or symbol.startswith(PANEL)
    return is_fixed or library.parsed(symbol) is not None
