"""Simplify: jaxpr to jaxpr. Each pass is a file, takes a closed program and returns a closed one.

    inline   nested calls become part of their caller
    carries  what a loop hands on unchanged is one of its constants
    hoist    what a loop computes anew each step from its constants is computed once, before it
    forward  a scan does not stack what is there already
    counters a scan that is handed the numbers of another one's steps counts for itself
    fold     operations on scalar constants are carried out
    algebra  operations that do nothing go, and some become cheaper ones
    cse      an operation applied twice to the same operands is applied once
    layout   transposes become another way for a product to read its operands
    dce      what nobody uses goes

None changes a value. `simplify` runs them in this order, in the nested programs too; cse runs
before forward as well, which then sees that two residuals of a loop are one.
"""

from __future__ import annotations

from minijax.compiler.simplify.algebra import simplify_algebra
from minijax.compiler.simplify.carries import carries_to_constants
from minijax.compiler.simplify.counters import count_again
from minijax.compiler.simplify.cse import eliminate_common
from minijax.compiler.simplify.dce import eliminate_dead
from minijax.compiler.simplify.fold import fold_constants
from minijax.compiler.simplify.forward import forward_stacks
from minijax.compiler.simplify.hoist import hoist_invariants
from minijax.compiler.simplify.inline import inline_calls
from minijax.compiler.simplify.layout import fold_layouts
from minijax.core.check import check_jaxpr
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr

PASSES = (
    inline_calls,
    carries_to_constants,
    hoist_invariants,
    eliminate_common,  # what is the same is to be stacked once
    forward_stacks,
    count_again,
    fold_constants,
    simplify_algebra,
    eliminate_common,
    fold_layouts,
    eliminate_dead,
)


def simplify(jaxpr: Jaxpr) -> Jaxpr:
    """Returns an equivalent closed program with the same inputs; remembered with the program."""
    found = jaxpr.memo.get("simplified")
    if found is None:
        found = jaxpr
        for rewrite in PASSES:
            found = rewrite(found)
            if config.debug_checks or config.enable_checks:
                check_jaxpr(found)
        jaxpr.memo["simplified"] = found
    return found
