"""Special functions against the oracle: values, derivatives, compiled, mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.scipy.special as ours

pytestmark = pytest.mark.oracle

_REAL = np.array([-2.3, -0.7, 0.4, 1.9, 6.5])
_POSITIVE = np.array([0.3, 0.9, 1.7, 4.2, 11.0])
_UNIT = np.array([0.05, 0.3, 0.5, 0.8, 0.97])
_OTHER = np.array([2.4, 0.6, 3.1, 1.2, 9.0])

# name, operands, the positions of those to differentiate by
_ROWS: list[tuple[str, tuple[Any, ...], tuple[int, ...]]] = [
    *((name, (_REAL,), (0,)) for name in ("erf", "erfc", "erfcx", "dawsn", "ndtr", "log_ndtr")),
    *((name, (_REAL,), (0,)) for name in ("i0", "i0e", "i1", "i1e", "gamma", "gammaln", "digamma")),
    ("expit", (_REAL,), (0,)),
    ("gammasgn", (_REAL,), ()),
    ("expi", (_POSITIVE,), (0,)),
    ("exp1", (_POSITIVE,), ()),  # the oracle fails at its second derivative
    ("spence", (_POSITIVE,), ()),  # and gives NaN for some derivatives of this one
    ("erfinv", (_UNIT,), (0,)),
    ("ndtri", (_UNIT,), (0,)),
    ("logit", (_UNIT,), (0,)),
    ("entr", (_POSITIVE,), (0,)),
    ("factorial", (_POSITIVE,), (0,)),
    ("xlogy", (_REAL, _OTHER), (0, 1)),
    ("xlog1py", (_REAL, _OTHER), (0, 1)),
    ("rel_entr", (_POSITIVE, _OTHER), (0, 1)),
    ("kl_div", (_POSITIVE, _OTHER), (0, 1)),
    ("boxcox", (_POSITIVE, _REAL), (0, 1)),
    ("boxcox1p", (_POSITIVE, _REAL), (0, 1)),
    # Beyond 8 the oracle is right to 1e-8 only.
    ("betaln", (_POSITIVE[:4], _UNIT[:4]), (0, 1)),
    ("beta", (_POSITIVE[:4], _UNIT[:4]), (0, 1)),
    ("poch", (_POSITIVE, _OTHER), (0, 1)),
    ("comb", (np.array([5, 7, 3, 2, 9]), np.array([2, 3, 4, 2, 0])), ()),
    ("gammainc", (_POSITIVE, _OTHER), (0, 1)),
    ("gammaincc", (_POSITIVE, _OTHER), (0, 1)),
    ("betainc", (_POSITIVE, _OTHER, _UNIT), (2,)),
    ("zeta", (_POSITIVE + 1, _OTHER), (1,)),
    ("polygamma", (np.array([0, 1, 2, 3, 1]), _POSITIVE), ()),
    ("logsumexp", (_REAL,), (0,)),
    ("softmax", (_REAL,), (0,)),
    ("log_softmax", (_REAL,), (0,)),
]
_NO_SECOND_DERIVATIVE = ("gammainc", "gammaincc")  # of the oracle


def _close(found: Any, expected: Any, rtol: float = 1e-10) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol, 1e-12)


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_value_compiled_and_mapped(row: Any) -> None:
    import jax.scipy.special as theirs

    name, operands, _ = row
    expected = getattr(theirs, name)(*operands)
    _close(getattr(ours, name)(*operands), expected)
    _close(mj.jit(getattr(ours, name))(*operands), expected)
    if np.shape(expected) and not name.endswith("softmax"):
        _close(mj.vmap(getattr(ours, name))(*operands), expected)


@pytest.mark.parametrize("row", [row for row in _ROWS if row[2]], ids=lambda row: row[0])
def test_derivatives(row: Any) -> None:
    import jax

    name, operands, by = row
    f, g = getattr(ours, name), getattr(jax.scipy.special, name)
    weights = np.arange(1.0, 1.0 + len(operands[0]))
    for position in by:
        found = mj.grad(lambda *a: (f(*a) * weights).sum(), position)
        expected = jax.grad(lambda *a: (g(*a) * weights).sum(), position)
        _close(found(*operands), expected(*operands), 1e-9)
        if name in _NO_SECOND_DERIVATIVE:
            continue
        second = mj.grad(lambda *a, d=found: (d(*a) * weights).sum(), position)
        known = jax.grad(lambda *a, d=expected: (d(*a) * weights).sum(), position)
        _close(second(*operands), known(*operands), 1e-8)


@pytest.mark.parametrize("name", ["erf", "gammaln", "i0e", "digamma", "logit", "xlogy", "betaln"])
@pytest.mark.parametrize("value", [1, np.float32(0.5), 0.5])
def test_dtypes(name: str, value: Any) -> None:
    import jax.scipy.special as theirs

    operands = (value,) * (2 if name in ("xlogy", "betaln") else 1)
    found, expected = getattr(ours, name)(*operands), getattr(theirs, name)(*operands)
    assert (found.dtype, found.weak_type) == (expected.dtype, expected.weak_type)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_multigammaln(d: int) -> None:
    import jax.scipy.special as theirs

    _close(ours.multigammaln(_POSITIVE + 2, d), theirs.multigammaln(_POSITIVE + 2, d))


def test_the_order_of_the_incomplete_gamma_function_has_a_second_derivative() -> None:
    step = 1e-4
    slope = mj.grad(ours.gammainc)
    difference = (slope(1.5 + step, 2.0) - slope(1.5 - step, 2.0)) / (2 * step)
    np.testing.assert_allclose(mj.grad(slope)(1.5, 2.0), difference, 1e-6)


@pytest.mark.parametrize("name", ["xlogy", "xlog1py", "entr", "kl_div", "rel_entr"])
def test_zeros(name: str) -> None:
    import jax.scipy.special as theirs

    x, y = np.array([0.0, 0.0, 1.0, -1.0, 0.0]), np.array([0.0, 2.0, 0.0, 1.0, -1.0])
    operands = (x,) if name == "entr" else (x, y)
    _close(getattr(ours, name)(*operands), getattr(theirs, name)(*operands))
