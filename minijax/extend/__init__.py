"""For libraries that extend the package: primitives of one's own, and programs as data.

A primitive is declared with the same statement that the built-in ones use.
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.core.primitive": "Primitive absent constant linear linear_in primitive",
        "minijax.extend": "backend core linear_util random source_info_util",
        "minijax.interpreters.transpose": "UndefinedPrimal is_linear",
    },
)
