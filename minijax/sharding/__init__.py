"""Meshes and shardings, with their meaning on one device: every axis of a mesh has length 1.

Programs that say where arrays live run unchanged; there is one place. A mesh of more devices than
there are is refused when it is made.

>>> import minijax as mj
>>> from minijax.sharding import NamedSharding, PartitionSpec
>>> mesh = mj.make_mesh((1,), ("batch",))
>>> NamedSharding(mesh, PartitionSpec("batch")).shard_shape((8, 2))
(8, 2)
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.sharding.meshes": """
            AbstractMesh AxisType ManualAxisType MemorySpace Mesh P PartitionSpec get_abstract_mesh
            get_mesh memory set_mesh use_abstract_mesh
        """,
        "minijax.sharding.places": """
            AbstractDevice NamedSharding Shard Sharding SingleDeviceSharding auto_axes
            explicit_axes make_mesh make_single_device_sharding reshard
        """,
    },
)
