"""From a jaxpr to native code: plan, LLVM text, machine code, a callable address."""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.compiler.entry.c_function": "CFunction",
        "minijax.compiler.entry.install": "add_entry overwritten",
        "minijax.compiler.entry.kept": "drop_kept_memory=drop",
        "minijax.compiler.entry.point": "EntryPoint",
        "minijax.compiler.pipeline": "Compiled compile_jaxpr compiled_forms execute",
        "minijax.compiler.threads.runtime": "asked_threads=asked",
    },
)
