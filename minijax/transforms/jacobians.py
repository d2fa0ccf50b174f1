"""Jacobians: jacfwd column by column, jacrev row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.transforms.arguments import fix_arguments, function_name, normalize_argnums, wraps
from minijax.transforms.batching import vmap
from minijax.transforms.forward import jvp
from minijax.transforms.jacobian import (
    check_jacobian_input,
    standard_basis,
    unravel_columns,
    unravel_rows,
)
from minijax.transforms.reverse import vjp


def jacfwd(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """Returns a function that computes the Jacobian column by column, by forward mode.

    The better choice where there are fewer inputs than outputs.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        holomorphic: whether `fun` is a holomorphic function of complex arguments.

    Returns:
        A function with the arguments of `fun`. For every output leaf it returns the structure of
        the differentiated arguments, with leaves of shape `output.shape + input.shape`.

    Raises:
        TypeError: if an argument has no tangent space.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.jacfwd(lambda x: x**2)(jnp.array([1.0, 2.0]))
        Array([[2., 0.],
               [0., 4.]], dtype=float64)
    """

    @wraps(fun)
    @api_boundary
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        positions, single = normalize_argnums("jacfwd", argnums, len(args))
        free = [args[i] for i in positions]
        partial = fix_arguments(fun, positions, args, kwargs)
        point = free[0] if single else tuple(free)
        check_jacobian_input("jacfwd", function_name(fun), point, holomorphic)

        def push(*tangents: Any) -> Any:
            return jvp(partial, tuple(free), tangents, has_aux=has_aux)

        leaves, tree = flatten(tuple(free))
        basis = unflatten(tree, standard_basis(leaves))
        out_axes = (None, -1, None) if has_aux else (None, -1)
        out, columns, *aux = vmap(push, out_axes=out_axes)(*basis)
        result = unravel_columns(out, columns, point)
        return (result, aux[0]) if has_aux else result

    return jacobian


def jacrev(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """Returns a function that computes the Jacobian row by row, by reverse mode.

    The better choice where there are fewer outputs than inputs.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        holomorphic: whether `fun` is a holomorphic function of complex arguments.
        allow_int: whether integer arguments are allowed; their Jacobians have dtype float0.

    Returns:
        A function with the arguments of `fun`. For every output leaf it returns the structure of
        the differentiated arguments, with leaves of shape `output.shape + input.shape`.

    Raises:
        TypeError: if an argument or an output has no tangent space.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.jacrev(lambda x: x**2)(jnp.array([1.0, 2.0]))
        Array([[2., 0.],
               [0., 4.]], dtype=float64)
    """

    @wraps(fun)
    @api_boundary
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        positions, single = normalize_argnums("jacrev", argnums, len(args))
        free = tuple(args[i] for i in positions)
        point = free[0] if single else free
        if not allow_int:
            check_jacobian_input("jacrev", function_name(fun), point, holomorphic, dtypes.INEXACT)
        partial = fix_arguments(fun, positions, args, kwargs)
        out, f_vjp, *aux = vjp(partial, *free, has_aux=has_aux)
        check_jacobian_input("jacrev, for the output", function_name(fun), out, holomorphic)
        leaves, tree = flatten(out)
        rows = vmap(f_vjp)(unflatten(tree, standard_basis(leaves)))
        result = unravel_rows(out, rows[0] if single else rows, point)
        return (result, aux[0]) if has_aux else result

    return jacobian


jacobian = jacrev
