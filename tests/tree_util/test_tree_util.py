"""minijax.tree_util and minijax.tree against their oracle."""

from __future__ import annotations

import collections
import dataclasses
import functools
import inspect
import operator

import pytest

from minijax import tree, tree_util

jax = pytest.importorskip("jax")
oracle = jax.tree_util
pytestmark = pytest.mark.oracle

Point = collections.namedtuple("Point", "x y")


class Node:
    def __init__(self, *children, tag=None):
        self.children, self.tag = children, tag

    def __eq__(self, other):
        return isinstance(other, Node) and vars(self) == vars(other)

    __hash__ = None


class Keyed:
    def __init__(self, left, right):
        self.left, self.right = left, right


@dataclasses.dataclass
class Layer:
    weight: object
    bias: object
    name: str = dataclasses.field(default="n", metadata={"static": True})


class Wrapper:
    def __init__(self, value):
        self.value = value

    def tree_flatten(self):
        return (self.value,), None

    @classmethod
    def tree_unflatten(cls, _, children):
        return cls(*children)


def register_all(module):
    module.register_pytree_node(
        Node, lambda n: (n.children, n.tag), lambda tag, c: Node(*c, tag=tag)
    )
    get = module.GetAttrKey
    module.register_pytree_with_keys(
        Keyed,
        lambda k: (((get("left"), k.left), (get("right"), k.right)), None),
        lambda _, children: Keyed(*children),
    )
    module.register_dataclass(Layer)
    module.register_pytree_node_class(Wrapper)


register_all(tree_util)
register_all(oracle)

TREES = [
    1,
    None,
    (),
    [],
    {},
    (1, 2),
    [1, [2, (3,)]],
    {"b": 1, "a": {"d": 2, "c": None}},
    collections.OrderedDict([("z", 1), ("a", [2, 3])]),
    collections.defaultdict(list, {"k": [1, 2], "j": 0}),
    Point(1, Point([2], None)),
    [None, {"x": ()}, 5],
    {2: "two", 1: "one"},
    Node(1, [2, 3], tag="t"),
    [Keyed(1, {"a": 2}), Wrapper((3, 4))],
    {"layers": [Layer(1, 2), Layer(3, None, name="m")]},
    "text",
]
ids = [str(index) for index in range(len(TREES))]


def texts(paths, module):
    return [(module.keystr(path), leaf) for path, leaf in paths]


def outcome(function, *args, **kwargs):
    """The result of a call, or the type of the exception it raises."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        return type(error)


def test_every_public_name_exists():
    public = {name for name in dir(oracle) if not name.startswith("_")}
    assert public <= set(dir(tree_util))
    assert {name for name in dir(jax.tree) if not name.startswith("_")} <= set(dir(tree))


FUNCTIONS = [name for name in tree_util.__all__ if inspect.isfunction(getattr(oracle, name, None))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(name):
    ours, theirs = getattr(tree_util, name), getattr(oracle, name)

    def parameters(function):
        found = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default is p.empty) for p in found]

    assert parameters(ours) == parameters(theirs)


@pytest.mark.parametrize("value", TREES, ids=ids)
class TestOnExamples:
    def test_leaves(self, value):
        assert tree_util.tree_leaves(value) == oracle.tree_leaves(value)

    def test_round_trip(self, value):
        leaves, treedef = tree_util.tree_flatten(value)
        again = tree_util.tree_unflatten(treedef, leaves)
        assert type(again) is type(value)
        assert tree_util.tree_structure(again) == treedef
        assert tree_util.tree_leaves(again) == leaves

    def test_counts(self, value):
        ours, theirs = tree_util.tree_structure(value), oracle.tree_structure(value)
        assert (ours.num_leaves, ours.num_nodes) == (theirs.num_leaves, theirs.num_nodes)
        assert tree_util.treedef_is_leaf(ours) == oracle.treedef_is_leaf(theirs)
        children = [child.num_leaves for child in tree_util.treedef_children(ours)]
        assert children == [child.num_leaves for child in oracle.treedef_children(theirs)]

    def test_paths(self, value):
        ours = tree_util.tree_leaves_with_path(value)
        theirs = oracle.tree_leaves_with_path(value)
        assert texts(ours, tree_util) == texts(theirs, oracle)
        assert [repr(path) for path, _ in ours] == [repr(path) for path, _ in theirs]
        simple = [tree_util.keystr(path, simple=True, separator="/") for path, _ in ours]
        assert simple == [oracle.keystr(path, simple=True, separator="/") for path, _ in theirs]

    def test_predicate(self, value):
        def is_leaf(node):
            return node is None or isinstance(node, (tuple, Layer))

        assert tree_util.tree_leaves(value, is_leaf) == oracle.tree_leaves(value, is_leaf)

    def test_predicate_with_path(self, value):
        def is_leaf(path, _):
            return len(path) == 1

        ours = tree_util.tree_leaves_with_path(value, is_leaf, True)
        theirs = oracle.tree_leaves_with_path(value, is_leaf, True)
        assert texts(ours, tree_util) == texts(theirs, oracle)

    def test_map(self, value):
        ours = tree_util.tree_map(repr, value)
        theirs = oracle.tree_map(repr, value)
        assert type(ours) is type(theirs)
        assert tree_util.tree_leaves(ours) == oracle.tree_leaves(theirs)

    def test_one_level(self, value):
        ours = outcome(tree_util.flatten_one_level, value)
        theirs = outcome(oracle.flatten_one_level, value)
        if theirs is ValueError:
            assert ours is ValueError
        else:
            assert list(ours[0]) == list(theirs[0])
            assert ours[1] == theirs[1]

    def test_one_level_keys(self, value):
        if isinstance(value, Point):
            return  # the oracle names every field of a namedtuple like the first
        ours = outcome(tree_util.flatten_one_level_with_keys, value)
        theirs = outcome(oracle.flatten_one_level_with_keys, value)
        if theirs is ValueError:
            assert ours is ValueError
        else:
            ours_text = [(str(key), child) for key, child in ours[0]]
            assert ours_text == [(str(key), child) for key, child in theirs[0]]

    def test_reductions(self, value):
        def join(a, b):
            return (a, b)

        for name in ("tree_reduce", "tree_reduce_associative"):
            ours = outcome(getattr(tree_util, name), join, value)
            assert ours == outcome(getattr(oracle, name), join, value)
        assert tree_util.tree_reduce(join, value, 0) == oracle.tree_reduce(join, value, 0)
        assert tree_util.tree_all(value) == oracle.tree_all(value)

    def test_is_tree_node(self, value):
        kind = type(value)
        assert tree_util.is_tree_node(kind) == oracle.is_tree_node(kind)
        assert tree_util.default_registry.is_node(kind) == oracle.is_tree_node(kind)


@pytest.mark.parametrize(
    ("value", "other"),
    (
        ([1, [2]], [1, 2]),
        ([1, [2]], [1, [2, 3]]),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, None], [1, 2]),
        ([1, 2], [1, None]),
        ((1, 2), [1, 2]),
        (Point(1, 2), (1, 2)),
        (Node(1, tag="a"), Node(1, tag="b")),
        ([1], [{"deep": [1]}]),
        (None, None),
        (Layer(1, 2), Layer(3, 4)),
    ),
)
def test_map_of_two_trees(value, other):
    def pair(*leaves):
        return [str(leaf) for leaf in leaves]

    for name in ("tree_map", "tree_map_with_path"):
        ours = outcome(getattr(tree_util, name), pair, value, other)
        theirs = outcome(getattr(oracle, name), pair, value, other)
        if isinstance(theirs, type):
            assert ours is theirs
        elif name == "tree_map":
            assert tree_util.tree_leaves(ours) == oracle.tree_leaves(theirs)


@pytest.mark.parametrize(
    ("prefix", "full"),
    (
        ([1, 2], [1, [2, (3, 4)]]),
        (7, {"a": 1, "b": [2]}),
        ([1, 2, 3], [1, 2]),
        ({"a": None}, {"a": 3}),
        ({"a": 1}, {"b": 3}),
        ((1, (2, 3)), (1, 2)),
        (1, None),
    ),
)
def test_broadcast(prefix, full):
    expected = outcome(oracle.tree_broadcast, prefix, full)
    assert outcome(tree_util.tree_broadcast, prefix, full) == expected


@pytest.mark.parametrize(
    ("outer", "inner", "value"),
    (
        ([0, 0], {"a": 0}, [{"a": 1}, {"a": 2}]),
        ({"x": 0, "y": 0}, (0, [0]), {"x": (1, [2]), "y": (3, [4])}),
        ([0, 0], (0, 0), [1, 2, 3]),
        ((0,), 0, (1,)),
    ),
)
def test_transpose(outer, inner, value):
    def run(module):
        return module.tree_transpose(
            module.tree_structure(outer), module.tree_structure(inner), value
        )

    assert outcome(run, tree_util) == outcome(run, oracle)


def test_transpose_infers_the_inner_structure():
    value = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    ours = tree_util.tree_transpose(tree_util.tree_structure([0, 0]), None, value)
    assert ours == {"a": [1, 3], "b": [2, 4]}


@pytest.mark.parametrize("value", ([1, 2], [1, None], [1, [2]], [], [(), 1], [None, (1, 2)]))
def test_all_leaves(value):
    assert tree_util.all_leaves(value) == oracle.all_leaves(value)

    def is_leaf(node):
        return isinstance(node, tuple)

    assert tree_util.all_leaves(value, is_leaf) == oracle.all_leaves(value, is_leaf)


def test_treedef_tuple():
    parts = [tree_util.tree_structure(1), tree_util.tree_structure({"a": [2]})]
    assert tree_util.treedef_tuple(parts) == tree_util.tree_structure((1, {"a": [2]}))


@pytest.mark.parametrize("make", (functools.partial, None), ids=["functools", "Partial"])
def test_partial(make):
    def f(*args, **kwargs):
        return args, kwargs

    for module in (tree_util, oracle):
        inner = (make or module.Partial)(f, 1)
        assert module.Partial(inner, 2, k=3)(5) == ((1, 2, 5), {"k": 3})
    ours = tree_util.tree_leaves_with_path(tree_util.Partial(f, 2, k=[3]))
    theirs = oracle.tree_leaves_with_path(oracle.Partial(f, 2, k=[3]))
    assert texts(ours, tree_util) == texts(theirs, oracle)


def test_keystr_of_foreign_keys():
    path = ("raw", 7)
    assert tree_util.keystr(path) == oracle.keystr(path)
    assert tree_util.keystr(path, simple=True, separator="/") == "raw/7"


def test_registry_object():
    registry = tree_util.default_registry
    assert registry.flatten([1, (2,)])[0] == [1, 2]
    assert registry.flatten_one_level(3) is None
    assert registry.flatten_one_level(None) == ([], None)
    assert texts(registry.flatten_with_path([1])[0], tree_util) == [("[0]", 1)]

    class Own:
        pass

    registry.register_node(Own, lambda _: ((4,), None), lambda *_: Own())
    assert tree_util.tree_leaves(Own()) == [4]


class TestShortNames:
    @pytest.mark.parametrize("name", sorted(set(tree.__all__) - {"static"}))
    def test_is_the_long_function(self, name):
        assert getattr(tree, name) is getattr(tree_util, f"tree_{name}")

    def test_static_keeps_other_metadata(self):
        field = tree.static(default=1, metadata={"unit": "m"})
        assert dict(field.metadata) == {"unit": "m", "static": True}
        assert field.default == 1

    def test_reduce(self):
        assert tree.reduce(operator.add, {"a": 1, "b": [2]}) == 3
        with pytest.raises(TypeError, match="initializer"):
            tree.reduce(operator.add, [])
        with pytest.raises(TypeError, match="identity"):
            tree.reduce_associative(operator.add, [])
