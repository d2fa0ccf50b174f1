"""Concrete arrays: an aval over an immutable, C-contiguous NumPy buffer."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.operators import Array
from minijax.core.quiet import quiet


class ConcreteArray(Array):
    """An array whose elements are known. Made by `wrap` and `to_array`."""

    __slots__ = ("__weakref__", "_value", "aval")

    def __init__(self, value: np.ndarray, aval: ShapedArray) -> None:
        self._value = value
        self.aval = aval

    # -- conversion to Python and NumPy

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if dtype is None or np.dtype(dtype) == self._value.dtype:
            return self._value.copy() if copy else self._value
        if copy is False:
            raise ValueError(f"An array of {self.aval} cannot be seen as {dtype} without a copy.")
        return self._value.astype(dtype)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self._value)  # type: ignore[arg-type]

    def __dlpack__(self, **options: Any) -> Any:
        options.pop("stream", None)
        # Before DLPack 1.0 a consumer could not be told that memory is read-only: it gets a copy.
        is_told = (options.get("max_version") or (0, 0)) >= (1, 0)
        return (self._value if is_told else self._value.copy()).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._value.__dlpack_device__()

    def __bool__(self) -> bool:
        if self._value.size != 1:
            raise ValueError(
                f"The truth value of an array of shape {self.shape} is ambiguous: "
                "use .any() or .all()."
            )
        return bool(self._value.reshape(()))

    def __int__(self) -> int:
        return int(self._real("int"))

    def __float__(self) -> float:
        return float(self._real("float"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex"))

    def __index__(self) -> int:
        if self.aval.shape or not dtypes.is_integer(self.aval.dtype):
            raise TypeError(f"Only integer arrays of rank 0 are indices, got {self.aval}.")
        return int(self._value)

    def _real(self, kind: str) -> Any:
        value = self._scalar(kind)
        if dtypes.is_complex(self.aval.dtype):
            raise TypeError(f"{kind}() takes real numbers, got {self.aval}: use .real or abs().")
        return value

    def _scalar(self, kind: str) -> Any:
        if self._value.ndim:
            raise TypeError(
                f"{kind}() takes arrays of rank 0, got shape {self.shape}: use .item()"
                " for an array with one element."
            )
        return self._value[()]

    def item(self, *args: int) -> Any:
        """Returns one element as a Python scalar."""
        return self._value.item(*args)

    def tolist(self) -> Any:
        """Returns the elements as nested Python lists."""
        return self._value.tolist()

    def tobytes(self, order: str = "C") -> bytes:
        """Returns the bytes of the elements."""
        return self._value.tobytes(order)  # type: ignore[arg-type]

    # -- printing, copying, pickling

    def __repr__(self) -> str:
        weak = ", weak_type=True" if self.weak_type else ""
        dtype = f"dtype={dtype_name(self.dtype)}{weak})"
        if self._value.size == 0:
            return f"Array([], shape={self.shape}, {dtype}"
        body = np.array2string(_printable(self._value), separator=", ", prefix="Array(")
        joint = ", " if len(body.rpartition("\n")[2]) + len(dtype) < 70 else ",\n      "
        return f"Array({body}{joint}{dtype}"

    def __str__(self) -> str:
        return str(_printable(self._value))

    def __format__(self, spec: str) -> str:
        return format(self._value[()] if not self._value.ndim else self._value, spec)

    def __copy__(self) -> ConcreteArray:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ConcreteArray:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._value, self.aval.weak_type)

    # -- what only makes sense with devices, with its meaning on one CPU

    def is_deleted(self) -> bool:
        """Whether the elements are gone: donated to a function, or deleted."""
        return False

    def delete(self) -> None:
        """Gives the elements up; using the array is an error from now on."""
        mark_deleted(self)

    def is_ready(self) -> bool:
        """Whether the elements have been computed; always, as calls wait for them."""
        return True

    def on_device_size_in_bytes(self) -> int:
        """Returns the bytes of all elements."""
        return self._value.nbytes

    def clone(self) -> ConcreteArray:
        """Returns the array: what cannot change needs no copy."""
        return self

    def unsafe_buffer_pointer(self) -> int:
        """Returns the address of the first element."""
        return self._value.ctypes.data


class DeletedArray(ConcreteArray):
    """What an array becomes when its elements are gone. Its shape and dtype remain."""

    __slots__ = ()

    @property
    def _value(self) -> np.ndarray:  # type: ignore[override]
        raise self._error()

    @property
    def aval(self) -> ShapedArray:  # type: ignore[override]
        # Every operation asks for it first.
        raise self._error()

    def _error(self) -> RuntimeError:
        return RuntimeError(
            f"Array has been deleted with shape={_kept_aval(self)}: it was donated to a jitted "
            "function (donate_argnums), which uses its memory for a result, or delete() was "
            "called. Use the result in its place, keep a copy, or do not donate it."
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes that it had."""
        return _kept_aval(self).shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype that it had."""
        return _kept_aval(self).dtype

    def is_deleted(self) -> bool:
        """Whether the elements are gone: they are."""
        return True

    def delete(self) -> None:
        """Does nothing: there is nothing left to give up."""

    def __repr__(self) -> str:
        return f"Array(deleted, shape={self.shape}, dtype={dtype_name(self.dtype)})"


_value_slot: Any = vars(ConcreteArray)["_value"]
_aval_slot: Any = vars(ConcreteArray)["aval"]


def _kept_aval(x: ConcreteArray) -> ShapedArray:
    return _aval_slot.__get__(x)


def mark_deleted(x: ConcreteArray) -> None:
    """Takes the elements from an array; every later use of it raises.

    Example:
        >>> from minijax.numpy import arange
        >>> x = arange(3.0)
        >>> mark_deleted(x)
        >>> x.is_deleted(), x.shape
        (True, (3,))
    """
    x.__class__ = DeletedArray
    _value_slot.__delete__(x)


def _printable(value: np.ndarray) -> np.ndarray:
    return value["key<fry>"] if value.dtype == dtypes.key_dtype else value


def dtype_name(dtype: np.dtype) -> str:
    """Returns the long name of a dtype, `float64` or `key<fry>`."""
    return "key<fry>" if dtype == dtypes.key_dtype else dtype.name


def _restore(value: np.ndarray, weak_type: bool) -> ConcreteArray:
    return wrap(value, ShapedArray(value.shape, value.dtype, weak_type))


def wrap(value: Any, aval: ShapedArray) -> ConcreteArray:
    """Returns the array over a buffer that nobody else writes to.

    Args:
        value: a NumPy array or scalar of the dtype and shape of `aval`; copied only if it is not
            C-contiguous.
        aval: the aval of the array.
    """
    if type(value) is not np.ndarray or not value.flags.c_contiguous:
        # order="C" would keep a scalar's rank, np.ascontiguousarray would not.
        value = np.asarray(value, order="C")
    value.setflags(False)
    return ConcreteArray(value, aval)


def to_array(x: Any) -> Array:
    """Returns `x` as an array: arrays and tracers as they are, anything else copied.

    Raises:
        TypeError: if `x` is not an array, a number or an object that NumPy can see as an array.
    """
    if isinstance(x, Array):
        return x
    kind = type(x)
    if kind is np.ndarray:
        return _copied(x)
    scalar = dtypes.python_scalar_dtype(kind)
    if scalar is not None:
        dtype, weak = scalar
        return wrap(_scalar_buffer(x, dtype), ShapedArray((), dtype, weak))
    return _copied(x) if isinstance(x, np.ndarray | np.generic) else _foreign_array(x)


def _copied(x: np.ndarray | np.generic) -> ConcreteArray:
    dtype = dtypes.canonical(x.dtype)
    return wrap(np.array(x, dtype=dtype, order="C"), ShapedArray(x.shape, dtype))


@functools.lru_cache(maxsize=2048)
def _scalar(x: Any, sign: bool, dtype: np.dtype, weak: bool) -> ConcreteArray:
    with quiet():
        return wrap(_rounded(x, dtype), ShapedArray((), dtype, weak))


def _rounded(x: Any, dtype: np.dtype) -> np.ndarray:
    """Returns a number in a dtype; an int that does not fit wraps, as a conversion would."""
    try:
        return np.array(x, dtype)
    except OverflowError:
        if dtype.kind not in "iu":
            raise
        return np.array(x, np.int64).astype(dtype)


def scalar(x: Any, dtype: np.dtype, weak: bool = False) -> Array:
    """Returns a number as an array of rank 0; equal ones share their buffer.

    Args:
        x: a Python or NumPy number; it is rounded to the dtype, and an int of 64 bits wraps.
        dtype: the dtype of the array.
        weak: whether the dtype gives way in promotion.
    """
    if isinstance(x, complex | np.complexfloating):
        return _scalar.__wrapped__(x, False, dtype, weak)
    # Zeros of either sign are equal keys, so a zero carries its sign beside it.
    negative_zero = x == 0 and str(x)[0] == "-"
    return _scalar(x, negative_zero, dtype, weak)


def _scalar_buffer(x: Any, dtype: np.dtype) -> np.ndarray:
    try:
        return np.array(x, dtype)
    except OverflowError as error:
        raise OverflowError(f"Python int {x} does not fit into {dtype}.") from error


def _foreign_array(x: Any) -> Array:
    convert = getattr(x, "__jax_array__", None)
    if convert is not None:
        return to_array(convert())
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return to_array(np.asarray(x))
    if hasattr(x, "__dlpack__"):
        return to_array(np.from_dlpack(x))
    raise TypeError(
        f"Expected an array or a number, got {type(x).__name__}: {x!r:.80}. "
        "Nested lists become arrays with minijax.numpy.asarray(...)."
    )


def aval_of(x: Any) -> Any:
    """Returns the aval of an array, a tracer, a NumPy value or a Python number."""
    try:
        return x.aval
    except AttributeError:
        pass
    scalar = dtypes.python_scalar_dtype(type(x))
    if scalar is not None:
        return ShapedArray((), *scalar)
    if isinstance(x, np.ndarray | np.generic):
        return ShapedArray(x.shape, dtypes.canonical(x.dtype))
    return to_array(x).aval


def value_of(x: Any) -> Any:
    """Returns the NumPy buffer of a concrete value (for opaque avals the value itself)."""
    if type(x) is ConcreteArray:
        return x._value
    if isinstance(x, np.ndarray):
        return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))
    if hasattr(x, "aval"):
        return x
    return to_array(x)._value
