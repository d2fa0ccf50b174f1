import numpy as np
import pytest

from minijax.core.array import to_array
from minijax.core.avals import Zero
from minijax.core.errors import MissingRuleError
from minijax.core.primitive import absent, constant, linear, linear_in, primitive
from minijax.interpreters.batch import batch
from minijax.interpreters.jvp import jvp
from minijax.interpreters.linearize import vjp
from minijax.kernel.build import lower_jaxpr
from tests.interpreters.support import f64, numpy, operations, staged, x

NONE = absent("this one exists for tests")


def scaled(name, jvp_rule, calls=None):
    def abstract(value, *rest, factor=1):
        if calls is not None:
            calls.append(value)
        return (value,)

    return primitive(
        name,
        impl=lambda value, *rest, factor=1: (value * (rest[0] if rest else factor),),
        abstract=abstract,
        jvp=jvp_rule,
        transpose=NONE,
        batch=NONE,
        lower=NONE,
    )


def test_every_rule_must_be_given() -> None:
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'lower'"):
        primitive("p", impl=abs, abstract=abs, jvp=NONE, transpose=NONE, batch=NONE)


def test_a_primitive_is_frozen() -> None:
    p = scaled("p", linear)
    with pytest.raises(AttributeError, match="'p' is frozen: give its rules to primitive"):
        p.jvp = None
    assert repr(p) == "p"


@pytest.mark.parametrize(
    ("rule", "use"),
    [
        ("jvp", lambda p: jvp(lambda a: p.bind(a), [x(1.0)], [x(1.0)])),
        ("batch", lambda p: batch(lambda a: p.bind(a), [x(1.0, 2.0)], [0], 2)),
        ("lower", lambda p: lower_jaxpr(staged(lambda a: p.bind(a), f64(3)))),
    ],
)
def test_a_missing_rule_is_named_with_its_reason(rule: str, use) -> None:
    p = scaled("lonely", NONE)
    with pytest.raises(
        MissingRuleError,
        match=rf"(?s)(?=.*lonely)(?=.*{rule}).*this one exists for tests",
    ):
        use(p)


def test_a_missing_transpose_is_named() -> None:
    p = scaled("lonely", linear)
    _, pullback = vjp(lambda a: p.bind(a), [x(1.0)], [True])
    with pytest.raises(MissingRuleError, match=r"(?s)transpose.*lonely|lonely.*transpose"):
        pullback([x(1.0)])


def test_linear_applies_the_primitive_to_the_tangents() -> None:
    p = scaled("double", linear)
    outs, tangents = jvp(lambda a: p.bind(a, factor=2), [x(1.0)], [x(5.0)])
    assert (float(numpy(outs[0])[0]), float(numpy(tangents[0])[0])) == (2.0, 10.0)


def test_linear_in_some_operands_keeps_the_others() -> None:
    p = scaled("scale", linear_in(0))
    a, factor = x(1.0), to_array(3.0)
    _, (tangent,) = jvp(lambda a, b: p.bind(a, b), [a, factor], [x(5.0), to_array(100.0)])
    assert float(numpy(tangent)[0]) == 15.0
    # Only the operand in which it is not linear moves: the rule knows of no tangent.
    _, (tangent,) = jvp(lambda a, b: p.bind(a, b), [a, factor], [Zero(a.aval), to_array(1.0)])
    assert type(tangent) is Zero


def test_constant_gives_symbolic_zeros() -> None:
    p = scaled("step", constant)
    _, (tangent,) = jvp(lambda a: p.bind(a), [x(1.0)], [x(5.0)])
    assert type(tangent) is Zero
    assert operations(staged(lambda a: jvp(p.bind, [a], [a])[0], f64(3))) == ["step"]


def test_avals_are_remembered_per_operands_and_parameters() -> None:
    calls = []
    p = scaled("counted", linear, calls)
    for _ in range(3):
        p.bind(x(1.0), factor=2)
    assert len(calls) == 1
    p.bind(x(1.0), factor=3)
    p.bind(x(1.0, 2.0), factor=3)
    assert len(calls) == 3


def test_impl_must_give_what_abstract_says() -> None:
    p = primitive(
        "liar",
        impl=lambda value: (value.astype(np.float32),),
        abstract=lambda value: (value,),
        jvp=NONE,
        transpose=NONE,
        batch=NONE,
        lower=NONE,
    )
    with pytest.raises(AssertionError, match=r"float32\[1\] where abstract says f64\[1\]"):
        p.bind(x(1.0))
