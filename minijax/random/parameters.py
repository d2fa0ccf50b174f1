"""What the functions of this package check before they draw, and how shapes meet."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.errors import TypePromotionError
from minijax.core.operators import Array
from minijax.random.keys import Shape, as_shape, check_key
from minijax.transforms.jit import jit

# Draws are compiled, so that a product and a sum round once, as they do in compiled programs.
sampler = partial(jit, static_argnames=("shape", "dtype"))


def float_dtype(what: str, dtype: Any) -> np.dtype:
    """Returns a real floating-point dtype (float64 for `float` or None).

    Raises:
        ValueError: if it is of another kind.
    """
    found = dtypes.canonical(float if dtype is None else dtype)
    if not dtypes.is_float(found):
        raise ValueError(f"{what}: dtype must be a floating-point type, got {found}.")
    return found


def count_dtype(what: str, dtype: Any) -> np.dtype:
    """Returns an integer dtype (int64 for `int` or None).

    Raises:
        ValueError: if it is of another kind.
    """
    found = dtypes.canonical(int if dtype is None else dtype)
    if not dtypes.is_integer(found):
        raise ValueError(f"{what}: dtype must be an integer type, got {found}.")
    return found


def check_mode(what: str, mode: str | None, *modes: str) -> str:
    """Returns a mode, the first of `modes` for None.

    Raises:
        ValueError: if it is none of `modes`.
    """
    if mode is not None and mode not in modes:
        raise ValueError(f"{what}: mode must be one of {modes}, got {mode!r}.")
    return mode or modes[0]


def common_shape(what: str, shape: Shape | None, *parameters: Any) -> tuple[int, ...]:
    """Returns the shape of draws: `shape`, or that of the parameters together if it is None.

    Raises:
        ValueError: if the parameters do not broadcast to `shape`.
    """
    shapes = [jnp.shape(x) for x in parameters]
    if shape is None:
        return jnp.broadcast_shapes(*shapes)
    size = as_shape(what, shape)
    if jnp.broadcast_shapes(size, *shapes) != size:
        raise ValueError(f"{what}: parameters of shapes {shapes} do not broadcast to {size}.")
    return size


def arguments(
    what: str, key: Any, shape: Shape | None, dtype: Any, *values: Any, safely: bool = False
) -> tuple[tuple[int, ...], np.dtype]:
    """Checks the arguments of a draw of real numbers; returns its shape and dtype.

    Args:
        what: the name of the function.
        key: the key.
        shape: the shape that was asked for; None for that of the parameters.
        dtype: the dtype that was asked for.
        values: the parameters.
        safely: whether parameters must not lose precision when converted to the dtype.

    Raises:
        TypeError: if the key is none.
        ValueError: if the dtype is no floating-point type, or shapes do not fit.
        TypePromotionError: if a parameter would lose precision.
    """
    check_key(what, key)
    found = float_dtype(what, dtype)
    size = common_shape(what, shape, *values)
    if safely:
        for value in values:
            _check_promotion(what, value, found)
    return size, found


def _check_promotion(what: str, value: Any, dtype: np.dtype) -> None:
    aval = aval_of(to_array(value))
    if not aval.weak_type and jnp.promote_types(aval.dtype, dtype) != dtype:
        raise TypePromotionError(
            f"{what}: a parameter of dtype {aval.dtype} does not convert to {dtype} without loss: "
            "convert it with .astype(...), or ask for a wider dtype."
        )


def spread(value: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
    """Returns a parameter as an array of the shape and dtype of the draws."""
    return jnp.broadcast_to(jnp.asarray(value).astype(dtype), shape)
