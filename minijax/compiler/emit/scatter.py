"""Scatter: the operand is copied unless it is overwritten, then the updates go one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from minijax.compiler.emit.body import Body
from minijax.compiler.emit.combine import combine
from minijax.compiler.emit.frame import Frame, copy, nbytes
from minijax.compiler.emit.lanes import lanes_for
from minijax.compiler.emit.memory_access import load, store
from minijax.compiler.emit.numbers.types import Scalar
from minijax.compiler.emit.parts import emit_in_parts
from minijax.compiler.fuse.affine import address_terms
from minijax.compiler.fuse.walk import postorder
from minijax.compiler.text import Operand
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Scatter


def emit_scatter(frame: Frame, scatter: Scatter, position: int) -> None:
    """Emits the copy and the loop over the updates."""
    out = scatter.out
    if out.ndim == 0:
        _emit_scalar(frame, scatter)
        return
    target = frame.address(out)
    copy(frame.c, target, frame.address(scatter.operand), nbytes(out))
    if out.size == 0 or any(i.payload == 0 for i in scatter.indices):
        return
    split = frame.plan.splits.get(position)
    if split is None or frame.c.in_part:
        _emit_updates(frame, scatter, target)
    else:
        emit_in_parts(
            frame,
            position,
            split,
            lambda part: _emit_updates(part, scatter, part.take("ptr", target)),
        )


def _emit_updates(frame: Frame, scatter: Scatter, target: str) -> None:
    body = Body(frame)
    indices = [i for i in scatter.indices if i.op == "index"]
    if not _goes_along(scatter, indices):
        with body.loops(indices), _where(body, scatter):
            _update(body, scatter, target)
        return
    *others, last = indices
    lanes = lanes_for(postorder((scatter.update,)), last.payload)
    with body.loops(others), _where(body, scatter):
        body.across(last.payload, last, lanes, lambda _: _update(body, scatter, target))


@contextmanager
def _where(body: Body, scatter: Scatter) -> Iterator[None]:
    """Within it, updates are in bounds."""
    if scatter.in_bounds.is_constant and bool(scatter.in_bounds.payload):
        yield
        return
    inside = body.emit(scatter.in_bounds)[0]
    with body.c.fn.when(inside), body.scope():
        yield


def _goes_along(scatter: Scatter, indices: Sequence[Expr]) -> bool:
    """Whether the updates of a row go to neighbouring places."""
    if not indices:
        return False
    last, (place,) = indices[-1], scatter.place
    terms = {id(x): (x, c) for x, c in address_terms(place)}
    own = terms.pop(id(last), (last, 0))[1]
    others = [scatter.in_bounds, *(term for term, _ in terms.values())]
    return own == 1 and not any(x is last for x in postorder(others))


def _update(body: Body, scatter: Scatter, target: str) -> None:
    update = body.whole(scatter.update)
    offset = body.offset(scatter.place[0])
    _write(body, scatter, target, offset, update)


def _write(body: Body, scatter: Scatter, target: str, offset: Operand, update: Scalar) -> None:
    dtype = scatter.out.dtype
    if scatter.combined is not scatter.new:
        old = load(body.c, dtype, target, offset)
        variables = (scatter.old, scatter.new)
        (update,) = combine(body.frame, variables, (old, update), (scatter.combined,))
    store(body.c, dtype, update, target, offset)


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
