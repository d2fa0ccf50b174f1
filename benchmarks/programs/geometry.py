"""Bodies in space: cameras, rotations, forces between particles."""

from __future__ import annotations

from typing import Any

from benchmarks.data import normal, uniform
from benchmarks.registry import Made, program


def rotate(np: Any, axis: Any, point: Any) -> Any:
    """Rotates a point about an axis by the axis' length (Rodrigues' formula)."""
    angle = np.sqrt(np.sum(axis**2) + 1e-12)
    unit = axis / angle
    across = np.cross(unit, point)
    along = np.dot(unit, point) * (1.0 - np.cos(angle))
    return point * np.cos(angle) + across * np.sin(angle) + unit * along


def _reprojection(np: Any, camera: Any, point: Any, weight: Any, seen: Any) -> Any:
    moved = rotate(np, camera[:3], point - camera[3:6])
    flat = moved[:2] / moved[2]
    radius = np.sum(flat**2)
    distorted = flat * (1.0 + camera[9] * radius + camera[10] * radius**2)
    return weight * (distorted * camera[6] + camera[7:9] - seen)


def _observations(n: int) -> tuple[Any, ...]:
    cameras = 0.1 * normal(n, 11) + [0, 0, 0, 0, 0, -5, 1, 0, 0, 0, 0]
    return cameras, normal(n, 3, seed=1), uniform(n, seed=2), normal(n, 2, seed=3)


@program("bundle adjustment residuals", 100, 10_000, 100_000)
def bundle_residuals(np: Any, lib: Any, n: int) -> Made:
    return lib.vmap(lambda *o: _reprojection(np, *o)), _observations(n)


@program("bundle adjustment Jacobians, reverse", 100, 1_000, 20_000)
def bundle_reverse(np: Any, lib: Any, n: int) -> Made:
    jacobian = lib.jacrev(lambda *o: _reprojection(np, *o), argnums=(0, 1, 2))
    return lib.vmap(jacobian), _observations(n)


@program("bundle adjustment Jacobians, forward", 100, 1_000, 20_000)
def bundle_forward(np: Any, lib: Any, n: int) -> Made:
    jacobian = lib.jacfwd(lambda *o: _reprojection(np, *o), argnums=(0, 1, 2))
    return lib.vmap(jacobian), _observations(n)


def _gravity(np: Any, x: Any, masses: Any) -> Any:
    difference = x[:, None, :] - x[None, :, :]
    distance = np.sqrt(np.sum(difference**2, axis=-1) + 1e-2)
    return -0.5 * np.sum(masses[:, None] * masses[None, :] / distance)


@program("N-body energy, value_and_grad", 10, 100, 1_000)
def n_body(np: Any, lib: Any, n: int) -> Made:
    return lib.value_and_grad(lambda x, m: _gravity(np, x, m)), (normal(n, 3), uniform(n))


@program("N-body leapfrog, 50 steps", 5, 30, 200, tolerance=1e-7)
def leapfrog(np: Any, lib: Any, n: int) -> Made:
    def simulate(x: Any, v: Any, masses: Any) -> Any:
        def force(x: Any) -> Any:
            return -lib.grad(lambda x: _gravity(np, x, masses))(x) / masses[:, None]

        def step(state: Any, _: Any) -> Any:
            x, v = state
            v = v + 5e-4 * force(x)
            x = x + 1e-3 * v
            return (x, v + 5e-4 * force(x)), None

        return lib.lax.scan(step, (x, v), None, length=50)[0]

    return simulate, (normal(n, 3), normal(n, 3, seed=1), 0.5 + uniform(n))


@program("Lennard-Jones energy, gradient", 10, 100, 500)
def lennard_jones(np: Any, lib: Any, n: int) -> Made:
    def energy(x: Any) -> Any:
        i, j = np.triu_indices(n, 1)
        square = np.sum((x[i] - x[j]) ** 2, axis=-1) + 0.5
        return np.sum(4.0 * (square**-6 - square**-3))

    return lib.value_and_grad(energy), (3.0 * normal(n, 3),)


@program("quaternion rotations", 100, 10_000, 200_000)
def quaternions(np: Any, lib: Any, n: int) -> Made:
    def turn(q: Any, p: Any) -> Any:
        q = q / np.linalg.norm(q)
        t = 2.0 * np.cross(q[1:], p)
        return p + q[0] * t + np.cross(q[1:], t)

    return lib.vmap(turn), (normal(n, 4), normal(n, 3, seed=1))


@program("chain of joints, Jacobian", 4, 16, 64)
def kinematic_chain(np: Any, lib: Any, joints: int) -> Made:
    def tip(angles: Any) -> Any:
        def link(state: Any, angle: Any) -> Any:
            position, heading = state
            heading = heading + angle
            return (position + np.stack([np.cos(heading), np.sin(heading)]), heading), None

        return lib.lax.scan(link, (np.zeros(2), 0.0), angles)[0][0]

    return lib.jacrev(tip), (normal(joints),)


@program("ray tracing of spheres", (8, 4), (64, 10), (256, 20))
def ray_tracing(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    pixels, spheres = size

    def render(centres: Any, radii: Any) -> Any:
        ticks = np.linspace(-1.0, 1.0, pixels)

        def shade(x: Any, y: Any) -> Any:
            ray = np.array([x, y, 1.0])
            ray = ray / np.linalg.norm(ray)
            b = centres @ ray
            gap = b**2 - np.sum(centres**2, axis=1) + radii**2
            depth = np.where(gap > 0.0, b - np.sqrt(np.maximum(gap, 0.0)), 1e3)
            nearest = np.argmin(depth)
            normal_ = (depth[nearest] * ray - centres[nearest]) / radii[nearest]
            return np.where(depth[nearest] < 1e3, np.maximum(-normal_[2], 0.0), 0.0)

        return lib.vmap(lambda y: lib.vmap(lambda x: shade(x, y))(ticks))(ticks)

    centres = normal(spheres, 3)
    centres[:, 2] += 6.0
    return render, (centres, 0.5 + uniform(spheres))
