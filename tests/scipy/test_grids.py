"""Interpolation, integration and quantization against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.cluster.vq
import scipy.integrate
import scipy.interpolate
import scipy.ndimage

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy.cluster.vq import vq
from minijax.scipy.integrate import trapezoid
from minijax.scipy.interpolate import RegularGridInterpolator
from minijax.scipy.ndimage import map_coordinates

_RNG = np.random.default_rng(3)
_X = _RNG.uniform(size=(5, 4))
_PLACES = [_RNG.uniform(-7, 9, (3, 4)) for _ in range(2)]
# What interpolates beyond the edge too has a name of its own there.
_MODES = {
    "constant": "grid-constant",
    "nearest": "nearest",
    "wrap": "grid-wrap",
    "mirror": "mirror",
    "reflect": "reflect",
}


@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("order", [0, 1])
def test_map_coordinates(mode: str, order: int) -> None:
    for x in (_X, (100 * _X).astype(int)):
        ours = map_coordinates(x, _PLACES, order, mode, cval=-1.0)
        theirs = scipy.ndimage.map_coordinates(x, _PLACES, order=order, mode=_MODES[mode], cval=-1)
        assert ours.dtype == x.dtype
        np.testing.assert_allclose(ours, theirs, atol=1e-12 if x.dtype == float else 1)


def test_map_coordinates_differentiates_and_maps() -> None:
    def loss(x: Any, places: Any) -> Any:
        return jnp.sum(jnp.sin(map_coordinates(x, places, 1, "reflect")))

    direction, h = _RNG.normal(size=(5, 4)), 1e-6
    slopes = mj.jit(mj.grad(loss, (0, 1)))(_X, _PLACES)
    expected = (loss(_X + h * direction, _PLACES) - loss(_X - h * direction, _PLACES)) / (2 * h)
    np.testing.assert_allclose(np.sum(slopes[0] * direction), expected, rtol=1e-6)
    moved = [[p + s * h for p in _PLACES] for s in (1, -1)]
    expected = (loss(_X, moved[0]) - loss(_X, moved[1])) / (2 * h)
    np.testing.assert_allclose(np.sum(np.stack(slopes[1])), expected, rtol=1e-5)
    rows = mj.vmap(lambda row: map_coordinates(row, [jnp.array([0.5, 1.25])], 1))(_X)
    np.testing.assert_allclose(rows[:, 0], _X[:, :2].mean(1))


@pytest.mark.parametrize(
    ("error", "text", "args"),
    [
        (NotImplementedError, "requires order<=1", (_X, _PLACES, 2)),
        (NotImplementedError, "does not yet support mode foo", (_X, _PLACES, 1, "foo")),
        (ValueError, "sequence of length input.ndim", (_X, _PLACES[:1], 1)),
    ],
)
def test_map_coordinates_refuses(error: type, text: str, args: Any) -> None:
    with pytest.raises(error, match=text):
        map_coordinates(*args)


_GRID = (np.array([0.0, 1.0, 2.5]), np.array([0.0, 2.0, 3.0]))
_VALUES = _RNG.uniform(size=(3, 3, 2))
_POINTS = _RNG.uniform(-0.5, 3.2, (6, 2))


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill_value", [np.nan, None, 7.0])
def test_regular_grids(method: str, fill_value: Any) -> None:
    ours = RegularGridInterpolator(_GRID, _VALUES, method, fill_value=fill_value)
    theirs = scipy.interpolate.RegularGridInterpolator(
        _GRID, _VALUES, method, bounds_error=False, fill_value=fill_value
    )
    for points in (_POINTS, (_POINTS[:, 0], 0.3), _POINTS.reshape(2, 3, 2)):
        np.testing.assert_allclose(ours(points), theirs(points), atol=1e-12)
    compiled = mj.jit(lambda f, x: f(x))(ours, _POINTS)
    np.testing.assert_allclose(compiled, theirs(_POINTS), atol=1e-12)
    lanes = mj.vmap(lambda x: ours(x)[0])(_POINTS)
    np.testing.assert_allclose(lanes, theirs(_POINTS), atol=1e-12)


def test_regular_grids_differentiate() -> None:
    def loss(values: Any, points: Any) -> Any:
        f = RegularGridInterpolator(_GRID, values, fill_value=None)
        return jnp.sum(jnp.sin(f(points)))

    h, direction = 1e-6, _RNG.normal(size=_POINTS.shape)
    slopes = mj.grad(loss, (0, 1))(_VALUES, _POINTS)
    sides = [loss(_VALUES, _POINTS + s * h * direction) for s in (1, -1)]
    np.testing.assert_allclose(
        np.sum(slopes[1] * direction), (sides[0] - sides[1]) / (2 * h), rtol=1e-6
    )
    sides = [loss(_VALUES + s * h, _POINTS) for s in (1, -1)]
    np.testing.assert_allclose(np.sum(slopes[0]), (sides[0] - sides[1]) / (2 * h), rtol=1e-6)


@pytest.mark.parametrize(
    ("error", "text", "args", "options"),
    [
        (ValueError, "'foo' is not defined", (_GRID, _VALUES, "foo"), {}),
        (ValueError, "4 point arrays", (_GRID + _GRID, _VALUES), {}),
        (NotImplementedError, "no effect under JIT", (_GRID, _VALUES), {"bounds_error": True}),
        (ValueError, "type compatible", (_GRID, _VALUES), {"fill_value": 1j}),
    ],
)
def test_regular_grids_refuse(error: type, text: str, args: Any, options: Any) -> None:
    with pytest.raises(error, match=text):
        RegularGridInterpolator(*args, **options)
    with pytest.raises(ValueError, match="have dimension 1"):
        RegularGridInterpolator(_GRID, _VALUES)(_POINTS[:, :1])


def test_quantization_and_trapezoids() -> None:
    for observed, codes in ((_X, _X[:2] + 0.1), (_X[0], _X[1]), ((_X * 9).astype(int), _X[:2])):
        ours, theirs = vq(observed, codes), scipy.cluster.vq.vq(observed, codes)
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_allclose(ours[1], theirs[1])
    for text, args in (("same rank", (_X, _X[0])), ("not supported", (_X[None], _X[None]))):
        with pytest.raises(ValueError, match=text):
            vq(*args)
    np.testing.assert_allclose(trapezoid(_X, dx=0.5), scipy.integrate.trapezoid(_X, dx=0.5))
    places = np.arange(5.0) ** 2
    expected = scipy.integrate.trapezoid(_X, places, axis=0)
    np.testing.assert_allclose(mj.jit(lambda x: trapezoid(x, places, axis=0))(_X), expected)
