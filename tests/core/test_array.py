"""The face of arrays: operators, methods and protocols agree with the oracle's, traced or not."""

import copy
import math
import operator
import pickle
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp

pytestmark = pytest.mark.oracle


def assert_same(got: Any, expected: Any) -> None:
    """Compares value, dtype, shape and weak type of an array (or tuple of them) with JAX's."""
    if isinstance(expected, tuple | list):
        assert type(got) is type(expected)
        for g, e in zip(got, expected, strict=True):
            assert_same(g, e)
        return
    assert isinstance(got, mj.Array), type(got)
    assert got.shape == expected.shape
    assert str(got.dtype) == str(expected.dtype)
    assert got.weak_type == expected.weak_type
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=1e-6, atol=1e-12)


def both(oracle: ModuleType, function: Callable[..., Any], *values: Any) -> None:
    """Applies a function to arrays of either library, eagerly and traced, and compares."""
    wants_array = [isinstance(v, np.ndarray | np.generic) for v in values]

    def build(namespace: Any) -> list[Any]:
        return [
            namespace.asarray(v) if on else v for v, on in zip(values, wants_array, strict=True)
        ]

    expected = function(*build(oracle.numpy))
    assert_same(function(*build(jnp)), expected)
    assert_same(mj.jit(function)(*build(jnp)), expected)


ARITHMETIC = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    divmod,
]
COMPARISON = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]
BITWISE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]

FLOATS = np.array([1.5, -2.0, 3.0])
INTS = np.array([3, -4, 5])
SMALL = np.array([2, 1, 3], np.int8)
SINGLE = np.array([0.5, 2.0, -1.0], np.float32)
FLAGS = np.array([True, False, True])


@pytest.mark.parametrize("op", [*ARITHMETIC, *COMPARISON])
@pytest.mark.parametrize(
    ("left", "right"),
    [(FLOATS, SINGLE), (INTS, SMALL), (SINGLE, INTS), (INTS, 2), (2.5, FLOATS), (SINGLE, 2.0)],
    ids=["f8f4", "i8i1", "f4i8", "i8-int", "float-f8", "f4-float"],
)
def test_binary_operators(oracle: ModuleType, op: Any, left: Any, right: Any) -> None:
    if op is operator.pow and left is INTS and right is SMALL:
        right = SMALL
    both(oracle, op, left, right)


@pytest.mark.parametrize("op", BITWISE)
def test_bitwise_operators(oracle: ModuleType, op: Any) -> None:
    both(oracle, op, INTS, SMALL)
    both(oracle, op, SMALL, 1)
    if op in BITWISE[:3]:
        both(oracle, op, FLAGS, ~FLAGS)


@pytest.mark.parametrize("op", [operator.neg, operator.pos, abs, operator.invert])
def test_unary_operators(oracle: ModuleType, op: Any) -> None:
    both(oracle, op, INTS)
    if op is not operator.invert:
        both(oracle, op, FLOATS)


def test_matmul(oracle: ModuleType) -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    both(oracle, operator.matmul, a, b)
    both(oracle, operator.matmul, a, FLOATS)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.truediv, operator.lt])
def test_numpy_on_the_left_gives_an_array(oracle: ModuleType, op: Any) -> None:
    for left in (FLOATS, np.float32(2.0), np.int64(3)):
        expected = op(left, oracle.numpy.asarray(SINGLE))
        assert_same(op(left, jnp.asarray(SINGLE)), expected)
        assert_same(mj.jit(lambda x, left=left: op(left, x))(jnp.asarray(SINGLE)), expected)


def test_numpy_matmul_on_the_left(oracle: ModuleType) -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    expected = matrix @ oracle.numpy.asarray(FLOATS)
    assert_same(matrix @ jnp.asarray(FLOATS), expected)


def test_operators_refuse_lists_and_strings() -> None:
    x = jnp.arange(3.0)
    for other in ([1, 2, 3], "abc", {"a": 1}, None):
        with pytest.raises(TypeError):
            _ = x + other
    assert (x == "abc") is False


def test_in_place_operators_rebind(oracle: ModuleType) -> None:
    x = y = jnp.arange(3.0)
    y += 1.0
    assert x is not y
    np.testing.assert_array_equal(np.asarray(x), [0, 1, 2])


METHODS: dict[str, Callable[[Any], Any]] = {
    "all": lambda x: (x > 0).all(),
    "any": lambda x: (x > 0).any(axis=0),
    "argmax": lambda x: x.argmax(),
    "argmin": lambda x: x.argmin(axis=1),
    "argsort": lambda x: x.argsort(axis=1),
    "astype": lambda x: x.astype("int32"),
    "clip": lambda x: x.clip(0.0, 1.5),
    "conj": lambda x: x.conj(),
    "copy": lambda x: x.copy(),
    "cumprod": lambda x: x.cumprod(),
    "cumsum": lambda x: x.cumsum(axis=1),
    "diagonal": lambda x: x.diagonal(),
    "dot": lambda x: x.dot(x.T),
    "flatten": lambda x: x.flatten(),
    "max": lambda x: x.max(axis=0, keepdims=True),
    "mean": lambda x: x.mean(axis=(0, 1)),
    "min": lambda x: x.min(),
    "prod": lambda x: x.prod(axis=-1),
    "ptp": lambda x: x.ptp(),
    "ravel": lambda x: x.ravel(),
    "repeat": lambda x: x.repeat(2, axis=1),
    "reshape_args": lambda x: x.reshape(3, -1),
    "reshape_tuple": lambda x: x.reshape((6,)),
    "round": lambda x: x.round(1),
    "sort": lambda x: x.sort(axis=0),
    "squeeze": lambda x: x[None].squeeze(0),
    "std": lambda x: x.std(ddof=1),
    "sum": lambda x: x.sum(axis=1, where=x > 0),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "take": lambda x: x.take(np.array([0, 3])),
    "trace": lambda x: x.trace(),
    "transpose": lambda x: x.transpose(1, 0),
    "transpose_tuple": lambda x: x.transpose((1, 0)),
    "transpose_none": lambda x: x.transpose(),
    "var": lambda x: x.var(axis=0),
    "view": lambda x: x.view("int64"),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "searchsorted": lambda x: x[0].sort().searchsorted(0.5),
    "dunder_round": lambda x: round(x, 1),
    "choose": lambda x: (x[0] > 0).astype(int).choose([x[0], x[1]]),
    "argpartition_shape": lambda x: x.argpartition(1).sum(axis=-1),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(oracle: ModuleType, name: str) -> None:
    both(oracle, METHODS[name], np.array([[1.25, -2.5, 0.5], [2.0, 3.75, -1.0]]))


def test_nonzero_and_compress(oracle: ModuleType) -> None:
    x = np.array([0.0, 2.0, 0.0, 3.0])
    assert_same(jnp.asarray(x).nonzero(), oracle.numpy.asarray(x).nonzero())
    keep = np.array([True, False, True, True])
    assert_same(jnp.asarray(x).compress(keep), oracle.numpy.asarray(x).compress(keep))


AT: dict[str, Callable[[Any], Any]] = {
    "get": lambda x: x.at[1].get(),
    "get_fill": lambda x: x.at[np.array([0, 9])].get(mode="fill", fill_value=-1.0),
    "get_clip": lambda x: x.at[np.array([0, 9])].get(mode="clip"),
    "set": lambda x: x.at[1].set(9.0),
    "set_drop": lambda x: x.at[9].set(9.0, mode="drop"),
    "set_negative": lambda x: x.at[-1].set(9.0),
    "set_slice": lambda x: x.at[::2, 1:].set(0),
    "set_column": lambda x: x.at[:, 1].set(x[:, 0]),
    "set_mask": lambda x: x.at[x > 1].set(0.0),
    "add_repeated": lambda x: x.at[np.array([0, 0, 1])].add(1.0),
    "subtract": lambda x: x.at[0].subtract(1.0),
    "multiply": lambda x: x.at[..., 0].multiply(3),
    "mul": lambda x: x.at[..., 0].mul(3),
    "divide": lambda x: x.at[1].divide(2.0),
    "power": lambda x: x.at[1].power(2),
    "min": lambda x: x.at[0].min(1.0),
    "max": lambda x: x.at[0].max(1.0),
    "apply": lambda x: x.at[0].apply(lambda v: v * v),
    "int_value_in_float": lambda x: x.at[0, 0].set(3),
}


@pytest.mark.parametrize("name", AT)
def test_at(oracle: ModuleType, name: str) -> None:
    x = np.arange(6.0).reshape(2, 3)
    expected = AT[name](oracle.numpy.asarray(x))
    assert_same(AT[name](jnp.asarray(x)), expected)
    if name != "set_mask":
        assert_same(mj.jit(AT[name])(jnp.asarray(x)), expected)


INDICES = [
    0,
    -1,
    (1, 2),
    slice(None, None, -1),
    (slice(None), 1),
    (Ellipsis, 0),
    (None, slice(1, 2)),
    np.array([1, 0, 1]),
    (np.array([0, 1]), np.array([2, 0])),
    (slice(None), np.array([[0, 2]])),
    np.array([True, False]),
    (Ellipsis, np.array([7])),
    (),
    True,
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indexing(oracle: ModuleType, index: Any) -> None:
    both(oracle, lambda x: x[index], np.arange(6.0).reshape(2, 3))


def test_indexing_errors() -> None:
    x = jnp.arange(3.0)
    with pytest.raises(TypeError):
        _ = x[1.0]
    with pytest.raises(TypeError):
        _ = x["a"]
    with pytest.raises(IndexError):
        _ = x[0, 0]


# -- weak types


def test_weak_types(oracle: ModuleType) -> None:
    programs: list[Callable[[Any], Any]] = [
        lambda np_: np_.asarray(1.0),
        lambda np_: np_.asarray(1.0) + 2,
        lambda np_: np_.asarray(1) * 2.0,
        lambda np_: np_.asarray(1.0) * np_.asarray([1, 2]),
        lambda np_: np_.asarray(1.0) + np_.zeros(2, "float32"),
        lambda np_: np_.array(1),
        lambda np_: np_.array([1, 2]),
        lambda np_: np_.float32(1) * 2.0,
        lambda np_: np_.arange(3) / 2,
        lambda np_: np_.asarray(2) ** 2,
        lambda np_: np_.sin(np_.asarray(1.0)),
        lambda np_: np_.sum(np_.asarray(1.0)),
        lambda np_: np_.where(np_.asarray(True), 1.0, 2),
        lambda np_: np_.asarray(True) + 1,
        lambda np_: np_.asarray(1.0).astype("float32"),
        lambda np_: np_.asarray(1.0).astype(float),
        lambda np_: np_.full((2,), 1.0),
        lambda np_: np_.full_like(np_.zeros(2), 1),
        lambda np_: -np_.asarray(3),
        lambda np_: np_.asarray(3)[None],
        lambda np_: abs(np_.asarray(3)),
        lambda np_: np_.asarray(3) // 2,
        lambda np_: np_.stack([np_.asarray(1.0), np_.asarray(2)]),
        lambda np_: np_.asarray(1j) * np_.zeros(2, "float32"),
    ]
    for program in programs:
        assert_same(program(jnp), program(oracle.numpy))


# -- protocols


def test_asarray_is_zero_copy_and_read_only() -> None:
    x = jnp.arange(6.0)
    seen = np.asarray(x)
    assert np.shares_memory(seen, np.asarray(x))
    assert not seen.flags.writeable
    assert np.array(x).flags.writeable
    assert np.asarray(x, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, np.float32, copy=False)


class _OnlyDLPack:
    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def __dlpack__(self, **options: Any) -> Any:
        return self.value.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.value.__dlpack_device__()


def test_dlpack_to_numpy_and_back(oracle: ModuleType) -> None:
    x = jnp.arange(4.0)
    there = np.from_dlpack(x)
    assert np.shares_memory(there, np.asarray(x))
    np.testing.assert_array_equal(there, [0, 1, 2, 3])
    assert x.__dlpack_device__() == (1, 0)
    np.testing.assert_array_equal(np.asarray(oracle.numpy.from_dlpack(x)), [0, 1, 2, 3])
    assert_same(jnp.asarray(_OnlyDLPack(np.arange(3.0))), oracle.numpy.arange(3.0))


def test_arrays_from_other_libraries(oracle: ModuleType) -> None:
    theirs = oracle.numpy.arange(3.0)
    assert_same(jnp.asarray(theirs) + 1, theirs + 1)
    np.testing.assert_array_equal(np.asarray(jnp.sin(theirs)), np.sin(np.arange(3.0)))

    class Boxed:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.arange(3.0)

    assert_same(jnp.asarray(Boxed()), theirs)


def test_arrays_do_not_change_with_the_numpy_array_they_came_from() -> None:
    source = np.zeros(3)
    x, y = jnp.array(source), jnp.asarray(source)
    source[:] = 1.0
    assert float(x.sum()) == 0.0
    assert float(y.sum()) == 0.0


@pytest.mark.parametrize("value", [np.arange(3.0), np.int8(3), np.zeros((0, 2)), FLAGS])
def test_pickle_and_copies(value: Any) -> None:
    x = jnp.asarray(value)
    for made in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x)):
        assert isinstance(made, mj.Array)
        assert made.aval == x.aval
        np.testing.assert_array_equal(np.asarray(made), value)
    assert pickle.loads(pickle.dumps(jnp.asarray(1.0))).weak_type


def test_python_scalars() -> None:
    assert bool(jnp.asarray(True)) is True
    assert int(jnp.asarray(3.7)) == 3
    assert float(jnp.asarray(2)) == 2.0
    assert complex(jnp.asarray(1j)) == 1j
    assert operator.index(jnp.asarray(2)) == 2
    assert [10, 20, 30][jnp.asarray(1)] == 20
    assert list(range(jnp.asarray(3))) == [0, 1, 2]
    assert math.isclose(math.sin(jnp.asarray(0.5)), math.sin(0.5))
    assert jnp.arange(3.0).tolist() == [0.0, 1.0, 2.0]
    assert jnp.asarray([[5.0]]).item() == 5.0
    assert jnp.arange(3.0).item(1) == 1.0
    assert jnp.arange(2, dtype="int16").tobytes() == b"\x00\x00\x01\x00"
    assert hex(jnp.asarray(255)) == "0xff"
    assert round(jnp.asarray(2.0)) == 2


def test_refused_scalars() -> None:
    x = jnp.arange(3.0)
    with pytest.raises(ValueError, match="any"):
        bool(x)
    with pytest.raises(TypeError):
        float(x)
    with pytest.raises(TypeError):
        int(x)
    with pytest.raises(TypeError):
        operator.index(jnp.asarray(1.0))
    with pytest.raises(TypeError, match="len"):
        len(jnp.asarray(1.0))
    with pytest.raises(TypeError, match="iteration"):
        iter(jnp.asarray(1.0))
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    with pytest.raises(TypeError, match=r"\.at\[i\]\.set\(v\)"):
        x[0] = 1.0
    with pytest.raises(TypeError, match="asarray"):
        mj.Array(1.0)


def test_iteration(oracle: ModuleType) -> None:
    x = np.arange(6.0).reshape(2, 3)
    ours, theirs = jnp.asarray(x), oracle.numpy.asarray(x)
    assert len(ours) == 2
    assert_same(list(ours), list(theirs))
    assert_same(list(reversed(ours)), list(reversed(theirs)))
    _, b = ours
    assert_same(b, theirs[1])
    assert 4.0 in ours[1]
    both(oracle, lambda m: sum(row for row in m), x)


REPRS = [
    np.array([0.0, 1.0, 2.0]),
    np.float64(0.5),
    np.zeros((0,)),
    np.zeros((0, 3), np.int32),
    np.eye(2, dtype=np.float32),
    np.array([True, False]),
    np.array([1 + 2j]),
    np.array([1e-10, 1e10]),
    np.arange(24).reshape(2, 3, 4),
    np.arange(2000.0),
    np.linspace(0.0, 1.0, 13),
    np.array(["nan", "inf"], float),
    np.arange(60).reshape(6, 10),
    1.0,
    3,
    True,
    2j,
]


@pytest.mark.parametrize("value", REPRS, ids=lambda v: f"{np.asarray(v).dtype}{np.shape(v)}")
def test_repr_and_str(oracle: ModuleType, value: Any) -> None:
    assert repr(jnp.asarray(value)) == repr(oracle.numpy.asarray(value))
    assert str(jnp.asarray(value)) == str(oracle.numpy.asarray(value))


def test_repr_of_bfloat16(oracle: ModuleType) -> None:
    ours, theirs = jnp.arange(3, dtype="bfloat16"), oracle.numpy.arange(3, dtype="bfloat16")
    assert repr(ours) == repr(theirs)


def test_format() -> None:
    assert f"{jnp.asarray(1.23456):.2f}" == "1.23"
    assert f"{jnp.asarray(7):03d}" == "007"
    assert f"{jnp.arange(2.0)}" == "[0. 1.]"


def test_attributes(oracle: ModuleType) -> None:
    value = np.zeros((2, 3), np.float32)
    ours, theirs = jnp.asarray(value), oracle.numpy.asarray(value)
    for name in ("shape", "dtype", "ndim", "size", "nbytes", "itemsize", "weak_type"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.block_until_ready() is ours
    assert not ours.is_deleted()
    assert weakref.ref(ours)() is ours


def test_array_namespace() -> None:
    x = jnp.zeros(2)
    assert x.__array_namespace__() is jnp
    assert mj.jit(lambda y: y.__array_namespace__().sin(y))(x).shape == (2,)


def test_numpy_functions_on_arrays_give_numpy_arrays() -> None:
    out = np.sin(jnp.arange(3.0))
    np.testing.assert_array_equal(np.asarray(out), np.sin(np.arange(3.0)))
    assert np.sum(jnp.arange(3.0)) == 3.0


def test_arrays_do_not_compare_by_identity_in_containers() -> None:
    x = jnp.asarray(1.0)
    assert x in [jnp.asarray(0.0), x]


@pytest.mark.parametrize("other", [[0, 1], (0, 1), {0}, {"a": 0}])
def test_comparing_with_a_container_is_refused(other: Any) -> None:
    for compare in (operator.eq, operator.ne):
        with pytest.raises(TypeError, match="cannot be compared"):
            compare(jnp.arange(2), other)
        with pytest.raises(TypeError, match="cannot be compared"):
            compare(other, jnp.arange(2))
    assert (jnp.arange(2) == None) is False  # noqa: E711


def test_dlpack_from_another_library_is_copied() -> None:
    theirs = np.arange(3.0)
    ours = jnp.from_dlpack(theirs)
    theirs[0] = 5.0
    assert ours.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(TypeError, match="__dlpack__"):
        jnp.from_dlpack([1.0])
    with pytest.raises(ValueError, match="copied"):
        jnp.from_dlpack(theirs, copy=False)
