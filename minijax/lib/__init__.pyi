"""What minijax.lib exports; written from the table in `__init__.py`."""

from minijax.lib import xla_bridge as xla_bridge

__all__ = ["xla_bridge"]
