"""The package's logger, for which `logging` is imported when something is first to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger


def logger() -> Logger:
    """Returns the logger of the package.

    Example:
        >>> logger().name
        'minijax'
    """
    import logging

    return logging.getLogger("minijax")
