"""Polynomials, windows, bits, universal functions, sets, places: against the oracle."""

from __future__ import annotations

import inspect
import io
import pickle
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from tests.numpy.oracle import agree, sample

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

CASES: dict[str, list[str]] = {
    "ints that wrap": """
u * -1
300 - u
u + 2**20
s - 200
u < -1
u & -1
jnp.where(b, u, -1)
jnp.maximum(u, -1)
jnp.clip(u, -1, None)
jnp.full(2, -1, "uint8")
jnp.full_like(u, -1)
u.at[0].set(-1)
jnp.array(-1, "uint8")
u + np.int64(300)
""".strip().splitlines(),
    "masks": """
jnp.array([True, False, True]) * jnp.array([jnp.nan, jnp.nan, -jnp.inf])
jnp.array([-np.inf, np.nan, 1.0]) * np.array([False, True, True])
b * f
b * z
jnp.inf * jnp.array(False)
b * u
b * True
""".strip().splitlines(),
    "options": """
jnp.array_equal(i, [1, 2, 3])
jnp.array_equal([1, 2], (1, 2))
jnp.array_equiv([1, 1], 1)
jnp.fromfunction(lambda a: a * jnp.arange(3), (2,))
jnp.fromfunction(lambda: 1.0, ())
jnp.array(memoryview(np.arange(4)))
jnp.asarray(__import__("array").array("f", [1.0, 2.0]))
jnp.nanmin(n, initial=0.0)
jnp.nanmax(jnp.array([[np.nan], [1.0]]), axis=1, initial=-2.0)
x.at[-1].set(9.0, wrap_negative_indices=False)
x.at[-1].add(9.0, wrap_negative_indices=False, mode="drop")
m.at[-1, 0].multiply(9.0, wrap_negative_indices=False)
m.at[0, -1].get(wrap_negative_indices=False, mode="fill")
x.at[-1].get(wrap_negative_indices=False)
jnp.delete(x, jnp.array([-1, 0]), assume_unique_indices=True)
""".strip().splitlines(),
    "universal": """
jnp.add.reduce(m, 1, keepdims=True)
jnp.add.reduce(m, (0, 1))
jnp.multiply.reduce(m, where=m > 0, initial=2.0)
jnp.maximum.reduce(e0)
jnp.maximum.reduce(m, where=m > 0)
jnp.subtract.reduce(m, axis=None)
jnp.subtract.reduce(m, initial=10.0)
jnp.subtract.accumulate(m, 1)
jnp.maximum.accumulate(m, axis=None)
jnp.logaddexp.reduce(m, 1, keepdims=True)
jnp.logical_and.reduce(k, initial=False)
jnp.logical_xor.reduce(m > 0, 1)
jnp.bitwise_and.accumulate(k, 1)
jnp.subtract.reduceat(m, jnp.array([0, 2]), 1)
jnp.add.reduceat(x, jnp.array([0, 2, 1]))
jnp.add.reduceat(x, 0)
jnp.add.at(x, jnp.array([0, 0]), 2.0, inplace=False)
jnp.logaddexp.at(x, jnp.array([0, 0]), y[:2], inplace=False)
jnp.negative.at(x, jnp.array([0, 0, 1]), inplace=False)
jnp.add.at(x, 0, 1)
jnp.add.outer(x, m)
jnp.negative.reduce(x)
jnp.add(x, y, out=x)
jnp.frompyfunc(lambda a, c: a * c + 1, 2, 1).accumulate(m, axis=1)
jnp.frompyfunc(lambda a, c: (a, c), 2, 2)(m, x)
""".strip().splitlines(),
    "polynomials": """
jnp.poly(x)
jnp.poly(z)
jnp.poly(x[None])
jnp.polyadd(x, jnp.ones(5))
jnp.polysub(i, j[:2])
jnp.polymul(x, i)
jnp.polydiv(jnp.array([1.0, 2.0, 3.0, 4.0]), jnp.array([1.0, 2.0]))
jnp.roots(jnp.array([0.0, 1.0, -3.0, 2.0, 0.0]))
jnp.roots(jnp.array([0.0, 1.0, -3.0, 2.0, 0.0]), strip_zeros=False)
jnp.polyfit(x, y, 1)
jnp.polyfit(x, m.T, 1, full=True)
jnp.polyfit(jnp.arange(6.0), jnp.arange(6.0) ** 2, 1, cov=True)
jnp.polyfit(x, y, -1)
""".strip().splitlines(),
    "windows and bits": """
jnp.bartlett(4)
jnp.hamming(4)
jnp.hanning(1)
jnp.blackman(5)
jnp.kaiser(4, 5.0)
jnp.packbits(m > 0, axis=1)
jnp.packbits(m > 0, axis=0, bitorder="little")
jnp.packbits(x)
jnp.unpackbits(u)
jnp.unpackbits(u.reshape(3, 1), axis=1, count=-2)
jnp.unpackbits(u, count=30, bitorder="little")
jnp.frexp(jnp.array([0.0, 1.0, -3.5, jnp.inf, jnp.nan, -0.0]))
jnp.frexp(h)
jnp.frexp(z)
jnp.ldexp(x, i)
jnp.ldexp(i, 2)
jnp.ldexp(x, 2.5)
jnp.spacing(n)
jnp.spacing(f)
""".strip().splitlines(),
    "sets": """
jnp.unique(k, True, True, True, size=7, fill_value=9)
jnp.unique(k % 2, True, True, True, axis=1)
jnp.unique(e0, size=2)
jnp.unique(e0, size=2, fill_value=3)
jnp.unique(e0, axis=0)
jnp.unique_all(k % 3)
jnp.unique_counts(jnp.concatenate([n, n]))
jnp.unique_inverse(k % 3)
jnp.setxor1d(i, j)
jnp.setxor1d(i, j, size=6, fill_value=-1)
jnp.intersect1d(i, j, return_indices=True, size=3, fill_value=0)
jnp.isin(z, z[:1])
jnp.isin(i, j, method="none")
""".strip().splitlines(),
    "places": """
jnp.put(m, jnp.array([0, 9, -1]), jnp.array([7, 8]), "wrap", inplace=False)
jnp.put(m, 0, 1)
jnp.place(m, m > 0, jnp.array([7, 8]), inplace=False)
jnp.piecewise(x, [x < 1, x < 0], [1, lambda v: v * 2, 3])
jnp.piecewise(i, [i < 0], [1, 2, 3])
jnp.mask_indices(3, jnp.triu, 1)
jnp.nanargmax(jnp.array([[jnp.nan, 1.0], [jnp.nan, jnp.nan]]), 1)
jnp.nancumsum(n)
jnp.trim_zeros(jnp.array([0, 0, 1, 2, 0]))
jnp.sort_complex(z)
jnp.unwrap(m * 3)
jnp.unwrap(i, period=4)
jnp.unwrap(i, period=5, discont=1)
jnp.apply_over_axes(jnp.max, t, (0, -1))
jnp.einsum_path("ij,jk,kl", m, m.T, m)[0]
jnp.r_[1:3, 5, x]
jnp.r_["0,2", x, y]
jnp.r_["1,3,0", x, y]
jnp.r_["q", 1]
jnp.c_[x, y]
jnp.c_[m, m]
jnp.s_[1:2, ...]
jnp.fromstring("1,2", dtype=int, sep=",")
""".strip().splitlines(),
    "histograms": """
jnp.histogram(x, 4, weights=i, density=True)
jnp.histogram2d(x, y, [2, 3], range=[(-1, 1), None], density=True)
jnp.histogram2d(x, y, jnp.array([-5.0, 0.0, 1.0]), weights=i)
jnp.histogramdd(m.T, 2)
jnp.histogramdd(m.T, (2,))
jnp.quantile(m, 0.3, method="inverted_cdf", axis=1)
jnp.quantile(m, 0.3, weights=x, method="inverted_cdf", axis=1)
jnp.quantile(m, 0.3, weights=x, axis=1)
jnp.pad(m, (2, 3), "median")
jnp.pad(m, (2, 3), "maximum", stat_length=(1, 2))
jnp.pad(m, (1, 2), lambda v, w, a, kw: v.at[: w[0]].set(kw["p"]), p=3)
""".strip().splitlines(),
    "exact forms": """
z.view("float64")
x[:2].view("complex128")
jnp.copysign(u, -1)
jnp.searchsorted(jnp.sort(z), z)
jnp.cumulative_sum(s, include_initial=True)
jnp.var(x, ddof=3)
i.at[0].divide(2)
jnp.take(e0[:, 0], 0)
jnp.ravel_multi_index((i, j), (2, 3))
jnp.choose(jnp.array([0, 3]), [x[:2], y[:2]])
jnp.resize(x, 0)
jnp.gcd(k * 6, i)
jnp.lcm(u, s)
x.at[0].set(1, out_sharding=None, foo=2)
""".strip().splitlines(),
}


@pytest.mark.parametrize("topic", CASES)
def test_against_oracle(topic: str, oracle: Any) -> None:
    for expression in sample(CASES[topic], 3, len(topic)):
        agree(expression, oracle)


# Ours takes more than the oracle's: NumPy's own signature, or nothing at all.
WIDER = {"ndarray", "set_printoptions"}


def _parameters(function: Any) -> list[tuple[str, Any, str]] | None:
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    names = (repr(p.default) if not callable(p.default) else "function" for p in found)
    return [(p.name, p.kind, name) for p, name in zip(found, names, strict=True)]


def test_every_public_name_has_the_oracles_signature(oracle: Any) -> None:
    differing = []
    for name in dir(oracle.numpy):
        theirs = getattr(oracle.numpy, name)
        is_module = isinstance(theirs, ModuleType)
        if name.startswith("_") or is_module or name in WIDER or not callable(theirs):
            continue
        if _parameters(theirs) not in (None, _parameters(getattr(jnp, name))):
            differing.append(name)
    assert not differing


@pytest.mark.parametrize("method", ["get", "set", "add", "multiply", "power", "min", "apply"])
def test_updates_have_the_oracles_signature(method: str, oracle: Any) -> None:
    theirs = getattr(oracle.numpy.zeros(3).at[0], method)
    assert _parameters(getattr(jnp.zeros(3).at[0], method)) == _parameters(theirs)


def test_universal_functions_are_objects(oracle: Any) -> None:
    kind = oracle.numpy.ufunc
    names = [n for n in dir(oracle.numpy) if isinstance(getattr(oracle.numpy, n), kind)]
    for name in names:
        ours, theirs = getattr(jnp, name), getattr(oracle.numpy, name)
        assert isinstance(ours, jnp.ufunc)
        for attribute in ("nin", "nout", "nargs", "identity", "__name__"):
            assert getattr(ours, attribute) == getattr(theirs, attribute), (name, attribute)
        assert pickle.loads(pickle.dumps(ours)) is ours
    assert mj.jit(jnp.add)(1.0, 2.0) == 3.0
    assert mj.vmap(jnp.multiply)(jnp.arange(3), jnp.arange(3)).tolist() == [0, 1, 4]


# -- derivatives: numbers by central differences

SMOOTH = {
    "i0": jnp.i0,
    "kaiser": lambda w: jnp.kaiser(4, w[0] + 3),
    "ldexp": lambda w: jnp.ldexp(w, jnp.array([1, -2, 3])),
    "frexp": lambda w: jnp.frexp(w)[0],
    "poly": jnp.poly,
    "polymul": lambda w: jnp.polymul(w, w),
    "polydiv": lambda w: jnp.concatenate(jnp.polydiv(w, w[:2] + 1)),
    "polyfit": lambda w: jnp.polyfit(jnp.arange(3.0), w * w, 1),
    "piecewise": lambda w: jnp.piecewise(w, [w > 0.5], [jnp.square, jnp.sin]),
    "place": lambda w: jnp.place(w, jnp.array([True, False, True]), w * w, inplace=False),
    "put": lambda w: jnp.put(w, jnp.array([0, 2]), w * w, inplace=False),
    "nancumprod": jnp.nancumprod,
    "unwrap": lambda w: jnp.unwrap(w * 4),
    "subtract.accumulate": lambda w: jnp.subtract.accumulate(w * w),
    "multiply.reduce": jnp.multiply.reduce,
    "logaddexp.reduce": jnp.logaddexp.reduce,
    "subtract.reduceat": lambda w: jnp.subtract.reduceat(w * w, jnp.array([0, 2])),
    "logaddexp.at": lambda w: jnp.logaddexp.at(w, jnp.array([0, 0]), w[1:], inplace=False),
    "quantile": lambda w: jnp.quantile(w * w, 0.3, method="inverted_cdf"),
    "r_": lambda w: jnp.r_[w, w * w],
}


def _differences(f: Any, w: np.ndarray) -> np.ndarray:
    step = 1e-5
    columns = [
        (np.asarray(f(jnp.asarray(w + d))) - np.asarray(f(jnp.asarray(w - d)))) / (2 * step)
        for d in step * np.eye(3)
    ]
    return np.stack(columns, -1)


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives(name: str) -> None:
    f = SMOOTH[name]
    w = np.array([0.3, 0.7, 0.45])
    expected = _differences(f, w)
    for jacobian in (mj.jacfwd(f), mj.jacrev(f), mj.jit(mj.jacrev(f))):
        np.testing.assert_allclose(jacobian(jnp.asarray(w)), expected, 1e-6, 1e-7)
    second = _differences(mj.jacfwd(f), w)
    np.testing.assert_allclose(mj.jacfwd(mj.jacrev(f))(jnp.asarray(w)), second, 1e-5, 1e-6)


# -- files and text


def test_files_keep_dtypes() -> None:
    for dtype in (jnp.int8, jnp.float32, jnp.bfloat16, jnp.complex64):
        file = io.BytesIO()
        jnp.save(file, jnp.ones(2, dtype))
        file.seek(0)
        loaded = jnp.load(file)
        assert loaded.dtype == dtype
        assert loaded.tolist() == [1, 1]


def test_print_options_reach_arrays() -> None:
    with jnp.printoptions(precision=2):
        assert repr(jnp.array([0.12345])) == "Array([0.12], dtype=float64)"


@pytest.mark.parametrize("name", ["fromfile", "fromiter"])
def test_impure_readers_say_what_to_do(name: str) -> None:
    with pytest.raises(NotImplementedError, match=rf"np\.{name}"):
        getattr(jnp, name)("numbers.bin")


def test_narrow_dtypes_have_names_and_limits_only() -> None:
    assert jnp.finfo(jnp.float8_e4m3fn).max == 448
    assert jnp.iinfo(jnp.int4).max == 7
    with pytest.raises(TypeError, match="cannot hold dtype int4"):
        jnp.int4(1)


# -- arrays on one CPU


def test_device_methods_of_arrays() -> None:
    x = jnp.zeros((2, 3))
    assert x.is_ready()
    assert not x.is_deleted()
    assert x.on_device_size_in_bytes() == 48
    assert x.clone() is x


def test_rollaxis_counts_negative_places_from_the_last_axis() -> None:
    x = np.zeros((2, 3, 4))
    for axis in range(-3, 3):
        for start in range(-3, 4):
            assert jnp.rollaxis(x, axis, start).shape == np.rollaxis(x, axis, start).shape


def test_places_that_stay_when_traced_ones_are_deleted() -> None:
    f = mj.jit(lambda x, i: jnp.delete(x, i, 1, assume_unique_indices=True))
    x = np.arange(16.0).reshape(2, 8)
    for index in ([5, -1, 0], [3, 4, 5], [7, 6, 0]):
        found = f(x, np.array(index))
        np.testing.assert_array_equal(found, np.delete(x, index, 1))


def test_masks_are_broadcast_and_pass_no_derivative_where_they_are_false() -> None:
    mask, x = jnp.array([True, False]), jnp.array([[1.0, 0.0], [2.0, 0.0]])
    f = lambda x: mask * jnp.log(x)  # noqa: E731
    for run in (f, mj.jit(f)):
        np.testing.assert_array_equal(run(x), [[0.0, 0.0], [np.log(2.0), 0.0]])
    np.testing.assert_array_equal(mj.grad(lambda x: f(x).sum())(x), [[1.0, 0.0], [0.5, 0.0]])


def test_a_shape_is_any_collection_of_ints() -> None:
    assert jnp.zeros({2: "rows", 3: "columns"}).shape == (2, 3)
    assert mj.lax.empty(3, np.float32).shape == (3,)


def test_axes_are_broadcast_in_any_order(oracle: ModuleType) -> None:
    x = np.arange(6).reshape(1, 2, 3)
    for shape, dims in (((3, 4, 2, 5), (1, 2, 0)), ((3, 2, 7), (2, 1, 0)), ((4, 2, 3), (0, 1, 2))):
        found = mj.lax.broadcast_in_dim(x, shape, dims)
        np.testing.assert_array_equal(found, oracle.lax.broadcast_in_dim(x, shape, dims))
        with pytest.raises(TypeError, match="increasing"):
            mj.lax.broadcast_in_dim(x, (2, 3), (0, 1, 1))


def test_ravelled_places_have_the_dtype_of_their_indices() -> None:
    narrow = np.array([1, 2], np.int32)
    assert jnp.ravel_multi_index((narrow, narrow), (3, 4)).dtype == np.int32
    assert jnp.ravel_multi_index((narrow, np.array([1, 2])), (3, 4)).dtype == np.int64
    with pytest.raises(ValueError, match="integer"):
        jnp.ravel_multi_index((np.ones(2), narrow), (3, 4))


def test_numbers_of_repetitions_are_integers() -> None:
    with pytest.raises(TypeError, match="integers"):
        jnp.repeat(jnp.ones(2), 2.0)
