"""Krylov methods, under the names of `scipy.sparse.linalg`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.sparse.linalg.arnoldi": "gmres",
        "minijax.scipy.sparse.linalg.recurrences": "bicgstab cg",
    },
    wrap=_guarded,
)
