"""Algebra: operations that do nothing, or that a cheaper one does with the same bits.

    b = mul a 1.0; c = neg b; d = neg c; e = div d 4.0      becomes      e = mul a 0.25

A rule may look at the equations that define the operands. It returns the atom that the result
equals, a better equation, or None. None of them changes a bit of any result, for NaN, infinities
and zeros of either sign too; that rules out much of school algebra (`x + 0.0` turns -0.0 into 0.0,
`x - x` is NaN for infinities, `x * (1 / y)` rounds twice).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

from minijax.compiler.simplify.nested import in_nested, renamed
from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal
from minijax.core.primitive import Primitive
from minijax.primitives.arithmetic import abs_p, add_p, div_p, max_p, min_p, mul_p, neg_p, sub_p
from minijax.primitives.bitwise import and_p, not_p, or_p
from minijax.primitives.broadcast import broadcast_in_dim_p, transpose_p
from minijax.primitives.compare import select_n_p
from minijax.primitives.complex import complex_p, conj_p, imag_p, real_p
from minijax.primitives.convert import convert_element_type_p
from minijax.primitives.powers import integer_pow_p
from minijax.primitives.shape import reshape_p, rev_p

Definitions = dict[Atom, Eqn]
Rule = Callable[[Eqn, Definitions], Atom | Eqn | None]


def simplify_algebra(jaxpr: Jaxpr) -> Jaxpr:
    """Returns the program in which no operation is left that does nothing."""
    names: dict[Atom, Atom] = {}
    made: Definitions = {}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqn = renamed(eqn, names)
        found = _rewritten(eqn, made)
        if isinstance(found, Eqn):
            found = in_nested(found, simplify_algebra)
            made.update(dict.fromkeys(found.outvars, found))
            eqns.append(found)
        else:
            names[eqn.outvars[0]] = found
    outvars = [names.get(atom, atom) for atom in jaxpr.outvars]
    return jaxpr.replace(eqns=eqns, outvars=outvars)


def _rewritten(eqn: Eqn, made: Definitions) -> Eqn | Atom:
    """Applies rules until none fits; each makes the equation smaller or cheaper, so it ends."""
    while True:
        rule = RULES.get(eqn.primitive)
        found = rule(eqn, made) if rule is not None else None
        if isinstance(found, Eqn):
            eqn = found
            continue
        # An atom of another weak type, or a number in place of an array, would change the type.
        is_same = found is not None and found.aval == eqn.outvars[0].aval
        return found if is_same and found is not None else eqn


# -- what rules ask


def _number(atom: Atom) -> Any:
    """Returns the scalar that a real constant is, else None."""
    if isinstance(atom, Literal) and not atom.val.shape and not dtypes.is_complex(atom.val.dtype):
        return atom.val[()]
    return None


def _is(atom: Atom, value: float) -> bool:
    """Tells whether an atom is a number, of that sign if it is zero."""
    number = _number(atom)
    return bool(number is not None and number == value and np.signbit(number) == np.signbit(value))


def _operand(atom: Atom, primitive: Primitive, made: Definitions) -> Eqn | None:
    """Returns the equation that defines an atom if it applies `primitive`."""
    eqn = made.get(atom)
    return eqn if eqn is not None and eqn.primitive is primitive else None


def _dtype(atom: Atom) -> np.dtype:
    assert isinstance(atom.aval, ShapedArray)
    return atom.aval.dtype


def _shape(atom: Atom) -> tuple[int, ...]:
    assert isinstance(atom.aval, ShapedArray)
    return atom.aval.shape


# -- arithmetic


def _add(eqn: Eqn, made: Definitions) -> Atom | None:
    for x, y in (eqn.invars, eqn.invars[::-1]):
        # Of the two zeros only -0.0 leaves both zeros as they are.
        zero = -0.0 if dtypes.is_float(_dtype(y)) else 0
        if _is(y, zero):
            return x
    return None


def _sub(eqn: Eqn, made: Definitions) -> Atom | None:
    x, y = eqn.invars
    return x if _is(y, 0.0) else None


def _mul(eqn: Eqn, made: Definitions) -> Atom | None:
    for x, y in (eqn.invars, eqn.invars[::-1]):
        if _is(y, 1.0):
            return x
    return None


def _div(eqn: Eqn, made: Definitions) -> Atom | Eqn | None:
    x, y = eqn.invars
    if _is(y, 1.0):
        return x
    inverse = _exact_inverse(y)
    if inverse is None:
        return None
    return Eqn(mul_p, (x, inverse), eqn.outvars, {}, eqn.source)


def _exact_inverse(atom: Atom) -> Literal | None:
    """Returns 1/y for a power of two: x/y and x·(1/y) round the same number."""
    number = _number(atom)
    if number is None or _dtype(atom) not in (dtypes.float32, dtypes.float64):
        return None
    if not np.isfinite(number) or abs(np.frexp(number)[0]) != 0.5:
        return None
    inverse = np.asarray(1 / np.float64(number)).astype(_dtype(atom))
    if not np.finfo(inverse.dtype).tiny <= abs(inverse) < np.inf:
        return None
    assert isinstance(atom.aval, ShapedArray)
    inverse.flags.writeable = False
    return Literal(inverse, atom.aval)


def _same_operands(eqn: Eqn, made: Definitions) -> Atom | None:
    x, y = eqn.invars
    return x if x is y else None


def _abs(eqn: Eqn, made: Definitions) -> Atom | Eqn | None:
    inner = _operand(eqn.invars[0], abs_p, made)
    if inner is not None and not dtypes.is_complex(_dtype(inner.invars[0])):
        return eqn.invars[0]
    negated = _operand(eqn.invars[0], neg_p, made)
    return None if negated is None else eqn.replace(invars=negated.invars)


def _integer_pow(eqn: Eqn, made: Definitions) -> Atom | None:
    return eqn.invars[0] if eqn.params["y"] == 1 else None


def _undone_by_itself(primitive: Primitive) -> Rule:
    """Returns the rule of an operation that takes itself back when it is applied twice."""

    def rule(eqn: Eqn, made: Definitions) -> Atom | None:
        inner = _operand(eqn.invars[0], primitive, made)
        if inner is None or inner.params != eqn.params:
            return None
        return inner.invars[0]

    return rule


# -- choices, conversions, complex numbers


def _select_n(eqn: Eqn, made: Definitions) -> Atom | None:
    which, *cases = eqn.invars
    if all(case is cases[0] for case in cases):
        return cases[0]
    number = _number(which)
    return None if number is None else cases[min(max(int(number), 0), len(cases) - 1)]


def _convert(eqn: Eqn, made: Definitions) -> Atom | None:
    x = eqn.invars[0]
    if _dtype(x) == eqn.params["new_dtype"]:
        return x
    inner = _operand(x, convert_element_type_p, made)
    if inner is None or _dtype(inner.invars[0]) != eqn.params["new_dtype"]:
        return None
    # There and back through a type that holds every value of the first.
    return inner.invars[0] if _holds(_dtype(x), _dtype(inner.invars[0])) else None


def _holds(wide: np.dtype, narrow: np.dtype) -> bool:
    """Tells whether a type holds every value of another. NumPy calls int64 to float64 safe."""
    if narrow == dtypes.bfloat16:
        return wide in (dtypes.float32, dtypes.float64)
    if dtypes.is_integer(narrow) and dtypes.is_inexact(wide):
        return 8 * narrow.itemsize <= ml_dtypes.finfo(dtypes.real_dtype(wide)).nmant + 1
    return bool(np.can_cast(narrow, wide, "safe"))


def _part(index: int) -> Rule:
    def rule(eqn: Eqn, made: Definitions) -> Atom | None:
        whole = _operand(eqn.invars[0], complex_p, made)
        return None if whole is None else whole.invars[index]

    return rule


# -- shapes


def _transpose(eqn: Eqn, made: Definitions) -> Atom | Eqn | None:
    permutation = eqn.params["permutation"]
    if permutation == tuple(range(len(permutation))):
        return eqn.invars[0]
    inner = _operand(eqn.invars[0], transpose_p, made)
    if inner is None:
        return None
    first = inner.params["permutation"]
    return eqn.replace(inner.invars, params={"permutation": tuple(first[p] for p in permutation)})


def _reshape(eqn: Eqn, made: Definitions) -> Atom | Eqn | None:
    x = eqn.invars[0]
    if _shape(x) == eqn.params["new_sizes"]:
        return x
    inner = _operand(x, reshape_p, made)
    return None if inner is None else eqn.replace(inner.invars)


def _broadcast(eqn: Eqn, made: Definitions) -> Atom | None:
    x, shape = eqn.invars[0], eqn.params["shape"]
    in_order = eqn.params["broadcast_dimensions"] == tuple(range(len(shape)))
    return x if in_order and _shape(x) == shape else None


def _rev(eqn: Eqn, made: Definitions) -> Atom | Eqn | None:
    if not eqn.params["dimensions"]:
        return eqn.invars[0]
    return _undone_by_itself(rev_p)(eqn, made)


RULES: dict[Primitive, Rule] = {
    abs_p: _abs,
    add_p: _add,
    and_p: _same_operands,
    broadcast_in_dim_p: _broadcast,
    conj_p: _undone_by_itself(conj_p),
    convert_element_type_p: _convert,
    div_p: _div,
    imag_p: _part(1),
    integer_pow_p: _integer_pow,
    max_p: _same_operands,
    min_p: _same_operands,
    mul_p: _mul,
    neg_p: _undone_by_itself(neg_p),
    not_p: _undone_by_itself(not_p),
    or_p: _same_operands,
    real_p: _part(0),
    reshape_p: _reshape,
    rev_p: _rev,
    select_n_p: _select_n,
    sub_p: _sub,
    transpose_p: _transpose,
}
