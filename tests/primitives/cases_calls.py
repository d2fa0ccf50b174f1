"""Cases of primitives that carry a program or a function to call: jit, checkpoint, custom rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import INEXACT, float32, float64
from minijax.interpreters.stage import stage_closed
from minijax.primitives.arithmetic import add, mul
from minijax.primitives.broadcast import reduce_sum
from minijax.primitives.control.call import call
from minijax.primitives.control.callback import debug_callback, io_callback, pure_callback
from minijax.primitives.control.custom_jvp import call_with_jvp
from minijax.primitives.control.custom_vjp import call_with_vjp
from minijax.primitives.control.custom_vmap import call_with_batch_rule
from minijax.primitives.control.linear_call import apply_linear
from minijax.primitives.control.remat import name_p, rematerialize, replace_p
from minijax.primitives.trigonometric import cos, sin
from tests.primitives.case import Case, Operand

F64 = (float64,)
VECTORS = (Operand((3,)), Operand((3,)))


def _body(x: Any, y: Any) -> list[Any]:
    return [mul(sin(x), y), reduce_sum(mul(x, x), (0,))]


def _jit(x: Any, y: Any) -> Any:
    return call(stage_closed(_body, [aval_of(x), aval_of(y)]), x, y, name="body")


def _jit_linear(x: Any) -> Any:
    program = stage_closed(lambda v: [add(v, v), reduce_sum(v, (0,))], [aval_of(x)])
    return call(program, x, name="linear")


def _keep_all(*_: Any, **__: Any) -> bool:
    return True


def _checkpoint(policy: Any) -> Any:
    def apply(x: Any, y: Any) -> Any:
        program = stage_closed(_body, [aval_of(x), aval_of(y)])
        return rematerialize(program, x, y, policy=policy)

    return apply


def _sine_with_rule(x: Any, y: Any) -> Any:
    def rule(primals: Any, tangents: Any) -> Any:
        (x, y), (s, t) = primals, [_dense(t) for t in tangents]
        return [mul(sin(x), y)], [add(mul(mul(cos(x), y), s), mul(sin(x), t))]

    return call_with_jvp(lambda x, y: [mul(sin(x), y)], rule, x, y)


def _dense(t: Any) -> Any:
    return t if hasattr(t, "dtype") else t.aval.zeros()


def _sine_with_pullback(x: Any) -> Any:
    return call_with_vjp(
        lambda x: [sin(x)],
        lambda primals, active: ([sin(primals[0])], [cos(primals[0])]),
        lambda residuals, cts: [mul(residuals[0], cts[0])],
        x,
    )


def _product_with_batch_rule(x: Any, y: Any) -> Any:
    def rule(size: int, batched: Any, operands: Any) -> Any:
        x, y = (
            v if on else aval_of(v).spread(v, size, 0)
            for v, on in zip(operands, batched, strict=True)
        )
        return [mul(sin(x), y)], [True]

    program = stage_closed(lambda x, y: [mul(sin(x), y)], [aval_of(x), aval_of(y)])
    return call_with_batch_rule(program, rule, x, y, name="product")


def _scaled(r: Any, x: Any) -> Any:
    program = stage_closed(lambda r, x: [mul(sin(r), x)], [aval_of(r), aval_of(x)])

    def transpose(residuals: Any, cts: Any) -> Any:
        return [mul(sin(residuals[0]), cts[0])]

    return apply_linear(program, transpose, r, x, num_res=1)


def _square_on_host(x: Any) -> Any:
    shape = ShapedArray(aval_of(x).shape, aval_of(x).dtype)
    return pure_callback(np.square, shape, x, vmap_method="sequential")


def _io_square(x: Any) -> Any:
    return io_callback(np.square, ShapedArray(aval_of(x).shape, aval_of(x).dtype), x)


def _seen(x: Any) -> Any:
    debug_callback(lambda v: None, x)
    return add(x, x)


CASES = [
    Case("jit", _jit, VECTORS, INEXACT),
    Case("jit", _jit_linear, (Operand((3,)),), F64, label="linear", linear=(0,)),
    Case("checkpoint", _checkpoint(None), VECTORS, (float32, float64)),
    Case("checkpoint", _checkpoint(_keep_all), VECTORS, F64, label="saving"),
    Case("name", lambda x: name_p.bind(x, name="x"), VECTORS[:1], F64, linear=(0,)),
    # Its tangent is that of its first operand, its value the second: no difference quotient.
    Case("replace", replace_p.bind, VECTORS, F64, differentiable=False),
    Case("custom_jvp_call", _sine_with_rule, VECTORS, (float32, float64)),
    # It has reverse mode only.
    Case("custom_vjp_call", _sine_with_pullback, VECTORS[:1], F64, differentiable=False),
    Case("custom_vmap_call", _product_with_batch_rule, VECTORS, (float32, float64)),
    Case("linear_call", _scaled, VECTORS, (float32, float64), linear=(1,)),
    Case("pure_callback", _square_on_host, VECTORS[:1], F64, np.square, differentiable=False),
    Case("io_callback", _io_square, VECTORS[:1], F64, np.square, differentiable=False),
    Case("debug_callback", _seen, VECTORS[:1], F64, lambda x: x + x, differentiable=False),
]
