"""Branches, loops, tapes and calls of the host agree with the evaluator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minijax.compiler import compile_jaxpr
from minijax.core.avals import ShapedArray
from minijax.interpreters.stage import stage
from minijax.kernel.build import KernelBuilder
from minijax.kernel.roots import Value
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.compare import lt
from minijax.primitives.control.callback import pure_callback
from minijax.primitives.control.choose import cond, switch
from minijax.primitives.control.loops import fori_loop, scan, while_loop
from minijax.primitives.dot import dot_general
from minijax.primitives.shape import rev
from minijax.primitives.slicing import dynamic_index_in_dim, dynamic_update_index_in_dim
from tests.compiler.programs import aval, check_function, check_kernels


def test_a_scan_of_scalars_keeps_its_carry_in_registers() -> None:
    def step(carry: Any, _: Any) -> Any:
        x, y = carry
        return (add(x, mul(y, 0.1)), sub(y, mul(x, 0.1))), None

    def function(x: Any, y: Any) -> list[Any]:
        return list(scan(step, (x, y), None, length=50)[0])

    text = check_function(function, aval(), aval()).llvm_ir()
    loop = text[text.index("phi") : text.rindex("br label")]
    assert "load" not in loop
    assert "store" not in loop


@pytest.mark.parametrize("length", [0, 1, 2, 5])
@pytest.mark.parametrize("size", [3, 500])
@pytest.mark.parametrize("reverse", [False, True])
def test_carried_arrays(length: int, size: int, reverse: bool) -> None:
    def step(carry: Any, x: Any) -> Any:
        a, b = carry
        return (add(mul(rev(a, (0,)), 0.5), x), add(mul(b, 0.5), x)), mul(a, b)

    def function(a: Any, xs: Any) -> list[Any]:
        (first, second), ys = scan(step, (a, a), xs, reverse=reverse)
        return [first, second, ys]

    check_function(function, aval(size), aval(length, size))


def test_carries_that_change_places_or_stay() -> None:
    def step(carry: Any, _: Any) -> Any:
        a, b, c = carry
        return (b, a, c), a

    def function(a: Any, b: Any) -> list[Any]:
        carry, ys = scan(step, (a, b, a), None, length=3)
        return [*carry, ys]

    check_function(function, aval(5), aval(5))


def test_an_array_updated_in_a_loop_is_copied_once() -> None:
    def function(x: Any) -> list[Any]:
        def step(i: Any, c: Any) -> Any:
            old = dynamic_index_in_dim(c, i, 0, keepdims=False)
            return dynamic_update_index_in_dim(c, mul(old, 2.0), i, 0)

        return [fori_loop(0, 5, step, x)]

    for shape in ((9,), (9, 4), (300, 4)):
        compiled = check_function(function, aval(*shape))
        assert compiled.llvm_ir().count("call void @llvm.memmove") == 1


@pytest.mark.parametrize("size", [4, 400])
def test_while_loops(size: int) -> None:
    def function(x: Any, v: Any) -> list[Any]:
        start = (add(mul(x, x), 1.0), v)
        return list(
            while_loop(
                lambda s: lt(s[0], 100.0),
                lambda s: (mul(s[0], 2.0), add(rev(s[1], (0,)), s[0])),
                start,
            )
        )

    check_function(function, aval(), aval(size))


def test_loops_in_loops() -> None:
    def function(x: Any) -> list[Any]:
        def outer(carry: Any, _: Any) -> Any:
            inner = fori_loop(0, 3, lambda i, s: add(s, mul(carry, 0.1)), carry)
            return inner, reduce_sum(inner, (0,))

        return list(scan(outer, x, None, length=4))

    check_function(function, aval(5))
    check_function(function, aval(500))


def test_branches() -> None:
    def function(p: Any, x: Any) -> list[Any]:
        return list(
            cond(
                lt(p, 0.0),
                lambda v: (mul(v, 2.0), reduce_sum(v, (0,))),
                lambda v: (v, dynamic_index_in_dim(v, 2, 0, keepdims=False)),
                x,
            )
        )

    check_function(function, aval(), aval(5))
    arms = [lambda v: v, lambda v: mul(v, 2.0), lambda v: add(v, v)]
    check_function(lambda i, x: [switch(i, arms, x)], aval(dtype="int32"), aval(5))


@pytest.mark.parametrize(("size", "steps"), [(3, 0), (3, 5), (2, 300), (200, 70)])
def test_tapes_grow(size: int, steps: int) -> None:
    def build(k: KernelBuilder, x: Value) -> list[Value]:
        goes_on = stage(lambda c, v: [lt(c, float(steps))], [aval(), aval(size)])
        body = stage(
            lambda c, v: [add(c, 1.0), mul(rev(v, (0,)), 1.01), mul(c, 2.0), add(v, c)],
            [aval(), aval(size)],
        )
        (start,) = k.element(aval(), lambda: k.constant(0.0, np.dtype("float64")))
        count, tapes = k.record_while(goes_on, body, (), (), (start, x))
        back = stage(
            lambda a, b, r, v: [add(mul(a, 0.9), r), add(b, mul(v, a))],
            [aval(), aval(size), aval(), aval(size)],
        )
        outs = k.scan([aval(), aval(size)], back, (), (start, x), tapes, count, True)
        return [*outs, count]

    check_kernels(build, aval(size), tolerance=1e-10)


def test_the_host_is_called_and_its_exceptions_arrive() -> None:
    def function(x: Any) -> list[Any]:
        return [pure_callback(np.sin, ShapedArray((4,), np.dtype("float64")), x)]

    check_function(function, aval(4))

    def fails(x: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError("in the host")

    def failing(x: Any) -> list[Any]:
        return [pure_callback(fails, ShapedArray((4,), np.dtype("float64")), x)]

    with pytest.raises(ZeroDivisionError, match="in the host"):
        compile_jaxpr(stage(failing, [aval(4)])).run([np.ones(4)])


def test_an_old_element_read_after_an_update_does_not_cost_a_copy() -> None:
    def function(x: Any) -> list[Any]:
        def step(i: Any, c: Any) -> Any:
            new = dynamic_update_index_in_dim(c, 1.0, i, 0)
            old = dynamic_index_in_dim(c, i, 0, keepdims=False)
            return dynamic_update_index_in_dim(new, mul(old, 2.0), 0, 0)

        return [fori_loop(0, 5, step, x)]

    assert check_function(function, aval(900)).llvm_ir().count("call void @llvm.memmove") == 1


def test_no_loop_grows_the_stack() -> None:
    def function(x: Any, v: Any) -> list[Any]:
        def inner(i: Any, s: Any) -> Any:
            return cond(lt(s[0], 50.0), lambda s: (add(s[0], 1.0), s[1]), inner_while, s)

        def inner_while(s: Any) -> Any:
            return while_loop(
                lambda s: lt(0.0, s[0]), lambda s: (sub(s[0], 9.0), rev(s[1], (0,))), s
            )

        def outer(carry: Any, _: Any) -> Any:
            carry = fori_loop(0, 3, inner, carry)
            return carry, reduce_sum(carry[1], (0,))

        (last, total), sums = scan(outer, (x, v), None, length=20_000)
        return [last, total, sums]

    for size in (3, 40):
        text = check_function(function, aval(), aval(size)).llvm_ir()
        for body in text.split("define ")[1:]:
            _, _, rest = body.partition("\nb1:")
            assert "alloca" not in rest


def test_outer_products_are_added_where_they_go() -> None:
    def function(m: Any, u: Any, v: Any) -> list[Any]:
        def step(total: Any, pair: Any) -> Any:
            u, v = pair
            first = dot_general(u, v, (((), ()), ((), ())))
            second = dot_general(v, u, (((), ()), ((), ())))
            return add(add(total, first), second), None

        return [scan(step, m, (u, v))[0]]

    compiled = check_function(function, aval(40, 40), aval(6, 40), aval(6, 40))
    assert not compiled.uses_blas
    assert compiled.memory()["arena"] == 0, "no product is stored"
