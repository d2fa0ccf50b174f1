"""Definitions that another kind of definition does better.

A small `Dot`, or one of a dtype that BLAS does not know, is a `Reduce` of products: it fuses with
what comes before and after it. Sums and products of 16-bit floats accumulate in 32 bits. A fold of
one element is no fold: an outer product, or a sum over an axis of length 1, is an `Element`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minijax.compiler.fuse.parts import Reader
from minijax.compiler.fuse.walk import postorder
from minijax.core import dtypes
from minijax.core.records import replace
from minijax.kernel.expr import Expr, ExprBuilder
from minijax.kernel.roots import Definition, Dot, Element, Reduce, Value

BLAS_DTYPES = (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)
_SMALL_DOT = 8 * 8 * 8
_MIDDLING_DOT = 32  # up to here vectors of results beat a call, if there are any
_FEWEST_COLUMNS = 8
# One side is so small that each result is a few multiplications and additions: BLAS packs for more.
_THIN_LEFT = 20
_THIN_RIGHT, _THIN_CONTRACTED = 64, 8
_MOST_SOURCES = 64
_NARROW = (dtypes.float16, dtypes.bfloat16)


def rewrite(definitions: Sequence[Definition]) -> list[Definition]:
    """Returns the definitions with small dots and narrow sums rewritten."""
    found: list[Definition] = []
    for definition in definitions:
        if isinstance(definition, Dot) and not is_large(definition):
            definition = _as_reduce(definition)
        if isinstance(definition, Reduce) and definition.kind in ("add", "mul"):
            definition = _widened(definition)
        if isinstance(definition, Reduce) and all(i.payload == 1 for i in definition.inner):
            definition = _as_element(definition)
        found.append(definition)
    return found


def dot_sizes(dot: Dot) -> tuple[int, int, int]:
    """Returns rows, columns and contracted length of each product of a batch."""
    lhs, rhs = dot.lhs.shape, dot.rhs.shape
    contracted = math.prod(lhs[d] for d in dot.lhs_contract)
    batch = math.prod(lhs[d] for d in dot.lhs_batch)
    rows = math.prod(lhs) // max(batch * contracted, 1)
    columns = math.prod(rhs) // max(batch * contracted, 1)
    return rows, columns, contracted


def is_large(dot: Dot) -> bool:
    """Tells whether a product is worth a call of BLAS."""
    rows, columns, contracted = dot_sizes(dot)
    if dot.out.dtype not in BLAS_DTYPES or 0 in (*dot.lhs.shape, *dot.rhs.shape):
        return False
    if 1 in (rows, columns, contracted) or rows * columns * contracted <= _SMALL_DOT:
        return False
    middling = max(rows, columns, contracted) <= _MIDDLING_DOT or rows * contracted <= _THIN_LEFT
    thin = contracted <= _THIN_CONTRACTED and contracted * columns <= _THIN_RIGHT
    is_worth = thin or (middling and columns >= _FEWEST_COLUMNS)
    return not (is_worth and _goes_along_columns(dot))


def _goes_along_columns(dot: Dot) -> bool:
    """Tells whether neighbours in the memory of the right side belong to neighbouring results."""
    rhs, last = dot.rhs, dot.rhs.ndim - 1
    if last in (*dot.rhs_contract, *dot.rhs_batch) or dtypes.is_complex(rhs.dtype):
        return False
    return _keeps_last_axis(rhs)


def _keeps_last_axis(x: Value) -> bool:
    """Tells whether the last axis of a value is the last one in the memory it is read from.

    An element that is no memory yet may have its axes in another order there.
    """
    seen = {x}
    pending = [x]
    while pending:
        element = pending.pop().definition
        if not isinstance(element, Element):
            continue
        sources = _sources(element)
        if sources is None or len(seen) > _MOST_SOURCES:
            return False
        pending += [y for y in sources if y not in seen]
        seen.update(sources)
    return True


def _sources(element: Element) -> Sequence[Value] | None:
    """Returns what an element reads; None if its last index is not the last one there."""
    if element.view_of is not None:
        return [element.view_of]
    if not element.indices:
        return []  # a number is the same wherever it is read
    last = element.indices[-1]
    reads = [n for n in postorder(element.bodies) if n.op == "read" and n.operands]
    moved = any(y is last for n in reads for y in postorder(n.operands[:-1]))
    return None if moved else [n.payload for n in reads]


def _as_reduce(dot: Dot) -> Reduce:
    k = ExprBuilder()
    outer = tuple(k.index(n) for n in dot.out.shape)
    inner = tuple(k.index(dot.lhs.shape[d]) for d in dot.lhs_contract)
    batch, free = outer[: len(dot.lhs_batch)], list(outer[len(dot.lhs_batch) :])
    sides = []
    for x, axes, batches in (
        (dot.lhs, dot.lhs_contract, dot.lhs_batch),
        (dot.rhs, dot.rhs_contract, dot.rhs_batch),
    ):
        placed = dict(zip((*axes, *batches), (*inner, *batch), strict=True))
        sides.append(k.read(x, [placed[d] if d in placed else free.pop(0) for d in range(x.ndim)]))
    dtype = dot.out.dtype
    is_bool = dtype == dtypes.bool_
    product, total = ("and", "or") if is_bool else ("mul", "add")
    acc, new = k.variable(dtype), k.variable(dtype)
    return Reduce(
        (dot.out,),
        outer,
        inner,
        (k.binary(product, *sides),),
        (k.constant(0, dtype),),
        (acc,),
        (new,),
        (k.binary(total, acc, new),),
        total,
    )


def _as_element(fold: Reduce) -> Element:
    k = Reader()
    indices = {id(i): i for i in fold.outer}
    elements = k.rebuild(fold.elements, indices | {id(i): k.constant(0) for i in fold.inner})
    known = {id(v): x for v, x in zip(fold.news, elements, strict=True)}
    known |= {id(v): x for v, x in zip(fold.accs, k.rebuild(fold.init, {}), strict=True)}
    pairs = zip(k.rebuild(fold.combined, known), fold.outs, strict=True)
    bodies = tuple(k.convert(x, out.dtype) for x, out in pairs)
    return Element(fold.outs, fold.outer, bodies)


def _widened(reduce: Reduce) -> Reduce:
    if all(e.dtype not in _NARROW for e in reduce.elements):
        return reduce
    assert len(reduce.elements) == 1, "one sum or product is reduced at a time"
    k = ExprBuilder()
    wide = dtypes.float32
    acc, new = k.variable(wide), k.variable(wide)
    assert reduce.kind is not None, "a sum or a product"
    return replace(
        reduce,
        elements=(_wide(k, reduce.elements[0]),),
        init=(k.convert(reduce.init[0], wide),),
        accs=(acc,),
        news=(new,),
        combined=(k.binary(reduce.kind, acc, new),),
    )


def _wide(k: ExprBuilder, element: Expr) -> Expr:
    # A product of two 16-bit floats is exact in 32 bits: a dot rounds once, at its end.
    if element.op == "mul" and all(x.op == "read" for x in element.operands):
        return k.binary("mul", *(k.convert(x, dtypes.float32) for x in element.operands))
    return k.convert(element, dtypes.float32)
