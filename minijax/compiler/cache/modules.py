"""Compiling a module of LLVM text through the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from minijax.compiler.cache.key import text_key
from minijax.compiler.cache.location import store
from minijax.compiler.engine import (
    NO_SYMBOLS,
    Effort,
    EngineError,
    Program,
    compile_module,
    load_object,
)


def cached_module(
    text: str | Callable[[], str],
    entry: str,
    symbols: Mapping[str, int] = NO_SYMBOLS,
    effort: Effort = Effort.AUTO,
    exports: Sequence[str] = (),
    name: str | None = None,
) -> Program:
    """Returns what `compile_module` does, linked from the cache if it was compiled before.

    Args:
        text: the module, or a function that writes it, called only if it must be compiled.
        entry: name of the function whose address is wanted.
        symbols: addresses of other names that the module declares.
        effort: how hard LLVM works.
        exports: names of further functions whose addresses are wanted.
        name: what tells the module from all others in place of its text, for texts that the
            sources of the package alone determine.
    """
    files = store()
    if files is None:
        return compile_module(_written(text), entry, symbols, effort, exports)
    key = _key_of(name, entry, effort) if name else text_key(_written(text), entry, effort.value)
    image = files.get(key)
    if image is not None:
        shown = text if isinstance(text, str) else None
        try:
            return load_object(image, entry, symbols, exports, shown)
        except EngineError:
            files.remove(key)
    program = compile_module(_written(text), entry, symbols, effort, exports)
    files.put(key, program.object)
    return program


def is_kept(name: str, entry: str, effort: Effort) -> bool:
    """Tells whether `cached_module` would find a module of this name compiled.

    Args:
        name, entry, effort: as for `cached_module`.
    """
    files = store()
    return files is not None and files.holds(_key_of(name, entry, effort))


def _key_of(name: str, entry: str, effort: Effort) -> str:
    return text_key(f"={name}", entry, effort.value)


def _written(text: str | Callable[[], str]) -> str:
    return text if isinstance(text, str) else text()
