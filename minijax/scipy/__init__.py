"""SciPy's functions on arrays that can be differentiated, mapped and compiled."""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy": """
            cluster fft integrate interpolate linalg ndimage optimize signal sparse spatial special
            stats
        """,
    },
)
