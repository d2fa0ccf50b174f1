"""A function with some arguments filled in, as a pytree (registered in `minijax.core.pytree`)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class _OpaqueFunction:
    """Hides a `functools.partial`, whose arguments would otherwise merge with those around it."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _OpaqueFunction) and self.function == other.function

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return repr(self.function)


class Partial(functools.partial):
    """A `functools.partial` that is a pytree: the bound arguments are its children.

    So a function together with the arrays it has captured can be an argument or a result of a
    transformed function. The function itself is static: it is compared by `==`.

    Example:
        >>> import operator
        >>> add_two = Partial(operator.add, 2)
        >>> add_two(3)
        5
    """

    def __new__(cls, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Partial:
        target = _OpaqueFunction(func) if isinstance(func, functools.partial) else func
        return super().__new__(cls, target, *args, **kwargs)
