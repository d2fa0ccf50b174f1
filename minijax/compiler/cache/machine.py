"""What LLVM has told of the machine and of itself, kept on disk: to ask again, it is to be loaded.

An answer is found by what it depends on: the files of llvmlite, and the processor as the system
describes it. Where either is not known, nothing is kept, and LLVM is asked each time.
"""

from __future__ import annotations

import ast
import os
import platform
from collections.abc import Iterator
from importlib.machinery import PathFinder

from minijax.compiler.cache.location import store
from minijax.compiler.cache.store import digest
from minijax.core.version import VERSION

_PROCESSORS = "/proc/cpuinfo"
_LONGEST = 1 << 14  # bytes of the description of one processor
# What tells one processor from another; the rest are its number and how fast it happens to run.
_TELLING = ("vendor_id", "cpu family", "model", "stepping", "microcode", "flags")
# In the folder of llvmlite, where there is such a description.
_FILES = ("_version.py", "binding/libllvmlite.so")


def recall() -> tuple[str, ...] | None:
    """Returns what `note` was given for this machine, by this process or an earlier one."""
    files, key = store(), _key()
    kept = None if files is None or key is None else files.get(key)
    if kept is None:
        return None
    found: tuple[str, ...] = ast.literal_eval(kept.decode())
    return found


def note(answers: tuple[str, ...]) -> None:
    """Keeps what LLVM says of this machine."""
    files, key = store(), _key()
    if files is not None and key is not None:
        files.put(key, repr(answers).encode())


def _key() -> str | None:
    try:
        parts = [*_llvmlite_files(), *_processor_lines()]
    except OSError:
        return None
    return digest(b"machine", repr((VERSION, platform.machine())).encode(), *parts)


def _llvmlite_files() -> Iterator[bytes]:
    """Yields paths, sizes and times of the files that tell one llvmlite from another."""
    found = PathFinder.find_spec("llvmlite")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("llvmlite")
    (folder, *_) = found.submodule_search_locations
    for name in _FILES:
        path = os.path.join(folder, name)
        status = os.stat(path)
        yield f"{path} {status.st_size} {status.st_mtime_ns}".encode()


def _processor_lines() -> Iterator[bytes]:
    """Yields what the system says of its first processor."""
    with open(_PROCESSORS, "rb") as file:
        text = file.read(_LONGEST)
    first, end, _ = text.partition(b"\n\n")
    if not end:
        raise OSError("a description that does not end")
    for line in first.split(b"\n"):
        name = line.partition(b":")[0].strip().decode()
        if name.startswith(_TELLING):
            yield line
