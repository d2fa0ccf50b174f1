"""What lower floors ask of higher ones, and who answers.

Imports go down the floors. Where core needs something from above, as arrays need the functions
behind their operators, it asks for the filling of a slot by name. `minijax/__init__.py` says where
each filling is defined; the module is imported when a program first gets there.

    >>> fill_later(ratio="math:pi")
    >>> filling("ratio")
    3.141592653589793
"""

from __future__ import annotations

from typing import Any

from minijax.core.lazy import Place, find

_places: dict[str, Place] = {}


def fill_later(**fillings: str) -> None:
    """Says what fills each slot, as `module:name`."""
    for slot, where in fillings.items():
        module, _, name = where.partition(":")
        _places[slot] = (module, name)


def filling(slot: str) -> Any:
    """Returns what fills a slot, and imports it if nobody has yet."""
    return find(_places[slot])
