"""Questions about dtypes: kinds, promotion, limits of number types."""

from __future__ import annotations

import functools
from typing import Any

import ml_dtypes
import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.operators import Array

# The abstract kinds that `issubdtype` knows, by NumPy's names.
generic = np.generic
number = np.number
integer = np.integer
signedinteger = np.signedinteger
unsignedinteger = np.unsignedinteger
inexact = np.inexact
floating = np.floating
complexfloating = np.complexfloating
character = np.character
flexible = np.flexible
object_ = np.object_
extended = dtypes.extended
prng_key = dtypes.prng_key


def to_dtype(dtype: Any) -> np.dtype:
    """Returns the dtype object for anything that names a dtype.

    Args:
        dtype: a dtype, a scalar type of NumPy, of `minijax.numpy` or of Python, or a name.

    Raises:
        TypeError: if it names no dtype that arrays can hold.

    Example:
        >>> to_dtype("float32"), to_dtype(int)
        (dtype('float32'), dtype('int64'))
    """
    if isinstance(dtype, np.dtype):
        return dtypes.canonical(dtype)
    if isinstance(dtype, str) and dtype == "bfloat16":
        return dtypes.bfloat16
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        return dtypes.canonical(np.dtype(dtype))
    return dtypes.canonical(dtype)


def dtype_or(dtype: Any, default: np.dtype) -> np.dtype:
    """Returns the dtype that was asked for, `default` for None."""
    return default if dtype is None else to_dtype(dtype)


@functools.cache
def inexact_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the floating type in which functions such as `sin` compute values of a dtype.

    Small integers and bools are computed in float32, 64-bit integers in float64.
    """
    if dtypes.is_inexact(dtype):
        return dtype
    return dtypes.float64 if dtype.itemsize == 8 else dtypes.float32


def _kind(dtype: Any) -> type:
    """Returns the scalar type that stands for a dtype, or the abstract kind itself."""
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        return dtype
    return np.dtype(getattr(dtype, "dtype", dtype)).type


def issubdtype(arg1: Any, arg2: Any) -> bool:
    """Whether a dtype is of a kind, or is the dtype, that the second argument names.

    Args:
        arg1: a dtype or kind.
        arg2: a dtype or a kind such as `jnp.floating`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.issubdtype(jnp.float32, jnp.floating), jnp.issubdtype(int, jnp.floating)
        (True, False)
    """
    first, second = _kind(arg1), _kind(arg2)
    for start, kinds in _ML_KINDS:
        # Types that NumPy knows only as types of someone else.
        if first.__module__ == "ml_dtypes" and first.__name__.startswith(start):
            return second in (first, *kinds, number, generic)
    return issubclass(first, second)


_ML_KINDS = (
    (("bfloat", "float"), (floating, inexact)),
    ("uint", (unsignedinteger, integer)),
    ("int", (signedinteger, integer)),
)


_KINDS = {
    "bool": (dtypes.bool_,),
    "signed integer": dtypes.SIGNED,
    "unsigned integer": dtypes.UNSIGNED,
    "integral": dtypes.INTEGER,
    "real floating": dtypes.FLOAT,
    "complex floating": dtypes.COMPLEX,
    "numeric": dtypes.NUMERIC,
}


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind of the array API standard.

    Args:
        dtype: the dtype.
        kind: "bool", "signed integer", "unsigned integer", "integral", "real floating",
            "complex floating", "numeric", a dtype, or a tuple of these.

    Raises:
        ValueError: if there is no kind of that name.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isdtype(jnp.float32, ("integral", "real floating"))
        True
    """
    found = to_dtype(dtype)
    for option in kind if isinstance(kind, tuple) else (kind,):
        if not isinstance(option, str):
            matches: tuple[np.dtype, ...] = (to_dtype(option),)
        elif option in _KINDS:
            matches = _KINDS[option]
        else:
            raise ValueError(f"isdtype: unknown kind {option!r}; kinds: {', '.join(_KINDS)}.")
        if found in matches:
            return True
    return False


def result_pair(*operands: Any) -> tuple[np.dtype, bool]:
    """Returns the (dtype, weak) that operands or dtypes promote to."""
    return dtypes.promote(map(_pair, operands))


def _pair(x: Any) -> tuple[np.dtype, bool]:
    if isinstance(x, np.dtype | str):
        return to_dtype(x), False
    if isinstance(x, type):
        weak = dtypes.python_scalar_dtype(x)
        return weak if weak is not None else (to_dtype(x), False)
    if isinstance(x, Array):
        return x.dtype, x.weak_type
    weak = dtypes.python_scalar_dtype(type(x))
    if weak is not None:
        return weak
    if hasattr(x, "dtype"):
        # Anything that has a shape and a dtype, such as ShapeDtypeStruct.
        return to_dtype(x.dtype), bool(getattr(x, "weak_type", False))
    aval = aval_of(x)
    return aval.dtype, aval.weak_type


def result_type(*args: Any) -> np.dtype:
    """Returns the dtype that an operation on the arguments has.

    Args:
        *args: arrays, scalars, dtypes; Python scalars do not widen an array of their kind.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.result_type(jnp.arange(3), jnp.float32), jnp.result_type(jnp.int8(1), 2)
        (dtype('float32'), dtype('int8'))
    """
    return result_pair(*args)[0]


def promote_types(a: Any, b: Any) -> np.dtype:
    """Returns the smallest dtype that two dtypes promote to.

    Args:
        a: an array.
        b: the second array.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.promote_types("int32", "float32")
        dtype('float32')
    """
    return result_pair(*(x if isinstance(x, type) else to_dtype(x) for x in (a, b)))[0]


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Whether values of one dtype can be cast to another under a casting rule of NumPy.

    Args:
        from_: the dtype of the values.
        to: the dtype they would be cast to.
        casting: what a cast may do: "no" (nothing), "equiv" (change the byte order), "safe" (keep
            every value), "same_kind" (also narrow, as float64 to float32) or "unsafe" (anything).

    Returns:
        A Python bool.

    Raises:
        ValueError: if there is no such rule.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.can_cast("int32", "float64"), jnp.can_cast("float64", "float32")
        (True, False)
    """
    return bool(np.can_cast(to_dtype(from_), to_dtype(to), casting))  # type: ignore[arg-type]


def _any_dtype(dtype: Any) -> np.dtype:
    """Returns a dtype, also one that arrays cannot hold."""
    carried = getattr(dtype, "dtype", None)
    return carried if isinstance(carried, np.dtype) else np.dtype(dtype)


def finfo(dtype: Any) -> Any:
    """Returns the limits of a floating or complex dtype: `eps`, `max`, `min`, `tiny`, ….

    Raises:
        ValueError: if the dtype is not inexact.

    Example:
        >>> import minijax.numpy as jnp
        >>> float(jnp.finfo(jnp.float64).eps)
        2.220446049250313e-16
    """
    return ml_dtypes.finfo(_any_dtype(dtype))


def iinfo(int_type: Any) -> Any:
    """Returns the limits of an integer dtype: `min`, `max`, `bits`.

    Raises:
        ValueError: if the dtype is not an integer type.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.iinfo(jnp.int8).max
        127
    """
    return ml_dtypes.iinfo(_any_dtype(int_type))


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype of an array or number is complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.iscomplexobj(1j), jnp.iscomplexobj(jnp.ones(2))
        (True, False)
    """
    dtype = getattr(x, "dtype", None)
    return bool(np.iscomplexobj(x)) if dtype is None else dtypes.is_complex(np.dtype(dtype))


def isrealobj(x: Any) -> bool:
    """Whether the dtype of an array or number is not complex.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isrealobj(jnp.ones(2))
        True
    """
    return not iscomplexobj(x)


def isscalar(element: Any) -> bool:
    """Whether an object is a number or an array of rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.isscalar(3.0), jnp.isscalar(jnp.ones(1))
        (True, False)
    """
    if isinstance(element, Array):
        return element.ndim == 0
    return bool(np.isscalar(element)) or (isinstance(element, np.ndarray) and element.ndim == 0)


def iterable(y: Any) -> bool:
    """Whether an object can be iterated over; arrays of rank 0 cannot.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.iterable(jnp.ones(2)), jnp.iterable(jnp.float32(1))
        (True, False)
    """
    return y.ndim > 0 if isinstance(y, Array) else bool(np.iterable(y))
