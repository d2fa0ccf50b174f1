from inline_snapshot import snapshot

from minijax.core.check import check_jaxpr
from minijax.core.primitive import absent, constant, primitive
from minijax.interpreters.prune import prune_jaxpr
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.control.call import call
from tests.interpreters.support import f64, operations, staged

report_p = primitive(
    "report",
    impl=lambda value: (),
    abstract=lambda value: (),
    jvp=constant,
    transpose=absent("a test needs none"),
    batch=absent("a test needs none"),
    lower=absent("a test needs none"),
    effect="debug",
)


def test_equations_and_inputs_that_nobody_uses_go() -> None:
    jaxpr = staged(lambda a, b, c: [neg(a), mul(b, mul(c, c)), add(a, a)], f64(), f64(), f64())
    pruned, needed = prune_jaxpr(jaxpr, [True, False, True])
    check_jaxpr(pruned)
    assert needed == (True, False, False)
    assert str(pruned) == snapshot("""\
{ lambda ; a:f64[]. let
    b:f64[] = neg a
    c:f64[] = add a a
  in (b,c) }\
""")
    assert prune_jaxpr(jaxpr, [True, False, True])[0] is pruned


def test_an_effect_stays_with_what_it_needs() -> None:
    def program(a, b):
        report_p.bind(neg(b))
        return [mul(a, a)]

    jaxpr = staged(program, f64(), f64())
    assert jaxpr.effects == {"debug"}
    pruned, needed = prune_jaxpr(jaxpr, [False])
    assert operations(pruned) == ["neg", "report"]
    assert needed == (False, True)


def test_programs_inside_become_smaller() -> None:
    inner = staged(lambda a, b: [neg(a), mul(b, b)], f64(), f64())
    jaxpr = staged(lambda a, b: [*call(inner, a, b)], f64(), f64())
    pruned, needed = prune_jaxpr(jaxpr, [True, False])
    check_jaxpr(pruned)
    assert needed == (True, False)
    assert operations(pruned.eqns[0].params["jaxpr"]) == ["neg"]


def test_an_input_that_is_an_output_is_needed() -> None:
    jaxpr = staged(lambda a, b: [b, neg(a)], f64(), f64())
    pruned, needed = prune_jaxpr(jaxpr, [True, False])
    assert needed == (False, True)
    assert not pruned.eqns
