"""Unit quaternions (x, y, z, w) that stand for rotations, along the last axis of arrays."""

from __future__ import annotations

import math
from typing import Any

from minijax import numpy as jnp

AXES = "xyz"


def norm(x: Any) -> Any:
    """Returns the length of vectors, (..., n) to (...)."""
    return jnp.sqrt(jnp.sum(x * x, -1))


def normalized(q: Any) -> Any:
    """Returns vectors of length 1."""
    return q / norm(q)[..., None]


def product(p: Any, q: Any) -> Any:
    """Returns the quaternion of first q, then p."""
    (px, py, pz, pw), (qx, qy, qz, qw) = jnp.moveaxis(p, -1, 0), jnp.moveaxis(q, -1, 0)
    return jnp.stack(
        [
            pw * qx + qw * px + (py * qz - pz * qy),
            pw * qy + qw * py + (pz * qx - px * qz),
            pw * qz + qw * pz + (px * qy - py * qx),
            pw * qw - px * qx - py * qy - pz * qz,
        ],
        -1,
    )


def inverse(q: Any) -> Any:
    """Returns the quaternions of the inverse rotations."""
    return q * jnp.array([-1, -1, -1, 1], q.dtype)


def canonical(q: Any) -> Any:
    """Returns of q and -q the one in which the first of w, x, y, z that is not 0 is positive."""
    is_negative = jnp.zeros(q.shape[:-1], bool)
    for place in (2, 1, 0, 3):
        part = q[..., place]
        is_negative = (part < 0) | ((part == 0) & is_negative)
    return jnp.where(is_negative[..., None], -q, q)


def to_matrix(q: Any) -> Any:
    """Returns rotation matrices, (..., 4) to (..., 3, 3)."""
    x, y, z, w = jnp.moveaxis(q, -1, 0)
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), -x * x + y * y - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), -x * x - y * y + z * z + w * w],
    ]
    return jnp.stack([jnp.stack(row, -1) for row in rows], -2)


def from_matrix(m: Any) -> Any:
    """Returns the quaternions of rotation matrices, (..., 3, 3) to (..., 4).

    Source:
        S. Shepperd, Quaternion from rotation matrix, 1978: the largest component comes from the
        diagonal, and the others are divided by it.
    """
    diagonal = [m[..., i, i] for i in range(3)]
    trace = sum(diagonal[1:], start=diagonal[0])
    candidates = []
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        parts: list[Any] = [None] * 4
        parts[i] = 1 - trace + 2 * m[..., i, i]
        parts[j] = m[..., j, i] + m[..., i, j]
        parts[k] = m[..., k, i] + m[..., i, k]
        parts[3] = m[..., k, j] - m[..., j, k]
        candidates.append(jnp.stack(parts, -1))
    skew = [m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]]
    candidates.append(jnp.stack([*skew, 1 + trace], -1))
    choice = jnp.argmax(jnp.stack([*diagonal, trace], -1), -1)
    table = jnp.stack(candidates, -2)
    return normalized(jnp.take_along_axis(table, choice[..., None, None], -2)[..., 0, :])


def to_vector(q: Any) -> Any:
    """Returns rotation vectors, axis times angle, (..., 4) to (..., 3)."""
    q = jnp.where(q[..., 3:] < 0, -q, q)
    angle = 2 * jnp.arctan2(norm(q[..., :3]), q[..., 3])
    series = 2 + angle**2 / 12 + 7 * angle**4 / 2880
    scale = jnp.where(angle <= 1e-3, series, angle / jnp.sin(angle / 2))
    return scale[..., None] * q[..., :3]


def from_vector(v: Any) -> Any:
    """Returns the quaternions of rotation vectors, (..., 3) to (..., 4)."""
    angle = norm(v)
    series = 0.5 - angle**2 / 48 + angle**4 / 3840
    scale = jnp.where(angle <= 1e-3, series, jnp.sin(angle / 2) / angle)
    return jnp.concatenate([scale[..., None] * v, jnp.cos(angle / 2)[..., None]], -1)


def to_mrp(q: Any) -> Any:
    """Returns modified Rodrigues parameters, axis times tan(angle / 4)."""
    sign = jnp.where(q[..., 3:] < 0, -1.0, 1.0)
    return sign * q[..., :3] / (1 + sign * q[..., 3:])


def from_mrp(p: Any) -> Any:
    """Returns the quaternions of modified Rodrigues parameters."""
    square = jnp.sum(p * p, -1)[..., None]
    return jnp.concatenate([2 * p, 1 - square], -1) / (1 + square)


def angle_of(q: Any) -> Any:
    """Returns the angles of rotation, from 0 to π."""
    return 2 * jnp.arctan2(norm(q[..., :3]), jnp.abs(q[..., 3]))


def from_euler(angles: Any, axes: str, intrinsic: bool) -> Any:
    """Returns the quaternions of successive turns about axes, (..., n) to (..., 4)."""
    result: Any = None
    for place, axis in enumerate(axes):
        half = angles[..., place] / 2
        nothing = jnp.zeros_like(half)
        parts = [jnp.sin(half) if axis == name else nothing for name in AXES]
        turn = jnp.stack([*parts, jnp.cos(half)], -1)
        if result is None:
            result = turn
        else:
            result = product(result, turn) if intrinsic else product(turn, result)
    return result


def to_euler(q: Any, axes: str, intrinsic: bool) -> Any:
    """Returns the angles of three successive turns about axes, (..., 4) to (..., 3).

    Source:
        E. Bernardes, S. Viollet, Quaternion to Euler angles conversion, 2022. Where two of the
        angles act about one line, the third is zero.
    """
    i, j, k = (AXES.index(axis) for axis in (axes[::-1] if intrinsic else axes))
    symmetric = i == k
    if symmetric:
        k = 3 - i - j
    sign = (i - j) * (j - k) * (k - i) // 2
    a, b, c, d = q[..., 3], q[..., i], q[..., j], q[..., k] * sign
    if not symmetric:
        a, b, c, d = a - c, b + d, c + a, d - b
    middle = 2 * jnp.arctan2(jnp.hypot(c, d), jnp.hypot(a, b))
    total, difference = jnp.arctan2(b, a), jnp.arctan2(d, c)
    is_zero, is_straight = jnp.abs(middle) <= 1e-7, jnp.abs(middle - math.pi) <= 1e-7
    single = jnp.where(is_zero, 2 * total, (2 if intrinsic else -2) * difference)
    is_degenerate = is_zero | is_straight
    ends = [jnp.where(is_degenerate, single, total - difference)]
    ends.append(jnp.where(is_degenerate, 0, total + difference))
    if intrinsic:
        # The single angle is the first of the three in either order.
        ends = [
            jnp.where(is_degenerate, 0, total - difference),
            jnp.where(is_degenerate, single, total + difference),
        ]
    if not symmetric:
        middle = middle - math.pi / 2
        ends[1] = ends[1] * sign
    angles = [ends[1], middle, ends[0]] if intrinsic else [ends[0], middle, ends[1]]
    found = jnp.stack(angles, -1)
    return (found + math.pi) % (2 * math.pi) - math.pi
