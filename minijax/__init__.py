"""minijax: composable transformations of numerical functions, compiled to native CPU code.

>>> import minijax as mj
>>> import minijax.numpy as jnp
>>> def energy(x):
...     return jnp.sum(jnp.sin(x) ** 2)
>>> gradient = mj.jit(mj.grad(energy))
>>> gradient(jnp.zeros(3))
Array([0., 0., 0.], dtype=float64)
"""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.slots import fill_later as _fill_later

# What core asks of the floors above it.
_fill_later(
    array_attribute="minijax.numpy.attributes:attribute",
    array_space="minijax.primitives.arithmetic:ARRAY_SPACE",
    aval_sharding="minijax.sharding.array_places:aval_sharding",
    execute="minijax.compiler.pipeline:execute",
    memory_spaces="minijax.sharding.meshes:MemorySpace",
    native_cost="minijax.compiler.entry.quick_cost:cost",
    native_operations="minijax.compiler.entry.quick:start",
)

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax": """
            ad_checkpoint api_util core custom_batching custom_derivatives debug distributed dlpack
            dtypes errors experimental extend flatten_util image interpreters lax lib monitoring nn
            numpy ops profiler random ref scipy sharding stages tree tree_util typing version
        """,
        "minijax.core.config": "config",
        "minijax.core.dtypes": "float0",
        "minijax.core.operators": "Array",
        "minijax.core.references": "Ref",
        "minijax.placement": """
            Device block_until_ready copy_to_host_async default_backend device_count device_get
            device_put devices effects_barrier host_count host_id host_ids live_arrays
            local_device_count local_devices make_array_from_callback
            make_array_from_process_local_data make_array_from_single_device_arrays
            print_environment_info process_count process_index process_indices typeof
        """,
        "minijax.primitives.control.callback": "pure_callback",
        "minijax.shard_mapping": "pmap shard_map smap",
        "minijax.sharding": "NamedSharding P Shard make_mesh memory reshard set_mesh",
        "minijax.transforms.batching": "vmap",
        "minijax.transforms.checkpoint": "checkpoint checkpoint_policies remat",
        "minijax.transforms.contexts": """
            allow_f16_reductions array_garbage_collection_guard auto_pcast check_tracer_leaks
            checking_leaks debug_infs debug_key_reuse debug_nans default_device
            default_matmul_precision default_prng_impl disable_jit enable_checks enable_custom_prng
            enable_x64 ensure_compile_time_eval explain_cache_misses
            jax2tf_associative_scan_reductions legacy_prng_key log_compiles make_user_context
            no_execution no_tracing numpy_dtype_promotion numpy_rank_promotion
            remove_size_one_mesh_axis_from_type softmax_custom_jvp thread_guard threads
            threefry_partitionable transfer_guard transfer_guard_device_to_device
            transfer_guard_device_to_host transfer_guard_host_to_device
        """,
        "minijax.transforms.custom": "custom_gradient custom_jvp custom_vjp",
        "minijax.transforms.explain": "explain",
        "minijax.transforms.forward": "jvp linearize",
        "minijax.transforms.hessian": "hessian hessian_vector_product hvp",
        "minijax.transforms.jacobians": "jacfwd jacobian jacrev",
        "minijax.transforms.jit": "clear_caches jit",
        "minijax.transforms.references": "empty_ref free_ref freeze new_ref",
        "minijax.transforms.reverse": """
            fwd_and_bwd grad linear_transpose value_and_grad vjp
        """,
        "minijax.transforms.staging": """
            ShapeDtypeStruct closure_convert eval_shape make_jaxpr named_call named_scope
        """,
        "minijax.version": "__version__ __version_info__",
    },
)
