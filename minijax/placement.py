"""Functions about devices, with their meaning on one CPU."""

from __future__ import annotations

import gc
import platform as _platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import ConcreteArray, aval_of
from minijax.core.config import config
from minijax.core.operators import Array
from minijax.core.pytree import tree_map
from minijax.numpy.creation import asarray
from minijax.numpy.dtypes import to_dtype
from minijax.version import __version__


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

    @property
    def host_id(self) -> int:
        """The number of the process that owns it."""
        return 0

    @property
    def local_hardware_id(self) -> int:
        """Its number among the devices of the machine."""
        return 0

    def memory_stats(self) -> dict[str, int] | None:
        """Returns None: the operating system keeps the books."""
        return None

    def live_buffers(self) -> list[Array]:
        """Returns the arrays that are alive."""
        return live_arrays()

    def __repr__(self) -> str:
        return f"CpuDevice(id={self.id})"

    def __str__(self) -> str:
        return f"CPU_{self.id}"


_CPU = Device()


def _check_backend(backend: Any) -> None:
    wanted = config.platforms
    if wanted and "cpu" not in wanted.split(","):
        raise RuntimeError(
            f"The configuration flag platforms is {wanted!r}, but the only platform is 'cpu'."
        )
    if getattr(backend, "platform", backend) not in (None, "", "cpu"):
        raise RuntimeError(f"Unknown backend {backend!r}: the only one is 'cpu'.")


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
    """Returns the devices of this process: one CPU.

    Args:
        process_index, host_id: accepted for compatibility: there is one process.
        backend: a platform; "cpu" is the only one.

    Example:
        >>> import minijax as mj
        >>> mj.local_devices() == mj.devices()
        True
    """
    return devices(backend)


def device_count(backend: str | None = None) -> int:
    """Returns the number of devices: 1.

    Args:
        backend: a platform; "cpu" is the only one.

    Example:
        >>> import minijax as mj
        >>> mj.device_count()
        1
    """
    return len(devices(backend))


def local_device_count(backend: str | None = None) -> int:
    """Returns the number of devices of this process: 1.

    Args:
        backend: a platform; "cpu" is the only one.

    Example:
        >>> import minijax as mj
        >>> mj.local_device_count()
        1
    """
    return len(devices(backend))


def process_index(backend: str | None = None) -> int:
    """Returns the number of this process: 0.

    Args:
        backend: "cpu" or None.

    Raises:
        RuntimeError: if another backend is asked for.

    Example:
        >>> import minijax as mj
        >>> mj.process_index()
        0
    """
    _check_backend(backend)
    return 0


def process_count(backend: str | None = None) -> int:
    """Returns the number of processes: 1.

    Args:
        backend: "cpu" or None.

    Raises:
        RuntimeError: if another backend is asked for.

    Example:
        >>> import minijax as mj
        >>> mj.process_count()
        1
    """
    _check_backend(backend)
    return 1


def default_backend() -> str:
    """Returns the name of the backend: "cpu".

    Example:
        >>> import minijax as mj
        >>> mj.default_backend()
        'cpu'
    """
    return "cpu"


def process_indices(backend: str | None = None) -> list[int]:
    """Returns the numbers of all processes: [0].

    Args:
        backend: "cpu" or None.

    Raises:
        RuntimeError: if another backend is asked for.

    Example:
        >>> import minijax as mj
        >>> mj.process_indices()
        [0]
    """
    _check_backend(backend)
    return [0]


# Older names of the same.
host_id, host_count, host_ids = process_index, process_count, process_indices


def device_put(
    x: Any, device: Any = None, *, src: Any = None, donate: Any = False, may_alias: Any = None
) -> Any:
    """Returns the leaves of a pytree as arrays.

    Args:
        x: a pytree of arrays and numbers.
        device, src, donate, may_alias: accepted for compatibility; there is one device.

    Example:
        >>> import minijax as mj
        >>> mj.device_put({"a": 1.0})
        {'a': Array(1., dtype=float64, weak_type=True)}
    """
    return tree_map(asarray, x)


def device_get(x: Any) -> Any:
    """Returns the leaves of a pytree as NumPy arrays; leaves that are no arrays stay as they are.

    Example:
        >>> import minijax as mj
        >>> mj.device_get((mj.numpy.ones(2), "text"))
        (array([1., 1.]), 'text')
    """
    return tree_map(_device_get, x)


def _device_get(x: Any) -> Any:
    is_key = isinstance(x, Array) and x.dtype == dtypes.key_dtype
    return np.asarray(x) if hasattr(x, "__array__") and not is_key else x


def block_until_ready(x: Any) -> Any:
    """Returns `x`: computations are finished when their call returns.

    Args:
        x: a pytree.

    Example:
        >>> import minijax as mj
        >>> mj.block_until_ready(mj.numpy.ones(2) + 1)
        Array([2., 2.], dtype=float64)
    """
    return x


def copy_to_host_async(x: Any) -> Any:
    """Returns `x`: arrays are in host memory.

    Args:
        x: a pytree.

    Example:
        >>> import minijax as mj
        >>> mj.copy_to_host_async(mj.numpy.ones(2))
        Array([1., 1.], dtype=float64)
    """
    return x


def effects_barrier() -> None:
    """Does nothing: side effects are finished when their call returns.

    Example:
        >>> import minijax as mj
        >>> mj.debug.print('printed')
        printed
        >>> mj.effects_barrier()
    """


def live_arrays(platform: str | None = None) -> list[Array]:
    """Returns the arrays that are alive.

    Example:
        >>> import minijax as mj
        >>> x = mj.numpy.ones(3)
        >>> any(x is y for y in mj.live_arrays())
        True
    """
    _check_backend(platform)
    return [x for x in gc.get_objects() if type(x) is ConcreteArray]


def make_array_from_callback(
    shape: Sequence[int], sharding: Any, data_callback: Callable[..., Any], dtype: Any = None
) -> Array:
    """Returns the array whose elements a function gives.

    Args:
        shape: the shape of the array.
        sharding: accepted for compatibility; there is one device.
        data_callback: takes the tuple of slices that the device holds, which is all of them.
        dtype: the dtype of the array; by default that of what the function returns.

    Raises:
        ValueError: if the function returns an array of another shape.

    Example:
        >>> import minijax as mj
        >>> import numpy as np
        >>> data = np.arange(4.0)
        >>> mj.make_array_from_callback((4,), None, lambda index: data[index])
        Array([0., 1., 2., 3.], dtype=float64)
    """
    found = asarray(data_callback((slice(None),) * len(shape)), dtype=dtype and to_dtype(dtype))
    if found.shape != tuple(shape):
        raise ValueError(
            f"make_array_from_callback: the callback must return an array of shape {tuple(shape)}, "
            f"got {found.shape}."
        )
    return found


def make_array_from_process_local_data(
    sharding: Any, local_data: Any, global_shape: Sequence[int] | None = None
) -> Any:
    """Returns the data of this process, which is all of it, as arrays.

    Args:
        sharding: accepted for compatibility; there is one device.
        local_data: a pytree of arrays.
        global_shape: accepted for compatibility; it is the shape of the data.

    Returns:
        A pytree of the structure of `local_data`, with arrays of the shapes of its leaves.

    Example:
        >>> import numpy as np
        >>> import minijax as mj
        >>> sharding = mj.sharding.SingleDeviceSharding(mj.devices()[0])
        >>> mj.make_array_from_process_local_data(sharding, {"x": np.array([1, 2])})
        {'x': Array([1, 2], dtype=int64)}
    """
    return tree_map(asarray, local_data)


def make_array_from_single_device_arrays(
    shape: Sequence[int], sharding: Any, arrays: Sequence[Any], *, dtype: Any = None
) -> Array:
    """Returns the array made of one part for each device, which is one part.

    Args:
        shape: the shape of the array.
        sharding: accepted for compatibility; there is one device.
        arrays: a sequence with one array.
        dtype: accepted for compatibility; it is that of the array.

    Returns:
        The array.

    Raises:
        ValueError: if there is not exactly one part, or it is of another shape.

    Example:
        >>> import minijax as mj
        >>> part = mj.numpy.ones(2)
        >>> mj.make_array_from_single_device_arrays((2,), part.sharding, [part])
        Array([1., 1.], dtype=float64)
    """
    if len(arrays) != 1 or asarray(arrays[0]).shape != tuple(shape):
        raise ValueError(
            f"make_array_from_single_device_arrays: expected one array of shape {tuple(shape)} for "
            f"the one device, got arrays of shapes {[np.shape(x) for x in arrays]}."
        )
    return asarray(arrays[0])


def print_environment_info(return_string: bool = False) -> str | None:
    """Prints, or returns, the versions and the machine for a bug report.

    Args:
        return_string: whether the text is returned and not printed.

    Returns:
        The text if `return_string`, otherwise None.

    Example:
        >>> import minijax as mj
        >>> text = mj.print_environment_info(return_string=True)
        >>> text.startswith(f"minijax: {mj.__version__}")
        True
    """
    text = "\n".join(
        (
            f"minijax: {__version__}",
            f"numpy:   {np.__version__}",
            f"python:  {sys.version}",
            f"devices: {devices()}",
            f"platform: {_platform.platform()}",
        )
    )
    if return_string:
        return text
    sys.stdout.write(text + "\n")
    return None


def typeof(x: Any) -> Any:
    """Returns what is known of a value while tracing: its shape, dtype and weak type.

    Example:
        >>> import minijax as mj
        >>> mj.typeof(1.0).shape
        ()
    """
    return aval_of(x)
