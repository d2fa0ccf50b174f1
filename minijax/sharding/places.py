"""Shardings: where an array lies, which is on the one device."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.placement import Device, devices
from minijax.sharding.meshes import (
    AxisType,
    Index,
    Mesh,
    PartitionSpec,
)


@dataclass(frozen=True, slots=True)
class AbstractDevice:
    """What is known of a device that is not there."""

    device_kind: str
    num_cores: int | None
    platform: str = "cpu"


class Sharding:
    """Where the parts of an array live: all of it on the one device."""

    memory_kind: str | None = None

    @property
    def device_set(self) -> set[Device]:
        """The devices that hold a part."""
        return set(devices())

    addressable_devices = device_set

    @property
    def num_devices(self) -> int:
        """The number of devices that hold a part."""
        return 1

    @property
    def is_fully_replicated(self) -> bool:
        """Whether every device holds all elements."""
        return True

    @property
    def is_fully_addressable(self) -> bool:
        """Whether all parts belong to this process."""
        return True

    @property
    def has_addressable_devices(self) -> bool:
        """Whether a part belongs to this process."""
        return True

    def shard_shape(self, global_shape: Sequence[int]) -> tuple[int, ...]:
        """Returns the shape of the part on one device."""
        return tuple(global_shape)

    def devices_indices_map(self, global_shape: Sequence[int]) -> dict[Device, Index]:
        """Returns which elements each device holds."""
        return {device: (slice(None),) * len(global_shape) for device in devices()}

    addressable_devices_indices_map = devices_indices_map

    def is_equivalent_to(self, other: Sharding, ndim: int) -> bool:
        """Whether both place an array of rank `ndim` alike: always."""
        return isinstance(other, Sharding)

    def check_compatible_aval(self, aval_shape: Sequence[int]) -> None:
        """Accepts every shape."""

    def with_memory_kind(self, kind: str) -> Sharding:
        """Returns the sharding: there is one kind of memory."""
        return self


class SingleDeviceSharding(Sharding):
    """All of an array on one device.

    Args:
        device: the device.
        memory_kind: accepted for compatibility.
    """

    def __init__(self, device: Device, *, memory_kind: str | None = None) -> None:
        self._device = device
        self.memory_kind = memory_kind

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SingleDeviceSharding) and self._device == other._device

    def __hash__(self) -> int:
        return hash((SingleDeviceSharding, self._device))

    def __repr__(self) -> str:
        return f"SingleDeviceSharding(device={self._device!r})"


class NamedSharding(Sharding):
    """An array divided along the axes of a mesh.

    Args:
        mesh: the mesh.
        spec: which of its axes the axes of the array are divided along.
        memory_kind: accepted for compatibility.

    Raises:
        ValueError: if the specification names an axis that the mesh does not have.
    """

    def __init__(self, mesh: Any, spec: Any, *, memory_kind: str | None = None) -> None:
        self.mesh = mesh
        self.spec = PartitionSpec() if spec is None else spec
        self.memory_kind = memory_kind
        for entry in self.spec:
            for name in entry if isinstance(entry, tuple) else (entry,):
                if isinstance(name, str) and name not in mesh.axis_names:
                    raise ValueError(
                        f"NamedSharding: the specification {self.spec} names {name!r}, which is no "
                        f"axis of {mesh}."
                    )

    def update(self, **changes: Any) -> NamedSharding:
        """Returns a copy with `mesh`, `spec` or `memory_kind` replaced."""
        return NamedSharding(
            changes.get("mesh", self.mesh),
            changes.get("spec", self.spec),
            memory_kind=changes.get("memory_kind", self.memory_kind),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NamedSharding) and self._key() == other._key()

    def _key(self) -> tuple[Any, ...]:
        return self.mesh, self.spec

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"NamedSharding(mesh={self.mesh}, spec={self.spec})"


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The part of an array on one device: all of it.

    Attributes:
        device: the device.
        index: which elements these are, as slices.
        replica_id: the number of the copy.
        data: the elements.
    """

    device: Device
    index: Index
    replica_id: int
    data: Array


def make_single_device_sharding(
    device: Device, *, memory_kind: str | None = None
) -> SingleDeviceSharding:
    """Returns the sharding that places all of an array on a device.

    Args:
        device: the device.
        memory_kind: the kind of its memory; None for the usual one.

    Example:
        >>> import minijax as mj
        >>> mj.sharding.make_single_device_sharding(mj.devices()[0])
        SingleDeviceSharding(device=CpuDevice(id=0))
    """
    return SingleDeviceSharding(device, memory_kind=memory_kind)


def make_mesh(
    axis_shapes: Sequence[int],
    axis_names: Sequence[Any],
    axis_types: Any = None,
    *,
    devices: Sequence[Device] | None = None,
) -> Mesh:
    """Returns a mesh of the devices.

    Args:
        axis_shapes: the lengths of its axes; their product is 1, the number of devices.
        axis_names: a name for each axis.
        axis_types: one type, or one for each axis.
        devices: the devices; by default all.

    Raises:
        ValueError: if it takes more devices than there are.

    Example:
        >>> make_mesh((1, 1), ("rows", "columns"))
        Mesh('rows': 1, 'columns': 1, axis_types=(Explicit, Explicit))
    """
    if math.prod(axis_shapes) != 1:
        raise ValueError(
            f"Number of devices 1 must be >= the product of mesh_shape {tuple(axis_shapes)}: there "
            "is one CPU, so every axis has length 1."
        )
    grid = np.empty(tuple(axis_shapes), dtype=object)
    grid[...] = (devices or [Device()])[0]
    return Mesh(grid, axis_names, axis_types or AxisType.Explicit)


def reshard(xs: Any, out_shardings: Any) -> Any:
    """Returns `xs`: there is one device.

    Args:
        xs: an array, or a pytree of arrays, of any shapes.
        out_shardings: accepted for compatibility.

    Example:
        >>> import minijax as mj
        >>> x = mj.numpy.ones(2)
        >>> mj.reshard(x, mj.P("rows")) is x
        True
    """
    return xs


def _unchanged(f: Callable[..., Any] | None) -> Any:
    return (lambda function: function) if f is None else f


def auto_axes(
    f: Callable[..., Any] | None = None, /, *, axes: Any = None, out_sharding: Any = None
) -> Any:
    """Returns `f`: on one device no sharding is to be decided.

    Args:
        f: a function of arrays. Left out, a decorator is returned.
        axes, out_sharding: accepted for compatibility.

    Example:
        >>> import minijax as mj
        >>> @mj.sharding.auto_axes(out_sharding=mj.P("rows"))
        ... def double(x):
        ...     return 2 * x
        >>> double(mj.numpy.ones(2))
        Array([2., 2.], dtype=float64)
    """
    return _unchanged(f)


def explicit_axes(
    f: Callable[..., Any] | None = None, /, *, axes: Any = None, in_sharding: Any = None
) -> Any:
    """Returns `f`: on one device no sharding is to be decided.

    Args:
        f: a function of arrays. Left out, a decorator is returned.
        axes, in_sharding: accepted for compatibility.

    Example:
        >>> import minijax as mj
        >>> @mj.sharding.explicit_axes(in_sharding=mj.P("rows"))
        ... def double(x):
        ...     return 2 * x
        >>> double(mj.numpy.ones(2))
        Array([2., 2.], dtype=float64)
    """
    return _unchanged(f)
