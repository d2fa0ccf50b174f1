"""The version of the package."""

from minijax.core.version import VERSION

__version_info__ = VERSION
__version__ = ".".join(map(str, VERSION))
