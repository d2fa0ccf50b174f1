"""Programs of several processes: there is one, and starting or ending it does nothing."""

from __future__ import annotations

from collections.abc import Sequence

_state = {"initialized": False}


def initialize(
    coordinator_address: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    local_device_ids: int | Sequence[int] | None = None,
    cluster_detection_method: str | None = None,
    initialization_timeout: int = 300,
    heartbeat_timeout_seconds: int = 100,
    shutdown_timeout_seconds: int = 300,
    coordinator_bind_address: str | None = None,
    slice_index: int | None = None,
    partition_index: int | None = None,
) -> None:
    """Starts the one process.

    Args:
        num_processes: 1, if given.
        process_id: 0, if given.
        coordinator_address, local_device_ids, cluster_detection_method, initialization_timeout,
        heartbeat_timeout_seconds, shutdown_timeout_seconds, coordinator_bind_address, slice_index,
        partition_index: accepted for compatibility.

    Raises:
        RuntimeError: if it was called before.
        ValueError: if there are to be more processes.
    """
    if _state["initialized"]:
        raise RuntimeError("distributed.initialize should only be called once.")
    if num_processes not in (None, 1) or process_id not in (None, 0):
        raise ValueError(
            f"distributed.initialize: there is one process, got num_processes={num_processes}, "
            f"process_id={process_id}."
        )
    _state["initialized"] = True


def is_initialized() -> bool:
    """Returns whether `initialize` was called."""
    return _state["initialized"]


def shutdown() -> None:
    """Undoes `initialize`."""
    _state["initialized"] = False
