"""Meshes of devices and the names of their axes; each axis has length 1."""

from __future__ import annotations

import enum
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from minijax.placement import Device

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

    def _are_all(self, kind: AxisType) -> bool:
        return all(found is kind for found in self.axis_types)

    @property
    def are_all_axes_auto(self) -> bool:
        """Whether the compiler chooses where arrays are along each axis."""
        return self._are_all(AxisType.Auto)

    @property
    def are_all_axes_explicit(self) -> bool:
        """Whether types say where arrays are along each axis."""
        return self._are_all(AxisType.Explicit)

    @property
    def are_all_axes_manual(self) -> bool:
        """Whether the program says where arrays are along each axis."""
        return self._are_all(AxisType.Manual)

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
NO_MESH = Mesh(np.empty((), dtype=object), ())


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
    return found[-1] if found else NO_MESH


def get_abstract_mesh() -> AbstractMesh:
    """Returns the mesh that is current, without devices; one without axes if none is.

    Example:
        >>> import minijax as mj
        >>> with mj.set_mesh(mj.make_mesh((1,), ("rows",))):
        ...     mj.sharding.get_abstract_mesh()
        AbstractMesh('rows': 1, axis_types=(Explicit,))
    """
    return _current.meshes[-1].abstract_mesh if _current.meshes else NO_MESH.abstract_mesh


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
