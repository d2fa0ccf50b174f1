import copy

import numpy as np
import pytest

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.config import config
from minijax.core.errors import (
    ConcretizationTypeError,
    TracerArrayConversionError,
    TracerBoolConversionError,
    TracerIntegerConversionError,
    UnexpectedTracerError,
)
from minijax.core.trace import EVAL, Trace, current_trace, new_trace, set_trace
from minijax.interpreters.jvp import jvp
from minijax.interpreters.stage import stage_closed
from minijax.primitives.arithmetic import add, mul, neg

SCALAR = ShapedArray((), dtypes.float64)


def test_at_rest_operations_run_at_once() -> None:
    assert current_trace() is EVAL
    assert float(add(to_array(1.0), 2.0)) == 3.0


def test_set_trace_restores_the_previous_one() -> None:
    first, second = Trace(), Trace()
    with set_trace(first):
        with set_trace(second):
            assert current_trace() is second
        assert current_trace() is first
    assert current_trace() is EVAL
    assert not first.closed


def test_new_trace_closes_it_whatever_happens() -> None:
    trace = Trace()
    with pytest.raises(RuntimeError), new_trace(trace):
        raise RuntimeError
    assert trace.closed
    assert current_trace() is EVAL


def refusals(use) -> None:
    def program(a):
        use(a)
        return [a]

    stage_closed(program, [SCALAR])


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (bool, TracerBoolConversionError),
        (int, ConcretizationTypeError),
        (float, ConcretizationTypeError),
        (complex, ConcretizationTypeError),
        (lambda a: a.item(), ConcretizationTypeError),
        (lambda a: a.tolist(), ConcretizationTypeError),
        (lambda a: [10, 20][a], TracerIntegerConversionError),
        (np.asarray, TracerArrayConversionError),
        (np.sin, TracerArrayConversionError),
    ],
)
def test_a_staged_value_has_no_elements_yet(use, error: type[Exception]) -> None:
    with pytest.raises(error):
        refusals(use)


def test_a_differentiated_value_is_known() -> None:
    def program(a):
        assert float(a) == 2.0
        assert a.item() == 2.0
        return [mul(a, a) if a else neg(a)]

    outs, tangents = jvp(program, [to_array(2.0)], [to_array(1.0)])
    assert (float(outs[0]), float(tangents[0])) == (4.0, 4.0)


def test_copying_a_tracer_gives_the_tracer() -> None:
    def program(a):
        assert copy.copy(a) is a
        assert copy.deepcopy([a])[0] is a
        return [a]

    stage_closed(program, [SCALAR])


def test_a_live_tracer_met_by_eager_code_is_refused() -> None:
    def program(a):
        with set_trace(EVAL):
            neg(a)
        return [a]

    with pytest.raises(UnexpectedTracerError):
        stage_closed(program, [SCALAR])


@pytest.mark.parametrize(("switch", "value"), [("debug_nans", np.nan), ("debug_infs", np.inf)])
def test_bad_numbers_are_reported_where_they_arise(
    monkeypatch: pytest.MonkeyPatch, switch: str, value: float
) -> None:
    previous = getattr(config, switch)
    config.update(switch, True)
    try:
        with pytest.raises(FloatingPointError, match=rf"came out of 'neg' \({switch} is on\)"):
            neg(to_array(np.array([1.0, value])))
    finally:
        config.update(switch, previous)
    neg(to_array(np.array([1.0, value])))
