"""minimize: the iterates that the oracle was seen to take, counts and statuses included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax.scipy.optimize import OptimizeResults, minimize

_LIMITED = "l-bfgs-experimental-do-not-rely-on-this"


def _rosenbrock(x: Any) -> Any:
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _himmelblau(p: Any) -> Any:
    x, y = p
    return (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2


def _quartic(x: Any) -> Any:
    return jnp.sum((x - 1.0) ** 4)


# function, start, method, maxiter, x, status, evaluations, iterations
_SEEN: list[tuple[Any, ...]] = [
    (_rosenbrock, [-1.2, 1.0, 0.5], "BFGS", 1, [-0.7900354, 0.7870314, 0.6901506], 1, 3, 1),
    (_rosenbrock, [-1.2, 1.0, 0.5], "BFGS", 3, [-0.7661933, 0.6641084, 0.5202215], 1, 11, 3),
    (_rosenbrock, [-1.2, 1.0, 0.5], "BFGS", None, [-0.7048669, 0.52418, 0.2763672], 3, 13, 4),
    (_rosenbrock, [0.0, 0.0], "BFGS", None, [0.1787949, 0.0], 3, 5, 1),
    (_himmelblau, [1.0, 1.0], "BFGS", 2, [3.0227315, 2.0153105], 1, 7, 2),
    (_himmelblau, [1.0, 1.0], "BFGS", None, [3.0, 2.0], 0, 13, 8),
    (_quartic, [0.0, 2.0, 5.0], "BFGS", 5, [0.7445543, 1.2554457, 2.2222441], 1, 7, 5),
    (_quartic, [0.0, 2.0, 5.0], "BFGS", None, [0.9864859, 1.0135141, 0.9924174], 0, 27, 24),
    (_rosenbrock, [-1.2, 1.0, 0.5], _LIMITED, 1, [-0.5923843, 0.6900059, 0.6581277], 1, 11, 2),
    (_rosenbrock, [-1.2, 1.0, 0.5], _LIMITED, None, [-0.4235226, 0.1788741, 0.0203127], 5, 31, 17),
    (_himmelblau, [1.0, 1.0], _LIMITED, 3, [3.0061653, 2.0097836], 1, 9, 4),
    (_quartic, [0.0, 2.0, 5.0], _LIMITED, None, [0.9877691, 1.0122309, 0.9871495], 0, 24, 17),
]


@pytest.mark.parametrize("row", _SEEN, ids=lambda row: f"{row[0].__name__}-{row[2][:4]}-{row[3]}")
def test_iterates(row: Any) -> None:
    fun, start, method, maxiter, x, status, evaluations, iterations = row
    found = minimize(fun, jnp.array(start), method=method, options={"maxiter": maxiter})
    assert isinstance(found, OptimizeResults)
    np.testing.assert_allclose(found.x, x, atol=2e-7)
    counts = [int(n) for n in (found.status, found.nfev, found.njev, found.nit)]
    assert counts == [status, evaluations, evaluations, iterations]
    assert bool(found.success) == (status == 0)
    assert (found.hess_inv is None) == (method == _LIMITED)


def test_results_are_consistent_where_it_succeeds() -> None:
    found = minimize(_himmelblau, jnp.array([1.0, 1.0]), method="bfgs")
    np.testing.assert_allclose(found.fun, _himmelblau(found.x), rtol=1e-12)
    np.testing.assert_allclose(found.jac, mj.grad(_himmelblau)(found.x), rtol=1e-9, atol=1e-12)
    exact = np.linalg.inv(mj.hessian(_himmelblau)(found.x))
    np.testing.assert_allclose(found.hess_inv, exact, rtol=0.1)


def test_options_arguments_and_dtypes() -> None:
    def fun(x: Any, target: Any, weight: Any) -> Any:
        return weight * jnp.sum((x - target) ** 2)

    start = jnp.zeros(2, jnp.float32)
    found = minimize(
        fun, start, (jnp.ones(2, jnp.float32), 3.0), method="BFGS", tol=1e-3,
        options={"gtol": 1e-2, "norm": 2, "line_search_maxiter": 5},
    )  # fmt: skip
    assert found.x.dtype == found.fun.dtype == np.float32
    np.testing.assert_allclose(found.x, 1.0, rtol=1e-3)


def test_compiled_and_mapped() -> None:
    solve = mj.jit(mj.vmap(lambda x: minimize(_himmelblau, x, method="BFGS").x))
    expected = [[2.8548335, 2.9036656], [3.5844283, -1.8481265]]
    np.testing.assert_allclose(solve(jnp.array([[0.0, 1.0], [3.0, 0.0]])), expected, atol=2e-7)


def test_complex_variables() -> None:
    target = np.array([1 + 2j, -3j])
    found = minimize(
        lambda z: jnp.sum(jnp.abs(z - target) ** 2), jnp.zeros(2, complex), method=_LIMITED
    )
    assert int(found.status) == 0
    np.testing.assert_allclose(found.x, target, atol=1e-6)


@pytest.mark.parametrize(
    ("error", "text", "x0", "options"),
    [
        (ValueError, "Method cg not recognized", jnp.ones(2), {"method": "cg"}),
        (TypeError, "must be a tuple", jnp.ones(2), {"method": "BFGS", "args": [1]}),
        (TypeError, "unexpected keyword", jnp.ones(2), {"method": "BFGS", "options": {"foo": 1}}),
        (TypeError, "shape", 1.0, {"method": "BFGS"}),
        (TypeError, "shape", jnp.ones((2, 2)), {"method": "BFGS"}),
    ],
)
def test_refusals(error: type, text: str, x0: Any, options: Any) -> None:
    with pytest.raises(error, match=text):
        minimize(_rosenbrock, x0, **options)
