"""`Array`: the one face of arrays, shared by concrete arrays and tracers.

Every operator and method is a row of a table below that names a function of the vocabulary.
Concrete arrays and tracers cannot differ: both inherit what is here and define only how they hold
their value. A function is imported when its operator or method is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minijax.core.avals import ShapedArray
from minijax.core.quick import quick_boundary
from minijax.core.slots import filling
from minijax.core.source import api_boundary, filter_traceback

# Operator -> function of the vocabulary; each also gets its reflected form.
BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "divmod": "divmod",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
}
COMPARISON = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}

# Methods and properties that the vocabulary supplies with the array as first argument.
METHODS = tuple(
    """
    all any argmax argmin argpartition argsort astype choose clip compress conj conjugate copy
    cumprod cumsum diagonal dot flatten max mean min nonzero prod ptp ravel repeat reshape round
    searchsorted sort squeeze std sum swapaxes take trace transpose var view
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)
PROPERTIES = ("T", "mT", "at", "real", "imag", "flat")

# The same, of what speaks of devices.
PLACE_METHODS = ("addressable_data", "devices", "to_device")
PLACE_PROPERTIES = ("addressable_shards", "device", "global_shards", "sharding")


class Array:
    """An immutable n-dimensional array; `isinstance(x, Array)` holds for tracers too.

    Arrays are made by `minijax.numpy` functions, never by calling this class.
    """

    __slots__ = ()
    # NumPy's operators give way to the reflected operators below.
    __array_priority__ = 100
    __hash__ = None  # type: ignore[assignment]

    aval: ShapedArray

    is_fully_addressable = True
    is_fully_replicated = True
    committed = False

    if TYPE_CHECKING:
        # What the tables add, for type checkers.
        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __add__(self, other: Any) -> Array: ...
        def __radd__(self, other: Any) -> Array: ...
        def __sub__(self, other: Any) -> Array: ...
        def __rsub__(self, other: Any) -> Array: ...
        def __mul__(self, other: Any) -> Array: ...
        def __rmul__(self, other: Any) -> Array: ...
        def __truediv__(self, other: Any) -> Array: ...
        def __rtruediv__(self, other: Any) -> Array: ...
        def __floordiv__(self, other: Any) -> Array: ...
        def __rfloordiv__(self, other: Any) -> Array: ...
        def __mod__(self, other: Any) -> Array: ...
        def __rmod__(self, other: Any) -> Array: ...
        def __divmod__(self, other: Any) -> Array: ...
        def __rdivmod__(self, other: Any) -> Array: ...
        def __pow__(self, other: Any) -> Array: ...
        def __rpow__(self, other: Any) -> Array: ...
        def __matmul__(self, other: Any) -> Array: ...
        def __rmatmul__(self, other: Any) -> Array: ...
        def __and__(self, other: Any) -> Array: ...
        def __rand__(self, other: Any) -> Array: ...
        def __or__(self, other: Any) -> Array: ...
        def __ror__(self, other: Any) -> Array: ...
        def __xor__(self, other: Any) -> Array: ...
        def __rxor__(self, other: Any) -> Array: ...
        def __lshift__(self, other: Any) -> Array: ...
        def __rlshift__(self, other: Any) -> Array: ...
        def __rshift__(self, other: Any) -> Array: ...
        def __rrshift__(self, other: Any) -> Array: ...
        def __eq__(self, other: object) -> Array: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Array: ...  # type: ignore[override]
        def __lt__(self, other: Any) -> Array: ...
        def __le__(self, other: Any) -> Array: ...
        def __gt__(self, other: Any) -> Array: ...
        def __ge__(self, other: Any) -> Array: ...
        def __neg__(self) -> Array: ...
        def __pos__(self) -> Array: ...
        def __abs__(self) -> Array: ...
        def __invert__(self) -> Array: ...
        def __int__(self) -> int: ...
        def __index__(self) -> int: ...
        def __float__(self) -> float: ...
        def __bool__(self) -> bool: ...

    # Subclasses have their own and do not call it: making an array costs no check.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError(
            "minijax.Array cannot be called: make arrays with minijax.numpy.asarray(...)."
        )

    # Subclasses have their own; libraries look these two up in the class.
    def item(self, *args: int) -> Any:
        """Returns one element as a Python scalar."""
        return np.asarray(self).item(*args)

    def copy_to_host_async(self) -> None:
        """Does nothing: arrays are on the host."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.aval.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements."""
        return self.aval.dtype

    @property
    def weak_type(self) -> bool:
        """Whether the dtype came from Python scalars and gives way in promotion."""
        return self.aval.weak_type

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.aval.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.aval.size

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self.aval.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.aval.size * self.aval.dtype.itemsize

    def __len__(self) -> int:
        if not self.aval.shape:
            raise TypeError("len() of an array of rank 0: only arrays with an axis have a length.")
        return self.aval.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.aval.shape:
            raise TypeError("iteration over an array of rank 0: use it directly, or .item().")
        return (self[i] for i in range(self.aval.shape[0]))

    def __reversed__(self) -> Iterator[Any]:
        if not self.aval.shape:
            raise TypeError("reversed() of an array of rank 0.")
        return (self[i] for i in reversed(range(self.aval.shape[0])))

    @api_boundary
    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "Arrays are immutable: x[i] = v cannot change one. "
            "Write x = x.at[i].set(v), which returns the changed array."
        )

    def __delitem__(self, index: Any) -> None:
        raise TypeError("Arrays are immutable: use minijax.numpy.delete to leave elements out.")

    def __round__(self, ndigits: int | None = None) -> Any:
        rounded = filling("array_attribute")("round")(self, ndigits or 0)
        return rounded.astype(int) if ndigits is None else rounded

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return filling("array_attribute")("namespace")(api_version)

    def block_until_ready(self) -> Array:
        """Returns the array; computations are finished when their call returns."""
        return self


_OPERANDS = (Array, bool, int, float, complex, np.generic, np.ndarray)


def is_operand(x: Any) -> bool:
    """Whether an operator takes `x` (arrays and scalars; lists and strings are refused)."""
    return isinstance(x, _OPERANDS) or hasattr(x, "__jax_array__")


# Operators are boundaries written out: a `try` costs nothing where no error occurs, a wrapper does.


def _operator(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    # Python would answer == and != by identity where both operands refuse.
    refused = (list, tuple, set, dict) if name in ("__eq__", "__ne__") else ()

    def operator(self: Array, other: Any) -> Any:
        try:
            if is_operand(other):
                return function(self, other)
            if isinstance(other, refused):
                raise TypeError(
                    f"An array cannot be compared with a {type(other).__name__}: "
                    "write jnp.asarray(...) around a list of numbers."
                )
            return NotImplemented
        except Exception as error:
            filter_traceback(error)
            raise

    operator.__name__ = operator.__qualname__ = name
    return operator


def _reflected(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Array, other: Any) -> Any:
        try:
            return function(other, self) if is_operand(other) else NotImplemented
        except Exception as error:
            filter_traceback(error)
            raise

    operator.__name__ = operator.__qualname__ = name
    return operator


def _subscript(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Array, index: Any) -> Any:
        try:
            return function(self, index)
        except Exception as error:
            filter_traceback(error)
            raise

    operator.__name__ = operator.__qualname__ = name
    return operator


def _method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Array) -> Any:
        try:
            return function(self)
        except Exception as error:
            filter_traceback(error)
            raise

    operator.__name__ = operator.__qualname__ = name
    return operator


class _Later:
    """An attribute of `Array` that is made when it is first looked up.

    Args:
        name: its name.
        function: the name of the function behind it.
        make: takes the attribute's name and the function to the attribute.
    """

    __slots__ = ("_function", "_make", "_name")

    def __init__(
        self, name: str, function: str, make: Callable[[str, Callable[..., Any]], Any]
    ) -> None:
        self._name, self._function, self._make = name, function, make
        setattr(Array, name, self)

    def __get__(self, array: Array | None, kind: type | None = None) -> Any:
        attribute = self._make(self._name, filling("array_attribute")(self._function))
        setattr(Array, self._name, attribute)
        return attribute.__get__(array, kind)


def _add_attributes() -> None:
    for operator, name in (BINARY | COMPARISON).items():
        _Later(f"__{operator}__", name, _operator)
    for operator, name in BINARY.items():
        _Later(f"__r{operator}__", name, _reflected)
    for operator, name in UNARY.items():
        _Later(f"__{operator}__", name, _method)
    _Later("__getitem__", "getitem", _subscript)
    for name in (*METHODS, *PLACE_METHODS):
        _Later(name, name, lambda _, function: quick_boundary(function))
    for name in (*PROPERTIES, *PLACE_PROPERTIES):
        _Later(name, name, lambda _, function: property(quick_boundary(function)))


_add_attributes()
