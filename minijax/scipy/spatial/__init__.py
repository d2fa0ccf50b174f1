"""Geometry, under the names of `scipy.spatial`."""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.spatial": "transform",
    },
)
