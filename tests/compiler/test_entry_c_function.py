"""Compiled programs called from C: through ctypes, from threads, and by SciPy."""

from __future__ import annotations

import ctypes
import gc
import threading
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import integrate, ndimage

import minijax as mj
import minijax.numpy as jnp
from minijax import lax

RUN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def compiled(f: Any, *args: Any, **options: Any) -> Any:
    return mj.jit(f, **options).lower(*args).compile()


def run(function: Any, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> int:
    """Calls the function at an address with the addresses of arrays."""
    tables = [(ctypes.c_void_p * max(len(xs), 1))() for xs in (inputs, outputs)]
    for table, xs in zip(tables, (inputs, outputs), strict=True):
        for k, x in enumerate(xs):
            table[k] = x.ctypes.data
    return int(function(ctypes.addressof(tables[0]), ctypes.addressof(tables[1])))


def test_inputs_and_outputs_in_order() -> None:
    c = jnp.asarray([10.0, 20.0, 30.0])
    f = compiled(
        lambda tree, n: {"b": tree["x"] * n + c, "a": (tree["y"].sum(), n + 1)},
        {"y": np.ones((2, 3), np.float32), "x": np.arange(3.0)},
        2,
    )
    inputs = [np.arange(3.0), np.full((2, 3), 2.0, np.float32), np.array(5)]
    outputs = [np.zeros((), np.float32), np.zeros((), int), np.zeros(3)]
    assert run(RUN(f.address), inputs, outputs) == 0
    assert (float(outputs[0]), int(outputs[1])) == (12.0, 6)
    np.testing.assert_array_equal(outputs[2], np.arange(3.0) * 5 + np.asarray(c))
    assert f.address == f.address


@pytest.mark.parametrize("n", (5, 3000))
def test_programs_with_working_memory_constants_and_loops(n: int) -> None:
    def f(x: Any) -> Any:
        y = lax.fori_loop(0, 7, lambda i, y: jnp.cumsum(y) / n + x[::-1], x)
        return jnp.sort(y), y @ y, x + np.linspace(0, 1, n)

    native = compiled(f, np.zeros(n))
    x = np.random.default_rng(0).normal(size=n)
    outputs = [np.zeros(n), np.zeros(()), np.zeros(n)]
    assert run(RUN(native.address), [x], outputs) == 0
    for found, expected in zip(outputs, mj.jit(f)(x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_linear_algebra_and_static_arguments() -> None:
    native = compiled(
        lambda a, b, k: jnp.linalg.solve(a, b) * k, np.eye(40), np.ones(40), 3, static_argnums=2
    )
    a, b, out = np.diag(np.arange(1.0, 41.0)), np.ones(40), np.zeros(40)
    assert run(RUN(native.address), [a, b], [out]) == 0
    np.testing.assert_allclose(out, 3 / np.arange(1.0, 41.0))


def test_many_threads_without_the_lock() -> None:
    native = compiled(lambda x: jnp.sort(jnp.sin(x))[::-1] + jnp.cumsum(x), np.zeros(5000))
    starts = [np.random.default_rng(k).normal(size=5000) for k in range(4)]
    expected = [np.sort(np.sin(x))[::-1] + np.cumsum(x) for x in starts]
    found = [np.zeros(5000) for _ in starts]
    function = RUN(native.address)

    def work(k: int) -> None:
        for _ in range(50):
            assert run(function, [starts[k]], [found[k]]) == 0

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_programs_that_call_python_have_no_address() -> None:
    shape = mj.ShapeDtypeStruct((), np.float64)
    native = compiled(lambda x: mj.pure_callback(np.sin, shape, x), 1.0)
    with pytest.raises(ValueError, match="calls Python"):
        native.address  # noqa: B018 - what is asked for raises
    with pytest.raises(ValueError, match="calls Python"):
        native.low_level_callable("double (double)")


def test_quad() -> None:
    native = compiled(lambda x: jnp.exp(-x * x), 0.0).low_level_callable("double (double)")
    gc.collect()
    value, _ = integrate.quad(native, -np.inf, np.inf)
    assert value == pytest.approx(np.sqrt(np.pi), rel=1e-12)


def test_quad_with_data() -> None:
    f = compiled(lambda x, p: p[0] * jnp.cos(p[1] * x), 0.0, np.zeros(2))
    native = f.low_level_callable("double (double, void *)", np.array([3.0, 2.0]))
    gc.collect()
    value, _ = integrate.quad(native, 0, 1)
    assert value == pytest.approx(1.5 * np.sin(2.0))
    ours = f.low_level_callable("double (double, void *)", jnp.asarray([2.0, 1.0]))
    assert integrate.quad(ours, 0, 1)[0] == pytest.approx(2 * np.sin(1.0))
    with pytest.raises(TypeError, match="takes data"):
        f.low_level_callable("double (double, void *)")
    with pytest.raises(TypeError, match="takes data"):
        f.low_level_callable("double (double, void *)", np.zeros(3))


@pytest.mark.parametrize("as_vector", (False, True))
def test_nquad_and_parameters(as_vector: bool) -> None:
    if as_vector:
        f = compiled(lambda v: v[0] * v[1] ** 2 + v[2], np.zeros(3))
    else:
        f = compiled(lambda x, y, a: x * y**2 + a, 0.0, 0.0, 0.0)
    native = f.low_level_callable("double (int, double *)")
    value, _ = integrate.nquad(native, [(0, 1), (0, 2)], args=(5.0,))
    assert value == pytest.approx(4 / 3 + 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", integrate.IntegrationWarning)
        assert np.isnan(integrate.quad(native, 0, 1)[0])


def test_integrands_of_several_numbers_with_data() -> None:
    zero = np.float64(0.0)
    f = compiled(lambda x, a, t: a * x + t.sum(), zero, zero, np.zeros((2, 2), np.float32))
    with pytest.raises(TypeError, match="does not fit"):
        f.low_level_callable("double (int, double *)")
    table = np.ones((2, 2), np.float32)
    native = f.low_level_callable("double (int, double *, void *)", table)
    assert integrate.quad(native, 0, 1, args=(2.0,))[0] == pytest.approx(5.0)


def test_filters() -> None:
    image = np.random.default_rng(0).normal(size=(9, 11))
    spread = compiled(lambda window: window.max() - window.min(), np.zeros(9))
    native = spread.low_level_callable("int (double *, intptr_t, double *, void *)")
    expected = ndimage.generic_filter(image, np.ptp, size=3)
    np.testing.assert_allclose(ndimage.generic_filter(image, native, size=3), expected)
    with pytest.raises(RuntimeError):
        ndimage.generic_filter(image, native, size=5)


def test_line_filters() -> None:
    image = np.random.default_rng(0).normal(size=(9, 11))
    line = compiled(lambda x: (x[:-2] + x[1:-1] + x[2:]) / 3, np.zeros(13))
    native = line.low_level_callable("int (double *, intptr_t, double *, intptr_t, void *)")
    expected = ndimage.uniform_filter1d(image, 3)
    np.testing.assert_allclose(ndimage.generic_filter1d(image, native, 3), expected)


def test_geometric_transforms() -> None:
    image = np.random.default_rng(0).normal(size=(9, 11))
    shift = compiled(lambda place, by: place - by, np.zeros(2, int), np.zeros(2))
    signature = "int (intptr_t *, double *, int, int, void *)"
    native = shift.low_level_callable(signature, np.array([1.5, -0.5]))
    expected = ndimage.shift(image, (1.5, -0.5))
    np.testing.assert_allclose(ndimage.geometric_transform(image, native), expected)


def test_right_hand_sides() -> None:
    f = compiled(lambda t, y, k: jnp.stack([y[1], -k * y[0] + t]), 0.0, np.zeros(2), 0.0)
    native = f.low_level_callable("void (double, double *, double *, void *)", 4.0)
    y, dy = np.array([1.0, 2.0]), np.zeros(2)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_double, *[ctypes.c_void_p] * 3)
    function = ctypes.cast(native.function, kind)
    function(0.5, y.ctypes.data, dy.ctypes.data, native.user_data)
    np.testing.assert_allclose(dy, [2.0, -3.5])


@pytest.mark.parametrize(
    ("signature", "f", "args"),
    (
        ("double (double)", lambda x: x, (np.zeros(2),)),
        ("double (double)", lambda x: x, (np.float32(1),)),
        ("double (double)", lambda x: (x, x), (1.0,)),
        ("double (double)", lambda x, y: x + y, (1.0, 1.0)),
        ("double (double)", lambda: 1.0, ()),
        ("double (int, double *)", lambda x: x.sum(), (np.zeros((2, 2)),)),
        ("double (int, double *)", lambda x: x.sum(), (np.zeros(2, int),)),
        ("int (double *, intptr_t, double *, void *)", lambda x: x, (np.zeros(2),)),
        ("void (double, double *, double *, void *)", lambda t, y: y[:1], (0.0, np.zeros(2))),
    ),
)
def test_what_does_not_fit_is_told(signature: str, f: Any, args: Any) -> None:
    with pytest.raises(TypeError, match="does not fit"):
        compiled(f, *args).low_level_callable(signature)


def test_unknown_signatures() -> None:
    with pytest.raises(ValueError, match=r"double \(double\)"):
        compiled(lambda x: x, 1.0).low_level_callable("float (float)")
