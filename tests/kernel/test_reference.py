import numpy as np
import pytest

from minijax.core import dtypes
from minijax.core.dtypes import bool_
from minijax.kernel.check import check_program
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Program
from tests.kernel.programs import F64, I64, array, build


def run(program: Program, *inputs: np.ndarray) -> list[np.ndarray]:
    check_program(program)
    return evaluate_program(program, inputs)


def test_elements_are_expressions_of_their_indices() -> None:
    program = build(
        [array(2, 3)],
        lambda k, x: k.element(array(3, 2), lambda i, j: k.add(k.sin(x(j, i)), k.constant(1, F64))),
    )
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(run(program, x)[0], np.sin(x.T) + 1)


def test_several_elements_share_one_index_space() -> None:
    program = build(
        [array(4)],
        lambda k, x: k.elements((array(4), array(4)), lambda i: (k.neg(x(i)), k.abs(x(i)))),
    )
    x = np.array([1.0, -2.0, 0.0, 3.0])
    negative, size = run(program, x)
    np.testing.assert_array_equal(negative, -x)
    np.testing.assert_array_equal(size, np.abs(x))


@pytest.mark.parametrize("target", [(6,), (3, 2), (1, 2, 3, 1)])
def test_reshape_keeps_the_order(target: tuple[int, ...]) -> None:
    program = build([array(2, 3)], lambda k, x: k.reshape(x, array(*target)))
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(run(program, x)[0], x.reshape(target))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((2, 6, 5), (2, 1, 2, 3, 5)),
        ((1, 2, 3, 4), (6, 1, 4)),
        ((4, 3, 5), (2, 6, 5)),
        ((1, 1), ()),
        ((3, 0, 2), (0, 7)),
    ],
)
def test_reshape_joins_and_takes_apart_groups_of_axes(
    source: tuple[int, ...], target: tuple[int, ...]
) -> None:
    program = build([array(*source)], lambda k, x: k.reshape(x, array(*target)))
    x = np.arange(float(np.prod(source))).reshape(source)
    np.testing.assert_array_equal(run(program, x)[0], x.reshape(target))


def test_axes_that_a_reshape_leaves_alone_are_not_computed() -> None:
    program = build([array(2, 6, 5)], lambda k, x: k.reshape(x, array(2, 1, 6, 1, 5)))
    assert "//" not in str(program)
    assert "%" not in str(program)


def test_an_empty_array_reads_nothing() -> None:
    program = build([array(0, 2)], lambda k, x: k.reshape(x, array(2, 0)))
    assert run(program, np.empty((0, 2)))[0].shape == (2, 0)


def test_guard_reads_only_where_its_condition_holds() -> None:
    def body(k, x):
        def padded(i):
            inside = k.all_of([k.ge(i, 2), k.lt(i, 5)])
            return k.guard(inside, x, (k.sub(i, 2),), k.constant(-1, F64))

        return k.element(array(7), padded)

    found = run(build([array(3)], body), np.array([5.0, 6.0, 7.0]))[0]
    np.testing.assert_array_equal(found, [-1, -1, 5, 6, 7, -1, -1])


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_read_out_of_bounds_is_an_error(shift: int) -> None:
    program = build([array(3)], lambda k, x: k.element(array(3), lambda i: x(k.add(i, shift))))
    with pytest.raises(IndexError, match=r"on axis 0 of f64\[3\] is out of bounds"):
        run(program, np.zeros(3))


@pytest.mark.parametrize("kind", ["add", "mul", "max", "min"])
def test_reduce_over_some_axes(kind: str) -> None:
    def body(k, x):
        start = k.constant({"add": 0, "mul": 1, "max": -np.inf, "min": np.inf}[kind], F64)
        return k.reduce(
            (array(3),),
            (2, 4),
            lambda o, r: (x(r[0], o[0], r[1]),),
            (start,),
            lambda a, b: (k.binary(kind, a[0], b[0]),),
            kind,
        )

    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    function = {"add": np.sum, "mul": np.prod, "max": np.max, "min": np.min}[kind]
    np.testing.assert_allclose(run(build([array(2, 3, 4)], body), x)[0], function(x, axis=(0, 2)))


def argmax(k, x):
    """Two results folded together: the largest element and where it was first."""

    def combine(acc, new):
        better = k.gt(new[0], acc[0])
        return k.select(better, new[0], acc[0]), k.select(better, new[1], acc[1])

    return k.reduce(
        (array(2), array(2, dtype=I64)),
        (5,),
        lambda o, r: (x(o[0], r[0]), r[0]),
        (k.constant(-np.inf, F64), k.constant(-1)),
        combine,
    )


def test_a_general_reduce_folds_in_order() -> None:
    x = np.array([[1.0, 5.0, 2.0, 5.0, 0.0], [-3.0, -9.0, -1.0, -2.0, -1.0]])
    largest, where = run(build([array(2, 5)], argmax), x)
    np.testing.assert_array_equal(largest, [5.0, -1.0])
    np.testing.assert_array_equal(where, [1, 2])


def test_a_reduce_over_nothing_is_its_start() -> None:
    def body(k, x):
        return k.reduce(
            *((array(2),), (0,), lambda o, r: (x(o[0], r[0]),), (k.constant(7, F64),)),
            lambda a, b: (k.add(a[0], b[0]),),
        )

    np.testing.assert_array_equal(run(build([array(2, 0)], body), np.empty((2, 0)))[0], [7, 7])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_cumulate(axis: int, reverse: bool) -> None:
    program = build(
        [array(3, 4)],
        lambda k, x: k.cumulate(
            *((array(3, 4),), axis, lambda *i: (x(*i),)),
            lambda a, b: (k.add(a[0], b[0]),),
            reverse,
        ),
    )
    x = np.random.default_rng(0).normal(size=(3, 4))
    flipped = np.flip(x, axis) if reverse else x
    expected = np.cumsum(flipped, axis)
    expected = np.flip(expected, axis) if reverse else expected
    np.testing.assert_allclose(run(program, x)[0], expected)


def scatter(combine, unique=False):
    def body(k, x, where, update):
        def place(i):
            at = where(i)
            return (at,), k.all_of([k.ge(at, 0), k.lt(at, 4)])

        how = None if combine is None else lambda old, new: combine(k, old, new)
        return k.scatter(array(4), x, (5,), place, lambda i: update(i), how, unique)

    return build([array(4), array(5, dtype=I64), array(5)], body)


WHERE = np.array([1, 3, 1, 9, -2])
UPDATE = np.array([10.0, 20.0, 30.0, 40.0, 50.0])


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        (None, [0, 30, 2, 20]),
        (lambda k, old, new: k.add(old, new), [0, 41, 2, 23]),
        (lambda k, old, new: k.max(old, new), [0, 30, 2, 20]),
        (lambda k, old, new: k.sub(k.add(old, old), new), [0, -46, 2, -14]),
    ],
    ids=["replace", "add", "max", "sequential"],
)
def test_scatter_goes_in_order_and_drops_what_is_out_of_bounds(combine, expected) -> None:
    found = run(scatter(combine), np.arange(4.0), WHERE, UPDATE)[0]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", [dtypes.float64, dtypes.bfloat16, dtypes.int32], ids=str)
def test_dot_with_batch_and_contraction(dtype: np.dtype) -> None:
    program = build(
        [array(2, 3, 4, dtype=dtype), array(4, 5, 2, dtype=dtype)],
        lambda k, x, y: k.dot(array(2, 3, 5, dtype=dtype), x, y, ((2,), (0,)), ((0,), (2,))),
    )
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (2, 3, 4)).astype(dtype)
    y = rng.integers(-3, 4, (4, 5, 2)).astype(dtype)
    expected = np.einsum("bik,kjb->bij", x.astype(float), y.astype(float))
    np.testing.assert_array_equal(run(program, x, y)[0].astype(float), expected)


def test_sort_is_stable_and_moves_every_operand() -> None:
    program = build(
        [array(2, 6), array(2, 6, dtype=I64)],
        lambda k, x, y: k.sort((x, y), 1, lambda a, b: k.lt_total(a[0], b[0])),
    )
    keys = np.array([[2.0, np.nan, 1.0, 2.0, -0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]])
    places = np.tile(np.arange(6), (2, 1))
    values, order = run(program, keys, places)
    np.testing.assert_array_equal(order, [[4, 5, 2, 0, 3, 1], [0, 1, 2, 3, 4, 5]])
    np.testing.assert_array_equal(values, np.take_along_axis(keys, order, 1))


def test_sort_along_an_inner_axis() -> None:
    program = build([array(3, 2)], lambda k, x: k.sort((x,), 0, lambda a, b: k.gt(a[0], b[0])))
    x = np.array([[1.0, 5.0], [3.0, 4.0], [2.0, 6.0]])
    np.testing.assert_array_equal(run(program, x)[0], -np.sort(-x, axis=0))


def test_a_host_call_gets_arrays_and_its_results_are_typed() -> None:
    seen = []

    def callback(x: np.ndarray) -> tuple[np.ndarray, ...]:
        seen.append(x)
        return (x * 2,)

    program = build([array(3)], lambda k, x: k.host_call((array(3),), callback, (x,)))
    np.testing.assert_array_equal(run(program, np.ones(3))[0], [2.0, 2.0, 2.0])
    assert len(seen) == 1


def test_bools_are_selected_by() -> None:
    program = build(
        [array(3, dtype=bool_), array(3), array(3)],
        lambda k, c, x, y: k.element(array(3), lambda i: k.select(c(i), x(i), y(i))),
    )
    flags = np.array([True, False, True])
    np.testing.assert_array_equal(run(program, flags, np.ones(3), np.zeros(3))[0], [1, 0, 1])


def test_keys_move_as_opaque_elements() -> None:
    aval = array(2, 3, dtype=dtypes.key_dtype)
    program = build(
        [aval], lambda k, x: k.element(array(3, 2, dtype=aval.dtype), lambda i, j: x(j, i))
    )
    keys = np.zeros((2, 3), dtypes.key_dtype)
    keys["key<fry>"] = np.arange(12).reshape(2, 3, 2)
    found = run(program, keys)[0]
    np.testing.assert_array_equal(found["key<fry>"], keys.T["key<fry>"])
