import itertools
from types import ModuleType

import numpy as np
import pytest

from minijax.core import dtypes


@pytest.mark.oracle
def test_promotion_agrees_with_the_oracle_on_every_pair(oracle: ModuleType) -> None:
    kinds = [(dtype, weak) for dtype in dtypes.ALL for weak in (False, True)]
    scalars = {dtypes.int64: 1, dtypes.float64: 1.0, dtypes.complex128: 1j}
    values = {
        (dtype, weak): scalars[dtype] if weak else oracle.numpy.ones((), dtype)
        for dtype, weak in kinds
        if not weak or dtype in scalars
    }
    for left, right in itertools.product(values, repeat=2):
        expected = oracle.numpy.result_type(values[left], values[right])
        assert dtypes.promote([left, right])[0] == expected, (left, right)


def test_promotion_is_a_join() -> None:
    kinds = [(dtype, False) for dtype in dtypes.ALL]
    kinds += [(dtype, True) for dtype in (dtypes.int64, dtypes.float64, dtypes.complex128)]
    for x, y in itertools.product(kinds, repeat=2):
        joined = dtypes.promote([x, y])
        assert joined == dtypes.promote([y, x])
        assert dtypes.promote([joined, x]) == joined
    for x, y, z in itertools.product([(d, False) for d in dtypes.ALL], repeat=3):
        assert dtypes.promote([dtypes.promote([x, y]), z]) == dtypes.promote([x, y, z])


def test_weak_types_never_widen_and_stay_weak_among_themselves() -> None:
    assert dtypes.promote([(dtypes.int8, False), (dtypes.int64, True)]) == (dtypes.int8, False)
    assert dtypes.promote([(dtypes.int64, True), (dtypes.float64, True)]) == (dtypes.float64, True)
    assert dtypes.promote([(dtypes.bool_, False)]) == (dtypes.bool_, False)


def test_keys_are_promoted_with_nothing() -> None:
    assert dtypes.promote([(dtypes.key_dtype, False)] * 2) == (dtypes.key_dtype, False)
    with pytest.raises(TypeError, match=r"No promotion is defined between f64 and key<fry>"):
        dtypes.promote([(dtypes.key_dtype, False), (dtypes.float64, False)])


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (bool, (dtypes.bool_, False)),
        (int, (dtypes.int64, True)),
        (float, (dtypes.float64, True)),
        (complex, (dtypes.complex128, True)),
        (np.float64, None),
        (np.int32, None),
        (str, None),
    ],
)
def test_python_scalars(kind: type, expected: object) -> None:
    assert dtypes.python_scalar_dtype(kind) == expected


def test_kinds_know_bfloat16() -> None:
    assert dtypes.is_float(dtypes.bfloat16)
    assert dtypes.is_inexact(dtypes.bfloat16)
    assert not dtypes.is_integer(dtypes.bfloat16)
    assert dtypes.tangent_dtype(dtypes.bfloat16) == dtypes.bfloat16
    assert dtypes.tangent_dtype(dtypes.int32) == dtypes.float0
    assert not dtypes.is_inexact(dtypes.key_dtype)


def test_real_and_complex_counterparts() -> None:
    for dtype in dtypes.COMPLEX:
        assert dtypes.complex_dtype(dtypes.real_dtype(dtype)) == dtype
    assert dtypes.complex_dtype(dtypes.float16) == dtypes.complex64


def test_short_names() -> None:
    assert " ".join(map(dtypes.short_name, dtypes.ALL)) == (
        "bool i8 i16 i32 i64 u8 u16 u32 u64 bf16 f16 f32 f64 c64 c128"
    )


def test_canonical_takes_names_types_and_byte_orders() -> None:
    assert dtypes.canonical(float) == dtypes.float64
    assert dtypes.canonical("bfloat16") == dtypes.bfloat16
    assert dtypes.canonical(np.float32) == dtypes.float32
    assert dtypes.canonical(">f8") == dtypes.float64
    for refused in ("U3", object, "datetime64[s]"):
        with pytest.raises(TypeError, match=r"Arrays cannot hold dtype .*\. Use one of: bool"):
            dtypes.canonical(refused)
