"""Images of other sizes, under the names of `jax.image`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.image.resizing": "ResizeMethod resize scale_and_translate",
    },
    wrap=_guarded,
)
