"""Where the functions behind the operators, methods and properties of arrays are defined.

`minijax.core.operators` asks for one when its operator is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minijax.core.lazy import find, places

_PLACES = places(
    {
        "minijax.numpy.axes": "mT=matrix_transpose ravel squeeze swapaxes",
        "minijax.numpy.elementary": "conj conjugate imag real",
        "minijax.numpy.indexing": "getitem",
        "minijax.numpy.joining": "repeat",
        "minijax.numpy.linear": "dot matmul",
        "minijax.numpy.logic": """
            bitwise_and bitwise_not bitwise_or bitwise_xor equal greater greater_equal left_shift
            less less_equal not_equal right_shift
        """,
        "minijax.numpy.matrices": "diagonal trace",
        "minijax.numpy.methods": """
            T=reverse_axes astype at choose compress copy flat flatten namespace reshape transpose
            view
        """,
        "minijax.numpy.reductions": """
            all any argmax argmin cumprod cumsum max min prod ptp sum
        """,
        "minijax.numpy.rounding": "round",
        "minijax.numpy.selection": "nonzero",
        "minijax.numpy.sorting": "argpartition argsort searchsorted sort",
        "minijax.numpy.statistics": "mean std var",
        "minijax.numpy.taking": "take",
        "minijax.numpy.ufuncs": """
            abs add clip divide divmod floor_divide multiply negative positive power remainder
            subtract
        """,
        "minijax.sharding.array_places": """
            addressable_data addressable_shards=shards device devices global_shards=shards
            sharding to_device
        """,
    }
)


def attribute(name: str) -> Callable[..., Any]:
    """Returns the function behind an operator, method or property.

    >>> attribute("add")(1, 2)
    Array(3, dtype=int64, weak_type=True)
    """
    function: Callable[..., Any] = find(_PLACES[name])
    return function
