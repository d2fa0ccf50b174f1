"""Where the cache lives, and whether there is one."""

from __future__ import annotations

import functools
import os
import sys

from minijax.compiler.cache.store import Store
from minijax.core.config import config


def store() -> Store | None:
    """Returns the cache that the configuration asks for; None if it is off or has no place.

    Example:
        >>> with config.override(cache=False):
        ...     store() is None
        True
    """
    if not (config.cache and config.enable_compilation_cache):
        return None
    folder = config.cache_dir or config.compilation_cache_dir or default_folder()
    # A place in some cloud, as JAX takes it, is no folder.
    if not folder or "://" in str(folder):
        return None
    # JAX's flag, where it is set.
    limit = config.compilation_cache_max_size
    path = os.path.abspath(os.path.expanduser(folder))
    return _opened(path, config.cache_max_size if limit < 0 else limit)


# One object for a folder, so that it is tried once whether it can be written to.
@functools.lru_cache(maxsize=16)
def _opened(folder: str, limit: int) -> Store:
    return Store(folder, limit)


def default_folder() -> str | None:
    """Returns the folder that the platform has for caches of a user, if it has one."""
    if os.name == "nt":
        base: str | None = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = _in_home("Library", "Caches")
    else:
        # The convention of freedesktop.org, by which a relative path counts as none.
        named = os.environ.get("XDG_CACHE_HOME", "")
        base = named if os.path.isabs(named) else _in_home(".cache")
    return os.path.join(base, "minijax") if base else None


def _in_home(*parts: str) -> str | None:
    home = os.path.expanduser("~")
    return os.path.join(home, *parts) if os.path.isabs(home) else None
