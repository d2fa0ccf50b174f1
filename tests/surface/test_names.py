"""The names that public libraries use, ranked by use: they are here, and they can be called.

names.csv counts, for every public name of the vocabulary, the libraries that use it and the uses.
A name of stage `now` belongs to the vocabulary; one of stage `later` is internal to a JAX program.
"""

from __future__ import annotations

import csv
import importlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import minijax as mj
import minijax.numpy as jnp
from minijax import lax

LEAST_SHARE = 0.995
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Name:
    """A row of names.csv."""

    name: str
    libraries: int
    uses: int
    stage: str


def _rows() -> list[Name]:
    with Path(__file__).with_name("names.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            Name(r["name"], int(r["libraries_using_it"]), int(r["uses"]), r["stage"]) for r in rows
        ]


NOW = [row for row in _rows() if row.stage == "now"]


def find(name: str) -> Any:
    """Returns what a dotted name stands for, importing modules on the way, or `ABSENT`."""
    parts = name.split(".")
    found: Any = importlib.import_module(parts[0])
    for depth, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            if not isinstance(found, ModuleType):
                return ABSENT
            try:
                importlib.import_module(".".join(parts[:depth]))
            except ModuleNotFoundError:
                return ABSENT
        found = getattr(found, part, ABSENT)
    return found


def test_every_name_used_by_three_libraries_exists() -> None:
    missing = [row.name for row in NOW if row.libraries >= 3 and find(row.name) is ABSENT]
    assert not missing


def test_nearly_all_uses_are_of_names_that_exist() -> None:
    missing = [row for row in NOW if find(row.name) is ABSENT]
    share = 1.0 - sum(row.uses for row in missing) / sum(row.uses for row in NOW)
    assert share >= LEAST_SHARE, [row.name for row in missing]


# -- calls

V = jnp.array([0.3, 0.6])
M = jnp.array([[2.0, 0.5], [0.5, 1.0]])
N = jnp.array([1, 2])
KEY = mj.random.key(0)
IMAGE, KERNEL = jnp.ones((1, 1, 3, 3)), jnp.ones((1, 1, 2, 2))
LEAF = mj.tree.structure(0)
PAIR = mj.tree.structure((0, 0))


def _total(v: Any) -> Any:
    return jnp.sum(v)


def _twice(v: Any) -> Any:
    return v * 2.0


# A function of one of these forms needs no row of its own below.
FORMS: tuple[tuple[Any, ...], ...] = (
    (V,), (V, V), (M,), (M, M), (M, V), (N,), (N, N),
    (KEY,), (KEY, (2,)), (KEY, V), (KEY, V, V), (KEY, V, M), (KEY, N, V), (KEY, N, (2,)),
    (V, V, V), (V, V, V, V), (V[0], V[0], V[0]), (V, 0), (M, 0), (V, 2), (V, (2,)), ((V, V),),
    (2,), (2, 2), ((2,),), ((2,), 0.5), (N, 1), ({"a": V},),
    (_total,), (_twice, V), (_total, V), (),
)  # fmt: skip


def _named(collective: Callable[..., Any], *args: Any) -> Any:
    return mj.vmap(lambda v: collective(v, "i", *args), axis_name="i")(jnp.ones((2, 2)))


def _with_class(register: Callable[[type], type]) -> type:
    class Point:
        def tree_flatten(self) -> tuple[tuple[()], None]:
            return (), None

        tree_flatten_with_keys = tree_flatten

        @classmethod
        def tree_unflatten(cls, aux: None, children: tuple[()]) -> Any:
            return cls()

    return register(Point)


def _with_functions(register: Callable[..., None]) -> None:
    register(type("Node", (), {}), lambda node: ((), None), lambda aux, children: None)


CALLS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "minijax.lax.scan": lambda f: f(lambda c, x: (c + x, c), 0.0, V),
    "minijax.lax.cond": lambda f: f(True, _twice, _total, 1.0),
    "minijax.lax.while_loop": lambda f: f(lambda i: i < 3, lambda i: i + 1, 0),
    "minijax.lax.fori_loop": lambda f: f(0, 3, lambda i, c: c + i, 0),
    "minijax.lax.switch": lambda f: f(1, [_total, _twice], 1.0),
    "minijax.lax.associative_scan": lambda f: f(jnp.add, V),
    "minijax.lax.custom_root": lambda f: f(
        lambda v: v * v - 4.0, 1.0, lambda _, v: v * 0.0 + 2.0, lambda g, y: y / g(1.0)
    ),
    "minijax.lax.select": lambda f: f(V > 0.5, V, V),
    "minijax.lax.dynamic_slice": lambda f: f(V, (0,), (1,)),
    "minijax.lax.dynamic_slice_in_dim": lambda f: f(V, 0, 1),
    "minijax.lax.dynamic_update_slice": lambda f: f(V, V[:1], (0,)),
    "minijax.lax.dynamic_update_slice_in_dim": lambda f: f(V, V[:1], 0, 0),
    "minijax.lax.dynamic_update_index_in_dim": lambda f: f(V, 1.0, 0, 0),
    "minijax.lax.index_take": lambda f: f(V, (N - 1,), (0,)),
    "minijax.lax.slice_in_dim": lambda f: f(V, 0, 1),
    "minijax.lax.dot_general": lambda f: f(M, M, (((1,), (0,)), ((), ()))),
    "minijax.lax.broadcast_in_dim": lambda f: f(V, (3, 2), (1,)),
    "minijax.lax.broadcasted_iota": lambda f: f(int, (2, 3), 1),
    "minijax.lax.transpose": lambda f: f(M, (1, 0)),
    "minijax.lax.real": lambda f: f(V + 1j),
    "minijax.lax.imag": lambda f: f(V + 1j),
    "minijax.lax.conv_general_dilated": lambda f: f(IMAGE, KERNEL, (1, 1), "SAME"),
    "minijax.lax.conv_general_dilated_local": lambda f: f(
        IMAGE, jnp.ones((1, 4, 2, 2)), (1, 1), "VALID", (2, 2)
    ),
    "minijax.lax.conv_transpose": lambda f: f(
        IMAGE, KERNEL, (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW")
    ),
    "minijax.lax.reduce_window": lambda f: f(V, 0.0, lax.add, (2,)),
    "minijax.lax.padtype_to_pads": lambda f: f((3, 3), (2, 2), (1, 1), "SAME"),
    "minijax.lax.scatter_add": lambda f: f(
        V, jnp.array([[0]]), V[:1], lax.ScatterDimensionNumbers((), (0,), (0,))
    ),
    "minijax.lax.psum": _named,
    "minijax.lax.pmean": _named,
    "minijax.lax.pmax": _named,
    "minijax.lax.pmin": _named,
    "minijax.lax.all_gather": _named,
    "minijax.lax.ppermute": lambda f: _named(f, [(0, 1), (1, 0)]),
    "minijax.lax.pswapaxes": lambda f: _named(f, 0),
    "minijax.lax.all_to_all": lambda f: _named(f, 0, 0),
    "minijax.lax.approx_max_k": lambda f: f(V, 1),
    "minijax.lax.linalg.ormqr": lambda f: f(M, V, M),
    "minijax.lax.linalg.tridiagonal_solve": lambda f: f(V, V + 2.0, V, M),
    "minijax.jvp": lambda f: f(_twice, (1.0,), (1.0,)),
    "minijax.pure_callback": lambda f: f(np.sin, mj.ShapeDtypeStruct((2,), float), V),
    "minijax.custom_jvp": lambda f: f(_twice),
    "minijax.numpy.moveaxis": lambda f: f(M, 0, 1),
    "minijax.numpy.swapaxes": lambda f: f(M, 0, 1),
    "minijax.numpy.fill_diagonal": lambda f: f(M, 0.0, inplace=False),
    "minijax.numpy.apply_along_axis": lambda f: f(_total, 0, M),
    "minijax.numpy.select": lambda f: f([V > 0.5], [V], 0.0),
    "minijax.numpy.einsum": lambda f: f("ij,j->i", M, V),
    "minijax.numpy.pad": lambda f: f(V, 1),
    "minijax.nn.dot_product_attention": lambda f: f(*3 * [jnp.ones((1, 2, 1, 3))]),
    "minijax.nn.initializers.variance_scaling": lambda f: f(1.0, "fan_in", "normal"),
    "minijax.nn.initializers.orthogonal": lambda f: f()(KEY, (2, 2)),
    "minijax.nn.initializers.delta_orthogonal": lambda f: f()(KEY, (3, 2, 2)),
    "minijax.random.randint": lambda f: f(KEY, (2,), 0, 3),
    "minijax.random.fold_in": lambda f: f(KEY, 1),
    "minijax.random.ball": lambda f: f(KEY, 2),
    "minijax.random.orthogonal": lambda f: f(KEY, 2),
    "minijax.random.multivariate_normal": lambda f: f(KEY, V, M),
    "minijax.random.triangular": lambda f: f(KEY, 0.0, 0.5, 1.0),
    "minijax.random.weibull_min": lambda f: f(KEY, 1.0, 2.0),
    "minijax.random.wrap_key_data": lambda f: f(jnp.zeros(2, "uint32")),
    "minijax.scipy.linalg.cho_solve": lambda f: f((M, True), V),
    "minijax.scipy.linalg.lu_solve": lambda f: f((M, jnp.array([0, 1], "int32")), V),
    "minijax.scipy.ndimage.map_coordinates": lambda f: f(M, [V, V], 1),
    "minijax.scipy.optimize.minimize": lambda f: f(lambda v: jnp.sum(v * v), V, method="BFGS"),
    "minijax.scipy.stats.gaussian_kde": lambda f: f(jnp.array([0.1, 0.5, 0.9]))(V),
    "minijax.scipy.special.lpmn_values": lambda f: f(1, 1, V, True),
    "minijax.ops.segment_sum": lambda f: f(V, N, 3),
    "minijax.test_util.check_grads": lambda f: f(jnp.sin, (0.5,), 1),
    "minijax.debug.print": lambda f: f("{}", 1.0),
    "minijax.config.read": lambda f: f("jax_enable_x64"),
    "minijax.config.update": lambda f: f("jax_enable_x64", True),
    "minijax.tree.unflatten": lambda f: f(PAIR, (1, 2)),
    "minijax.tree.transpose": lambda f: f(PAIR, LEAF, (1, 2)),
    "minijax.tree.map_with_path": lambda f: f(lambda path, leaf: leaf, (1, 2)),
    "minijax.tree_util.tree_unflatten": lambda f: f(PAIR, (1, 2)),
    "minijax.tree_util.tree_transpose": lambda f: f(PAIR, LEAF, (1, 2)),
    "minijax.tree_util.tree_map_with_path": lambda f: f(lambda path, leaf: leaf, (1, 2)),
    "minijax.tree_util.treedef_is_leaf": lambda f: f(LEAF),
    "minijax.tree_util.treedef_tuple": lambda f: f((LEAF, PAIR)),
    "minijax.tree_util.register_pytree_node": _with_functions,
    "minijax.tree_util.register_pytree_with_keys": _with_functions,
    "minijax.tree_util.register_pytree_node_class": _with_class,
    "minijax.tree_util.register_pytree_with_keys_class": _with_class,
    "minijax.tree_util.register_static": _with_class,
    "minijax.tree_util.register_dataclass": lambda f: _with_class(
        partial(f, data_fields=[], meta_fields=[])
    ),
}

# A call of these reads the terminal, writes files or listens to a port, or is an error by design.
NOT_CALLED = (
    "minijax.debug.breakpoint",
    "minijax.clear_caches",
    "minijax.nn.initializers.Initializer",
    "minijax.numpy.save",
    "minijax.numpy.savez",
    "minijax.numpy.load",
    "minijax.monitoring.",
    "minijax.profiler.",
    "minijax.example_libraries.",
    "minijax.version.",
)


def _functions() -> list[str]:
    found = ((row.name, find(row.name)) for row in NOW)
    return [
        name
        for name, value in found
        if callable(value) and not isinstance(value, type) and not name.startswith(NOT_CALLED)
    ]


def _fits(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    try:
        function(*args)
    except NotImplementedError:
        raise
    except Exception:
        return False
    return True


def test_every_name_can_be_called() -> None:
    refused = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _functions():
            function = find(name)
            forms = [(function,)] if name in CALLS else FORMS
            call = CALLS.get(name, function)
            if not any(_fits(call, args) for args in forms):
                refused.append(name)
    assert not refused


def test_rows_are_of_ranked_names() -> None:
    assert not set(CALLS) - {row.name for row in NOW}
