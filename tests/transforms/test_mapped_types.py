"""Types that say themselves how vmap takes them apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.interpreters import batching


@dataclass
class Body:
    """Positions that are mapped, a mass that all examples share, and a pytree."""

    name: str
    position: Any
    mass: Any
    extra: Any = None


def _to_element(element: Any, index: Any, x: Body, axis: Any) -> Body:
    return Body(x.name, element(x.position, axis), x.mass, element(x.extra, axis))


def _from_element(whole: Any, size: int, x: Body, axis: Any) -> Body:
    return Body(x.name, whole(size, x.position, axis), x.mass, whole(size, x.extra, axis))


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    batching.register_vmappable(Body, int, int, _to_element, _from_element, None)
    yield
    batching.unregister_vmappable(Body)


def test_parts_are_mapped_and_put_together() -> None:
    body = Body("moon", np.arange(6.0).reshape(3, 2), 2.0, {"a": np.ones((3, 2))})
    seen = []

    def step(b: Body, scale: Any) -> Any:
        seen.append((b.name, b.position.shape, b.mass))
        extra = {"a": b.extra["a"] + scale}
        return Body(b.name + "!", scale * b.position, b.mass, extra), scale

    moved, scales = mj.vmap(step, in_axes=(0, None), out_axes=(1, None))(body, 3.0)
    assert seen == [("moon", (2,), 2.0)]
    assert (moved.name, moved.mass, float(scales)) == ("moon!", 2.0, 3.0)
    np.testing.assert_array_equal(moved.position, 3 * body.position.T)
    np.testing.assert_array_equal(moved.extra["a"], np.full((2, 3), 4))


def test_in_compiled_functions_and_in_each_other() -> None:
    def f(x: Any) -> Any:
        inner = Body("a", x, 1.0, Body("b", 2 * x, 1.0, ()))
        out = mj.vmap(lambda b, y: Body(b.name, b.position * y, b.mass, b.extra), in_axes=(0, 0))
        found = out(inner, x)
        return found.position + found.extra.position

    x = np.arange(3.0)
    np.testing.assert_array_equal(mj.jit(f)(x), x * x + 2 * x)
    np.testing.assert_array_equal(mj.vmap(f)(np.stack([x, x])), np.stack([x * x + 2 * x] * 2))


def test_an_element_knows_its_number() -> None:
    def with_number(element: Any, index: Any, x: Body, axis: Any) -> Body:
        return Body(x.name, element(x.position, axis), index())

    batching.register_vmappable(Body, int, int, with_number, _from_element, None)
    found = mj.vmap(lambda b: b.position + b.mass)(Body("a", np.zeros(3), None))
    np.testing.assert_array_equal(found, [0, 1, 2])
