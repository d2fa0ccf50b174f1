"""The native way to apply functions to arrays, taken up once it is worth its start.

The general way of an operation leads through traces and rules, in Python. A program that applies
thousands of operations one by one is worth code that goes straight from the arrays to the loop of
a NumPy ufunc. The compiler makes such code; here it is only called.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from minijax.core import source
from minijax.core.slots import filling
from minijax.core.source import api_boundary, filter_traceback

# After how many operations in Python it is asked what the start costs, which is not told for
# nothing: first where the compiler is there already, and where it is not.
FIRST_LOOK, SECOND_LOOK = 500, 2_500
_COMPILER = "minijax.compiler.engine"
# Functions whose operations are decided by the avals of arrays and by the other arguments.
BY_AVALS = frozenset(
    """
    add all any argmax argmin astype broadcast_to clip conj cumprod cumsum diagonal divide dot
    equal expand_dims flatten flip floor_divide greater greater_equal imag inner less less_equal
    matmul matrix_transpose max maximum mean min minimum moveaxis multiply not_equal outer power
    prod ptp ravel real remainder reshape reverse_axes round squeeze std subtract sum swapaxes
    trace transpose var vdot where
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)
_VARIABLE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS

# (function, *operands) -> the result, or None if the function has to be called; the same for any
# arguments, given as a tuple and a dict.
apply: Callable[..., Any] | None = None
apply_all: Callable[..., Any] | None = None
# A closed program -> native code for it, or None.
derive_steps: Callable[..., Any] | None = None

_is_started = False
next_look = FIRST_LOOK


def look() -> None:
    """Starts the native way if `next_look` operations in Python took as long as the start would."""
    global next_look
    if _is_started:
        return
    if next_look < SECOND_LOOK and _COMPILER not in sys.modules:
        next_look = SECOND_LOOK
        return
    cost = filling("native_cost")()
    if next_look >= cost:
        start()
    else:
        next_look = cost


def start() -> bool:
    """Takes up the native way; returns whether there is one. Only the first call does something."""
    global apply, apply_all, derive_steps, _is_started
    if not _is_started:
        _is_started = True
        found = filling("native_operations")()
        if found is not None:
            apply, apply_all, derive_steps = found
    return apply is not None


def guarded(name: str, value: Any, module: str) -> Any:
    """Does what `source.guarded` does; functions of arrays become quick besides."""
    return source.guarded(name, value, module, quick_boundary)


def quick_boundary(fn: Any) -> Callable[..., Any]:
    """Makes a public function an `api_boundary`, which tries `apply` first if it takes arrays only.

    Args:
        fn: a function; it is taken to be one of arrays if it has one or two parameters, which can
            be given by position only, or if it is one of `BY_AVALS`.
    """
    code = fn.__code__
    beyond = code.co_kwonlyargcount or code.co_flags & _VARIABLE or fn.__defaults__
    if beyond or code.co_argcount != code.co_posonlyargcount or code.co_argcount not in _WRAPPERS:
        return functools.wraps(fn)(_of_arrays(fn)) if fn.__name__ in BY_AVALS else api_boundary(fn)
    return functools.wraps(fn)(_WRAPPERS[code.co_argcount](fn))


def _of_one(fn: Callable[..., Any]) -> Callable[..., Any]:
    def public(x: Any, /) -> Any:
        try:
            if apply is not None:
                found = apply(fn, x)
                if found is not None:
                    return found
            return fn(x)
        except Exception as error:
            filter_traceback(error)
            raise

    return public


def _of_two(fn: Callable[..., Any]) -> Callable[..., Any]:
    def public(x: Any, y: Any, /) -> Any:
        try:
            if apply is not None:
                found = apply(fn, x, y)
                if found is not None:
                    return found
            return fn(x, y)
        except Exception as error:
            filter_traceback(error)
            raise

    return public


def _of_arrays(fn: Callable[..., Any]) -> Callable[..., Any]:
    def public(*args: Any, **kwargs: Any) -> Any:
        try:
            if apply_all is not None:
                found = apply_all(fn, args, kwargs)
                if found is not None:
                    return found
            return fn(*args, **kwargs)
        except Exception as error:
            filter_traceback(error)
            raise

    return public


_WRAPPERS = {1: _of_one, 2: _of_two}
