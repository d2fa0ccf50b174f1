"""Operations that are one ufunc run as that ufunc, with the results of `impl`."""

import itertools
import warnings

import numpy as np
import pytest

from minijax.core import dtypes
from minijax.core.array import to_array, value_of
from minijax.core.avals import ShapedArray
from minijax.core.primitive import Plan
from minijax.core.trace import EVAL
from minijax.primitives import arithmetic, bitwise, compare, exponential, powers, trigonometric

FAMILIES = (arithmetic, bitwise, compare, exponential, powers, trigonometric)
WITH_UFUNCS = {
    p.name: p
    for family in FAMILIES
    for p in vars(family).values()
    if getattr(p, "ufuncs", None) and not isinstance(p, type)
}
VALUES = (0, 1, -1, 2, 3, -7, 100)
ODD = (np.nan, np.inf, -np.inf, -0.0, 1e300)


def sample(dtype, seed):
    values = [*VALUES, *(ODD if dtype.kind in "fc" else ())]
    rotated = values[seed:] + values[:seed]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.array(rotated).astype(dtype)


CASES = [(name, dtype) for name, p in WITH_UFUNCS.items() for dtype in p.ufuncs]


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=lambda x: getattr(x, "name", str(x)))
def test_a_plan_gives_what_impl_gives(name, dtype):
    primitive = WITH_UFUNCS[name]
    nin = primitive.ufuncs[dtype].nin
    for ranks in itertools.product((0, 1), repeat=nin):
        operands = []
        for position, rank in enumerate(ranks):
            values = sample(dtype, position)
            operands.append(to_array(values if rank else values[3]))
        avals = tuple(x.aval for x in operands)
        plan = primitive.plans[avals]
        assert isinstance(plan, Plan)
        (found,) = EVAL.process(primitive, operands, {})
        (expected,) = primitive.impl(*map(value_of, operands))
        assert (found.aval,) == primitive.abstract_eval(avals, {})
        assert value_of(found).dtype == expected.dtype
        assert value_of(found).shape == expected.shape
        assert value_of(found).tobytes() == expected.tobytes()
        assert not value_of(found).flags.writeable


def test_operands_of_different_dtypes_have_no_plan_but_an_error():
    x, y = to_array(np.ones(2)), to_array(np.ones(2, np.float32))
    assert arithmetic.add_p.plans[x.aval, y.aval] is None
    with pytest.raises(TypeError, match="one dtype"):
        arithmetic.add_p.bind(x, y)


def test_half_precision_and_keys_have_no_plan():
    for dtype in (dtypes.bfloat16, dtypes.float16):
        aval = ShapedArray((3,), dtype)
        assert arithmetic.add_p.plans[aval, aval] is None
    key = ShapedArray((3,), dtypes.key_dtype)
    assert compare.eq_p.plans[key, key] is None


def test_an_integer_exponent_goes_to_impl():
    x, y = to_array(np.array([2.0, 3.0])), to_array(np.array([3, 2]))
    assert powers.pow_p.plans[x.aval, y.aval] is None
    assert value_of(powers.pow_p.bind(x, y)[0]).tolist() == [8.0, 9.0]
