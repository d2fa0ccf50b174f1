"""The collector rests while anybody compiles, comes rarely while anybody traces, and is then as
it was."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

import minijax as mj
from minijax.core.collector import calm, paused
from minijax.core.lazy import find


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
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # JAX's, where it is loaded too
def test_a_child_forked_meanwhile_collects() -> None:
    with paused():
        child = os.fork()
        if child == 0:
            os._exit(0 if gc.isenabled() else 1)
        assert os.waitpid(child, 0)[1] == 0
    assert gc.isenabled()


def test_the_collector_comes_rarely_while_a_program_is_traced() -> None:
    before = gc.get_threshold()
    seen = []

    def program(x: Any) -> Any:
        seen.append(gc.get_threshold())
        if len(seen) > 1:
            raise ZeroDivisionError
        return mj.jit(program)(x) + 1

    with pytest.raises(ZeroDivisionError):
        mj.jit(program)(1.0)
    assert [x[0] for x in seen] == [100_000, 100_000]
    assert gc.get_threshold() == before
    assert gc.isenabled()


def test_cycles_are_collected_while_a_program_is_traced() -> None:
    class Node:
        pass

    first = Node()
    first.own = first  # type: ignore[attr-defined]
    gone = weakref.ref(first)
    with calm():
        del first
        kept = [[] for _ in range(250_000)]
        assert gone() is None
    assert len(kept) == 250_000


@pytest.mark.parametrize("wanted", [(0, 10, 10), (10**6, 3, 3)])
def test_a_collector_that_comes_more_rarely_still_is_left_alone(
    wanted: tuple[int, int, int],
) -> None:
    before = gc.get_threshold()
    gc.set_threshold(*wanted)
    try:
        with calm():
            assert gc.get_threshold() == wanted
        assert gc.get_threshold() == wanted
    finally:
        gc.set_threshold(*before)


def test_what_somebody_asks_for_meanwhile_stays() -> None:
    before = gc.get_threshold()
    try:
        with calm():
            gc.set_threshold(500, 5, 5)
        assert gc.get_threshold() == (500, 5, 5)
    finally:
        gc.set_threshold(*before)


def test_the_collector_rests_while_a_name_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "looks_at_the_collector.py").write_text("import gc\nis_on = gc.isenabled()\n")
    monkeypatch.syspath_prepend(tmp_path)
    for _ in range(2):
        assert find(("looks_at_the_collector", "is_on")) is False
        assert gc.isenabled()
    monkeypatch.delitem(sys.modules, "looks_at_the_collector")


def test_the_first_use_of_a_name_imports_no_logging() -> None:
    program = "import sys, minijax; minijax.jit; assert 'logging' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
