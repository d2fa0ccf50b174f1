"""Long programs in functions of bounded size: the same values, and errors find their way out."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler import compile_jaxpr
from minijax.compiler.emit import pieces
from minijax.compiler.engine import LIGHT_FUNCTION_LINES, Effort, choose_effort
from minijax.compiler.stages import write
from minijax.interpreters.stage import stage
from tests.compiler.programs import aval, check_function, sample


@pytest.fixture(autouse=True)
def own_cache() -> Iterator[None]:
    """No program of these tests is kept: a key does not tell how long its functions may be."""
    before = mj.config.cache
    mj.config.update("cache", False)
    yield
    mj.config.update("cache", before)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new function for nearly every step."""
    monkeypatch.setattr(pieces, "MOST_VALUES", 3)


def calls_of_pieces(text: str) -> int:
    return len(re.findall(r"call i32 @piece\d+", text))


def straight(x: Any, y: Any) -> list[Any]:
    kept = [x]
    for k in range(150):
        x = jnp.sin(x) * 0.9 + y if k % 5 else jnp.where(x > y, x - y, x * y)
        kept.append(x)
    return [sum(kept[::-1], start=0.0), x > y, jnp.where(kept[3] > 0, kept[-1], kept[70])]


def complex_numbers(x: Any, y: Any) -> list[Any]:
    z = x + 1j * y
    for k in range(100):
        z = z * (0.6 + 0.8j) + x * k
    return [z, jnp.abs(z), jnp.conj(z)]


def kernels(x: Any) -> list[Any]:
    kept = []
    for k in range(30):
        kept.append(jnp.sum(x * x))
        x = jnp.tanh(x + kept[k // 2]) + jnp.roll(x, 1)
    return [x, x[::-1] * 2, jnp.stack(kept), kept[0], jnp.sort(x), x @ x]


def loops(x: Any, y: Any) -> list[Any]:
    def step(carry: Any, row: Any) -> Any:
        a, b, v = carry
        for k in range(90):
            a, b = a + jnp.sin(b) * k, b * 0.5 + row[k % 3]
        inner = mj.lax.fori_loop(0, 3, lambda i, v: v[::-1] * 0.5 + a + i, v)
        return (jnp.cos(a), b, inner), (a, inner)

    (a, b, v), (numbers, rows) = mj.lax.scan(step, (x, x * 2, y[0]), y)
    return [a, b, v, numbers, rows]


def choices(x: Any, y: Any) -> list[Any]:
    def branch(k: int) -> Callable[[Any, Any], Any]:
        def taken(x: Any, y: Any) -> Any:
            for _ in range(20 * k):
                x = jnp.sin(x + k) * 0.9
            return x, mj.lax.while_loop(lambda v: v[0] < 3, lambda v: v + x * x + 1, y * x)

        return taken

    found = [mj.lax.switch(k, [branch(k) for k in range(4)], x + k, y) for k in range(4)]
    return [sum(x for x, _ in found), sum(v for _, v in found)]


def recorded(x: Any, y: Any) -> list[Any]:
    """The gradient of a loop of unknown length, which records on tapes."""

    def step(state: Any) -> Any:
        a, b, v = state
        for _ in range(70):
            b = jnp.sin(b) + 0.6
        return a + b * b + 1, b + jnp.sum(v) * 1e-2, jnp.cos(v) * b

    def loss(x: Any, y: Any) -> Any:
        a, b, v = mj.lax.while_loop(lambda state: state[0] < 9, step, (x, x, y))
        return a + b + jnp.sum(v * v)

    return list(mj.grad(loss, (0, 1))(x, y))


PROGRAMS: list[tuple[Callable[..., Any], Any]] = [
    (straight, (aval(), aval())),
    (complex_numbers, (aval(), aval())),
    (kernels, (aval(37),)),
    (loops, (aval(), aval(4, 3))),
    (choices, (aval(), aval(3))),
    (recorded, (aval(), aval(20))),
]


@pytest.mark.parametrize(("program", "avals"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_programs_in_pieces_agree_with_the_evaluator(
    program: Callable[..., Any], avals: Any, tiny: None
) -> None:
    text = check_function(program, *avals).llvm_ir()
    assert calls_of_pieces(text) > 4


@pytest.mark.parametrize(("program", "avals"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_cuts_change_no_bit(
    program: Callable[..., Any], avals: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mj.config.update("fp_contract", False)
    try:
        monkeypatch.setattr(pieces, "MOST_VALUES", 10**9)
        monkeypatch.setattr(pieces, "MOST_VALUES_TIMES_CALLS", 10**12)
        whole = compile_jaxpr(stage(program, avals))
        monkeypatch.setattr(pieces, "MOST_VALUES", 10)
        cut = compile_jaxpr(stage(program, avals))
        assert calls_of_pieces(whole.llvm_ir()) == 0 < calls_of_pieces(cut.llvm_ir())
        for x, y in zip(whole.run(sample(avals)), cut.run(sample(avals)), strict=True):
            assert x.tobytes() == y.tobytes()
    finally:
        mj.config.update("fp_contract", True)


def test_lanes_in_parts_go_on_in_pieces(tiny: None) -> None:
    def lane(x: Any) -> Any:
        def step(state: Any) -> Any:
            k, x = state
            for _ in range(40):
                x = jnp.sin(x) * 1.1 + 0.5
            return k + 4 + x * x, x

        first = mj.lax.while_loop(lambda state: state[0] < 40, step, (x, x))[1]
        return first + mj.lax.while_loop(
            lambda x: x > 0, lambda x: x - jnp.exp(-x * x) - 1, jnp.cos(first) * 9
        )

    text = check_function(lambda x: [mj.vmap(lane)(x)], aval(600)).llvm_ir()
    assert "define internal i32 @part" in text
    assert re.search(r"@piece\d+\(ptr %stop", text)


def test_an_error_in_a_piece_of_a_loop_ends_the_program(tiny: None) -> None:
    def check(x: np.ndarray) -> np.ndarray:
        if x > 100:
            raise ValueError("large")
        return x

    def step(_: Any, x: Any) -> Any:
        x = jnp.sin(x) + x * 2 + jnp.cos(x)
        x = mj.pure_callback(check, mj.ShapeDtypeStruct((), x.dtype), x)
        return jnp.tanh(x) * 0.5 + x

    function = mj.jit(lambda x: mj.lax.fori_loop(0, 50, step, x))
    assert calls_of_pieces(function.lower(1.0).llvm_ir()) > 0
    with pytest.raises(ValueError, match="large"):
        function(1.0)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_ends_a_loop_in_a_piece(tiny: None) -> None:
    def endless(x: Any) -> Any:
        for _ in range(100):
            x = jnp.sin(x) + 1
        return mj.lax.while_loop(lambda x: x >= 0, lambda x: jnp.sin(jnp.sin(x) + 1) + 1, x) + x

    function = mj.jit(endless)
    assert calls_of_pieces(function.lower(1.0).llvm_ir()) > 1
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        function(1.0)
    timer.join()


def functions(text: str) -> list[str]:
    return [body.split("\n}")[0] for body in text.split("\ndefine ")[1:]]


@pytest.mark.parametrize("equations", [1000, 4000])
def test_no_function_grows_with_the_program(
    equations: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(x: Any, v: Any) -> list[Any]:
        y = x
        for k in range(equations // 2):
            y = (jnp.sin(y) if k % 8 == 0 else y * x) + x
            v = v if k % 200 else jnp.sort(v) + y
        return [y, v]

    monkeypatch.setattr(pieces, "MOST_VALUES", 300)
    text = check_function(program, aval(), aval(30)).llvm_ir()
    assert max(body.count("\n") for body in functions(text)) < 1500
    assert len(functions(text)) >= equations // 500


def test_branches_of_one_choice_share_an_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    def branch(k: int) -> Callable[[Any], Any]:
        def taken(x: Any) -> Any:
            for _ in range(40):
                x = jnp.where(x > k, x * x - k, x + jnp.abs(x))
            return x

        return taken

    monkeypatch.setattr(pieces, "MOST_VALUES", 200)
    cases = [branch(k) for k in range(25)]
    text = check_function(lambda x: [mj.lax.switch(jnp.int32(x) % 25, cases, x)], aval()).llvm_ir()
    assert max(body.count("\n") for body in functions(text)) < 2000


def test_long_programs_get_the_same_effort_as_short_ones() -> None:
    def program(x: Any) -> list[Any]:
        y = x
        for k in range(4000):
            y = jnp.sin(y) if k % 8 == 0 else jnp.sqrt(y * x + k)
        return [y]

    text = write(stage(program, [aval()]), True, (), {}).text
    assert text.count("\n") > LIGHT_FUNCTION_LINES
    assert choose_effort(text) is Effort.LIGHT
