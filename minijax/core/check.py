"""The type checker of jaxprs: scoping, avals, arity and closedness of nested programs.

It runs after every pass in tests and under `config.debug_checks`.
"""

from __future__ import annotations

from minijax.core.avals import Aval, ShapedArray
from minijax.core.errors import JaxprTypeError
from minijax.core.jaxpr import Atom, Eqn, Jaxpr, Literal, Var, sub_jaxprs
from minijax.core.printing import format_eqn


def check_jaxpr(jaxpr: Jaxpr) -> None:
    """Verifies a program and the programs nested in it.

    Args:
        jaxpr: the program, as of `make_jaxpr`.

    Raises:
        JaxprTypeError: with the offending equation, if a variable is used before it is bound or
            bound twice, if an aval is not what the primitive's `abstract` rule says, or if a
            nested program captures constants.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend import core
        >>> program = mj.make_jaxpr(lambda x: mj.numpy.sin(x) + 1)(1.0)
        >>> core.check_jaxpr(program)
        >>> first, second = program.eqns
        >>> try:
        ...     core.check_jaxpr(program.replace(eqns=[second, first]))
        ... except TypeError as error:
        ...     print(type(error).__name__)
        JaxprTypeError
    """
    pending = [jaxpr]
    while pending:
        program = pending.pop()
        _check_program(program)
        for eqn in program.eqns:
            for nested in sub_jaxprs(eqn.params):
                if nested.constvars:
                    raise JaxprTypeError(f"nested jaxpr is not closed in {format_eqn(eqn)}")
                pending.append(nested)


def _check_program(jaxpr: Jaxpr) -> None:
    bound: set[Var] = set()
    if len(jaxpr.constvars) != len(jaxpr.consts):
        raise JaxprTypeError("a jaxpr needs one constant per constvar")
    for var in (*jaxpr.constvars, *jaxpr.invars):
        _bind(var, bound, "the inputs")
    for eqn in jaxpr.eqns:
        for atom in eqn.invars:
            _check_use(atom, bound, format_eqn(eqn))
        _check_types(eqn)
        for var in eqn.outvars:
            _bind(var, bound, format_eqn(eqn))
    for atom in jaxpr.outvars:
        _check_use(atom, bound, "the outputs")


def _bind(var: Var, bound: set[Var], where: str) -> None:
    if var in bound:
        raise JaxprTypeError(f"{var} is bound twice, the second time in {where}")
    bound.add(var)


def _check_use(atom: Atom, bound: set[Var], where: str) -> None:
    if isinstance(atom, Literal):
        if atom.val.shape != atom.aval.shape or atom.val.dtype != atom.aval.dtype:
            raise JaxprTypeError(f"literal {atom!r} is not of its aval in {where}")
    elif atom not in bound:
        raise JaxprTypeError(f"{atom} is used before it is bound in {where}")


def _check_types(eqn: Eqn) -> None:
    avals = tuple(atom.aval for atom in eqn.invars)
    expected = eqn.primitive.abstract_eval(avals, eqn.params)
    found = tuple(var.aval for var in eqn.outvars)
    if len(expected) != len(found) or not all(map(_same_type, expected, found)):
        raise JaxprTypeError.of(
            format_eqn(eqn), ", ".join(map(str, expected)), ", ".join(map(str, found))
        )


def _same_type(expected: Aval, found: Aval) -> bool:
    if isinstance(expected, ShapedArray) and isinstance(found, ShapedArray):
        return expected.accepts(found)
    return expected == found
