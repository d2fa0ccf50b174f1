"""Scatter: the operand is copied unless it is overwritten, then the updates go one by one."""

from __future__ import annotations

from minijax.compiler.emit.body import Body, combine
from minijax.compiler.emit.frame import Frame, copy, load, nbytes, store
from minijax.compiler.emit.types import Scalar
from minijax.compiler.text import Operand
from minijax.kernel.roots import Scatter


def emit_scatter(frame: Frame, scatter: Scatter) -> None:
    """Emits the copy and the loop over the updates."""
    out = scatter.out
    if out.ndim == 0:
        _emit_scalar(frame, scatter)
        return
    target = frame.address(out)
    copy(frame.c, target, frame.address(scatter.operand), nbytes(out))
    if out.size == 0 or any(i.payload == 0 for i in scatter.indices):
        return
    body = Body(frame)
    (place,) = scatter.place
    stores_only = scatter.combined is scatter.new
    independent = scatter.unique and scatter.in_bounds.is_constant and stores_only
    with body.loops(scatter.indices, independent=independent):
        (update,) = (body.emit(scatter.update),)
        if scatter.in_bounds.is_constant:
            if bool(scatter.in_bounds.payload):
                _write(body, scatter, target, body.offset(place), update)
            return
        inside = body.emit(scatter.in_bounds)[0]
        offset = body.offset(place)
        with frame.c.fn.when(inside):
            _write(body, scatter, target, offset, update)


def _write(body: Body, scatter: Scatter, target: str, offset: Operand, update: Scalar) -> None:
    dtype = scatter.out.dtype
    if scatter.combined is not scatter.new:
        old = load(body.c, dtype, target, offset)
        variables = (scatter.old, scatter.new)
        (update,) = combine(body.frame, variables, (old, update), (scatter.combined,))
    store(body.c, dtype, update, target, offset, body.note)


def _emit_scalar(frame: Frame, scatter: Scatter) -> None:
    """A scalar is carried through the updates in registers."""
    c = frame.c
    body = Body(frame)
    current = frame.scalars[scatter.operand]
    place = c.fn.alloca("i64", 2)
    store(c, scatter.out.dtype, current, place, 0)
    if all(i.payload for i in scatter.indices):
        with body.loops(scatter.indices):
            update = body.emit(scatter.update)
            inside = body.emit(scatter.in_bounds)[0]
            with c.fn.when(inside):
                _write(body, scatter, place, 0, update)
    frame.scalars[scatter.out] = load(c, scatter.out.dtype, place, 0)
