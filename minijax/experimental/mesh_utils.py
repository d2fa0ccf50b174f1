"""Arranging devices in a mesh: there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.sharding import make_mesh


def create_device_mesh(
    mesh_shape: Sequence[int],
    devices: Sequence[Any] | None = None,
    *,
    contiguous_submeshes: bool = False,
    allow_split_physical_axes: bool = False,
) -> np.ndarray:
    """Returns the device as an array of a shape of ones.

    Args:
        mesh_shape: the shape.
        devices: the devices; by default all.
        contiguous_submeshes, allow_split_physical_axes: accepted for compatibility.

    Raises:
        ValueError: if the shape takes more devices than there are.

    Example:
        >>> create_device_mesh((1, 1)).shape
        (1, 1)
    """
    return make_mesh(mesh_shape, tuple(map(str, range(len(mesh_shape)))), devices=devices).devices
