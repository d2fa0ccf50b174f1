"""What arrays and their types say of the place where they are."""

from __future__ import annotations

from typing import Any

from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.placement import Device
from minijax.sharding.meshes import NO_MESH, PartitionSpec
from minijax.sharding.places import NamedSharding, Shard, Sharding, SingleDeviceSharding


def sharding(x: Array) -> Sharding:
    """Where the array lives.

    >>> import minijax.numpy as jnp
    >>> sharding(jnp.ones(2)).num_devices
    1
    """
    return SingleDeviceSharding(Device())


def aval_sharding(aval: ShapedArray) -> NamedSharding:
    """What is known of the place of arrays of a type: no axis is divided.

    >>> import numpy as np
    >>> aval_sharding(ShapedArray((2, 3), np.dtype("float64"))).spec
    P(None, None)
    """
    return NamedSharding(NO_MESH.abstract_mesh, PartitionSpec(*(None,) * aval.ndim))


def shards(x: Array) -> list[Shard]:
    """The parts of the array: one.

    >>> import minijax.numpy as jnp
    >>> len(shards(jnp.ones(2)))
    1
    """
    return [Shard(Device(), (slice(None),) * x.ndim, 0, x)]


def device(x: Array) -> Device:
    """The device that holds the array.

    >>> import minijax.numpy as jnp
    >>> device(jnp.ones(2)).platform
    'cpu'
    """
    return Device()


def devices(x: Array) -> set[Device]:
    """Returns the devices that hold the array.

    >>> import minijax.numpy as jnp
    >>> devices(jnp.ones(2)) == {device(jnp.ones(2))}
    True
    """
    return {Device()}


def to_device(x: Array, device: Any, *, stream: Any = None) -> Array:
    """Returns the array: there is one device.

    >>> import minijax.numpy as jnp
    >>> to_device(jnp.ones(2), None)
    Array([1., 1.], dtype=float64)
    """
    return x


def addressable_data(x: Array, index: int) -> Array:
    """Returns the part of the array with a number: the array.

    >>> import minijax.numpy as jnp
    >>> addressable_data(jnp.ones(2), 0)
    Array([1., 1.], dtype=float64)
    """
    return x
