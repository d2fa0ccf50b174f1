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
    """Tells all event listeners of an event.

    Args:
        event: its name, by convention a path.
        kwargs: what else is told of it.

    Example:
        >>> heard = []
        >>> register_event_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_event("/app/start", user=3)
        >>> clear_event_listeners()
        >>> heard
        [('/app/start', {'user': 3})]
    """
    for listener in list(_events):
        listener(event, **kwargs)


def record_event_duration_secs(event: str, duration: float, **kwargs: str | int) -> None:
    """Tells all duration listeners how many seconds something took.

    Args:
        event: its name.
        duration: the seconds.
        kwargs: what else is told of it.

    Example:
        >>> heard = []
        >>> register_event_duration_secs_listener(lambda *args, **kw: heard.append((*args, kw)))
        >>> record_event_duration_secs("/app/load", 0.5)
        >>> clear_event_listeners()
        >>> heard
        [('/app/load', 0.5, {})]
    """
    for listener in list(_durations):
        listener(event, duration, **kwargs)


def record_event_time_span(
    event: str, start_time: float, end_time: float, **kwargs: str | int
) -> None:
    """Tells all time span listeners when something started and ended.

    Args:
        event: its name.
        start_time, end_time: in seconds.
        kwargs: what else is told of it.

    Example:
        >>> heard = []
        >>> register_event_time_span_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_event_time_span("/app/load", 10.0, 10.5)
        >>> clear_event_listeners()
        >>> heard
        [('/app/load', 10.0, 10.5, {})]
    """
    for listener in list(_spans):
        listener(event, start_time, end_time, **kwargs)


def record_scalar(event: str, value: float | int, **kwargs: str | int) -> None:
    """Tells all scalar listeners of a number.

    Args:
        event: the name of the number.
        value: the number.
        kwargs: what else is told of it.

    Example:
        >>> heard = []
        >>> register_scalar_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_scalar("/app/loss", 0.25, step=7)
        >>> clear_event_listeners()
        >>> heard
        [('/app/loss', 0.25, {'step': 7})]
    """
    for listener in list(_scalars):
        listener(event, value, **kwargs)


def register_event_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, **kwargs)`.

    Args:
        callback: the function.

    Example:
        >>> heard = []
        >>> register_event_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_event("/app/start", user=3)
        >>> clear_event_listeners()
        >>> heard
        [('/app/start', {'user': 3})]
    """
    _events.append(callback)


def register_event_duration_secs_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, duration, **kwargs)`.

    Args:
        callback: the function.

    Example:
        >>> heard = []
        >>> register_event_duration_secs_listener(lambda *args, **kw: heard.append((*args, kw)))
        >>> record_event_duration_secs("/app/load", 0.5)
        >>> clear_event_listeners()
        >>> heard
        [('/app/load', 0.5, {})]
    """
    _durations.append(callback)


def register_event_time_span_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, start_time, end_time, **kwargs)`.

    Args:
        callback: the function.

    Example:
        >>> heard = []
        >>> register_event_time_span_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_event_time_span("/app/load", 10.0, 10.5)
        >>> clear_event_listeners()
        >>> heard
        [('/app/load', 10.0, 10.5, {})]
    """
    _spans.append(callback)


def register_scalar_listener(callback: Listener) -> None:
    """Adds a function that is called as `callback(event, value, **kwargs)`.

    Args:
        callback: the function.

    Example:
        >>> heard = []
        >>> register_scalar_listener(lambda *args, **more: heard.append((*args, more)))
        >>> record_scalar("/app/loss", 0.25, step=7)
        >>> clear_event_listeners()
        >>> heard
        [('/app/loss', 0.25, {'step': 7})]
    """
    _scalars.append(callback)


def clear_event_listeners() -> None:
    """Removes all listeners.

    Example:
        >>> heard = []
        >>> register_event_listener(heard.append)
        >>> clear_event_listeners()
        >>> record_event("/app/start")
        >>> heard
        []
    """
    for listeners in (_events, _durations, _spans, _scalars):
        listeners.clear()


def _remove(listeners: list[Listener], callback: Any) -> None:
    if callback not in listeners:
        raise ValueError(f"{callback!r} is not registered as a listener.")
    listeners.remove(callback)


def unregister_event_listener(callback: Listener) -> None:
    """Removes an event listener.

    Args:
        callback: a function that was registered.

    Raises:
        ValueError: if it was not.

    Example:
        >>> heard = []
        >>> register_event_listener(heard.append)
        >>> unregister_event_listener(heard.append)
        >>> record_event("/app/start")
        >>> heard
        []
    """
    _remove(_events, callback)


def unregister_event_duration_listener(callback: Listener) -> None:
    """Removes a duration listener.

    Args:
        callback: a function that was registered.

    Raises:
        ValueError: if it was not.

    Example:
        >>> heard = []
        >>> register_event_duration_secs_listener(heard.append)
        >>> unregister_event_duration_listener(heard.append)
        >>> record_event_duration_secs("/app/load", 0.5)
        >>> heard
        []
    """
    _remove(_durations, callback)


def unregister_event_time_span_listener(callback: Listener) -> None:
    """Removes a time span listener.

    Args:
        callback: a function that was registered.

    Raises:
        ValueError: if it was not.

    Example:
        >>> heard = []
        >>> register_event_time_span_listener(heard.append)
        >>> unregister_event_time_span_listener(heard.append)
        >>> record_event_time_span("/app/load", 10.0, 10.5)
        >>> heard
        []
    """
    _remove(_spans, callback)


def unregister_scalar_listener(callback: Listener) -> None:
    """Removes a scalar listener.

    Args:
        callback: a function that was registered.

    Raises:
        ValueError: if it was not.

    Example:
        >>> heard = []
        >>> register_scalar_listener(heard.append)
        >>> unregister_scalar_listener(heard.append)
        >>> record_scalar("/app/loss", 0.25, step=7)
        >>> heard
        []
    """
    _remove(_scalars, callback)
