"""Every rule of every primitive, checked from one table (`cases.py`).

A test is one check of one row, for all dtypes of the row; `-k "test_batch and gather"` picks.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest

import minijax.primitives
from minijax.compiler import execute
from minijax.core import dtypes
from minijax.core.execute import back_end
from minijax.core.jaxpr import Jaxpr, sub_jaxprs
from minijax.core.primitive import Primitive
from minijax.interpreters.evaluate import evaluate
from tests.primitives import checks
from tests.primitives.case import Case
from tests.primitives.cases import BROKEN, CASES

# Rules of batching and second order do not look at the dtype: a few of them show everything.
_FEW = 2
_ORDER = (dtypes.float64, dtypes.complex128, dtypes.float32, dtypes.int64)


def rows(keep: Callable[[Case], bool] = lambda case: True) -> Any:
    """Returns the parametrization over the rows that a check is about."""
    kept = [case for case in CASES if keep(case)]
    return pytest.mark.parametrize("case", kept, ids=[case.name for case in kept])


def for_dtypes(
    check: Callable[..., None], case: Case, chosen: Iterable[np.dtype], *args: Any
) -> None:
    """Runs a check for each dtype and raises what went wrong in all of them.

    Eager loops and branches run with NumPy: compiling them is `test_compiled`'s business.
    """
    failures = []
    for dtype in chosen:
        try:
            with back_end(evaluate):
                check(case, dtype, *args)
        except Exception as error:
            error.add_note(f"dtype {dtypes.short_name(dtype)} of case {case.name}")
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        names = ", ".join(str(error.__notes__[-1]).split()[1] for error in failures)
        raise ExceptionGroup(f"{case.name} fails for {names}", failures)


def some_dtypes(case: Case) -> list[np.dtype]:
    """Returns the widest inexact dtype of a case and its last one, which may be a key."""
    first = next((dtype for dtype in _ORDER if dtype in case.dtypes), case.dtypes[0])
    return list(dict.fromkeys([first, case.dtypes[-1]]))[:_FEW]


def wide_dtypes(case: Case) -> list[np.dtype]:
    """Returns the dtypes with which the case has operands of double precision."""
    wide = (dtypes.float64, dtypes.complex128)
    return [d for d in case.dtypes if any(x.dtype in wide for x in case.sample(d))][:_FEW]


def inexact_dtypes(case: Case) -> list[np.dtype]:
    """Returns the dtypes with which the case has operands to differentiate."""
    return [d for d in case.dtypes if any(dtypes.is_inexact(x.dtype) for x in case.sample(d))]


def is_differentiable(case: Case) -> bool:
    """Whether derivatives of the case are compared, and there are any."""
    return case.differentiable and bool(inexact_dtypes(case))


@rows(lambda case: case.reference is not None)
def test_value(case: Case) -> None:
    for_dtypes(checks.check_value, case, case.dtypes)


@rows()
def test_avals(case: Case) -> None:
    for_dtypes(checks.check_avals, case, case.dtypes)


@rows(is_differentiable)
def test_jvp(case: Case) -> None:
    for_dtypes(checks.check_jvp, case, wide_dtypes(case))


@rows(lambda case: is_differentiable(case) and case.holomorphic)
def test_complex_step(case: Case) -> None:
    for_dtypes(checks.check_complex_step, case, [dtypes.float64])


@rows(is_differentiable)
def test_linearize(case: Case) -> None:
    for_dtypes(checks.check_linearize, case, inexact_dtypes(case))


@rows(lambda case: bool(case.linear and inexact_dtypes(case)))
def test_transpose(case: Case) -> None:
    for_dtypes(checks.check_transpose, case, inexact_dtypes(case))


@rows(lambda case: case.batched != ())
def test_batch(case: Case) -> None:
    for_dtypes(checks.check_batch, case, some_dtypes(case))


@rows(lambda case: case.lowers)
def test_kernel(case: Case) -> None:
    for_dtypes(checks.check_kernel, case, case.dtypes)


@rows(lambda case: case.lowers)
def test_compiled(case: Case) -> None:
    for_dtypes(checks.check_compiled, case, case.dtypes, execute)


@rows(lambda case: is_differentiable(case) and dtypes.float64 in case.dtypes)
def test_second_order(case: Case) -> None:
    for_dtypes(checks.check_second_order, case, [dtypes.float64])


# -- completeness


def _primitives() -> dict[str, str]:
    """Returns the module of every primitive that a module of `minijax.primitives` holds."""
    found: dict[str, str] = {}
    package = minijax.primitives
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, Primitive):
                found.setdefault(value.name, info.name)
    return found


def _applied(jaxpr: Jaxpr) -> Iterator[str]:
    pending = [jaxpr]
    while pending:
        program = pending.pop()
        for eqn in program.eqns:
            yield eqn.primitive.name
            pending.extend(sub_jaxprs(eqn.params))


def test_every_family_can_be_imported() -> None:
    for family, error in BROKEN.items():
        raise AssertionError(f"{family} cannot be imported") from error


# They never stand in a complete program: `vmap` resolves a collective, `checkify` a check, and
# `custom_lin` is the tangent of a custom_vjp function. They have tests of their own
# (tests/transforms, tests/programs/test_checkify.py).
RESOLVED = frozenset(
    {
        *("psum", "pmax", "pmin", "axis_index", "all_gather", "all_to_all", "ppermute"),
        *("reduce_scatter", "custom_lin", "check"),
    }
)


def test_every_primitive_has_a_case() -> None:
    named = {case.primitive for case in CASES}
    missing = [
        f"{name} ({module})"
        for name, module in _primitives().items()
        if name not in named and name not in RESOLVED
    ]
    assert not missing, f"primitives without a case: {', '.join(sorted(missing))}"


def test_every_named_primitive_is_applied() -> None:
    named: dict[str, list[Case]] = {}
    for case in CASES:
        named.setdefault(case.primitive, []).append(case)
    idle = [
        name
        for name, cases in named.items()
        if not any(name in _applied(checks.staged(case, case.dtypes[0])[0]) for case in cases)
    ]
    assert not idle, f"no case of these applies its primitive: {', '.join(idle)}"
