"""Custom rules, under the names of `jax.custom_derivatives`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.pytree import describe_mismatch, flatten, tree_map, unflatten
from minijax.core.source import api_boundary
from minijax.interpreters.stage import stage
from minijax.primitives.control.custom_jvp import custom_jvp_p as custom_jvp_call_p
from minijax.primitives.control.custom_vjp import custom_vjp_p as custom_vjp_call_p
from minijax.primitives.control.linear_call import apply_linear
from minijax.transforms.arguments import FlatFunction, flatten_arrays, function_name
from minijax.transforms.custom import custom_gradient as custom_gradient
from minijax.transforms.custom import custom_jvp as custom_jvp
from minijax.transforms.custom import custom_vjp as custom_vjp
from minijax.transforms.staging import closure_convert as closure_convert
from minijax.transforms.symbolic_zeros import CustomVJPPrimal as CustomVJPPrimal
from minijax.transforms.symbolic_zeros import SymbolicZero as SymbolicZero
from minijax.transforms.symbolic_zeros import zero_from_primal as zero_from_primal

__all__ = [
    "CustomVJPPrimal",
    "SymbolicZero",
    "closure_convert",
    "custom_gradient",
    "custom_jvp",
    "custom_jvp_call_p",
    "custom_vjp",
    "custom_vjp_call_p",
    "custom_vjp_primal_tree_values",
    "linear_call",
    "zero_from_primal",
]


def custom_vjp_primal_tree_values(tree: Any) -> Any:
    """Returns the values of a pytree of `CustomVJPPrimal`.

    A forward rule with symbolic zeros gets such pytrees.

    Args:
        tree: a pytree whose leaves are `CustomVJPPrimal`.

    Returns:
        A pytree of the same structure; each leaf is the `value` of the one it replaces.

    Raises:
        TypeError: if a leaf is something else.

    Example:
        >>> from minijax.custom_derivatives import CustomVJPPrimal
        >>> custom_vjp_primal_tree_values({"x": CustomVJPPrimal(2.0, perturbed=True)})
        {'x': 2.0}
    """

    def value(leaf: Any) -> Any:
        if type(leaf) is not CustomVJPPrimal:
            raise TypeError(f"unexpected leaf of type {type(leaf)}")
        return leaf.value

    return tree_map(value, tree)


@api_boundary
def linear_call(
    fun: Callable[..., Any], fun_transpose: Callable[..., Any], residual_args: Any, linear_args: Any
) -> Any:
    """Calls a function that is linear in its second argument, with a transpose of one's own.

    Args:
        fun: `(residual_args, linear_args) -> output`, linear in `linear_args`.
        fun_transpose: `(residual_args, cotangent of the output) -> cotangent of linear_args`.
        residual_args: a pytree of arrays that the function is not linear in.
        linear_args: a pytree of arrays.

    Raises:
        TypeError: if the transpose returns another structure than `linear_args`.

    Example:
        >>> import minijax as mj
        >>> def scale(r, x):
        ...     return linear_call(lambda r, x: x / r, lambda r, ct: ct / r, r, x)
        >>> float(scale(4.0, 2.0))
        0.5
        >>> float(mj.linear_transpose(lambda x: scale(4.0, x), 1.0)(8.0)[0])
        2.0
    """
    leaves, in_tree = flatten_arrays(
        f"linear_call of {function_name(fun)}", (residual_args, linear_args)
    )
    num_res = len(flatten(residual_args)[0])
    flat = FlatFunction(fun, in_tree)
    program = stage(flat, [aval_of(x) for x in leaves], function_name(fun))
    consts, out_tree = program.consts, flat.out_tree
    residual_tree, linear_tree = flatten(residual_args)[1], flatten(linear_args)[1]

    def transpose(residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        given = unflatten(residual_tree, residuals[len(consts) :])
        found, tree = flatten(fun_transpose(given, unflatten(out_tree, cts)))
        if tree != linear_tree:
            raise TypeError(
                "linear_call: the transpose must return a cotangent of the structure of the linear "
                f"argument: {describe_mismatch(linear_tree, tree)}"
            )
        return [to_array(x) for x in found]

    outs = apply_linear(program.close(), transpose, *consts, *leaves, num_res=len(consts) + num_res)
    return unflatten(out_tree, outs)
