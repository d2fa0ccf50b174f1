"""Floor 1: the interpretations of the one language of primitives.

The modules named here are those that other libraries reach without an import of their own.
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {"minijax.interpreters": "ad batching mlir partial_eval pxla xla"},
)
