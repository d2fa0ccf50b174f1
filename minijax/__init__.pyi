"""What minijax exports; written from the table in `__init__.py`."""

from minijax import ad_checkpoint as ad_checkpoint
from minijax import api_util as api_util
from minijax import core as core
from minijax import custom_batching as custom_batching
from minijax import custom_derivatives as custom_derivatives
from minijax import debug as debug
from minijax import distributed as distributed
from minijax import dlpack as dlpack
from minijax import dtypes as dtypes
from minijax import errors as errors
from minijax import experimental as experimental
from minijax import extend as extend
from minijax import flatten_util as flatten_util
from minijax import image as image
from minijax import interpreters as interpreters
from minijax import lax as lax
from minijax import lib as lib
from minijax import monitoring as monitoring
from minijax import nn as nn
from minijax import numpy as numpy
from minijax import ops as ops
from minijax import profiler as profiler
from minijax import random as random
from minijax import ref as ref
from minijax import scipy as scipy
from minijax import sharding as sharding
from minijax import stages as stages
from minijax import tree as tree
from minijax import tree_util as tree_util
from minijax import typing as typing
from minijax import version as version
from minijax.core.config import config as config
from minijax.core.dtypes import float0 as float0
from minijax.core.operators import Array as Array
from minijax.core.references import Ref as Ref
from minijax.placement import Device as Device
from minijax.placement import block_until_ready as block_until_ready
from minijax.placement import copy_to_host_async as copy_to_host_async
from minijax.placement import default_backend as default_backend
from minijax.placement import device_count as device_count
from minijax.placement import device_get as device_get
from minijax.placement import device_put as device_put
from minijax.placement import devices as devices
from minijax.placement import effects_barrier as effects_barrier
from minijax.placement import host_count as host_count
from minijax.placement import host_id as host_id
from minijax.placement import host_ids as host_ids
from minijax.placement import live_arrays as live_arrays
from minijax.placement import local_device_count as local_device_count
from minijax.placement import local_devices as local_devices
from minijax.placement import make_array_from_callback as make_array_from_callback
from minijax.placement import (
    make_array_from_process_local_data as make_array_from_process_local_data,
)
from minijax.placement import (
    make_array_from_single_device_arrays as make_array_from_single_device_arrays,
)
from minijax.placement import print_environment_info as print_environment_info
from minijax.placement import process_count as process_count
from minijax.placement import process_index as process_index
from minijax.placement import process_indices as process_indices
from minijax.placement import typeof as typeof
from minijax.primitives.control.callback import pure_callback as pure_callback
from minijax.shard_mapping import pmap as pmap
from minijax.shard_mapping import shard_map as shard_map
from minijax.shard_mapping import smap as smap
from minijax.sharding import NamedSharding as NamedSharding
from minijax.sharding import P as P
from minijax.sharding import Shard as Shard
from minijax.sharding import make_mesh as make_mesh
from minijax.sharding import memory as memory
from minijax.sharding import reshard as reshard
from minijax.sharding import set_mesh as set_mesh
from minijax.transforms.batching import vmap as vmap
from minijax.transforms.checkpoint import checkpoint as checkpoint
from minijax.transforms.checkpoint import checkpoint_policies as checkpoint_policies
from minijax.transforms.checkpoint import remat as remat
from minijax.transforms.contexts import allow_f16_reductions as allow_f16_reductions
from minijax.transforms.contexts import (
    array_garbage_collection_guard as array_garbage_collection_guard,
)
from minijax.transforms.contexts import auto_pcast as auto_pcast
from minijax.transforms.contexts import check_tracer_leaks as check_tracer_leaks
from minijax.transforms.contexts import checking_leaks as checking_leaks
from minijax.transforms.contexts import debug_infs as debug_infs
from minijax.transforms.contexts import debug_key_reuse as debug_key_reuse
from minijax.transforms.contexts import debug_nans as debug_nans
from minijax.transforms.contexts import default_device as default_device
from minijax.transforms.contexts import default_matmul_precision as default_matmul_precision
from minijax.transforms.contexts import default_prng_impl as default_prng_impl
from minijax.transforms.contexts import disable_jit as disable_jit
from minijax.transforms.contexts import enable_checks as enable_checks
from minijax.transforms.contexts import enable_custom_prng as enable_custom_prng
from minijax.transforms.contexts import enable_x64 as enable_x64
from minijax.transforms.contexts import ensure_compile_time_eval as ensure_compile_time_eval
from minijax.transforms.contexts import explain_cache_misses as explain_cache_misses
from minijax.transforms.contexts import (
    jax2tf_associative_scan_reductions as jax2tf_associative_scan_reductions,
)
from minijax.transforms.contexts import legacy_prng_key as legacy_prng_key
from minijax.transforms.contexts import log_compiles as log_compiles
from minijax.transforms.contexts import make_user_context as make_user_context
from minijax.transforms.contexts import no_execution as no_execution
from minijax.transforms.contexts import no_tracing as no_tracing
from minijax.transforms.contexts import numpy_dtype_promotion as numpy_dtype_promotion
from minijax.transforms.contexts import numpy_rank_promotion as numpy_rank_promotion
from minijax.transforms.contexts import (
    remove_size_one_mesh_axis_from_type as remove_size_one_mesh_axis_from_type,
)
from minijax.transforms.contexts import softmax_custom_jvp as softmax_custom_jvp
from minijax.transforms.contexts import thread_guard as thread_guard
from minijax.transforms.contexts import threads as threads
from minijax.transforms.contexts import threefry_partitionable as threefry_partitionable
from minijax.transforms.contexts import transfer_guard as transfer_guard
from minijax.transforms.contexts import (
    transfer_guard_device_to_device as transfer_guard_device_to_device,
)
from minijax.transforms.contexts import (
    transfer_guard_device_to_host as transfer_guard_device_to_host,
)
from minijax.transforms.contexts import (
    transfer_guard_host_to_device as transfer_guard_host_to_device,
)
from minijax.transforms.custom import custom_gradient as custom_gradient
from minijax.transforms.custom import custom_jvp as custom_jvp
from minijax.transforms.custom import custom_vjp as custom_vjp
from minijax.transforms.explain import explain as explain
from minijax.transforms.forward import jvp as jvp
from minijax.transforms.forward import linearize as linearize
from minijax.transforms.hessian import hessian as hessian
from minijax.transforms.hessian import hessian_vector_product as hessian_vector_product
from minijax.transforms.hessian import hvp as hvp
from minijax.transforms.jacobians import jacfwd as jacfwd
from minijax.transforms.jacobians import jacobian as jacobian
from minijax.transforms.jacobians import jacrev as jacrev
from minijax.transforms.jit import clear_caches as clear_caches
from minijax.transforms.jit import jit as jit
from minijax.transforms.references import empty_ref as empty_ref
from minijax.transforms.references import free_ref as free_ref
from minijax.transforms.references import freeze as freeze
from minijax.transforms.references import new_ref as new_ref
from minijax.transforms.reverse import fwd_and_bwd as fwd_and_bwd
from minijax.transforms.reverse import grad as grad
from minijax.transforms.reverse import linear_transpose as linear_transpose
from minijax.transforms.reverse import value_and_grad as value_and_grad
from minijax.transforms.reverse import vjp as vjp
from minijax.transforms.staging import ShapeDtypeStruct as ShapeDtypeStruct
from minijax.transforms.staging import closure_convert as closure_convert
from minijax.transforms.staging import eval_shape as eval_shape
from minijax.transforms.staging import make_jaxpr as make_jaxpr
from minijax.transforms.staging import named_call as named_call
from minijax.transforms.staging import named_scope as named_scope
from minijax.version import __version__ as __version__
from minijax.version import __version_info__ as __version_info__

__all__ = [
    "Array",
    "Device",
    "NamedSharding",
    "P",
    "Ref",
    "ShapeDtypeStruct",
    "Shard",
    "ad_checkpoint",
    "allow_f16_reductions",
    "api_util",
    "array_garbage_collection_guard",
    "auto_pcast",
    "block_until_ready",
    "check_tracer_leaks",
    "checking_leaks",
    "checkpoint",
    "checkpoint_policies",
    "clear_caches",
    "closure_convert",
    "config",
    "copy_to_host_async",
    "core",
    "custom_batching",
    "custom_derivatives",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "debug",
    "debug_infs",
    "debug_key_reuse",
    "debug_nans",
    "default_backend",
    "default_device",
    "default_matmul_precision",
    "default_prng_impl",
    "device_count",
    "device_get",
    "device_put",
    "devices",
    "disable_jit",
    "distributed",
    "dlpack",
    "dtypes",
    "effects_barrier",
    "empty_ref",
    "enable_checks",
    "enable_custom_prng",
    "enable_x64",
    "ensure_compile_time_eval",
    "errors",
    "eval_shape",
    "experimental",
    "explain",
    "explain_cache_misses",
    "extend",
    "flatten_util",
    "float0",
    "free_ref",
    "freeze",
    "fwd_and_bwd",
    "grad",
    "hessian",
    "hessian_vector_product",
    "host_count",
    "host_id",
    "host_ids",
    "hvp",
    "image",
    "interpreters",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jax2tf_associative_scan_reductions",
    "jit",
    "jvp",
    "lax",
    "legacy_prng_key",
    "lib",
    "linear_transpose",
    "linearize",
    "live_arrays",
    "local_device_count",
    "local_devices",
    "log_compiles",
    "make_array_from_callback",
    "make_array_from_process_local_data",
    "make_array_from_single_device_arrays",
    "make_jaxpr",
    "make_mesh",
    "make_user_context",
    "memory",
    "monitoring",
    "named_call",
    "named_scope",
    "new_ref",
    "nn",
    "no_execution",
    "no_tracing",
    "numpy",
    "numpy_dtype_promotion",
    "numpy_rank_promotion",
    "ops",
    "pmap",
    "print_environment_info",
    "process_count",
    "process_index",
    "process_indices",
    "profiler",
    "pure_callback",
    "random",
    "ref",
    "remat",
    "remove_size_one_mesh_axis_from_type",
    "reshard",
    "scipy",
    "set_mesh",
    "shard_map",
    "sharding",
    "smap",
    "softmax_custom_jvp",
    "stages",
    "thread_guard",
    "threads",
    "threefry_partitionable",
    "transfer_guard",
    "transfer_guard_device_to_device",
    "transfer_guard_device_to_host",
    "transfer_guard_host_to_device",
    "tree",
    "tree_util",
    "typeof",
    "typing",
    "value_and_grad",
    "version",
    "vjp",
    "vmap",
]
