"""The pytree functions of the core: prefixes, mismatches, key paths, registration."""

from __future__ import annotations

import collections
import dataclasses
import functools
import operator
import pickle

import pytest

import minijax.numpy as jnp
from minijax.core import pytree, pytree_nodes
from minijax.core.pytree import DictKey, FlattenedIndexKey, GetAttrKey, Partial, SequenceKey

Point = collections.namedtuple("Point", "x y")


class Node:
    def __init__(self, *children):
        self.children = children


pytree_nodes.register_pytree_node(
    Node, lambda n: (n.children, len(n.children)), lambda _, c: Node(*c)
)


@pytree_nodes.register_dataclass
@dataclasses.dataclass
class Layer:
    weight: object
    bias: object = None
    name: str = dataclasses.field(default="layer", metadata={"static": True})


class TestFlatten:
    def test_round_trip(self):
        tree = {"b": [1, (2, None)], "a": Point(3, {"k": 4}), "c": ()}
        leaves, treedef = pytree.flatten(tree)
        assert leaves == [3, 4, 1, 2]
        assert pytree.unflatten(treedef, leaves) == tree

    def test_is_leaf_decides_before_the_node_is_opened(self):
        assert pytree.leaves([1, (2, 3)], lambda x: isinstance(x, tuple)) == [1, (2, 3)]
        assert pytree.leaves([None, 1], lambda x: x is None) == [None, 1]

    def test_structures_are_hashable_and_ignore_dict_order(self):
        one, other = pytree.structure({"a": 1, "b": 2}), pytree.structure({"b": 1, "a": 2})
        assert one == other
        assert hash(one) == hash(other)
        assert one != pytree.structure(collections.OrderedDict(a=1, b=2))

    def test_structures_pickle(self):
        treedef = pytree.structure({"a": [1, None], "p": Point(1, 2)})
        assert pickle.loads(pickle.dumps(treedef)) == treedef

    @pytest.mark.parametrize("count", (1, 3))
    def test_wrong_number_of_leaves(self, count):
        with pytest.raises(ValueError, match="leaves"):
            pytree.unflatten(pytree.structure([1, 2]), range(count))


class TestKeyPaths:
    def test_every_kind_of_node(self):
        tree = {"w": [1], "n": Node(2), "l": Layer(3, Point(4, 5)), "o": collections.deque()}
        paths, _ = pytree.flatten_with_path(tree)
        assert paths == [
            ((DictKey("l"), GetAttrKey("weight")), 3),
            ((DictKey("l"), GetAttrKey("bias"), GetAttrKey("x")), 4),
            ((DictKey("l"), GetAttrKey("bias"), GetAttrKey("y")), 5),
            ((DictKey("n"), FlattenedIndexKey(0)), 2),
            ((DictKey("w"), SequenceKey(0)), 1),
        ]

    def test_as_text(self):
        treedef = pytree.structure({"weights": [Layer(1)]})
        assert pytree.key_paths(treedef) == ["['weights'][0].weight"]
        assert pytree.key_paths(pytree.structure(1)) == [""]

    def test_predicate_with_path(self):
        tree = {"a": [1, {"b": 2}], "c": (3, None)}
        found, treedef = pytree.flatten_with_path(tree, lambda path, _: len(path) == 2, True)
        assert [leaf for _, leaf in found] == [1, {"b": 2}, 3, None]
        assert treedef.num_leaves == 4


class TestTreeMap:
    def test_several_trees(self):
        assert pytree.tree_map(operator.add, {"a": (1, 2)}, {"a": (10, 20)}) == {"a": (11, 22)}

    def test_rest_may_be_deeper(self):
        assert pytree.tree_map(lambda a, b: (a, b), [1], [{"k": 2}]) == [(1, {"k": 2})]

    @pytest.mark.parametrize(
        ("tree", "other", "words"),
        (
            (
                [1, [2]],
                [1, 2],
                r"argument 2 .* at \[1\] it has a leaf, expected a list of length 1",
            ),
            ([1, (2,)], [1, [2]], r"at \[1\] it has a list of length 1, expected a tuple"),
            ({"a": 1}, {"b": 1}, r"at the root it has a dict with keys \['b'\]"),
            ([1, None], [1, 2], r"at \[1\] it has a leaf, expected None"),
            ([1], [1, 2], "a list of length 2, expected a list of length 1"),
            ({"p": Point(1, 2)}, {"p": (1, 2)}, r"at \['p'\] it has a tuple .* a Point"),
            (Node(1), Node(1, 2), "a Node node"),
        ),
    )
    def test_mismatch_names_the_place(self, tree, other, words):
        with pytest.raises(ValueError, match=words):
            pytree.tree_map(lambda a, b: a, tree, other)

    def test_error_of_the_function_is_left_alone(self):
        def fail(_):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            pytree.tree_map(fail, [1])


class TestFlattenAxes:
    @pytest.mark.parametrize(
        ("values", "axes", "expected"),
        (
            ((1, [2, 3]), 0, [0, 0, 0]),
            ((1, [2, 3]), None, [None, None, None]),
            ((1, [2, 3]), (None, 1), [None, 1, 1]),
            ((1, [2, 3]), (0, [None, 1]), [0, None, 1]),
            (({"a": 1, "b": (2, 3)},), ({"a": None, "b": 1},), [None, 1, 1]),
            ((None, 1), (0, 1), [1]),
            ((None, 1), (None, 1), [1]),
            (((), 1), ((), 1), [1]),
            (Layer(1, 2), Layer(0, None), [0, None]),
            ([1, 2], "axis", ["axis", "axis"]),
        ),
    )
    def test_spreads(self, values, axes, expected):
        assert pytree.flatten_axes("in_axes", pytree.structure(values), axes) == expected

    @pytest.mark.parametrize(
        ("values", "axes", "words"),
        (
            ((1, 2), (0,), "in_axes is a tuple of length 1, but the value there is a tuple of le"),
            (([1],), ({"a": 0},), r"in_axes\[0\] is a dict with keys \['a'\]"),
            (({"a": 1},), ({"b": 0},), r"in_axes\[0\] is a dict with keys \['b'\]"),
            ((1,), ((0,),), r"in_axes\[0\] is a tuple of length 1, but the value there is a leaf"),
            ((1, [2]), [0, [1]], "is a list of length 2, but the value there is a tuple"),
        ),
    )
    def test_mismatch_names_argument_and_place(self, values, axes, words):
        with pytest.raises(ValueError, match=words):
            pytree.flatten_axes("in_axes", pytree.structure(values), axes)


def test_broadcast_prefix():
    assert pytree.broadcast_prefix({"a": 1, "b": 2}, {"a": (0, 0), "b": [0]}) == [1, 1, 2]
    assert pytree.broadcast_prefix(7, [0, [0]]) == [7, 7]
    with pytest.raises(ValueError, match=r"full tree .* at \['a'\]"):
        pytree.broadcast_prefix({"a": (1,)}, {"a": 1})


class TestDescribeMismatch:
    @pytest.mark.parametrize(
        ("expected", "got", "text"),
        (
            ({"a": 1}, {"a": 2}, ""),
            ((1, 2), [1, 2], "at the root: expected a tuple of length 2, got a list of length 2"),
            (
                [1, (2, 3)],
                [1, (2,)],
                "at [1]: expected a tuple of length 2, got a tuple of length 1",
            ),
            ([1], [None], "at [0]: expected a leaf, got None"),
            (
                {"a": 1, "b": {"c": 1}},
                {"a": 1, "b": {"d": 1}},
                "at ['b']: expected a dict with keys ['c'], got a dict with keys ['d'] "
                "(missing ['c'], not expected ['d'])",
            ),
        ),
    )
    def test_text(self, expected, got, text):
        one, other = pytree.structure(expected), pytree.structure(got)
        assert pytree.describe_mismatch(one, other) == text

    def test_static_data_differ(self):
        one = pytree.structure([Layer(1, name="first")])
        other = pytree.structure([Layer(1, name="second")])
        text = pytree.describe_mismatch(one, other)
        assert text.startswith("at [0]:")
        assert "first" in text
        assert "second" in text

    def test_names(self):
        one, other = pytree.structure((1,)), pytree.structure(1)
        text = pytree.describe_mismatch(
            one, other, expected_name="init has", got_name="the body returns", root="carry"
        )
        assert text == "at carry: init has a tuple of length 1, the body returns a leaf"


class TestRegistration:
    @pytest.mark.parametrize("nodetype", (Node, Layer, list, dict, Partial))
    def test_twice_is_an_error(self, nodetype):
        with pytest.raises(ValueError, match="only once"):
            pytree_nodes.register_pytree_node(nodetype, lambda n: ((), None), lambda *_: None)

    def test_keys_of_a_class(self):
        @pytree_nodes.register_pytree_with_keys_class
        class Keyed:
            def __init__(self, value):
                self.value = value

            def tree_flatten_with_keys(self):
                return ((GetAttrKey("value"), self.value),), None

            @classmethod
            def tree_unflatten(cls, _, children):
                return cls(*children)

        assert pytree.key_paths(pytree.structure(Keyed([1]))) == [".value[0]"]
        assert pytree.tree_map(lambda x: x + 1, Keyed(1)).value == 2

    def test_namedtuple_with_a_flattening_of_its_own(self):
        Tagged = collections.namedtuple("Tagged", "value tag")
        pytree_nodes.register_pytree_node(
            Tagged, lambda t: ((t.value,), t.tag), lambda tag, c: Tagged(c[0], tag)
        )
        assert pytree.leaves(Tagged(1, "tag")) == [1]

    def test_static(self):
        @pytree_nodes.register_static
        class Mode(str):
            pass

        leaves, treedef = pytree.flatten([Mode("fast"), 1])
        assert leaves == [1]
        assert treedef == pytree.structure([Mode("fast"), 2])
        assert treedef != pytree.structure([Mode("slow"), 2])

    def test_static_field_is_part_of_the_structure(self):
        assert pytree.structure(Layer(1)) != pytree.structure(Layer(1, name="other"))
        assert pytree.tree_map(lambda x: x + 1, Layer(1, 2, "n")) == Layer(2, 3, "n")

    @pytest.mark.parametrize(
        ("error", "lists", "words"),
        (
            (TypeError, (["a"],), "expected both or neither"),
            (ValueError, (["a"], ["a", "b"]), r"\['a'\] stand in data_fields and in meta_fields"),
            (ValueError, (["a"], []), r"Missing: \['b'\]"),
            (ValueError, (["a", "z"], ["b"]), r"unexpected: \['z'\]"),
        ),
    )
    def test_dataclass_fields_are_checked(self, error, lists, words):
        @dataclasses.dataclass
        class Pair:
            a: int
            b: int = 0

        with pytest.raises(error, match=words):
            pytree_nodes.register_dataclass(Pair, *lists)

    def test_class_that_is_no_dataclass_needs_lists(self):
        class Plain:
            def __init__(self, a):
                self.a = a

        with pytest.raises(TypeError, match="no dataclass"):
            pytree_nodes.register_dataclass(Plain)
        pytree_nodes.register_dataclass(Plain, ["a"], [])
        assert pytree.leaves(Plain(5)) == [5]

    def test_dropped_field_keeps_its_default(self):
        @functools.partial(
            pytree_nodes.register_dataclass, data_fields=["a"], meta_fields=[], drop_fields=["b"]
        )
        @dataclasses.dataclass
        class Pair:
            a: int
            b: int = 7

        assert pytree.tree_map(lambda x: x + 1, Pair(1, 2)) == Pair(2, 7)


class TestPartial:
    def test_is_a_tree_of_its_arguments(self):
        bound = Partial(operator.add, 1)
        assert pytree.leaves(bound) == [1]
        assert pytree.tree_map(lambda x: x * 10, bound)(5) == 15
        assert pytree.structure(bound) == pytree.structure(Partial(operator.add, 2))

    def test_hides_an_inner_partial(self):
        inner = functools.partial(operator.add, 1)
        bound = Partial(inner, 2)
        assert pytree.leaves(bound) == [2]
        assert bound() == 3
        assert pytree.structure(bound) == pytree.structure(Partial(inner, 5))
        assert "add" in repr(bound)


def test_flatten_one_level_of_a_leaf():
    with pytest.raises(ValueError, match="needs a pytree node, got a leaf of type"):
        pytree.flatten_one_level(1)


def test_arrays_and_calls_with_arrays_have_the_structures_of_other_leaves() -> None:
    x = jnp.arange(3.0)
    assert pytree.flatten(x) == ([x], pytree.structure(1.0))
    for args, kwargs in (((), {}), ((x,), {}), ((x, x), {}), ((x,), {"scale": x}), (([x], 1), {})):
        found, wanted = pytree.flatten_call(args, kwargs), pytree.flatten((args, kwargs))
        assert found[1] == wanted[1]
        assert all(a is b for a, b in zip(found[0], wanted[0], strict=True))
    seen = []
    pytree.flatten(x, lambda leaf: seen.append(leaf) or True)
    assert seen[0] is x
