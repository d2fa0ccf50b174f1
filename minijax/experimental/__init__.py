"""What JAX keeps under `jax.experimental`."""

from minijax.experimental import ode as ode
from minijax.primitives.control.callback import io_callback as io_callback
from minijax.primitives.control.callback import pure_callback as pure_callback
