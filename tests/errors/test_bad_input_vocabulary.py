"""Bad input to the vocabulary: the right exception, a text that helps, a short traceback."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
import minijax.scipy as jsp
from minijax import lax, nn, random, tree
from minijax.core.source import PACKAGE_DIRECTORY

X = np.arange(3.0)
M = np.ones((2, 3))
EYE = np.eye(2)
Z = X * 1j
KEY = random.key(0)
PAIR, LEAF = tree.structure((0, 0)), tree.structure(0)
IMAGE, KERNEL = np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))

Row = tuple[Callable[[], Any], type[Exception], tuple[str, ...]]

NUMPY: dict[str, Row] = {
    "axis out of range": (lambda: jnp.sum(X, axis=2), ValueError, ("sum", "axis 2", "1 dimension")),
    "axis twice": (lambda: jnp.sum(M, axis=(0, 0)), ValueError, ("sum", "twice", "(0, 0)")),
    "axis of floats": (lambda: jnp.sum(X, axis=0.5), TypeError, ("sum", "int", "0.5")),
    "axis without hash": (lambda: jnp.sum(M, axis={0}), TypeError, ("sum", "int", "{0}")),
    "axis of text": (lambda: jnp.mean(X, axis="a"), TypeError, ("mean", "int", "'a'")),
    "text": (lambda: jnp.sum("abc"), TypeError, ("sum", "str", "'abc'", "array")),
    "list": (lambda: jnp.add(X, [1, 2, 3]), TypeError, ("add", "list", "asarray")),
    "None": (lambda: jnp.add(X, None), TypeError, ("add", "NoneType", "array")),
    "unknown dtype": (lambda: jnp.zeros(3, dtype="foo"), TypeError, ("'foo'",)),
    "result array": (lambda: jnp.sum(X, out=X), NotImplementedError, ("sum", "out", "immutable")),
    "max without start": (lambda: jnp.max(X, where=X > 1), ValueError, ("max", "initial")),
    "max of nothing": (lambda: jnp.max(np.zeros(0)), ValueError, ("max", "(0,)", "initial")),
    "argmax of nothing": (lambda: jnp.argmax(np.zeros(0)), ValueError, ("argmax", "empty", "(0,)")),
    "stack": (lambda: jnp.stack([X, M]), ValueError, ("stack", "(3,)", "(2, 3)")),
    "stack of nothing": (lambda: jnp.stack([]), ValueError, ("stack", "at least one")),
    "two unknown lengths": (lambda: jnp.reshape(X, (-1, -1)), TypeError, ("reshape", "-1", "(3,)")),
    "lengths that do not divide": (lambda: jnp.reshape(X, (2, -1)), TypeError, ("(3,)", "(2, -1)")),
    "negative length": (lambda: jnp.zeros(-1), ValueError, ("zeros", "negative", "(-1,)")),
    "shape of text": (lambda: jnp.zeros("a"), TypeError, ("zeros", "ints", "'a'")),
    "float in a shape": (lambda: jnp.reshape(X, (3.0,)), TypeError, ("reshape", "ints", "3.0")),
    "order": (lambda: jnp.reshape(X, (3,), order="Q"), ValueError, ("reshape", "'Q'", '"F"')),
    "permutation": (lambda: jnp.transpose(M, (0, 0)), ValueError, ("transpose", "twice", "(0, 0)")),
    "moveaxis": (
        lambda: jnp.moveaxis(M, (0, 1), 0),
        ValueError,
        ("moveaxis", "2 axes", "1 places"),
    ),
    "squeeze": (lambda: jnp.squeeze(M, 0), ValueError, ("squeeze", "length 1", "(2, 3)")),
    "eye": (lambda: jnp.eye(-1), ValueError, ("eye", "negative", "-1")),
    "step of zero": (lambda: jnp.arange(0, 3, 0), ValueError, ("arange", "step", "zero")),
    "linspace": (lambda: jnp.linspace(0, 1, -2), ValueError, ("linspace", "num", "-2")),
    "linspace of floats": (lambda: jnp.linspace(0, 1, 2.5), TypeError, ("linspace", "num", "2.5")),
    "diag": (lambda: jnp.diag(np.ones((1, 1, 1))), ValueError, ("diag", "(1, 1, 1)", "matrix")),
    "where of two": (lambda: jnp.where(X > 1, X), TypeError, ("where", "both x and y")),
    "mode of take": (lambda: jnp.take(X, 0, mode="foo"), ValueError, ("'foo'", "'clip'")),
    "take of floats": (lambda: jnp.take(X, 0.5), TypeError | ValueError, ("take", "float64")),
    "mode of pad": (
        lambda: jnp.pad(X, 1, mode="foo"),
        NotImplementedError,
        ("pad", "'foo'", "edge"),
    ),
    "negative width": (lambda: jnp.pad(X, -1), ValueError, ("pad", "negative", "-1")),
    "widths": (
        lambda: jnp.pad(X, ((1, 1), (1, 1))),
        ValueError,
        ("pad", "pair", "((1, 1), (1, 1))"),
    ),
    "option of pad": (
        lambda: jnp.pad(X, 1, mode="edge", constant_values=3),
        ValueError,
        ("pad", "constant_values"),
    ),
    "einsum result": (lambda: jnp.einsum("i,j->k", X, X), ValueError, ("einsum", "'k'", "i,j->k")),
    "einsum axes": (lambda: jnp.einsum("ij->i", X), ValueError, ("einsum", "(3,)", "'ij'")),
    "split": (lambda: jnp.split(X, 2), ValueError, ("split", "length 3", "array_split")),
    "negative repeats": (lambda: jnp.repeat(X, -1), ValueError, ("repeat", "negative", "-1")),
    "repeats": (lambda: jnp.repeat(X, np.array([1, 2])), ValueError, ("repeat", "3", "got 2")),
    "tile": (lambda: jnp.tile(X, -1), ValueError, ("tile", "negative", "-1")),
    "dot": (lambda: jnp.dot(X, np.ones(4)), TypeError, ("dot", "(3,)", "(4,)")),
    "matmul of a number": (
        lambda: jnp.matmul(X, 3.0),
        ValueError,
        ("matmul", "rank 0", "multiply"),
    ),
    "tensordot": (lambda: jnp.tensordot(M, M, 1), TypeError, ("tensordot", "(2, 3)")),
    "cross": (lambda: jnp.cross(np.ones(4), np.ones(4)), ValueError, ("cross", "2 or 3", "(4,)")),
    "quantile": (lambda: jnp.quantile(X, 0.5, method="foo"), ValueError, ("'foo'", "linear")),
    "side": (
        lambda: jnp.searchsorted(X, 1.0, side="x"),
        ValueError,
        ("searchsorted", "'x'", "left"),
    ),
    "bincount": (lambda: jnp.bincount(X), TypeError, ("bincount", "float64", "astype")),
    "interp": (lambda: jnp.interp(1.0, X, np.ones(4)), ValueError, ("interp", "(3,)", "(4,)")),
    "mode of convolve": (
        lambda: jnp.convolve(X, X, "foo"),
        ValueError,
        ("convolve", "'foo'", "same"),
    ),
    "meshgrid": (lambda: jnp.meshgrid(X, indexing="zz"), ValueError, ("meshgrid", "'zz'", "ij")),
    "broadcast": (lambda: jnp.broadcast_to(X, (2, 4)), ValueError, ("(3,)", "(2, 4)")),
    "clip of complex": (lambda: jnp.clip(Z, 0, 1), ValueError, ("clip", "complex")),
    "bits of floats": (
        lambda: jnp.bitwise_and(X, X),
        TypeError,
        ("and", "float64", "i64", "astype"),
    ),
    "add": (lambda: jnp.add(X, np.ones(4)), TypeError, ("add", "(3,)", "(4,)")),
    "gcd": (lambda: jnp.gcd(X, X), ValueError, ("gcd", "integers", "float64")),
    "select": (lambda: jnp.select([X > 1], [X, X]), ValueError, ("select", "1 and 2")),
    "piecewise": (lambda: jnp.piecewise(X, [X > 1], [1, 2, 3]), ValueError, ("piecewise", "got 3")),
    "delete": (lambda: jnp.delete(X, 7), IndexError, ("delete", "7", "length 3")),
    "insert": (lambda: jnp.insert(X, 7, 1.0), IndexError, ("insert", "7", "length 3")),
    "ix_": (lambda: jnp.ix_(M), ValueError, ("ix_", "one axis", "(2, 3)")),
    "fill_diagonal": (
        lambda: jnp.fill_diagonal(M, 1),
        ValueError,
        ("fill_diagonal", "inplace=False"),
    ),
    "ragged lists": (lambda: jnp.asarray([[1, 2], [3]]), ValueError, ("rectangular",)),
    "mode of at": (lambda: jnp.ones(3).at[0].set(1, mode="foo"), ValueError, ("'foo'", "'drop'")),
    "values of at": (lambda: jnp.ones(3).at[:2].set(X), ValueError, ("(3,)", "(2,)")),
    "norm": (lambda: jnp.linalg.norm(M, "foo"), ValueError, ("norm", "'foo'", '"fro"')),
    "inv": (lambda: jnp.linalg.inv(M), ValueError, ("inv", "square", "(2, 3)")),
    "solve": (lambda: jnp.linalg.solve(EYE, X), ValueError, ("solve", "(2, 2)", "(3,)")),
    "qr": (lambda: jnp.linalg.qr(M, mode="foo"), ValueError, ("qr", "'foo'", "reduced")),
    "matrix_power": (lambda: jnp.linalg.matrix_power(EYE, 0.5), TypeError, ("matrix_power", "0.5")),
    "norm of fft": (lambda: jnp.fft.fft(X, norm="foo"), ValueError, ("fft", "'foo'", "'ortho'")),
    "length of fft": (lambda: jnp.fft.fft(X, n=0), ValueError, ("fft", "positive", "(0,)")),
    "rfft of complex": (lambda: jnp.fft.rfft(Z), TypeError | ValueError, ("rfft", "real", "c128")),
}
LAX: dict[str, Row] = {
    "shapes": (lambda: lax.add(X, np.ones(4)), TypeError, ("add", "(3,)", "(4,)", "minijax.numpy")),
    "dtypes": (lambda: lax.add(X, np.ones(3, "int32")), TypeError, ("add", "f64", "i32", "astype")),
    "integers": (lambda: lax.sin(1), TypeError, ("sin", "int64", "f64", "astype")),
    "slice": (lambda: lax.slice(X, (0,), (5,)), TypeError, ("slice", "(5,)", "(3,)")),
    "rank of slice": (lambda: lax.slice(X, (0, 0), (1, 1)), TypeError, ("slice", "(0, 0)", "(3,)")),
    "dynamic_slice": (
        lambda: lax.dynamic_slice(X, (0,), (5,)),
        TypeError,
        ("dynamic_slice", "(5,)"),
    ),
    "update": (
        lambda: lax.dynamic_update_slice(X, np.ones(5), (0,)),
        TypeError,
        ("update", "(5,)", "(3,)"),
    ),
    "broadcast": (
        lambda: lax.broadcast_in_dim(X, (3, 4), (1,)),
        TypeError,
        ("broadcast_in_dim", "(3, 4)", "(1,)"),
    ),
    "transpose": (lambda: lax.transpose(M, (0, 2)), TypeError, ("transpose", "(2, 3)", "(0, 2)")),
    "reshape": (lambda: lax.reshape(X, (4,)), TypeError, ("reshape", "(3,)", "(4,)")),
    "concatenate": (
        lambda: lax.concatenate([X, M], 0),
        TypeError,
        ("concatenate", "(3,)", "(2, 3)"),
    ),
    "pad": (lambda: lax.pad(X, 0.0, ((1, 1, -1),)), ValueError, ("pad", "negative", "(1, 1, -1)")),
    "select": (lambda: lax.select(X, X, X), TypeError, ("select", "bool", "f64[3]")),
    "clamp": (lambda: lax.clamp(np.ones(2), X, 3.0), TypeError, ("clamp", "(2,)", "(3,)")),
    "iota": (lambda: lax.iota(float, -1), ValueError | TypeError, ("iota", "negative", "(-1,)")),
    "argmax": (lambda: lax.argmax(X, 1, int), ValueError, ("argmax", "axis", "(3,)", "(1,)")),
    "top_k": (lambda: lax.top_k(X, 5), ValueError, ("top_k", "k=5", "(3,)")),
    "sort": (lambda: lax.sort((X, np.ones(4))), TypeError, ("sort", "(3,)", "(4,)")),
    "cumsum": (lambda: lax.cumsum(X, axis=1), ValueError, ("cumsum", "axis 1", "(3,)")),
    "dot_general": (
        lambda: lax.dot_general(M, M, (((1,), (0,)), ((), ()))),
        TypeError,
        ("dot_general", "[3]", "[2]"),
    ),
    "convolution": (
        lambda: lax.conv_general_dilated(IMAGE, np.ones((1, 2, 2, 2)), (1, 1), "SAME"),
        TypeError | ValueError,
        ("conv_general_dilated", "features", "feature_group_count"),
    ),
    "padding": (
        lambda: lax.conv_general_dilated(IMAGE, KERNEL, (1, 1), "FOO"),
        ValueError,
        ("'FOO'", "'SAME'"),
    ),
    "window": (
        lambda: lax.reduce_window(X, 0.0, lax.add, (2, 2), (1,), "VALID"),
        ValueError,
        ("reduce_window", "(3,)", "(2, 2)"),
    ),
    "rev": (lambda: lax.rev(X, (1,)), ValueError, ("rev", "axis 1", "1 axes")),
    "integer_pow": (lambda: lax.integer_pow(X, 0.5), TypeError, ("integer_pow", "integer", "0.5")),
    "index": (lambda: lax.index_in_dim(X, 5), ValueError | IndexError, ("index 5", "length 3")),
    "switch": (lambda: lax.switch(0.5, [lambda: 1]), TypeError, ("switch", "integer", "float64")),
    "fori_loop": (
        lambda: lax.fori_loop(0.5, 3, lambda i, c: c, 0),
        TypeError,
        ("fori_loop", "lower"),
    ),
    "scan of nothing": (lambda: lax.map(lambda x: x, ()), ValueError, ("scan", "length=")),
}
OTHERS: dict[str, Row] = {
    "softmax": (lambda: nn.softmax(X, axis=2), ValueError, ("axis 2", "1 dimension")),
    "glu": (lambda: nn.glu(X), ValueError, ("glu", "even", "3")),
    "relu": (lambda: nn.relu("a"), TypeError, ("relu", "str", "'a'", "array")),
    "attention": (
        lambda: nn.dot_product_attention(X, X, X),
        ValueError,
        ("dot_product_attention", "(3,)", "3 or 4"),
    ),
    "mode of initializers": (
        lambda: nn.initializers.variance_scaling(1.0, "foo", "normal")(KEY, (2, 2)),
        ValueError,
        ("variance_scaling", "'foo'", "fan_in"),
    ),
    "distribution of initializers": (
        lambda: nn.initializers.variance_scaling(1.0, "fan_in", "foo")(KEY, (2, 2)),
        ValueError,
        ("variance_scaling", "'foo'", "uniform"),
    ),
    "shape of initializers": (
        lambda: nn.initializers.glorot_normal()(KEY, (2,)),
        ValueError,
        ("variance_scaling", "(2,)"),
    ),
    "no key": (lambda: random.normal(0), TypeError, ("key", "got 0", "random.key(seed)")),
    "array for a key": (lambda: random.normal(X), TypeError, ("key", "f64[3]", "random.key(seed)")),
    "seed": (lambda: random.key(0.5), TypeError, ("key", "seed", "integer", "f64")),
    "kind of key": (
        lambda: random.key(0, impl="foo"),
        ValueError,
        ("key", "'foo'", "threefry2x32"),
    ),
    "shape of draws": (
        lambda: random.normal(KEY, (-1,)),
        ValueError,
        ("normal", "negative", "(-1,)"),
    ),
    "dtype of normal": (
        lambda: random.normal(KEY, (2,), dtype=int),
        ValueError,
        ("normal", "floating", "int64"),
    ),
    "dtype of randint": (
        lambda: random.randint(KEY, (2,), 0, 3, dtype=float),
        TypeError,
        ("randint", "integer", "float64"),
    ),
    "too many draws": (
        lambda: random.choice(KEY, X, (5,), replace=False),
        ValueError,
        ("choice", "5", "3"),
    ),
    "probabilities": (
        lambda: random.choice(KEY, X, p=np.ones(2)),
        ValueError,
        ("choice", "3", "(2,)"),
    ),
    "axis of choice": (lambda: random.choice(KEY, X, axis=2), ValueError, ("choice", "axis 2")),
    "axis of permutation": (
        lambda: random.permutation(KEY, X, axis=2),
        ValueError,
        ("permutation", "axis 2"),
    ),
    "axis of categorical": (
        lambda: random.categorical(KEY, X, axis=1),
        ValueError | IndexError,
        ("categorical", "1"),
    ),
    "shape of categorical": (
        lambda: random.categorical(KEY, M, shape=(5,)),
        ValueError,
        ("(5,)", "(2,)"),
    ),
    "split of keys": (
        lambda: random.split(random.split(KEY)),
        ValueError,
        ("split", "(2,)", "vmap"),
    ),
    "fold_in": (
        lambda: random.fold_in(KEY, np.ones(2, int)),
        TypeError,
        ("fold_in", "i64[2]", "vmap"),
    ),
    "sum with a key": (lambda: KEY + 1, TypeError, ("key<fry>",)),
    "keys of dicts": (
        lambda: tree.map(lambda a, b: a, {"a": 1}, {"b": 1}),
        ValueError,
        ("tree_map", "['b']", "['a']"),
    ),
    "lengths of tuples": (
        lambda: tree.map(lambda a, b: a, (1, 2), (1, 2, 3)),
        ValueError,
        ("tree_map", "length 3", "2"),
    ),
    "too few leaves": (lambda: tree.unflatten(PAIR, [1]), ValueError, ("expected: 2", "got: 1")),
    "tree_transpose": (
        lambda: tree.transpose(PAIR, LEAF, (1, 2, 3)),
        TypeError,
        ("tree_transpose", "(*, *, *)"),
    ),
    "fold of nothing": (
        lambda: tree.reduce(lambda a, b: a, ()),
        TypeError,
        ("tree_reduce", "without leaves", "initializer"),
    ),
    "segment ids": (
        lambda: mj.ops.segment_sum(X, X, 3),
        TypeError,
        ("segment", "integers", "f64[3]"),
    ),
    "text for gammaln": (lambda: jsp.special.gammaln("a"), TypeError, ("gammaln", "str", "'a'")),
    "complex gammaln": (lambda: jsp.special.gammaln(Z), TypeError, ("gamma", "complex128", "f64")),
    "solve": (lambda: jsp.linalg.solve(M, X), ValueError, ("solve", "square", "(2, 3)")),
    "assume_a": (
        lambda: jsp.linalg.solve(EYE, np.ones(2), assume_a="foo"),
        ValueError,
        ("solve", "'foo'", "sym"),
    ),
    "trans": (
        lambda: jsp.linalg.solve_triangular(EYE, np.ones(2), trans="Q"),
        ValueError,
        ("solve_triangular", "'Q'", '"T"'),
    ),
    "expm": (lambda: jsp.linalg.expm(M), ValueError, ("expm", "square", "(2, 3)")),
    "unravel": (
        lambda: mj.flatten_util.ravel_pytree({"a": 1.0})[1](X),
        ValueError,
        ("(1,)", "f64[3]"),
    ),
}

ROWS = {
    f"{group} {name}": row
    for group, rows in {"numpy": NUMPY, "lax": LAX, "other": OTHERS}.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", ROWS)
def test_bad_input_to_functions(name: str) -> None:
    run, expected, says = ROWS[name]
    with pytest.raises(Exception) as caught:  # noqa: PT011
        run()
    text = str(caught.value)
    assert isinstance(caught.value, expected), repr(caught.value)
    assert all(part in text for part in says), text
    assert len(text.splitlines()) <= 4, text
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert not [frame for frame in frames if frame.filename.startswith(PACKAGE_DIRECTORY)]
    assert frames[-1].name == "<lambda>"
