"""Rows for iota."""

import numpy as np

from minijax.core import dtypes
from minijax.primitives.creation import broadcasted_iota, iota
from tests.primitives.case import Case


def _iota(dtype: np.dtype, shape: tuple, dimension: int) -> Case:
    def reference() -> np.ndarray:
        line = np.arange(shape[dimension]).astype(dtype)
        across = [n if d == dimension else 1 for d, n in enumerate(shape)]
        return np.broadcast_to(line.reshape(across), shape)

    return Case(
        "iota",
        lambda: broadcasted_iota(dtype, shape, dimension),
        (),
        (dtype,),
        reference,
        f"{dtypes.short_name(dtype)} {shape} {dimension}",
        batched=(),
    )


CASES: list[Case] = [
    *(_iota(dtype, (5,), 0) for dtype in dtypes.NUMERIC),
    _iota(dtypes.int64, (2, 3, 4), 1),
    _iota(dtypes.float32, (2, 3), 0),
    _iota(dtypes.int8, (300,), 0),
    _iota(dtypes.int64, (0, 3), 1),
    Case("iota", lambda: iota(int, 3), (), (dtypes.int64,), lambda: np.arange(3), batched=()),
]
