"""Universal functions: elementwise functions that can also reduce, accumulate and update.

jnp.add(x, y)            jnp.add.reduce(x)         jnp.add.outer(x, y)
jnp.add.at(x, i, y)      jnp.add.accumulate(x)     jnp.add.reduceat(x, i)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minijax.core import dtypes, quick
from minijax.core.operators import Array
from minijax.core.source import api_boundary, filter_traceback
from minijax.numpy import elementary, logic, reductions, ufuncs
from minijax.numpy.axes import moveaxis, ravel, reshape
from minijax.numpy.creation import zeros
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.joining import concatenate
from minijax.numpy.mapping import vectorize
from minijax.numpy.promotion import (
    UnsupportedArgumentError,
    canonical_axes,
    canonical_axis,
    convert,
    operand,
    refuse_out,
    spread_to,
)
from minijax.numpy.ranges import arange
from minijax.numpy.selection import where as choose_where
from minijax.primitives.control.loops import fori_loop, scan


class ufunc:  # noqa: N801 - NumPy's name
    """An elementwise function with methods that apply it along axes.

    Attributes:
        nin: how many arrays it takes.
        nout: how many it returns.
        nargs: how many arguments there are, nin unless told otherwise.
        identity: the value that changes nothing, None if there is none.

    Args:
        func: a function of scalars that returns a scalar.
        nin, nout, identity: as above.
        name: its name, that of `func` if None.
        call: the function of arrays; `func` is applied to each element if None.
        reduce: what `.reduce` does, where there is something faster than a loop.
        accumulate: the same for `.accumulate`.
        at: the same for `.at`.
        reduceat: the same for `.reduceat`.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.add.reduce(jnp.array([[1, 2], [3, 4]]), axis=1)
        Array([3, 7], dtype=int64)
        >>> jnp.multiply.outer(jnp.array([1, 2]), jnp.array([3, 4]))
        Array([[3, 4],
               [6, 8]], dtype=int64)
    """

    def __init__(
        self,
        func: Callable[..., Any],
        /,
        nin: int,
        nout: int,
        *,
        name: str | None = None,
        nargs: int | None = None,
        identity: Any = None,
        call: Callable[..., Any] | None = None,
        reduce: Callable[..., Any] | None = None,
        accumulate: Callable[..., Any] | None = None,
        at: Callable[..., Any] | None = None,
        reduceat: Callable[..., Any] | None = None,
    ) -> None:
        self.__doc__ = func.__doc__
        self.__name__ = str(name or getattr(func, "__name__", type(func).__name__))
        self.__qualname__ = self.__name__
        self.__module__ = getattr(func, "__module__", "minijax.numpy")
        self.nin = nin
        self.nout = nout
        self.nargs = nin if nargs is None else nargs
        self.identity = identity
        self._func = func
        self._call = vectorize(func) if call is None else call
        self._reduce, self._accumulate = reduce, accumulate
        self._at, self._reduceat = at, reduceat

    def __repr__(self) -> str:
        return f"<jnp.ufunc '{self.__name__}'>"

    def __hash__(self) -> int:
        return hash((self._func, self.nin, self.nout))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ufunc):
            return NotImplemented
        mine = (self._func, self.nin, self.nout, self.identity, self.__name__)
        return mine == (other._func, other.nin, other.nout, other.identity, other.__name__)

    def __reduce__(self) -> Any:
        if self.__module__ == "minijax.numpy":
            return self.__name__  # found there
        return frompyfunc, (self._func, self.nin, self.nout)

    # A boundary written out, as for operators: a call must cost no more than the function's.
    def __call__(self, *args: Any, out: None = None, where: None = None) -> Any:
        try:
            if out is not None or where is not None:
                _refuse(self.__name__, out, where)
            if quick.apply is not None:
                found = quick.apply(self._call, *args)
                if found is not None:
                    return found
            return self._call(*args)
        except Exception as error:
            filter_traceback(error)
            raise

    @api_boundary
    def reduce(
        self,
        a: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = None,
    ) -> Array:
        """Returns the elements along an axis combined into one.

        Args:
            a: an array.
            axis: the axis, a tuple of axes, or None for all.
            dtype: the dtype of the result.
            out: must be None.
            keepdims: whether reduced axes stay with length 1.
            initial: a value to start with.
            where: which elements take part; needs an identity or `initial`.

        Raises:
            ValueError: if there is no element, and neither an identity nor `initial`.
            TypeError: if the function does not take two arrays and return one.
        """
        refuse_out(f"{self.__name__}.reduce", out)
        self._check_binary("reduce")
        if where is not None and initial is None and self.identity is None:
            raise ValueError(
                f"{self.__name__}.reduce has no identity to stand for what where= leaves out: "
                "give initial=."
            )
        if self._reduce is not None:
            return self._reduce(
                a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where
            )
        return self._reduce_in_loop(a, axis, dtype, keepdims, initial, where)

    def _reduce_in_loop(
        self, a: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any
    ) -> Array:
        name = f"{self.__name__}.reduce"
        x = operand(a, name)
        axes = canonical_axes(axis, x.ndim, name)
        mask = None if where is None else spread_to(logic.truth(where, name), x.shape)
        rows, kept = _rows(x, axes)
        found = self._result_dtype(rows.dtype) if dtype is None else to_dtype(dtype)
        rows = convert(rows, found)
        start = self.identity if initial is None else initial
        if start is None and not rows.shape[0]:
            raise ValueError(
                f"zero-size array to reduction operation {self.__name__} which has no identity"
            )
        first = 0 if start is not None else 1
        carry = rows[0] if first else spread_to(convert(operand(start, name), found), kept)
        masks = None if mask is None else _rows(mask, axes)[0][first:]

        def step(total: Any, row: Any) -> Any:
            value, is_used = row
            combined = convert(self._call(total, value), found)
            return (combined if is_used is None else choose_where(is_used, combined, total)), None

        result, _ = scan(step, convert(carry, found), (rows[first:], masks))
        sizes = tuple(1 if d in axes else n for d, n in enumerate(x.shape))
        return reshape(result, sizes) if keepdims else result

    def _result_dtype(self, dtype: np.dtype) -> np.dtype:
        one = zeros((), dtype)
        return operand(self._call(one, one), self.__name__).dtype

    def _check_binary(self, method: str) -> None:
        if self.nin != 2:
            raise ValueError(f"{method} only supported for binary ufuncs, {self!r} is not.")
        if self.nout != 1:
            raise ValueError(
                f"{method} only supported for functions returning a single value, not {self!r}."
            )

    @api_boundary
    def accumulate(self, a: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Array:
        """Returns the elements up to each one along an axis combined.

        Args:
            a: an array.
            axis: the axis.
            dtype: the dtype of the result.
            out: must be None.

        Raises:
            ValueError: if the function does not take two arrays and return one.
        """
        refuse_out(f"{self.__name__}.accumulate", out)
        self._check_binary("accumulate")
        x = operand(a, f"{self.__name__}.accumulate")
        if axis is None or isinstance(axis, tuple):
            raise ValueError(f"{self.__name__}.accumulate takes one axis, got {axis!r}.")
        place = canonical_axis(axis, x.ndim, f"{self.__name__}.accumulate")
        if self._accumulate is not None:
            return self._accumulate(x, axis=place, dtype=dtype)
        rows: Any = moveaxis(x, place, 0)
        found = self._result_dtype(rows.dtype) if dtype is None else to_dtype(dtype)
        rows = convert(rows, found)
        if not rows.shape[0]:
            return x if x.dtype == found else convert(x, found)

        def step(total: Any, row: Any) -> Any:
            index, value = row
            result = convert(self._call(total, value), found)
            result = choose_where(index == 0, value, result)
            return result, result

        _, results = scan(step, rows[0], (arange(rows.shape[0]), rows))
        return moveaxis(results, 0, place)

    @api_boundary
    def outer(self, A: Any, B: Any, /) -> Any:
        """Returns the function of every pair of elements of two arrays.

        Args:
            A, B: arrays.

        Returns:
            An array of the shape of A followed by that of B.
        """
        if self.nin != 2:
            raise ValueError(f"outer only supported for binary ufuncs, {self!r} is not.")
        first, second = operand(A, "outer"), operand(B, "outer")
        column = reshape(first, first.shape + (1,) * second.ndim)
        return self._call(column, second)

    @api_boundary
    def at(self, a: Any, indices: Any, b: Any = None, /, *, inplace: bool = True) -> Array:
        """Returns an array updated at indices; those that come twice are updated twice.

        Args:
            a: an array.
            indices: an index of it.
            b: the second operand, for functions of two arrays; it broadcasts.
            inplace: must be False: arrays are immutable.

        Raises:
            UnsupportedArgumentError: if `inplace` is True.
        """
        if inplace:
            raise UnsupportedArgumentError(
                f"{self.__name__}.at cannot change an array: use inplace=False and the result."
            )
        if (self.nin == 2) != (b is not None):
            raise ValueError(f"{self!r} takes {self.nin} operands: .at needs b for two only.")
        if self._at is not None:
            return self._at(a, indices, b)
        return self._at_in_loop(a, indices, b)

    def _at_in_loop(self, a: Any, indices: Any, b: Any) -> Array:
        x: Any = operand(a, f"{self.__name__}.at")
        places: Any = reshape(arange(x.size), x.shape)[indices]
        values: Any = () if b is None else ravel(spread_to(operand(b, "at"), places.shape))
        places = ravel(places)

        def body(i: Any, flat: Any) -> Any:
            more = () if b is None else (values[i],)
            return flat.at[places[i]].set(convert(self._call(flat[places[i]], *more), x.dtype))

        return reshape(fori_loop(0, places.size, body, ravel(x)), x.shape)

    @api_boundary
    def reduceat(
        self, a: Any, indices: Any, axis: int = 0, dtype: Any = None, out: None = None
    ) -> Array:
        """Returns the reductions of the parts of an axis that begin at indices.

        Args:
            a: an array.
            indices: where parts begin, a vector of integers; a part ends where the next one
                begins, and is a single element if that is not further on.
            axis: the axis.
            dtype: the dtype of the result.
            out: must be None.

        Raises:
            ValueError: if the function does not take two arrays and return one.
        """
        refuse_out(f"{self.__name__}.reduceat", out)
        self._check_binary("reduceat")
        x = operand(a, f"{self.__name__}.reduceat")
        starts: Any = operand(indices, "reduceat")
        if starts.ndim != 1 or not dtypes.is_integer(starts.dtype):
            raise ValueError(f"reduceat takes a vector of integers, got {starts.aval}.")
        if axis is None or isinstance(axis, tuple):
            raise ValueError(f"{self.__name__}.reduceat takes one axis, got {axis!r}.")
        place = canonical_axis(axis, x.ndim, "reduceat")
        rows: Any = moveaxis(x, place, 0)
        found = self._result_dtype(rows.dtype) if dtype is None else to_dtype(dtype)
        rows = convert(rows, found)
        ends: Any = concatenate([starts[1:], zeros(1, starts.dtype) + rows.shape[0]])
        column = (-1,) + (1,) * (rows.ndim - 1)
        firsts, ends = reshape(starts, column), reshape(ends, column)

        def step(total: Any, row: Any) -> Any:
            index, value = row
            is_inside = (index > firsts) & (index < ends)
            combined = convert(self._call(total, spread_to(value, total.shape)), found)
            return choose_where(is_inside, combined, total), None

        result, _ = scan(step, rows[starts], (arange(rows.shape[0]), rows))
        return moveaxis(result, 0, place)


def _rows(x: Array, axes: tuple[int, ...]) -> tuple[Any, tuple[int, ...]]:
    """Returns an array with some axes merged in front, and the shape of the others."""
    kept = tuple(n for d, n in enumerate(x.shape) if d not in axes)
    count = int(np.prod([x.shape[d] for d in axes], dtype=np.int64))
    return reshape(moveaxis(x, axes, tuple(range(len(axes)))), (count, *kept)), kept


def _refuse(name: str, out: Any, where: Any) -> None:
    refuse_out(name, out)
    if where is not None:
        raise UnsupportedArgumentError(f"{name}: use jnp.where(condition, {name}(...), otherwise).")


def frompyfunc(func: Callable[..., Any], /, nin: int, nout: int, *, identity: Any = None) -> ufunc:
    """Returns a universal function made of a function of scalars.

    Args:
        func: takes `nin` scalars and returns `nout`; it must be traceable.
        nin: how many arrays it takes.
        nout: how many it returns.
        identity: the value that changes nothing.

    Example:
        >>> import minijax.numpy as jnp
        >>> distance = jnp.frompyfunc(lambda x, y: abs(x - y), nin=2, nout=1)
        >>> distance.outer(jnp.array([1, 5]), jnp.array([2, 3]))
        Array([[1, 2],
               [3, 2]], dtype=int64)
    """
    return ufunc(func, nin, nout, identity=identity)


# -- the functions of this package that are universal


def _updated(method: str) -> Callable[..., Array]:
    def at(a: Any, indices: Any, b: Any) -> Array:
        x: Any = operand(a, "at")
        return getattr(x.at[indices], method)(b)

    return at


def _logical(reduce: Callable[..., Array]) -> Callable[..., Array]:
    def of_truth(a: Any, dtype: Any = None, initial: Any = None, **options: Any) -> Array:
        result = reduce(a, **options)
        if initial is not None:
            combine = logic.logical_and if reduce is reductions.all else logic.logical_or
            result = combine(initial, result)
        return result if dtype is None else convert(result, to_dtype(dtype))

    return of_truth


def _extreme(reduce: Callable[..., Array]) -> Callable[..., Array]:
    def in_dtype(a: Any, dtype: Any = None, **options: Any) -> Array:
        x = operand(a, "reduce")
        return reduce(x if dtype is None else convert(x, to_dtype(dtype)), **options)

    return in_dtype


def _negative_at(a: Any, indices: Any, b: None) -> Array:
    x: Any = operand(a, "negative.at")
    return x.at[indices].apply(ufuncs.negative)


def _own(function: Callable[..., Any], nin: int, identity: Any, **methods: Any) -> ufunc:
    made = ufunc(function, nin, 1, identity=identity, call=function, **methods)
    made.__module__ = "minijax.numpy"  # where pickle finds it
    return made


def _of_differences(a: Any, indices: Any, b: Any) -> Array:
    x: Any = operand(a, "subtract.at")
    return x.at[indices].subtract(b)


add = _own(
    ufuncs.add,
    2,
    0,
    reduce=reductions.sum,
    accumulate=reductions.cumsum,
    at=_updated("add"),
)
subtract = _own(ufuncs.subtract, 2, None, at=_of_differences)
multiply = _own(
    ufuncs.multiply,
    2,
    1,
    reduce=reductions.prod,
    accumulate=reductions.cumprod,
    at=_updated("multiply"),
)
negative = _own(ufuncs.negative, 1, None)
maximum = _own(ufuncs.maximum, 2, None, reduce=_extreme(reductions.max), at=_updated("max"))
minimum = _own(ufuncs.minimum, 2, None, reduce=_extreme(reductions.min), at=_updated("min"))
logaddexp = _own(elementary.logaddexp, 2, -np.inf)
logaddexp2 = _own(elementary.logaddexp2, 2, -np.inf)
logical_and = _own(logic.logical_and, 2, True, reduce=_logical(reductions.all))
logical_or = _own(logic.logical_or, 2, False, reduce=_logical(reductions.any))
logical_xor = _own(logic.logical_xor, 2, False)
bitwise_and = _own(logic.bitwise_and, 2, -1)
bitwise_or = _own(logic.bitwise_or, 2, 0)
bitwise_xor = _own(logic.bitwise_xor, 2, 0)
