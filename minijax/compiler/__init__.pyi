"""What minijax.compiler exports; written from the table in `__init__.py`."""

from minijax.compiler.entry.c_function import CFunction as CFunction
from minijax.compiler.entry.install import add_entry as add_entry
from minijax.compiler.entry.install import overwritten as overwritten
from minijax.compiler.entry.kept import drop as drop_kept_memory
from minijax.compiler.entry.point import EntryPoint as EntryPoint
from minijax.compiler.pipeline import Compiled as Compiled
from minijax.compiler.pipeline import compile_jaxpr as compile_jaxpr
from minijax.compiler.pipeline import compiled_forms as compiled_forms
from minijax.compiler.pipeline import execute as execute
from minijax.compiler.threads.runtime import asked as asked_threads

__all__ = [
    "CFunction",
    "Compiled",
    "EntryPoint",
    "add_entry",
    "asked_threads",
    "compile_jaxpr",
    "compiled_forms",
    "drop_kept_memory",
    "execute",
    "overwritten",
]
