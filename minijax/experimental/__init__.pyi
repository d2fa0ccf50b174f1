"""What minijax.experimental exports; written from the table in `__init__.py`."""

from minijax.experimental import ode as ode
from minijax.primitives.control.callback import io_callback as io_callback
from minijax.primitives.control.callback import pure_callback as pure_callback

__all__ = ["io_callback", "ode", "pure_callback"]
