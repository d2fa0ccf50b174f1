"""Compiles programs for a processor that this process is told it has.

    python -m tests.compiler.other_processor TRIPLE CPU FEATURES WIDE WIDER [run]

Every program and every elementary function becomes machine code. The wide loops of each use
registers whose names match WIDE, and none that match WIDER. With `run` the programs are carried
out, too, and their results compared with the evaluator's; the machine must be able to do that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.compiler import engine
from minijax.compiler.vector_math import library
from minijax.core.execute import back_end
from minijax.interpreters.evaluate import evaluate

N = 1003  # not a multiple of any number of lanes


def _row_program(x: Any) -> Any:
    return mj.grad(lambda m: jnp.sum(mj.nn.softmax(m, -1) ** 2))(x.reshape(17, 59))


def _recurrence(x: Any) -> Any:
    return lax.scan(lambda c, y: (0.5 * c + jnp.sin(y), c), jnp.zeros((), x.dtype), x)


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "map": lambda x: jnp.where(x > 0.5, x * x + 1, -x),
    "elementary": lambda x: jnp.exp(-(x**2)) * jnp.tanh(x),
    "fold": lambda x: (jnp.sum(x), jnp.max(x), jnp.argmax(x)),
    "rows": _row_program,
    "columns": lambda x: jnp.cumsum(x.reshape(17, 59), 0).T,
    "loop": _recurrence,
    "sort": lambda x: (jnp.sort(x), jnp.argsort(x)),
    "indices": lambda x: jnp.zeros(7, x.dtype).at[(x * 7).astype(int)].add(x)[::-1],
    "draw": lambda x: x + mj.random.normal(mj.random.key(0), x.shape, x.dtype),
    "small systems": lambda x: jnp.linalg.solve(
        x[:900].reshape(100, 3, 3) + 3 * jnp.eye(3), x[:300].reshape(100, 3, 1)
    ),
    "integers": lambda x: (x * 1000).astype(jnp.int32) // 7 % 5,
    "half": lambda x: (x.astype(jnp.float16) * 2).astype(jnp.bfloat16),
}
WIDE = ("map", "elementary", "fold", "rows")


def pretend(triple: str, cpu: str, features: str) -> None:
    """Makes the engine compile for another processor."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    target = binding.Target.from_triple(triple)
    machines = {
        level: target.create_target_machine(
            cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True
        )
        for level in range(4)
    }
    engine._processor = lambda: (cpu, features)  # type: ignore[assignment]
    engine._machine = machines.__getitem__  # type: ignore[assignment]


def check_code(wide: str, wider: str) -> None:
    """Compiles everything for the processor."""

    def check(name: str, code: str) -> None:
        assert re.search(wide, code), f"{name} is not wide"
        assert not re.search(wider, code), f"{name} needs another processor"

    x = np.linspace(0.05, 0.95, N)
    for name, program in PROGRAMS.items():
        for dtype in (np.float64, np.float32):
            code = mj.jit(program).lower(x.astype(dtype)).assembly()
            if name in WIDE:
                check(name, code)
    width = engine.host().vector_bytes
    for name in library.FUNCTIONS:
        for ty, size in (("double", 8), ("float", 4)):
            function = library.parsed(library.symbol(name, ty, width // size))
            assert function is not None
            check(name, engine.assembly_of(library.module_text(*function)))


def check_results() -> None:
    """Runs every program and compares it with the evaluator."""
    x = np.linspace(0.05, 0.95, N)
    for program in PROGRAMS.values():
        for dtype in (np.float64, np.float32):
            point = x.astype(dtype)
            found = mj.tree.leaves(mj.jit(program)(point))
            with back_end(evaluate):
                expected = mj.tree.leaves(mj.jit(program)(point))
            for one, other in zip(found, expected, strict=True):
                one, other = (np.asarray(z).astype(np.float64) for z in (one, other))
                tolerance = 1e-12 if dtype is np.float64 else 1e-5
                np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


if __name__ == "__main__":
    pretend(*sys.argv[1:4])
    check_code(*sys.argv[4:6])
    if sys.argv[6:] == ["run"]:
        check_results()
