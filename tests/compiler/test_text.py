"""Emitted loops and branches compute what they say, through the real engine."""

from __future__ import annotations

import ctypes
import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from minijax.compiler.engine import Program, compile_module
from minijax.compiler.text import FunctionWriter, ModuleWriter, literal

ZERO = literal("double", 0.0)


def start(*args: tuple[str, str]) -> FunctionWriter:
    return ModuleWriter().function("f", args)


def build(fn: FunctionWriter) -> Program:
    return compile_module(str(fn.module), "f")


def integers(fn: FunctionWriter) -> Callable[..., tuple[int, int]]:
    """Calls f(i64…, ptr out) -> code and gives (code, what was stored)."""
    program = build(fn)

    def call(*values: int) -> tuple[int, int]:
        out = ctypes.c_int64(-1)
        words = [ctypes.c_int64(value) for value in values]
        types = [ctypes.c_int64] * len(values)
        native = ctypes.CFUNCTYPE(ctypes.c_int32, *types, ctypes.c_void_p)(program.address)
        return native(*words, ctypes.addressof(out)), out.value

    return call


def sum_of_squares() -> FunctionWriter:
    fn = start(("ptr noalias", "x"), ("i64", "n"), ("ptr", "out"))
    with fn.loop("%n", carried=[("double", ZERO)]) as loop:
        value = fn.load("double", fn.gep("double", "%x", loop.index))
        square = fn.emit(f"fmul double {value}, {value}")
        loop.next(fn.emit(f"fadd double {loop.values[0]}, {square}"))
    fn.store("double", loop.results[0], "%out")
    fn.ret()
    return fn


@pytest.mark.parametrize("n", (0, 1, 7, 1000))
def test_sum_of_squares(n: int) -> None:
    x = np.linspace(-1.0, 2.0, n)
    out = np.full(1, np.nan)
    program = build(sum_of_squares())
    types = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
    native = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(program.address)
    # A null pointer makes any read for n = 0 a crash.
    assert native(x.ctypes.data if n else None, n, out.ctypes.data) == 0
    expected = 0.0
    for value in x:
        expected += value * value
    assert out[0] == expected


def test_nested_loops_with_carried_values() -> None:
    fn = start(("i64", "n"), ("i64", "m"), ("ptr", "out"))
    with fn.loop("%n", carried=[("i64", 0)]) as outer:
        with fn.loop("%m", carried=[("i64", outer.values[0])]) as inner:
            product = fn.emit(f"mul i64 {outer.index}, {inner.index}")
            inner.next(fn.emit(f"add i64 {inner.values[0]}, {product}"))
        outer.next(fn.emit(f"add i64 {inner.results[0]}, 1"))
    fn.store("i64", outer.results[0], "%out")
    fn.ret()
    call = integers(fn)
    for n, m in [(0, 5), (5, 0), (4, 6)]:
        assert call(n, m) == (0, sum(i * j for i in range(n) for j in range(m)) + n)


@pytest.mark.parametrize("bounds", ((2, 11, 3), (10, 0, -3), (5, 5, 1), (9, 2, 1), (0, 4, -1)))
def test_loop_visits_what_range_visits(bounds: tuple[int, int, int]) -> None:
    fn = start(("i64", "a"), ("i64", "b"), ("ptr", "out"))
    with fn.loop("%a", "%b", bounds[2], carried=[("i64", 7)]) as loop:
        scaled = fn.emit(f"mul i64 {loop.values[0]}, 31")
        loop.next(fn.emit(f"add i64 {scaled}, {loop.index}"))
    fn.store("i64", loop.results[0], "%out")
    fn.ret()
    expected = 7
    for i in range(*bounds):
        expected = expected * 31 + i
    assert integers(fn)(*bounds[:2]) == (0, expected)


@pytest.mark.parametrize(
    "bounds",
    [(0, 0, 1), (0, 1, 1), (0, 5, 1), (2, 9, 3), (3, 4, 7), (9, 2, -2), (5, 4, -1), (4, 5, -1)],
)
def test_a_loop_of_known_length_visits_what_range_visits(bounds: tuple[int, int, int]) -> None:
    fn = start(("ptr", "out"))
    first, stop, step = bounds
    with fn.loop(first, stop, step, carried=[("i64", 7)]) as outer:
        with fn.loop(2, carried=[("i64", outer.values[0])]) as inner:
            scaled = fn.emit(f"mul i64 {inner.values[0]}, 31")
            inner.next(fn.emit(f"add i64 {scaled}, {outer.index}"))
        outer.next(inner.results[0])
    fn.store("i64", outer.results[0], "%out")
    fn.ret()
    expected = 7
    for i in range(*bounds):
        for _ in range(2):
            expected = expected * 31 + i
    assert integers(fn)() == (0, expected)


def test_a_loop_of_one_iteration_is_none_and_a_known_one_tests_at_its_end() -> None:
    fn = start(("ptr", "out"))
    with fn.loop(1) as once:
        fn.store("i64", once.index, fn.gep("i64", "%out", once.index))
    with fn.loop(3) as thrice:
        fn.store("i64", thrice.index, "%out")
    fn.ret()
    text = str(fn)
    assert text.count("br ") == 2
    assert text.count("br i1") == text.count("icmp") == 1


def test_while_loop_counts_collatz_steps() -> None:
    fn = start(("i64", "n"), ("ptr", "out"))
    with fn.while_loop([("i64", "%n"), ("i64", 0)]) as loop:
        n, steps = loop.values
        loop.test(fn.emit(f"icmp sgt i64 {n}, 1"))
        odd = fn.emit(f"trunc i64 {n} to i1")
        with fn.if_else(odd, ["i64"]) as choice:
            with choice.then():
                choice.give(fn.emit(f"add i64 {fn.emit(f'mul i64 {n}, 3')}, 1"))
            with choice.otherwise():
                choice.give(fn.emit(f"lshr i64 {n}, 1"))
        loop.next(choice.results[0], fn.emit(f"add i64 {steps}, 1"))
    fn.store("i64", loop.results[1], "%out")
    fn.ret()
    call = integers(fn)
    assert [call(n)[1] for n in (0, 1, 6, 27)] == [0, 0, 8, 111]


def test_if_else_inside_a_loop_swaps_two_values() -> None:
    fn = start(("i64", "n"), ("ptr", "out"))
    with fn.loop("%n", carried=[("i64", 1), ("i64", 100)]) as loop:
        small = fn.emit(f"icmp slt i64 {loop.index}, 3")
        with fn.if_else(small, ["i64", "i64"]) as choice:
            with choice.otherwise():
                choice.give(*loop.values)
            with choice.then():
                choice.give(loop.values[1], loop.values[0])
        loop.next(*choice.results)
    fn.store("i64", loop.results[0], "%out")
    fn.ret()
    call = integers(fn)
    assert [call(n)[1] for n in (0, 1, 2, 3, 9)] == [1, 100, 1, 100, 100]


@pytest.mark.parametrize("count", (1, 2, 3, 5))
def test_switch_takes_the_last_case_out_of_range(count: int) -> None:
    fn = start(("i64", "k"), ("ptr", "out"))
    with fn.switch("%k", count, ["i64"]) as choice:
        for number in range(count):
            with choice.case(number):
                choice.give(10 + number)
    fn.store("i64", choice.results[0], "%out")
    fn.ret()
    call = integers(fn)
    for k in range(-1, count + 2):
        expected = 10 + (k if 0 <= k < count else count - 1)
        assert call(k) == (0, expected)


def test_when_and_branches_without_results() -> None:
    fn = start(("i64", "n"), ("ptr", "out"))
    slot = fn.alloca("i64")
    fn.store("i64", 5, slot)
    with fn.when(fn.emit("icmp sgt i64 %n, 2")):
        fn.store("i64", 6, slot)
    fn.store("i64", fn.load("i64", slot, align=8), "%out")
    fn.ret()
    call = integers(fn)
    assert (call(2), call(3)) == ((0, 5), (0, 6))


def test_fail_if_leaves_with_the_code_from_inside_loops() -> None:
    fn = start(("i64", "n"), ("ptr", "out"))
    fn.fail_if(fn.emit("icmp slt i64 %n, 0"), 3)
    with fn.loop("%n", carried=[("i64", 0)]) as outer:
        with fn.loop(outer.index, carried=[("i64", outer.values[0])]) as inner:
            fn.fail_if(fn.emit(f"icmp eq i64 {inner.index}, 4"), 9)
            inner.next(fn.emit(f"add i64 {inner.values[0]}, 1"))
        outer.next(inner.results[0])
    fn.store("i64", outer.results[0], "%out")
    fn.ret()
    call = integers(fn)
    assert (call(-1), call(5), call(6)) == ((3, -1), (0, 10), (9, -1))


def test_at_places_invariant_work_in_front_of_the_loop() -> None:
    fn = start(("i64", "n"), ("ptr", "out"))
    with fn.loop("%n", carried=[("i64", 0)]) as outer:
        with fn.loop("%n", carried=[("i64", outer.values[0])]) as inner:
            with fn.at(outer.preheader):
                invariant = fn.emit("mul i64 %n, 3")
            inner.next(fn.emit(f"add i64 {inner.values[0]}, {invariant}"))
        outer.next(inner.results[0])
    fn.store("i64", outer.results[0], "%out")
    fn.ret()
    lines = str(fn).splitlines()
    assert lines.index(f"  {invariant} = mul i64 %n, 3") < lines.index("b1:")
    assert integers(fn)(4) == (0, 4 * 4 * 12)


def test_allocas_stand_in_the_entry_block() -> None:
    fn = start(("i64", "n"))
    with fn.loop("%n"):
        slot = fn.alloca("double", 4, align=64)
    fn.ret()
    assert str(fn).splitlines()[2] == f"  {slot} = alloca double, i64 4, align 64"


def test_calls_declare_once_and_know_the_functions_of_the_module() -> None:
    module = ModuleWriter()
    fn = module.function("f", [("double", "x")], ret="double")
    once = fn.call("double", "sin", [("double", "%x")])
    twice = fn.call("double", "sin", [("double", once)])
    fn.ret(fn.call("double", "inner", [("double", twice)]))
    inner = module.function("inner", [("double", "x")], ret="double", linkage="internal")
    inner.ret(inner.emit(f"fadd double %x, {literal('double', 1.0)}"))
    text = str(module)
    assert text.count("declare ") == 1
    program = compile_module(text, "f")
    native = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(program.address)
    assert native(0.5) == math.sin(math.sin(0.5)) + 1.0


def test_constants_are_shared_and_readable() -> None:
    module = ModuleWriter()
    table = module.constant("[3 x i64]", "[i64 4, i64 5, i64 6]")
    assert table == module.constant("[3 x i64]", "[i64 4, i64 5, i64 6]")
    raw = module.data(b'\x07"\\\x00')
    fn = module.function("f", [("i64", "k"), ("ptr", "out")])
    word = fn.load("i64", fn.gep("i64", table, "%k"))
    byte = fn.emit(f"zext i8 {fn.load('i8', fn.gep('i8', raw, 2))} to i64")
    fn.store("i64", fn.emit(f"add i64 {word}, {byte}"), "%out")
    fn.ret()
    assert integers(fn)(2) == (0, 6 + ord("\\"))


@pytest.mark.parametrize(
    ("ty", "dtype", "values"),
    (
        ("double", np.float64, [0.1, -0.0, np.inf, np.nan, 5e-324]),
        ("float", np.float32, [0.1, -0.0, 1e300, np.nan, 1e-45]),
        ("half", np.float16, [0.1, -0.0, 1e300, -np.inf, 6e-8]),
        ("i64", np.int64, [-(2**63), 2**63 - 1]),
        ("i8", np.uint8, [0, 255]),
    ),
)
def test_literals_are_exact(ty: str, dtype: type, values: Sequence[float]) -> None:
    fn = start(("ptr", "out"))
    for k, value in enumerate(values):
        fn.store(ty, literal(ty, value), fn.gep(ty, "%out", k))
    fn.ret()
    out = np.ones(len(values), dtype)
    program = build(fn)
    ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(program.address)(out.ctypes.data)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(out, np.array(values).astype(dtype))


def test_equal_arithmetic_is_emitted_once_in_a_block() -> None:
    fn = start(("ptr noalias", "x"), ("i64", "n"), ("ptr", "out"))
    first = fn.emit("mul nsw i64 %n, 16")
    with fn.loop(2) as loop:
        inside = fn.emit("mul nsw i64 %n, 16")
        assert fn.emit("mul nsw i64 %n, 16") == inside != first
        with fn.at(loop.preheader):
            assert fn.emit("mul nsw i64 %n, 16") == first
    fn.ret()
    assert str(fn).count("mul nsw i64 %n, 16") == 2


def test_what_depends_on_memory_or_may_differ_is_emitted_every_time() -> None:
    fn = start(("ptr", "x"), ("ptr", "out"))
    assert fn.load("i64", "%x") != fn.load("i64", "%x")
    assert fn.call("i64", "clock", []) != fn.call("i64", "clock", [])
    assert fn.emit("freeze i64 poison") != fn.emit("freeze i64 poison")


def test_mistakes_of_the_emitter_are_caught() -> None:
    fn = start(("i64", "n"))
    with (
        pytest.raises(AssertionError, match="carries 1 values, given 2"),
        fn.loop("%n", carried=[("i64", 0)]) as loop,
    ):
        loop.next(1, 2)
    with (
        pytest.raises(AssertionError, match=r"end its body with loop\.next"),
        start(("i64", "n")).loop("%n", carried=[("i64", 0)]),
    ):
        pass
    with pytest.raises(AssertionError, match="no terminator"):
        str(start())
    with pytest.raises(AssertionError, match="kept for generated names"):
        start(("i64", "v1"))


def test_an_instruction_costs_a_few_microseconds_at_most() -> None:
    fn = start(("double", "x"), ("ptr", "out"))
    count = 20_000
    begin = time.perf_counter()
    value = "%x"
    for _ in range(count):
        value = fn.emit(f"fadd double {value}, {value}")
    fn.store("double", value, "%out")
    fn.ret()
    text = str(fn.module)
    assert (time.perf_counter() - begin) / count < 10e-6
    assert text.count("fadd") == count
