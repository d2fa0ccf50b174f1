"""What minijax.experimental.compilation_cache exports; written from the table in `__init__.py`."""

from minijax.experimental.compilation_cache import compilation_cache as compilation_cache

__all__ = ["compilation_cache"]
