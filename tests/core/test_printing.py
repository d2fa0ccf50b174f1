import itertools

import numpy as np
from inline_snapshot import snapshot

from minijax.core import dtypes
from minijax.core.avals import ShapedArray
from minijax.core.printing import format_eqn, variable_names
from minijax.interpreters.stage import stage, stage_closed
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import broadcast_in_dim
from minijax.primitives.control.call import call

F64 = ShapedArray((3,), dtypes.float64)
TABLE = np.arange(3.0)


def test_variables_are_named_in_order() -> None:
    names = [*itertools.islice(variable_names(), 703)]
    assert names[:3] == ["a", "b", "c"]
    assert names[25:28] == ["z", "ba", "bb"]
    assert len(set(names)) == 703


def test_one_equation_fits_on_a_line() -> None:
    assert str(stage_closed(lambda a: [neg(a)], [F64])) == snapshot(
        "{ lambda ; a:f64[3]. let b:f64[3] = neg a in (b,) }"
    )


def test_no_equation_and_no_output() -> None:
    assert str(stage_closed(lambda a: [a, a], [F64])) == snapshot(
        "{ lambda ; a:f64[3]. let in (a,a) }"
    )
    assert str(stage_closed(lambda: [], [])) == snapshot("{ lambda ; . let in () }")


def test_constants_literals_and_parameters() -> None:
    def program(a):
        return [add(mul(a, TABLE), broadcast_in_dim(neg(1.5), (3,), ()))]

    assert str(stage(program, [F64])) == snapshot("""\
{ lambda a:f64[3] ; b:f64[3]. let
    c:f64[3] = mul b a
    d:f64[] = neg 1.5:f64[]
    e:f64[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] d
    f:f64[3] = add c e
  in (f,) }\
""")
    assert str(stage_closed(program, [F64])) == snapshot("""\
{ lambda ; a:f64[3]. let
    b:f64[3] = mul a [...]:f64[3]
    c:f64[] = neg 1.5:f64[]
    d:f64[3] = broadcast_in_dim[broadcast_dimensions=() shape=(3,)] c
    e:f64[3] = add b d
  in (e,) }\
""")


def test_programs_inside_are_indented() -> None:
    inner = stage_closed(lambda a, b: [mul(a, b), neg(neg(b))], [F64, F64])
    small = stage_closed(lambda a: [neg(a)], [F64])
    jaxpr = stage_closed(lambda a: [*call(inner, *call(small, a), a, name="f")], [F64])
    assert str(jaxpr) == snapshot("""\
{ lambda ; a:f64[3]. let
    b:f64[3] = jit[jaxpr={ lambda ; a:f64[3]. let b:f64[3] = neg a in (b,) }] a
    c:f64[3] d:f64[3] = jit[
      name=f
      jaxpr={ lambda ; a:f64[3] b:f64[3]. let
          c:f64[3] = mul a b
          d:f64[3] = neg b
          e:f64[3] = neg d
        in (c,e) }
    ] b a
  in (c,d) }\
""")


def test_an_equation_alone() -> None:
    jaxpr = stage_closed(lambda a: [mul(a, 2.0)], [F64])
    assert format_eqn(jaxpr.eqns[0]) == snapshot("b:f64[3] = mul a 2.0:f64[]")
    assert repr(jaxpr.eqns[0]) == format_eqn(jaxpr.eqns[0])


def test_the_users_line_is_shown_if_asked() -> None:
    jaxpr = stage_closed(lambda a: [neg(a)], [F64])
    assert "test_printing.py" not in str(jaxpr)
    assert "test_printing.py" in jaxpr.pretty_print(source_info=True)
