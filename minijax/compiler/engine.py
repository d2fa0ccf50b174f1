"""The last step of the compiler: LLVM text goes in, the address of machine code comes out.

    text ──parse, verify──▶ module ──passes──▶ module ──emit──▶ object ──link──▶ address

Everything that knows llvmlite's binding layer is here, and llvmlite is imported on first use. An
object is position independent (`Program.object`), so it can be kept on disk and linked again
later by `load_object` without running LLVM's optimiser.

>>> import ctypes
>>> program = compile_module('''
... define i64 @double(i64 %x) {
...   %y = shl i64 %x, 1
...   ret i64 %y
... }''', "double")
>>> ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(program.address)(21)
42

Two facts shape the code. LLVM's passes may crash the process on IR that is not well formed, so
`verify` always runs first. LLVM is superlinear in the size of a function, so programs come in
functions of bounded size (`emit.pieces`), and the effort spent on one that is larger all the same
falls (see `choose_effort`).
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from importlib import import_module
from types import MappingProxyType
from typing import Any

from minijax.compiler import linking
from minijax.compiler.cache.machine import note, recall
from minijax.compiler.clock import clock
from minijax.core.records import record

NO_SYMBOLS: Mapping[str, int] = MappingProxyType({})

# Vectors are explicit in the text, so the passes that are left to LLVM are cheap. Code generation
# at levels 1 and 2 is quadratic in the length of a function (about 1 s at 16 000 lines), at level 0
# it is linear.
LIGHT_FUNCTION_LINES = 10_000
# No vector register survives a call, and LLVM's allocator tries to keep a value that is needed over
# many calls in registers between each two of them, which takes time in lines times calls.
_LIGHT_LINES_TIMES_CALLS = 250_000


class Effort(Enum):
    """How much work LLVM does on a module: run time against compile time."""

    AUTO = "auto"
    """One of the others, chosen by size."""
    LIGHT = "light"
    """Common subexpressions, hoisting, rotation of loops; code generation at level 2."""
    MINIMAL = "minimal"
    """Clean-up only, code generation at level 0: linear in the size of any function."""


_CODE_LEVELS = {Effort.LIGHT: 2, Effort.MINIMAL: 0}


class EngineError(AssertionError):
    """The compiler handed LLVM text that it cannot accept: a bug of ours, never of the user."""


@record(eq=True)
class HostTarget:
    """The machine that code is generated for."""

    triple: str
    cpu: str
    features: str
    data_layout: str
    vector_bytes: int


class Program:
    """Machine code in memory, unloaded when the program is no longer referenced.

    Calling `address` after that crashes: whoever keeps the address keeps the program.

    Attributes:
        entry: name of the function that `address` points to.
        address: its address.
        addresses: address of the entry and of every other exported symbol, by name.
        object: the relocatable object file, for `load_object`.
        timings: seconds spent in each stage.
    """

    __slots__ = (
        "__weakref__",
        "_effort",
        "_text",
        "_tracker",
        "address",
        "addresses",
        "entry",
        "object",
        "timings",
    )

    def __init__(
        self,
        entry: str,
        image: bytes,
        tracker: Any,
        exports: Sequence[str],
        timings: dict[str, float],
        text: str | None,
        effort: Effort,
    ) -> None:
        self.entry = entry
        self.object = image
        self.addresses: dict[str, int] = {name: int(tracker[name]) for name in exports}
        self.address = self.addresses[entry]
        self.timings = timings
        # LLVM unloads the code when the last reference to the tracker is dropped.
        self._tracker = tracker
        self._text = text
        self._effort = effort

    def optimized_text(self) -> str:
        """The LLVM text after the passes, made again from the source text.

        Raises:
            ValueError: if the program was loaded from an object without its text.
        """
        return self._inspect(lambda module, _machine: str(module))

    def assembly(self) -> str:
        """The machine code as assembly text, made again from the source text.

        Raises:
            ValueError: if the program was loaded from an object without its text.
        """
        return self._inspect(lambda module, machine: str(machine.emit_assembly(module)))

    def _inspect(self, show: Callable[[Any, Any], str]) -> str:
        if self._text is None:
            raise ValueError(
                f"program {self.entry!r} was linked from an object that came without its LLVM "
                "text; pass text=... to load_object to be able to look at it"
            )
        with _lock, _parsed(self._text, {}) as module:
            machine = _optimize(module, self._effort)
            return show(module, machine)

    def __repr__(self) -> str:
        return f"Program({self.entry!r}, {len(self.object)} bytes at {self.address:#x})"


def compile_module(
    text: str,
    entry: str,
    symbols: Mapping[str, int] = NO_SYMBOLS,
    effort: Effort = Effort.AUTO,
    exports: Sequence[str] = (),
) -> Program:
    """Compiles a module of LLVM text and links it into the process.

    Args:
        text: the module. Functions of the C library (`sin`, `memcpy`, `malloc`, …) resolve by name.
        entry: name of the function whose address is wanted.
        symbols: addresses of other names that the module declares.
        effort: how hard LLVM works; `AUTO` goes by the size of the text.
        exports: names of further functions whose addresses are wanted.

    Returns:
        The program; it owns the code.

    Raises:
        EngineError: if the text does not parse or verify, or names a symbol nobody defines.
    """
    timings: dict[str, float] = {}
    if effort is Effort.AUTO:
        effort = choose_effort(text)
    names = _export_names(entry, exports)
    with _lock:
        with _parsed(text, timings) as module:
            with clock(timings, "passes"):
                machine = _optimize(module, effort)
            with clock(timings, "emit"):
                image = machine.emit_object(module)
        with clock(timings, "link"):
            try:
                tracker = _link(image, names, symbols)
            except EngineError as error:
                raise EngineError(f"{error}{_unresolved(text, symbols)}") from None
    return Program(entry, image, tracker, names, timings, text, effort)


def load_object(
    image: bytes,
    entry: str,
    symbols: Mapping[str, int] = NO_SYMBOLS,
    exports: Sequence[str] = (),
    text: str | None = None,
) -> Program:
    """Links an object made by an earlier `compile_module` on the same kind of machine.

    Args:
        image: the object, `Program.object`.
        entry: name of the function whose address is wanted.
        symbols: addresses of the names that the object refers to.
        exports: names of further functions whose addresses are wanted.
        text: the LLVM text it was made from, if it is to be shown later.

    Returns:
        The program; it owns the code.

    Raises:
        EngineError: if the object is damaged or names a symbol nobody defines.
    """
    timings: dict[str, float] = {}
    with _lock, clock(timings, "link"):
        names = _export_names(entry, exports)
        tracker = _link(image, names, symbols)
    effort = Effort.MINIMAL if text is None else choose_effort(text)
    return Program(entry, image, tracker, names, timings, text, effort)


def keep_forever(program: Program) -> None:
    """Keeps code to the very end of the process, for threads that may still be in it."""
    owner = program if type(program._tracker) is linking.Linked else _linker()
    for each in (program, owner):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(each))


def assembly_of(text: str) -> str:
    """Returns the machine code that a module becomes, as text.

    Raises:
        EngineError: if the text does not parse or verify.
    """
    with _lock, _parsed(text, {}) as module:
        return str(_optimize(module, choose_effort(text)).emit_assembly(module))


def choose_effort(text: str) -> Effort:
    """The effort that keeps compile time close to linear in the size of the text.

    >>> choose_effort("define void @f() {\\n  ret void\\n}")
    <Effort.LIGHT: 'light'>
    """
    for body in text.split("\ndefine "):
        lines, calls = body.count("\n"), body.count(" call ") - body.count(" @llvm.")
        if lines > LIGHT_FUNCTION_LINES or lines * calls > _LIGHT_LINES_TIMES_CALLS:
            return Effort.MINIMAL
    return Effort.LIGHT


@functools.cache
def host() -> HostTarget:
    """Describes the machine this process runs on."""
    _, _, triple, cpu, features, data_layout = _described()
    return HostTarget(triple, cpu, features, data_layout, _vector_bytes(features))


def llvm_versions() -> tuple[str, ...]:
    """Returns the versions of llvmlite and of LLVM."""
    return _described()[:2]


@functools.cache
def _described() -> tuple[str, ...]:
    """The versions of llvmlite and LLVM, and what they say of the machine, perhaps said before."""
    found = recall()
    if found is None:
        found = _describe()
        note(found)
    return found


def _describe() -> tuple[str, ...]:
    llvm = _llvm()
    llvmlite = import_module("llvmlite")
    with _lock:
        target = _machine(2)
        return (
            str(llvmlite.__version__),
            ".".join(map(str, llvm.llvm_version_info)),
            str(target.triple),
            *_processor(),
            str(target.target_data),
        )


def _vector_bytes(features: str) -> int:
    present = set(features.split(","))
    if "+avx512f" in present:
        return 64
    return 32 if "+avx2" in present else 16


_lock = threading.RLock()
_library_numbers = itertools.count()

# JITLink lays an object out in one slab, so code reaches its constants by short relative addresses
# and the small code model is safe. The older linker, needed on Windows, gives no such promise.
_SLAB = os.name != "nt"

# A child forked while another thread compiles would inherit a lock that nobody releases.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )


@functools.cache
def _llvm() -> Any:
    """The llvmlite binding, initialised for the host."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    # NewGVN moves operations through phis wrongly in some loops of loops: wrong numbers come out.
    # The option is for the whole process, where only those who ask for NewGVN have it.
    binding.set_option("minijax", "-enable-phi-of-ops=false")
    _expose_math_library()
    return binding


def _expose_math_library() -> None:
    """Makes libm visible to the linker where the interpreter itself does not already load it."""
    if os.name == "nt":
        return
    if hasattr(ctypes.CDLL(None), "cbrtf"):
        return
    path = import_module("ctypes.util").find_library("m")
    if path is not None:
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)


@functools.cache
def _processor() -> tuple[str, str]:
    """Name and features of the host's processor; features are sorted, so they can be a key."""
    llvm = _llvm()
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:
        # LLVM cannot ask some processors; their name still implies a baseline.
        features = {}
    signed = sorted(("+" if on else "-") + name for name, on in features.items())
    return str(llvm.get_host_cpu_name()), ",".join(signed)


@functools.cache
def _machine(level: int) -> Any:
    cpu, features = _processor()
    target = _llvm().Target.from_default_triple()
    return target.create_target_machine(
        cpu=cpu,
        features=features,
        opt=level,
        reloc="pic" if _SLAB else "default",
        codemodel="small" if _SLAB else "jitdefault",
        jit=True,
    )


@functools.cache
def _linker() -> Any:
    return _llvm().create_lljit_compiler(_machine(2), use_jit_link=_SLAB, suppress_errors=True)


@contextmanager
def _parsed(text: str, timings: dict[str, float]) -> Iterator[Any]:
    """A verified module in a context of its own, so that its types and metadata die with it."""
    llvm = _llvm()
    with llvm.create_context() as context:
        with clock(timings, "parse"):
            try:
                module = llvm.parse_assembly(text, context)
            except RuntimeError as error:
                raise _rejected("parse", str(error), text) from None
        with module:
            with clock(timings, "verify"):
                try:
                    module.verify()
                except RuntimeError as error:
                    raise _rejected("verify", str(error), text) from None
            yield module


def _optimize(module: Any, effort: Effort) -> Any:
    """Runs the passes of an effort over the module; returns the machine that should emit it."""
    llvm = _llvm()
    machine = _machine(_CODE_LEVELS[effort])
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    builder = llvm.create_pass_builder(machine, options)
    if effort is Effort.LIGHT:
        passes = _light_passes(llvm)
        for function in module.functions:
            if not function.is_declaration:
                passes.run(function, builder)
    else:
        cleaning = llvm.create_new_module_pass_manager()
        cleaning.add_sroa_pass()
        cleaning.add_instruction_combine_pass()
        cleaning.run(module, builder)
    return machine


def _light_passes(llvm: Any) -> Any:
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_new_gvn_pass()
    passes.add_loop_rotate_pass()
    passes.add_simplify_cfg_pass()
    return passes


def _export_names(entry: str, exports: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((entry, *exports)))


def _link(image: bytes, names: Sequence[str], symbols: Mapping[str, int]) -> Any:
    linked = linking.link(image, names, symbols)
    if linked is not None:
        return linked
    builder = _llvm().JITLibraryBuilder().add_object_img(image).add_current_process()
    for symbol, address in symbols.items():
        builder.import_symbol(symbol, address)
    for symbol in names:
        builder.export_symbol(symbol)
    try:
        return builder.link(_linker(), f"minijax{next(_library_numbers)}")
    except RuntimeError as error:
        raise EngineError(f"cannot link {names[0]!r}: {error}") from None


def _unresolved(text: str, symbols: Mapping[str, int]) -> str:
    """Names that the text declares and nobody defines; the linker itself does not say."""
    declared = re.findall(r"^declare [^@]*@([\w.$]+)", text, re.MULTILINE)
    lookup = _llvm().address_of_symbol
    lost = [
        name
        for name in declared
        if name not in symbols and not name.startswith("llvm.") and lookup(name) is None
    ]
    return f"; declared but defined nowhere: {', '.join(lost)}" if lost else ""


def _rejected(stage: str, message: str, text: str) -> EngineError:
    lines = text.splitlines()
    number = _offending_line(message, lines)
    shown = "" if number is None else "\n" + _excerpt(lines, number)
    return EngineError(f"LLVM cannot {stage} the module: {message.strip()}{shown}")


def _offending_line(message: str, lines: Sequence[str]) -> int | None:
    """Index of the line that LLVM speaks of: by position when parsing, by quotation after."""
    position = re.search(r"<string>:(\d+):\d+: error", message)
    if position is not None:
        return min(int(position[1]) - 1, len(lines) - 1)
    quoted = [_squeezed(line) for line in message.splitlines()]
    wanted = {line for line in quoted if line.startswith(("%", "store", "br", "ret", "call"))}
    found = [index for index, line in enumerate(lines) if _squeezed(line) in wanted]
    named = re.search(r"^ptr (@[\w.$]+)", message, re.MULTILINE)
    if named is not None:
        opening = named[1] + "("
        found += [index for index, line in enumerate(lines) if opening in line]
    return found[0] if found else None


def _squeezed(line: str) -> str:
    # LLVM prints the alignment it assumed, which the text need not have spelled out.
    return re.sub(r",align\d+$", "", "".join(line.split()))


def _excerpt(lines: Sequence[str], number: int, around: int = 2) -> str:
    first, last = max(number - around, 0), min(number + around + 1, len(lines))
    return "\n".join(
        f"{'>' if index == number else ' '} {index + 1:5d} | {lines[index]}"
        for index in range(first, last)
    )
