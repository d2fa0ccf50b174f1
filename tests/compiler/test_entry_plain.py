"""Calls of every kind of argument, with entries and without: this file also runs where there are
none."""

from __future__ import annotations

import dataclasses
import functools
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp


class Pair(NamedTuple):
    left: Any
    right: Any


@mj.tree_util.register_dataclass
@dataclasses.dataclass
class Layer:
    weight: Any
    bias: Any
    name: str = dataclasses.field(default="", metadata={"static": True})
    factor: Any = dataclasses.field(default=1, metadata={"static": True})


@mj.tree_util.register_dataclass
@dataclasses.dataclass(slots=True, frozen=True)
class Slotted:
    x: Any
    y: Any


@mj.tree_util.register_pytree_node_class
class Own:
    def __init__(self, x: Any) -> None:
        self.x = x

    def tree_flatten(self) -> Any:
        return (self.x,), "own"

    @classmethod
    def tree_unflatten(cls, rest: str, children: Any) -> Own:
        return cls(*children)


def unaligned() -> np.ndarray:
    raw = np.zeros(4 * 8 + 1, np.uint8)
    x = raw[1:].view(np.float64)
    x[:] = np.arange(4.0)
    return x


ARGUMENTS = {
    "array": lambda: jnp.arange(4.0),
    "numpy": lambda: np.arange(4.0),
    "strided": lambda: np.arange(8.0)[::2],
    "reversed": lambda: np.arange(4.0)[::-1],
    "fortran": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "unaligned": unaligned,
    "foreign byte order": lambda: np.arange(4.0).astype(">f8"),
    "read-only": lambda: np.broadcast_to(np.arange(3.0), (2, 3)),
    "empty": lambda: np.zeros((0, 3)),
    "number": lambda: 1.5,
    "numpy scalar": lambda: np.float32(1.5),
    "none": lambda: None,
    "tuple": lambda: (1.0, (jnp.arange(2.0), ()), [2]),
    "dict": lambda: {"b": 1.0, "a": {"z": np.arange(2.0), "c": 3}},
    "dict of numbers": lambda: {2: 1.0, 1: 2.0},
    "ordered dict": lambda: OrderedDict(b=1.0, a=2.0),
    "named tuple": lambda: Pair(1.0, Pair(2.0, None)),
    "dataclass": lambda: Layer(jnp.ones((2, 2)), {"b": 2.0}, "first", 3),
    "slotted": lambda: Slotted(1.0, Slotted(np.arange(2.0), None)),
    "own": lambda: Own(2.0),
    "list of numpy scalars": lambda: [np.int8(1), np.float64(2.0), np.bool_(True)],
}


def double(tree: Any) -> Any:
    return mj.tree.map(lambda x: jnp.asarray(x) * 2, tree)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_calls(name: str) -> None:
    argument = ARGUMENTS[name]()
    expected = mj.tree.map(lambda x: 2 * np.asarray(x), argument)
    function = mj.jit(double)
    for _ in range(5):
        result = function(argument)
        assert mj.tree.structure(result) == mj.tree.structure(expected)
        mj.tree.map(np.testing.assert_array_equal, result, expected)
        result = function(tree=argument)
        mj.tree.map(np.testing.assert_array_equal, result, expected)


def test_signatures_that_differ_in_one_thing() -> None:
    function = mj.jit(double)
    arguments = [
        np.arange(4.0),
        np.arange(5.0),
        np.arange(4.0, dtype=np.float32),
        np.arange(4),
        np.arange(4.0).reshape(2, 2),
        np.arange(4.0).reshape(1, 4),
        jnp.arange(4.0),
        1.0,
        jnp.asarray(1.0),
        jnp.asarray(1.0) * 1,
        np.float64(1.0),
        1,
        True,
        (1.0,),
        [1.0],
        unaligned(),
        np.arange(8.0)[::2],
    ]
    for _ in range(4):
        for x in arguments:
            result, expected = function(x), double(x)
            mj.tree.map(np.testing.assert_array_equal, result, expected)
            assert mj.tree.leaves(result)[0].dtype == mj.tree.leaves(expected)[0].dtype


def test_static_fields_of_a_dataclass_are_compared() -> None:
    function = mj.jit(lambda layer: layer.weight * layer.factor + len(layer.name))
    for _ in range(4):
        assert float(function(Layer(2.0, 0.0, "ab", 3))) == 8.0
        assert float(function(Layer(2.0, 0.0, "".join(["a", "b"]), 3))) == 8.0
        assert float(function(Layer(2.0, 0.0, "abc", 3))) == 9.0
        assert float(function(Layer(2.0, 0.0, "ab", 4))) == 10.0
        assert function(Layer(2, 0.0, "ab", 4.0)).dtype == jnp.float64


def test_a_dataclass_that_lost_a_field() -> None:
    function = mj.jit(lambda layer: layer.weight * 2)
    for _ in range(4):
        function(Layer(2.0, 0.0))
    broken = Layer(2.0, 0.0)
    del broken.bias
    with pytest.raises(AttributeError, match="bias"):
        function(broken)
    assert float(function(Layer(3.0, 0.0))) == 6.0


def test_a_dataclass_whose_constructor_raises() -> None:
    @mj.tree_util.register_dataclass
    @dataclasses.dataclass
    class Picky:
        x: Any
        allowed: Any = dataclasses.field(default=(True,), metadata={"static": True})

        def __post_init__(self) -> None:
            if not switch[0]:
                raise ValueError("not now")

    switch = [True]
    function = mj.jit(lambda p: Picky(p.x * 2, p.allowed))
    argument = Picky(2.0)
    for _ in range(4):
        assert float(function(argument).x) == 4.0
    switch[0] = False
    for _ in range(3):
        with pytest.raises(ValueError, match="not now"):
            function(argument)
    switch[0] = True
    assert float(function(argument).x) == 4.0


def test_properties_are_read_by_python() -> None:
    @functools.partial(mj.tree_util.register_dataclass, data_fields=["x"], meta_fields=[])
    class Made:
        def __init__(self, x: Any) -> None:
            self.inner = [x]

        @property
        def x(self) -> Any:
            return self.inner[0] + 0.5

    function = mj.jit(lambda made: made.x)
    for k in range(5):
        assert float(function(Made(float(k)))) == k + 1.0


def test_static_arguments_that_are_equal() -> None:
    function = mj.jit(lambda x, n, mode: x * n if mode == "times" else x, static_argnums=(1, 2))
    for _ in range(4):
        assert float(function(2.0, 1000, "times")) == 2000.0
        assert float(function(2.0, int("1000"), "".join(["ti", "mes"]))) == 2000.0
        assert function(2, True, "times").dtype == jnp.int64
        assert float(function(2.0, 1, "times")) == 2.0
        assert function(2, 1.0, "times").dtype == jnp.float64


def test_constructors_that_change_what_they_are_given() -> None:
    @mj.tree_util.register_dataclass
    @dataclasses.dataclass
    class Doubled:
        x: Any
        y: Any

        def __post_init__(self) -> None:
            self.x = self.x * 1 if isinstance(self.x, mj.Array) else self.x
            self.x, self.y = self.y, self.x

    @mj.tree_util.register_dataclass
    @dataclasses.dataclass
    class Strict:
        x: Any

        def __post_init__(self) -> None:
            assert self.x.ndim == 1

    swap = mj.jit(lambda a, b: Doubled(a + 1, b + 2))
    strict = mj.jit(lambda x: [Strict(x + 1)])
    for _ in range(6):
        result = swap(1.0, 2.0)
        with mj.disable_jit():
            expected = swap(1.0, 2.0)
        assert {float(result.x), float(result.y)} == {2.0, 4.0} == {expected.x, expected.y}
        np.testing.assert_array_equal(strict(np.arange(3.0))[0].x, np.arange(3.0) + 1)


def test_results_of_every_make_up() -> None:
    def f(x: Any) -> Any:
        inner = Slotted((x,), {"b": x + 1, "a": [None, ()]})
        return Layer(inner, Pair(x + 2, {}), "name", 7), [Layer(x + 3, None)], {2: x + 4, 1: x}

    function = mj.jit(f)
    expected = mj.tree.leaves(f(1.0))
    for _ in range(5):
        result = function(1.0)
        assert [float(x) for x in mj.tree.leaves(result)] == expected
        first, (second,), third = result
        assert (first.name, first.factor, second.name, list(third)) == ("name", 7, "", [2, 1])
        assert list(first.weight.y) == ["b", "a"]
        assert first.weight.y["a"] == [None, ()]
        assert first.bias.right == {}
