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
from minijax.numpy.dtypes import extended as extended
from minijax.numpy.dtypes import finfo as finfo
from minijax.numpy.dtypes import iinfo as iinfo
from minijax.numpy.dtypes import issubdtype as issubdtype
from minijax.numpy.dtypes import prng_key as prng_key
from minijax.numpy.dtypes import promote_types as promote_types
from minijax.numpy.dtypes import result_type as result_type
from minijax.numpy.dtypes import to_dtype


def canonicalize_dtype(dtype: Any) -> np.dtype:
    """Returns the dtype that arrays get when they are made with `dtype`.

    Example:
        >>> from minijax import dtypes
        >>> dtypes.canonicalize_dtype(float)
        dtype('float64')
    """
    return to_dtype(dtype)
