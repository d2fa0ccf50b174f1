"""Dtypes and questions about them, under the names of `jax.dtypes`.

>>> from minijax import dtypes, random
>>> dtypes.issubdtype(random.key(0).dtype, dtypes.prng_key)
True
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.dtypes import bfloat16 as bfloat16
from minijax.core.dtypes import float0 as float0
from minijax.core.errors import TypePromotionError as TypePromotionError
from minijax.numpy.dtypes import extended as extended
from minijax.numpy.dtypes import finfo as finfo
from minijax.numpy.dtypes import iinfo as iinfo
from minijax.numpy.dtypes import issubdtype as issubdtype
from minijax.numpy.dtypes import prng_key as prng_key
from minijax.numpy.dtypes import promote_types as promote_types
from minijax.numpy.dtypes import result_pair, to_dtype


def canonicalize_dtype(dtype: Any, allow_extended_dtype: bool = False) -> np.dtype:
    """Returns the dtype that arrays get when they are made with `dtype`.

    Args:
        dtype: anything that names a dtype.
        allow_extended_dtype: whether dtypes of random keys are allowed; they always are.

    Example:
        >>> from minijax import dtypes
        >>> dtypes.canonicalize_dtype(float)
        dtype('float64')
    """
    return to_dtype(dtype)


def result_type(*args: Any, return_weak_type_flag: bool = False) -> Any:
    """Returns the dtype that an operation on the arguments has.

    Args:
        args: arrays, scalars, dtypes; Python scalars do not widen an array of their kind.
        return_weak_type_flag: whether a pair with the weak type is returned.

    Example:
        >>> from minijax import dtypes
        >>> dtypes.result_type(1, "float32", return_weak_type_flag=True)
        (dtype('float32'), False)
    """
    dtype, weak = result_pair(*args)
    return (dtype, weak) if return_weak_type_flag else dtype


def itemsize_bits(dtype: Any) -> int:
    """Returns the number of bits of an element in memory.

    Example:
        >>> itemsize_bits("float32")
        32
    """
    return to_dtype(dtype).itemsize * 8


def scalar_type_of(x: Any) -> type:
    """Returns the Python type of the elements of a value: bool, int, float or complex.

    Raises:
        TypeError: if it has none.

    Example:
        >>> scalar_type_of(np.float32(1))
        <class 'float'>
    """
    dtype = result_pair(x)[0]
    kinds = {np.bool_: bool, np.integer: int, np.floating: float, np.complexfloating: complex}
    for kind, found in kinds.items():
        if issubdtype(dtype, kind):
            return found
    raise TypeError(f"Invalid scalar value {x!r:.60}")
