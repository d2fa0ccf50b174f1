"""linear_solve: the solution of a linear system by a method of the user's.

linear_solve[matvec, solve] c… b… = x…  with  matvec(c, x) = b

How `solve` finds x is nobody's business: derivatives follow from the equation, x' solves
matvec(x') = b' - matvec'(x), and the transpose solves the transposed equation. The four programs
take constants of their own, which come before the right-hand side in this order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minijax.core.avals import Aval, Zero, materialize
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive, primitive
from minijax.core.records import record
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp
from minijax.primitives.arithmetic import sub
from minijax.primitives.control.programs import split_sizes
from minijax.primitives.control.staged import is_unmapped, run_staged

# matvec, transposed matvec, solve, transposed solve; the second and the fourth may be missing.
Programs = tuple[Jaxpr, Jaxpr | None, Jaxpr, Jaxpr | None]


@record(eq=True)
class _Operands:
    """The operands of an application: the constants of its programs, and the right-hand side."""

    consts: tuple[list[Any], ...]
    rhs: list[Any]

    @classmethod
    def of(cls, values: Sequence[Any], counts: tuple[int, ...]) -> _Operands:
        *consts, rhs = split_sizes(values, *counts)
        return cls(tuple(consts), rhs)

    @property
    def all_consts(self) -> list[Any]:
        return [x for group in self.consts for x in group]


def _impl(*args: np.ndarray, programs: Programs, counts: tuple[int, ...]) -> Any:
    operands = _Operands.of(args, counts)
    return tuple(evaluate(programs[2], [*operands.consts[2], *operands.rhs]))


def _abstract(*avals: Aval, programs: Programs, counts: tuple[int, ...]) -> Any:
    expected = programs[2].in_avals[counts[2] :]
    given = _Operands.of(avals, counts).rhs
    if len(expected) != len(given) or not all(map(_accepts, expected, given)):
        shown = ", ".join(map(str, expected)), ", ".join(map(str, given))
        raise TypeError(f"linear_solve: solve takes ({shown[0]}), the operands are ({shown[1]}).")
    return programs[2].out_avals


def _accepts(expected: Aval, given: Aval) -> bool:
    return expected.accepts(given)


def _jvp(primals: Any, tangents: Any, *, programs: Programs, counts: tuple[int, ...]) -> Any:
    outs = linear_solve_p.bind(*primals, programs=programs, counts=counts)
    primal, moving = _Operands.of(primals, counts), _Operands.of(tangents, counts)
    num_solutions = len(primal.rhs)
    residual = [
        _minus(b_dot, image)
        for b_dot, image in zip(
            moving.rhs,
            _moved_image(programs[0], primal.consts[0], moving.consts[0], outs[:num_solutions]),
            strict=True,
        )
    ]
    zeros = [Zero(out.aval.tangent()) for out in outs]
    if all(type(t) is Zero for t in residual):
        return outs, zeros
    rhs = map(materialize, residual)
    found = linear_solve_p.bind(*primal.all_consts, *rhs, programs=programs, counts=counts)
    # What solve returns beside the solution (how it converged) has no derivative.
    return outs, (*found[:num_solutions], *zeros[num_solutions:])


def _moved_image(
    matvec: Jaxpr, consts: Sequence[Any], tangents: Sequence[Any], solution: Sequence[Any]
) -> list[Any]:
    """Returns matvec'(x): how the image of a fixed x moves with the operator."""
    fixed = [Zero(x.aval.tangent()) for x in solution]

    def image(*args: Any) -> list[Any]:
        return eval_jaxpr(matvec, *args)

    return jvp(image, [*consts, *solution], [*tangents, *fixed])[1]


def _minus(x: Any, y: Any) -> Any:
    if type(y) is Zero:
        return x
    return sub(materialize(x), y)


def _transpose(cts: Any, *args: Any, programs: Programs, counts: tuple[int, ...]) -> Any:
    operands = _Operands.of(args, counts)
    matvec, vecmat, solve, transpose_solve = programs
    if vecmat is None or transpose_solve is None:
        raise TypeError(
            "transpose_solve required for backwards mode automatic differentiation of "
            "custom_linear_solve: pass transpose_solve=, or symmetric=True if the operator is its "
            "own transpose."
        )
    num_solutions = len(operands.rhs)
    by_matvec, by_vecmat, by_solve, by_transpose = operands.consts
    found = linear_solve_p.bind(
        *(*by_vecmat, *by_matvec, *by_transpose, *by_solve),
        *map(materialize, cts[:num_solutions]),
        programs=(vecmat, matvec, transpose_solve, solve),
        counts=(counts[1], counts[0], counts[3], counts[2]),
    )
    return (None,) * sum(counts) + tuple(found[:num_solutions])


def _batch(
    size: int,
    args: Any,
    dims: Any,
    *,
    programs: Programs,
    counts: tuple[int, ...],
    mapped_axis: Any,
) -> Any:
    present = [jaxpr for jaxpr in programs if jaxpr is not None]
    if is_unmapped(dims, mapped_axis, *present):
        outs = linear_solve_p.bind(*args, programs=programs, counts=counts)
        return outs, (None,) * len(outs)
    groups = _Operands.of(dims, counts)
    mapped: Any = tuple(
        jaxpr if jaxpr is None else _map_program(jaxpr, size, consts, mapped_axis)
        for jaxpr, consts in zip(programs, groups.consts, strict=True)
    )
    num_consts = sum(counts)
    consts = [
        x if dim is None else move_batch_axis(x, dim, size)
        for x, dim in zip(args[:num_consts], dims[:num_consts], strict=True)
    ]
    rhs = [
        move_batch_axis(x, dim, size)
        for x, dim in zip(args[num_consts:], dims[num_consts:], strict=True)
    ]
    outs = linear_solve_p.bind(*consts, *rhs, programs=mapped, counts=counts)
    return outs, (0,) * len(outs)


def _map_program(jaxpr: Jaxpr, size: int, consts: Sequence[Any], mapped_axis: Any) -> Jaxpr:
    """Returns a program with the axis on all vectors, and on the constants that have it."""
    vectors = len(jaxpr.invars) - len(consts)
    batched = [*(dim is not None for dim in consts), *[True] * vectors]
    return batch_jaxpr(jaxpr, size, batched, [True] * len(jaxpr.outvars), mapped_axis)[0]


def _lower(k: Any, *args: Any, out: Any, programs: Programs, counts: tuple[int, ...]) -> Any:
    operands = _Operands.of(args, counts)
    return k.inline(programs[2], [*operands.consts[2], *operands.rhs])


linear_solve_p: Primitive = primitive(
    "linear_solve",
    impl=_impl,
    abstract=_abstract,
    run=run_staged(lambda: linear_solve_p),
    jvp=_jvp,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    collective=True,
)
