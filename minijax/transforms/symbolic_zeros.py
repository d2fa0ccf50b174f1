"""What custom rules see of symbolic zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.pytree import tree_map


class SymbolicZero:
    """A tangent or cotangent that is known to be zero, as a custom rule sees it."""

    __slots__ = ("aval",)

    def __init__(self, aval: Any) -> None:
        self.aval = aval

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the zero."""
        return self.aval.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the zero."""
        return self.aval.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.aval.shape)

    @staticmethod
    def from_primal_value(val: Any) -> SymbolicZero:
        """Returns the zero tangent of a value."""
        return SymbolicZero(aval_of(val).tangent())

    def __repr__(self) -> str:
        return f"SymbolicZero({self.aval})"


class CustomVJPPrimal:
    """An argument as the forward rule of a `custom_vjp` with symbolic zeros sees it.

    Attributes:
        value: the argument.
        perturbed: whether it is being differentiated.
    """

    __slots__ = ("perturbed", "value")

    def __init__(self, value: Any, perturbed: bool) -> None:
        self.value = value
        self.perturbed = perturbed


def zero_from_primal(val: Any, symbolic_zeros: bool = False) -> Any:
    """Returns the zero tangents of the values of a pytree, symbolic if asked.

    Args:
        val: a pytree of arrays of any shapes.
        symbolic_zeros: whether leaves become `SymbolicZero`, which takes no memory, and not arrays.

    Returns:
        A pytree of the same structure. Its leaves have the shapes of those of `val` and their
        dtypes; of integers and booleans the tangents are of dtype float0.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.custom_derivatives import zero_from_primal
        >>> zero_from_primal(jnp.ones(2))
        Array([0., 0.], dtype=float64)
        >>> zero_from_primal(jnp.ones(2), symbolic_zeros=True)
        SymbolicZero(f64[2])
    """

    def zero(x: Any) -> Any:
        space = aval_of(x).tangent()
        return SymbolicZero(space) if symbolic_zeros else space.zeros()

    return tree_map(zero, val)
