"""Exchange between processes: there is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.pytree import tree_map


def sync_global_devices(name: str) -> None:
    """Returns when all processes have come here: at once."""


def broadcast_one_to_all(in_tree: Any, is_source: bool | None = None) -> Any:
    """Returns the arrays of the first process as NumPy arrays."""
    return tree_map(np.asarray, in_tree)


def process_allgather(in_tree: Any, tiled: bool = False) -> Any:
    """Returns the arrays of all processes, along a new leading axis unless `tiled`.

    Example:
        >>> process_allgather(np.ones(3)).shape, process_allgather(np.ones(3), tiled=True).shape
        ((1, 3), (3,))
    """
    return tree_map(lambda x: np.asarray(x) if tiled else np.asarray(x)[None], in_tree)


def assert_equal(in_tree: Any, fail_message: str = "") -> None:
    """Verifies that all processes have the same arrays: the one has."""


def global_array_to_host_local_array(global_inputs: Any, global_mesh: Any, pspecs: Any) -> Any:
    """Returns the arrays: all of each is here."""
    return global_inputs


def host_local_array_to_global_array(local_inputs: Any, global_mesh: Any, pspecs: Any) -> Any:
    """Returns the arrays: all of each is here."""
    return local_inputs
