"""The physical mesh that is current, under the name that other libraries use."""

from __future__ import annotations

from types import SimpleNamespace

# Programs ask whether there is a mesh of several devices; there is one device.
_NO_MESH = SimpleNamespace(empty=True, axis_names=(), shape={}, size=0, devices=())
thread_resources = SimpleNamespace(env=SimpleNamespace(physical_mesh=_NO_MESH))
