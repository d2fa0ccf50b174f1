"""The current trace belongs to a thread: transformations in several threads do not meet."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from minijax.core.array import to_array
from minijax.core.trace import EVAL, current_trace, mapped_axes
from minijax.interpreters.batch import batch
from minijax.interpreters.jvp import jvp
from minijax.interpreters.linearize import vjp
from minijax.primitives.arithmetic import mul
from tests.interpreters.support import f64, numpy, staged, x


def test_a_thread_started_inside_a_trace_starts_at_rest() -> None:
    seen = []

    def program(a):
        def observe() -> None:
            seen.append((current_trace(), mapped_axes()))

        thread = threading.Thread(target=observe)
        thread.start()
        thread.join()
        assert current_trace() is not EVAL
        return [a]

    batch(program, [x(1.0, 2.0)], [0], 2, "rows")
    assert seen == [(EVAL, ())]


def test_transformations_run_side_by_side() -> None:
    barrier = threading.Barrier(4)

    def derive(k: int) -> float:
        def program(a):
            barrier.wait(timeout=10)  # all four are inside their traces now
            return [mul(mul(a, a), float(k))]

        barrier.wait(timeout=10)
        if k % 2:
            (tangent,) = jvp(program, [to_array(3.0)], [to_array(1.0)])[1]
            return float(tangent)
        _, pullback = vjp(program, [to_array(3.0)], [True])
        return float(pullback([to_array(1.0)])[0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(derive, range(4))) == [0.0, 6.0, 12.0, 18.0]


def test_one_program_is_derived_in_many_threads() -> None:
    jaxpr = staged(lambda a: [mul(a, a)], f64(3))

    def derive(_: int) -> np.ndarray:
        from_outside = jvp(lambda a: [mul(a, a)], [x(1.0, 2.0, 3.0)], [x(1.0, 1.0, 1.0)])[1][0]
        assert current_trace() is EVAL
        return numpy(from_outside)

    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(derive, range(20)):
            np.testing.assert_array_equal(found, [2.0, 4.0, 6.0])
    assert len(jaxpr.eqns) == 1
