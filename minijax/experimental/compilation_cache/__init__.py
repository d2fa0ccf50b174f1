"""The folder for compiled programs: a setting that is accepted."""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.experimental.compilation_cache": "compilation_cache",
    },
)
