"""Rotations in three dimensions, under the names of `scipy.spatial.transform`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from minijax import numpy as jnp
from minijax import random as _random
from minijax.core.operators import Array
from minijax.scipy.spatial import quaternions


class Rotation(NamedTuple):
    """One rotation, or an array of them; a pytree.

    Attributes:
        quat: unit quaternions (x, y, z, w), of shape (4,) or (n, 4).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.spatial.transform import Rotation
        >>> quarter = Rotation.from_euler("z", 90, degrees=True)
        >>> print(jnp.round(quarter.apply(jnp.array([1.0, 0.0, 0.0])), 3))
        [0. 1. 0.]
    """

    quat: Array

    @classmethod
    def concatenate(cls, rotations: Sequence[Rotation]) -> Rotation:
        """Returns the rotations of several arrays of rotations in one."""
        return cls(jnp.concatenate([rotation.quat for rotation in rotations]))

    @classmethod
    def from_euler(cls, seq: str, angles: Array, degrees: bool = False) -> Rotation:
        """Returns successive turns about axes.

        Args:
            seq: one to three of the letters x, y, z for axes that stay, or X, Y, Z for axes that
                are turned along.
            angles: of shape (..., len(seq)), or a number for one axis.
            degrees: whether they are degrees rather than radians.
        """
        if not 1 <= len(seq) <= 3:
            raise ValueError(
                "Expected axis specification to be a non-empty string of upto 3 characters, got "
                f"{seq}"
            )
        intrinsic = _is_intrinsic(seq)
        array = jnp.atleast_1d(jnp.asarray(angles))
        if array.shape[-1] != len(seq):
            raise ValueError(
                f"from_euler: {len(seq)} angles are needed along the last axis for {seq!r}, got "
                f"angles of shape {array.shape}."
            )
        array = _radians(array, degrees)
        return cls(quaternions.from_euler(array, seq.lower(), intrinsic))

    @classmethod
    def from_matrix(cls, matrix: Array) -> Rotation:
        """Returns the rotations of orthogonal matrices of shape (..., 3, 3)."""
        return cls(quaternions.from_matrix(jnp.asarray(matrix)))

    @classmethod
    def from_mrp(cls, mrp: Array) -> Rotation:
        """Returns the rotations of modified Rodrigues parameters of shape (..., 3)."""
        return cls(quaternions.from_mrp(jnp.asarray(mrp)))

    @classmethod
    def from_quat(cls, quat: Array) -> Rotation:
        """Returns the rotations of quaternions of shape (..., 4) and any length."""
        return cls(quaternions.normalized(jnp.asarray(quat)))

    @classmethod
    def from_rotvec(cls, rotvec: Array, degrees: bool = False) -> Rotation:
        """Returns the rotations about vectors of shape (..., 3), by their lengths."""
        return cls(quaternions.from_vector(_radians(jnp.asarray(rotvec), degrees)))

    @classmethod
    def identity(cls, num: int | None = None, dtype: Any = float) -> Rotation:
        """Returns the rotation that changes nothing, or an array of `num` of it."""
        quat = jnp.array([0.0, 0.0, 0.0, 1.0], dtype=dtype)
        return cls(quat if num is None else jnp.tile(quat, (num, 1)))

    @classmethod
    def random(cls, random_key: Array, num: int | None = None) -> Rotation:
        """Returns a rotation drawn from all with equal probability, or an array of `num`."""
        shape = (4,) if num is None else (num, 4)
        return cls.from_quat(_random.normal(random_key, shape))

    def __getitem__(self, indexer: Any) -> Rotation:  # type: ignore[override]
        if self.single:
            raise TypeError("This is one rotation, not an array of them: it is not subscriptable.")
        return Rotation(self.quat[indexer])

    def __len__(self) -> int:
        if self.single:
            raise TypeError("This is one rotation, not an array of them: it has no len().")
        return self.quat.shape[0]

    def __mul__(self, other: Any) -> Rotation:
        return Rotation.from_quat(quaternions.product(self.quat, other.quat))

    def apply(self, vectors: Array, inverse: bool = False) -> Array:
        """Returns vectors of shape (..., 3) rotated, or rotated back."""
        matrix = self.as_matrix()
        turned = jnp.where(inverse, jnp.swapaxes(matrix, -1, -2), matrix)
        return jnp.matmul(turned, jnp.asarray(vectors)[..., None])[..., 0]

    def as_euler(self, seq: str, degrees: bool = False) -> Array:
        """Returns three angles about the axes of `seq`, as for `from_euler`; shape (..., 3)."""
        if len(seq) != 3:
            raise ValueError(f"as_euler: Expected 3 axes in seq, such as 'xyz'; got {seq!r}.")
        intrinsic = _is_intrinsic(seq)
        found = quaternions.to_euler(self.quat, seq.lower(), intrinsic)
        return jnp.rad2deg(found) if degrees else found

    def as_matrix(self) -> Array:
        """Returns matrices of shape (..., 3, 3)."""
        return quaternions.to_matrix(self.quat)

    def as_mrp(self) -> Array:
        """Returns modified Rodrigues parameters of shape (..., 3)."""
        return quaternions.to_mrp(self.quat)

    def as_rotvec(self, degrees: bool = False) -> Array:
        """Returns vectors along the axes of shape (..., 3), as long as the angles."""
        found = quaternions.to_vector(self.quat)
        return jnp.rad2deg(found) if degrees else found

    def as_quat(self, canonical: bool = False, scalar_first: bool = False) -> Array:
        """Returns the quaternions.

        Args:
            canonical: whether of q and -q the one with a positive real part is taken.
            scalar_first: whether they are (w, x, y, z) rather than (x, y, z, w).
        """
        quat = quaternions.canonical(self.quat) if canonical else self.quat
        return jnp.roll(quat, 1, axis=-1) if scalar_first else quat

    def inv(self) -> Rotation:
        """Returns the rotations back."""
        return Rotation(quaternions.inverse(self.quat))

    def magnitude(self) -> Array:
        """Returns the angles of rotation."""
        return quaternions.angle_of(self.quat)

    def mean(self, weights: Array | None = None) -> Rotation:
        """Returns the rotation that is nearest to all of an array.

        Args:
            weights: of shape (n,): how much each counts.

        Source:
            F. Markley and others, Averaging quaternions, 2007.
        """
        quat: Any = self.quat
        w = jnp.ones(quat.shape[0], quat.dtype) if weights is None else jnp.asarray(weights)
        w = w.astype(quat.dtype)
        if w.ndim != 1:
            raise ValueError(f"Expected `weights` to be 1 dimensional, got shape {w.shape}.")
        if w.shape[0] != len(self):
            raise ValueError(
                "Expected `weights` to have number of values equal to number of rotations, got "
                f"{w.shape[0]} values and {len(self)} rotations."
            )
        return Rotation(jnp.linalg.eigh(jnp.dot(w * quat.T, quat))[1][:, -1])

    @property
    def single(self) -> bool:
        """Whether this is one rotation rather than an array."""
        return self.quat.ndim == 1


class Slerp(NamedTuple):
    """Rotations between given ones, at constant angular speed; a pytree.

    Attributes:
        times: of shape (n,), increasing.
        timedelta: their differences, of shape (n - 1,).
        rotations: the rotations at all times but the last.
        rotvecs: from each rotation to the next, of shape (n - 1, 3).

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax.scipy.spatial.transform import Rotation, Slerp
        >>> turns = Rotation.from_euler("z", jnp.array([[0.0], [90.0]]), degrees=True)
        >>> middle = Slerp.init(jnp.array([0.0, 1.0]), turns)(0.5)
        >>> print(jnp.round(middle.as_rotvec(degrees=True), 3))
        [ 0.  0. 45.]
    """

    times: Array
    timedelta: Array
    rotations: Rotation
    rotvecs: Array

    @classmethod
    def init(cls, times: Array, rotations: Rotation) -> Slerp:
        """Returns the interpolation of rotations given at times of shape (n,)."""
        if not isinstance(rotations, Rotation):
            raise TypeError(
                f"Slerp: rotations is a `Rotation` instance, got {type(rotations).__name__}."
            )
        if rotations.single or len(rotations) == 1:
            raise ValueError("Slerp: rotations holds at least 2 of them, got one.")
        at = jnp.asarray(times, dtype=rotations.quat.dtype)
        if at.ndim != 1:
            raise ValueError(
                f"Slerp: times is an array of one dimension, got {at.ndim} dimensions."
            )
        if at.shape[0] != len(rotations):
            raise ValueError(
                "Slerp: each rotation needs a time, and the number of timestamps is "
                f"{at.shape[0]} for {len(rotations)} rotations."
            )
        before, after = Rotation(rotations.quat[:-1]), Rotation(rotations.quat[1:])
        return cls(at, jnp.diff(at), before, (before.inv() * after).as_rotvec())

    def __call__(self, times: Array) -> Rotation:
        """Returns the rotation at a time, or an array of rotations at times of shape (m,)."""
        at = jnp.asarray(times, dtype=self.times.dtype)
        if at.ndim > 1:
            raise ValueError(f"Slerp: times is a number or 1-dimensional, got shape {at.shape}.")
        wanted = jnp.atleast_1d(at)
        index = jnp.maximum(jnp.searchsorted(self.times, wanted) - 1, 0)
        share = (wanted - self.times[index]) / self.timedelta[index]
        turned = Rotation.from_rotvec(self.rotvecs[index] * share[:, None])
        quat = (Rotation(self.rotations.quat[index]) * turned).quat
        return Rotation(quat if at.ndim else quat[0])


def _is_intrinsic(seq: str) -> bool:
    """Returns whether the axes of a sequence are turned along."""
    if not re.fullmatch("[XYZ]+|[xyz]+", seq):
        raise ValueError(
            "Expected axes from `seq` to be from ['x', 'y', 'z'] or ['X', 'Y', 'Z'], got " + seq
        )
    if any(a == b for a, b in pairwise(seq)):
        raise ValueError(f"Expected consecutive axes to be different, got {seq}")
    return seq.isupper()


def _radians(angles: Any, degrees: bool) -> Any:
    if degrees:
        return jnp.deg2rad(angles)
    return angles if jnp.issubdtype(angles.dtype, jnp.inexact) else angles.astype(float)
