"""The backend: one CPU."""

from __future__ import annotations

from typing import Any

from minijax.placement import Device, devices
from minijax.transforms.jit import clear_caches


def backends() -> dict[str, Device]:
    """Returns the backends by name."""
    return {"cpu": devices()[0]}


def get_backend(platform: Any = None) -> Device:
    """Returns the backend of a platform.

    Raises:
        RuntimeError: if there is none.
    """
    return devices(platform)[0]


def get_default_device() -> Device:
    """Returns the device that operations run on."""
    return devices()[0]


def clear_backends() -> None:
    """Forgets the traced programs of all jitted functions."""
    clear_caches()


def clear_in_memory_compilation_cache() -> None:
    """Forgets the traced programs of all jitted functions."""
    clear_caches()


def backend_xla_version(platform: Any = None) -> int | None:
    """Returns None: there is no XLA."""
    return None
