"""When a callable gets native entries: at the second call with arguments of one kind.

Entries ask no configuration, so `config.update` makes every callable forget its entries and the
calls that it has counted.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence, Set
from typing import Any

from minijax import compiler
from minijax.core.config import config
from minijax.core.execute import installed
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef

_MOST_KINDS = 8
Calls = dict[tuple[type, ...], int]


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
        program: tuple[Jaxpr, Sequence[Any], PyTreeDef, int | None],
    ) -> None:
        """Counts a call that came through Python; at the second of its kind adds an entry.

        Args:
            calls: how often the program was called with leaves of which types.
            arguments: `args`, `kwargs`, and the positions and names of the static ones.
            leaves: the leaves of the others.
            program: the program, what it captured, the structure of its output, and how many
                threads it may use.
        """
        kinds = tuple(map(type, leaves))
        calls[kinds] = count = calls.get(kinds, 0) + 1
        if count == 2 and len(calls) <= _MOST_KINDS and _calls_have_entries():
            args, kwargs, static = arguments
            compiler.add_entry(self, args, kwargs, static, leaves, *program)


def _calls_have_entries() -> bool:
    looks = config.debug_nans or config.debug_infs or config.log_compiles
    return installed() is compiler.execute and not looks


_points: weakref.WeakSet[CountingEntryPoint] = weakref.WeakSet()


def _forget_all_calls() -> None:
    for point in list(_points):
        point.forget_calls()


config.on_update(_forget_all_calls)
