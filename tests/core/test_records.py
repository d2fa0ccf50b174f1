"""Records: what they share with frozen dataclasses; constructors are written at first use."""

import copy
import inspect
import pickle
from typing import Any

import pytest

from minijax.core.records import fields, record, replace


@record
class Node:
    name: str
    parts: tuple[Any, ...] = ()


@record(eq=True)
class Point:
    x: int
    y: int = 0

    def __repr__(self) -> str:
        return f"({self.x}, {self.y})"


@record(eq=True)
class Nothing:
    pass


def test_fields_are_given_by_place_or_name_with_defaults() -> None:
    node = Node("a", parts=(1,))
    assert (node.name, node.parts, Node("b").parts) == ("a", (1,), ())
    assert fields(Node) == ("name", "parts")
    with pytest.raises(TypeError, match=r"Node.__init__\(\) missing 1 required .* 'name'"):
        Node()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        Node("a", size=1)  # type: ignore[call-arg]


def test_a_record_is_immutable_and_has_no_other_attributes() -> None:
    node = Node("a")
    with pytest.raises(AttributeError, match="Node is immutable: 'name'"):
        node.name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Node is immutable: 'name'"):
        del node.name
    assert not hasattr(node, "__dict__")
    assert node.name == "a"


def test_equality_is_of_objects_or_of_fields() -> None:
    assert Node("a") != Node("a")
    assert len({Node("a"), Node("a")}) == 2
    assert Point(1) == Point(1, 0) != Point(2)
    assert len({Point(1), Point(1, 0), Point(2)}) == 2
    assert Point(1) != Node("a")
    assert Nothing() == Nothing()


def test_representation_is_that_of_the_class_if_it_has_one() -> None:
    assert repr(Node("a")) == "Node(name='a', parts=())"
    assert repr(Point(1)) == "(1, 0)"


def test_replace_copy_pickle_and_patterns() -> None:
    node = Node("a", (1, 2))
    assert replace(node, name="b").parts is node.parts
    with pytest.raises(TypeError, match="size"):
        replace(node, size=1)
    assert copy.copy(Point(1, 2)) == Point(1, 2) == pickle.loads(pickle.dumps(Point(1, 2)))
    match node:
        case Node(name, parts):
            assert (name, parts) == ("a", (1, 2))


def test_signatures_are_known_before_there_is_an_object() -> None:
    @record
    class Fresh:
        value: int
        unit: str = "m"

    class Derived(Fresh):
        def __init__(self) -> None:
            super().__init__(1)

    assert list(inspect.signature(Fresh).parameters) == ["value", "unit"]
    assert inspect.signature(Fresh).parameters["unit"].default == "m"
    assert not inspect.signature(Derived).parameters
    assert Derived().value == 1


def test_the_constructor_is_written_at_the_first_object() -> None:
    @record
    class Fresh:
        value: int = 3

    before = Fresh.__init__
    assert (Fresh().value, Fresh(4).value) == (3, 4)
    assert Fresh.__init__ is not before
    assert Fresh.__init__.__code__.co_varnames == ("self", "value")
