"""The namespace, its signatures, dtypes and the array object, by the array API standard."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minijax as mj
import minijax.numpy as jnp
from docs.jax_names_page import differences, own_parameters, parameters
from tests.array_api import standard
from tests.array_api.standard import COMPLEX, DTYPES, FUNCTIONS, INTEGERS, REAL, UNSIGNED

X = jnp.asarray([[3.0, 1.0], [2.0, 2.0]])
# Defaults that are written otherwise and mean the same: docs/array_api.md.
SAME_MEANING = (
    ("arange", "`step=None`"),
    ("astype", "`copy=False`"),
    ("argmax", "`keepdims=None`"),
    ("argmin", "`keepdims=None`"),
    ("std", "`correction=None`"),
    ("var", "`correction=None`"),
    ("fft.", "`norm=None`"),
)
# As in JAX: docs/array_api.md.
DIFFERENT = {"expand_dims": "`axis` must be given"}


def _function(name: str) -> Any:
    found: Any = jnp
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature(name: str) -> None:
    ours = own_parameters(_function(name))
    assert ours is not None
    told = [
        difference
        for difference in differences(parameters(FUNCTIONS[name]), ours)
        if not any(name.startswith(n) and difference.startswith(d) for n, d in SAME_MEANING)
    ]
    assert told == ([DIFFERENT[name]] if name in DIFFERENT else [])


def test_constants_and_dtypes() -> None:
    assert all(hasattr(jnp, name) for name in (*standard.CONSTANTS, *DTYPES))
    assert (jnp.e, jnp.pi, jnp.inf, jnp.newaxis) == (np.e, np.pi, np.inf, None)
    assert np.isnan(jnp.nan)


def test_inspection() -> None:
    info = jnp.__array_namespace_info__()
    assert set(info.capabilities()) == {
        "boolean indexing",
        "data-dependent shapes",
        "max dimensions",
    }
    assert info.dtypes() == {name: np.dtype(name) for name in DTYPES}
    assert set(info.dtypes(kind="integral")) == {*INTEGERS, *UNSIGNED}
    assert set(info.dtypes(kind=("bool", "complex floating"))) == {"bool", *COMPLEX}
    assert info.default_dtypes()["real floating"] == jnp.asarray(1.0).dtype
    assert info.default_dtypes()["integral"] == jnp.asarray(1).dtype
    assert info.default_dtypes()["indexing"] == jnp.argmax(X).dtype
    assert X.device in info.devices()
    with pytest.raises(KeyError, match="'float'"):
        info.dtypes(kind="float")


# -- the array object


@pytest.mark.parametrize("name", [*standard.ATTRIBUTES, *standard.METHODS])
def test_array_has(name: str) -> None:
    assert hasattr(X, name)
    assert not inspect.ismodule(getattr(X, name))


def test_namespace_of_an_array() -> None:
    assert X.__array_namespace__() is jnp
    assert X.__array_namespace__(api_version=jnp.__array_api_version__) is jnp
    with pytest.raises(ValueError, match=r"1999\.01"):
        X.__array_namespace__(api_version="1999.01")


def test_dlpack() -> None:
    assert X.__dlpack_device__() == (1, 0)
    np.testing.assert_array_equal(np.from_dlpack(X), X)
    np.testing.assert_array_equal(jnp.from_dlpack(np.asarray([1.0, 2.0])), [1.0, 2.0])


def test_device() -> None:
    moved = X.to_device(X.device)
    assert moved.device == X.device
    np.testing.assert_array_equal(moved, X)
    assert jnp.zeros(2, device=X.device).device == X.device


def test_conversions_to_python() -> None:
    assert (bool(jnp.asarray(True)), int(jnp.asarray(3)), float(jnp.asarray(0.5))) == (True, 3, 0.5)
    assert complex(jnp.asarray(1j)) == 1j
    assert [10, 20, 30][jnp.asarray(1)] == 20


OPERATORS = {
    "__add__": "add",
    "__sub__": "subtract",
    "__mul__": "multiply",
    "__truediv__": "divide",
    "__floordiv__": "floor_divide",
    "__mod__": "remainder",
    "__pow__": "pow",
    "__eq__": "equal",
    "__ne__": "not_equal",
    "__lt__": "less",
    "__le__": "less_equal",
    "__gt__": "greater",
    "__ge__": "greater_equal",
    "__matmul__": "matmul",
}
INTEGER_OPERATORS = {
    "__and__": "bitwise_and",
    "__or__": "bitwise_or",
    "__xor__": "bitwise_xor",
    "__lshift__": "bitwise_left_shift",
    "__rshift__": "bitwise_right_shift",
}


@pytest.mark.parametrize("method", [*OPERATORS, *INTEGER_OPERATORS])
def test_operators_are_functions(method: str) -> None:
    on_integers = method in INTEGER_OPERATORS
    x = jnp.asarray([[7, 2], [3, 5]]) if on_integers else X
    function = getattr(jnp, (OPERATORS | INTEGER_OPERATORS)[method])
    got, expected = getattr(x, method)(x), function(x, x)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


# -- promotion

KINDS = (INTEGERS, UNSIGNED, REAL, COMPLEX)
MIXED = {
    ("int8", "uint8"): "int16",
    ("int8", "uint16"): "int32",
    ("int8", "uint32"): "int64",
    ("int16", "uint8"): "int16",
    ("int16", "uint16"): "int32",
    ("int32", "uint8"): "int32",
    ("int32", "uint32"): "int64",
    ("int64", "uint32"): "int64",
    ("float32", "complex64"): "complex64",
    ("float32", "complex128"): "complex128",
    ("float64", "complex64"): "complex128",
}


def test_promotion() -> None:
    table = dict(MIXED)
    for kind in KINDS:
        table |= {(a, b): kind[max(i, j)] for i, a in enumerate(kind) for j, b in enumerate(kind)}
    for (a, b), expected in table.items():
        assert jnp.result_type(a, b) == jnp.result_type(b, a) == expected
        x, y = jnp.ones(2, a), jnp.ones(2, b)
        assert (x + y).dtype == jnp.multiply(y, x).dtype == expected
        assert jnp.concat([x, y]).dtype == jnp.where(x == 1, x, y).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES)
def test_python_scalars_do_not_widen(dtype: str) -> None:
    x = jnp.ones(2, dtype)
    if dtype == "bool":
        assert (x & True).dtype == "bool"
        return
    assert (x + 1).dtype == (1 * x).dtype == dtype
    if dtype in (*REAL, *COMPLEX):
        assert (x + 0.5).dtype == (0.5 * x).dtype == dtype
    if dtype in COMPLEX:
        assert (x + 1j).dtype == dtype


@pytest.mark.parametrize(
    ("dtype", "kinds"),
    [
        ("bool", {"bool"}),
        ("int8", {"signed integer", "integral", "numeric"}),
        ("uint64", {"unsigned integer", "integral", "numeric"}),
        ("float32", {"real floating", "numeric"}),
        ("complex128", {"complex floating", "numeric"}),
    ],
)
def test_isdtype(dtype: str, kinds: set[str]) -> None:
    every = {"bool", "numeric", "integral", "signed integer", "unsigned integer"}
    every |= {"real floating", "complex floating"}
    assert {kind for kind in every if jnp.isdtype(np.dtype(dtype), kind)} == kinds


# Not cumulative_prod: docs/array_api.md.
@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum"])
def test_sums_of_small_integers_are_wide(name: str) -> None:
    function = getattr(jnp, name)
    for dtype in INTEGERS:
        assert function(jnp.ones(2, dtype)).dtype == "int64"
    for dtype in UNSIGNED:
        assert function(jnp.ones(2, dtype)).dtype == "uint64"
    for dtype in (*REAL, *COMPLEX):
        assert function(jnp.ones(2, dtype)).dtype == dtype


# -- results that have a form


def test_named_results() -> None:
    x = jnp.asarray([3, 1, 3])
    assert jnp.unique_all(x)._fields == ("values", "indices", "inverse_indices", "counts")
    assert jnp.unique_counts(x)._fields == ("values", "counts")
    assert jnp.unique_inverse(x)._fields == ("values", "inverse_indices")
    np.testing.assert_array_equal(jnp.unique_values(x), [1, 3])
    assert jnp.linalg.eigh(X)._fields == ("eigenvalues", "eigenvectors")
    assert jnp.linalg.qr(X)._fields == ("Q", "R")
    assert jnp.linalg.slogdet(X)._fields == ("sign", "logabsdet")
    assert jnp.linalg.svd(X)._fields == ("U", "S", "Vh")


def test_shapes_that_depend_on_values() -> None:
    x = jnp.asarray([0, 2, 0, 3])
    np.testing.assert_array_equal(x[x > 0], [2, 3])
    (where,) = jnp.nonzero(x)
    np.testing.assert_array_equal(where, [1, 3])
    np.testing.assert_array_equal(jnp.repeat(jnp.asarray([5, 6]), jnp.asarray([1, 2])), [5, 6, 6])
    with pytest.raises(mj.errors.ConcretizationTypeError):
        mj.jit(jnp.unique_values)(x)


SIDES = st.lists(st.integers(0, 3), max_size=3).map(tuple)


@given(shape=SIDES, data=st.data())
def test_manipulation_is_that_of_numpy(shape: tuple[int, ...], data: st.DataObject) -> None:
    x = np.arange(float(np.prod(shape))).reshape(shape)
    axes = tuple(data.draw(st.permutations(range(x.ndim))))
    at = data.draw(st.integers(-x.ndim - 1, x.ndim))
    pairs = [
        (jnp.permute_dims(x, axes), np.permute_dims(x, axes)),
        (jnp.expand_dims(x, axis=at), np.expand_dims(x, axis=at)),
        (jnp.flip(x), np.flip(x)),
        (jnp.reshape(x, (-1,), copy=True) if x.size else jnp.ravel(x), x.ravel()),
        (jnp.stack([x, x], axis=at), np.stack([x, x], axis=at)),
        (jnp.roll(x, 1), np.roll(x, 1)),
        (jnp.sort(x, axis=None), np.sort(x, axis=None)),
        (
            jnp.cumulative_sum(x.ravel(), include_initial=True),
            np.cumulative_sum(x.ravel(), include_initial=True),
        ),
        (jnp.sum(x, axis=axes[:1], keepdims=True), np.sum(x, axis=axes[:1], keepdims=True)),
        (jnp.broadcast_to(x, (2, *shape)), np.broadcast_to(x, (2, *shape))),
        (jnp.tile(x, (2, 1)), np.tile(x, (2, 1))),
    ]
    for got, expected in pairs:
        assert got.shape == expected.shape
        np.testing.assert_array_equal(got, expected)


@given(shape=SIDES, other=SIDES)
def test_broadcasting(shape: tuple[int, ...], other: tuple[int, ...]) -> None:
    x, y = np.ones(shape), np.ones(other)
    try:
        expected = np.broadcast_shapes(shape, other)
    except ValueError:
        with pytest.raises((TypeError, ValueError)):
            jnp.add(x, y)
    else:
        assert jnp.add(x, y).shape == expected
