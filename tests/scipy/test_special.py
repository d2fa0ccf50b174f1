"""Special functions against the oracle: values, derivatives, compiled, mapped."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.scipy.special as ours
from minijax.primitives import special_gamma

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
    ("exp1", (_POSITIVE,), (0,)),
    ("spence", (_POSITIVE,), (0,)),
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


def _differences(f: Any, operands: Any, position: int) -> np.ndarray:
    """Returns the central differences of a sum by each element of one operand."""
    x = operands[position]
    found = []
    for k, size in enumerate(np.maximum(np.abs(x), 0.1)):
        step = np.zeros_like(x)
        step[k] = 1e-5 * size
        ends = [(*operands[:position], x + d, *operands[position + 1 :]) for d in (step, -step)]
        found.append(np.sum(np.subtract(f(*ends[0]), f(*ends[1]))) / (2 * step[k]))
    return np.array(found)


@pytest.mark.parametrize("row", [row for row in _ROWS if row[2]], ids=lambda row: row[0])
def test_derivatives(row: Any) -> None:
    """Of two orders, by differences of values, which the test above compares with the oracle."""
    name, operands, by = row
    f = getattr(ours, name)
    weights = np.arange(1.0, 1.0 + len(operands[0]))

    def weighted(*a: Any) -> Any:
        return f(*a) * weights

    for position in by:
        slope = mj.grad(lambda *a: weighted(*a).sum(), position)

        def weighted_slope(*a: Any, slope: Any = slope) -> Any:
            return slope(*a) * weights

        second = mj.grad(lambda *a, f=weighted_slope: f(*a).sum(), position)
        for found, function in ((slope, weighted), (second, weighted_slope)):
            expected = _differences(function, operands, position)
            np.testing.assert_allclose(found(*operands), expected, 1e-6, 1e-8)


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


@pytest.mark.parametrize("name", ["xlogy", "xlog1py", "entr", "kl_div", "rel_entr"])
def test_zeros(name: str) -> None:
    import jax.scipy.special as theirs

    x, y = np.array([0.0, 0.0, 1.0, -1.0, 0.0]), np.array([0.0, 2.0, 0.0, 1.0, -1.0])
    operands = (x,) if name == "entr" else (x, y)
    _close(getattr(ours, name)(*operands), getattr(theirs, name)(*operands))


def test_sums_for_the_derivative_by_the_order_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the terms are rounded by must not keep them going for ever."""
    loop, numbers = special_gamma.while_loop, []

    def counted(*args: Any) -> Any:
        found = loop(*args)
        numbers.append(int(found[0]))
        return found

    monkeypatch.setattr(special_gamma, "while_loop", counted)
    a = np.random.default_rng(0).uniform(0.1, 0.9, 3000)
    mj.lax.igamma_grad_a(a, a)
    mj.lax.igamma_grad_a(30 * a, 25 * a)
    assert len(numbers) == 4
    assert max(numbers) < 200


@pytest.mark.parametrize("top", [0, 1, 5])
def test_legendre(top: int, oracle: Any) -> None:
    theirs = oracle.scipy.special
    z = np.array([-1.0, -0.7, 0.0, 0.3, 0.999, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = theirs.lpmn(top, top, z)
        normalized = theirs.lpmn_values(top, top, z, True)
    for found, wanted in zip(ours.lpmn(top, top, z), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-11)
    compiled = mj.jit(lambda x: ours.lpmn_values(top, top, x, True))
    np.testing.assert_allclose(compiled(z), normalized, rtol=1e-12, atol=1e-14)
    assert ours.lpmn(top, top, z.astype(np.float32))[1].dtype == np.float32


def test_legendre_of_what_it_does_not_take() -> None:
    z = np.array([0.5])
    with pytest.raises(NotImplementedError, match="m and n"):
        ours.lpmn(1, 2, z)
    with pytest.raises(ValueError, match="vector"):
        ours.lpmn_values(1, 1, z[0], False)
    with pytest.raises(TypeError, match="int64"):
        ours.lpmn_values(1, 1, np.array([1]), False)
