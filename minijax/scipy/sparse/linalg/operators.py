"""What Krylov methods work on: operators, and vectors that are pytrees of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.pytree import Partial, flatten, leaves, tree_map

Operator = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class System:
    """The arguments that all methods share, checked."""

    operator: Operator
    rhs: Any
    guess: Any
    preconditioner: Operator
    maxiter: Any

    @property
    def is_given_by_arrays(self) -> bool:
        """Whether no function of the user's takes part, so that a program can be kept."""
        return isinstance(self.operator, Partial) and isinstance(self.preconditioner, Partial)


def system(name: str, A: Any, b: Any, x0: Any, maxiter: Any, M: Any) -> System:
    """Checks the arguments of a method.

    Raises:
        TypeError: if an operator is neither a function nor an array.
        ValueError: if an operator is not square, or `x0` is not like `b`.
    """
    rhs = tree_map(partial(_leaf, name), b)
    guess = tree_map(jnp.zeros_like, rhs) if x0 is None else tree_map(partial(_leaf, name), x0)
    (given, given_tree), (wanted, wanted_tree) = flatten(guess), flatten(rhs)
    if given_tree != wanted_tree:
        raise ValueError(
            f"x0 and b must have matching tree structure: {given_tree} vs {wanted_tree}"
        )
    shapes = [x.shape for x in given], [x.shape for x in wanted]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"arrays in x0 and b must have matching shapes: {shapes[0]} vs {shapes[1]}"
        )
    if maxiter is None:
        maxiter = 10 * sum(x.size for x in wanted)
    identity = Partial(_itself)
    return System(to_operator(A), rhs, guess, identity if M is None else to_operator(M), maxiter)


def _leaf(name: str, x: Any) -> Array:
    try:
        return to_array(x)
    except TypeError as error:
        raise TypeError(f"{name} takes arrays and numbers in pytrees: {error}") from None


def _itself(x: Any) -> Any:
    return x


def _product(matrix: Any, x: Any) -> Any:
    return jnp.matmul(matrix, x)


def to_operator(A: Any) -> Operator:
    """Returns the function of a vector that an argument is or stands for.

    Raises:
        TypeError: if it is neither a function nor an array.
        ValueError: if it is an array that is not a square matrix.
    """
    if callable(A):
        return A
    if not isinstance(A, Array | np.ndarray):
        raise TypeError(f"linear operator must be either a function or ndarray: {A!r:.200}")
    if A.ndim != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"linear operator must be a square matrix, but has shape: {A.shape}")
    return Partial(_product, to_array(A))


# -- vectors


def plus(x: Any, y: Any, factor: Any) -> Any:
    """Returns x + factor · y."""
    return tree_map(lambda a, b: a + factor * b, x, y)


def minus(x: Any, y: Any) -> Any:
    """Returns x - y."""
    return tree_map(jnp.subtract, x, y)


def inner(x: Any, y: Any) -> Any:
    """Returns the inner product, conjugate in its first argument."""
    return sum_of(tree_map(jnp.vdot, x, y))


def real_inner(x: Any, y: Any) -> Array:
    """Returns the real part of the inner product."""
    return sum_of(tree_map(lambda a, b: jnp.real(jnp.vdot(a, b)), x, y))


def sum_of(tree: Any) -> Array:
    """Returns the sum of all leaves."""
    first, *rest = leaves(tree)
    for x in rest:
        first = first + x
    return first


def is_real(tree: Any) -> bool:
    """Whether no leaf is complex."""
    return not any(dtypes.is_complex(x.dtype) for x in leaves(tree))
