"""Every pass of `simplify` rewrites what it says and changes no bit of a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

import minijax as mj
from minijax import lax
from minijax import numpy as jnp
from minijax.compiler.simplify import PASSES, simplify
from minijax.compiler.simplify.algebra import RULES
from minijax.core import dtypes
from minijax.core.array import value_of
from minijax.core.check import check_jaxpr
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.evaluate import evaluate
from minijax.primitives import arithmetic
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.bitwise import and_p, not_p, or_p
from minijax.primitives.broadcast import broadcast_in_dim_p, transpose_p
from minijax.primitives.compare import select_n_p
from minijax.primitives.complex import complex_p, conj_p, imag_p, real_p
from minijax.primitives.convert import convert_element_type as convert
from minijax.primitives.powers import integer_pow_p
from minijax.primitives.shape import reshape_p, rev_p

SPECIAL = np.array([0.0, -0.0, 1.5, -2.25, np.inf, -np.inf, np.nan, 5e-324, -1e-310, 1.7e308])
INTEGERS = np.array([0, 1, -1, 7, np.iinfo(np.int64).min, np.iinfo(np.int64).max])
COMPLEX = np.array([1 + 2j, -0.0 - 0.0j, complex(np.inf, np.nan)])
MATRIX = np.arange(12.0).reshape(3, 4)


def staged(function: Callable[..., Any], *args: Any) -> tuple[Jaxpr, list[Any]]:
    """Returns the closed program of a function and its arguments, constants first."""
    program = mj.make_jaxpr(function)(*args)
    return program.close(), [*map(value_of, program.consts), *map(np.asarray, args)]


def simplified(function: Callable[..., Any], *args: Any) -> Jaxpr:
    """Simplifies a function and checks that every pass keeps types and values to the last bit."""
    program, values = staged(function, *args)
    expected = evaluate(program, values)
    for rewrite in PASSES:
        program = rewrite(program)
        check_jaxpr(program)
        for x, y in zip(evaluate(program, values), expected, strict=True):
            assert x.dtype == y.dtype
            if x.dtype == dtypes.bfloat16:  # NumPy does not know that a NaN of it is one
                x, y = x.astype(np.float32), y.astype(np.float32)
            np.testing.assert_array_equal(x, y)
            if x.dtype.kind == "f":
                ordinary = ~np.isnan(y)
                np.testing.assert_array_equal(np.signbit(x)[ordinary], np.signbit(y)[ordinary])
    return simplify(staged(function, *args)[0])


def operations(jaxpr: Jaxpr) -> str:
    """Returns the names of a program's operations."""
    return " ".join(eqn.primitive.name for eqn in jaxpr.eqns)


def bind(primitive: Any, *args: Any, **params: Any) -> Any:
    return primitive.bind(*args, **params)[0]


def there_and_back(narrow: str, wide: str) -> Callable[[Any], Any]:
    return lambda x: convert(convert(convert(x, narrow), wide), narrow)


GONE: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "adding -0.0": (lambda x: add(-0.0, add(x, -0.0)), SPECIAL, ""),
    "adding 0 to integers": (lambda x: add(0, add(x, 0)), INTEGERS, ""),
    "taking away 0.0": (lambda x: sub(x, 0.0), SPECIAL, ""),
    "times one": (lambda x: mul(1.0, mul(x, 1.0)), SPECIAL, ""),
    "integers times one": (lambda x: mul(x, 1), INTEGERS, ""),
    "over one": (lambda x: div(x, 1.0), SPECIAL, ""),
    "integers over one": (lambda x: div(x, 1), INTEGERS, ""),
    "two signs": (lambda x: neg(neg(x)), SPECIAL, ""),
    "two signs of integers": (lambda x: neg(neg(x)), INTEGERS, ""),
    "two complements": (lambda x: bind(not_p, bind(not_p, x)), INTEGERS, ""),
    "two conjugates": (lambda x: bind(conj_p, bind(conj_p, x)), COMPLEX, ""),
    "greatest of one": (lambda x: arithmetic.max(x, x), SPECIAL, ""),
    "least of one": (lambda x: arithmetic.min(x, x), SPECIAL, ""),
    "and of one": (lambda x: bind(and_p, x, x), INTEGERS, ""),
    "or of one": (lambda x: bind(or_p, x, x), INTEGERS, ""),
    "to the first power": (lambda x: bind(integer_pow_p, x, y=1), SPECIAL, ""),
    "absolute twice": (lambda x: arithmetic.abs(arithmetic.abs(x)), SPECIAL, "abs"),
    "absolute of negative": (lambda x: arithmetic.abs(neg(x)), SPECIAL, "abs"),
    "absolute of a negative integer": (lambda x: arithmetic.abs(neg(x)), INTEGERS, "abs"),
    "over a power of two": (lambda x: div(x, -8.0), SPECIAL, "mul"),
    "a choice of equals": (lambda x: bind(select_n_p, jnp.arange(10) > 3, x, x), SPECIAL, ""),
    "a known choice": (lambda x: bind(select_n_p, np.True_, neg(x), x), SPECIAL, ""),
    "a choice by number": (lambda x: bind(select_n_p, np.int32(9), neg(x), neg(x), x), SPECIAL, ""),
    "floats there and back": (
        there_and_back("float32", "float64"),
        SPECIAL,
        "convert_element_type",
    ),
    "short floats there and back": (
        there_and_back("bfloat16", "float32"),
        SPECIAL,
        "convert_element_type",
    ),
    "integers there and back": (
        there_and_back("int8", "float32"),
        INTEGERS,
        "convert_element_type",
    ),
    "real part": (lambda x: bind(real_p, bind(complex_p, x, 2.0 * x)), SPECIAL, ""),
    "imaginary part": (lambda x: bind(imag_p, bind(complex_p, 2.0 * x, x)), SPECIAL, ""),
    "no transpose": (lambda x: bind(transpose_p, x, permutation=(0, 1)), MATRIX, ""),
    "two transposes": (lambda x: lax.transpose(lax.transpose(x, (1, 0)), (1, 0)), MATRIX, ""),
    "no reshape": (lambda x: bind(reshape_p, x, new_sizes=(3, 4)), MATRIX, ""),
    "two reshapes": (lambda x: jnp.reshape(jnp.reshape(x, (2, 6)), 12), MATRIX, "reshape"),
    "no broadcast": (
        lambda x: bind(broadcast_in_dim_p, x, shape=(3, 4), broadcast_dimensions=(0, 1)),
        MATRIX,
        "",
    ),
    "no reversal": (lambda x: bind(rev_p, x, dimensions=()), MATRIX, ""),
    "two reversals": (lambda x: lax.rev(lax.rev(x, (1,)), (1,)), MATRIX, ""),
}


@pytest.mark.parametrize("name", GONE)
def test_operations_that_do_nothing_go(name: str) -> None:
    function, argument, left = GONE[name]
    with np.errstate(all="ignore"):
        assert operations(simplified(function, argument)) == left


KEPT: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "0.0 + -0.0 is 0.0": (lambda x: add(x, 0.0), SPECIAL, "add"),
    "-0.0 - -0.0 is 0.0": (lambda x: sub(x, -0.0), SPECIAL, "sub"),
    "inf - inf is NaN": (lambda x: sub(x, x), SPECIAL, "sub"),
    "inf * 0 is NaN": (lambda x: mul(x, 0.0), SPECIAL, "mul"),
    "the inverse of 3 is rounded": (lambda x: div(x, 3.0), SPECIAL, "div"),
    "the inverse of 2**-1074 is infinite": (lambda x: div(x, 5e-324), SPECIAL, "div"),
    "the inverse of 2**1023 is subnormal": (lambda x: div(x, 2.0**1023), SPECIAL, "div"),
    "a number from an array": (lambda x: mul(x, np.ones(10)), SPECIAL, "mul"),
    "a complex product": (lambda x: mul(x, np.complex128(1)), COMPLEX, "mul"),
    "a float that rounds": (
        lambda x: convert(convert(x, "float32"), "float64"),
        SPECIAL,
        "convert_element_type convert_element_type",
    ),
    "an integer that a float64 rounds": (
        lambda x: convert(convert(x, "float64"), "int64"),
        INTEGERS,
        "convert_element_type convert_element_type",
    ),
    "two different reversals": (lambda x: lax.rev(lax.rev(x, (1,)), (0,)), MATRIX, "rev rev"),
}


@pytest.mark.parametrize("name", KEPT)
def test_operations_that_round_or_wrap_stay(name: str) -> None:
    function, argument, left = KEPT[name]
    with np.errstate(all="ignore"):
        assert operations(simplified(function, argument)) == left


def test_every_rule_of_algebra_is_tried() -> None:
    tried = set()
    for function, argument, _ in GONE.values():
        tried |= {eqn.primitive for eqn in staged(function, argument)[0].eqns}
    assert set(RULES) <= tried


def test_rules_apply_to_what_rules_made() -> None:
    program = simplified(lambda x: jnp.where(True, neg(neg(x * 1.0)) / 4.0 - 0.0, x), SPECIAL)
    assert str(program) == snapshot(
        "{ lambda ; a:f64[10]. let b:f64[10] = mul a 0.25:f64[] in (b,) }"
    )


# -- layout


def _products(jaxpr: Jaxpr) -> Sequence[Any]:
    return [eqn.params["dimension_numbers"] for eqn in jaxpr.eqns]


def test_products_read_the_operands_of_transposes() -> None:
    program = simplified(lambda x: x.T @ x, MATRIX)
    assert operations(program) == "dot_general"
    assert _products(program) == [(((0,), (0,)), ((), ()))]


def test_a_transposed_product_is_the_product_of_the_swapped_operands() -> None:
    y = np.arange(20.0).reshape(4, 5)
    assert operations(simplified(lambda x: (x @ y).T, MATRIX)) == "dot_general"
    batched = np.arange(24.0).reshape(2, 3, 4)
    program = simplified(lambda x: jnp.swapaxes(x @ np.ones((2, 4, 5)), 1, 2), batched)
    assert operations(program) == "dot_general"


def test_a_product_that_is_used_as_it_is_too_is_not_swapped() -> None:
    program = simplified(lambda x: (x @ x.T @ x, (x @ x.T @ x).T), MATRIX)
    assert operations(program).count("dot_general") == 2
    assert operations(program).count("transpose") == 1


def test_transposes_that_move_kept_axes_stay() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    program = simplified(lambda x: jnp.transpose(x, (1, 0, 2)) @ np.arange(4.0), x)
    assert operations(program) == "transpose dot_general"


def test_gradients_of_products_transpose_nothing() -> None:
    def loss(w: Any, x: Any) -> Any:
        return jnp.sum(jnp.tanh(x @ w))

    program = simplified(mj.grad(loss, (0, 1)), np.full((4, 5), 0.5), MATRIX)
    assert "transpose" not in operations(program)


# -- calls, loops, constants, repetition, dead code


def test_calls_are_inlined_to_any_depth() -> None:
    def function(x: Any) -> Any:
        for _ in range(30):
            x = mj.jit(lambda v, inner=jnp.sin: inner(v) + 1.0)(x)
        return x

    assert operations(simplified(function, SPECIAL[:4])) == " ".join(["sin add"] * 30)


def test_what_a_loop_repeats_is_computed_before_it() -> None:
    def function(c: Any, xs: Any) -> Any:
        return lax.scan(lambda s, x: (s + jnp.sin(c) * x, None), 0.0, xs)[0]

    program = simplified(function, 0.3, SPECIAL[:4])
    assert operations(program) == "sin scan"
    assert operations(program.eqns[1].params["jaxpr"]) == "mul add"


def test_what_grows_or_may_not_be_reached_stays_in_its_loop() -> None:
    def growing(c: Any, xs: Any) -> Any:
        return lax.scan(lambda s, x: (s + jnp.full((50,), c), None), jnp.zeros(50), xs)[0]

    assert "broadcast_in_dim" not in operations(simplified(growing, 0.3, SPECIAL[:4])).split()[1:]

    def guarded(c: Any, xs: Any) -> Any:
        def body(s: Any, x: Any) -> Any:
            return lax.cond(x > 0, lambda: s + jnp.sin(c), lambda: s), None

        return lax.scan(body, 0.0, xs)[0]

    assert "sin" not in operations(simplified(guarded, 0.3, SPECIAL[:4]))


def test_operations_on_constants_are_carried_out_once() -> None:
    program = simplified(lambda x: x * (lax.sin(2.0) + lax.full((), 3.0)), SPECIAL[:4])
    assert operations(program) == "mul"


def test_equal_operations_stand_once_and_effects_as_often_as_written() -> None:
    assert operations(simplified(lambda x: jnp.sin(x) + jnp.sin(x), SPECIAL[:4])) == "sin add"

    def noisy(x: Any) -> Any:
        mj.debug.callback(lambda v: None, x)
        mj.debug.callback(lambda v: None, x)
        return x

    assert operations(simplified(noisy, 1.0)).count("callback") == 2


def test_constants_that_differ_in_the_sign_of_zero_are_not_equal() -> None:
    program = simplified(lambda x: (x * 0.0, x * -0.0), SPECIAL[:4])
    assert operations(program) == "mul mul"


def test_what_nobody_uses_goes_from_loops_too() -> None:
    def function(xs: Any) -> Any:
        def body(carry: Any, x: Any) -> Any:
            used, unused = carry
            return (used + x, jnp.cos(unused)), (x * 2.0, jnp.exp(x))

        (used, _), (doubled, _) = lax.scan(body, (0.0, 1.0), xs)
        return used, doubled

    program = simplified(function, SPECIAL[:4])
    (scan,) = (eqn for eqn in program.eqns if eqn.primitive.name == "scan")
    assert sorted(operations(scan.params["jaxpr"]).split()) == ["add", "mul"]
