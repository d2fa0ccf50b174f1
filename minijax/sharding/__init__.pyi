"""What minijax.sharding exports; written from the table in `__init__.py`."""

from minijax.sharding.meshes import AbstractMesh as AbstractMesh
from minijax.sharding.meshes import AxisType as AxisType
from minijax.sharding.meshes import ManualAxisType as ManualAxisType
from minijax.sharding.meshes import MemorySpace as MemorySpace
from minijax.sharding.meshes import Mesh as Mesh
from minijax.sharding.meshes import P as P
from minijax.sharding.meshes import PartitionSpec as PartitionSpec
from minijax.sharding.meshes import get_abstract_mesh as get_abstract_mesh
from minijax.sharding.meshes import get_mesh as get_mesh
from minijax.sharding.meshes import memory as memory
from minijax.sharding.meshes import set_mesh as set_mesh
from minijax.sharding.meshes import use_abstract_mesh as use_abstract_mesh
from minijax.sharding.places import AbstractDevice as AbstractDevice
from minijax.sharding.places import NamedSharding as NamedSharding
from minijax.sharding.places import Shard as Shard
from minijax.sharding.places import Sharding as Sharding
from minijax.sharding.places import SingleDeviceSharding as SingleDeviceSharding
from minijax.sharding.places import auto_axes as auto_axes
from minijax.sharding.places import explicit_axes as explicit_axes
from minijax.sharding.places import make_mesh as make_mesh
from minijax.sharding.places import make_single_device_sharding as make_single_device_sharding
from minijax.sharding.places import reshard as reshard

__all__ = [
    "AbstractDevice",
    "AbstractMesh",
    "AxisType",
    "ManualAxisType",
    "MemorySpace",
    "Mesh",
    "NamedSharding",
    "P",
    "PartitionSpec",
    "Shard",
    "Sharding",
    "SingleDeviceSharding",
    "auto_axes",
    "explicit_axes",
    "get_abstract_mesh",
    "get_mesh",
    "make_mesh",
    "make_single_device_sharding",
    "memory",
    "reshard",
    "set_mesh",
    "use_abstract_mesh",
]
