"""Functions about devices, with their meaning on one CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.pytree import tree_map
from minijax.numpy.creation import asarray


@dataclass(frozen=True, slots=True)
class Device:
    """The CPU.

    Attributes:
        id: its number.
        platform: "cpu".
    """

    id: int = 0
    platform: str = "cpu"

    @property
    def device_kind(self) -> str:
        """What kind of device it is."""
        return self.platform

    @property
    def process_index(self) -> int:
        """The number of the process that owns it."""
        return 0

    def __repr__(self) -> str:
        return f"CpuDevice(id={self.id})"


_CPU = Device()


def _check_backend(backend: str | None) -> None:
    if backend not in (None, "cpu"):
        raise RuntimeError(f"There is no backend {backend!r}: the only one is 'cpu'.")


def devices(backend: str | None = None) -> list[Device]:
    """Returns the devices: one CPU.

    Raises:
        RuntimeError: if another backend is asked for.

    Example:
        >>> import minijax as mj
        >>> mj.devices()
        [CpuDevice(id=0)]
    """
    _check_backend(backend)
    return [_CPU]


def local_devices(
    process_index: int | None = None, backend: str | None = None, host_id: int | None = None
) -> list[Device]:
    """Returns the devices of this process: one CPU."""
    return devices(backend)


def device_count(backend: str | None = None) -> int:
    """Returns the number of devices: 1."""
    return len(devices(backend))


def local_device_count(backend: str | None = None) -> int:
    """Returns the number of devices of this process: 1."""
    return len(devices(backend))


def process_index(backend: str | None = None) -> int:
    """Returns the number of this process: 0."""
    _check_backend(backend)
    return 0


def process_count(backend: str | None = None) -> int:
    """Returns the number of processes: 1."""
    _check_backend(backend)
    return 1


def default_backend() -> str:
    """Returns the name of the backend: "cpu"."""
    return "cpu"


def device_put(x: Any, device: Any = None, **_: Any) -> Any:
    """Returns the leaves of a pytree as arrays.

    Args:
        x: a pytree of arrays and numbers.
        device: accepted for compatibility; there is one device.
    """
    return tree_map(asarray, x)


def device_get(x: Any) -> Any:
    """Returns the leaves of a pytree as NumPy arrays."""
    return tree_map(np.asarray, x)


def block_until_ready(x: Any) -> Any:
    """Returns `x`: computations are finished when their call returns."""
    return x


def typeof(x: Any) -> Any:
    """Returns what is known of a value while tracing: its shape, dtype and weak type.

    Example:
        >>> import minijax as mj
        >>> mj.typeof(1.0).shape
        ()
    """
    return aval_of(x)
