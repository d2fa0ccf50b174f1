"""Functions of SciPy that compiled code calls as loops over whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from minijax.compiler import external, ufunc_loops
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import bfloat16
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage
from minijax.primitives import special_oscillating as special

REAL = [special.fresnel_p, special.sici_p]
COMPLEX = [special.wofz_p, special.complex_digamma_p, special.complex_loggamma_p]


def _both_ways(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> str:
    """Compares the compiled program with the evaluator to the bit; returns its LLVM text."""
    program = stage(function, [ShapedArray(x.shape, x.dtype) for x in arrays])
    compiled = compile_jaxpr(program)
    for x, y in zip(compiled.run(arrays), eval_jaxpr(program, *arrays), strict=True):
        wanted = np.asarray(y)
        assert (x.dtype, x.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_array_equal(x, wanted)
    return compiled.llvm_ir()


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5)])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", bfloat16])
@pytest.mark.parametrize("primitive", REAL, ids=lambda p: p.name)
def test_real_functions(primitive: Any, dtype: Any, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(0, 3, shape).astype(dtype)
    text = _both_ways(lambda x: primitive.bind(x), np.asarray(x))
    assert "ufunc_" in text
    assert "@host" not in text


@pytest.mark.parametrize("shape", [(), (4,), (3, 2)])
@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("primitive", COMPLEX, ids=lambda p: p.name)
def test_complex_functions(primitive: Any, dtype: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    z = np.asarray(rng.normal(0, 3, shape) + 1j * rng.normal(0, 3, shape)).astype(dtype)
    text = _both_ways(lambda z: primitive.bind(z), z)
    assert "@host" not in text


def test_nothing_is_not_called() -> None:
    assert "call" not in _both_ways(lambda x: special.fresnel_p.bind(x), np.zeros((0, 3)))


def test_operands_that_are_computed_and_results_that_are_read() -> None:
    x = np.linspace(-3, 3, 40).reshape(4, 10)

    def both(x: Any) -> list[Any]:
        sine, cosine = special.fresnel((x * 2).T)
        return [(sine + cosine).sum(0), special.sici(x[:, ::2])[0]]

    program = stage(both, [ShapedArray(x.shape, x.dtype)])
    found, wanted = compile_jaxpr(program).run([x]), eval_jaxpr(program, x)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, 1e-13)


def test_where_a_loop_cannot_be_had_python_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "is_known", lambda symbol: False)
    assert "@host" in _both_ways(lambda x: special.sici_p.bind(x), np.linspace(0, 1, 5))


def test_unknown_loops_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for symbol in ("ufunc_fresnel_d_d", "ufunc_nothing_d_d", "ufunc_fresnel"):
        assert not external.is_known(symbol)
    with pytest.raises(LookupError, match="where it should be"):
        ufunc_loops.special("wofz", "d", "d")
    wrong = ufunc_loops.special("sici", "d", "dd")
    monkeypatch.setattr(ufunc_loops, "read", lambda ufunc, types: wrong)
    with pytest.raises(LookupError):
        ufunc_loops.special.__wrapped__("fresnel", "d", "dd")


def test_only_ufuncs_are_read() -> None:
    assert ufunc_loops.read(np.sum, "d->d") is None
    assert ufunc_loops.read(np.sin, "q->d") is None
    found = ufunc_loops.read(np.arctan2, "dd->d")
    assert found is not None
    x, y, out = np.array([1.0, 2.0]), np.array([3.0, -1.0]), np.zeros(2)
    ufunc_loops.call(found, (x, y, out), (2,), (8, 8, 8))
    np.testing.assert_array_equal(out, np.arctan2(x, y))
