"""Objects that are linked without LLVM: what they compute, and what is left to LLVM."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minijax.compiler import linking
from minijax.compiler.cache import machine
from minijax.compiler.engine import EngineError, compile_module, load_object
from minijax.core.config import config

if not linking.is_usable():
    pytest.skip("LLVM links objects of this machine", allow_module_level=True)

ROOT = Path(__file__).parents[2]
INTEGER = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
# Constants, variables inside and outside, functions inside and outside, a table of jumps.
TEXT = """
@primes = private constant [4 x i64] [i64 2, i64 3, i64 5, i64 7]
@wide = private constant <4 x i64> <i64 1, i64 2, i64 3, i64 4>, align 32
@count = internal global i64 0
@outside = external global i64
declare i64 @twice(i64)
declare i64 @labs(i64)
define internal i64 @other(i64 %k) noinline {
  %old = load volatile i64, ptr @count
  %new = add i64 %old, 1
  store volatile i64 %new, ptr @count
  %x = load i64, ptr @outside
  %y = add i64 %x, %k
  %z = call i64 @twice(i64 %y)
  ret i64 %z
}
define i64 @calls() {
  %n = load volatile i64, ptr @count
  ret i64 %n
}
define i64 @f(i64 %k) {
  switch i64 %k, label %none [ i64 0, label %a
                               i64 1, label %b
                               i64 2, label %c
                               i64 3, label %d ]
a:
  %pa = call i64 @other(i64 %k)
  ret i64 %pa
b:
  %at = getelementptr i64, ptr @primes, i64 %k
  %pb = load i64, ptr %at
  ret i64 %pb
c:
  %pc = call i64 @labs(i64 -11)
  ret i64 %pc
d:
  %v = load <4 x i64>, ptr @wide
  %pd = extractelement <4 x i64> %v, i64 %k
  ret i64 %pd
none:
  ret i64 -1
}
"""


@INTEGER
def twice(k: int) -> int:
    return 2 * k


_OUTSIDE = ctypes.c_int64(20)
SYMBOLS = {
    "twice": ctypes.cast(twice, ctypes.c_void_p).value or 0,
    "outside": ctypes.addressof(_OUTSIDE),
}


@pytest.fixture(scope="module")
def image() -> bytes:
    return compile_module(TEXT, "f", SYMBOLS, exports=["calls"]).object


def test_code_finds_constants_variables_and_functions(image: bytes) -> None:
    linked = linking.link(image, ["f", "calls"], SYMBOLS)
    assert linked is not None
    f, calls = INTEGER(linked["f"]), ctypes.CFUNCTYPE(ctypes.c_int64)(linked["calls"])
    assert [f(k) for k in range(5)] == [40, 3, 11, 4, -1]
    _OUTSIDE.value = 21
    assert (f(0), calls()) == (42, 2)
    _OUTSIDE.value = 20
    again = linking.link(image, ["f", "calls"], SYMBOLS)
    assert again is not None
    assert ctypes.CFUNCTYPE(ctypes.c_int64)(again["calls"])() == 0


def _rights(address: int) -> str:
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, _, end = line.split()[0].partition("-")
        if int(start, 16) <= address < int(end, 16):
            return line.split()[1]
    return ""


def test_what_runs_cannot_be_written_and_goes_with_the_object(image: bytes) -> None:
    linked = linking.link(image, ["f"], SYMBOLS)
    assert linked is not None
    address = linked["f"]
    assert _rights(address) == "r-xp"
    del linked
    gc.collect()
    before = len(Path("/proc/self/maps").read_text().splitlines())
    for _ in range(200):
        assert linking.link(image, ["f"], SYMBOLS) is not None
    assert len(Path("/proc/self/maps").read_text().splitlines()) < before + 50


def test_what_is_missing_is_left_to_llvm_which_says_so(image: bytes) -> None:
    assert linking.link(image, ["g"], SYMBOLS) is None
    assert linking.link(image, ["f"], {"twice": 1}) is None
    with pytest.raises(EngineError, match="cannot link 'f'"):
        load_object(image, "f", {"twice": 1})


def test_damaged_objects_are_refused(image: bytes) -> None:
    for size in range(0, len(image), 61):
        assert linking.link(image[:size], ["f"], SYMBOLS) is None
    assert linking.link(b"\x7fELF" + bytes(200), ["f"], SYMBOLS) is None
    random = np.random.default_rng(0)
    for _ in range(300):
        # What comes out is not run: it may be wrong, but nothing is written beside it.
        damaged = bytearray(image)
        for place in random.integers(0, len(image), 3):
            damaged[place] = random.integers(0, 256)
        linking.link(bytes(damaged), ["f"], SYMBOLS)


def test_distances_of_unknown_kinds_are_refused(image: bytes) -> None:
    read = linking._Linking(image, SYMBOLS)
    tables = [
        (int(section["offset"]), int(section["size"]))
        for section in read._sections
        if section["kind"] == linking._ADDENDS and int(section["info"]) in read._in_memory()
    ]
    rows = [start + at for start, size in tables for at in range(0, size, 24)]
    assert rows
    for place in rows:
        damaged = bytearray(image)
        damaged[place + 8] = 10  # an address of four bytes
        assert linking.link(bytes(damaged), ["f"], SYMBOLS) is None
        damaged = bytearray(image)
        damaged[place + 1] = 0xFF  # far beyond the section
        assert linking.link(bytes(damaged), ["f"], SYMBOLS) is None


PROGRAM = """
import sys
import numpy as np
import minijax as mj, minijax.numpy as jnp
f = mj.jit(lambda x: jnp.sum(jnp.exp(x) @ x[:, 0]))
x = jnp.asarray(np.linspace(0.0, 1.0, 10000).reshape(100, 100))
results = [float(f(x)) for _ in range(3)] + [float((x + k)[0, 0]) for k in range(600)]
print(sum(results), "llvmlite.binding" in sys.modules)
"""


def test_a_second_process_runs_programs_without_llvm(tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=ROOT,
            env={"MINIJAX_CACHE_DIR": str(tmp_path), "PATH": "", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.split())
    assert said[0][0] == said[1][0]
    assert [loaded for _, loaded in said] == ["True", "False"]


def test_what_llvm_says_of_the_machine_is_kept_for_this_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path / "cpuinfo"
    described.write_text("processor : 0\nflags : avx2 fma\ncpu MHz : 1\n\nprocessor : 1\n\n")
    monkeypatch.setattr(machine, "_PROCESSORS", str(described))
    with config.override(cache=True, enable_compilation_cache=True, cache_dir=str(tmp_path)):
        assert machine.recall() is None
        machine.note(("1", "x86_64"))
        assert machine.recall() == ("1", "x86_64")
        described.write_text("processor : 0\nflags : avx2 fma\ncpu MHz : 2\n\n")
        assert machine.recall() == ("1", "x86_64")
        described.write_text("processor : 0\nflags : avx2\ncpu MHz : 1\n\n")
        assert machine.recall() is None
        described.write_text("flags : avx2")
        machine.note(("2",))
        assert machine.recall() is None
