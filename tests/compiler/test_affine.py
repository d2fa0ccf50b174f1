"""Index arithmetic simplifies to plain strided addresses, and stays right where it cannot."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minijax.compiler.fuse.affine import IndexBuilder
from minijax.compiler.fuse.walk import postorder
from minijax.kernel.build import KernelBuilder
from minijax.kernel.expr import Expr

SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=4)


def value_of(root: Expr, indices: dict[int, int]) -> int:
    """Evaluates an index expression."""
    known: dict[int, int] = {}
    for node in postorder((root,)):
        x = [known[id(operand)] for operand in node.operands]
        match node.op:
            case "index":
                known[id(node)] = indices[id(node)]
            case "const":
                known[id(node)] = int(node.payload)
            case "add":
                known[id(node)] = x[0] + x[1]
            case "mul":
                known[id(node)] = x[0] * x[1]
            case "floordiv":
                known[id(node)] = x[0] // node.payload
            case _:
                assert node.op == "mod"
                known[id(node)] = x[0] % node.payload
    return known[id(root)]


@given(SHAPES, st.integers(1, 7), st.integers(0, 9), st.data())
def test_division_is_exact_arithmetic(
    shape: list[int], divisor: int, shift: int, data: st.DataObject
) -> None:
    k = IndexBuilder()
    axes = [k.index(n) for n in shape]
    coefficients = data.draw(st.lists(st.integers(0, 8), min_size=len(axes), max_size=len(axes)))
    x = k.constant(shift)
    for axis, c in zip(axes, coefficients, strict=True):
        x = k.add(x, k.mul(axis, c))
    for point in np.ndindex(*shape):
        at = {id(axis): i for axis, i in zip(axes, point, strict=True)}
        assert value_of(k.floordiv(x, divisor), at) == value_of(x, at) // divisor
        assert value_of(k.mod(x, divisor), at) == value_of(x, at) % divisor


@given(SHAPES, SHAPES)
def test_a_reshape_and_its_inverse_cancel(shape: list[int], other: list[int]) -> None:
    k = IndexBuilder()
    split = KernelBuilder.unflatten
    size = math.prod(shape)
    axes = [k.index(n) for n in shape]
    flat = k.sum_of(k.position(axes, shape))
    parts = split(k, flat, [*other, size])  # type: ignore[arg-type]
    load = k.load(None, np.dtype("float64"), k.position(parts, [*other, size]))
    assert all(term.op == "index" for term in load.operands)


def test_conditions_on_several_axes_are_taken_from_positions_one_by_one() -> None:
    k = IndexBuilder()
    i, j = k.index(8), k.index(8)
    is_low, is_left = k.compare("lt", i, k.constant(4)), k.compare("lt", j, k.constant(3))
    row, column = k.select(is_low, k.add(i, 2), 0), k.select(is_left, k.add(j, 1), 0)
    x = k.load(None, np.dtype("float64"), k.position([row, column], [8, 8]))
    other = k.constant(0.0, np.dtype("float64"))
    inner = k.guarded(is_left, x, other)
    assert inner.operands[1].op == "guarded"
    assert row in inner.operands[1].operands
    read = k.guarded(is_low, inner, other).operands[1].operands[1]
    assert read.op == "guarded"
    assert read.operands[0].operands == (is_left, is_low)
    assert set(read.operands[1:]) == {i, j}
    assert read.payload.const == 17
