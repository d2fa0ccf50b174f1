"""What JAX keeps under `jax.experimental`."""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.experimental": "ode",
        "minijax.primitives.control.callback": "io_callback pure_callback",
    },
)
