"""Rules worked out once as steps give what the rules give, and stay out of where they must."""

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.config import config
from minijax.core.dtypes import float64, int64
from minijax.core.jaxpr import Literal
from minijax.core.primitive import absent, primitive
from minijax.interpreters import linearize, steps
from minijax.interpreters.stage import stage, with_literals
from minijax.primitives import arithmetic, trigonometric

X = to_array(np.array([0.5, -1.5, 2.0]))
VECTOR, SCALAR = X.aval, ShapedArray((), float64)

FUNCTIONS = {
    "unary": lambda x: jnp.sum(jnp.sin(x) + jnp.exp(x) * jnp.tanh(x)),
    "same operand twice": lambda x: jnp.sum(x * x * x),
    "number": lambda x: jnp.sum(3.0 * x - x / 2.0),
    "infinite slope": lambda x: jnp.sum(jnp.where(x > 0, jnp.sqrt(jnp.maximum(x, 0.0)), 0.0)),
    "indexing": lambda x: x[0] * x[2] + jnp.sum(x[1:] ** 2),
    "matrix": lambda x: jnp.dot(x, x) * jnp.sum(jnp.outer(x, x)),
    "conversion": lambda x: jnp.sum(x.astype("float32") * 2).astype("float64"),
    "comparison": lambda x: jnp.sum(jnp.where(x > jnp.mean(x), x**3, -x)),
    "loop": lambda x: lax.fori_loop(0, 3, lambda _, c: jnp.sin(c) * x[0], x)[1],
    "complex": lambda x: jnp.sum(jnp.abs(jnp.exp(1j * x) + x) ** 2),
    "custom": lambda x: jnp.sum(mj.nn.relu(x) * jnp.linalg.norm(x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_the_rules(name):
    f = FUNCTIONS[name]
    with config.override(debug_checks=True):  # programs that are checked hold equations only
        expected = mj.grad(f)(X)
        second = mj.jacrev(mj.grad(f))(X)
        rows = mj.vmap(mj.grad(f))(jnp.stack([X, X + 1.0]))
    np.testing.assert_allclose(mj.grad(f)(X), expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(mj.jacrev(mj.grad(f))(X), second, rtol=1e-12, atol=1e-12)
    found = mj.vmap(mj.grad(f))(jnp.stack([X, X + 1.0]))
    np.testing.assert_allclose(found, rows, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(mj.jit(mj.grad(f))(X), expected, rtol=1e-6, atol=1e-6)


def test_steps_take_constants_inputs_and_parameters():
    program = stage(lambda x, y: [lax.reduce_sum(x * 2.0, (0,)) + y, y], [VECTOR, SCALAR])
    run = steps.Steps(program)
    total, same = run(X, to_array(1.0))
    assert float(total) == 3.0
    assert float(same) == 1.0
    assert any(isinstance(atom, Literal) for eqn in program.eqns for atom in eqn.invars)


def test_a_kind_is_worked_out_once(monkeypatch):
    calls = []
    table = steps.Table(lambda kind: calls.append(kind) or kind)
    first = table.find(trigonometric.sin_p, [X], [True], {})
    assert table.find(trigonometric.sin_p, [X + 1.0], [True], {}) is first
    assert first.program().out_avals == (VECTOR,)
    assert table.find(trigonometric.sin_p, [to_array(1.0)], [True], {}) is not first
    assert len(calls) == 2


def test_what_has_no_steps():
    table = steps.Table(lambda kind: kind)
    assert table.find(arithmetic.add_p, [X, 2.0], [True, False], {}) is None
    assert table.find(arithmetic.add_p, [X, X], [True, False], {"unhashable": []}) is None
    failing = steps.Table(lambda kind: 1 / 0)
    assert failing.find(arithmetic.add_p, [X, X], [True, False], {}) is None


def test_the_table_is_bounded(monkeypatch):
    monkeypatch.setattr(steps, "_LIMIT", 3)
    table = steps.Table(lambda kind: kind)
    for n in range(10):
        table.find(arithmetic.neg_p, [jnp.zeros(n)], [True], {})
    assert len(table._found) <= 3
    for n in range(10):
        table.find_by([n], arithmetic.neg_p, [jnp.zeros(n)], [True], {})
    assert len(table._by_key) <= 3


def test_what_was_found_is_found_by_a_key_and_the_parameters():
    calls = []
    table = steps.Table(lambda kind: calls.append(kind) or kind)

    def find(*params):
        return table.find_by("key", arithmetic.add_p, [X, X], [True, False], dict(params))

    plain, other = find(), find(("axis", 0))
    assert (find(), find(("axis", 0))) == (plain, other)
    assert plain is not other
    assert find(("axis", [])) is None
    assert len(calls) == 2


def test_a_rule_that_adds_in_place_runs_each_time(monkeypatch):
    table = steps.Table(linearize._derive)
    monkeypatch.setattr(linearize, "_plans", table)
    mj.grad(lambda x: jnp.sum(jnp.sin(x)[1:]) + x[jnp.array(0)])(X)
    found = {key[0].name: plan for key, plan in table._found.items()}
    assert all(found[name] is not None for name in ("sin", "slice"))
    table._found.clear()
    x = jnp.linspace(0.0, 1.0, 2000)
    mj.grad(lambda x: jnp.sum(jnp.sin(x)[1:]) + x[jnp.array(0)])(x)
    found = {key[0].name: plan for key, plan in table._found.items()}
    assert found["sin"] is not None
    assert found["slice"] is None
    assert found["dynamic_slice"] is None


def test_constants_of_steps_are_made_once_unless_they_are_results():
    made = []
    zeros = primitive(
        "zeros of mine",
        impl=lambda x: (made.append(1) or np.zeros(3) * x,),
        abstract=lambda x: (VECTOR,),
        jvp=absent("of a test"),
        transpose=absent("of a test"),
        batch=absent("of a test"),
        lower=absent("of a test"),
    )

    def program(x):
        (inside,), (outside,) = zeros.bind(1.0), zeros.bind(2.0)
        return [x + inside, outside]

    run = steps.Steps(with_literals(stage(program, [VECTOR])))
    assert len(made) == 1
    for _ in range(3):
        result, constant = run(X)
        assert result.tolist() == X.tolist()
        constant.delete()
    assert len(made) == 4


def test_a_missing_rule_is_missed_when_it_is_needed():
    def missing(*args, **params):
        raise KeyError("no such rule")

    p = primitive(
        "without transpose",
        impl=lambda x: (2 * x,),
        abstract=lambda x: (x,),
        jvp=lambda primals, tangents: (p.bind(*primals), p.bind(*tangents)),
        transpose=missing,
        batch=missing,
        lower=missing,
    )
    out, pullback = mj.vjp(lambda x: p.bind(x)[0], X)
    assert out.tolist() == [1.0, -3.0, 4.0]
    with pytest.raises(KeyError, match="no such rule"):
        pullback(X)


def test_recorded_gradients_know_the_numbers_in_them():
    program = mj.make_jaxpr(mj.grad(lambda x: jnp.sum(x * 3.0)))(X)
    assert "scale" not in [eqn.primitive.name for eqn in program.eqns]


def test_integers_on_the_way_have_no_tangent():
    def f(x):
        n = jnp.floor(x).astype(int64)
        return jnp.sum(x * n)

    assert mj.grad(f)(X).tolist() == [0.0, -2.0, 2.0]
