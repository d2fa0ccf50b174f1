"""Context managers that change how this thread traces and runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from minijax.core.config import config
from minijax.core.trace import EVAL, set_trace


def disable_jit(disable: bool = True) -> AbstractContextManager[None]:
    """Runs jitted functions and control flow as plain Python inside the context, for debugging.

    Example:
        >>> import minijax as mj
        >>> @mj.jit
        ... def f(x):
        ...     return "positive" if x > 0 else "negative"
        >>> with mj.disable_jit():
        ...     f(mj.numpy.array(1.0))
        'positive'
    """
    return config.override(disable_jit=disable)


def debug_nans(on: bool = True) -> AbstractContextManager[None]:
    """Raises FloatingPointError inside the context when an operation gives a NaN."""
    return config.override(debug_nans=on)


def debug_infs(on: bool = True) -> AbstractContextManager[None]:
    """Raises FloatingPointError inside the context when an operation gives an infinity."""
    return config.override(debug_infs=on)


def checking_leaks(on: bool = True) -> AbstractContextManager[None]:
    """Verifies inside the context, at the end of every trace, that no tracer escaped."""
    return config.override(check_tracer_leaks=on)


def numpy_rank_promotion(mode: str) -> AbstractContextManager[None]:
    """Chooses whether arrays of different rank broadcast: "allow", "warn" or "raise"."""
    return config.override(numpy_rank_promotion=mode)


def numpy_dtype_promotion(mode: str) -> AbstractContextManager[None]:
    """Chooses whether strong dtypes promote: "standard" or "strict"."""
    return config.override(numpy_dtype_promotion=mode)


def enable_x64(on: bool = True) -> AbstractContextManager[None]:
    """Does nothing for True: 64-bit types are always on. Raises ValueError for False."""
    return config.override(enable_x64=on)


def default_matmul_precision(precision: Any) -> AbstractContextManager[None]:
    """Accepted for compatibility: products are always computed in full precision."""
    return config.override(default_matmul_precision=precision)


@contextmanager
def ensure_compile_time_eval() -> Iterator[None]:
    """Runs operations on known values at once inside the context, even while tracing.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.jit
        ... def f(x):
        ...     with mj.ensure_compile_time_eval():
        ...         n = int(jnp.sum(jnp.arange(4)))
        ...     return x * n
        >>> float(f(2.0))
        12.0
    """
    with set_trace(EVAL):
        yield
