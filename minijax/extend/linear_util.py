"""Functions with a stack of transformations and the values that these leave behind.

A transformation is `(f, *static, *args) -> outputs`, written around the function that it is given;
one with an auxiliary value also takes the `Store` in which it leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache as cache
from functools import partial, wraps
from typing import Any

from minijax.transforms.arguments import function_name


class StoreException(Exception):  # noqa: N818 - the name that programs catch
    """A store was filled twice, or read before it was filled."""


_EMPTY = object()


class Store:
    """A place for one value.

    Example:
        >>> store = Store()
        >>> store.store(3)
        >>> store.val
        3
    """

    def __init__(self) -> None:
        self._val: Any = _EMPTY

    def store(self, val: Any) -> None:
        """Fills the store.

        Raises:
            StoreException: if it is full.
        """
        if self._val is not _EMPTY:
            raise StoreException("Store occupied")
        self._val = val

    def reset(self) -> None:
        """Empties the store."""
        self._val = _EMPTY

    @property
    def val(self) -> Any:
        """The value.

        Raises:
            StoreException: if the store is empty.
        """
        if self._val is _EMPTY:
            raise StoreException("Store empty")
        return self._val

    def __bool__(self) -> bool:
        return self._val is not _EMPTY


class WrappedFun:
    """A function and what it goes through.

    Args:
        f: the function, transformed so far.
        params: keyword arguments that every call of `f` gets.
        debug_info: what messages call it.
    """

    def __init__(
        self, f: Callable[..., Any], params: dict[str, Any] | None = None, debug_info: Any = None
    ) -> None:
        self.f = partial(f, **params) if params else f
        self.debug_info = debug_info

    @property
    def __name__(self) -> str:
        return function_name(self.f)

    def call_wrapped(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the transformed function."""
        return self.f(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call_wrapped(*args, **kwargs)

    def wrap(self, function: Callable[..., Any]) -> WrappedFun:
        """Returns the function after one more transformation."""
        return WrappedFun(partial(function, self.f), debug_info=self.debug_info)


def wrap_init(
    f: Callable[..., Any], params: dict[str, Any] | None = None, *, debug_info: Any = None
) -> WrappedFun:
    """Returns a function without transformations.

    Example:
        >>> wrap_init(lambda x: x + 1).call_wrapped(1)
        2

    Args:
        f: the function.
        params: keyword arguments that every call of it gets.
        debug_info: what messages call it.
    """
    return WrappedFun(f, params, debug_info)


def _curried(transform: Callable[..., Any]) -> Callable[..., Any]:
    """Lets a transformation be given first (as a decorator) and the function later."""

    @wraps(transform)
    def curried(gen: Callable[..., Any], *fun_and_args: Any) -> Any:
        return transform(gen, *fun_and_args) if fun_and_args else partial(transform, gen)

    return curried


@_curried
def transformation2(gen: Callable[..., Any], fun: WrappedFun, *gen_static_args: Any) -> WrappedFun:
    """Adds the transformation `gen(f, *static, *args)` to a function.

    Example:
        >>> doubled = transformation2(lambda f, x: 2 * f(x), wrap_init(lambda x: x + 1))
        >>> doubled.call_wrapped(1)
        4

    Args:
        gen: the transformation.
        fun: a wrapped function.
        gen_static_args: what `gen` gets before the arguments of a call.
    """
    return fun.wrap(lambda f, *args, **kwargs: gen(f, *gen_static_args, *args, **kwargs))


@_curried
def transformation_with_aux2(
    gen: Callable[..., Any], fun: WrappedFun, *gen_static_args: Any
) -> tuple[WrappedFun, Callable[[], Any]]:
    """Adds `gen(f, store, *static, *args)`; also returns a function that reads the store.

    Args:
        gen: the transformation.
        fun: a wrapped function.
        gen_static_args: what `gen` gets before the arguments of a call.

    Example:
        >>> def counted(f, store, *args):
        ...     store.store(len(args))
        ...     return f(*args)
        >>> fun, count = transformation_with_aux2(counted, wrap_init(lambda x, y: x + y))
        >>> fun.call_wrapped(1, 2), count()
        (3, 2)
    """
    store = Store()

    def apply(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return gen(f, store, *gen_static_args, *args, **kwargs)

    return fun.wrap(apply), lambda: store.val


@_curried
def transformation(gen: Callable[..., Any], fun: WrappedFun, *gen_static_args: Any) -> WrappedFun:
    """Adds a transformation as a generator: it yields `(args, kwargs)`, then the outputs.

    Args:
        gen: a generator function.
        fun: a wrapped function.
        gen_static_args: what `gen` gets before the arguments of a call.

    Example:
        >>> def doubled(x):
        ...     out = yield (x,), {}
        ...     yield 2 * out
        >>> transformation(doubled, wrap_init(lambda x: x + 1)).call_wrapped(1)
        4
    """

    def apply(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        steps = gen(*gen_static_args, *args, **kwargs)
        inner_args, inner_kwargs = next(steps)
        return steps.send(f(*inner_args, **inner_kwargs))

    return fun.wrap(apply)


@_curried
def transformation_with_aux(
    gen: Callable[..., Any], fun: WrappedFun, *gen_static_args: Any
) -> tuple[WrappedFun, Callable[[], Any]]:
    """Adds a transformation as a generator whose last yield is `(outputs, auxiliary value)`.

    Args:
        gen: a generator function: it yields `(args, kwargs)`, then the pair.
        fun: a wrapped function.
        gen_static_args: what `gen` gets before the arguments of a call.

    Returns:
        The transformed function, and a function that returns the auxiliary value once the first
        has been called.

    Raises:
        StoreException: by the second function before a call, by the first at a second call.

    Example:
        >>> def counted(*args):
        ...     out = yield args, {}
        ...     yield out, len(args)
        >>> fun, count = transformation_with_aux(counted, wrap_init(lambda x, y: x + y))
        >>> fun.call_wrapped(1, 2), count()
        (3, 2)
    """
    store = Store()

    def apply(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        steps = gen(*gen_static_args, *args, **kwargs)
        inner_args, inner_kwargs = next(steps)
        outs, aux = steps.send(f(*inner_args, **inner_kwargs))
        store.store(aux)
        return outs

    return fun.wrap(apply), lambda: store.val


def merge_linear_aux(aux1: Callable[[], Any], aux2: Callable[[], Any]) -> tuple[bool, Any]:
    """Returns the auxiliary value of whichever transformation ran, and whether it was the first.

    Args:
        aux1, aux2: what `transformation_with_aux` returned second, for two transformations.

    Returns:
        `(True, value)` if the function of `aux1` was called, `(False, value)` if that of `aux2`.

    Raises:
        StoreException: if neither or both ran.

    Example:
        >>> def counted(*args):
        ...     out = yield args, {}
        ...     yield out, len(args)
        >>> _, aux1 = transformation_with_aux(counted, wrap_init(lambda x: x))
        >>> fun, aux2 = transformation_with_aux(counted, wrap_init(lambda x, y: x + y))
        >>> _ = fun.call_wrapped(1, 2)
        >>> merge_linear_aux(aux1, aux2)
        (False, 2)
    """
    found = []
    for is_first, aux in ((True, aux1), (False, aux2)):
        try:
            found.append((is_first, aux()))
        except StoreException:
            continue
    if len(found) != 1:
        raise StoreException("Store empty" if not found else "Store occupied")
    return found[0]
