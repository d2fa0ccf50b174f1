"""Windows of signal processing by name, from SciPy's collection."""

from __future__ import annotations

from typing import Any

import numpy as np


def named_window(name: Any, length: int) -> np.ndarray:
    """Returns the periodic window of a name and length.

    Args:
        name: what `scipy.signal.get_window` takes: a string, or a tuple of a string and parameters.
        length: the number of samples.

    Raises:
        ValueError: if there is no such window.
    """
    from scipy.signal import get_window

    return get_window(name, length)
