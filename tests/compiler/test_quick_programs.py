"""Functions of arrays taken by native steps give what the general way gives, to the bit."""

import gc
import operator
import sys
import warnings

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.compiler.entry import quick_programs, quick_record
from minijax.compiler.entry.quick_record import NotNativeError, Tape
from minijax.core import dtypes, quick
from minijax.core.array import ConcreteArray, value_of, wrap
from minijax.core.avals import ShapedArray
from minijax.interpreters import batch, jvp, linearize, steps

if not quick.start():
    pytest.skip("objects are not laid out as native code needs it", allow_module_level=True)

WEAK = (dtypes.int64, dtypes.float64, dtypes.complex128)
KINDS = [(dtype, False) for dtype in dtypes.ALL] + [(dtype, True) for dtype in WEAK]
SHAPES = ((), (5,), (1,), (2, 3), (2, 3, 4))


@pytest.fixture(autouse=True)
def _derive_at_once(monkeypatch):
    monkeypatch.setattr(quick_programs, "WORTH_DERIVING", 1)
    monkeypatch.setattr(quick_programs.programs(), "patience", 1)


def array(dtype, weak=False, shape=(5,), seed=0):
    random = np.random.default_rng(seed)
    values = random.standard_normal(shape) * 3
    if dtypes.is_inexact(dtype) and values.size > 4:
        values[(0,) * len(shape)] = np.nan
        values[(-1,) * len(shape)] = -0.0
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        value = np.asarray(np.asarray(values).astype(dtype))
    return wrap(value, ShapedArray(value.shape, dtype, weak))


def outcome(function, *operands, **options):
    try:
        return function(*operands, **options)
    except Exception as error:
        return type(error), str(error)


def check(function, *operands, **options):
    """Compares with the general way, which serves while a flag is overridden."""
    with mj.config.override(debug_nans=False):
        expected = outcome(function, *operands, **options)
    for _ in range(3):
        found = outcome(function, *operands, **options)
        if not isinstance(expected, ConcreteArray):
            assert str(found) == str(expected)
            continue
        assert found.aval is expected.aval
        a, b = value_of(found), value_of(expected)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
        assert a.flags.c_contiguous
        assert not a.flags.writeable


FOLDS = ("sum", "prod", "max", "min", "mean", "any", "all", "std", "var", "ptp")


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_reductions(dtype, weak):
    for shape in SHAPES:
        x = array(dtype, weak, shape)
        for name in FOLDS:
            function = getattr(jnp, name)
            check(function, x)
            for axis in (0, -1, (0, 1), (0, 2), 7):
                check(function, x, axis=axis)
            check(function, x, 0, keepdims=True)
            check(lambda x, name=name: getattr(x, name)(), x)
    check(jnp.sum, array(dtype, weak), dtype=np.float32)
    check(jnp.max, array(dtype, weak), initial=1)
    check(jnp.sum, array(dtype, weak), where=array(dtypes.bool_))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_products(dtype, weak):
    shapes = [((5,), (5,)), ((2, 3), (3, 4)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (4, 3))]
    for a, b in [*shapes, ((), (5,)), ((2, 3, 4), (2, 4, 3)), ((5,), (4,))]:
        x, y = array(dtype, weak, a), array(dtype, weak, b, 1)
        for function in (operator.matmul, jnp.matmul, jnp.dot, jnp.inner, jnp.outer, jnp.vdot):
            check(function, x, y)
    if dtype == dtypes.float64:
        check(operator.matmul, array(dtype, weak, (2, 3)), array(dtypes.int32, False, (3, 4)))
        check(operator.matmul, array(dtype, weak, (2, 3)), array(dtype, weak, (4, 3)).T)


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_powers(dtype, weak):
    for x in (array(dtype, weak), array(dtype, weak, ())):
        for number in (0, 1, 2, 3, 7, -1, -2, 0.5, 2.0, -0.5, 2**40, 1j, True):
            check(operator.pow, x, number)
            check(operator.pow, number, x)
        check(operator.pow, x, array(dtype, weak, seed=1))
        check(operator.pow, x, array(dtypes.int32, seed=1))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_choices(dtype, weak):
    which = array(dtypes.bool_)
    x, y = array(dtype, weak), array(dtype, weak, seed=1)
    check(jnp.where, which, x, y)
    for number in (0, 1, 2.5, True, 1j):
        check(jnp.where, which, x, number)
        check(jnp.where, which, number, x)
        check(jnp.clip, x, 0, number)
    check(jnp.where, x, x, y)
    check(jnp.where, which)
    check(jnp.where, which, x)
    check(jnp.where, which, array(dtype, weak, ()), y)
    check(jnp.where, array(dtypes.bool_, shape=()), x, y)
    check(jnp.where, which, array(dtype, weak, (2, 1)), array(dtypes.float32))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_elements_in_another_order(dtype, weak):
    x, y = array(dtype, weak, (2, 3)), array(dtype, weak, (2, 3, 4))
    for shape in ((6,), (3, 2), (-1,), 6, (1, 6, 1), (4,), (2, 3)):
        check(jnp.reshape, x, shape)
    check(lambda x: x.reshape(3, 2), x)
    check(lambda x: x.reshape(3, -1, order="F"), x)
    for function in (jnp.ravel, jnp.transpose, jnp.squeeze, jnp.matrix_transpose, jnp.flip):
        check(function, x)
    for attribute in ("T", "mT", "real", "imag", "flat"):
        check(lambda x, name=attribute: getattr(x, name), y)
    check(jnp.transpose, y, (2, 0, 1))
    check(jnp.transpose, y, axes=(2, 0, 1))
    check(jnp.swapaxes, y, 0, -1)
    check(jnp.moveaxis, y, 0, -1)
    check(jnp.expand_dims, x, 1)
    check(jnp.broadcast_to, x, (5, 2, 3))
    check(jnp.broadcast_to, x, (5, 3, 2))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_reading_at_indices(dtype, weak):
    x = array(dtype, weak, (4, 3, 5))
    for index in (0, 3, -4, 4, -5, 2**70, True, None, ..., 1.5, "a", [0, 1]):
        check(operator.getitem, x, index)
        check(operator.getitem, array(dtype, weak), index)
        check(operator.getitem, array(dtype, weak, ()), index)
    s = slice
    slices = [s(1, 3), s(None), s(None, None, -1), s(3, 0, -2), s(-2, None), s(2, 1), s(0, 9)]
    for index in (*slices, s(0.5, 1), s(None, None, 0)):
        check(operator.getitem, x, index)
    for index in ((0, 1), (0, 1, 2), (s(1, 3), 0), (..., 0), (None, s(1, 2)), (0, s(None), -1)):
        check(operator.getitem, x, index)
    for index in ((0, 9), (0, 1, 2, 3), ((1, 2), 0), (s(0, 1), s(2, 3), s(None, None, 2)), ()):
        check(operator.getitem, x, index)
    check(operator.getitem, x, array(dtypes.int64, shape=()))
    check(operator.getitem, x, array(dtypes.int8))
    check(operator.getitem, array(dtype, weak), array(dtypes.bool_))


@pytest.mark.parametrize(("dtype", "weak"), KINDS, ids=str)
def test_conversions(dtype, weak):
    x = array(dtype, weak)
    for target in dtypes.ALL:
        check(jnp.astype, x, target)
        check(lambda x, target=target: x.astype(target.name), x)
        for function in (operator.add, operator.truediv, operator.lt):
            check(function, x, array(target, seed=1))
    for target in (int, float, bool, complex, jnp.float32, np.int16, "no", None):
        check(jnp.astype, x, target)
        check(lambda x, target=target: x.astype(dtype=target), x)


def test_large_integers_are_rounded_once():
    x = wrap(np.array([2**60 + 2**36 + 1, -(2**62) - 1]), ShapedArray((2,), dtypes.int64))
    check(jnp.astype, x, np.float32)
    y = wrap(np.array([2**64 - 1, 2**63]).astype(np.uint64), ShapedArray((2,), dtypes.uint64))
    for target in (np.float32, np.float64, np.int64, np.bool_):
        check(jnp.astype, y, target)


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_operators_on_shapes_that_broadcast(dtype):
    x = array(dtype, shape=(2, 3))
    for shape in ((3,), (2, 1), (1, 1), (4, 1, 1), (4,)):
        for function in (operator.add, operator.mul, operator.gt, jnp.maximum):
            check(function, x, array(dtype, shape=shape, seed=1))


def test_long_folds_and_long_arrays():
    for n in (7, 8, 9, 127, 128, 129, 1000, 9000):
        for shape in ((n,), (n, 3), (3, n), (2, n, 2)):
            x = array(dtypes.float64, shape=shape)
            for axis in (None, 0, -1):
                check(jnp.sum, x, axis=axis)
                check(jnp.mean, x, axis=axis)
    x = jnp.arange(40000.0)
    for function in (jnp.sum, jnp.ravel, lambda x: x[1:], lambda x: x[None], lambda x: x**2):
        check(function, x)
    check(jnp.sum, jnp.zeros((0, 3)), axis=0)


def test_steps_are_taken():
    derived = []
    x = jnp.arange(11.0)
    for function in (jnp.sum, lambda x: x @ x, lambda x: x**2, lambda x: jnp.where(x > 1, x, 0.0)):
        for _ in range(3):
            function(x)
    for kept in quick_programs.programs()._kept.values():
        derived += [type(part).__name__ for part in kept]
    assert derived.count("_Block") >= 4


def test_numbers_are_told_apart_by_value_and_type():
    x = jnp.arange(4.0)
    for number in (2, 3, 2.0, True, 2):
        for _ in range(3):
            assert (x**number).tolist() == [value**number for value in range(4)]
    for zero in (0.0, -0.0, 0.0):
        for _ in range(3):
            found = jnp.where(x < 0, x, zero)
            assert np.signbit(value_of(found)).all() == (str(zero)[0] == "-")


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64", "complex64"])
def test_floats_that_change_are_operands(dtype):
    x, which = array(np.dtype(dtype)), array(dtypes.bool_)
    for number in (0.5, -2.0, 1e300, float("inf"), float("nan"), -0.0, 3.25):
        check(operator.pow, x, number)
        check(operator.pow, number, x)
        check(jnp.where, which, x, number)
        check(jnp.where, which, number, 1.5)
        check(jnp.clip, x, 0.1, number)
        check(operator.floordiv, x, number)
        check(jnp.sum, x, number)
    by_type = [
        kept
        for kept in quick_programs.programs()._kept.values()
        if any(type(part) is float for part in kept)
    ]
    assert any(type(kept[-1]).__name__ == "_Block" for kept in by_type)


def test_names_and_positions_are_told_apart():
    x = jnp.ones((2, 3))
    for _ in range(3):
        assert jnp.sum(x, 0).shape == (3,)
        assert jnp.sum(x, axis=1).shape == (2,)
        assert jnp.sum(a=x, axis=1).shape == (2,)
        assert jnp.sum(x, axis=0, keepdims=True).shape == (1, 3)
        assert jnp.sum(x, keepdims=True, axis=0).shape == (1, 3)


def test_derivatives_maps_and_programs_are_not_disturbed():
    x = jnp.arange(1.0, 4.0)

    def f(x):
        return jnp.sum(jnp.where(x > 2.0, x, x**2) @ x) + x.mean()

    for _ in range(3):
        f(x)
    assert mj.grad(f)(x).tolist() == mj.jit(mj.grad(f))(x).tolist()
    program = mj.make_jaxpr(lambda y: y + jnp.sum(x))(1.0)
    assert [eqn.primitive.name for eqn in program.eqns] == ["reduce_sum", "add"]
    assert mj.vmap(jnp.sum)(jnp.ones((2, 3))).tolist() == [3.0, 3.0]


def test_a_warning_comes_with_every_call():
    x = jnp.arange(3.0)

    def warned():
        warnings.warn("odd", stacklevel=1)
        return x

    programs = quick_programs.programs()
    assert programs._derive(lambda y: warned(), (x,), {}) is None
    assert programs._derive(lambda y: y * 2.0, (x,), {}) is not None


def test_values_are_refused_to_rules_that_are_recorded():
    values = np.arange(3.0)
    tape = Tape([values])
    x = tape.seen(values)
    for look in (bool, list, np.sort, lambda x: x[0], lambda x: x.item(0), np.cumsum, float):
        with pytest.raises((NotNativeError, TypeError, ValueError)):
            look(x)
    with pytest.raises(NotNativeError):
        x[0] = 1.0
    with pytest.raises(NotNativeError):
        x += 1.0
    with pytest.raises(NotNativeError):
        x + np.arange(3.0)  # an array that is no operand and no constant
    assert not tape.steps


def test_a_rule_that_looks_at_values_in_other_ways_is_found_out(monkeypatch):
    x = jnp.arange(3.0)
    assert isinstance(quick_programs.programs()._derive(jnp.sum, (x,), {}), quick_programs._Block)
    # As if the rule had recorded another number than it returns for other operands.
    right = quick_record.Tape.constant
    monkeypatch.setattr(quick_record.Tape, "constant", lambda tape, c: right(tape, c + 1.0))
    found = quick_programs.programs()._derive(jnp.sum, (x,), {})
    assert not isinstance(found, quick_programs._Block)


def test_rows_that_are_pushed_out_come_back():
    x = jnp.arange(8.0)
    for _ in range(2):
        for k in range(1500):
            assert float(x[3 : 4 + k][0]) == 3.0


def test_references_are_counted():
    x, m, which = jnp.arange(5.0), jnp.ones((2, 5)), jnp.arange(5) > 2
    functions = [
        lambda: jnp.sum(x),
        lambda: m.sum(axis=0, keepdims=True),
        lambda: jnp.where(which, x, 0.0),
        lambda: x ** len(sys.argv) ** 0.5,
        lambda: m @ x,
        lambda: x**2,
        lambda: x[2],
        lambda: x[1:3],
        lambda: m[:, 1],
        lambda: outcome(lambda: x[7]),
        lambda: outcome(jnp.sum, x, axis=5),
        lambda: outcome(jnp.sum, x, object()),
        lambda: jnp.ravel(x),
        lambda: m.T,
        lambda: x.astype(jnp.float32),
        lambda: m + x,
        lambda: jnp.argmax(x),
    ]
    for function in functions:
        for _ in range(5):
            function()
    gc.collect()
    objects = (x, m, x.aval, x.aval.dtype, x._value, float, slice, ConcreteArray, None)
    before = [sys.getrefcount(o) for o in objects]
    blocks = sys.getallocatedblocks()
    for function in functions:
        for _ in range(10_000):
            function()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 500
    for o, count in zip(objects, before, strict=True):
        # Results that died wait for reuse and keep their types; there are not many of them.
        assert abs(sys.getrefcount(o) - count) < 500


def _long(x):
    y = jnp.sin(x) * x / (x + 2.0)
    y = jnp.where(y > 0.1, jnp.tanh(y), y**3) - jnp.maximum(y, 0.2)
    return jnp.sum(y * jnp.exp(-y)) + y @ x + jnp.mean(y.reshape(2, 2)[1] ** 2)


@pytest.fixture
def _steps_at_once(monkeypatch):
    monkeypatch.setattr(steps, "_WORTH_DERIVING", 1)
    for table in (jvp._plans, batch._plans):
        monkeypatch.setattr(table, "_patience", 1)


@pytest.mark.usefixtures("_steps_at_once")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_and_maps_take_native_steps(dtype):
    x = jnp.arange(1.0, 5.0).astype(dtype)
    rows = jnp.stack([x, x + 1.0, x * 2.0])
    for function, argument in (
        (mj.grad(_long), x),
        (lambda x: mj.jvp(_long, (x,), (x * 2.0,))[1], x),
        (mj.vmap(_long), rows),
        (mj.vmap(mj.grad(_long)), rows),
        (mj.hessian(_long), x),
        (mj.jacfwd(jnp.cumsum), x),
        (lambda x: mj.vmap(jnp.add, in_axes=(1, None))(x, x[:, 0]), rows),
    ):
        check(function, argument)
    native = [plan.pull.native for plan in linearize._plans._found.values() if plan is not None]
    assert any(type(code).__name__ == "_OfBlock" for code in native)
    for table in (jvp._plans, batch._plans):
        plans = [plan for plan in table._found.values() if isinstance(plan, tuple)]
        assert any(type(plan.steps.native).__name__ == "_OfBlock" for plan in plans)


@pytest.mark.usefixtures("_steps_at_once")
def test_steps_look_at_what_they_are_given():
    # A tangent of another weak type, an array of NumPy's, a number.
    x, weak = jnp.arange(3.0), jnp.asarray(2.0) * jnp.ones(3)
    for tangent in (x, weak, np.ones(3)):
        for _ in range(4):
            _, t = mj.jvp(lambda x: jnp.sin(x) * 2.0, (x,), (tangent,))
            assert t.tolist() == (jnp.cos(x) * 2.0 * tangent).tolist()
    for axis in (0, 1):
        for size in (2, 3):
            shape = (size, 3) if axis == 0 else (3, size)
            for _ in range(4):
                found = mj.vmap(lambda x: x * 2.0, in_axes=axis)(jnp.ones(shape))
                assert found.shape == (size, 3)


@pytest.mark.usefixtures("_steps_at_once")
def test_references_of_steps_are_counted():
    x = jnp.arange(1.0, 5.0)
    gradient, mapped = mj.grad(_long), mj.vmap(_long)
    rows = jnp.stack([x, x])

    def turn():
        gradient(x), mapped(rows), mj.jvp(_long, (x,), (x,))

    for _ in range(10):
        turn()
    gc.collect()
    before = [sys.getrefcount(o) for o in (x, rows, x.aval, None)]
    blocks = sys.getallocatedblocks()
    for _ in range(500):
        turn()
    gc.collect()
    assert sys.getallocatedblocks() - blocks < 500
    for o, count in zip((x, rows, x.aval, None), before, strict=True):
        assert abs(sys.getrefcount(o) - count) < 500
