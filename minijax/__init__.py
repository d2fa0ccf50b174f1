"""minijax: composable transformations of numerical functions, compiled to native CPU code.

>>> import minijax as mj
>>> import minijax.numpy as jnp
>>> def energy(x):
...     return jnp.sum(jnp.sin(x) ** 2)
>>> gradient = mj.jit(mj.grad(energy))
>>> gradient(jnp.zeros(3))
Array([0., 0., 0.], dtype=float64)
"""

from minijax import compiler as _compiler
from minijax import custom_derivatives as custom_derivatives
from minijax import debug as debug
from minijax import dtypes as dtypes
from minijax import errors as errors
from minijax import flatten_util as flatten_util
from minijax import lax as lax
from minijax import nn as nn
from minijax import numpy as numpy
from minijax import ops as ops
from minijax import random as random
from minijax import scipy as scipy
from minijax import tree as tree
from minijax import tree_util as tree_util
from minijax.core.config import config as config
from minijax.core.execute import install_execute as _install_execute
from minijax.core.operators import Array as Array
from minijax.devices import block_until_ready as block_until_ready
from minijax.devices import default_backend as default_backend
from minijax.devices import device_count as device_count
from minijax.devices import device_get as device_get
from minijax.devices import device_put as device_put
from minijax.devices import devices as devices
from minijax.devices import local_device_count as local_device_count
from minijax.devices import local_devices as local_devices
from minijax.devices import process_count as process_count
from minijax.devices import process_index as process_index
from minijax.devices import typeof as typeof
from minijax.primitives.control.callback import pure_callback as pure_callback
from minijax.transforms.batching import vmap as vmap
from minijax.transforms.checkpoint import checkpoint as checkpoint
from minijax.transforms.checkpoint import checkpoint_policies as checkpoint_policies
from minijax.transforms.checkpoint import remat as remat
from minijax.transforms.contexts import checking_leaks as checking_leaks
from minijax.transforms.contexts import debug_infs as debug_infs
from minijax.transforms.contexts import debug_nans as debug_nans
from minijax.transforms.contexts import default_matmul_precision as default_matmul_precision
from minijax.transforms.contexts import disable_jit as disable_jit
from minijax.transforms.contexts import enable_x64 as enable_x64
from minijax.transforms.contexts import ensure_compile_time_eval as ensure_compile_time_eval
from minijax.transforms.contexts import numpy_dtype_promotion as numpy_dtype_promotion
from minijax.transforms.contexts import numpy_rank_promotion as numpy_rank_promotion
from minijax.transforms.custom import custom_gradient as custom_gradient
from minijax.transforms.custom import custom_jvp as custom_jvp
from minijax.transforms.custom import custom_vjp as custom_vjp
from minijax.transforms.forward import jacfwd as jacfwd
from minijax.transforms.forward import jvp as jvp
from minijax.transforms.forward import linearize as linearize
from minijax.transforms.hessian import hessian as hessian
from minijax.transforms.hessian import hessian_vector_product as hessian_vector_product
from minijax.transforms.hessian import hvp as hvp
from minijax.transforms.jit import jit as jit
from minijax.transforms.reverse import grad as grad
from minijax.transforms.reverse import jacrev as jacrev
from minijax.transforms.reverse import linear_transpose as linear_transpose
from minijax.transforms.reverse import value_and_grad as value_and_grad
from minijax.transforms.reverse import vjp as vjp
from minijax.transforms.staging import ShapeDtypeStruct as ShapeDtypeStruct
from minijax.transforms.staging import closure_convert as closure_convert
from minijax.transforms.staging import eval_shape as eval_shape
from minijax.transforms.staging import make_jaxpr as make_jaxpr
from minijax.transforms.staging import named_call as named_call

_install_execute(_compiler.execute)

__version__ = "0.1.0"
