"""Compiled programs are found again on disk, and nothing that happens to the disk breaks one."""

from __future__ import annotations

import ast
import errno
import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import primitives
from minijax.compiler import engine, symbols
from minijax.compiler.cache import key, location
from minijax.compiler.cache.record import Record, from_bytes
from minijax.compiler.cache.store import Store, digest
from minijax.compiler.pipeline import Compiled, compile_jaxpr
from minijax.compiler.vector_math import library
from minijax.core.avals import ShapedArray
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr
from minijax.core.primitive import Primitive
from minijax.interpreters.stage import stage
from minijax.primitives.arithmetic import sub_p
from minijax.primitives.trigonometric import sin

X = np.linspace(0.0, 1.0, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty cache for one test."""
    with config.override(cache_dir=str(tmp_path / "cache")):
        yield tmp_path / "cache"


def program(f: Any = None, *shape: int) -> Jaxpr:
    """A program traced anew, so that it remembers no compiled form."""
    f = f or (lambda x: jnp.sin(x) * 2.0 + 1.0)
    return mj.make_jaxpr(f)(np.ones(shape or (5,)))


def compiled(f: Any = None) -> Compiled:
    found = compile_jaxpr(program(f))
    np.testing.assert_allclose(found.run([X])[0], (f or (lambda x: np.sin(x) * 2 + 1))(X))
    return found


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if len(p.name) == 40)


# -- what is found


def test_a_program_is_found_again(folder: Path) -> None:
    first, second = compiled(), compiled()
    assert (first.from_disk, second.from_disk) == (False, True)
    assert "emit" in first.timings
    assert not {"simplify", "fuse", "text", "passes", "emit"} & second.timings.keys()


def test_a_found_program_can_be_looked_at(folder: Path) -> None:
    first, second = compiled(), compiled()
    assert second.llvm_ir() == first.llvm_ir()
    assert second.kernels() == first.kernels()
    assert second.assembly() == first.assembly()
    assert second.memory() == first.memory()
    assert second.is_long == first.is_long


def test_literals_and_captured_arrays_come_along(folder: Path) -> None:
    table = jnp.arange(5.0) ** 2

    def f(x: Any) -> Any:
        return mj.grad(lambda x: jnp.sum(jnp.sort(x * table) @ np.diag(np.arange(5.0))))(x)

    first, second = (compile_jaxpr(mj.make_jaxpr(f)(X)) for _ in range(2))
    assert (first.from_disk, second.from_disk) == (False, True)
    np.testing.assert_array_equal(second.run([X])[0], first.run([X])[0])
    assert second.memory()["constants"] == first.memory()["constants"] > 0


def test_blas_and_interrupts_are_linked_again(folder: Path) -> None:
    def f(x: Any) -> Any:
        def step(c: Any, _: Any) -> Any:
            return c @ c * 0.01, None

        return mj.lax.scan(step, x, None, length=10_000)[0]

    x = np.eye(80)
    first, second = (compile_jaxpr(mj.make_jaxpr(f)(x)) for _ in range(2))
    assert second.from_disk
    assert second.uses_blas
    assert "raised" in second.record.symbols
    np.testing.assert_array_equal(second.run([x])[0], first.run([x])[0])


def test_callbacks_are_looked_up_by_their_text(folder: Path) -> None:
    def doubling(factor: float) -> Any:
        shape = mj.ShapeDtypeStruct((5,), np.float64)
        return lambda x: mj.pure_callback(lambda x: np.asarray(x) * factor, shape, x)

    two = compile_jaxpr(program(doubling(2.0)))
    three = compile_jaxpr(program(doubling(3.0)))
    assert three.from_disk
    np.testing.assert_allclose(two.run([X])[0], 2 * X)
    np.testing.assert_allclose(three.run([X])[0], 3 * X)


def test_a_failing_callback_of_a_found_program_raises(folder: Path) -> None:
    def f(x: Any) -> Any:
        def fails(_: Any) -> Any:
            raise ZeroDivisionError("on purpose")

        return mj.pure_callback(fails, mj.ShapeDtypeStruct((5,), np.float64), x)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            compile_jaxpr(program(f)).run([X])


# -- keys


def test_what_a_key_tells_apart() -> None:
    programs = [
        program(),
        program(jnp.sin),
        program(jnp.cos),
        program(jnp.sin, 6),
        program(lambda x: x * 2.0),
        program(lambda x: x * 3.0),
        program(lambda x: x * -0.0),
        program(lambda x: x * 0.0),
        program(lambda x: jnp.sum(x, axis=0), 2, 2),
        program(lambda x: jnp.sum(x, axis=1), 2, 2),
        program(lambda x: x[0] - x[1]),
        program(lambda x: x[1] - x[0]),
        program(lambda x: x.astype(np.float32)),
        program(lambda x: mj.lax.fori_loop(0, 3, lambda _, c: c + x, x)),
        program(lambda x: mj.lax.fori_loop(0, 3, lambda _, c: c - x, x)),
    ]
    keys = {key.program_key(p, ()) for p in programs}
    assert None not in keys
    assert len(keys) == len(programs)
    assert key.program_key(programs[0], (True,)) != key.program_key(programs[0], (False,))


def test_custom_derivatives_have_keys_and_callbacks_none() -> None:
    @mj.custom_jvp
    def f(x: Any) -> Any:
        return jnp.sin(x)

    f.defjvp(lambda primals, tangents: (f(*primals), tangents[0]))
    assert key.program_key(program(f), ()) is not None
    shape = mj.ShapeDtypeStruct((5,), np.float64)
    callback = program(lambda x: mj.pure_callback(np.sin, shape, x))
    assert key.program_key(callback, ()) is None


def test_functions_are_told_by_name_where_their_source_is_part_of_the_key() -> None:
    form = key._Form()
    assert form._value(symbols.is_known) == "minijax.compiler.symbols.is_known"
    for function in (jnp.sin, np.sin, test_off, lambda x: x):
        with pytest.raises(key._NoKeyError):
            form._value(function)


def test_a_primitive_of_the_same_name_is_another_one() -> None:
    avals = [ShapedArray((3,), np.dtype("float64"))]
    known = stage(lambda x: [sin(x)], avals)
    slots = ("impl", "abstract", "jvp", "transpose", "batch", "lower")
    optional = ("linearize", "run", "stage", "prune", "effect")
    sin_p = known.eqns[0].primitive
    rules = {slot: getattr(sin_p, slot) for slot in (*slots, *optional)}
    impostor = Primitive(sin_p.name, **rules, collective=False)
    eqn = known.eqns[0]
    forged = known.replace(eqns=[type(eqn)(impostor, eqn.invars, eqn.outvars, eqn.params)])
    assert key.program_key(known, ()) is not None
    assert key.program_key(forged, ()) is None


def test_symbols_are_known_by_name_in_every_process() -> None:
    assert symbols.is_known("tanh_f32x8")
    assert symbols.is_known("raised")
    assert not symbols.is_known("host1")
    assert not symbols.is_known("sine_f64x4")
    assert "ptr" in symbols.types("blas_dgemm")


@pytest.mark.parametrize("name", sorted(library.FUNCTIONS | library.COMPLEX))
def test_symbols_of_elementary_functions_tell_their_operands(name: str) -> None:
    parsed = library.parsed(library.symbol(name, "double", 4))
    assert parsed == (name, "double", 4, len(inspect.signature(library.writer(name)).parameters))


# -- damage


def damaged(content: bytes) -> Iterator[bytes]:
    yield b""
    yield b"not ours"
    yield content[:-1]
    yield content[: len(content) // 2]
    yield content[:20]
    yield content + b"x"
    yield content[:-1] + bytes([content[-1] ^ 1])
    yield content[:60] + bytes([content[60] ^ 128]) + content[61:]


def test_damaged_files_are_made_again(folder: Path) -> None:
    compiled()
    for path in files(folder):
        whole = path.read_bytes()
        for content in damaged(whole):
            path.write_bytes(content)
            compiled()
            assert path.read_bytes() == whole or compiled().from_disk


def test_a_sound_file_with_a_foreign_object_is_made_again(folder: Path) -> None:
    assert not compiled().from_disk
    name = program_key_of_folder()
    record = from_bytes(location.store().get(name))  # type: ignore[union-attr, arg-type]
    assert record is not None
    for image in (b"", b"\x7fELF" + bytes(60), b"MZ" + bytes(100)):
        foreign = Record(image, record.symbols, record.arena, record.is_long, record.literals)
        location.store().put(name, foreign.to_bytes())  # type: ignore[union-attr]
        assert not compiled().from_disk
        assert compiled().from_disk


def program_key_of_folder() -> str:
    found = key.program_key(program(), (bool(config.fp_contract), ()))
    assert found is not None
    return found


def test_a_function_whose_types_changed_is_compiled_again() -> None:
    record = Record(b"image", ("blas_dgemm",), 0, False, ())
    data = record.to_bytes()
    assert from_bytes(data) is not None
    start = 8 + int.from_bytes(data[:8], "little")
    head = ast.literal_eval(data[8:start].decode())
    head["symbols"]["blas_dgemm"] = "other types"
    text = repr(head).encode()
    assert from_bytes(len(text).to_bytes(8, "little") + text + data[start:]) is None


# -- folders that are none


def test_a_folder_that_is_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file")
    with config.override(cache_dir=str(tmp_path / "cache")):
        assert not compiled().from_disk
        assert not compiled().from_disk
    assert (tmp_path / "cache").read_text() == "a file"
    assert not caplog.records


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a place that takes no files")
def test_a_folder_that_cannot_be_made(caplog: pytest.LogCaptureFixture) -> None:
    with config.override(cache_dir="/proc/minijax/cache"):
        assert not compiled().from_disk
    assert not caplog.records


@pytest.mark.parametrize("call", ["replace", "makedirs", "open"])
def test_a_full_or_read_only_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuses)
        assert not compiled().from_disk
    # It is not tried again, and nothing half written is left behind.
    assert not compiled().from_disk
    assert not folder.exists() or not list(folder.iterdir())
    assert not caplog.records


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with config.override(cache_dir=None, compilation_cache_dir=None):
        if os.name != "nt":
            assert location.store() is None
        compiled()


def test_where_the_folder_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with config.override(cache_dir=None, compilation_cache_dir="/elsewhere"):
        assert location.store().folder == os.path.abspath("/elsewhere")  # type: ignore[union-attr]
    with config.override(cache_dir="/here", compilation_cache_dir="/elsewhere"):
        assert location.store().folder == os.path.abspath("/here")  # type: ignore[union-attr]
    with config.override(cache_dir=os.path.join("~", "kept")):
        assert location.store().folder == os.path.expanduser(os.path.join("~", "kept"))  # type: ignore[union-attr]
    with config.override(cache_dir=None, compilation_cache_dir="gs://bucket/cache"):
        assert location.store() is None
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert location.default_folder() == str(tmp_path / "minijax")
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        monkeypatch.setenv("HOME", "/home/nobody")
        assert location.default_folder() == "/home/nobody/.cache/minijax"


@pytest.mark.parametrize("flag", ["cache", "jax_enable_compilation_cache"])
def test_off(folder: Path, flag: str) -> None:
    with config.override(**{flag: False}):
        assert not compiled().from_disk
        assert not compiled().from_disk
    assert not folder.exists()


# -- size


def test_what_was_not_used_for_longest_is_dropped(tmp_path: Path) -> None:
    store = Store(str(tmp_path), 10_000)
    keys = [digest(str(k).encode()) for k in range(20)]
    now = time.time()
    for age, name in enumerate(keys):
        store.put(name, bytes(400))
        os.utime(tmp_path / name, (now - 3600 * (20 - age),) * 2)
    assert store.get(keys[0]) is not None  # used just now
    (tmp_path / "a file of the user").write_text("stays")
    store.limit = 5000
    store.shrink()
    assert store.size() <= 4000
    assert store.get(keys[0]) is not None
    assert store.get(keys[1]) is None
    assert store.get(keys[-1]) is not None
    assert (tmp_path / "a file of the user").exists()


def test_the_limit_holds_while_files_are_written(tmp_path: Path) -> None:
    store = Store(str(tmp_path), 50_000)
    for k in range(400):
        store.put(digest(str(k).encode()), bytes(1000))
    assert store.size() <= 60_000
    store.put(digest(b"large"), bytes(60_000))
    assert store.get(digest(b"large")) is None
    store.clear()
    assert store.size() == 0


def test_abandoned_temporary_files_go(tmp_path: Path) -> None:
    store = Store(str(tmp_path), 1000)
    (tmp_path / ".1-2-3-old").write_bytes(b"half")
    (tmp_path / ".1-2-4-new").write_bytes(b"half")
    os.utime(tmp_path / ".1-2-3-old", (time.time() - 7200,) * 2)
    store.shrink()
    assert [p.name for p in tmp_path.iterdir() if p.name[0] == "."] == [".1-2-4-new"]


def test_a_file_that_cannot_be_replaced_is_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, name = Store(str(tmp_path), 1000), digest(b"program")
    store.put(name, b"code")

    def refuses(*_: Any) -> None:
        raise PermissionError(errno.EACCES, "Access is denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuses)
        store.put(name, b"code")
    assert [p.name for p in files(tmp_path)] == [name]
    assert not list(tmp_path.glob(".*"))
    store.put(digest(b"another"), b"code")
    assert store.get(digest(b"another")) == b"code"


# -- many at once

SCRIPT = """
import json, sys
import numpy as np
import minijax as mj, minijax.numpy as jnp
from minijax.compiler import engine
from minijax.compiler.cache import location
if sys.argv[1] == "no LLVM":
    def refuse(*_):
        raise AssertionError("LLVM was run")
    engine._optimize = refuse
x = jnp.linspace(0.1, 2.0, 7)
total = 0.0
for k, f in enumerate([jnp.sin, jnp.exp, lambda x: jnp.sort(x) * x[0], lambda x: x @ x]):
    for g in (mj.jit(f), mj.jit(mj.vmap(lambda y: jnp.sum(f(x * y)))), mj.jit(mj.jacfwd(f))):
        for _ in range(3):  # the third call goes through an entry
            total += float(jnp.sum(g(x)))
if sys.argv[1] == "no LLVM":
    early = [f"minijax.compiler.{m}" for m in ("stages", "emit.program", "vector_math.exponential")]
    assert not set(early) & set(sys.modules)
files = location.store()
print(json.dumps([total, files.hits, files.misses]))
"""


def start(folder: Path, argument: str = "") -> subprocess.Popen[str]:
    # A benchmark that another test has imported has switched the cache off for its own process.
    environment = os.environ | {"MINIJAX_CACHE_DIR": str(folder), "MINIJAX_CACHE": "on"}
    command = [sys.executable, "-c", SCRIPT, argument]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def finish(process: subprocess.Popen[str]) -> tuple[float, int, int]:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    total, hits, misses = json.loads(out)
    return total, hits, misses


def test_names_of_primitives_are_told_apart_and_do_not_depend_on_what_is_loaded() -> None:
    for module in pkgutil.walk_packages(primitives.__path__, f"{primitives.__name__}."):
        importlib.import_module(module.name)
    key._collect_primitives()
    names = key._primitive_names
    assert len(names) > 150
    assert len(set(names.values())) == len(names)
    # `sub_p` is also an attribute of modules that come before the one that defines it.
    script = (
        "from minijax.compiler.cache import key\n"
        "from minijax.primitives.arithmetic import sub_p\n"
        "print(key._name_of(sub_p))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == key._name_of(sub_p)


def test_a_second_process_runs_no_llvm(tmp_path: Path) -> None:
    first = finish(start(tmp_path))
    second = finish(start(tmp_path, "no LLVM"))
    assert first[2] > 10
    assert second[0] == first[0]
    assert second[1] >= first[2]
    assert second[2] == 0


def test_processes_that_start_at_once_on_an_empty_cache(tmp_path: Path) -> None:
    running = [start(tmp_path) for _ in range(8)]
    totals = {finish(process)[0] for process in running}
    assert len(totals) == 1
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert finish(start(tmp_path, "no LLVM"))[0] in totals


def test_threads_share_a_folder(folder: Path) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with config.override(cache_dir=str(folder)):
                for k in range(6):
                    factor = float((k + number) % 6)
                    found = compile_jaxpr(program(lambda x, factor=factor: x * factor))
                    np.testing.assert_array_equal(found.run([X])[0], X * factor)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(files(folder)) == 6


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*")  # the oracle warns of them once it is imported
def test_a_forked_child_uses_the_cache(folder: Path) -> None:
    compiled()
    child = os.fork()
    if child == 0:
        try:
            fine = compiled().from_disk and not compiled(lambda x: x * 7.0).from_disk
            os._exit(0 if fine else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert compiled(lambda x: x * 7.0).from_disk


def test_the_environment_names_machine_versions_and_sources() -> None:
    text = key.environment().decode()
    assert np.__version__ in text
    assert engine.host().features in text
    assert "key.py" in text
