"""What docs/jax_names.md tells beyond the code: why names are absent, what behaves differently.

Keys are names of JAX or patterns of the shell; of several patterns that fit, the first counts. A
reason for a name that is found here is not used: it may stay where a pattern covers both.
"""

from __future__ import annotations

ACCELERATORS = "for accelerators; this package runs on the CPU"
DEVICES = "several devices or processes; there is one device in one process"
XLA = "part of XLA and its tools, which are not used here"
INSIDE = "JAX's inside; the inside here has a shape of its own (docs/architecture.md)"
PRIMITIVES = "a primitive as JAX divides them; those of this package stand in docs/primitives.md"
TINY = "a type narrower than a byte or without arithmetic on CPUs; NumPy cannot hold it"
TYPES = "an annotation or re-export, of no use at run time"
OLD = "deprecated in JAX"
STATE = "programs here hold no references: where they are used they become inputs and outputs"
SWITCH = "a switch of JAX's implementation that has nothing to switch here"
EXPORT = "writes programs for XLA; there is no XLA here"
EXPERIMENT = "an experiment of JAX's, not part of what it promises to keep"

ABSENT_MODULES = {
    **dict.fromkeys(
        (
            "jax.cloud_tpu_init",
            "jax.experimental.mosaic",
            "jax.experimental.pallas",
            "jax.experimental.fused",
            "jax.experimental.rnn",
            "jax.experimental.compute_on",
            "jax.experimental.scheduling_groups",
            "jax.extend.pallas",
        ),
        ACCELERATORS,
    ),
    **dict.fromkeys(
        (
            "jax.distributed",
            "jax.experimental.array_serialization",
            "jax.experimental.colocated_python",
            "jax.experimental.custom_partitioning",
            "jax.experimental.layout",
            "jax.experimental.mesh_utils",
            "jax.experimental.multihost_utils",
            "jax.experimental.shard_alike",
            "jax.experimental.shard_map",
            "jax.experimental.topologies",
            "jax.experimental.transfer",
            "jax.extend.sharding",
        ),
        DEVICES,
    ),
    **dict.fromkeys(
        (
            "jax.collect_profile",
            "jax.experimental.buffer_callback",
            "jax.experimental.compilation_cache",
            "jax.experimental.control_deps",
            "jax.experimental.jax2tf",
            "jax.experimental.profiler",
            "jax.experimental.roofline",
            "jax.experimental.serialize_executable",
            "jax.experimental.source_mapper",
            "jax.experimental.xla_metadata",
            "jax.extend.backend",
            "jax.extend.ifrt_programs",
            "jax.extend.lowering",
            "jax.extend.mlir",
            "jax.extend.xla",
            "jax.interpreters.mlir",
            "jax.interpreters.pxla",
            "jax.interpreters.xla",
            "jax.lib",
            "jax.tools",
        ),
        XLA,
    ),
    "jax.experimental.hijax": EXPERIMENT,
    "jax.experimental.key_reuse": EXPERIMENT,
}

ABSENT = {
    # Whole groups
    "jax.extend.core.primitives.*": PRIMITIVES,
    "jax.*_p": PRIMITIVES,
    **dict.fromkeys(
        (
            "jax.api_util.*",
            "jax.core.*",
            "jax.extend.core.*",
            "jax.extend.linear_util.*",
            "jax.extend.random.*",
            "jax.extend.source_info_util.*",
            "jax.interpreters.*",
        ),
        INSIDE,
    ),
    **dict.fromkeys(("jax.export.*", "jax.ffi.*"), EXPORT),
    "jax.ref.AbstractRef": STATE,
    **dict.fromkeys(("jax.sharding.*", "jax.distributed.*"), DEVICES),
    **dict.fromkeys(("jax.Array.*shard*", "jax.Array.global_*", "jax.Array.is_fully_*"), DEVICES),
    **dict.fromkeys(
        ("jax.typing.*", "jax.lax.*Like", "jax.example_libraries.optimizers.[A-Z]*"), TYPES
    ),
    **dict.fromkeys(
        (
            "jax.experimental.jet.*",
            "jax.experimental.random.*",
            "jax.experimental.EArray",
            "jax.experimental.cur_qdd",
            "jax.experimental.primal_tangent_dtype",
        ),
        EXPERIMENT,
    ),
    # Several devices
    **dict.fromkeys(
        (
            "jax.NamedSharding",
            "jax.P",
            "jax.Shard",
            "jax.auto_pcast",
            "jax.copy_to_host_async",
            "jax.host_count",
            "jax.host_id",
            "jax.host_ids",
            "jax.make_array_from_*",
            "jax.make_mesh",
            "jax.pmap",
            "jax.process_indices",
            "jax.remove_size_one_mesh_axis_from_type",
            "jax.reshard",
            "jax.set_mesh",
            "jax.shard_map",
            "jax.smap",
            "jax.transfer_guard*",
            "jax.memory",
            "jax.default_device",
            "jax.Device",
            "jax.debug.*sharding",
            "jax.lax.pcast",
            "jax.lax.pbroadcast",
            "jax.lax.precv",
            "jax.lax.psend",
            "jax.lax.with_sharding_constraint",
        ),
        DEVICES,
    ),
    # Accelerators
    **dict.fromkeys(
        (
            "jax.lax.AccuracyMode",
            "jax.lax.DotAlgorithm*",
            "jax.lax.RaggedDotDimensionNumbers",
            "jax.lax.Tolerance",
            "jax.lax.scaled_dot",
            "jax.lax.ragged_*",
            "jax.nn.*scaled_*",
            "jax.lax.linalg.*Implementation",
            "jax.lax.linalg.SvdAlgorithm",
            "jax.numpy.float8_e8m0fnu",
            "jax.numpy.float8_e3m4",
            "jax.numpy.float8_e4m3",
        ),
        ACCELERATORS,
    ),
    **dict.fromkeys(
        (
            "jax.numpy.float[46]_*",
            "jax.numpy.float8_*",
            "jax.numpy.int[124]",
            "jax.numpy.uint[124]",
        ),
        TINY,
    ),
    # State
    **dict.fromkeys(("jax.ad", "jax.ds"), STATE),
    # Switches and the inside of the implementation
    **dict.fromkeys(
        (
            "jax.allow_f16_reductions",
            "jax.array_garbage_collection_guard",
            "jax.debug_key_reuse",
            "jax.default_prng_impl",
            "jax.enable_checks",
            "jax.enable_custom_prng",
            "jax.explain_cache_misses",
            "jax.jax2tf_associative_scan_reductions",
            "jax.legacy_prng_key",
            "jax.log_compiles",
            "jax.make_user_context",
            "jax.no_execution",
            "jax.no_tracing",
            "jax.softmax_custom_jvp",
            "jax.thread_guard",
            "jax.threefry_partitionable",
            "jax.live_arrays",
            "jax.print_environment_info",
        ),
        SWITCH,
    ),
    **dict.fromkeys(
        (
            "jax.debug.DebugEffect",
            "jax.debug.OrderedDebugEffect",
            "jax.custom_derivatives.custom_*",
            "jax.lax.dce_sink",
            "jax.lax.*_shape_tuple",
            "jax.lax.shape_as_value",
            "jax.lax.conv_general_permutations",
            "jax.lax.stage",
            "jax.lax.RandomAlgorithm",
            "jax.experimental.ode.*",
            "jax.errors.InconclusiveDimensionOperation",
        ),
        INSIDE,
    ),
    **dict.fromkeys(
        (
            "jax.lax.after_all",
            "jax.lax.create_token",
            "jax.lax.composite",
            "jax.lax.platform_dependent",
            "jax.stages.CompilerOptions",
            "jax.profiler.*",
            "jax.lax.rng_uniform",
        ),
        XLA,
    ),
    **dict.fromkeys(("jax.Array.device_buffer", "jax.Array.device_buffers"), OLD),
    **dict.fromkeys(("jax.Array.format", "jax.Array.platform", "jax.Array.traceback"), XLA),
    "jax.Array.byteswap": "arrays are in the byte order of the machine",
    "jax.example_libraries.optimizers.map": INSIDE,
    "jax.example_libraries.optimizers.zip": INSIDE,
    "jax.numpy.fromfile": "raises NotImplementedError in JAX as well",
    "jax.numpy.fromiter": "raises NotImplementedError in JAX as well",
}

# Parameters that say on which devices a result lies. To leave them out is no difference.
NO_SHARDING = ("out_sharding", "sharding")

# How a name that is found means something else than in JAX.
BEHAVIOUR = {
    "jax.jit": (
        "compiles with LLVM; `in_shardings`, `out_shardings`, `device` and `backend` are accepted "
        "and change nothing"
    ),
    "jax.device_put": "there is one device: values are converted, not moved",
    "jax.lax.while_loop": "has reverse mode too",
    "jax.lax.fori_loop": "has reverse mode too, for bounds that are traced",
    "jax.default_backend": "always `cpu`",
}

# Names whose signatures are not compared, and why.
SIGNATURES_APART = {
    "jax.errors.*": "raised by the package only; what it tells is passed by place",
}
