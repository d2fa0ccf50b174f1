"""Context managers that change how this thread traces and runs.

Each is called with the value that its flag has inside the context: `with debug_nans(True): ...`.
`minijax.core.flags` says which flags have an effect; the others are accepted for compatibility.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from minijax.core.config import config
from minijax.core.evaluation import ensure_compile_time_eval as ensure_compile_time_eval


class FlagContext:
    """A flag as a context manager: `flag(value)` sets it for this thread inside a `with` block.

    Args:
        flag: the name of the flag.
        doc: what it does.

    Example:
        >>> with debug_nans(True):
        ...     debug_nans.value
        True
    """

    def __init__(self, flag: str, doc: str) -> None:
        self._flag = flag
        self.__doc__ = doc
        self.__name__ = flag

    def __call__(self, new_val: Any = True) -> AbstractContextManager[None]:
        return config.override(**{self._flag: new_val})

    @property
    def value(self) -> Any:
        """The value that the flag has now."""
        return config.read(self._flag)

    def __repr__(self) -> str:
        return f"<context of the flag {self._flag}>"

    def __bool__(self) -> bool:
        raise TypeError(f"{self._flag} is a context manager: read its value as {self._flag}.value.")


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


def threads(count: int) -> AbstractContextManager[None]:
    """Lets compiled code use so many threads inside the context, from this thread of Python.

    Results do not depend on the number, to the bit.

    Args:
        count: the number of threads; 1 keeps everything on the thread that calls.

    Example:
        >>> import minijax as mj
        >>> with mj.threads(1):
        ...     mj.config.num_threads
        1
    """
    return config.override(num_threads=count)


def checking_leaks() -> AbstractContextManager[None]:
    """Verifies inside the context, at the end of every trace, that no tracer escaped.

    Returns:
        A context manager. A trace inside it raises `UnexpectedTracerError` if one of its tracers is
        still referred to when it ends.

    Example:
        >>> import minijax as mj
        >>> kept = []
        >>> def leaky(x):
        ...     kept.append(x * 2)
        ...     return x
        >>> with mj.checking_leaks():
        ...     try:
        ...         mj.jit(leaky)(1.0)
        ...     except mj.errors.UnexpectedTracerError:
        ...         print("x * 2 escaped")
        x * 2 escaped
    """
    return config.override(check_tracer_leaks=True)


# -- flags with an effect

check_tracer_leaks = FlagContext(
    "check_tracer_leaks", "Whether every trace verifies at its end that no tracer escaped."
)
debug_infs = FlagContext("debug_infs", "Whether an operation that gives an infinity is an error.")
debug_nans = FlagContext("debug_nans", "Whether an operation that gives a NaN is an error.")
enable_checks = FlagContext("enable_checks", "Whether every program that a pass makes is verified.")
enable_x64 = FlagContext("enable_x64", "64-bit types are always on; False raises ValueError.")
log_compiles = FlagContext("log_compiles", "Whether a warning is logged for every traced program.")
no_tracing = FlagContext("no_tracing", "Whether tracing a function anew is an error.")
numpy_dtype_promotion = FlagContext(
    "numpy_dtype_promotion", 'Whether strong dtypes promote: "standard" or "strict".'
)
numpy_rank_promotion = FlagContext(
    "numpy_rank_promotion",
    'Whether arrays of different rank broadcast: "allow", "warn" or "raise".',
)

# -- flags that have one meaning here


def _accepted(flag: str) -> FlagContext:
    return FlagContext(flag, f"Accepted for compatibility: `{flag}` has no effect on one CPU.")


allow_f16_reductions = _accepted("allow_f16_reductions")
array_garbage_collection_guard = _accepted("array_garbage_collection_guard")
auto_pcast = _accepted("auto_pcast")
debug_key_reuse = _accepted("debug_key_reuse")
default_device = _accepted("default_device")
default_matmul_precision = _accepted("default_matmul_precision")
default_prng_impl = _accepted("default_prng_impl")
enable_custom_prng = _accepted("enable_custom_prng")
explain_cache_misses = _accepted("explain_cache_misses")
jax2tf_associative_scan_reductions = _accepted("jax2tf_associative_scan_reductions")
legacy_prng_key = _accepted("legacy_prng_key")
no_execution = _accepted("no_execution")
remove_size_one_mesh_axis_from_type = _accepted("remove_size_one_mesh_axis_from_type")
softmax_custom_jvp = _accepted("softmax_custom_jvp")
thread_guard = _accepted("thread_guard")
threefry_partitionable = _accepted("threefry_partitionable")
transfer_guard = _accepted("transfer_guard")
transfer_guard_device_to_device = _accepted("transfer_guard_device_to_device")
transfer_guard_device_to_host = _accepted("transfer_guard_device_to_host")
transfer_guard_host_to_device = _accepted("transfer_guard_host_to_device")


def make_user_context(default_value: Any = None) -> UserContext:
    """Returns a context of the user's own that every jitted function is traced anew for.

    Args:
        default_value: its value outside of any `with` block.

    Example:
        >>> mode = make_user_context("train")
        >>> with mode("test"):
        ...     mode.value
        'test'
    """
    return UserContext(default_value)


class UserContext:
    """A value of the user's that is part of the signature of jitted functions."""

    def __init__(self, default_value: Any) -> None:
        self._default = default_value

    def __call__(self, new_val: Any) -> AbstractContextManager[None]:
        held = dict(config.user_context or ())
        held[self] = new_val
        return config.override(user_context=tuple(held.items()))

    @property
    def value(self) -> Any:
        """The value that the context has now."""
        return dict(config.user_context or ()).get(self, self._default)
