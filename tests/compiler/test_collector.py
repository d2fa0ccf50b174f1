"""The collector rests while anybody compiles, and is then as it was."""

from __future__ import annotations

import gc
import os
import threading

import pytest

from minijax.compiler.collector import paused


def test_pauses_of_threads_overlap() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with paused():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=work)
    with paused():
        thread.start()
        assert inside.wait(30)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_an_error_ends_the_pause() -> None:
    with pytest.raises(ZeroDivisionError), paused():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_forked_meanwhile_collects() -> None:
    with paused():
        child = os.fork()
        if child == 0:
            os._exit(0 if gc.isenabled() else 1)
        assert os.waitpid(child, 0)[1] == 0
    assert gc.isenabled()
