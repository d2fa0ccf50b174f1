"""Floor 0: dtypes, avals, pytrees, traces, primitives, jaxprs, arrays, errors.

The names imported here are those that other libraries use; modules of this package import from
the module that defines a name.
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.core.array": "get_aval=aval_of",
        "minijax.core.avals": "AbstractValue=Aval ShapedArray",
        "minijax.core.errors": "InconclusiveDimensionOperation JaxprTypeError",
        "minijax.core.evaluation": """
            ensure_compile_time_eval eval_context eval_jaxpr find_top_trace get_opaque_trace_state
            max_dim min_dim pytype_aval_mappings set_current_trace take_current_trace
        """,
        "minijax.core.jaxpr": "Atom ClosedJaxpr=Jaxpr Jaxpr JaxprEqn=Eqn Literal Var",
        "minijax.core.trace": "Trace Tracer",
        "minijax.core.user_primitive": "ParamDict Primitive=UserPrimitive",
        # Names that JAX has moved to extend.core and still has here.
        "minijax.extend.core": """
            DebugInfo DropVar Effect Effects check_jaxpr concrete_or_error gensym jaxprs_in_params
            new_jaxpr_eqn no_effects nonempty_axis_env_DO_NOT_USE primal_dtype_to_tangent_dtype
            unsafe_am_i_under_a_jit_DO_NOT_USE unsafe_am_i_under_a_vmap_DO_NOT_USE
            unsafe_get_axis_names_DO_NOT_USE valid_jaxtype
        """,
        "typing": "Value=Any",
    },
)
