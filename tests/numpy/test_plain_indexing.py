"""Plain indices of known arrays are read by NumPy: results and errors of the general way."""

import itertools

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.core import dtypes
from minijax.core.array import value_of, wrap
from minijax.core.avals import ShapedArray

SLICES = ((None,), (1, None), (None, None, -1), (5, 0, -2), (0, 0))
ENTRIES = (0, -1, 2, *(slice(*parts) for parts in SLICES))
INDICES = [
    *ENTRIES,
    None,
    ...,
    (),
    *itertools.product(ENTRIES, repeat=2),
    (..., 1),
    (None, 0),
    (slice(1, 2), None, ...),
    7,
    (0, -9),
    (0, 0, 0, 0),
    (..., ...),
    True,
    "a",
    1.0,
]


def outcome(x, index):
    try:
        return x[index]
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("shape", [(4,), (3, 4), (3, 4, 2), (), (0, 3)], ids=str)
@pytest.mark.parametrize("weak", [False, True])
def test_known_arrays_are_read_as_the_general_way_reads_them(shape, weak):
    value = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    x = wrap(value, ShapedArray(shape, dtypes.float64, weak))
    for index in INDICES:
        found = outcome(x, index)
        with mj.config.override(debug_nans=False):  # then every operation goes the general way
            expected = outcome(x, index)
        if isinstance(expected, tuple):
            assert found == expected
            continue
        assert found.aval is expected.aval
        assert found.tolist() == expected.tolist()
        assert value_of(found).flags.c_contiguous
        assert not value_of(found).flags.writeable


def test_reads_are_recorded_while_a_program_is():
    x = jnp.arange(3.0)
    program = mj.make_jaxpr(lambda y: y + x[0])(1.0)
    assert len(program.eqns) > 1


def test_keys_are_read():
    keys = mj.random.split(mj.random.key(0), 3)
    assert keys[1].dtype == keys.dtype
    assert keys[1:].shape == (2,)
