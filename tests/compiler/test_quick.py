"""Operators and functions in native code give what the general way gives, to the bit."""

import gc
import itertools
import operator
import sys
import warnings

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.cache import modules
from minijax.compiler.entry import quick as native
from minijax.compiler.entry import quick_cost
from minijax.compiler.entry.loops import find_loop
from minijax.core import dtypes, quick
from minijax.core.array import ConcreteArray, value_of, wrap
from minijax.core.avals import ShapedArray
from minijax.core.primitive import Primitive
from minijax.primitives import arithmetic
from minijax.primitives.broadcast import reduce_sum_p

if not quick.start():
    pytest.skip("objects are not laid out as native code needs it", allow_module_level=True)

# ruff: noqa: SIM905 - a list of strings would fill a screen
BINARY = """add sub mul truediv floordiv mod pow and_ or_ xor eq ne lt le gt ge""".split()
BINARY_OPERATORS = tuple(getattr(operator, name) for name in BINARY)
UNARY = (operator.neg, operator.pos, operator.invert, operator.abs)
OF_ONE = """
    sin cos tan arcsin arctan sinh tanh exp expm1 log log1p sqrt square abs sign floor negative
    isnan isfinite reciprocal logical_not
    """.split()
FUNCTIONS_OF_ONE = tuple(getattr(jnp, name) for name in OF_ONE)
OF_TWO = """
    add subtract multiply divide maximum minimum power arctan2 equal less logical_and remainder
    hypot
    """.split()
FUNCTIONS_OF_TWO = tuple(getattr(jnp, name) for name in OF_TWO)
NUMBERS = (0, 1, -1, 3, 200, 2**40, 2.0, -0.5, 1e300, float("nan"), float("-inf"), -0.0)
VALUES = (0, 1, -1, 2, 3, -7, 100)
ODD = (np.nan, np.inf, -np.inf, -0.0, 1e300)


def array(dtype, weak=False, rank=1, turn=0):
    values = [*VALUES, *(ODD if dtypes.is_inexact(dtype) else ())]
    rotated = values[turn:] + values[:turn]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = np.array(rotated).astype(dtype)
    value = value if rank == 1 else value[1] if rank == 0 else np.stack([value, value])
    value = np.asarray(value)
    return wrap(value, ShapedArray(value.shape, dtype, weak))


def outcome(function, *operands):
    try:
        return function(*operands)
    except Exception as error:
        return type(error), str(error)


def generally(function, *operands):
    """The result of the general way: while a flag is overridden, native code stays away."""
    with mj.config.override(debug_nans=False):
        return outcome(function, *operands)


def check(function, *operands):
    expected = generally(function, *operands)
    for _ in range(2):  # the first call may be the one that writes the row
        found = outcome(function, *operands)
        if not isinstance(expected, ConcreteArray):
            assert found == expected
            continue
        assert found.aval is expected.aval
        a, b = value_of(found), value_of(expected)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
        assert not a.flags.writeable


WEAK = (dtypes.int64, dtypes.float64, dtypes.complex128)
KINDS = [(dtype, False) for dtype in dtypes.ALL] + [(dtype, True) for dtype in WEAK]


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_operators_on_arrays_of_one_dtype(dtype, weak):
    for function, (a, b) in itertools.product(
        BINARY_OPERATORS, ((1, 1), (0, 1), (1, 0), (0, 0), (2, 2), (2, 1))
    ):
        check(function, array(dtype, weak, a), array(dtype, weak, b, 3))


@pytest.mark.parametrize("pair", list(itertools.combinations(KINDS, 2))[::3], ids=str)
def test_operators_on_arrays_of_two_dtypes(pair):
    a, b = (array(dtype, weak, 1, turn) for turn, (dtype, weak) in enumerate(pair))
    for function in BINARY_OPERATORS:
        check(function, a, b)


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_operators_on_an_array_and_a_number(dtype, weak):
    x = array(dtype, weak)
    for function, number in itertools.product(BINARY_OPERATORS, (*NUMBERS, True, 1j)):
        check(function, x, number)
        check(function, number, x)


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_functions_of_one_array(dtype, weak):
    for function, rank in itertools.product((*UNARY, *FUNCTIONS_OF_ONE), (0, 1, 2)):
        check(function, array(dtype, weak, rank))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_functions_of_two_arrays_or_an_array_and_a_number(dtype, weak):
    x = array(dtype, weak)
    for function in FUNCTIONS_OF_TWO:
        check(function, x, array(dtype, weak, 1, 2))
        for number in (0, 2, 0.5):
            check(function, x, number)
            check(function, number, x)


def test_the_native_way_is_taken():
    x = jnp.arange(3.0)
    rows = native.rows()
    assert x + x is not None
    before = rows._turn
    plan = rows._plan(ConcreteArray.__mro__[1].__add__, (x, x))
    assert plan is not None
    assert plan[0].ufunc is np.add
    x + x
    assert rows._turn == before
    assert quick.apply(jnp.sin.__wrapped__, x) is None  # learns
    assert quick.apply(jnp.sin.__wrapped__, x).tolist() == np.sin(np.arange(3.0)).tolist()


def test_empty_and_long_arrays_go_the_general_way():
    for n in (0, 1 << 16):
        x = jnp.zeros(n)
        check(operator.add, x, x)


def test_nothing_warns():
    x = jnp.array([1e308, 0.0, -1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            x * x, x / x, jnp.log(x), jnp.array([2**62]) * 4, jnp.array([1.0], "float32") * 1e300


def test_functions_of_the_user_are_called_each_time():
    calls = []

    def power(x, y):
        calls.append(x)
        return x + y if len(calls) % 2 else x * y

    x = jnp.arange(3.0)
    function = jnp.frompyfunc(power, 2, 1)
    found = [function(x, x).tolist() for _ in range(6)]
    assert len(calls) == 6
    assert found[:2] == found[2:4] == [[0.0, 2.0, 4.0], [0.0, 1.0, 4.0]]


def test_flags_are_looked_at():
    x = jnp.array([0.0])
    x / x
    x / x
    with mj.config.override(debug_nans=True), pytest.raises(FloatingPointError):
        x / x
    mj.config.update("debug_nans", True)
    try:
        with pytest.raises(FloatingPointError):
            x / x
    finally:
        mj.config.update("debug_nans", False)
    assert bool(jnp.isnan(x / x)[0])


def test_operations_on_constants_are_recorded_while_a_program_is():
    x = jnp.arange(3.0)
    x + x
    program = mj.make_jaxpr(lambda y: y * (x + x))(x)
    assert [eqn.primitive.name for eqn in program.eqns] == ["add", "mul"]


def test_derivatives_and_batches_use_it_and_are_the_same():
    x = jnp.arange(1.0, 4.0)

    def f(x):
        return jnp.sum(jnp.sin(x) * x / (x + 2.0))

    expected = generally(mj.grad(f), x)
    assert mj.grad(f)(x).tolist() == expected.tolist()
    assert mj.hessian(f)(x).tolist() == generally(mj.hessian(f), x).tolist()
    rows = jnp.stack([x, x + 1.0])
    assert mj.vmap(mj.grad(f))(rows).tolist() == generally(mj.vmap(mj.grad(f)), rows).tolist()


def test_bind_takes_parameters_and_refuses_what_does_not_fit():
    x = jnp.arange(4.0)
    (total,) = reduce_sum_p.bind(x, axes=(0,))
    assert float(total) == 6.0
    with pytest.raises(TypeError, match="one dtype"):
        arithmetic.add_p.bind(x, jnp.arange(4))
    assert isinstance(arithmetic.add_p.bind(x, x), tuple)
    assert Primitive.bind(arithmetic.neg_p, x)[0].tolist() == [-0.0, -1.0, -2.0, -3.0]


def test_an_array_whose_memory_is_not_aligned():
    raw = np.zeros(33, np.uint8)
    value = raw[1:].view(np.float64)
    value[:] = [1.0, 2.0, 3.0, 4.0]
    assert not value.flags.aligned
    x = wrap(value, ShapedArray((4,), dtypes.float64))
    y = jnp.ones(4)
    y + y
    assert (x + y).tolist() == [2.0, 3.0, 4.0, 5.0]


def test_references_are_counted():
    x, y = jnp.arange(5.0), jnp.ones(5)
    functions = [
        lambda: x + y,
        lambda: x * 2.0,
        lambda: 2 * x,
        lambda: -x,
        lambda: jnp.sin(x),
        lambda: arithmetic.add_p.bind(x, y),
        lambda: arithmetic.add_p.bind(x, 2.0),
        lambda: x.__add__("no"),
        lambda: outcome(operator.and_, x, 2**70),
    ]
    for function in functions:
        for _ in range(200):  # until all that is learnt has been
            function()
    gc.collect()
    objects = (x, y, x.aval, x.aval.dtype, x._value, float, ConcreteArray, None)
    before = [sys.getrefcount(o) for o in objects]
    blocks = sys.getallocatedblocks()
    for function in functions:
        for _ in range(2000):
            function()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 500
    for o, count in zip(objects, before, strict=True):
        # Results that died wait for reuse and keep their types; there are not many of them.
        assert abs(sys.getrefcount(o) - count) < 500


def test_rows_that_are_pushed_out_come_back():
    arrays = [jnp.ones(n) for n in range(1, 1200)]
    for _ in range(2):
        for x in arrays:
            assert (x + x).shape == x.shape
            assert float((x * 3.0)[0]) == 3.0


def test_loops_are_found_for_dtypes_they_exist_for():
    f8 = np.dtype("f8")
    assert find_loop(np.add, [f8, f8, f8]) is not None
    assert find_loop(np.bitwise_and, [f8, f8, f8]) is None
    assert find_loop(np.frompyfunc(lambda x: x, 1, 1), [f8, f8]) is None


def test_the_start_costs_less_when_the_code_is_in_the_cache(tmp_path, monkeypatch):
    kept = quick_cost.NAME, quick_cost.ENTRY, quick_cost.EFFORT
    with mj.config.override(cache=False):
        assert quick_cost.cost() == quick_cost.COMPILED
    with mj.config.override(cache=True, enable_compilation_cache=True, cache_dir=str(tmp_path)):
        assert quick_cost.cost() == quick_cost.KEPT
        text = "define ptr @state_address() {\n  ret ptr null\n}"
        modules.cached_module(text, kept[1], effort=kept[2], name=kept[0])
        monkeypatch.setattr(quick_cost.linking, "is_usable", lambda: True)
        assert quick_cost.cost() == quick_cost.LINKED
        monkeypatch.setattr(quick_cost.linking, "is_usable", lambda: False)
        monkeypatch.delitem(sys.modules, "llvmlite.binding", raising=False)
        assert quick_cost.cost() == quick_cost.LOADED


def test_the_start_waits_until_it_is_worth_it(monkeypatch):
    started = []
    monkeypatch.setattr(quick, "start", lambda: started.append(quick.next_look))
    monkeypatch.setattr(quick, "_is_started", False)
    monkeypatch.setattr(quick, "next_look", quick.FIRST_LOOK)
    monkeypatch.setattr(quick_cost, "cost", lambda: 5000)
    quick.look()
    assert (started, quick.next_look) == ([], 5000)
    quick.look()
    assert started == [5000]


def test_nothing_is_asked_while_there_is_no_compiler(monkeypatch):
    monkeypatch.setattr(quick, "_is_started", False)
    monkeypatch.setattr(quick, "next_look", quick.FIRST_LOOK)
    monkeypatch.setattr(quick, "_COMPILER", "minijax.compiler.no_such_module")
    monkeypatch.setattr(quick_cost, "cost", lambda: 1 / 0)
    quick.look()
    assert quick.next_look == quick.SECOND_LOOK
    with pytest.raises(ZeroDivisionError):
        quick.look()


def test_without_a_layout_there_is_nothing(monkeypatch):
    monkeypatch.setattr(native, "find_layout", lambda: None)
    assert native.start() is None


def test_errors_of_operators_lead_to_the_user_only() -> None:
    x = jnp.ones((2, 3))
    for wrong in (lambda: x @ x, lambda: x + jnp.ones(2), lambda: x[5], lambda: x[1.0]):
        with pytest.raises((TypeError, IndexError)) as raised:
            wrong()
        files = {entry.frame.code.path for entry in raised.traceback}
        assert {str(file) for file in files} == {__file__}
