"""What the compiler's tests share: kernel programs by hand, and the comparison of back ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.compiler import compile_jaxpr
from minijax.compiler.pipeline import Compiled, compile_program
from minijax.core.avals import ShapedArray
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.stage import stage
from minijax.kernel.build import KernelBuilder
from minijax.kernel.reference import evaluate_program
from minijax.kernel.roots import Program, Value


def aval(*shape: int, dtype: Any = "float64") -> ShapedArray:
    """The aval of an array."""
    return ShapedArray(shape, np.dtype(dtype))


def sample(avals: Sequence[ShapedArray], seed: int = 0) -> list[np.ndarray]:
    """Arrays of the given avals, between -2 and 2 (integers: between -9 and 9)."""
    rng = np.random.default_rng(seed)
    found = []
    for each in avals:
        scale = 9 if each.dtype.kind in "iu" else 2
        x = np.asarray(rng.uniform(-scale, scale, each.shape))
        if each.dtype.kind == "c":
            x = x + 1j * rng.uniform(-2, 2, each.shape)
        found.append((np.abs(x) if each.dtype.kind == "u" else x).astype(each.dtype))
    return found


def check_function(
    function: Callable[..., Sequence[Any]], *avals: ShapedArray, tolerance: float = 1e-12
) -> Compiled:
    """Stages and compiles a function and compares it with the NumPy evaluator."""
    jaxpr = stage(function, avals)
    compiled = compile_jaxpr(jaxpr)
    args = sample(avals)
    kept = [x.copy() for x in args]
    compare(compiled.run(args), evaluate(jaxpr, args), tolerance)
    compare(args, kept, 0.0)
    return compiled


def check_kernels(
    build: Callable[..., Sequence[Value]], *avals: ShapedArray, tolerance: float = 1e-12
) -> Compiled:
    """Compiles a kernel program and compares it with the reference evaluator."""
    k = KernelBuilder()
    inputs = tuple(Value(each, k) for each in avals)
    outputs = tuple(build(k, *inputs))
    program = Program(inputs, tuple(k.definitions), outputs, tuple(k.literals))
    compiled = compile_program(program)
    args = sample(avals)
    compare(compiled.run(args), evaluate_program(program, args), tolerance)
    return compiled


def compare(got: Sequence[np.ndarray], want: Sequence[np.ndarray], tolerance: float) -> None:
    """Asserts equal dtypes, shapes and (nearly) equal elements."""
    for x, y in zip(got, want, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)
