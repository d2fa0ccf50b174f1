"""The public functions of `minijax.numpy` with typical operands, for the comparison with NumPy.

An `Entry` is one function on one shape of operands. Its call takes the NumPy-like module and the
arrays, so that both libraries run the same text. Where NumPy returns a view, the entry says so, and
the command makes NumPy copy it: a compiled function returns memory of its own.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Call = Callable[..., Any]
Make = Callable[[np.random.Generator, int, Any], Sequence[np.ndarray]]

LIGHT, HEAVY = 10_000_000, 100_000


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One function on one shape of operands.

    Attributes:
        family: what it belongs to.
        name: the function, and what tells this use of it apart.
        call: takes the module and the arrays.
        make: returns operands of so many elements, of a dtype of floats.
        largest: the largest number of elements that is worth waiting for.
        is_view: whether NumPy's result is a view.
        is_free: whether the results may differ, as the order of equals in an unstable sort.
        dtypes: the dtypes of floats that make a difference.
    """

    family: str
    name: str
    call: Call
    make: Make
    largest: int = LIGHT
    is_view: bool = False
    is_free: bool = False
    dtypes: tuple[str, ...] = ("float64", "float32")


# -- operands


def _positive(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.uniform(0.05, 0.95, n).astype(dtype)]


def _above_one(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.uniform(1.01, 4.0, n).astype(dtype)]


def _normal(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.normal(size=n).astype(dtype)]


def _pair(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.uniform(0.1, 3.0, n).astype(dtype), rng.uniform(0.1, 3.0, n).astype(dtype)]


def _integers(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.integers(0, 100, n).astype(_integer(dtype))]


def _whole(name: str) -> Make:
    """Returns what makes two operands of one dtype of integers, whatever that of floats is."""

    def make(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
        return [rng.integers(1, 100, n).astype(name), rng.integers(1, 100, n).astype(name)]

    return make


def _first(make: Make) -> Make:
    return lambda rng, n, dtype: make(rng, n, dtype)[:1]


def _integer_pair(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    integer = _integer(dtype)
    return [rng.integers(1, 100, n).astype(integer), rng.integers(1, 20, n).astype(integer)]


def _hundred(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    """All numbers below a hundred, mixed."""
    return [rng.permutation(np.arange(n) % 100).astype(_integer(dtype))]


def _bools(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.random(n) < 0.5, rng.random(n) < 0.5]


def _half(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.permutation(n) < n // 2]


def _with_nan(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    x = rng.normal(size=n).astype(dtype)
    x[:: max(n // 10, 2)] = np.nan
    return [x]


def _complex(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    x = rng.normal(size=n) + 1j * rng.normal(size=n)
    return [x.astype(np.result_type(dtype, np.complex64))]


def _sorted_and_values(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [np.sort(rng.normal(size=max(n // 10, 2))).astype(dtype), *_normal(rng, n, dtype)]


def _matrix(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    side = math.isqrt(n)
    return [rng.normal(size=(side, side)).astype(dtype)]


def _matrices(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return _matrix(rng, n, dtype) + _matrix(rng, n, dtype)


def _vectors(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
    return [rng.normal(size=(n // 3, 3)).astype(dtype) for _ in range(2)]


def _batch(size: int) -> Make:
    def make(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
        a = rng.normal(size=(max(n // size**2, 1), size, size))
        a = a @ a.swapaxes(1, 2) + size * np.eye(size)
        return [a.astype(dtype), rng.normal(size=(len(a), size, 1)).astype(dtype)]

    return make


def _integer(dtype: Any) -> Any:
    return np.int32 if dtype == "float32" else np.int64


def _shaped(make: Make, shape: Callable[[int], tuple[int, ...]]) -> Make:
    def shaped(rng: np.random.Generator, n: int, dtype: Any) -> list[np.ndarray]:
        wanted = shape(n)
        return [x.reshape(wanted) for x in make(rng, math.prod(wanted), dtype)]

    return shaped


def _square(n: int) -> tuple[int, int]:
    return math.isqrt(n), math.isqrt(n)


def _cube(n: int) -> tuple[int, int, int]:
    side = round(n ** (1 / 3))
    return side, side, side


# -- entries

ENTRIES: list[Entry] = []


def _add(family: str, name: str, call: Call, make: Make, **more: Any) -> None:
    ENTRIES.append(Entry(family, name, call, make, **more))


def _named(name: str, *args: Any, **params: Any) -> Call:
    """Returns a call of a function that the module knows by a name, such as "linalg.det"."""

    def call(module: Any, *arrays: Any) -> Any:
        for part in name.split("."):
            module = getattr(module, part)
        return module(*arrays, *args, **params)

    return call


def _each(family: str, names: str, make: Make, of: str = "", **more: Any) -> None:
    for name in names.split():
        _add(family, f"{name}{of}", _named(name), make, **more)


def _axes(
    family: str, names: str, make: Make, of: str = "", args: Sequence[Any] = (), **more: Any
) -> None:
    """A function of a vector, of a matrix along either axis, of a cube along the middle one."""
    shapes = (("rows", _square, 1), ("columns", _square, 0), ("middle", _cube, 1))
    for name in names.split():
        _add(family, f"{name}{of}", _named(name, *args), make, **more)
        for label, shape, axis in shapes:
            call = _named(name, *args, axis=axis)
            _add(family, f"{name}{of}, {label}", call, _shaped(make, shape), **more)


_each(
    "elementary",
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arctanh exp exp2 expm1 log log2 "
    "log10 log1p sqrt cbrt sinc i0 deg2rad rad2deg degrees radians",
    _positive,
)
_each("elementary", "arccosh", _above_one)
_each(
    "elementary",
    "arctan2 hypot power float_power logaddexp logaddexp2 copysign nextafter heaviside fmod mod "
    "remainder floor_divide divmod",
    _pair,
)
_add("elementary", "sin, large", lambda np, x: np.sin(x * 1e4), _normal)
_add("elementary", "power, 2", lambda np, x: np.power(x, 2), _normal)
_add("elementary", "power, 3", lambda np, x: x**3, _normal)
_add("elementary", "power, -2", lambda np, x: x**-2, _positive)
_add("elementary", "power, 0.5", lambda np, x: x**0.5, _positive)
_add("elementary", "power, 2.5", lambda np, x: x**2.5, _positive)
_add("elementary", "exp, complex", lambda np, x: np.exp(x), _complex)
_add("elementary", "sqrt, complex", lambda np, x: np.sqrt(x), _complex)
_add("elementary", "log, complex", lambda np, x: np.log(x), _complex)

_each(
    "arithmetic",
    "abs negative positive sign square reciprocal floor ceil trunc rint fix round fabs modf frexp "
    "spacing isfinite isnan isinf isneginf isposinf signbit nan_to_num isreal iscomplex "
    "logical_not angle conj",
    _normal,
)
_add("arithmetic", "real", _named("real"), _normal, is_view=True)
_each(
    "arithmetic",
    "add subtract multiply divide maximum minimum fmax fmin equal not_equal less less_equal "
    "greater greater_equal logical_and logical_or logical_xor isclose",
    _pair,
)
_add("arithmetic", "clip", lambda np, x: np.clip(x, -0.5, 0.5), _normal)
_add("arithmetic", "round, 2", lambda np, x: np.round(x, 2), _normal)
_add("arithmetic", "where", lambda np, x, y: np.where(x > y, x, y), _pair)
_add("arithmetic", "astype, half", lambda np, x: x.astype(np.float16), _normal)
_add("arithmetic", "astype, int32", lambda np, x: x.astype(np.int32), _normal)
_add("arithmetic", "astype, int8", lambda np, x: x.astype(np.int8), _normal)
_add("arithmetic", "astype, bool", lambda np, x: x.astype(bool), _normal)
_each("arithmetic", "abs angle conj", _complex, of=", complex")
_each("arithmetic", "real imag", _complex, of=", complex", is_view=True)
_add("arithmetic", "multiply, complex", lambda np, x: x * x, _complex)
_add("arithmetic", "divide, complex", lambda np, x: x / (x + 1), _complex)

_each(
    "integers",
    "add subtract multiply floor_divide mod fmod divmod gcd lcm bitwise_and bitwise_or "
    "bitwise_xor left_shift right_shift maximum power less true_divide",
    _integer_pair,
)
_each("integers", "abs sign square bitwise_not bitwise_count invert", _integers)
_each("integers", "logical_and logical_or logical_xor bitwise_and", _bools, of=", bools")
_add("integers", "floor_divide, 7", lambda np, x: x // 7, _integers)
_add("integers", "mod, 7", lambda np, x: x % 7, _integers)
_add("integers", "astype, float64", lambda np, x: x.astype(np.float64), _integers)

_axes(
    "reductions",
    "sum prod mean std var min max ptp argmin argmax any all count_nonzero median",
    _normal,
)
_axes("reductions", "percentile quantile", _normal, args=(0.3,))
_axes("reductions", "average", _normal)
_axes(
    "reductions",
    "nansum nanprod nanmean nanstd nanvar nanmin nanmax nanargmin nanargmax nanmedian",
    _with_nan,
)
_axes("reductions", "nanpercentile", _with_nan, args=(30,))
_axes("reductions", "sum max argmax mean", _integers, of=", integers")
_axes("reductions", "sum prod mean", _complex, of=", complex")
_axes("cumulative", "cumsum", _complex, of=", complex")
for _name in ("int8", "uint8", "int16", "uint32"):
    _only: dict[str, Any] = {"of": f", {_name}", "dtypes": ("float64",)}
    _each(
        "integers",
        "add multiply maximum less equal floor_divide bitwise_xor right_shift true_divide",
        _whole(_name),
        **_only,
    )
    _each("integers", "abs sign square bitwise_count", _first(_whole(_name)), **_only)
    _axes("reductions", "sum max argmax mean", _first(_whole(_name)), **_only)
    _axes("cumulative", "cumsum", _first(_whole(_name)), **_only)
    _axes("sorting", "sort", _first(_whole(_name)), **_only)
    for _target in ("float64", "float32", "int64"):
        _add(
            "integers",
            f"astype, {_name} to {_target}",
            lambda np, x, target=_target: x.astype(target),
            _first(_whole(_name)),
            dtypes=("float64",),
        )
for _name in ("uint8", "int16", "uint32", "int64", "uint64"):
    _add("arithmetic", f"astype, {_name}", lambda np, x, to=_name: x.astype(to), _positive)
_add("reductions", "any, bools", lambda np, x, y: np.any(x & y), _bools)
_add("reductions", "sum, bools", lambda np, x, y: np.sum(x), _bools)
_add("reductions", "count_nonzero, bools", lambda np, x, y: np.count_nonzero(x), _bools)
_each("reductions", "allclose array_equal", _pair)

_axes("cumulative", "cumsum cumprod nancumsum nancumprod diff", _normal)
_add("cumulative", "maximum.accumulate", lambda np, x: np.maximum.accumulate(x), _normal)
_axes("cumulative", "cumsum", _integers, of=", integers")
_axes("cumulative", "gradient trapezoid", _normal)
_each("cumulative", "ediff1d unwrap", _normal)

_axes("sorting", "sort argsort", _normal)
_axes("sorting", "sort", _integers, of=", integers")
_axes("sorting", "argsort", _integers, of=", integers", is_free=True)
_axes("sorting", "partition argpartition", _normal, args=(5,), is_free=True)
_add("sorting", "sort, stable", lambda np, x: np.sort(x, stable=True), _normal)
_add("sorting", "lexsort", lambda np, x, y: np.lexsort((x, y)), _pair, largest=HEAVY)
_add("sorting", "searchsorted", lambda np, a, v: np.searchsorted(a, v), _sorted_and_values)
_add("sorting", "digitize", lambda np, a, v: np.digitize(v, a), _sorted_and_values)
_add("sorting", "sort, bools", lambda np, x, y: np.sort(x), _bools)
_add("sorting", "sort_complex", lambda np, x: np.sort_complex(x), _complex, largest=HEAVY)

_add("sets", "isin", lambda np, x, y: np.isin(x, y[:100]), _integer_pair)
_add("sets", "isin, floats", lambda np, a, v: np.isin(v, a), _sorted_and_values)
_add("sets", "unique, sized", lambda np, x: _unique(np, x), _hundred)
_add("sets", "bincount", lambda np, x: _bincount(np, x), _integers)
_add("sets", "bincount, weights", lambda np, x: _bincount(np, x, x * 0.5), _integers)
_add("sets", "histogram", lambda np, x: np.histogram(x, bins=50), _normal)
_add("sets", "histogram, edges", lambda np, a, v: np.histogram(v, bins=a[:20]), _sorted_and_values)
_add("sets", "histogram2d", lambda np, x, y: np.histogram2d(x, y, bins=20), _pair)
_add("sets", "histogram_bin_edges", lambda np, x: np.histogram_bin_edges(x, 50), _normal)
_add("sets", "interp", lambda np, a, v: np.interp(v, a, a * a), _sorted_and_values)
_add("sets", "nonzero, sized", lambda np, x: _nonzero(np, x), _half)


def _unique(np: Any, x: Any) -> Any:
    return np.unique(x) if _is_numpy(np) else np.unique(x, size=100)


def _bincount(np: Any, *args: Any) -> Any:
    return np.bincount(*args) if _is_numpy(np) else np.bincount(*args, length=100)


def _nonzero(module: Any, x: Any, name: str = "nonzero") -> Any:
    function = getattr(module, name)
    return function(x) if _is_numpy(module) else function(x, size=x.size // 2)


def _compress(module: Any, x: Any) -> Any:
    values = x + 0.5
    if _is_numpy(module):
        return module.compress(x, values)
    return module.compress(x, values, size=x.size // 2)


def _is_numpy(module: Any) -> bool:
    return module is np


_add(
    "selection",
    "take",
    lambda np, x, i: np.take(x, i),
    lambda r, n, d: [*_normal(r, n, d), r.integers(0, n, n)],
)
_add(
    "selection",
    "index",
    lambda np, x, i: x[i],
    lambda r, n, d: [*_normal(r, n, d), r.integers(0, n, n)],
)
_add("selection", "choose", lambda np, x, y: np.choose((x > y) + 0, [x, y]), _pair)
_add("selection", "select", lambda np, x: np.select([x < 0, x > 1], [x, 2 * x], 0), _normal)
_add(
    "selection",
    "piecewise",
    lambda np, x: np.piecewise(x, [x < 0], [lambda x: -x, lambda x: x]),
    _normal,
)
_add("selection", "take_along_axis", lambda np, x: np.take_along_axis(x, (x > 0) + 0, 1), _matrix)
_add("selection", "take, rows", lambda np, x: np.take(x, np.arange(0, len(x), 2), axis=0), _matrix)
_add(
    "selection", "take, columns", lambda np, x: np.take(x, np.arange(0, len(x), 2), axis=1), _matrix
)
_each("selection", "tril triu", _matrix)
_each("selection", "diagonal", _matrix, is_view=True)
_each("selection", "trace", _matrix)
_add("selection", "diag", lambda np, x: np.diag(x), _normal, largest=1000)
_add("selection", "flatnonzero", lambda np, x: _nonzero(np, x, "flatnonzero"), _half)
_add("selection", "compress", lambda np, x: _compress(np, x), _half)

_each("shapes", "flip ravel transpose", _matrix, is_view=True)
_add("shapes", "flip, vector", _named("flip"), _normal, is_view=True)
_each("shapes", "fliplr flipud rot90 matrix_transpose", _matrix, is_view=True)
_add(
    "shapes",
    "transpose, 3-D",
    lambda np, x: np.transpose(x, (2, 0, 1)),
    _shaped(_normal, _cube),
    is_view=True,
)
_add(
    "shapes", "swapaxes", lambda np, x: np.swapaxes(x, 0, 2), _shaped(_normal, _cube), is_view=True
)
_add("shapes", "roll", lambda np, x: np.roll(x, 3), _normal)
_add("shapes", "roll, rows", lambda np, x: np.roll(x, 3, axis=1), _matrix)
_add("shapes", "roll, columns", lambda np, x: np.roll(x, 3, axis=0), _matrix)
_add("shapes", "concatenate", lambda np, x, y: np.concatenate([x, y]), _pair)
_add("shapes", "concatenate, rows", lambda np, x, y: np.concatenate([x, y], axis=1), _matrices)
_add("shapes", "stack", lambda np, x, y: np.stack([x, y]), _pair)
_add("shapes", "stack, last", lambda np, x, y: np.stack([x, y], axis=-1), _pair)
_add("shapes", "hstack", lambda np, x, y: np.hstack([x, y]), _pair)
_add("shapes", "vstack", lambda np, x, y: np.vstack([x, y]), _pair)
_add("shapes", "dstack", lambda np, x, y: np.dstack([x, y]), _pair)
_add("shapes", "column_stack", lambda np, x, y: np.column_stack([x, y]), _pair)
_add("shapes", "append", lambda np, x, y: np.append(x, y), _pair)
_add("shapes", "insert", lambda np, x: np.insert(x, 3, 1.0), _normal)
_add("shapes", "delete", lambda np, x: np.delete(x, 3), _normal)
_add("shapes", "tile", lambda np, x: np.tile(x, 2), _normal)
_add("shapes", "repeat", lambda np, x: np.repeat(x, 2), _normal)
_add("shapes", "repeat, rows", lambda np, x: np.repeat(x, 2, axis=1), _matrix)
_add("shapes", "pad", lambda np, x: np.pad(x, 2), _matrix)
_add("shapes", "pad, edge", lambda np, x: np.pad(x, 2, mode="edge"), _matrix)
_add("shapes", "pad, wrap", lambda np, x: np.pad(x, 2, mode="wrap"), _matrix)
_add("shapes", "pad, reflect", lambda np, x: np.pad(x, 2, mode="reflect"), _matrix)
_add("shapes", "resize", lambda np, x: np.resize(x, (2, x.size)), _normal)
_add("shapes", "broadcast_to", lambda np, x: np.broadcast_to(x, (4, x.size)), _normal, is_view=True)
_add("shapes", "meshgrid", lambda np, x: np.meshgrid(x, x), _normal, largest=1000)
_add("shapes", "split", lambda np, x: np.split(x, 2), _normal, is_view=True)
_add("shapes", "packbits", lambda np, x, y: np.packbits(x), _bools)
_add("shapes", "unpackbits", lambda np, x: np.unpackbits(x.astype(np.uint8)), _integers)
_add("shapes", "copy", lambda np, x: np.copy(x), _normal)
_each("shapes", "zeros_like ones_like", _normal)
_add("shapes", "full_like", lambda np, x: np.full_like(x, 2.5), _normal)
_add("shapes", "arange", lambda np, x: np.arange(0.0, x.size), _normal)
_add("shapes", "linspace", lambda np, x: np.linspace(0.0, 1.0, x.size), _normal)
_add("shapes", "logspace", lambda np, x: np.logspace(0.0, 1.0, x.size), _normal)
_add("shapes", "geomspace", lambda np, x: np.geomspace(1.0, 9.0, x.size), _normal)
_add("shapes", "eye", lambda np, x: np.eye(len(x)), _matrix)
_add("shapes", "tri", lambda np, x: np.tri(len(x)), _matrix)
_add("shapes", "vander", lambda np, x: np.vander(x, 6), _normal)
_each("shapes", "hanning hamming blackman bartlett", lambda r, n, d: [], largest=1000)
ENTRIES[-4:] = [
    dataclasses.replace(
        e, call=(lambda np, x, name=e.name: getattr(np, name)(x.size)), make=_normal, largest=LIGHT
    )
    for e in ENTRIES[-4:]
]

_add("products", "dot", lambda np, x, y: np.dot(x, y), _pair)
_add("products", "vdot", lambda np, x, y: np.vdot(x, y), _pair)
_add("products", "inner", lambda np, x, y: np.inner(x, y), _pair)
_add("products", "outer", lambda np, x, y: np.outer(x[:1000], y[:1000]), _pair)
_add("products", "matmul", lambda np, x, y: x @ y, _matrices, largest=HEAVY)
_add("products", "matmul, vector", lambda np, x, y: x @ y[0], _matrices)
_add("products", "vector, matmul", lambda np, x, y: y[0] @ x, _matrices)
_add("products", "matvec", lambda np, x, y: np.matvec(x, y), _matrices, largest=HEAVY)
_add("products", "vecdot", lambda np, x, y: np.vecdot(x, y), _matrices)
_add("products", "tensordot", lambda np, x, y: np.tensordot(x, y, 1), _matrices, largest=HEAVY)
_add("products", "einsum ij,ij->i", lambda np, x, y: np.einsum("ij,ij->i", x, y), _matrices)
_add(
    "products",
    "einsum ij,jk->ik",
    lambda np, x, y: np.einsum("ij,jk->ik", x, y),
    _matrices,
    largest=HEAVY,
)
_add("products", "einsum ij->", lambda np, x, y: np.einsum("ij->", x), _matrices)
_add("products", "einsum ii->", lambda np, x, y: np.einsum("ii->", x), _matrices)
_add("products", "kron", lambda np, x, y: np.kron(x[:20, :20], y[:20, :20]), _matrices)
_add("products", "cross", lambda np, x, y: np.cross(x, y), _vectors)
_add("products", "convolve", lambda np, x: np.convolve(x, x[:20]), _normal)
_add(
    "products",
    "convolve, same",
    lambda np, x: np.convolve(x, x[:100], mode="same"),
    _normal,
    largest=HEAVY,
)
_add("products", "correlate", lambda np, x: np.correlate(x, x[:20], mode="full"), _normal)
_add("products", "cov", lambda np, x: np.cov(x[:10]), _matrix)
_add("products", "corrcoef", lambda np, x: np.corrcoef(x[:10]), _matrix)
_add("products", "polyval", lambda np, x: np.polyval(x[:8], x), _normal)
_add("products", "polyfit", lambda np, x, y: np.polyfit(x, y, 3), _pair, largest=HEAVY)
_add("products", "polymul", lambda np, x: np.polymul(x[:100], x[:100]), _normal, largest=1000)
_add("products", "polyder", lambda np, x: np.polyder(x), _normal)
_add("products", "polyint", lambda np, x: np.polyint(x), _normal)
_add("products", "linalg.norm", lambda np, x: np.linalg.norm(x), _normal)
_add("products", "linalg.norm, 1", lambda np, x: np.linalg.norm(x, 1), _normal)
_add("products", "linalg.norm, rows", lambda np, x: np.linalg.norm(x, axis=1), _matrix)
_add("products", "linalg.norm, columns", lambda np, x: np.linalg.norm(x, axis=0), _matrix)
_add(
    "products",
    "linalg.matrix_power",
    lambda np, x: np.linalg.matrix_power(x, 3),
    _matrix,
    largest=HEAVY,
)
_add(
    "products",
    "linalg.multi_dot",
    lambda np, x, y: np.linalg.multi_dot([x, y, x]),
    _matrices,
    largest=HEAVY,
)

for _name in ("fft", "ifft"):
    _axes("fourier", f"fft.{_name}", _complex, largest=1_000_000)
_axes("fourier", "fft.rfft", _normal, largest=1_000_000)
_add("fourier", "fft.irfft", lambda np, x: np.fft.irfft(x), _complex, largest=1_000_000)
_add(
    "fourier",
    "fft.fft2",
    lambda np, x: np.fft.fft2(x),
    _shaped(_complex, _square),
    largest=1_000_000,
)
_add("fourier", "fft.rfft2", lambda np, x: np.fft.rfft2(x), _matrix, largest=1_000_000)
_add(
    "fourier", "fft.fftn", lambda np, x: np.fft.fftn(x), _shaped(_complex, _cube), largest=1_000_000
)
_add("fourier", "fft.fftshift", lambda np, x: np.fft.fftshift(x), _matrix)
_add("fourier", "fft.hfft", lambda np, x: np.fft.hfft(x), _complex, largest=1_000_000)

for _size in range(2, 9):
    for _name, _call in {
        "inv": lambda np, a, b: np.linalg.inv(a),
        "det": lambda np, a, b: np.linalg.det(a),
        "slogdet": lambda np, a, b: np.linalg.slogdet(a),
        "solve": lambda np, a, b: np.linalg.solve(a, b),
        "cholesky": lambda np, a, b: np.linalg.cholesky(a),
        "matmul": lambda np, a, b: a @ a,
        "matmul, vector": lambda np, a, b: a @ b,
    }.items():
        _add("small matrices", f"{_name} {_size}×{_size}", _call, _batch(_size), largest=1_000_000)
for _size in (3, 8):
    for _name, _call in {
        "qr": lambda np, a, b: np.linalg.qr(a),
        "svd": lambda np, a, b: np.linalg.svd(a),
        "svdvals": lambda np, a, b: np.linalg.svdvals(a),
        "eigh": lambda np, a, b: np.linalg.eigh(a),
        "eigvalsh": lambda np, a, b: np.linalg.eigvalsh(a),
        "eig": lambda np, a, b: np.linalg.eig(a),
        "eigvals": lambda np, a, b: np.linalg.eigvals(a),
        "pinv": lambda np, a, b: np.linalg.pinv(a),
        "matrix_rank": lambda np, a, b: np.linalg.matrix_rank(a),
        "cond": lambda np, a, b: np.linalg.cond(a),
    }.items():
        _add("small matrices", f"{_name} {_size}×{_size}", _call, _batch(_size), largest=HEAVY)

for _name, _call in {
    "inv": lambda np, x: np.linalg.inv(x),
    "det": lambda np, x: np.linalg.det(x),
    "solve": lambda np, x: np.linalg.solve(x, x[0]),
    "cholesky": lambda np, x: np.linalg.cholesky(x @ x.T + np.eye(len(x))),
    "qr": lambda np, x: np.linalg.qr(x),
    "svd": lambda np, x: np.linalg.svd(x),
    "eigh": lambda np, x: np.linalg.eigh(x + x.T),
    "eig": lambda np, x: np.linalg.eig(x),
    "lstsq": lambda np, x: np.linalg.lstsq(x[:, :20], x[0])[0],
    "pinv": lambda np, x: np.linalg.pinv(x),
}.items():
    _add("matrices", _name, _call, _matrix, largest=HEAVY)
