"""`sparsify`: programs of dense arrays that are carried out with sparse ones."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Jaxpr, Literal
from minijax.core.primitive import Primitive
from minijax.core.pytree import flatten, unflatten
from minijax.core.source import api_boundary
from minijax.experimental.sparse.bcoo import BCOO
from minijax.experimental.sparse.coordinates import JAXSparse
from minijax.experimental.sparse.places import bcoo_sum_duplicates
from minijax.experimental.sparse.products import bcoo_dot_general
from minijax.experimental.sparse.shapes import (
    bcoo_concatenate,
    bcoo_reshape,
    bcoo_slice,
    bcoo_squeeze,
    bcoo_transpose,
)
from minijax.interpreters.stage import stage

# Functions of one operand that are 0 at 0, so that only what is stored changes.
_KEEP_ZERO = frozenset(
    """abs asin asinh atan atanh cbrt ceil convert_element_type expm1 floor imag integer_pow log1p
    neg real round sign sin sinh sqrt square tan tanh""".split()  # noqa: SIM905 - shorter so
)
_RULES: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "transpose": lambda x, permutation: bcoo_transpose(x, permutation=permutation),
    "reduce_sum": lambda x, axes: x.sum(axes),
    "reshape": lambda x, new_sizes: bcoo_reshape(x, new_sizes=new_sizes),
    "squeeze": lambda x, dimensions: bcoo_squeeze(x, dimensions=dimensions),
    "slice": lambda x, starts, limits, strides: bcoo_slice(
        x, start_indices=starts, limit_indices=limits, strides=strides
    ),
    "dot_general": bcoo_dot_general,
}


def _apply(primitive: Primitive, operands: Sequence[Any], params: dict[str, Any]) -> Sequence[Any]:
    """Applies an operation to operands of which one is sparse.

    Raises:
        TypeError: if there is no rule: the result would be dense.
    """
    name, first = primitive.name, operands[0]
    if "jaxpr" in params and name == "jit":
        return _interpret(params["jaxpr"], operands)
    if name in _RULES:
        return (_RULES[name](*operands, **params),)
    if name == "div" and not isinstance(operands[1], JAXSparse):
        return (first / operands[1],)
    if name == "concatenate" and all(isinstance(x, BCOO) for x in operands):
        return (bcoo_concatenate(operands, **params),)
    if name in _KEEP_ZERO and params.get("y", 1) > 0:
        if not first.unique_indices:
            first = bcoo_sum_duplicates(first, nse=first.nse, remove_zeros=False)
        return (first.with_data(primitive.bind(first.data, **params)[0]),)
    raise TypeError(
        f"sparsify: {name} has no sparse rule, as its result would be dense: use "
        "sparse.todense(...) where that is meant."
    )


def _interpret(jaxpr: Jaxpr, args: Sequence[Any]) -> list[Any]:
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, jaxpr.consts, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Any:
        return atom.array() if isinstance(atom, Literal) else values[atom]

    for eqn in jaxpr.eqns:
        operands = [read(atom) for atom in eqn.invars]
        if any(isinstance(x, JAXSparse) for x in operands):
            outs = _apply(eqn.primitive, operands, eqn.params)
        else:
            outs = eqn.primitive.bind(*operands, **eqn.params)
        values.update(zip(eqn.outvars, outs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def sparsify(f: Callable[..., Any], use_tracer: bool = False) -> Callable[..., Any]:
    """Returns a function that takes sparse arrays where `f` takes dense ones.

    Args:
        f: a function of arrays. What it does with sparse ones must keep zeros zero: sums,
            products, functions that are 0 at 0, and changes of shape.
        use_tracer: accepted for compatibility.

    Returns:
        A function whose results are sparse where they follow from sparse arguments alone.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.BCOO.fromdense(jnp.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> sparse.sparsify(lambda m, x: jnp.sin(m).T @ x)(m, jnp.array([1.0, 0.0])).round(3)
        Array([0.   , 0.909], dtype=float64)
    """

    @functools.wraps(f)
    @api_boundary
    def sparsified(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten((args, kwargs), is_leaf=lambda x: isinstance(x, JAXSparse))
        operands = [x if isinstance(x, JAXSparse) else to_array(x) for x in leaves]
        operands = [x.to_bcoo() if hasattr(x, "to_bcoo") else x for x in operands]
        trees = []

        def flat(*xs: Any) -> list[Any]:
            inner_args, inner_kwargs = unflatten(tree, xs)
            outs, out_tree = flatten(f(*inner_args, **inner_kwargs))
            trees.append(out_tree)
            return outs

        avals = [
            ShapedArray(x.shape, x.dtype) if isinstance(x, JAXSparse) else aval_of(x)
            for x in operands
        ]
        jaxpr = stage(flat, avals, getattr(f, "__name__", "sparsified"))
        return unflatten(trees[0], _interpret(jaxpr, operands))

    return sparsified
