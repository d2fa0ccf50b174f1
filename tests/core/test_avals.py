import copy
import pickle

import numpy as np
import pytest

import minijax.primitives.arithmetic  # noqa: F401 - gives array avals their vector space
from minijax.core import avals as avals_module
from minijax.core import dtypes
from minijax.core.array import to_array, value_of
from minijax.core.avals import Aval, ShapedArray, Zero, materialize

F64 = ShapedArray((2, 3), dtypes.float64)
WEAK = ShapedArray((), dtypes.int64, True)


def test_avals_are_equal_by_what_they_say() -> None:
    assert ShapedArray((2, 3), dtypes.float64) == F64
    assert hash(ShapedArray((2, 3), dtypes.float64)) == hash(F64)
    assert ShapedArray((2, 3), dtypes.float32) != F64
    assert F64.update(weak_type=True) != F64
    assert F64.accepts(F64.update(weak_type=True))
    assert not F64.accepts(F64.update(shape=(3, 2)))


def test_they_are_printed_short() -> None:
    assert str(F64) == "f64[2,3]"
    assert repr(WEAK) == "ShapedArray(i64[], weak_type=True)"
    assert (F64.ndim, F64.size) == (2, 6)


def test_tangents_of_integers_are_float0() -> None:
    assert F64.tangent() is F64
    assert ShapedArray((4,), dtypes.int32).tangent() == ShapedArray((4,), dtypes.float0)


def test_axes_come_and_go() -> None:
    assert F64.with_axis(5, 0).shape == (5, 2, 3)
    assert F64.with_axis(5, 2).shape == (2, 3, 5)
    assert F64.with_axis(5, 1).without_axis(1) == F64


def test_an_array_aval_is_a_vector_space() -> None:
    zero = F64.zeros()
    assert zero.aval == F64
    x = to_array(np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(value_of(F64.add(x, x)), 2 * value_of(x))
    assert F64.spread(x, 4, 1).shape == (2, 4, 3)
    assert F64.move_axis(x, 0, 1).shape == (3, 2)
    assert F64.move_axis(x, 1, 1) is x


def test_zeros_of_integer_tangents_are_float0_arrays() -> None:
    zero = materialize(Zero(ShapedArray((3,), dtypes.int64).tangent()))
    assert isinstance(zero, np.ndarray)
    assert (zero.dtype, zero.shape) == (dtypes.float0, (3,))


def test_materialize_leaves_values_alone() -> None:
    x = to_array(1.0)
    assert materialize(x) is x
    assert repr(Zero(F64)) == "Zero(f64[2,3])"


def test_an_aval_without_a_space_says_so() -> None:
    class Token(Aval):
        def __str__(self) -> str:
            return "token"

    for use in (Token().tangent, Token().zeros, lambda: Token().add(1, 2)):
        with pytest.raises(TypeError, match="token"):
            use()


def test_equal_avals_are_one_object():
    aval = ShapedArray((3, 0), np.dtype("float32"), True)
    assert ShapedArray((3, 0), "float32", True) is aval
    assert aval.update(shape=(3,)).update(shape=(3, 0)) is aval
    assert pickle.loads(pickle.dumps(aval)) is aval
    assert copy.deepcopy(aval) is aval
    assert ShapedArray((np.int64(3), 0), np.dtype("f4"), np.True_) is aval
    assert ShapedArray((3, 0), np.dtype("float32")) is not aval


def test_avals_stay_one_object_when_the_quick_table_is_cleared(monkeypatch):
    aval = ShapedArray((5, 7), np.dtype("float64"))
    monkeypatch.setattr(avals_module, "_RECENT_LIMIT", 1)
    for n in range(3):
        ShapedArray((n, 1001), np.dtype("float64"))
    assert ShapedArray((5, 7), np.dtype("float64")) is aval
