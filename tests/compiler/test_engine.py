"""The engine compiles, links, shows and refuses; outside functions have the right values."""

from __future__ import annotations

import ctypes
import gc
import itertools
import math
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
import scipy.special

from minijax.compiler import external
from minijax.compiler.engine import (
    Effort,
    EngineError,
    choose_effort,
    compile_module,
    host,
    load_object,
)

UNARY = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
CALLS_OUT = """
declare double @sin(double)
declare double @llvm.pow.f64(double, double)
declare float @llvm.exp.f32(float)
declare double @outside(double)
declare ptr @malloc(i64)
declare void @free(ptr)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
@source = private constant [3 x double] [double 1.0, double 2.0, double 4.0]
define double @f(double %x, i64 %bytes) {
  %room = call ptr @malloc(i64 %bytes)
  call void @llvm.memset.p0.i64(ptr %room, i8 0, i64 %bytes, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr %room, ptr @source, i64 24, i1 false)
  %last = getelementptr double, ptr %room, i64 2
  %four = load double, ptr %last
  call void @free(ptr %room)
  %a = call double @sin(double %x)
  %b = call double @llvm.pow.f64(double %a, double 1.7)
  %c = call double @outside(double %b)
  %narrow = fptrunc double %x to float
  %d = call float @llvm.exp.f32(float %narrow)
  %wide = fpext float %d to double
  %e = fadd double %c, %four
  %g = fadd double %e, %wide
  ret double %g
}
"""
HALVE = "define double @halve(double %x) {\n  %y = fmul double %x, 0.5\n  ret double %y\n}"


def outside_function() -> tuple[object, int]:
    function = UNARY(lambda x: x + 100.0)
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return function, address


@pytest.mark.parametrize("effort", list(Effort))
def test_symbols_of_the_caller_and_of_the_c_library_resolve(effort: Effort) -> None:
    function, address = outside_function()
    program = compile_module(CALLS_OUT, "f", {"outside": address}, effort)
    loaded = load_object(program.object, "f", {"outside": address})
    expected = math.sin(0.5) ** 1.7 + 104.0 + float(np.exp(np.float32(0.5)))
    for each in (program, loaded):
        native = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_int64)(each.address)
        assert native(0.5, 24) == pytest.approx(expected, rel=1e-7)
    assert function is not None
    assert set(program.timings) == {"parse", "verify", "passes", "emit", "link"}
    assert set(loaded.timings) == {"link"}


def test_programs_with_equal_names_live_side_by_side() -> None:
    first = compile_module(HALVE, "halve")
    second = compile_module(HALVE.replace("0.5", "0.25"), "halve")
    assert (UNARY(first.address)(8.0), UNARY(second.address)(8.0)) == (4.0, 2.0)


def test_further_exports_have_addresses() -> None:
    text = HALVE + "\n" + HALVE.replace("halve", "quarter").replace("0.5", "0.25")
    program = compile_module(text, "halve", exports=["quarter"])
    assert UNARY(program.addresses["quarter"])(8.0) == 2.0
    assert program.address == program.addresses["halve"]


def test_program_can_be_looked_at() -> None:
    program = compile_module(HALVE.replace("fmul double %x, 0.5", "fadd double %x, %x"), "halve")
    assert "define" in program.optimized_text()
    assert "halve:" in program.assembly()
    with pytest.raises(ValueError, match="without its LLVM text"):
        load_object(program.object, "halve").assembly()
    assert "halve:" in load_object(program.object, "halve", text=HALVE).assembly()


def straight_line(lines: int) -> str:
    steps = [f"  %t{k + 1} = fadd double %t{k}, %x" for k in range(lines)]
    body = "\n".join(["  %t0 = fadd double %x, %x", *steps])
    return f"define double @f(double %x) {{\n{body}\n  ret double %t{lines}\n}}"


def test_effort_falls_with_the_length_of_functions() -> None:
    assert choose_effort(straight_line(5_000)) is Effort.LIGHT
    assert choose_effort(straight_line(20_000)) is Effort.MINIMAL
    assert choose_effort("\n".join([straight_line(5_000)] * 4)) is Effort.LIGHT
    calls = "  %y = call double @sin(double %x)\n" * 100
    assert choose_effort(straight_line(500) + calls) is Effort.LIGHT
    assert choose_effort(straight_line(5_000) + calls) is Effort.MINIMAL
    assert choose_effort(straight_line(5_000) + calls.replace("sin", "llvm.sin.f64")) is (
        Effort.LIGHT
    )


@pytest.mark.parametrize("lines", (100, 5_000, 20_000))
def test_programs_of_every_size_compute(lines: int) -> None:
    program = compile_module(straight_line(lines), "f")
    assert UNARY(program.address)(1.0) == lines + 2.0


@pytest.mark.parametrize(
    ("text", "message", "line"),
    (
        ("define i32 @f() {\n  %x = add i32 1, 2.0\n  ret i32 %x\n}", "parse", "%x = add i32 1, 2"),
        ("define i32 @f() {\n  ret i32 %x\n}", "parse", ">     2 |   ret i32 %x"),
        (
            "define i32 @f(i1 %c) {\n  br i1 %c, label %a, label %b\na:\n  %x = add i32 1, 2\n"
            "  br label %b\nb:\n  %y = add i32 %x, 2\n  ret i32 %y\n}",
            "verify",
            ">     4 |   %x = add i32 1, 2",
        ),
        (
            "declare double @llvm.sqrt.f64(float)\ndefine double @f(float %x) {\n"
            "  %y = call double @llvm.sqrt.f64(float %x)\n  ret double %y\n}",
            "verify",
            ">     1 | declare double @llvm.sqrt.f64(float)",
        ),
    ),
)
def test_bad_text_is_refused_with_its_line(text: str, message: str, line: str) -> None:
    with pytest.raises(EngineError, match=f"cannot {message} the module") as caught:
        compile_module(text, "f")
    assert line in str(caught.value)


def test_unknown_symbols_are_named() -> None:
    text = "declare double @nobody(double)\n" + HALVE.replace(
        "fmul double %x, 0.5", "call double @nobody(double %x)"
    )
    with pytest.raises(EngineError, match="defined nowhere: nobody"):
        compile_module(text, "halve")
    with pytest.raises(EngineError, match="absent"):
        compile_module(HALVE, "absent")
    with pytest.raises(EngineError, match="cannot link"):
        load_object(b"\x7fELF and then nothing", "halve")


def test_code_is_released_with_its_program() -> None:
    program = compile_module(HALVE, "halve")
    tracker = weakref.ref(program._tracker)
    del program
    gc.collect()
    assert tracker() is None


def test_many_threads_compile_at_once() -> None:
    results: dict[int, float] = {}

    def work(number: int) -> None:
        text = HALVE.replace("0.5", f"{number}.0")
        program = compile_module(text, "halve")
        results[number] = UNARY(program.address)(2.0)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 2.0 * number for number in range(1, 9)}


def test_host_describes_this_machine() -> None:
    machine = host()
    assert machine.vector_bytes in (16, 32, 64)
    assert "" not in (machine.triple, machine.cpu, machine.data_layout)
    assert machine.features.split(",") == sorted(machine.features.split(","))


def test_importing_the_engine_does_not_load_llvm() -> None:
    check = (
        "import sys, minijax.compiler.engine, minijax.compiler.external, minijax.compiler.text;"
        "sys.exit(any(name in sys.modules for name in ('llvmlite', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


POSITIVE = (0.05, 0.3, 0.9, 1.0, 2.5, 7.0, 40.0)
UNIT = (0.01, 0.2, 0.5, 0.9, 0.999)
REAL = (-30.0, -2.5, -0.3, 0.0, 0.4, 3.0, 20.0)
SPECIAL = {
    "lgamma": (scipy.special.gammaln, [POSITIVE]),
    "digamma": (scipy.special.psi, [POSITIVE]),
    "gamma": (scipy.special.gamma, [POSITIVE]),
    "erf": (scipy.special.erf, [REAL]),
    "erfc": (scipy.special.erfc, [REAL]),
    "erfcx": (scipy.special.erfcx, [POSITIVE]),
    "erfinv": (scipy.special.erfinv, [UNIT]),
    "erfcinv": (scipy.special.erfcinv, [UNIT]),
    "i0": (scipy.special.i0, [REAL]),
    "i0e": (scipy.special.i0e, [REAL]),
    "i1": (scipy.special.i1, [REAL]),
    "i1e": (scipy.special.i1e, [REAL]),
    "ndtr": (scipy.special.ndtr, [REAL]),
    "ndtri": (scipy.special.ndtri, [UNIT]),
    "log_ndtr": (scipy.special.log_ndtr, [REAL]),
    "expi": (scipy.special.expi, [POSITIVE]),
    "exp1": (scipy.special.exp1, [POSITIVE]),
    "expit": (scipy.special.expit, [REAL]),
    "spence": (scipy.special.spence, [POSITIVE]),
    "expn": (scipy.special.expn, [(1.0, 2.0, 5.0), POSITIVE]),
    "gammainc": (scipy.special.gammainc, [POSITIVE, POSITIVE]),
    "gammaincc": (scipy.special.gammaincc, [POSITIVE, POSITIVE]),
    "betaln": (scipy.special.betaln, [POSITIVE, POSITIVE]),
    "betainc": (scipy.special.betainc, [POSITIVE, POSITIVE, UNIT]),
    "xlogy": (scipy.special.xlogy, [POSITIVE, POSITIVE]),
    "xlog1py": (scipy.special.xlog1py, [POSITIVE, POSITIVE]),
    "zeta": (
        scipy.special.zeta,
        [(0.5, 1.0, 1.001, 1.5, 2.0, 7.0, 100.0), (-2.0, -0.5, *POSITIVE)],
    ),
}
C_TYPES = {"double": ctypes.c_double, "float": ctypes.c_float, "i32": ctypes.c_int32}


def native(symbol: str) -> tuple[object, list[int]]:
    """A ctypes function, and what to append to its mathematical arguments."""
    types = external.signature(symbol)
    kinds = [C_TYPES[ty] for ty in types.args]
    function = ctypes.CFUNCTYPE(C_TYPES[types.ret], *kinds)(external.address(symbol))
    return function, [0] * types.args.count("i32")


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_special_functions_have_scipys_values(name: str) -> None:
    reference, domains = SPECIAL[name]
    function, flags = native(f"special_{name}")
    for point in itertools.product(*domains):
        np.testing.assert_allclose(
            function(*point, *flags), reference(*point), rtol=2e-14, err_msg=str(point)
        )


@pytest.mark.parametrize("name", ("erfinv", "betainc", "expit"))
def test_special_functions_of_floats(name: str) -> None:
    reference, domains = SPECIAL[name]
    function, flags = native(f"special_{name}f")
    for point in itertools.product(*domains):
        narrow = [np.float32(value) for value in point]
        np.testing.assert_allclose(function(*narrow, *flags), reference(*narrow), rtol=1e-6)


@pytest.mark.parametrize(("symbol", "ty"), (("pow", "double"), ("powf", "float")))
def test_functions_of_the_c_library(symbol: str, ty: str) -> None:
    assert external.signature(symbol) == external.Signature(ty, (ty, ty))
    function, _ = native(symbol)
    assert function(2.0, 0.5) == pytest.approx(math.sqrt(2.0), rel=1e-7)


def test_blas_and_lapack_addresses_work_from_compiled_code() -> None:
    text = """
declare double @blas_ddot(ptr, ptr, ptr, ptr, ptr)
define double @dot(i32 %n, ptr %x, ptr %y) {
  %count = alloca i32
  %one = alloca i32
  store i32 %n, ptr %count
  store i32 1, ptr %one
  %r = call double @blas_ddot(ptr %count, ptr %x, ptr %one, ptr %y, ptr %one)
  ret double %r
}"""
    assert external.signature("blas_ddot") == external.Signature("double", ("ptr",) * 5)
    assert external.signature("lapack_sgetrf") == external.Signature("void", ("ptr",) * 6)
    program = compile_module(text, "dot", {"blas_ddot": external.address("blas_ddot")})
    x, y = np.arange(5.0), np.arange(5.0) + 1.0
    types = (ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
    function = ctypes.CFUNCTYPE(ctypes.c_double, *types)(program.address)
    assert function(5, x.ctypes.data, y.ctypes.data) == x @ y


@pytest.mark.parametrize("family", ("blas", "lapack"))
@pytest.mark.parametrize("kind", ("s", "d", "c", "z"))
def test_families_exist_for_every_type(family: str, kind: str) -> None:
    name = {"blas": "gemm", "lapack": "getrf"}[family]
    assert external.address(f"{family}_{kind}{name}") != 0


@pytest.mark.parametrize(
    "symbol", ("nothing", "special_nothing", "blas_dnothing", "blas_zdotc", "special_wofz")
)
def test_unknown_functions_are_refused(symbol: str) -> None:
    with pytest.raises(LookupError, match=symbol.partition("_")[2] or symbol):
        external.address(symbol)
