"""The code that all entry points share."""

from __future__ import annotations

import functools

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program
from minijax.compiler.entry.point import TABLE_AT
from minijax.compiler.entry.table import ENTRY, SLOW
from minijax.compiler.text import ModuleWriter


@functools.cache
def stub() -> Program:
    """The code that all entry points share: to the first entry, and from the last to Python."""
    module = ModuleWriter()
    args = [("ptr", "self"), ("ptr", "args"), ("i64", "nargs"), ("ptr", "names")]
    given = [("ptr", "%self"), ("ptr", "%args"), ("i64", "%nargs"), ("ptr", "%names")]
    fn = module.function("stub", args, "ptr")
    table = fn.load("ptr", fn.gep("i8", "%self", TABLE_AT))
    entry = fn.load("ptr", fn.gep("ptr", table, ENTRY))
    fn.ret(fn.call("ptr", entry, [*given, ("ptr", table)]))
    fn = module.function("slow", [*args, ("ptr", "table")], "ptr")
    slow = fn.load("ptr", fn.gep("ptr", "%table", SLOW))
    # The caller's leave to write in front of the arguments is not ours to give on.
    count = fn.emit(f"and i64 %nargs, {(1 << 63) - 1}")
    passed = [("ptr", slow), ("ptr", "%args"), ("i64", count), ("ptr", "%names")]
    fn.ret(fn.call("ptr", "PyObject_Vectorcall", passed))
    return cached_module(str(module), "stub", exports=("slow",), effort=Effort.LIGHT)
