"""Forward mode: jvp and linearize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero, materialize
from minijax.core.pytree import flatten_call, register_later, unflatten
from minijax.core.source import api_boundary
from minijax.interpreters import jvp as jvp_interpreter
from minijax.interpreters import linearize as linearize_interpreter
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.tape import Tape
from minijax.transforms.arguments import (
    FlatFunction,
    Like,
    check_same_structure,
    check_tangent,
    flatten_arrays,
    function_name,
)

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
        for primal, tangent in zip(leaves, flatten_call(tangents, {})[0], strict=True)
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
    f_jvp = _Derivative(Tape(linear, out_active), leaves, in_tree, outs, flat.out_tree)
    out = unflatten(flat.out_tree, map(to_array, outs))
    return (out, f_jvp, flat.aux) if has_aux else (out, f_jvp)


class _Derivative:
    """What `linearize` returns: tangents of the arguments in, the tangent of the output out.

    A pytree whose leaves are the residuals; it keeps avals in place of arguments and outputs.
    """

    def __init__(
        self, tape: Tape, primals: Sequence[Any], in_tree: Any, outs: Sequence[Any], out_tree: Any
    ) -> None:
        self._tape = tape
        self._in_avals = tuple(map(aval_of, primals))
        self._in_tree = in_tree
        self._out_avals = tuple(map(aval_of, outs))
        self._out_tree = out_tree

    @api_boundary
    def __call__(self, *tangents: Any) -> Any:
        """Returns the tangent of the output."""
        expected = unflatten(self._in_tree, map(Like, self._in_avals))[0]
        check_same_structure("the linearized function", "primals", expected, "tangents", tangents)
        given = [
            check_tangent("the linearized function", "the tangent", Like(aval), tangent, _MISFITS)
            for aval, tangent in zip(self._in_avals, flatten_call(tangents, {})[0], strict=True)
        ]
        moving = [
            materialize(t)
            for t, aval in zip(given, self._in_avals, strict=True)
            if dtypes.is_inexact(aval.dtype)
        ]
        found = iter(eval_jaxpr(self._tape.linear, *moving))
        return unflatten(
            self._out_tree,
            [
                next(found) if on else materialize(Zero(aval.tangent()))
                for aval, on in zip(self._out_avals, self._tape.out_active, strict=True)
            ],
        )

    def _flatten(self) -> tuple[list[Any], tuple[Any, ...]]:
        static = self._in_avals, self._in_tree, self._out_avals, self._out_tree
        return self._tape.residuals(), (self._tape.frame, *static)

    @classmethod
    def _unflatten(cls, static: tuple[Any, ...], residuals: Sequence[Any]) -> _Derivative:
        made = cls.__new__(cls)
        frame, made._in_avals, made._in_tree, made._out_avals, made._out_tree = static
        made._tape = frame.with_residuals(residuals)
        return made


register_later(_Derivative, _Derivative._flatten, _Derivative._unflatten)
