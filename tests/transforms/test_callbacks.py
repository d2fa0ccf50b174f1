"""Callbacks under every transformation: order and number of calls, results, exceptions."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.experimental import io_callback
from tests.transforms.test_grad import close

X = np.array([0.5, -1.0, 2.0])
F64 = mj.ShapeDtypeStruct((), "float64")


@pytest.fixture
def seen() -> list[Any]:
    return []


def recorder(seen: list[Any]) -> Callable[..., Any]:
    def record(x: Any) -> None:
        assert isinstance(x, mj.Array)
        seen.append(np.asarray(x).tolist())

    return record


# -- debug.callback


def test_debug_callback_runs_eagerly_and_jitted(seen: list[Any]) -> None:
    def f(x: Any) -> Any:
        mj.debug.callback(recorder(seen), x)
        mj.debug.callback(recorder(seen), x + 1)
        return x

    f(1.0)
    assert seen == [1.0, 2.0]
    g = mj.jit(f)
    g(3.0)
    g(5.0)
    assert seen[2:] == [3.0, 4.0, 5.0, 6.0]


def test_debug_callback_is_kept_where_nothing_else_is(seen: list[Any]) -> None:
    mj.jit(lambda x: mj.debug.callback(recorder(seen), x))(1.0)
    mj.jit(mj.jit(lambda x: mj.debug.callback(recorder(seen), x)))(2.0)
    mj.jit(lambda: mj.debug.callback(recorder(seen), np.float64(3.0)))()
    assert seen == [1.0, 2.0, 3.0]


def test_debug_callback_under_vmap_is_called_for_each_example(seen: list[Any]) -> None:
    def f(x: Any, y: Any) -> Any:
        mj.debug.callback(recorder(seen), x * y)
        return x

    mj.vmap(f, in_axes=(0, None))(X, 2.0)
    assert seen == [1.0, -2.0, 4.0]
    mj.jit(mj.vmap(f, in_axes=(0, None)))(X, 2.0)
    assert seen[3:] == [1.0, -2.0, 4.0]


def test_debug_callback_under_differentiation(seen: list[Any]) -> None:
    def f(x: Any) -> Any:
        mj.debug.callback(recorder(seen), x)
        return jnp.sin(x)

    for run in (
        mj.grad(f),
        mj.jit(mj.grad(f)),
        mj.grad(mj.jit(f)),
        mj.value_and_grad(f),
        lambda x: mj.jvp(f, (x,), (1.0,)),
        lambda x: mj.linearize(f, x),
        mj.grad(mj.grad(f)),
        mj.jit(mj.grad(mj.jit(mj.grad(f)))),
    ):
        seen.clear()
        run(0.25)
        assert seen == [0.25]


def test_debug_callback_in_loops_and_branches(seen: list[Any]) -> None:
    record = recorder(seen)

    def body(i: Any, c: Any) -> Any:
        mj.debug.callback(record, c)
        return c * 2

    for transform in (lambda f: f, mj.jit):
        seen.clear()
        transform(lambda x: lax.fori_loop(0, 3, body, x))(1.0)
        assert seen == [1.0, 2.0, 4.0]
        seen.clear()
        transform(lambda x: lax.while_loop(lambda c: c < 8, lambda c: body(0, c), x))(1.0)
        assert seen == [1.0, 2.0, 4.0]
        seen.clear()
        transform(lambda x: lax.scan(lambda c, y: (body(0, c) + y, None), x, X)[0])(1.0)
        assert seen == [1.0, 2.5, 4.0]
        seen.clear()
        transform(lambda x: lax.cond(x > 0, lambda y: body(0, y), lambda y: y, x))(-1.0)
        assert seen == []
        transform(lambda x: lax.cond(x > 0, lambda y: body(0, y), lambda y: y, x))(1.0)
        assert seen == [1.0]


def test_debug_callback_in_the_gradient_of_a_loop(seen: list[Any]) -> None:
    record = recorder(seen)

    def f(x: Any) -> Any:
        def step(c: Any, y: Any) -> Any:
            mj.debug.callback(record, y)
            return c * y, None

        return lax.scan(step, x, X)[0]

    for run in (mj.grad(f), mj.jit(mj.grad(f))):
        seen.clear()
        run(1.0)
        assert seen == X.tolist()


def test_a_batched_predicate_runs_a_branch_for_the_examples_that_choose_it(seen: list[Any]) -> None:
    record = recorder(seen)

    def f(x: Any) -> Any:
        def positive(y: Any) -> Any:
            mj.debug.callback(record, y)
            return y

        return lax.cond(x > 0, positive, lambda y: -y, x)

    close(mj.vmap(f)(X), np.abs(X))
    assert seen == [x for x in X.tolist() if x > 0]


def test_debug_callback_pytrees_and_plain_values() -> None:
    got: list[Any] = []

    def record(p: Any, name: str, *, flag: Any) -> None:
        got.append((float(p["a"]), p["b"], name, flag))

    mj.jit(lambda x: mj.debug.callback(record, {"a": x, "b": None}, "name", flag=True))(1.0)
    assert got[0][0] == 1.0
    assert got[0][2] == "name"
    assert bool(got[0][3]) is True
    with pytest.raises(TypeError, match="expects a function"):
        mj.debug.callback("text")


# -- debug.print


def printed(run: Callable[[], Any]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        run()
    return out.getvalue()


def test_debug_print_matches_the_oracle(oracle: Any) -> None:
    def f(lib: Any) -> Callable[[Any, Any], Any]:
        def g(x: Any, n: Any) -> Any:
            lib.debug.print("x = {x}, n = {}", n, x=x)
            lib.debug.print("{:.2f} {} {{}}", n * 1.5, x[0])
            return x

        return g

    x = np.arange(3.0)

    def run_oracle() -> None:
        oracle.jit(f(oracle))(x, 2)
        oracle.effects_barrier()

    expected = printed(run_oracle)
    assert printed(lambda: mj.jit(f(mj))(x, 2)) == expected
    assert printed(lambda: f(mj)(jnp.asarray(x), 2)) == expected


def test_debug_print_under_vmap_and_grad() -> None:
    def f(x: Any) -> Any:
        mj.debug.print("{}", x)
        return x**2

    assert printed(lambda: mj.vmap(f)(X)) == "0.5\n-1.0\n2.0\n"
    assert printed(lambda: mj.jit(mj.grad(f))(1.5)) == "1.5\n"


def test_debug_print_messages() -> None:
    with pytest.raises(ValueError, match="does not use"):
        mj.debug.print("text", 1.0)
    with pytest.raises(ValueError, match="does not use"):
        mj.debug.print("{x}", x=1.0, y=2.0)
    with pytest.raises((IndexError, KeyError, ValueError)):
        mj.debug.print("{} {}", 1.0)


# -- pure_callback


def host_sine(x: Any) -> Any:
    return np.sin(x)


def test_pure_callback_values_and_structures() -> None:
    def f(x: Any) -> Any:
        shape = {"s": mj.ShapeDtypeStruct((3,), "float64"), "n": mj.ShapeDtypeStruct((), "int32")}
        return mj.pure_callback(lambda v: {"s": np.sin(v), "n": np.int32(v.size)}, shape, x)

    for g in (f, mj.jit(f)):
        out = g(jnp.asarray(X))
        close(out["s"], np.sin(X))
        assert out["n"].dtype == np.int32
        assert int(out["n"]) == 3


def test_pure_callback_under_vmap() -> None:
    shapes: list[Any] = []

    def host(x: Any, y: Any) -> Any:
        shapes.append((np.shape(x), np.shape(y)))
        return np.asarray(x * y)

    def f(method: str) -> Callable[[Any, Any], Any]:
        return lambda x, y: mj.pure_callback(host, F64, x, y, vmap_method=method)

    expected_shapes = {
        "sequential": [((), ())] * 3,
        "expand_dims": [((3,), (1,))],
        "broadcast_all": [((3,), (3,))],
    }
    for method, expected in expected_shapes.items():
        for transform in (lambda g: g, mj.jit):
            shapes.clear()
            close(transform(mj.vmap(f(method), in_axes=(0, None)))(X, 2.0), 2 * X)
            assert shapes == expected
    with pytest.raises(NotImplementedError, match="vmap_method"):
        mj.vmap(lambda x: mj.pure_callback(host_sine, F64, x))(X)
    with pytest.raises(ValueError, match="vmap_method"):
        mj.pure_callback(host_sine, F64, 1.0, vmap_method="other")


def test_pure_callback_inside_loops_and_with_a_custom_rule() -> None:
    @mj.custom_jvp
    def sine(x: Any) -> Any:
        return mj.pure_callback(host_sine, F64, x, vmap_method="expand_dims")

    sine.defjvp(lambda ps, ts: (sine(*ps), jnp.cos(ps[0]) * ts[0]))
    close(mj.jit(lambda x: lax.fori_loop(0, 2, lambda i, c: sine(c), x))(0.3), np.sin(np.sin(0.3)))
    close(mj.grad(sine)(0.3), np.cos(0.3))
    close(mj.jit(mj.vmap(mj.grad(sine)))(X), np.cos(X))
    close(lax.scan(lambda c, x: (c + sine(x), None), 0.0, X)[0], np.sin(X).sum())


def test_pure_callback_has_no_derivative() -> None:
    with pytest.raises(ValueError, match=r"JVP.*custom_jvp"):
        mj.grad(lambda x: mj.pure_callback(host_sine, F64, x))(1.0)


def test_callback_results_are_checked() -> None:
    for transform in (lambda f: f, mj.jit):
        with pytest.raises(Exception, match="result_shape_dtypes"):
            transform(lambda x: mj.pure_callback(lambda v: np.ones(2), F64, x))(1.0)
        with pytest.raises(Exception, match="float32"):
            transform(lambda x: mj.pure_callback(lambda v: np.float32(1), F64, x))(1.0)
        with pytest.raises(Exception, match="structure"):
            transform(lambda x: mj.pure_callback(lambda v: (v, v), F64, x))(1.0)


# -- io_callback


def test_io_callback_is_called_exactly_as_often_as_the_program_says(seen: list[Any]) -> None:
    def host(x: Any) -> Any:
        seen.append(float(x))
        return np.float64(x) + 1

    def f(x: Any) -> Any:
        y = io_callback(host, F64, x)
        io_callback(host, F64, x)  # its result is not used
        return io_callback(host, F64, y, ordered=True)

    close(f(1.0), 3.0)
    assert seen == [1.0, 1.0, 2.0]
    seen.clear()
    close(mj.jit(f)(1.0), 3.0)
    assert seen == [1.0, 1.0, 2.0]
    seen.clear()
    close(mj.jit(mj.vmap(f))(np.array([1.0, 2.0])), [3.0, 4.0])
    assert sorted(seen) == [1.0, 1.0, 2.0, 2.0, 2.0, 3.0]
    seen.clear()
    close(mj.jit(lambda x: lax.scan(lambda c, _: (f(c), None), x, None, 2)[0])(1.0), 5.0)
    assert seen == [1.0, 1.0, 2.0, 3.0, 3.0, 4.0]


def test_io_callback_without_results(seen: list[Any]) -> None:
    assert mj.jit(lambda x: io_callback(recorder(seen), None, x))(1.0) is None
    assert seen == [1.0]


def test_effects_of_all_kinds_keep_their_order(seen: list[Any]) -> None:
    def f(x: Any) -> Any:
        mj.debug.callback(lambda v: seen.append(("debug", float(v))), x)
        y = io_callback(lambda v: (seen.append(("io", float(v))), np.float64(v))[1], F64, x + 1)
        mj.debug.callback(lambda v: seen.append(("debug", float(v))), x + 2)
        return y

    for transform in (lambda g: g, mj.jit):
        seen.clear()
        transform(f)(0.0)
        assert seen == [("debug", 0.0), ("io", 1.0), ("debug", 2.0)]


# -- exceptions


class HostError(RuntimeError):
    pass


def fails(*_: Any) -> Any:
    raise HostError("from the host")


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "debug": lambda x: (mj.debug.callback(fails, x), x)[1],
    "pure": lambda x: mj.pure_callback(fails, F64, x),
    "io": lambda x: io_callback(fails, F64, x),
    "scan": lambda x: lax.scan(lambda c, y: (mj.pure_callback(fails, F64, c), y), x, X)[0],
    "cond": lambda x: lax.cond(x > 0, lambda y: io_callback(fails, F64, y), lambda y: y, x),
    "while": lambda x: lax.while_loop(lambda c: c > 0, lambda c: io_callback(fails, F64, c), x),
    "grad": mj.grad(lambda x: (mj.debug.callback(fails, x), x)[1]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_exceptions_come_out_of_the_call(name: str) -> None:
    for transform in (lambda g: g, mj.jit):
        with pytest.raises(HostError, match="from the host"):
            transform(PROGRAMS[name])(1.0)
    f = PROGRAMS[name]
    with pytest.raises(HostError, match="from the host"):
        mj.jit(lambda x: f(x) + 1)(1.0)
    close(mj.jit(jnp.sin)(1.0), np.sin(1.0))


class FieldsError(ValueError):
    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number


def test_exceptions_are_runtime_errors_too() -> None:
    def raises(error: Exception) -> Callable[..., Any]:
        def callback(*_: Any) -> Any:
            raise error

        return callback

    fields = raises(FieldsError("why", 3))
    for transform in (lambda g: g, mj.jit):
        for kind in (KeyError, HostError, ZeroDivisionError):
            program = transform(lambda x, k=kind: mj.pure_callback(raises(k("why")), F64, x))
            with pytest.raises(kind, match="why") as found:
                program(1.0)
            assert isinstance(found.value, mj.errors.JaxRuntimeError)
            assert found.traceback[-1].name == "callback"
        with pytest.raises(mj.errors.JaxRuntimeError, match="why") as found:
            transform(lambda x: io_callback(fields, F64, x))(1.0)
        assert isinstance(found.value, FieldsError)
        assert found.value.number == 3
        # Its fields cannot be set from outside, so it comes out as it is.
        with pytest.raises(FileNotFoundError, match="file"):
            transform(lambda x: mj.debug.callback(raises(FileNotFoundError(2, "file")), x))(1.0)


def test_callbacks_may_call_minijax() -> None:
    def host(x: Any) -> Any:
        return np.asarray(mj.jit(jnp.sin)(jnp.asarray(x)) + mj.grad(jnp.cos)(float(x)))

    close(mj.jit(lambda x: mj.pure_callback(host, F64, x))(0.5), 0.0)


def test_callbacks_are_given_arrays_of_the_package(seen: list[Any]) -> None:
    def record(x: Any) -> Any:
        seen.append((isinstance(x, mj.Array), x.dtype.name, x.weak_type))
        return x.at[0].set(7.0)

    shape = mj.ShapeDtypeStruct((2,), "float64")
    call = lambda x: mj.pure_callback(record, shape, x)  # noqa: E731
    for f in (call, mj.jit(call)):
        np.testing.assert_array_equal(f(jnp.ones(2)), [7.0, 1.0])
    assert seen == [(True, "float64", False)] * 2
    with pytest.raises(NotImplementedError, match="vmap_method"):
        mj.vmap(call)(jnp.ones((3, 2)))


def test_nested_arrays_are_printed_as_arrays() -> None:
    with redirect_stdout(io.StringIO()) as printed:
        mj.jit(lambda x: mj.debug.print("{a}", a={"k": x}))(jnp.ones(2))
    assert printed.getvalue() == "{'k': Array([1., 1.], dtype=float64)}\n"
