"""The library that walks pytrees. `minijax.core.pytree` imports this module at its first walk.

>>> from minijax.core.pytree import structure
>>> isinstance(structure([1, 2]), PyTreeDef)
True
"""

from __future__ import annotations

import optree as optree

PyTreeDef = optree.PyTreeSpec
