"""What minijax.core exports; written from the table in `__init__.py`."""

from typing import Any as Value

from minijax.core.array import aval_of as get_aval
from minijax.core.avals import Aval as AbstractValue
from minijax.core.avals import ShapedArray as ShapedArray
from minijax.core.errors import InconclusiveDimensionOperation as InconclusiveDimensionOperation
from minijax.core.errors import JaxprTypeError as JaxprTypeError
from minijax.core.evaluation import ensure_compile_time_eval as ensure_compile_time_eval
from minijax.core.evaluation import eval_context as eval_context
from minijax.core.evaluation import eval_jaxpr as eval_jaxpr
from minijax.core.evaluation import find_top_trace as find_top_trace
from minijax.core.evaluation import get_opaque_trace_state as get_opaque_trace_state
from minijax.core.evaluation import max_dim as max_dim
from minijax.core.evaluation import min_dim as min_dim
from minijax.core.evaluation import pytype_aval_mappings as pytype_aval_mappings
from minijax.core.evaluation import set_current_trace as set_current_trace
from minijax.core.evaluation import take_current_trace as take_current_trace
from minijax.core.jaxpr import Atom as Atom
from minijax.core.jaxpr import Eqn as JaxprEqn
from minijax.core.jaxpr import Jaxpr as ClosedJaxpr
from minijax.core.jaxpr import Jaxpr as Jaxpr
from minijax.core.jaxpr import Literal as Literal
from minijax.core.jaxpr import Var as Var
from minijax.core.trace import Trace as Trace
from minijax.core.trace import Tracer as Tracer
from minijax.core.user_primitive import ParamDict as ParamDict
from minijax.core.user_primitive import UserPrimitive as Primitive
from minijax.extend.core import DebugInfo as DebugInfo
from minijax.extend.core import DropVar as DropVar
from minijax.extend.core import Effect as Effect
from minijax.extend.core import Effects as Effects
from minijax.extend.core import check_jaxpr as check_jaxpr
from minijax.extend.core import concrete_or_error as concrete_or_error
from minijax.extend.core import gensym as gensym
from minijax.extend.core import jaxprs_in_params as jaxprs_in_params
from minijax.extend.core import new_jaxpr_eqn as new_jaxpr_eqn
from minijax.extend.core import no_effects as no_effects
from minijax.extend.core import nonempty_axis_env_DO_NOT_USE as nonempty_axis_env_DO_NOT_USE
from minijax.extend.core import primal_dtype_to_tangent_dtype as primal_dtype_to_tangent_dtype
from minijax.extend.core import (
    unsafe_am_i_under_a_jit_DO_NOT_USE as unsafe_am_i_under_a_jit_DO_NOT_USE,
)
from minijax.extend.core import (
    unsafe_am_i_under_a_vmap_DO_NOT_USE as unsafe_am_i_under_a_vmap_DO_NOT_USE,
)
from minijax.extend.core import unsafe_get_axis_names_DO_NOT_USE as unsafe_get_axis_names_DO_NOT_USE
from minijax.extend.core import valid_jaxtype as valid_jaxtype

__all__ = [
    "AbstractValue",
    "Atom",
    "ClosedJaxpr",
    "DebugInfo",
    "DropVar",
    "Effect",
    "Effects",
    "InconclusiveDimensionOperation",
    "Jaxpr",
    "JaxprEqn",
    "JaxprTypeError",
    "Literal",
    "ParamDict",
    "Primitive",
    "ShapedArray",
    "Trace",
    "Tracer",
    "Value",
    "Var",
    "check_jaxpr",
    "concrete_or_error",
    "ensure_compile_time_eval",
    "eval_context",
    "eval_jaxpr",
    "find_top_trace",
    "gensym",
    "get_aval",
    "get_opaque_trace_state",
    "jaxprs_in_params",
    "max_dim",
    "min_dim",
    "new_jaxpr_eqn",
    "no_effects",
    "nonempty_axis_env_DO_NOT_USE",
    "primal_dtype_to_tangent_dtype",
    "pytype_aval_mappings",
    "set_current_trace",
    "take_current_trace",
    "unsafe_am_i_under_a_jit_DO_NOT_USE",
    "unsafe_am_i_under_a_vmap_DO_NOT_USE",
    "unsafe_get_axis_names_DO_NOT_USE",
    "valid_jaxtype",
]
