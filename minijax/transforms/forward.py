"""Forward mode: jvp, linearize, jacfwd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero, materialize
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.interpreters import jvp as jvp_interpreter
from minijax.interpreters import linearize as linearize_interpreter
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.transforms.arguments import (
    FlatFunction,
    check_same_structure,
    check_tangent,
    fix_arguments,
    flatten_arrays,
    function_name,
    normalize_argnums,
    wraps,
)
from minijax.transforms.batching import vmap
from minijax.transforms.jacobian import check_jacobian_input, standard_basis, unravel_columns

_MISFITS = (ValueError, ValueError)


def _check_sequences(what: str, primals: Any, tangents: Any) -> None:
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple | list):
            raise TypeError(
                f"{what}: {name} must be a tuple or list with one entry for each argument, got "
                f"{type(value).__name__}: write ({name[:-1]},) for a single argument."
            )


@api_boundary
def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """Evaluates a function and its directional derivative in one go.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        primals: a tuple with the arguments.
        tangents: a tuple of the same structure, shapes and dtypes: the direction. Integer and bool
            arguments have tangents of dtype `float0`.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.

    Returns:
        `(output, output tangent)`, and the auxiliary data as a third part if `has_aux`.

    Raises:
        TypeError: if primals and tangents do not have one structure or the dtypes do not fit.
        ValueError: if their shapes differ.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> y, y_dot = mj.jvp(jnp.sin, (0.0,), (2.0,))
        >>> float(y), float(y_dot)
        (0.0, 2.0)
    """
    _check_sequences("jvp", primals, tangents)
    check_same_structure("jvp", "primals", primals, "tangents", tangents)
    leaves, in_tree = flatten_arrays(f"jvp of {function_name(fun)}", primals)
    directions = [
        check_tangent("jvp", "the tangent", primal, tangent, (ValueError, TypeError))
        for primal, tangent in zip(leaves, flatten((tuple(tangents), {}))[0], strict=True)
    ]
    flat = FlatFunction(fun, in_tree, has_aux=has_aux)
    outs, out_tangents = jvp_interpreter.jvp(flat, leaves, directions)
    primal_out = unflatten(flat.out_tree, map(to_array, outs))
    tangent_out = unflatten(flat.out_tree, map(materialize, out_tangents))
    return (primal_out, tangent_out, flat.aux) if has_aux else (primal_out, tangent_out)


@api_boundary
def linearize(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluates a function and returns its derivative there as a linear function.

    The derivative keeps the values that it needs, so applying it many times costs no further
    evaluation of `fun`.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        primals: where to linearize, one argument for each of `fun`'s.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.

    Returns:
        `(output, f_jvp)`, where `f_jvp(*tangents)` is the output tangent, and the auxiliary data
        as a third part if `has_aux`.

    Example:
        >>> import minijax as mj
        >>> y, f_jvp = mj.linearize(lambda x: x**2, 3.0)
        >>> float(y), float(f_jvp(1.0)), float(f_jvp(10.0))
        (9.0, 6.0, 60.0)
    """
    leaves, in_tree = flatten_arrays(f"linearize of {function_name(fun)}", primals)
    active = [dtypes.is_inexact(aval_of(x).dtype) for x in leaves]
    flat = FlatFunction(fun, in_tree, has_aux=has_aux)
    outs, linear, out_active = linearize_interpreter.linearize(flat, leaves, active)
    out_tree = flat.out_tree

    @api_boundary
    def f_jvp(*tangents: Any) -> Any:
        check_same_structure("the linearized function", "primals", primals, "tangents", tangents)
        given = [
            check_tangent("the linearized function", "the tangent", primal, tangent, _MISFITS)
            for primal, tangent in zip(leaves, flatten((tangents, {}))[0], strict=True)
        ]
        moving = [materialize(t) for t, on in zip(given, active, strict=True) if on]
        found = iter(eval_jaxpr(linear, *moving))
        return unflatten(
            out_tree,
            [
                next(found) if on else materialize(Zero(aval_of(out).tangent()))
                for out, on in zip(outs, out_active, strict=True)
            ],
        )

    out = unflatten(out_tree, map(to_array, outs))
    return (out, f_jvp, flat.aux) if has_aux else (out, f_jvp)


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
