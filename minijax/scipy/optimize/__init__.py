"""Minimization, under the names of `scipy.optimize`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.optimize.minimizing": "OptimizeResults minimize",
    },
    wrap=_guarded,
)
