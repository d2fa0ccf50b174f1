"""Fourier transforms are calls of NumPy's C functions, and agree with the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import minijax as mj
from minijax.compiler import external, numpy_transforms
from minijax.compiler.pipeline import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.stage import stage
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.roots import Native
from minijax.primitives.fft import fft
from minijax.primitives.shape import transpose
from minijax.primitives.slicing import slice_in_dim

SHAPES = [((1,), 1), ((8,), 1), ((3, 7), 1), ((4, 5, 6), 2), ((2, 4, 3, 7), 3), ((5, 1, 8), 2)]
TOLERANCE = {"complex64": 1e-5, "float32": 1e-5, "complex128": 1e-12, "float64": 1e-12}


def _operand(kind: str, shape: tuple[int, ...], real: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    if kind == "RFFT":
        return rng.normal(size=shape).astype(real)
    if kind == "IRFFT":
        shape = (*shape[:-1], shape[-1] // 2 + 1)
    both = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    return both.astype("complex64" if real == "float32" else "complex128")


def _stage(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> Any:
    return stage(function, [ShapedArray(x.shape, x.dtype) for x in arrays])


def _both_ways(function: Callable[..., Sequence[Any]], *arrays: np.ndarray) -> str:
    """Compares the compiled program with the evaluator; returns its LLVM text."""
    program = _stage(function, *arrays)
    compiled = compile_jaxpr(program)
    for x, y in zip(compiled.run(arrays), eval_jaxpr(program, *arrays), strict=True):
        wanted = np.asarray(y)
        assert (x.dtype, x.shape) == (wanted.dtype, wanted.shape)
        tolerance = TOLERANCE[x.dtype.name] * max(1.0, float(np.abs(wanted).max(initial=0)))
        np.testing.assert_allclose(x, wanted, rtol=0, atol=tolerance)
    return compiled.llvm_ir()


@pytest.mark.parametrize("real", ["float64", "float32"])
@pytest.mark.parametrize("kind", ["FFT", "IFFT", "RFFT", "IRFFT"])
@pytest.mark.parametrize(("shape", "rank"), SHAPES)
def test_transforms_do_not_call_python(
    kind: str, real: str, shape: tuple[int, ...], rank: int
) -> None:
    x = _operand(kind, shape, real)
    text = _both_ways(lambda x: [fft(x, kind, shape[-rank:])], x)
    assert "numpy_" in text
    assert "@host" not in text


def test_a_transform_of_nothing_is_nothing() -> None:
    x = np.zeros((0, 4), complex)
    assert "call" not in _both_ways(lambda x: [fft(x, "FFT", (4,))], x)


def test_axes_after_the_first_are_transformed_in_place() -> None:
    x = _operand("FFT", (20, 30, 40), "float64")
    program = _stage(lambda x: [fft(x, "FFT", (20, 30, 40))], x)
    compiled = compile_jaxpr(program)
    assert compiled.memory()["arena"] == 0
    assert "memmove" not in compiled.llvm_ir()
    kept = x.copy()
    compiled.run([x])
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("kind", ["FFT", "IFFT", "RFFT", "IRFFT"])
@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0)])
def test_lines_are_transformed_where_they_are(kind: str, order: tuple[int, ...]) -> None:
    x = _operand(kind, (4, 5, 6), "float64")

    def lines(x: Any) -> list[Any]:
        moved = transpose(x, order)
        n = moved.shape[-1] if kind != "IRFFT" else 2 * moved.shape[-1] - 2
        return [fft(moved, kind, (n,))]

    _both_ways(lines, x)
    program = lower_jaxpr(_stage(lines, x))
    (call,) = (d for d in program.definitions if isinstance(d, Native))
    assert (call.operands[0] is program.inputs[0]) is (order[-1] != 2)
    # What is cut off is no transposition, though its elements have the same indices.
    _both_ways(lambda x: [fft(slice_in_dim(x, 0, 3, axis=2), "FFT", (3,))], x + 0j)


def test_a_transform_is_kept_where_its_input_is_read_again() -> None:
    x = _operand("FFT", (6, 40, 40), "float64")

    def both(x: Any) -> list[Any]:
        rows = fft(x, "FFT", (40,))
        return [rows, fft(rows, "IFFT", (40, 40)), fft(x, "FFT", (40, 40))]

    _both_ways(both, x)


def test_where_the_functions_cannot_be_had_python_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(external, "is_known", lambda symbol: False)
    for kind in ("FFT", "IFFT", "RFFT", "IRFFT"):
        x = _operand(kind, (3, 4, 6), "float64")
        text = _both_ways(lambda x, kind=kind: [fft(x, kind, (4, 6))], x)
        assert "@host" in text
        assert "numpy_" not in text


def test_an_unknown_layout_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, real in (("fft", "float16"), ("dct", "float64")):
        with pytest.raises(LookupError, match="not where it should be"):
            numpy_transforms.transform(kind, real)
    wrong = numpy_transforms.transform("ifft", "float64")
    monkeypatch.setattr(numpy_transforms, "_read", lambda kind, real: wrong)
    with pytest.raises(LookupError):
        numpy_transforms.transform.__wrapped__("fft", "float64")


def test_the_wrong_ufunc_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        fft = np.matmul

    monkeypatch.setattr(numpy_transforms.importlib, "import_module", lambda name: Module)
    with pytest.raises(LookupError):
        numpy_transforms.transform.__wrapped__("fft", "float64")
    with pytest.raises(LookupError):
        numpy_transforms.transform.__wrapped__("irfft", "float64")


def test_inside_a_loop_mapped_and_differentiated() -> None:
    x = np.random.default_rng(0).normal(size=(5, 16))

    def filtered(row: Any) -> Any:
        def step(row: Any, _: Any) -> tuple[Any, None]:
            return mj.numpy.fft.irfft(mj.numpy.fft.rfft(row) * 0.9, 16) + row[0], None

        return (mj.lax.scan(step, row, None, length=3)[0] ** 2).sum()

    slope = mj.vmap(mj.grad(filtered))
    wanted = np.stack([np.asarray(mj.grad(filtered)(row)) for row in x])
    np.testing.assert_allclose(mj.jit(slope)(x), wanted, 1e-11)
