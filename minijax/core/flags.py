"""The configuration flags: their values to start with, and which values they take.

Names are those of JAX without the prefix `jax_`. Flags about devices, meshes, servers and XLA are
accepted, so that a program that sets them runs, and have no effect on one CPU.
"""

from __future__ import annotations

import os
from typing import Any


def processors() -> int:
    """Returns how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(len(os.sched_getaffinity(0)), 1)
    return os.cpu_count() or 1


EFFECTIVE: dict[str, Any] = {
    "cache": True,  # keep compiled programs on disk
    "cache_dir": None,  # where; None is the folder that the platform has for caches
    "cache_max_size": 1 << 29,  # bytes; what was not used for longest is dropped
    "check_tracer_leaks": False,  # verify at the end of a transformation that no tracer escaped
    "compilation_cache_dir": None,  # the same as cache_dir, which comes first
    "compilation_cache_max_size": -1,  # the same as cache_max_size, where it is not -1
    "debug_checks": False,  # verify every jaxpr that a pass produces
    "debug_infs": False,
    "debug_nans": False,
    "default_prng_impl": "threefry2x32",
    "disable_jit": False,
    "enable_checks": False,  # the same as debug_checks
    "enable_compilation_cache": True,  # the same as cache: both must be on
    "enable_x64": True,
    "explain_cache_misses": False,  # log a warning for every tracing: what had changed
    "explain_compiles": False,  # the same, and the time of each stage of compiling
    "fp_contract": True,  # whether compiled code may fuse a multiply and an add
    "log_compiles": False,  # log a warning for every program that jit traces
    "num_threads": processors(),  # how many threads compiled code may use
    "no_tracing": False,  # refuse to trace a function that was not traced before
    "numpy_dtype_promotion": "standard",
    "numpy_rank_promotion": "allow",
    "platforms": None,  # a list, separated by commas, that must hold "cpu"
    "traceback_filtering": "auto",  # "off" keeps the frames of this package in tracebacks
}

ACCEPTED: dict[str, Any] = {
    "allow_f16_reductions": True,
    "array_garbage_collection_guard": None,
    "auto_pcast": True,
    "backend_target": "",
    "bcoo_cusparse_lowering": False,
    "captured_constants_report_frames": 0,
    "captured_constants_warn_bytes": 2_000_000_000,
    "check_proxy_envs": True,
    "check_static_indices": False,
    "check_vma": False,
    "compilation_cache_check_contents": False,
    "compilation_cache_expect_pgle": False,
    "compilation_cache_include_metadata_in_key": False,
    "compiler_detailed_logging_min_ops": 10,
    "compiler_enable_remat_pass": True,
    "cpu_collectives_implementation": "gloo",
    "cpu_enable_async_dispatch": True,
    "cpu_get_global_topology_timeout_minutes": 5,
    "cpu_get_local_topology_timeout_minutes": 2,
    "cross_host_transfer_socket_address": "",
    "cross_host_transfer_timeout_seconds": None,
    "cross_host_transfer_transfer_size": None,
    "cross_host_transport_addresses": "",
    "cuda_visible_devices": "all",
    "custom_vjp3": False,
    "debug_key_reuse": False,
    "debug_leaked_clients_on_clear_backends": False,
    "debug_log_modules": "",
    "default_device": None,
    "default_dtype_bits": "64",
    "default_matmul_precision": None,
    "disable_bwd_checks": False,
    "disable_most_optimizations": False,
    "disable_vmap_shmap_error": False,
    "disallow_mesh_context_manager": False,
    "distributed_debug": False,
    "dump_ir_modes": "stablehlo",
    "dump_ir_to": "",
    "eager_constant_folding": False,
    "embedded_constants_max_bytes": 32,
    "enable_custom_prng": False,
    "enable_pgle": False,
    "enable_preemption_service": True,
    "enable_recoverability": False,
    "error_checking_behavior_divide": "ignore",
    "error_checking_behavior_nan": "ignore",
    "error_checking_behavior_oob": "ignore",
    "exec_time_optimization_effort": 0.0,
    "experimental_unsafe_xla_runtime_errors": False,
    "explicit_x64_dtypes": "warn",
    "export_calling_convention_version": 10,
    "export_ignore_forward_compatibility": False,
    "force_dcn_cross_host_transfers": False,
    "high_dynamic_range_gumbel": False,
    "hlo_source_file_canonicalization_regex": None,
    "include_debug_info_in_dumps": True,
    "include_full_tracebacks_in_locations": True,
    "jax2tf_associative_scan_reductions": False,
    "jax2tf_default_native_serialization": True,
    "legacy_prng_key": "allow",
    "log_checkpoint_residuals": False,
    "logging_level": "NOTSET",
    "memory_fitting_effort": 0.0,
    "memory_fitting_level": "O2",
    "mock_gpu_topology": "",
    "mock_num_gpu_processes": 0,
    "mosaic_allow_hlo": False,
    "mutable_array_checks": True,
    "no_execution": False,
    "num_cpu_devices": -1,
    "oneapi_visible_devices": "all",
    "optimization_level": "UNKNOWN",
    "pallas_enable_debug_checks": False,
    "pallas_poison_buffers": False,
    "pallas_use_mosaic_gpu": True,
    "pallas_verbose_errors": False,
    "persistent_cache_enable_xla_caches": "xla_gpu_per_fusion_autotune_cache_dir",
    "persistent_cache_min_compile_time_secs": 1.0,
    "persistent_cache_min_entry_size_bytes": 0,
    "pgle_aggregation_percentile": 90,
    "pgle_profiling_runs": 3,
    "pjrt_client_create_options": None,
    "platform_name": "",
    "pprint_use_color": True,
    "ragged_dot_use_gpu_pallas_triton_lowering": False,
    "ragged_dot_use_ragged_dot_instruction": True,
    "raise_persistent_cache_errors": False,
    "random_seed_offset": 0,
    "refs_to_pins": False,
    "remat3": False,
    "remove_custom_partitioning_ptr_from_cache_key": False,
    "remove_size_one_mesh_axis_from_type": False,
    "rocm_visible_devices": "all",
    "scan3": False,
    "send_traceback_to_runtime": "off",
    "serialization_version": 0,
    "share_binary_between_hosts": False,
    "share_binary_between_hosts_timeout_ms": 1_200_000,
    "softmax_custom_jvp": False,
    "sort_devices_by_process_index": True,
    "source_url_schema": None,
    "thread_guard": False,
    "threefry_gpu_kernel_lowering": False,
    "threefry_partitionable": True,
    "traceback_in_locations_limit": 100,
    "tracer_error_num_traceback_frames": 5,
    "transfer_guard": None,
    "transfer_guard_device_to_device": None,
    "transfer_guard_device_to_host": None,
    "transfer_guard_host_to_device": None,
    "use_direct_linearize": True,
    "use_emit_pipeline_primitive": False,
    "use_magma": "auto",
    "use_shardy_partitioner": True,
    "use_simplified_jaxpr_constants": False,
    "user_context": None,
    "xla_backend": "",
    "xla_profile_version": 0,
}

DEFAULTS: dict[str, Any] = EFFECTIVE | ACCEPTED

# What every operation or every transformation has to look at. While all are as they are here, and
# none is overridden, nobody has to: `minijax.core.activity.recording` tells.
WATCHED = (
    "check_tracer_leaks",
    "debug_checks",
    "debug_infs",
    "debug_nans",
    "enable_checks",
    "numpy_dtype_promotion",
    "numpy_rank_promotion",
)

_GUARDS = (None, "allow", "log", "disallow", "log_explicit", "disallow_explicit")

CHOICES: dict[str, tuple[Any, ...]] = {
    "cache": (True, False),
    "default_prng_impl": ("threefry2x32", "rbg", "unsafe_rbg"),
    "legacy_prng_key": ("allow", "warn", "error"),
    "numpy_dtype_promotion": ("standard", "strict"),
    "numpy_rank_promotion": ("allow", "warn", "raise"),
    "transfer_guard": _GUARDS,
    "transfer_guard_device_to_device": _GUARDS,
    "transfer_guard_device_to_host": _GUARDS,
    "transfer_guard_host_to_device": _GUARDS,
}
