"""Derivatives of functions of sparse arrays: with respect to the elements that are stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.experimental.sparse.coordinates import JAXSparse
from minijax.transforms.reverse import value_and_grad as dense_value_and_grad


def value_and_grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, **kwargs: Any
) -> Callable[..., Any]:
    """Returns a function of the value and the gradient of `fun`.

    Args:
        fun: a function of arrays, dense and sparse.
        argnums: with respect to which arguments.
        has_aux: whether `fun` returns a pair, whose second part is passed on.
        kwargs: further arguments of the `value_and_grad` of dense arrays.

    Returns:
        A function whose gradients of sparse arguments are sparse, with the same places.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> m = sparse.eye(2)
        >>> v, g = sparse.value_and_grad(lambda m: (m @ jnp.array([1.0, 3.0])).sum())(m)
        >>> v, g.data
        (Array(4., dtype=float64), Array([1., 3.], dtype=float64))
    """
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def of_parts(*args: Any, **options: Any) -> Any:
        chosen = [args[i] for i in places]

        def inner(parts: Any) -> Any:
            full = list(args)
            for i, x, part in zip(places, chosen, parts, strict=True):
                full[i] = _with_data(x, part) if isinstance(x, JAXSparse) else part
            return fun(*full, **options)

        parts = [x.data if isinstance(x, JAXSparse) else x for x in chosen]
        value, found = dense_value_and_grad(inner, has_aux=has_aux, **kwargs)(parts)
        grads = tuple(
            _with_data(x, g) if isinstance(x, JAXSparse) else g
            for x, g in zip(chosen, found, strict=True)
        )
        return value, grads[0] if isinstance(argnums, int) else grads

    return of_parts


def _with_data(x: Any, data: Any) -> Any:
    children, aux = x.tree_flatten()
    return type(x).tree_unflatten(aux, (data, *children[1:]))


def grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False, **kwargs: Any
) -> Callable[..., Any]:
    """Returns the gradient of a function of sparse arrays; arguments as of `value_and_grad`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.experimental import sparse
        >>> sparse.grad(lambda m: (m @ jnp.array([1.0, 3.0])).sum())(sparse.eye(2))
        BCOO(float64[2, 2], nse=2)
    """
    both = value_and_grad(fun, argnums, has_aux, **kwargs)

    def gradient(*args: Any, **options: Any) -> Any:
        value, found = both(*args, **options)
        return (found, value[1]) if has_aux else found

    return gradient
