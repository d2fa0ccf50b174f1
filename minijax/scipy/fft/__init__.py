"""Discrete cosine transforms, as in `scipy.fft`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.fft.cosine": "dct dctn idct idctn",
    },
    wrap=_guarded,
)
