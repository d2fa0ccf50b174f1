"""Arrays in files and as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.operators import Array
from minijax.numpy.creation import asarray
from minijax.numpy.dtypes import to_dtype

# These only read arrays, and NumPy's own work on ours.
array_str = np.array_str
get_printoptions = np.get_printoptions
printoptions = np.printoptions
save = np.save
savez = np.savez
set_printoptions = np.set_printoptions


def array_repr(
    arr: Any,
    max_line_width: int | None = None,
    precision: int | None = None,
    suppress_small: bool | None = None,
) -> str:
    """Returns the text that stands for an array, as `repr` does, with a layout of its own.

    Args:
        arr: an array.
        max_line_width: the width of a line.
        precision: the digits after the point.
        suppress_small: whether very small numbers are shown as zero.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.array_repr(jnp.array([0.123456]), precision=2)
        'Array([0.12])'
    """
    text = np.array_repr(np.asarray(arr), max_line_width, precision, suppress_small)
    return "A" + text[1:]


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """Returns the array in a file that `save` wrote.

    Args:
        file: a path or a file opened for reading bytes.
        *args, **kwargs: as for `numpy.load`.

    Returns:
        An array; for a file of several arrays what `numpy.load` returns.

    Example:
        >>> import io
        >>> import minijax.numpy as jnp
        >>> file = io.BytesIO()
        >>> jnp.save(file, jnp.arange(3))
        >>> _ = file.seek(0)
        >>> jnp.load(file)
        Array([0, 1, 2], dtype=int64)
    """
    found = np.load(file, *args, **kwargs)
    if not isinstance(found, np.ndarray):
        return found
    # Files know bfloat16 only as two bytes without a meaning.
    if found.dtype == np.dtype("V2"):
        found = found.view(to_dtype("bfloat16"))
    return asarray(found)


def fromstring(string: str, dtype: Any = float, count: int = -1, *, sep: str) -> Array:
    """Returns the numbers that are written in a text.

    Args:
        string: the text.
        dtype: the dtype of the numbers.
        count: how many to read, -1 for all.
        sep: what stands between two numbers.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fromstring("1 2 3", dtype=int, sep=" ")
        Array([1, 2, 3], dtype=int64)
    """
    return asarray(np.fromstring(string, to_dtype(dtype), count, sep=sep))


def fromfile(*args: Any, **kwargs: Any) -> Array:
    """Refuses to read a file: a traced program must not depend on what a file holds.

    Args:
        *args, **kwargs: what NumPy's `fromfile` takes; none is looked at.

    Returns:
        Nothing: it always raises.

    Raises:
        NotImplementedError: always, as its name promises what no transformation could repeat.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fromfile("numbers.bin")
        Traceback (most recent call last):
        NotImplementedError: fromfile reads from outside ... jnp.asarray(np.fromfile(...)).
    """
    raise _impure("fromfile")


def fromiter(*args: Any, **kwargs: Any) -> Array:
    """Refuses to consume an iterator: a traced program could not do it again.

    Args:
        *args, **kwargs: what NumPy's `fromiter` takes; none is looked at.

    Returns:
        Nothing: it always raises.

    Raises:
        NotImplementedError: always.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.fromiter(iter([1, 2]), int)
        Traceback (most recent call last):
        NotImplementedError: fromiter reads from outside ... jnp.asarray(np.fromiter(...)).
    """
    raise _impure("fromiter")


def _impure(name: str) -> Exception:
    return NotImplementedError(
        f"{name} reads from outside of the program, which tracing cannot record. Read with NumPy "
        f"and convert: jnp.asarray(np.{name}(...))."
    )
