"""Events: libraries record them, and listeners of a program hear of them.

>>> from minijax import monitoring
>>> heard = []
>>> monitoring.register_event_listener(lambda event, **_: heard.append(event))
>>> monitoring.record_event("/app/start")
>>> monitoring.clear_event_listeners()
>>> heard
['/app/start']
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Listener = Callable[..., None]

_events: list[Listener] = []
_durations: list[Listener] = []
_spans: list[Listener] = []
_scalars: list[Listener] = []


def record_event(event: str, **kwargs: str | int) -> None:
    """Tells all event listeners of an event."""
    for listener in list(_events):
        listener(event, **kwargs)


def record_event_duration_secs(event: str, duration: float, **kwargs: str | int) -> None:
    """Tells all duration listeners how many seconds something took."""
    for listener in list(_durations):
        listener(event, duration, **kwargs)


def record_event_time_span(
    event: str, start_time: float, end_time: float, **kwargs: str | int
) -> None:
    """Tells all time span listeners when something started and ended."""
    for listener in list(_spans):
        listener(event, start_time, end_time, **kwargs)


def record_scalar(event: str, value: float | int, **kwargs: str | int) -> None:
    """Tells all scalar listeners of a number."""
    for listener in list(_scalars):
        listener(event, value, **kwargs)


def register_event_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, **kwargs)`."""
    _events.append(callback)


def register_event_duration_secs_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, duration, **kwargs)`."""
    _durations.append(callback)


def register_event_time_span_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, start_time, end_time, **kwargs)`."""
    _spans.append(callback)


def register_scalar_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, value, **kwargs)`."""
    _scalars.append(callback)


def clear_event_listeners() -> None:
    """Removes all listeners."""
    for listeners in (_events, _durations, _spans, _scalars):
        listeners.clear()


def _remove(listeners: list[Listener], callback: Any) -> None:
    if callback not in listeners:
        raise ValueError(f"{callback!r} is not registered as a listener.")
    listeners.remove(callback)


def unregister_event_listener(callback: Listener) -> None:
    """Removes an event listener."""
    _remove(_events, callback)


def unregister_event_duration_listener(callback: Listener) -> None:
    """Removes a duration listener."""
    _remove(_durations, callback)


def unregister_event_time_span_listener(callback: Listener) -> None:
    """Removes a time span listener."""
    _remove(_spans, callback)


def unregister_scalar_listener(callback: Listener) -> None:
    """Removes a scalar listener."""
    _remove(_scalars, callback)
