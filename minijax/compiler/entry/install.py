"""Making the entry of a jitted function for the arguments of a call."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence, Set
from typing import Any

from minijax.compiler.blas_threads import blas_functions
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program
from minijax.compiler.entry.layout import find_layout
from minijax.compiler.entry.parts import Call, Static
from minijax.compiler.entry.point import EntryPoint
from minijax.compiler.entry.recipe import Recipe, argument_recipe, leaf_values, result_recipe
from minijax.compiler.entry.shared import shared_code
from minijax.compiler.entry.table import BUSY, FAILURE, RUN, Table
from minijax.compiler.entry.text import ENTRY_NAME, entry_text
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.activity import busy
from minijax.core.array import value_of
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef, unflatten

_codes: dict[str, Program] = {}


def add_entry(
    point: EntryPoint,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    static: Set[int | str],
    flat: Sequence[Any],
    jaxpr: Jaxpr,
    consts: Sequence[Any],
    out_tree: PyTreeDef,
    threads: int | None = None,
) -> bool:
    """Adds an entry for arguments like these; tells whether there can be one.

    Args:
        point: the function.
        args, kwargs: the arguments of a call.
        static: positions and names of static arguments.
        flat: the leaves of the other arguments as the program takes them, to compare with.
        jaxpr: the program; it has been compiled.
        consts: the arrays that the function captured: the program's leading inputs.
        out_tree: the structure of the output.
        threads: how many threads calls may use; without, what is configured.
    """
    compiled, out_avals = compile_jaxpr(jaxpr), jaxpr.out_avals
    layout = find_layout()
    if layout is None:
        return False
    positional = [_part(x, k in static) for k, x in enumerate(args)]
    keywords = [_part(x, name in static) for name, x in kwargs.items()]
    numbered = unflatten(out_tree, range(out_tree.num_leaves))
    made = result_recipe(numbered, out_avals)
    if made is None or None in positional or None in keywords:
        return False
    recipe, is_whole = made
    dynamic = [x for k, x in enumerate(args) if k not in static]
    dynamic += [kwargs[name] for name in sorted(kwargs) if name not in static]
    found = [leaf for x in dynamic for leaf in leaf_values(x)]
    if len(found) != len(flat) or any(a is not b for a, b in zip(found, flat, strict=True)):
        return False
    buffers = [value_of(x) for x in consts]
    call = Call(
        tuple(p for p in positional if p is not None),
        tuple(kwargs),
        tuple(p for p in keywords if p is not None),
        recipe,
        None if is_whole else functools.partial(unflatten, out_tree),
        (*(x.ctypes.data for x in buffers), *compiled.const_addresses),
        compiled.trailing_addresses(threads),
        compiled.plan_size,
        blas_functions() if compiled.uses_blas else None,
        compiled.is_long,
        compiled.is_long or compiled.runs_python,
    )
    table = Table()
    text = entry_text(call, layout, table)
    code = _codes.get(text)
    if code is None:
        code = _codes[text] = cached_module(text, ENTRY_NAME, effort=Effort.LIGHT)
    failure = compiled.fail
    table.kept += [buffers, compiled, failure, code]
    table.settle()
    table.fix(BUSY, id(busy))
    table.fix(RUN, compiled.address)
    table.fix(FAILURE, id(failure))
    point.add_entry(table, code, shared_code())
    return True


def _part(x: Any, static: bool) -> Recipe | Static | None:
    return Static(x) if static else argument_recipe(x)
