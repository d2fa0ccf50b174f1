"""Layout: transposes of what a product takes or returns become another way to read a matrix.

    b = transpose a; c = dot_general[contract b's axis 1] b x       contracts a's axis 0 instead
    c = dot_general x y; d = transpose c                            becomes      d = dot_general y x

BLAS reads a matrix along either axis at the same cost, so the transposed copy need not exist.
"""

from __future__ import annotations

from collections import Counter

from minijax.compiler.simplify.nested import in_nested
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr
from minijax.primitives.broadcast import transpose_p
from minijax.primitives.dot import dot_general_p

Axes = tuple[int, ...]


def fold_layouts(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which products read the operands of transposes themselves."""
    made: dict[Atom, Eqn] = {}
    uses = Counter([*(atom for eqn in jaxpr.eqns for atom in eqn.invars), *jaxpr.outvars])
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = in_nested(eqn, fold_layouts)
        if eqn.primitive is dot_general_p:
            eqn = _reading_transposed(eqn, made, 0)
            eqn = _reading_transposed(eqn, made, 1)
        elif eqn.primitive is transpose_p:
            eqn = _swapped_product(eqn, made, uses)
        made.update(dict.fromkeys(eqn.outvars, eqn))
        eqns.append(eqn)
    return jaxpr.replace(eqns=eqns)


def _reading_transposed(eqn: Eqn, made: dict[Atom, Eqn], side: int) -> Eqn:
    """Returns the product with the transpose of one operand left out."""
    inner = made.get(eqn.invars[side])
    if inner is None or inner.primitive is not transpose_p:
        return eqn
    permutation = inner.params["permutation"]
    contract, batch = (axes[side] for axes in eqn.params["dimension_numbers"])
    free = [d for d in range(len(permutation)) if d not in (*contract, *batch)]
    # The result has the free axes in the operand's order, which must not change.
    if sorted(permutation[d] for d in free) != [permutation[d] for d in free]:
        return eqn
    numbers = [list(axes) for axes in eqn.params["dimension_numbers"]]
    for axes in numbers:
        axes[side] = tuple(permutation[d] for d in axes[side])
    invars = list(eqn.invars)
    invars[side] = inner.invars[0]
    return eqn.replace(invars, params=eqn.params | {"dimension_numbers": _frozen(numbers)})


def _swapped_product(eqn: Eqn, made: dict[Atom, Eqn], uses: Counter[Atom]) -> Eqn:
    """Returns the product of the operands in the other order in place of a transposed product."""
    inner = made.get(eqn.invars[0])
    if inner is None or inner.primitive is not dot_general_p or uses[eqn.invars[0]] != 1:
        return eqn
    (lhs_contract, rhs_contract), (lhs_batch, rhs_batch) = inner.params["dimension_numbers"]
    lhs, rhs = inner.invars
    batches = len(lhs_batch)
    left = _rank(lhs) - len(lhs_contract) - batches
    rank = len(eqn.params["permutation"])
    swapped = (*range(batches), *range(batches + left, rank), *range(batches, batches + left))
    if eqn.params["permutation"] != swapped:
        return eqn
    numbers = ((rhs_contract, lhs_contract), (rhs_batch, lhs_batch))
    params = inner.params | {"dimension_numbers": numbers}
    return Eqn(dot_general_p, (rhs, lhs), eqn.outvars, params, inner.source)


def _rank(atom: Atom) -> int:
    assert isinstance(atom.aval, ShapedArray)
    return atom.aval.ndim


def _frozen(numbers: list[list[Axes]]) -> tuple[tuple[Axes, ...], ...]:
    return tuple(tuple(axes) for axes in numbers)
