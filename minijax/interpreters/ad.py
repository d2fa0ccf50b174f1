"""Derivative rules of primitives, under the names that other libraries use.

`primitive_jvps` and `primitive_transposes` are the rules of primitives made by
`minijax.extend.core.Primitive`; the functions below fill them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of
from minijax.core.avals import Aval, materialize
from minijax.core.avals import Zero as Zero
from minijax.core.primitive import Primitive
from minijax.core.user_primitive import primitive_jvps as primitive_jvps
from minijax.core.user_primitive import primitive_transposes as primitive_transposes
from minijax.interpreters.jvp import JVPTrace as JVPTrace
from minijax.interpreters.jvp import JVPTracer as JVPTracer
from minijax.interpreters.transpose import UndefinedPrimal as UndefinedPrimal
from minijax.interpreters.transpose import is_linear as is_undefined_primal

__all__ = [
    "JVPTrace",
    "JVPTracer",
    "UndefinedPrimal",
    "Zero",
    "add_jaxvals",
    "add_tangents",
    "defbilinear",
    "defjvp",
    "defjvp2",
    "deflinear",
    "deflinear2",
    "get_primitive_transpose",
    "instantiate_zeros",
    "is_undefined_primal",
    "primitive_jvps",
    "primitive_transposes",
    "zeros_like_aval",
]

Rule = Callable[..., Any]

instantiate_zeros = materialize


def zeros_like_aval(aval: Aval) -> Any:
    """Returns the zero of a vector space.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> ad.zeros_like_aval(jnp.ones(2).aval)
        Array([0., 0.], dtype=float64)
    """
    return aval.zeros()


def add_jaxvals(x: Any, y: Any) -> Any:
    """Returns the sum of two vectors.

    Args:
        x, y: arrays of one aval.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> ad.add_jaxvals(jnp.ones(2), jnp.ones(2))
        Array([2., 2.], dtype=float64)
    """
    return aval_of(x).add(x, y)


def add_tangents(x: Any, y: Any) -> Any:
    """Returns the sum of two tangents, which may be `Zero`.

    Args:
        x, y: tangents of one aval.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> t = jnp.ones(2)
        >>> ad.add_tangents(ad.Zero(t.aval), t) is t
        True
    """
    if type(x) is Zero:
        return y
    return x if type(y) is Zero else add_jaxvals(x, y)


def get_primitive_transpose(p: Primitive) -> Rule:
    """Returns the transpose rule of a primitive.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.interpreters import ad
        >>> from minijax.extend.core.primitives import neg_p
        >>> ad.get_primitive_transpose(neg_p)((jnp.ones(2),), ad.UndefinedPrimal(jnp.ones(2).aval))
        (Array([-1., -1.], dtype=float64),)
    """
    return primitive_transposes.get(p, p.transpose)


def deflinear(primitive: Primitive, transpose_rule: Rule) -> None:
    """Declares a primitive linear in all operands.

    Args:
        primitive: the primitive.
        transpose_rule: `(ct, **params) -> cotangents of the operands`.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import ad
        >>> triple_p = Primitive("triple")
        >>> _ = triple_p.def_impl(lambda x: 3 * x)
        >>> _ = triple_p.def_abstract_eval(lambda x: x)
        >>> ad.deflinear(triple_p, lambda ct: [triple_p.bind(ct)])
        >>> float(mj.grad(triple_p.bind)(2.0))
        3.0
    """
    deflinear2(primitive, lambda ct, *_, **params: transpose_rule(ct, **params))


def deflinear2(primitive: Primitive, transpose_rule: Rule) -> None:
    """Declares a primitive linear in all operands.

    Args:
        primitive: the primitive.
        transpose_rule: `(ct, *operands, **params) -> cotangents of the operands`.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import ad
        >>> minus_p = Primitive("minus")
        >>> _ = minus_p.def_impl(lambda x, y: x - y)
        >>> _ = minus_p.def_abstract_eval(lambda x, y: x)
        >>> ad.deflinear2(minus_p, lambda ct, x, y: [ct, -ct])
        >>> [float(g) for g in mj.grad(minus_p.bind, (0, 1))(5.0, 2.0)]
        [1.0, -1.0]
    """

    def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        return out, primitive.bind(*map(materialize, tangents), **params)

    primitive_jvps[primitive] = jvp
    primitive_transposes[primitive] = transpose_rule


def defjvp(primitive: Primitive, *jvprules: Rule | None) -> None:
    """Gives a primitive with one result a derivative with respect to each operand.

    Args:
        primitive: the primitive.
        jvprules: for each operand `(tangent, *primals, **params) -> tangent of the result`, or
            None for zero.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import ad
        >>> square_p = Primitive("square")
        >>> _ = square_p.def_impl(lambda x: x * x)
        >>> _ = square_p.def_abstract_eval(lambda x: x)
        >>> ad.defjvp(square_p, lambda t, x: 2 * x * t)
        >>> float(mj.grad(square_p.bind)(5.0))
        10.0
    """
    rules = [rule and _without_result(rule) for rule in jvprules]
    defjvp2(primitive, *rules)


def _without_result(rule: Rule) -> Rule:
    return lambda t, result, *primals, **params: rule(t, *primals, **params)


def defjvp2(primitive: Primitive, *jvprules: Rule | None) -> None:
    """Gives a primitive with one result derivatives that may use the result.

    Args:
        primitive: the primitive.
        jvprules: for each operand `(tangent, result, *primals, **params) -> tangent of the result`,
            or None for zero.

    Example:
        >>> import numpy as np
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import ad
        >>> root_p = Primitive("root")
        >>> _ = root_p.def_impl(lambda x: np.sqrt(np.asarray(x)))
        >>> _ = root_p.def_abstract_eval(lambda x: x)
        >>> ad.defjvp2(root_p, lambda t, root, x: t / (2 * root))
        >>> float(mj.grad(root_p.bind)(4.0))
        0.25
    """

    def jvp(primals: Sequence[Any], tangents: Sequence[Any], **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        total: Any = Zero(aval_of(out).tangent())
        for rule, t in zip(jvprules, tangents, strict=True):
            if rule is not None and type(t) is not Zero:
                total = add_tangents(total, rule(t, out, *primals, **params))
        return out, total

    primitive_jvps[primitive] = jvp


def defbilinear(primitive: Primitive, lhs_rule: Rule, rhs_rule: Rule) -> None:
    """Declares a primitive of two operands linear in each.

    Args:
        primitive: the primitive.
        lhs_rule: `(ct, x, y, **params) -> cotangent of x`, where x is an `UndefinedPrimal`.
        rhs_rule: the same for y.

    Example:
        >>> import minijax as mj
        >>> from minijax.extend.core import Primitive
        >>> from minijax.interpreters import ad
        >>> times_p = Primitive("times")
        >>> _ = times_p.def_impl(lambda x, y: x * y)
        >>> _ = times_p.def_abstract_eval(lambda x, y: x)
        >>> ad.defbilinear(times_p, lambda ct, x, y: ct * y, lambda ct, x, y: ct * x)
        >>> [float(g) for g in mj.grad(times_p.bind, (0, 1))(3.0, 5.0)]
        [5.0, 3.0]
    """
    defjvp(
        primitive,
        lambda t, x, y, **params: primitive.bind(t, y, **params),
        lambda t, x, y, **params: primitive.bind(x, t, **params),
    )

    def transpose(ct: Any, x: Any, y: Any, **params: Any) -> Any:
        if is_undefined_primal(x):
            return (ct if type(ct) is Zero else lhs_rule(ct, x, y, **params)), None
        return None, (ct if type(ct) is Zero else rhs_rule(ct, x, y, **params))

    primitive_transposes[primitive] = transpose
