import numpy as np
from inline_snapshot import snapshot

from minijax.interpreters.stage import stage_closed
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.printing import format_program
from minijax.primitives.arithmetic import add, mul, neg
from minijax.primitives.broadcast import broadcast_in_dim, reduce_sum, transpose
from tests.kernel.programs import F64, I64, array, build
from tests.kernel.test_reference import argmax, scatter


def test_a_lowered_jaxpr() -> None:
    def norms(x):
        y = transpose(mul(x, x), (1, 0))
        return [add(reduce_sum(y, (1,)), 1.0)]

    assert format_program(lower_jaxpr(stage_closed(norms, [array(3, 4)]))) == snapshot("""\
program(a:f64[3,4]):
  b:f64[3,4][i0,i1] = a[i0,i1] * a[i0,i1]
  c:f64[4,3][i0,i1] = b[i1,i0]
  d:f64[4][i0] = reduce add over r0<3 of c[i0,r0] from 0.0
  e:f64[] = 1.0
  f:f64[4][i0] = d[i0] + e
  return f\
""")


def test_a_broadcast_of_a_scalar_and_a_literal_array() -> None:
    table = np.arange(3.0)

    def shifted(x):
        return [add(broadcast_in_dim(x, (3,), ()), table)]

    assert format_program(lower_jaxpr(stage_closed(shifted, [array()]))) == snapshot("""\
program(a:f64[]):
  b:f64[3] = literal
  c:f64[3][i0] = a
  d:f64[3][i0] = c[i0] + b[i0]
  return d\
""")


def test_a_reshape_is_a_view() -> None:
    program = build([array(2, 6)], lambda k, x: k.reshape(x, array(3, 4)))
    assert format_program(program) == snapshot("""\
program(a:f64[2,6]):
  b:f64[3,4][i0,i1] = a[t0 // 6,t0 % 6]  (view of a)
    where t0 = i0 * 4 + i1
  return b\
""")


def test_a_general_reduce() -> None:
    assert format_program(build([array(2, 5)], argmax)) == snapshot("""\
program(a:f64[2,5]):
  b:f64[2][i0], c:i64[2][i0] = reduce over r0<5 of (a[i0,r0], r0) from (-inf, -1)
    by acc0, acc1, new0, new1 -> (select(t0, new0, acc0), select(t0, new1, acc1))
    where t0 = new0 > acc0
  return b, c\
""")


def test_shared_expressions_are_named_and_said_once() -> None:
    def body(k, x):
        def element(i):
            y = k.sin(x(i))
            return k.add(k.mul(y, y), k.exp(k.neg(y)))

        return k.element(array(3), element)

    assert format_program(build([array(3)], body)) == snapshot("""\
program(a:f64[3]):
  b:f64[3][i0] = t0 * t0 + exp(neg(t0))
    where t0 = sin(a[i0])
  return b\
""")


def test_text_grows_with_the_program_not_with_the_tree() -> None:
    def doubled(k, x, depth):
        y = x()
        for _ in range(depth):
            y = k.add(k.sin(y), y)
        return y

    def nested(k, x, depth):
        y = x()
        for _ in range(depth):
            y = k.exp(y)
        return y

    for grow in (doubled, nested):
        program = build([array()], lambda k, x, f=grow: k.element(array(), lambda: f(k, x, 3000)))
        check_program(program)
        text = format_program(program)
        assert len(text) < 150_000
        assert max(map(len, text.splitlines())) < 400


def test_scatters() -> None:
    assert format_program(scatter(None, unique=True)) == snapshot("""\
program(a:f64[4], b:i64[5], c:f64[5]):
  d:f64[4] = scatter unique into a for r0<5: [b[r0]] <- c[r0] if b[r0] >= 0 & b[r0] < 4
  return d\
""")
    assert format_program(scatter(lambda k, old, new: k.add(old, new))) == snapshot("""\
program(a:f64[4], b:i64[5], c:f64[5]):
  d:f64[4] = scatter into a for r0<5: [b[r0]] <- c[r0] by old + new if b[r0] >= 0 & b[r0] < 4
  return d\
""")


def test_cumulate_dot_and_sort() -> None:
    def body(k, x, y):
        (running,) = k.cumulate(
            (x.aval,), 1, lambda *i: (x(*i),), lambda a, b: (k.max(a[0], b[0]),), True
        )
        (product,) = k.dot(array(2, 4), running, y, ((1,), (0,)), ((), ()))
        return k.sort((product,), 1, lambda a, b: k.lt_total(a[0], b[0]))

    assert format_program(build([array(2, 3), array(3, 4)], body)) == snapshot("""\
program(a:f64[2,3], b:f64[3,4]):
  c:f64[2,3][i0,i1] = cumulate along i1 backwards of a[i0,i1]
    by acc0, new0 -> max(acc0, new0)
  d:f64[2,4] = dot c[contract (1,) batch ()] b[contract (0,) batch ()]
  e:f64[2,4] = sort d along 1 by l0, r0 -> lt_total(l0, r0)
  return e\
""")


def test_branch_and_scan_show_their_programs() -> None:
    double = stage_closed(lambda x: [add(x, x)], [array()])
    negate = stage_closed(lambda x: [neg(x)], [array()])
    step = stage_closed(lambda carry, x: [mul(carry, x), carry], [array(), array()])

    def body(k, i, x, xs):
        (start,) = k.branch((array(),), i, (double, negate), (x,))
        return k.scan((array(), array(5)), step, (), (start,), (xs,), 5, True)

    program = build([array(dtype=I64), array(), array(5)], body)
    assert format_program(program) == snapshot("""\
program(a:i64[], b:f64[], c:f64[5]):
  d:f64[] = branch a of b
    case 0(a:f64[]):
      b:f64[] = a + a
      return b
    case 1(a:f64[]):
      b:f64[] = neg(a)
      return b
  e:f64[], f:f64[5] = scan 5 backwards d over c
    body(a:f64[], b:f64[]):
      c:f64[] = a * b
      return c, a
  return e, f\
""")


def test_host_calls_are_named() -> None:
    def report(x: np.ndarray) -> tuple[()]:
        return ()

    def body(k, x):
        k.host_call((), report, (x,))
        return k.element(array(2), lambda i: k.mul(x(i), k.constant(2, F64)))

    assert format_program(build([array(2)], body)) == snapshot("""\
program(a:f64[2]):
  host call report of a
  b:f64[2][i0] = a[i0] * 2.0
  return b\
""")
