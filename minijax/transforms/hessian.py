"""Second order: hessian and Hessian-vector products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import to_array
from minijax.core.pytree import flatten
from minijax.core.source import api_boundary
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.broadcast import reduce_sum
from minijax.transforms.arguments import check_same_structure, check_tangent
from minijax.transforms.forward import jvp
from minijax.transforms.jacobians import jacfwd, jacrev
from minijax.transforms.reverse import grad


def hessian(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """Returns a function that computes the Hessian, forward over reverse.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        holomorphic: whether `fun` is a holomorphic function of complex arguments.

    Returns:
        A function with the arguments of `fun`; leaves have the shape
        `output.shape + input.shape + input.shape`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.hessian(lambda x: jnp.sum(x**3))(jnp.array([1.0, 2.0]))
        Array([[ 6.,  0.],
               [ 0., 12.]], dtype=float64)
    """
    inner = jacrev(fun, argnums, has_aux=has_aux, holomorphic=holomorphic)
    return jacfwd(inner, argnums, has_aux=has_aux, holomorphic=holomorphic)


def _inner_product(x: Any, y: Any) -> Any:
    total: Any = None
    for a, b in zip(flatten(x)[0], flatten(y)[0], strict=True):
        a = to_array(a)
        term = reduce_sum(mul(a, b), tuple(range(a.ndim)))
        total = term if total is None else add(total, term)
    return total


def _forward_over_reverse(fun: Callable[..., Any], x: Any, v: Any) -> Any:
    return jvp(grad(fun), (x,), (v,))[1]


def _reverse_over_reverse(fun: Callable[..., Any], x: Any, v: Any) -> Any:
    return grad(lambda y: _inner_product(grad(fun)(y), v))(x)


def _reverse_over_forward(fun: Callable[..., Any], x: Any, v: Any) -> Any:
    return grad(lambda y: jvp(fun, (y,), (v,))[1])(x)


_MODES = {
    "forward_over_reverse": _forward_over_reverse,
    "reverse_over_reverse": _reverse_over_reverse,
    "reverse_over_forward": _reverse_over_forward,
}


@api_boundary
def hessian_vector_product(
    fun: Callable[..., Any], x: Any, v: Any, *args: Any, mode: str = "forward_over_reverse"
) -> Any:
    """Returns the Hessian of a scalar function at `x` applied to `v`, without forming it.

    Costs a small multiple of one gradient, whatever the size of `x`. To apply the Hessian at one
    point to many vectors, `linearize(grad(fun), x)` keeps what they share.

    Args:
        fun: a function with a scalar output; `x` is its first argument.
        x: where to differentiate: a pytree of arrays.
        v: the vector: a pytree of the structure, shapes and dtypes of `x`.
        args: further arguments of `fun`, not differentiated.
        mode: "forward_over_reverse" (the default, and in general the cheapest),
            "reverse_over_reverse" (the gradient of ⟨∇f(x), v⟩) or "reverse_over_forward".

    Returns:
        A pytree of the structure of `x`.

    Raises:
        TypeError: if `v` does not have the structure, shapes and dtypes of `x`.
        ValueError: if there is no such mode.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> x, v = jnp.array([1.0, 2.0]), jnp.array([1.0, 0.0])
        >>> mj.hessian_vector_product(lambda x: jnp.sum(x**3), x, v)
        Array([6., 0.], dtype=float64)

    Source:
        B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994.
    """
    product = _MODES.get(mode)
    if product is None:
        raise ValueError(
            f"hessian_vector_product: mode must be one of {list(_MODES)}, got {mode!r}."
        )
    check_same_structure("hessian_vector_product", "x", x, "v", v)
    for primal, tangent in zip(flatten(x)[0], flatten(v)[0], strict=True):
        check_tangent("hessian_vector_product", "v", primal, tangent)
    return product(lambda y: fun(y, *args), x, v)


hvp = hessian_vector_product
