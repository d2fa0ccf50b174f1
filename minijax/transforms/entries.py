"""When a callable gets native entries: at the second call with arguments of one kind.

Entries ask no configuration, so `config.update` makes every callable forget its entries and the
calls that it has counted.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence, Set
from contextlib import nullcontext
from typing import Any

import numpy as np

from minijax import compiler
from minijax.core.activity import busy
from minijax.core.config import config
from minijax.core.execute import installed
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef, structure
from minijax.primitives.control.call import call

_MOST_KINDS = 8
Calls = dict[tuple[type, ...], int]
Made = tuple[Jaxpr, Sequence[Any], PyTreeDef, int | None, Mapping[int, int]]


class CountingEntryPoint(compiler.EntryPoint):
    """A callable that has entries made for it, and forgets them when the configuration changes."""

    def forget_calls(self) -> None:
        """Makes calls go through Python again, and counts them anew."""
        self.drop_entries()

    def watch_configuration(self) -> None:
        """Has `forget_calls` called after each update of the configuration."""
        _points.add(self)

    def note_call(
        self,
        calls: Calls,
        arguments: tuple[Sequence[Any], Mapping[str, Any], Set[int | str]],
        leaves: Sequence[Any],
        program: Made,
    ) -> int:
        """Counts a call that came through Python; at the second of its kind adds an entry.

        Args:
            calls: how often the program was called with leaves of which types.
            arguments: `args`, `kwargs`, and the positions and names of the static ones.
            leaves: the leaves of the others.
            program: the program, what it captured, the structure of its output, how many threads
                it may use, and the donated leaves, each with the number of a result.

        Returns:
            How many such calls there were.
        """
        kinds = tuple(map(type, leaves))
        calls[kinds] = count = calls.get(kinds, 0) + 1
        if count == 2 and len(calls) <= _MOST_KINDS and _calls_have_entries():
            args, kwargs, static = arguments
            compiler.add_entry(self, args, kwargs, static, leaves, *program)
        return count


class FlatCall(CountingEntryPoint):
    """A program that is called with the leaves of its arguments and gives a list of its results.

    It serves calls that only Python can take apart: those with nodes of the user's own, or with
    static arguments that are equal but not the same.
    """

    def __init__(self, name: str, made: Made) -> None:
        jaxpr, consts, out_tree, threads, matched = made
        self._name = name
        self._calls: Calls = {}
        self._made = jaxpr, consts, structure([0] * out_tree.num_leaves), threads, matched
        self.watch_configuration()

    def __call__(self, *leaves: Any) -> Sequence[Any]:
        jaxpr, consts, _, threads, _ = self._made
        with nullcontext() if threads is None else compiler.asked_threads(threads):
            outs = call(jaxpr, *consts, *leaves, name=self._name)
        if not busy:
            self.note_call(self._calls, (leaves, {}, frozenset()), leaves, self._made)
        return outs

    def forget_calls(self) -> None:
        """Makes calls go through Python again, and counts them anew."""
        self.drop_entries()
        self._calls.clear()


def side_by_side(x: Any) -> Any:
    """Returns a NumPy array whose elements lie side by side; anything else as it is.

    Example:
        >>> import numpy as np
        >>> side_by_side(np.arange(6)[::2]).flags.c_contiguous
        True
    """
    if type(x) is not np.ndarray:
        return x
    flags = x.flags
    if flags.c_contiguous and flags.aligned and x.dtype.isnative:
        return x
    return np.array(x, x.dtype.newbyteorder("="), order="C")


def _calls_have_entries() -> bool:
    looks = config.debug_nans or config.debug_infs or config.log_compiles
    return installed() is compiler.execute and not looks


_points: weakref.WeakSet[CountingEntryPoint] = weakref.WeakSet()


def _forget_all_calls() -> None:
    for point in list(_points):
        point.forget_calls()


config.on_update(_forget_all_calls)
