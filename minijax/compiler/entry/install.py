"""Making the entry of a jitted function for the arguments of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any

from minijax.compiler.blas_threads import blas_functions
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Effort, Program
from minijax.compiler.entry.donate import Donated
from minijax.compiler.entry.layout import find_layout
from minijax.compiler.entry.parts import Call, Static
from minijax.compiler.entry.point import EntryPoint
from minijax.compiler.entry.rebuild import numbered, rebuild_function
from minijax.compiler.entry.recipe import Recipe, argument_recipe, leaf_values, result_recipe
from minijax.compiler.entry.shared import shared_code
from minijax.compiler.entry.table import BUSY, FAILURE, RUN, Table
from minijax.compiler.entry.text import ENTRY_NAME, entry_text
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.activity import busy
from minijax.core.array import ConcreteArray, value_of
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef

Matched = Mapping[int, int]
NOTHING_MATCHED: Matched = MappingProxyType({})
_codes: dict[str, Program] = {}


def overwritten(consts: int, matched: Matched) -> tuple[tuple[int, int], ...]:
    """Returns the inputs that a program may overwrite, each with the output that takes its memory.

    Args:
        consts: how many inputs stand before the leaves.
        matched: leaves, each with the number of a result.
    """
    return tuple((consts + leaf, out) for leaf, out in sorted(matched.items()))


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
    matched: Matched = NOTHING_MATCHED,
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
        matched: donated leaves, each with the number of the result that takes its place.
    """
    wanted = overwritten(len(consts), matched)
    compiled, out_avals = compile_jaxpr(jaxpr, wanted), jaxpr.out_avals
    layout = find_layout()
    if layout is None:
        return False
    positional = [_part(x, k in static) for k, x in enumerate(args)]
    keywords = [_part(x, name in static) for name, x in kwargs.items()]
    places = numbered(out_tree)
    made = result_recipe(places, out_avals)
    if made is None or None in positional or None in keywords:
        return False
    recipe, is_whole = made
    dynamic = [x for k, x in enumerate(args) if k not in static]
    dynamic += [kwargs[name] for name in sorted(kwargs) if name not in static]
    found = [leaf for x in dynamic for leaf in leaf_values(x)]
    if len(found) != len(flat) or any(a is not b for a, b in zip(found, flat, strict=True)):
        return False
    if any(type(flat[leaf]) is not ConcreteArray for leaf in matched):
        return False
    buffers = [value_of(x) for x in consts]
    in_place = dict(compiled.record.reused)
    donated = [
        Donated(leaf, out, len(consts) + leaf in in_place) for leaf, out in sorted(matched.items())
    ]
    call = Call(
        tuple(p for p in positional if p is not None),
        tuple(kwargs),
        tuple(p for p in keywords if p is not None),
        recipe,
        None if is_whole else rebuild_function(out_tree, places),
        (*(x.ctypes.data for x in buffers), *compiled.const_addresses),
        compiled.trailing_addresses(threads),
        compiled.plan_size,
        blas_functions() if compiled.uses_blas else None,
        compiled.is_long,
        compiled.is_long or compiled.runs_python,
        tuple(donated),
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
