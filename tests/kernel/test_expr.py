import numpy as np
import pytest

from minijax.core import dtypes
from minijax.kernel.build import KernelBuilder
from minijax.kernel.expr import Expr
from minijax.kernel.printing import format_expr
from minijax.kernel.roots import Value
from tests.kernel.programs import F64, array


@pytest.fixture
def k() -> KernelBuilder:
    return KernelBuilder()


def test_equal_expressions_are_one_object(k: KernelBuilder) -> None:
    x = Value(array(3), k)
    i = k.index(3)
    assert k.sin(x(i)) is k.sin(x(i))
    assert k.sin(x(i)) is not k.cos(x(i))
    assert k.index(3) is not i


def test_constants_are_told_apart_by_their_bits(k: KernelBuilder) -> None:
    assert k.constant(0.0, F64) is not k.constant(-0.0, F64)
    assert k.constant(1, F64) is k.constant(1.0, F64)
    assert k.constant(1, F64) is not k.constant(1)


@pytest.mark.parametrize(
    "same",
    [
        lambda k, i: k.add(i, 0),
        lambda k, i: k.add(k.constant(0), i),
        lambda k, i: k.mul(i, 1),
        lambda k, i: k.sub(i, 0),
        lambda k, i: k.floordiv(i, 1),
        lambda k, i: k.mod(i, 12),
        lambda k, i: k.add(k.mul(k.floordiv(i, 4), 4), k.mod(i, 4)),
        lambda k, i: k.select(k.lt(k.constant(1), k.constant(2)), i, 0),
    ],
)
def test_index_arithmetic_is_simplified(k: KernelBuilder, same) -> None:
    i = k.index(12)
    assert same(k, i) is i


def test_constants_of_indices_are_folded_and_wrap(k: KernelBuilder) -> None:
    def value(expr: Expr) -> int:
        assert expr.is_constant
        return int(expr.payload)

    assert value(k.add(k.mul(k.constant(3), 4), 2)) == 14
    assert value(k.floordiv(k.index(4), 4)) == 0
    assert value(k.mul(k.index(4), 0)) == 0
    assert value(k.add(k.constant(2**63 - 1), 1)) == -(2**63)


def test_floats_are_never_simplified(k: KernelBuilder) -> None:
    x = Value(array(), k)()
    assert k.add(x, k.constant(0.0, F64)) is not x  # -0.0 + 0.0 is 0.0
    assert k.mul(x, k.constant(1.0, F64)) is not x


def test_flatten_and_unflatten_are_inverse(k: KernelBuilder) -> None:
    shape = (2, 3, 4)
    position = k.index(24)
    assert k.flatten(k.unflatten(position, shape), shape) is position


def test_precedence_is_printed_with_few_parentheses(k: KernelBuilder) -> None:
    x, y = Value(array(), k)(), Value(array(), k)()
    assert format_expr(k.mul(k.add(x, y), y)) == "(a + b) * b"
    assert format_expr(k.add(k.mul(x, y), y)) == "a * b + b"
    assert format_expr(k.sub(x, k.sub(y, x))) == "a - (b - a)"
    assert format_expr(k.select(k.lt(x, y), k.neg(x), y)) == "select(a < b, neg(a), b)"
    assert format_expr(k.convert(x, dtypes.float32)) == "convert(a, float32)"
    assert format_expr(k.integer_pow(x, 3)) == "integer_pow(a, 3)"


def test_operands_of_two_dtypes_do_not_meet(k: KernelBuilder) -> None:
    with pytest.raises(AssertionError, match="do not meet"):
        k.add(k.constant(1, F64), k.constant(1, np.dtype(np.float32)))


def test_an_unknown_operation_is_an_attribute_error(k: KernelBuilder) -> None:
    with pytest.raises(AttributeError, match="no operation 'sine'"):
        _ = k.sine
