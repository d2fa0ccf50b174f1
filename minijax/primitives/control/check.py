"""check: stating what must hold. `checkify` turns it into values; by itself it runs only eagerly.

check[message, lanes] ok x… =      (no results; `lanes` leading axes of all operands are mapped)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.avals import Aval
from minijax.core.primitive import Primitive, absent, constant, primitive
from minijax.core.pytree import PyTreeDef, unflatten
from minijax.core.records import record
from minijax.interpreters.batch import move_batch_axis


class CheckError(ValueError):
    """A check has failed."""


@record(eq=True)
class Message:
    """What to say of a check that failed.

    Attributes:
        kind: the class of errors it belongs to.
        text: a format string.
        tree: the structure of the `(args, kwargs)` that the format takes.
        is_debug: whether the check is ignored unless `checkify` asks for it.
    """

    kind: type[Exception]
    text: str
    tree: PyTreeDef
    is_debug: bool = False

    def of(self, payload: Any) -> str:
        """Returns the text with the values of its arguments."""
        args, kwargs = unflatten(self.tree, payload)
        return self.text.format(*args, **kwargs)


def first_failure(ok: np.ndarray, payload: Any) -> list[np.ndarray]:
    """Returns the payload of the first lane in which a check fails."""
    place = np.unravel_index(int(np.argmin(ok)), ok.shape)
    return [np.asarray(x)[place] for x in payload]


def _check_impl(ok: np.ndarray, *payload: np.ndarray, message: Message, lanes: int) -> Any:
    if not message.is_debug and not ok.all():
        raise CheckError(message.of(first_failure(ok, payload)))
    return ()


def _check_abstract(ok: Aval, *payload: Aval, message: Message, lanes: int) -> Any:
    return ()


def _check_batch(size: int, operands: Any, dims: Any, *, message: Message, lanes: int) -> Any:
    moved = [move_batch_axis(x, dim, size) for x, dim in zip(operands, dims, strict=True)]
    check_p.bind(*moved, message=message, lanes=lanes + 1)
    return (), ()


def _check_lower(k: Any, *operands: Any, out: Any, message: Message, lanes: int) -> Any:
    if message.is_debug:
        return ()
    raise ValueError(
        "Cannot abstractly evaluate a checkify.check which was not functionalized: a compiled "
        "program raises no errors of its own. Write checkify.checkify(f) and jit that, then call "
        f"error.throw(). The check says: {message.text!r}."
    )


check_p: Primitive = primitive(
    "check",
    impl=_check_impl,
    abstract=_check_abstract,
    jvp=constant,
    transpose=absent("a check has no results"),
    batch=_check_batch,
    lower=_check_lower,
    effect="check",
)
