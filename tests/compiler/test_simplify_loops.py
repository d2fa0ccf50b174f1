"""The passes of `simplify` over loops: carries, invariants and stacks."""

from __future__ import annotations

from typing import Any

import numpy as np

import minijax as mj
from minijax import lax
from minijax import numpy as jnp
from minijax.core.jaxpr import Eqn, Jaxpr
from tests.compiler.test_simplify import operations, simplified

X = np.array([0.5, -1.25, 3.0])
ROWS = np.arange(12.0).reshape(4, 3)


def loop_of(jaxpr: Jaxpr) -> Eqn:
    """The only loop of a program."""
    (found,) = (eqn for eqn in jaxpr.eqns if eqn.primitive.name in ("scan", "while"))
    return found


def body_of(eqn: Eqn) -> Jaxpr:
    body: Jaxpr = eqn.params.get("jaxpr") or eqn.params["body_jaxpr"]
    return body


def test_a_carry_that_never_changes_is_a_constant() -> None:
    def step(carry: Any, row: Any) -> Any:
        fixed, total = carry
        return (fixed, total + fixed * row), None

    def function(x: Any, rows: Any) -> Any:
        return lax.scan(step, (x, 2.0 * x), rows)[0]

    for rows in (ROWS, ROWS[:0]):
        scan = loop_of(simplified(function, X, rows))
        assert (scan.params["num_consts"], scan.params["num_carry"]) == (1, 1)


def test_a_while_loop_keeps_what_changes() -> None:
    def function(x: Any, limit: Any) -> Any:
        return lax.while_loop(
            lambda s: s[2] < s[0],
            lambda s: (s[0], s[1], s[2] * 2.0 + s[1]),
            (limit, x, x + 1.0),
        )

    for limit in (100.0, -1.0):
        loop = loop_of(simplified(function, 1.5, limit))
        assert len(loop.outvars) == 1
        assert (loop.params["cond_nconsts"], loop.params["body_nconsts"]) == (1, 1)


def test_carries_that_change_places_stay() -> None:
    def function(x: Any) -> Any:
        return lax.fori_loop(0, 3, lambda _, s: (s[1], s[0]), (x, 2.0 * x))

    assert loop_of(simplified(function, X)).params["num_carry"] >= 2


def test_invariants_leave_scans_and_while_loops() -> None:
    def scanned(x: Any, rows: Any) -> Any:
        return lax.scan(lambda c, row: (c + jnp.sin(x) * row, None), x, rows)[0]

    def repeated(x: Any, y: Any) -> Any:
        return lax.while_loop(lambda v: jnp.sum(v) < jnp.exp(y), lambda v: v + jnp.sin(x) ** 2, x)

    for function, args in ((scanned, (X, ROWS)), (repeated, (X, 3.0))):
        program = simplified(function, *args)
        assert "sin" in operations(program)
        loop = loop_of(program)
        assert "sin" not in operations(body_of(loop))
        assert "exp" not in operations(loop.params.get("cond_jaxpr") or body_of(loop))


def test_invariants_of_a_carry_that_never_changes_leave_too() -> None:
    def function(x: Any) -> Any:
        return lax.fori_loop(0, 5, lambda _, s: (s[0], s[1] + jnp.cos(s[0])), (x, x))

    assert "cos" not in operations(body_of(loop_of(simplified(function, X))))


def test_a_scan_does_not_stack_its_inputs() -> None:
    def step(carry: Any, row: Any) -> Any:
        new = jnp.sin(carry) + row
        return new, (row, new, new, jnp.cos(X), 7.0, carry)

    def function(x: Any, rows: Any) -> Any:
        return lax.scan(step, x, rows, reverse=True)[1]

    for rows in (ROWS, ROWS[:0]):
        scan = loop_of(simplified(function, X, rows))
        assert len(scan.outvars) - scan.params["num_carry"] == 2, "the new value and the carry"


def test_residuals_that_are_inputs_are_not_stacked() -> None:
    def loss(x: Any, rows: Any) -> Any:
        return jnp.sum(lax.scan(lambda c, row: (c * row, None), x, rows)[0])

    program = simplified(mj.grad(loss, argnums=(0, 1)), X, ROWS)
    forward, backward = (eqn for eqn in program.eqns if eqn.primitive.name == "scan")
    stacked = len(forward.outvars) - forward.params["num_carry"]
    assert stacked == 1, "what the loop carries; the rows are there already"
    assert program.invars[1] in backward.invars


def test_what_a_step_computes_twice_is_stacked_once() -> None:
    def step(carry: Any, row: Any) -> Any:
        return carry + row, (jnp.sin(carry * row), jnp.sin(carry * row))

    scan = loop_of(simplified(lambda x, rows: lax.scan(step, x, rows)[1], X, ROWS))
    assert len(scan.outvars) - scan.params["num_carry"] == 1


def test_loops_without_use_and_their_parts_go() -> None:
    def function(x: Any, rows: Any) -> Any:
        def step(carry: Any, row: Any) -> Any:
            a, b = carry
            return (a + row, jnp.exp(b) * row), (jnp.sin(a), b)

        (a, _), _ = lax.scan(step, (x, x), rows)
        return a

    scan = loop_of(simplified(function, X, ROWS))
    assert len(scan.outvars) == 1
    assert operations(body_of(scan)) == "add"


def scanned(jaxpr: Jaxpr) -> list[list[Any]]:
    """The avals of what each scan goes over."""
    found = []
    for eqn in jaxpr.eqns:
        if eqn.primitive.name == "scan":
            start = eqn.params["num_consts"] + eqn.params["num_carry"]
            found.append([atom.aval for atom in eqn.invars[start:]])
    return found


def test_a_gradient_counts_the_steps_again() -> None:
    def function(x: Any) -> Any:
        def step(i: Any, total: Any) -> Any:
            return jnp.sin(total) + x[i] * total

        return lax.fori_loop(0, 3, step, 1.0)

    forward, backward = scanned(simplified(mj.grad(function), X))
    assert not forward
    assert backward
    assert all(aval.dtype == np.float64 for aval in backward)


def test_counters_run_both_ways() -> None:
    def count(reverse: bool, back: bool) -> Any:
        def function(x: Any) -> Any:
            _, places = lax.scan(lambda c, _: (c + 3, c), jnp.int8(-5), x, reverse=reverse)
            return lax.scan(lambda c, i: (c + i * 0.5, c - i), 0.25, places, reverse=back)

        return function

    for reverse in (False, True):
        for back in (False, True):
            # Nobody needs the first loop any more.
            assert scanned(simplified(count(reverse, back), X)) == [[]]


def test_counters_that_are_results_stay() -> None:
    def function(x: Any) -> Any:
        _, places = lax.scan(lambda c, _: (c + 2, c), jnp.int32(7), x)
        return places, lax.scan(lambda c, i: (c + i, None), 0.0, places)[0]

    assert scanned(simplified(function, X))[-1] == []


def test_what_starts_anywhere_is_not_a_counter() -> None:
    def function(n: Any, x: Any) -> Any:
        _, places = lax.scan(lambda c, _: (c + 1, c), n, x)
        return lax.scan(lambda c, i: (c + i, None), 0.0, places)[0]

    assert len(scanned(simplified(function, np.int64(3), X))[-1]) == 1


def test_a_counter_that_wraps_round_is_left_alone() -> None:
    def function(x: Any) -> Any:
        _, places = lax.scan(lambda c, _: (c + 100, c), jnp.int8(100), x)
        return lax.scan(lambda c, i: (c + i, None), 0.0, places)[0]

    assert len(scanned(simplified(function, X))[-1]) == 1
