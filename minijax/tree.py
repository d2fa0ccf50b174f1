"""Functions on pytrees under short names: `tree.map`, `tree.leaves`, `tree.reduce`, …

>>> from minijax import tree
>>> tree.map(lambda x: x + 1, {'a': 1, 'b': [2, 3]})
{'a': 2, 'b': [3, 4]}

Each is the function of `minijax.tree_util` of the longer name. They are meant to be used as
attributes of this module, since some of the names are those of builtins.
"""

import dataclasses
from typing import Any

from minijax.core.source import guard_functions as _guard_functions
from minijax.tree_util import tree_all as all
from minijax.tree_util import tree_broadcast as broadcast
from minijax.tree_util import tree_flatten as flatten
from minijax.tree_util import tree_flatten_with_path as flatten_with_path
from minijax.tree_util import tree_leaves as leaves
from minijax.tree_util import tree_leaves_with_path as leaves_with_path
from minijax.tree_util import tree_map as map
from minijax.tree_util import tree_map_with_path as map_with_path
from minijax.tree_util import tree_reduce as reduce
from minijax.tree_util import tree_reduce_associative as reduce_associative
from minijax.tree_util import tree_structure as structure
from minijax.tree_util import tree_transpose as transpose
from minijax.tree_util import tree_unflatten as unflatten

__all__ = [
    "all",
    "broadcast",
    "flatten",
    "flatten_with_path",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "reduce",
    "reduce_associative",
    "static",
    "structure",
    "transpose",
    "unflatten",
]


def static(**kwargs: Any) -> Any:
    """A dataclass field that is static: no leaf, but part of the structure.

    Args:
        **kwargs: as for `dataclasses.field`.

    Example:
        >>> from minijax.tree_util import register_dataclass
        >>> @register_dataclass
        ... @dataclasses.dataclass
        ... class Scale:
        ...     factor: float
        ...     name: str = static(default='scale')
        >>> leaves(Scale(2.0))
        [2.0]
    """
    metadata = {**(kwargs.pop("metadata", None) or {}), "static": True}
    return dataclasses.field(metadata=metadata, **kwargs)


_guard_functions(globals())
