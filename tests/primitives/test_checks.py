"""The checks of the table find what they are there to find: a wrong rule of each kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.primitive import Primitive, absent, constant, primitive
from minijax.primitives.arithmetic import mul, neg
from minijax.primitives.families import elementwise_batch, elementwise_lower
from tests.primitives import checks
from tests.primitives.case import Case, Operand

SHAPE = (3, 2)


def square_case(**wrong: Any) -> Case:
    """Returns the case of a ↦ a², with some rules replaced by wrong ones."""
    made: list[Primitive] = []

    def square(a: np.ndarray) -> tuple[np.ndarray]:
        return (a * a,)

    rules: dict[str, Any] = {
        "impl": square,
        "abstract": lambda a: (a,),
        "jvp": lambda primals, tangents: (
            made[0].bind(*primals),
            (mul(mul(primals[0], tangents[0]), 2.0),),
        ),
        "transpose": lambda cts, a: (cts[0],),
        "batch": elementwise_batch(lambda: made[0]),
        "lower": elementwise_lower(lambda k, a: k.mul(a, a)),
    }
    made.append(primitive("square", **(rules | wrong)))
    return Case(
        "square",
        lambda a: made[0].bind(a)[0],
        (Operand(SHAPE),),
        (dtypes.float64, dtypes.float32),
        np.square,
        holomorphic=True,
    )


def swapped_batch(size: int, operands: Any, dims: Any) -> Any:
    # Claims a leading axis wherever it really is.
    return (mul(operands[0], operands[0]),), (0,)


def wrong_jvp(primals: Any, tangents: Any) -> Any:
    return (mul(primals[0], primals[0]),), (mul(primals[0], tangents[0]),)


hidden_p = primitive(
    "hidden",
    impl=lambda a: (a.copy(),),
    abstract=lambda a: (a,),
    jvp=constant,
    transpose=absent("a test needs none"),
    batch=absent("a test needs none"),
    lower=absent("a test needs none"),
)


def wrong_second_derivative(primals: Any, tangents: Any) -> Any:
    # The first derivative is right, but what it depends on is hidden from the second.
    (factor,) = hidden_p.bind(primals[0])
    return (mul(primals[0], primals[0]),), (mul(mul(factor, 2.0), tangents[0]),)


Check = Callable[[Case, np.dtype], None]
EVERY: tuple[Check, ...] = (
    checks.check_value,
    checks.check_avals,
    checks.check_jvp,
    checks.check_complex_step,
    checks.check_linearize,
    checks.check_batch,
    checks.check_kernel,
    checks.check_second_order,
)


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.__name__)
def test_right_rules_pass(check: Check) -> None:
    check(square_case(), dtypes.float64)


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (checks.check_value, {"impl": lambda a: (a * a * (1 + 1e-9),)}),
        (checks.check_value, {"impl": lambda a: (a,)}),
        (checks.check_avals, {"impl": lambda a: ((a * a).astype(np.float32),)}),
        (checks.check_avals, {"abstract": lambda a: (ShapedArray((2, 3), a.dtype),)}),
        (checks.check_jvp, {"jvp": wrong_jvp}),
        (checks.check_complex_step, {"jvp": wrong_jvp}),
        (checks.check_batch, {"batch": swapped_batch}),
        (checks.check_kernel, {"lower": elementwise_lower(lambda k, a: k.add(a, a))}),
        (checks.check_kernel, {"lower": elementwise_lower(lambda k, a: k.lt(a, a))}),
        (checks.check_second_order, {"jvp": wrong_second_derivative}),
    ],
)
def test_a_wrong_rule_is_found(check: Check, wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(square_case(**wrong), dtypes.float64)


def test_a_wrong_linearize_rule_is_found() -> None:
    def linearize(primals: Any, active: Any) -> Any:
        outs = (mul(primals[0], primals[0]),)
        return outs, (primals[0],), lambda residuals, t: (mul(residuals[0], t),)

    with pytest.raises(AssertionError, match="linearize"):
        checks.check_linearize(square_case(linearize=linearize), dtypes.float64)


@pytest.mark.parametrize(
    "transpose", [lambda cts, a: (neg(cts[0]),), lambda cts, a: (mul(cts[0], 2.0),)]
)
def test_a_wrong_transpose_is_found(transpose: Callable[..., Any]) -> None:
    made: list[Primitive] = []
    right = primitive(
        "same",
        impl=lambda a: (a.copy(),),
        abstract=lambda a: (a,),
        jvp=lambda primals, tangents: (made[0].bind(*primals), made[0].bind(*tangents)),
        transpose=transpose,
        batch=elementwise_batch(lambda: made[0]),
        lower=elementwise_lower(lambda k, a: a),
    )
    made.append(right)
    case = Case(
        "same", lambda a: right.bind(a)[0], (Operand(SHAPE),), (dtypes.float64,), linear=(0,)
    )
    for check in (checks.check_transpose, checks.check_linearize):
        with pytest.raises(AssertionError, match=r"transpose in|vjp"):
            check(case, dtypes.float64)


def test_combinations_of_batch_dims_are_bounded_and_keep_both_ends() -> None:
    case = Case("many", neg, tuple(Operand((2, 2)) for _ in range(4)), (dtypes.float64,))
    dims = checks.batch_dims(case, case.sample(dtypes.float64))
    assert len(dims) <= checks.MAX_COMBINATIONS
    assert (0, 0, 0, 0) in dims
    assert (2, 2, 2, 2) in dims
    assert len(set(dims)) == len(dims)
