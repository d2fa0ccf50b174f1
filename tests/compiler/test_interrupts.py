"""Ctrl-C stops compiled loops, whatever way they were called."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import minijax as mj
import minijax.numpy as jnp

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def endless(x: Any) -> Any:
    return mj.lax.while_loop(lambda x: x >= 0, lambda x: jnp.sin(x) + 1, x)


def long_scan(x: Any) -> Any:
    return mj.lax.fori_loop(0, 10**13, lambda i, x: jnp.sin(x) + 1, x)


def nested(x: Any) -> Any:
    return mj.lax.scan(lambda c, _: (endless(c), None), x, None, length=3)[0]


def rounds(n: Any) -> Any:
    return mj.lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, jnp.sin(s[1])), (0, 1.0))[1]


def in_lanes(x: Any) -> Any:
    return mj.vmap(endless)(x + jnp.arange(20.0))


def nested_in_lanes(x: Any) -> Any:
    return mj.vmap(nested)(x + jnp.arange(3.0))


def in_a_branch_of_lanes(x: Any) -> Any:
    lanes = x + jnp.arange(20.0)
    return mj.vmap(lambda x: mj.lax.cond(x > 5, nested, lambda x: x, x))(lanes)


def small_state(x: Any) -> Any:
    return mj.lax.while_loop(lambda v: v[0] < 2, lambda v: jnp.sin(v[::-1]), x * jnp.ones(3))


def short_in_endless(x: Any) -> Any:
    def step(x: Any) -> Any:
        return mj.lax.fori_loop(0, 9, lambda i, y: jnp.sin(y) + 1, x)

    return mj.lax.while_loop(lambda x: x >= 0, step, x)


ENDLESS = (
    *(endless, long_scan, nested, in_lanes, nested_in_lanes, in_a_branch_of_lanes),
    *(small_state, short_in_endless),
)


@pytest.mark.parametrize("function", ENDLESS)
def test_an_interrupt_ends_a_loop(function: Callable[[Any], Any]) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        mj.jit(function)(1.0)
    assert time.monotonic() - start < 60
    timer.join()
    assert float(mj.jit(rounds)(10)) > 0


def test_an_interrupt_ends_an_entry() -> None:
    function = mj.jit(rounds)
    for _ in range(3):
        function(10)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        function(10**15)
    timer.join()
    assert float(function(10)) > 0


def test_what_a_handler_raises_is_what_one_sees() -> None:
    class TimeIsUpError(Exception):
        pass

    def handler(*_: Any) -> None:
        raise TimeIsUpError

    previous = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(TimeIsUpError):
            mj.jit(endless)(1.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
