"""checkify: checks as values. A function that states checks becomes one that returns an error.

`minijax.transforms.checked_program` says how the program of the function is run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minijax.core.array import to_array
from minijax.core.pytree import flatten, unflatten
from minijax.core.pytree_nodes import register_pytree_node_class
from minijax.core.source import api_boundary
from minijax.core.trace import Tracer
from minijax.interpreters.stage import stage
from minijax.primitives.bitwise import bitwise_and, bitwise_not
from minijax.primitives.compare import eq
from minijax.primitives.control.check import CheckError, Message, check_p
from minijax.transforms.arguments import FlatFunction, function_name, wraps
from minijax.transforms.checked_program import (
    CheckedProgram,
    DivisionByZeroError,
    FailedCheckError,
    Kind,
    NaNError,
    OOBError,
)
from minijax.transforms.staging import struct_avals

user_checks: frozenset[Kind] = frozenset({FailedCheckError})
nan_checks: frozenset[Kind] = frozenset({NaNError})
index_checks: frozenset[Kind] = frozenset({OOBError})
div_checks: frozenset[Kind] = frozenset({DivisionByZeroError})
float_checks = nan_checks | div_checks
automatic_checks = float_checks | index_checks
all_checks = automatic_checks | user_checks


@register_pytree_node_class
class Error:
    """What is known of the checks of a function that ran; a pytree.

    Args:
        failed: bool[...], whether a check failed; further axes come from `vmap`.
        code: int32[...], which one.
        payload: the values of all messages.
        messages: the messages by code.
    """

    __slots__ = ("_code", "_failed", "_messages", "_payload")

    def __init__(
        self, failed: Any, code: Any, payload: Sequence[Any], messages: tuple[Message, ...]
    ) -> None:
        self._failed = failed
        self._code = code
        self._payload = tuple(payload)
        self._messages = messages

    def tree_flatten(self) -> tuple[Any, Any]:
        """Returns the arrays and the messages."""
        return (self._failed, self._code, self._payload), self._messages

    @classmethod
    def tree_unflatten(cls, messages: Any, children: Any) -> Error:
        """Returns the error of arrays and messages."""
        failed, code, payload = children
        return cls(failed, code, payload, messages)

    def _texts(self) -> Iterator[tuple[Kind, str]]:
        if not self._messages:
            return
        failed, code = np.asarray(self._failed), np.asarray(self._code)
        for place in zip(*np.nonzero(np.atleast_1d(failed)), strict=True):
            lane = place if failed.ndim else ()
            message = self._messages[int(code[lane])]
            start = sum(m.tree.num_leaves for m in self._messages[: int(code[lane])])
            payload = self._payload[start : start + message.tree.num_leaves]
            text = message.of([np.asarray(x)[lane] for x in payload])
            where = f"at mapped index {', '.join(map(str, lane))}: " if lane else ""
            yield message.kind, where + text

    def get(self) -> str | None:
        """Returns what the first check that failed says (of each lane), None if all hold."""
        return "\n".join(text for _, text in self._texts()) or None

    def get_exception(self) -> CheckError | None:
        """Returns the error as an exception, None if all checks hold."""
        found = list(self._texts())
        if not found:
            return None
        return found[0][0]("\n".join(text for _, text in found))  # type: ignore[return-value]

    def throw(self) -> None:
        """Raises the error, if a check failed.

        Raises:
            JaxRuntimeError: with the message of the check.
        """
        check_error(self)

    def __str__(self) -> str:
        return f"Error({self.get()})"

    __repr__ = __str__


init_error = Error(np.zeros((), bool), np.full((), -1, np.int32), (), ())


def check_error(error: Error) -> None:
    """Raises an error, or states it as a check of the function being traced.

    Args:
        error: what a function made by `checkify` returned.

    Raises:
        TypeError: if it is something else.
        JaxRuntimeError: if a check failed.

    Example:
        >>> import minijax as mj
        >>> from minijax.experimental import checkify
        >>> def f(x):
        ...     checkify.check(x > 0, "{} is not positive", x)
        ...     return mj.numpy.log(x)
        >>> error, _ = checkify.checkify(f)(1.0)
        >>> checkify.check_error(error)
        >>> error, _ = checkify.checkify(f)(-1.0)
        >>> try:
        ...     checkify.check_error(error)
        ... except checkify.JaxRuntimeError as exception:
        ...     print(exception)
        -1.0 is not positive (`check` failed)
    """
    if not isinstance(error, Error):
        raise TypeError(f"check_error takes an Error, got {type(error).__name__}: {error!r:.60}.")
    if not isinstance(error._failed, Tracer):
        exception = error.get_exception()
        if exception is not None:
            raise CheckError(str(exception))
        return
    start = 0
    for code, message in enumerate(error._messages):
        payload = error._payload[start : start + message.tree.num_leaves]
        start += message.tree.num_leaves
        failed = bitwise_and(error._failed, eq(error._code, np.int32(code)))
        lanes = len(error._failed.shape)
        check_p.bind(bitwise_not(failed), *payload, message=message, lanes=lanes)


@api_boundary
def checkify(
    f: Callable[..., Any], errors: frozenset[Kind] = user_checks
) -> Callable[..., tuple[Error, Any]]:
    """Makes the checks of a function part of what it returns.

    Args:
        f: a function of arrays (or pytrees of arrays).
        errors: which kinds of checks: `user_checks` (those stated by `check`), `nan_checks`,
            `div_checks`, `index_checks`, or a union of them.

    Returns:
        A function that returns `(error, output of f)`. It may be jitted, mapped and derived.

    Example:
        >>> import minijax as mj
        >>> from minijax.experimental import checkify
        >>> def f(x):
        ...     checkify.check(x > 0, "{} is not positive", x)
        ...     return mj.numpy.log(x)
        >>> error, _ = mj.jit(checkify.checkify(f))(-1.0)
        >>> error.get()
        '-1.0 is not positive (`check` failed)'
    """

    @wraps(f)
    @api_boundary
    def checked(*args: Any, **kwargs: Any) -> tuple[Error, Any]:
        leaves, in_tree = flatten((args, kwargs))
        flat = FlatFunction(f, in_tree)
        name = function_name(f)
        jaxpr = stage(flat, struct_avals(f"checkify of {name}", args, kwargs), name)
        program = CheckedProgram(jaxpr, frozenset(errors))
        (failed, code, *payload), outs = program.run(list(map(to_array, leaves)))
        return Error(failed, code, payload, program.messages), unflatten(flat.out_tree, outs)

    return checked


def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """States what must hold. Call it in functions that `checkify` transforms.

    Args:
        pred: a bool of rank 0.
        msg: what to say if it is False: a format string.
        fmt_args, fmt_kwargs: the arrays that the format shows.
        debug: whether the check is ignored where `checkify` is not in action.

    Raises:
        TypeError: if `pred` is no bool of rank 0, or a value for the format no array.
        JaxRuntimeError: at once, if the check fails outside of every transformation.
        ValueError: if it is compiled without `checkify`.

    Example:
        >>> check(True, "never said")
    """
    is_scalar = isinstance(pred, bool) or (
        getattr(pred, "shape", None) == () and getattr(pred, "dtype", None) == np.bool_
    )
    if not is_scalar:
        raise TypeError(f"check takes a scalar pred as argument (a bool), got {pred!r:.60}")
    leaves, tree = flatten((fmt_args, fmt_kwargs))
    for leaf in leaves:
        if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
            raise TypeError(
                "Formatting arguments to checkify.check need to be PyTrees of arrays, but got "
                f"{leaf!r:.60} of type {type(leaf)}. Format what is known into the message."
            )
    message = Message(FailedCheckError, f"{msg} (`check` failed)", tree, debug)
    check_p.bind(to_array(pred), *map(to_array, leaves), message=message, lanes=0)


def debug_check(pred: Any, msg: str, *fmt_args: Any, **fmt_kwargs: Any) -> None:
    """States what must hold, and is ignored where `checkify` is not in action.

    Args:
        pred: a bool of rank 0.
        msg: what to say if it is False: a format string.
        fmt_args, fmt_kwargs: the arrays that the format shows.

    Example:
        >>> debug_check(False, "ignored")
    """
    check(pred, msg, *fmt_args, debug=True, **fmt_kwargs)
