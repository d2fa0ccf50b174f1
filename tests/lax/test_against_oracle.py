"""Functions of `lax` without primitives of their own: values, dtypes and errors of the oracle."""

import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from minijax import lax

X = np.random.default_rng(0).normal(size=(4, 6))
SINGLE = X.astype(np.float32)
GROUPS = np.array([2, 1, 3], np.int32)
LEFT = np.random.default_rng(1).normal(size=(7, 4))
RIGHT = np.random.default_rng(2).normal(size=(3, 4, 5))
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


def ragged(library: Any, axes: Any, lhs: Any, rhs: Any, ragged_axis: int, group: Any) -> Any:
    numbers = library.RaggedDotDimensionNumbers(axes, [ragged_axis], group)
    sizes = np.stack([GROUPS, GROUPS]) if lhs.ndim == 3 else GROUPS
    return library.ragged_dot_general(lhs, rhs, sizes, numbers)


CALLS: dict[str, Any] = {
    "approx_max_k": lambda m: m.approx_max_k(X, 3),
    "approx_min_k": lambda m: m.approx_min_k(SINGLE, 2, reduction_dimension=0),
    "broadcast_like": lambda m: m.broadcast_like(np.arange(6.0), X),
    "composite": lambda m: m.composite(lambda x, *, k: x * k, "a.b")(X, k=2),
    "dtype": lambda m: np.zeros(1, m.dtype(3)),
    "exp": lambda m: m.exp(X, accuracy=m.AccuracyMode.HIGHEST),
    "full_like": lambda m: m.full_like(2.0, 3),
    "index_take": lambda m: m.index_take(X, [np.array([-1, 2]), np.array([5, 7])], [0, 1]),
    "mul": lambda m: m.mul(SINGLE, SINGLE, out_dtype=np.float64),
    "pow of a number": lambda m: m.pow(2.5, np.array([3, -2], np.int32)),
    "platform_dependent": lambda m: m.platform_dependent(X, cpu=lambda x: x + 1),
    "ragged_dot": lambda m: m.ragged_dot(LEFT, RIGHT, GROUPS),
    "ragged, contracted": lambda m: ragged(
        m, (((1,), (0,)), ((), ())), LEFT.T, RIGHT[:, 0].repeat(3, 0)[:7], 1, []
    ),
    "ragged, batched": lambda m: ragged(
        m, (((2,), (2,)), ((0,), (0,))), np.stack([LEFT] * 2), np.stack([RIGHT] * 2), 1, [1]
    ),
    "reduce_window of dilated operand": lambda m: m.reduce_window(
        X, 0.0, m.add, (3, 1), (2, 1), "SAME", base_dilation=(2, 1)
    ),
    "reduce from a number": lambda m: m.reduce(X, 0, m.add, (0,)),
    "select by integers": lambda m: m.select(np.array([1, 0, 1, 0]), X[:, 0], X[:, 1]),
    "select_n by integers": lambda m: m.select_n(np.array([0, 5, 2, -1]), *X.T[:3]),
    "shape_as_value": lambda m: m.shape_as_value((2, 3)),
    "stack": lambda m: m.stack([X, X], 1),
    "stretched": lambda m: m.add(X, X[:, :1]),
    "tile": lambda m: m.tile(X, (2, 3)),
    "unstack": lambda m: m.unstack(X, 1),
    **{f"mulhi {t}": lambda m, t=t: m.mulhi(np.arange(-60, 60).astype(t), np.arange(120).astype(t))
       for t in INTEGERS},
}  # fmt: skip
NHWC = ("NHWC", "HWIO", "NHWC")
SHAPES = (
    ("conv_shape_tuple", (2, 4, 9, 8), (6, 4, 3, 2), (2, 1), "SAME"),
    ("conv_general_shape_tuple", (2, 9, 8, 4), (3, 2, 4, 6), (2, 1), "VALID", NHWC),
    *(("conv_transpose_shape_tuple", (2, 9, 8, 4), (3, 2, 4, 6), (2, 3), pad, NHWC)
      for pad in ("SAME", "VALID", ((1, 1), (2, 0)))),
    ("conv_general_permutations", NHWC),
    ("reduce_window_shape_tuple", (9, 8), (3, 2), (2, 1), ((1, 1), (0, 2)), (2, 1), (1, 2)),
)  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", CALLS)
def test_values(oracle: ModuleType, name: str) -> None:
    ours, theirs = CALLS[name](lax), CALLS[name](oracle.lax)
    several = isinstance(theirs, tuple | list)
    for x, y in zip(*((ours, theirs) if several else ([ours], [theirs])), strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        assert getattr(x, "weak_type", False) == getattr(y, "weak_type", False)
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), 1e-5 if x.itemsize < 8 else 1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("row", SHAPES, ids=lambda row: row[0])
def test_shapes(oracle: ModuleType, row: Any) -> None:
    name, *arguments = row
    theirs = getattr(oracle.lax, name)(*arguments)
    np.testing.assert_array_equal(getattr(lax, name)(*arguments), theirs)


@pytest.mark.parametrize("operands", ((2, 2.0), (X, True), (SINGLE.astype(int), 2.5), (X, SINGLE)))
def test_operators_promote_nothing(operands: Any) -> None:
    with pytest.raises(TypeError, match=r"one dtype"):
        lax.add(*operands)


@pytest.mark.oracle
def test_signatures(oracle: ModuleType) -> None:
    # A marker, an argument list without names, and what one process has no use for.
    apart = {"cond", "switch", "random_gamma_grad", "all_gather", "optimization_barrier"}
    for name in sorted(set(dir(lax)) & set(dir(oracle.lax)) - apart):
        ours, theirs = getattr(lax, name), getattr(oracle.lax, name)
        if name.startswith("_") or not inspect.isfunction(ours):
            continue
        shown = [
            [(p.name, p.kind) for p in inspect.signature(f).parameters.values()]
            for f in (ours, theirs)
        ]
        assert shown[0] == shown[1], name


def test_wide_integers_select_the_nearest_case() -> None:
    chosen = lax.select_n(np.array([2**33, -(2**40)]), np.zeros(2), np.ones(2))
    assert chosen.tolist() == [1.0, 0.0]
    with pytest.raises(IndexError, match="out of bounds"):
        lax.index_in_dim(X, 9)


def test_tokens_and_places_pass_values_on() -> None:
    assert lax.after_all(lax.create_token()).shape == (0,)
    assert lax.with_sharding_constraint({"a": X}, None)["a"].shape == X.shape
    assert lax.pcast(X, "i", to="varying") is X
    with pytest.raises(ValueError, match="cpu"):
        lax.platform_dependent(X, tpu=lambda x: x)


def test_random_bits_come_from_a_state_that_moves_on() -> None:
    state = np.arange(4, dtype=np.uint32)
    next_state, first = lax.rng_bit_generator(state, (100,), "uint32")
    _, second = lax.rng_bit_generator(next_state, (100,), "uint32")
    _, both = lax.rng_bit_generator(state, (200,), "uint32")
    np.testing.assert_array_equal(np.concatenate([first, second]), both)
    draws = np.asarray(lax.rng_uniform(-1.0, 3.0, (1000,)))
    assert -1 <= draws.min() < draws.max() < 3
