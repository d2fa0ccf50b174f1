"""`shard_map` with the mesh as a positional argument; see `minijax.shard_map`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.shard_mapping import shard_map as _shard_map


def shard_map(
    f: Callable[..., Any], mesh: Any, in_specs: Any, out_specs: Any, check_rep: bool = True
) -> Callable[..., Any]:
    """Maps a function over the parts of its arguments on the devices of a mesh.

    Args:
        f: a function of arrays (or pytrees of arrays).
        mesh: the mesh.
        in_specs, out_specs: how arguments and outputs are divided.
        check_rep: accepted for compatibility.
    """
    return _shard_map(f, mesh=mesh, in_specs=in_specs, out_specs=out_specs)
