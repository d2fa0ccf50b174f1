"""Lanes: what mapped branches and loops do with the lanes of a batch that go different ways.

Every lane computes everything and keeps what it chose. The derivative of what it did not choose
may be infinite, and zero times infinity is NaN. So what enters goes through a `gate`: the identity,
whose derivative is zero in the lanes that do not choose the result.
"""

from __future__ import annotations

from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.primitive import primitive
from minijax.primitives.broadcast import broadcast_in_dim, full_like
from minijax.primitives.compare import select_n
from minijax.primitives.families import align_batch


def choose_lanes(which: Any, *cases: Any) -> Any:
    """Returns `cases[which[lane]][lane]` for each lane of the leading axis.

    Args:
        which: bool or int32, of the length of the leading axis.
        cases: arrays of one shape.
    """
    return select_n(_like(which, cases[0]), *cases)


def gate_lanes(is_open: Any, x: Any) -> Any:
    """Returns `x`, with derivative zero in the lanes that are not open.

    Args:
        is_open: bool, of the length of the leading axis.
        x: an array; one without derivatives is returned as it is.
    """
    if not dtypes.is_inexact(aval_of(x).dtype):
        return x
    return gate_p.bind(_like(is_open, x), x)[0]


def needs_gate(aval: Any) -> bool:
    """Whether a value that all lanes share is repeated for each, so that it can pass a gate.

    Scalars are; for arrays it would cost memory for each lane.
    """
    return aval.shape == () and dtypes.is_inexact(aval.dtype)


def _like(flags: Any, x: Any) -> Any:
    return broadcast_in_dim(flags, aval_of(x).shape, (0,))


def _gate_abstract(is_open: ShapedArray, x: ShapedArray) -> Any:
    if is_open.dtype != dtypes.bool_ or is_open.shape != x.shape:
        raise TypeError(f"gate: {x} needs a bool flag for each element, got {is_open}.")
    return (x,)


def _gate_jvp(primals: Any, tangents: Any) -> Any:
    is_open, _ = primals
    t = tangents[1]
    passed = t if type(t) is Zero else _pass(is_open, t)
    return gate_p.bind(*primals), (passed,)


def _pass(is_open: Any, t: Any) -> Any:
    return select_n(is_open, full_like(t, 0), t)


def _gate_batch(size: int, operands: Any, dims: Any) -> Any:
    aligned, dim = align_batch(size, operands, dims)
    return gate_p.bind(*aligned), (dim,)


gate_p = primitive(
    "gate",
    impl=lambda is_open, x: (x,),
    abstract=_gate_abstract,
    jvp=_gate_jvp,
    transpose=lambda cts, is_open, x: (None, _pass(is_open, cts[0])),
    batch=_gate_batch,
    lower=lambda k, is_open, x, out: k.element(out[0], lambda *i: x(*i)),
)
