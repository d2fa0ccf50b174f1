"""Meshes and shardings, with their meaning on one device: every axis of a mesh has length 1.

Programs that say where arrays live run unchanged; there is one place. A mesh of more devices than
there are is refused when it is made.

>>> import minijax as mj
>>> from minijax.sharding import NamedSharding, PartitionSpec
>>> mesh = mj.make_mesh((1,), ("batch",))
>>> NamedSharding(mesh, PartitionSpec("batch")).shard_shape((8, 2))
(8, 2)
"""

from __future__ import annotations

import enum
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.devices import Device, devices

Index = tuple[slice, ...]


class MemorySpace(enum.Enum):
    """Kinds of memory; there is one."""

    Device = enum.auto()
    Host = enum.auto()
    Any = enum.auto()


memory = SimpleNamespace(Space=MemorySpace)


class AxisType(enum.Enum):
    """How the sharding along an axis of a mesh is decided; on one device there is no choice."""

    Auto = enum.auto()
    Explicit = enum.auto()
    Manual = enum.auto()

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ManualAxisType:
    """Along which manual axes a value varies."""

    varying: frozenset[Any] = frozenset()
    unreduced: frozenset[Any] = frozenset()
    reduced: frozenset[Any] = frozenset()


class _Unconstrained:
    def __repr__(self) -> str:
        return "UNCONSTRAINED"


class PartitionSpec(tuple[Any, ...]):
    """Which axes of a mesh the axes of an array are divided along.

    Args:
        partitions: for each axis of the array None, the name of a mesh axis or a tuple of names.
        unreduced, reduced: accepted for compatibility.

    Example:
        >>> PartitionSpec("batch", None)
        P('batch', None)
    """

    UNCONSTRAINED = _Unconstrained()

    unreduced: frozenset[Any]
    reduced: frozenset[Any]

    def __new__(
        cls,
        *partitions: Any,
        unreduced: frozenset[Any] = frozenset(),
        reduced: frozenset[Any] = frozenset(),
    ) -> PartitionSpec:
        spec = super().__new__(cls, partitions)
        spec.unreduced, spec.reduced = frozenset(unreduced), frozenset(reduced)
        return spec

    @property
    def partitions(self) -> tuple[Any, ...]:
        """The entries as a plain tuple."""
        return tuple(self)

    def update(self, **changes: Any) -> PartitionSpec:
        """Returns a copy with `partitions`, `unreduced` or `reduced` replaced."""
        parts = changes.pop("partitions", self.partitions)
        given = {"unreduced": self.unreduced, "reduced": self.reduced} | changes
        return PartitionSpec(*parts, **given)

    def __reduce__(self) -> Any:
        return PartitionSpec, tuple(self)

    def __repr__(self) -> str:
        return f"P({', '.join(map(repr, self))}{',' if len(self) == 1 else ''})"


P = PartitionSpec


class _Axes:
    """What meshes with and without devices have in common."""

    _sizes: tuple[int, ...]
    axis_names: tuple[Any, ...]
    axis_types: tuple[AxisType, ...]

    def _name_axes(self, sizes: Sequence[int], names: Any, types: Any) -> None:
        self._sizes = tuple(map(int, sizes))
        self.axis_names = (names,) if isinstance(names, str) else tuple(names)
        if len(self.axis_names) != len(self._sizes):
            raise ValueError(
                f"A mesh of {len(self._sizes)} axes needs as many names, got {self.axis_names}."
            )
        if len(set(self.axis_names)) != len(self.axis_names):
            raise ValueError(f"The names of mesh axes must differ, got {self.axis_names}.")
        if math.prod(self._sizes) > 1 and type(self) is Mesh:
            raise ValueError(f"There is one device: a mesh of shape {self._sizes} needs more.")
        given = types or AxisType.Auto
        per_axis = (given,) * len(self._sizes) if isinstance(given, AxisType) else tuple(given)
        self.axis_types = per_axis

    @property
    def axis_sizes(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._sizes

    @property
    def shape(self) -> OrderedDict[Any, int]:
        """The lengths of the axes by name."""
        return OrderedDict(zip(self.axis_names, self._sizes, strict=True))

    @property
    def shape_tuple(self) -> tuple[tuple[Any, int], ...]:
        """The names and lengths of the axes."""
        return tuple(self.shape.items())

    @property
    def size(self) -> int:
        """The number of devices."""
        return math.prod(self._sizes) if self._sizes else 0

    @property
    def empty(self) -> bool:
        """Whether there is no axis."""
        return not self._sizes

    def _axes_of(self, kind: AxisType) -> tuple[Any, ...]:
        pairs = zip(self.axis_names, self.axis_types, strict=True)
        return tuple(name for name, found in pairs if found is kind)

    @property
    def auto_axes(self) -> tuple[Any, ...]:
        """The names of the axes of type Auto."""
        return self._axes_of(AxisType.Auto)

    @property
    def explicit_axes(self) -> tuple[Any, ...]:
        """The names of the axes of type Explicit."""
        return self._axes_of(AxisType.Explicit)

    @property
    def manual_axes(self) -> tuple[Any, ...]:
        """The names of the axes of type Manual."""
        return self._axes_of(AxisType.Manual)

    def _key(self) -> tuple[Any, ...]:
        return type(self), self._sizes, self.axis_names, self.axis_types

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Axes) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        axes = ", ".join(f"{name!r}: {size}" for name, size in self.shape_tuple)
        return f"{type(self).__name__}({axes}, axis_types={self.axis_types})"


class AbstractMesh(_Axes):
    """A mesh without devices: names and lengths of axes.

    Args:
        axis_sizes: the lengths.
        axis_names: the names.
        axis_types: one type, or one for each axis.
    """

    def __init__(
        self,
        axis_sizes: Sequence[int],
        axis_names: Sequence[Any],
        axis_types: Any = None,
        *,
        abstract_device: Any = None,
    ) -> None:
        self._name_axes(axis_sizes, axis_names, axis_types)
        self.abstract_device = abstract_device

    @property
    def abstract_mesh(self) -> AbstractMesh:
        """The mesh itself."""
        return self


class Mesh(_Axes):
    """Devices in an array with named axes; a context manager that makes it the current one.

    Args:
        devices: an array of devices: the one, in any number of axes.
        axis_names: a name for each axis.
        axis_types: one type, or one for each axis.

    Raises:
        ValueError: if there is more than one device, or names do not fit.
    """

    def __init__(self, devices: Any, axis_names: Any, axis_types: Any = None) -> None:
        self.devices = np.array(devices, dtype=object)
        self._name_axes(self.devices.shape, axis_names, axis_types)

    @property
    def abstract_mesh(self) -> AbstractMesh:
        """The mesh without its devices."""
        return AbstractMesh(self._sizes, self.axis_names, self.axis_types)

    @property
    def local_mesh(self) -> Mesh:
        """The part of this process: all of it."""
        return self

    @property
    def local_devices(self) -> list[Device]:
        """The devices of this process."""
        return list(self.devices.flat)

    @property
    def device_ids(self) -> np.ndarray:
        """The numbers of the devices."""
        return np.array([d.id for d in self.devices.flat]).reshape(self.devices.shape)

    @property
    def is_multi_process(self) -> bool:
        """False: there is one process."""
        return False

    def __enter__(self) -> Mesh:
        _current.meshes = (*_current.meshes, self)
        return self

    def __exit__(self, *_: Any) -> None:
        _current.meshes = _current.meshes[:-1]


class _Current(threading.local):
    meshes: tuple[Any, ...] = ()


_current = _Current()
_NO_MESH = Mesh(np.empty((), dtype=object), ())


def get_mesh() -> Mesh:
    """Returns the mesh that is current; one without axes if none is.

    Example:
        >>> import minijax as mj
        >>> mj.sharding.get_mesh().axis_names
        ()
        >>> with mj.set_mesh(mj.make_mesh((1,), ("rows",))):
        ...     mj.sharding.get_mesh().axis_names
        ('rows',)
    """
    found = [mesh for mesh in _current.meshes if isinstance(mesh, Mesh)]
    return found[-1] if found else _NO_MESH


def get_abstract_mesh() -> AbstractMesh:
    """Returns the mesh that is current, without devices; one without axes if none is.

    Example:
        >>> import minijax as mj
        >>> with mj.set_mesh(mj.make_mesh((1,), ("rows",))):
        ...     mj.sharding.get_abstract_mesh()
        AbstractMesh('rows': 1, axis_types=(Explicit,))
    """
    return _current.meshes[-1].abstract_mesh if _current.meshes else _NO_MESH.abstract_mesh


class set_mesh:  # noqa: N801 - called like a function
    """Makes a mesh the current one, inside a `with` block or from now on.

    Args:
        mesh: the mesh; None for none.
    """

    def __init__(self, mesh: Mesh | None) -> None:
        self.prev_mesh = _current.meshes
        _current.meshes = () if mesh is None else (*_current.meshes, mesh)

    def __enter__(self) -> None:
        """The mesh is current already."""

    def __exit__(self, *_: Any) -> None:
        _current.meshes = self.prev_mesh


@contextmanager
def use_abstract_mesh(mesh: AbstractMesh) -> Iterator[None]:
    """Makes a mesh without devices the current one inside the context."""
    previous = _current.meshes
    _current.meshes = (*previous, mesh)
    try:
        yield
    finally:
        _current.meshes = previous


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


# -- what arrays say of their place


def _sharding(x: Array) -> Sharding:
    """Where the array lives."""
    return SingleDeviceSharding(Device())


def _aval_sharding(aval: ShapedArray) -> NamedSharding:
    """What is known of the place of arrays of a type: no axis is divided."""
    return NamedSharding(_NO_MESH.abstract_mesh, PartitionSpec(*(None,) * aval.ndim))


def _shards(x: Array) -> list[Shard]:
    """The parts of the array: one."""
    return [Shard(Device(), (slice(None),) * x.ndim, 0, x)]


def _devices(x: Array) -> set[Device]:
    """Returns the devices that hold the array."""
    return set(devices())


def _to_device(x: Array, device: Any, *, stream: Any = None) -> Array:
    """Returns the array: there is one device."""
    return x


def _addressable_data(x: Array, index: int) -> Array:
    """Returns the part of the array with a number: the array."""
    return x


def install_places() -> None:
    """Gives arrays the properties and methods that speak of devices."""
    always = {"is_fully_addressable": True, "is_fully_replicated": True, "committed": False}
    for name, value in always.items():
        setattr(Array, name, value)
    for name, get in {
        "sharding": _sharding,
        "addressable_shards": _shards,
        "global_shards": _shards,
        "device": lambda x: Device(),
    }.items():
        setattr(Array, name, property(get))
    for name, method in {
        "devices": _devices,
        "to_device": _to_device,
        "addressable_data": _addressable_data,
    }.items():
        setattr(Array, name, method)
    ShapedArray.sharding = property(_aval_sharding)  # type: ignore[attr-defined]
    ShapedArray.memory_space = MemorySpace.Device  # type: ignore[attr-defined]


install_places()
