"""The flag `compilation_cache_dir`, which is kept; programs are compiled in every process."""

from __future__ import annotations

from minijax.core.config import config


def set_cache_dir(path: str) -> None:
    """Sets the folder of the cache.

    Example:
        >>> set_cache_dir("/tmp/cache")
        >>> is_initialized()
        True
        >>> reset_cache()
    """
    config.update("compilation_cache_dir", path)


initialize_cache = set_cache_dir


def reset_cache() -> None:
    """Forgets the folder of the cache."""
    config.update("compilation_cache_dir", None)


def is_initialized() -> bool:
    """Returns whether a folder is set."""
    return config.compilation_cache_dir is not None
