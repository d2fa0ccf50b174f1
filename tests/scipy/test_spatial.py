"""Rotations against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial import transform as reference

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy.spatial.transform import Rotation, Slerp

_RNG = np.random.default_rng(4)
_Q = _RNG.normal(size=(5, 4))
_OURS, _THEIRS = Rotation.from_quat(_Q), reference.Rotation.from_quat(_Q)
_VECTORS = _RNG.normal(size=(5, 3))
_SEQUENCES = ("xyz", "XYZ", "zxz", "ZXZ", "zyx", "YXY")


@pytest.mark.parametrize(
    "name", ["as_matrix", "as_mrp", "as_rotvec", "as_quat", "magnitude", "inv", "mean"]
)
def test_conversions(name: str) -> None:
    ours, theirs = getattr(_OURS, name)(), getattr(_THEIRS, name)()
    if name in ("inv", "mean"):
        ours, theirs = ours.as_matrix(), theirs.as_matrix()
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("seq", _SEQUENCES)
def test_euler_angles(seq: str) -> None:
    angles = _RNG.uniform(-1, 1, (5, 3))
    ours, theirs = Rotation.from_euler(seq, angles), reference.Rotation.from_euler(seq, angles)
    np.testing.assert_allclose(ours.as_matrix(), theirs.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(_OURS.as_euler(seq, True), _THEIRS.as_euler(seq, True), atol=1e-9)
    # Where two axes coincide only the sum or the difference of two angles means something.
    for middle in (0.0, np.pi / 2, np.pi):
        turn = Rotation.from_euler(seq, jnp.array([0.3, middle, 0.5]))
        again = Rotation.from_euler(seq, turn.as_euler(seq))
        np.testing.assert_allclose(turn.as_matrix(), again.as_matrix(), atol=1e-7)


def test_constructors() -> None:
    for name, values in (("rotvec", _VECTORS), ("mrp", _VECTORS), ("matrix", _THEIRS.as_matrix())):
        ours = getattr(Rotation, f"from_{name}")(jnp.array(values))
        theirs = getattr(reference.Rotation, f"from_{name}")(values)
        np.testing.assert_allclose(ours.as_matrix(), theirs.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(Rotation.from_rotvec(jnp.zeros(3)).quat, Rotation.identity().quat)
    quarter = Rotation.from_rotvec(np.array([0, 0, 90]), degrees=True)
    np.testing.assert_allclose(quarter.as_rotvec(degrees=True), [0, 0, 90], atol=1e-12)
    np.testing.assert_allclose(quarter.quat, Rotation.from_euler("z", 90, degrees=True).quat)
    drawn = Rotation.random(mj.random.key(0), 4)
    assert len(drawn) == 4
    np.testing.assert_allclose(jnp.linalg.norm(drawn.quat, axis=-1), 1)


def test_algebra() -> None:
    np.testing.assert_allclose(_OURS.apply(_VECTORS), _THEIRS.apply(_VECTORS))
    np.testing.assert_allclose(_OURS.apply(_VECTORS, True), _THEIRS.apply(_VECTORS, True))
    np.testing.assert_allclose(_OURS.apply(_VECTORS[0]), _THEIRS.apply(_VECTORS[0]))
    product, expected = _OURS * _OURS[0], _THEIRS * _THEIRS[0]
    np.testing.assert_allclose(product.as_matrix(), expected.as_matrix(), atol=1e-12)
    assert len(Rotation.concatenate([_OURS, _OURS])) == 10
    assert not _OURS.single
    assert _OURS[0].single
    canonical = _OURS.as_quat(canonical=True, scalar_first=True)
    assert bool(jnp.all(canonical[:, 0] >= 0))
    np.testing.assert_array_equal(Rotation(-_OURS.quat).as_quat(True), _OURS.as_quat(True))


def test_pytrees_compiled_and_mapped() -> None:
    np.testing.assert_allclose(
        mj.jit(mj.vmap(lambda r: r.as_matrix()))(_OURS), _THEIRS.as_matrix(), atol=1e-12
    )
    assert isinstance(mj.tree.map(lambda x: x, _OURS), Rotation)


@pytest.mark.parametrize(
    "function",
    [
        lambda r: r.as_rotvec(),
        lambda r: r.as_euler("xyz"),
        lambda r: Rotation.from_matrix(r.as_matrix()).as_mrp(),
        lambda r: r.magnitude(),
        lambda r: Slerp.init(jnp.arange(5.0), r)(jnp.array([0.5, 2.2])).quat,
    ],
)
def test_derivatives(function: Any) -> None:
    def loss(q: Any) -> Any:
        return jnp.sum(jnp.sin(function(Rotation.from_quat(q))))

    direction, h = _RNG.normal(size=_Q.shape), 1e-6
    expected = (loss(_Q + h * direction) - loss(_Q - h * direction)) / (2 * h)
    np.testing.assert_allclose(np.sum(mj.grad(loss)(_Q) * direction), expected, rtol=1e-5)


def test_slerp() -> None:
    times = [0, 1, 2, 4, 5]
    ours, theirs = Slerp.init(times, _OURS), reference.Slerp(times, _THEIRS)
    for at in (np.array([0.0, 0.7, 3.0, 4.2]), 0.5):
        np.testing.assert_allclose(ours(at).as_matrix(), theirs(at).as_matrix(), atol=1e-12)
    compiled = mj.jit(lambda s, t: s(t).as_matrix())(ours, 0.5)
    np.testing.assert_allclose(compiled, theirs(0.5).as_matrix(), atol=1e-12)


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (TypeError, "not subscriptable", lambda: _OURS[0][0]),
        (TypeError, "no len", lambda: len(_OURS[0])),
        (ValueError, "upto 3", lambda: Rotation.from_euler("xyzx", [1])),
        (ValueError, "Expected axes", lambda: Rotation.from_euler("xYz", [1, 2, 3])),
        (ValueError, "to be different", lambda: Rotation.from_euler("xxz", [1, 2, 3])),
        (ValueError, "2 angles", lambda: Rotation.from_euler("xy", jnp.ones(3))),
        (ValueError, "Expected 3 axes", lambda: _OURS.as_euler("xy")),
        (ValueError, "number of timestamps", lambda: Slerp.init([0, 1], _OURS)),
        (ValueError, "at least 2", lambda: Slerp.init([0], _OURS[:1])),
        (TypeError, "`Rotation` instance", lambda: Slerp.init([0], 3)),  # type: ignore[arg-type]
        (ValueError, "1-dimensional", lambda: Slerp.init(list(range(5)), _OURS)(jnp.ones((2, 2)))),
        (ValueError, "number of values", lambda: _OURS.mean(jnp.ones(3))),
        (ValueError, "1 dimensional", lambda: _OURS.mean(jnp.ones((5, 1)))),
    ],
)
def test_refusals(error: type, text: str, call: Any) -> None:
    with pytest.raises(error, match=text):
        call()
