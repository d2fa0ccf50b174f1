"""Fresnel's, sine and cosine integrals, Faddeeva's function, J, Eₙ, Owen's T, complex log Γ.

SciPy computes them. Compiled code calls the loops of its ufuncs on whole arrays; Eₙ, of which SciPy
has whole orders only, goes through Python.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.avals import ShapedArray, Zero
from minijax.core.dtypes import COMPLEX, FLOAT, bfloat16, float16
from minijax.core.operators import Array
from minijax.core.primitive import Primitive, primitive
from minijax.core.quiet import quiet
from minijax.kernel.roots import NativeCall
from minijax.kernel.scalars import install_special_functions
from minijax.primitives.arithmetic import add, div, mul, neg, sub
from minijax.primitives.broadcast import full_like
from minijax.primitives.compare import eq, lt, select_n
from minijax.primitives.complex import real
from minijax.primitives.exponential import exp
from minijax.primitives.families import (
    NOT_LINEAR,
    check_dtype,
    common_shape,
    elementwise_batch,
    like_result,
    match,
    nary,
)
from minijax.primitives.powers import square
from minijax.primitives.scaling import scale
from minijax.primitives.special import erf
from minijax.primitives.special_orders import exponential_integral
from minijax.primitives.trigonometric import cos, sin

_ROOT_PI = math.sqrt(math.pi)


@functools.cache
def _scipy() -> Any:
    # Loading it takes longer than importing this package.
    return importlib.import_module("scipy.special")


# -- functions that compiled code calls for whole arrays


Slope = Callable[..., tuple[Any, ...]]


def _outside(
    name: str,
    function: Callable[..., Any],
    on: Sequence[np.dtype],
    slopes: Sequence[Slope | None],
    results: int = 1,
    loop: str = "",
) -> Primitive:
    """Declares a function that is computed outside of compiled code.

    Args:
        name: the name of the primitive.
        function: of NumPy arrays that broadcast; returns a tuple if there are several results.
        on: the dtypes it takes.
        slopes: for each operand the derivatives `(*operands, outs)` of the results; None if there
            are none.
        results: how many results it has.
        loop: the name of the ufunc of `scipy.special` that it is; nothing if it is none.
    """
    made: list[Primitive] = []

    def impl(*operands: np.ndarray) -> tuple[np.ndarray, ...]:
        dtype = operands[0].dtype
        is_half = dtype in (bfloat16, float16)
        wide = [x.astype(np.float32) if is_half else x for x in operands]
        with quiet():
            found = function(*wide)
        return tuple(np.asarray(y).astype(dtype) for y in (found if results > 1 else (found,)))

    def abstract(*avals: ShapedArray) -> tuple[ShapedArray, ...]:
        for position, aval in enumerate(avals):
            check_dtype(name, aval, on, f"operand {position}")
        if len({aval.dtype for aval in avals}) > 1:
            shown = ", ".join(str(aval) for aval in avals)
            raise TypeError(f"{name} needs operands of one dtype, got {shown}: use .astype(...).")
        weak = all(aval.weak_type for aval in avals)
        return (ShapedArray(common_shape(name, avals), avals[0].dtype, weak),) * results

    def jvp(primals: Any, tangents: Any) -> Any:
        outs = made[0].bind(*primals)
        totals: list[Any] = [Zero(out.aval.tangent()) for out in outs]
        for t, slope in zip(tangents, slopes, strict=True):
            if type(t) is Zero or slope is None:
                continue
            terms = [like_result(scale(t, s), outs[0]) for s in slope(*primals, outs)]
            totals = [
                term if type(total) is Zero else add(total, term)
                for total, term in zip(totals, terms, strict=True)
            ]
        return outs, tuple(totals)

    def lower(k: Any, *operands: Any, out: Any) -> Any:
        if loop:
            return _call_loop(k, loop, function, operands, out)
        return k.host_call(out, lambda *xs: impl(*map(np.asarray, xs)), operands)

    made.append(
        primitive(
            name,
            impl=impl,
            abstract=abstract,
            jvp=jvp,
            transpose=NOT_LINEAR,
            batch=elementwise_batch(lambda: made[0]),
            lower=lower,
        )
    )
    return made[0]


def _call_loop(
    k: Any, name: str, function: Callable[..., Any], operands: Sequence[Any], outs: Sequence[Any]
) -> tuple[Any, ...]:
    """Calls a ufunc's loop once for all elements, on arrays of one shape that has an axis."""
    dtype = outs[0].dtype if outs[0].dtype not in (bfloat16, float16) else np.dtype("float32")
    shape = outs[0].shape or (1,)
    whole = ShapedArray(shape, dtype)
    xs = [_stretched(k, x, whole) for x in operands]
    kinds = f"{dtype.char * len(xs)}_{dtype.char * len(outs)}"
    symbol = f"ufunc_{name}_{kinds}"
    places = [*(("in", n) for n in range(len(xs))), *(("out", n) for n in range(len(outs)))]
    arguments = (
        ("table", tuple(places)),
        ("longs", (whole.size,)),
        ("longs", (dtype.itemsize,) * len(places)),
        ("symbol", f"{symbol}_data"),
    )

    def evaluate(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        with quiet():
            found = function(*map(np.asarray, arrays))
        return tuple(found) if len(outs) > 1 else (found,)

    call = NativeCall(symbol, arguments)
    found = k.native([whole] * len(outs), (call,), xs, (), evaluate)
    return tuple(_restored(k, x, out) for x, out in zip(found, outs, strict=True))


def _stretched(k: Any, x: Any, whole: ShapedArray) -> Any:
    """Returns an operand in the dtype and the shape of all."""
    if (x.shape, x.dtype) == (whole.shape, whole.dtype):
        return x
    (found,) = k.element(whole, lambda *i: k.convert(x(*i) if x.ndim else x(), whole.dtype))
    return found


def _restored(k: Any, x: Any, out: ShapedArray) -> Any:
    if (x.shape, x.dtype) == (out.shape, out.dtype):
        return x

    def element(*i: Any) -> Any:
        return k.convert(x(*(i or (k.constant(0),))), out.dtype)

    return k.element(out, element)[0]


def _half_pi_square(x: Any) -> Any:
    return mul(square(x), full_like(x, math.pi / 2))


def _sinc(x: Any) -> Any:
    """Returns sin(x) / x, by its series near 0 so that derivatives of all orders exist."""
    small = 1e-4 if aval_of(x).dtype.itemsize == 8 else 1e-2
    near = lt(square(x), full_like(x, small))
    safe = select_n(near, x, full_like(x, 1))
    series = full_like(x, 1)
    for n in (10, 8, 6, 4, 2):
        factor = mul(square(x), full_like(x, 1 / (n * (n + 1))))
        series = sub(full_like(x, 1), mul(factor, series))
    return select_n(near, div(sin(safe), safe), series)


def _wofz_slope(z: Any, w: Any) -> Any:
    """Returns 2i/√π - 2 z w; DLMF 7.10.2."""
    constant = full_like(z, 2j / math.sqrt(math.pi))
    return sub(constant, mul(mul(z, w), full_like(z, 2)))


fresnel_p = _outside(
    "fresnel",
    lambda x: _scipy().fresnel(x),
    FLOAT,
    (lambda x, y: (sin(_half_pi_square(x)), cos(_half_pi_square(x))),),
    results=2,
    loop="fresnel",
)
sici_p = _outside(
    "sici",
    lambda x: _scipy().sici(x),
    FLOAT,
    (lambda x, y: (_sinc(x), div(cos(x), x)),),
    results=2,
    loop="sici",
)
wofz_p = _outside(
    "wofz",
    lambda z: _scipy().wofz(z),
    COMPLEX,
    (lambda z, y: (_wofz_slope(z, y[0]),),),
    loop="wofz",
)
complex_digamma_p = _outside(
    "complex_digamma",
    lambda z: _scipy().digamma(z),
    COMPLEX,
    (lambda z, y: (complex_trigamma(z),),),
    loop="psi",
)
complex_loggamma_p = _outside(
    "complex_loggamma",
    lambda z: _scipy().loggamma(z),
    COMPLEX,
    (lambda z, y: (complex_digamma(z),),),
    loop="loggamma",
)
expn_p = _outside(
    "expn",
    exponential_integral,
    FLOAT,
    # The order is a whole number wherever it is used: it has no derivative.
    (None, lambda n, x, y: (neg(expn(sub(n, full_like(n, 1)), x)),)),
)


def fresnel(x: Any) -> tuple[Array, Array]:
    """Returns Fresnel's integrals of sin(πt²/2) and of cos(πt²/2) from 0 to x, elementwise.

    Example:
        >>> import minijax.numpy as jnp
        >>> sine, cosine = fresnel(jnp.array([0.0, 1.0]))
        >>> sine
        Array([0.        , 0.43825915], dtype=float64)
    """
    sine, cosine = fresnel_p.bind(*match(x))
    return sine, cosine


def sici(x: Any) -> tuple[Array, Array]:
    """Returns the sine integral and the cosine integral elementwise.

    The cosine integral of a negative number is that of its absolute value.
    """
    sine, cosine = sici_p.bind(*match(x))
    return sine, cosine


def wofz(z: Any) -> Array:
    """Returns Faddeeva's function e^(-z²) erfc(-iz) of a complex array, elementwise."""
    return wofz_p.bind(*match(z))[0]


def complex_digamma(z: Any) -> Array:
    """Returns ψ(z) of a complex array elementwise."""
    return complex_digamma_p.bind(*match(z))[0]


def complex_loggamma(z: Any) -> Array:
    """Returns the principal branch of log Γ(z) of a complex array elementwise."""
    return complex_loggamma_p.bind(*match(z))[0]


def complex_trigamma(z: Any) -> Array:
    """Returns ψ'(z) of a complex array elementwise.

    Source:
        Recurrence and asymptotic series to the right, reflection to the left: DLMF 5.15.
    """
    one = full_like(z, 1)
    half = full_like(real(z), 0.5)
    is_left = lt(real(z), half)
    place = select_n(is_left, z, sub(one, z))
    total = full_like(z, 0)
    for _ in range(10):
        total = add(total, div(one, square(place)))
        place = add(place, one)
    inverse = div(one, place)
    inverse_square = square(inverse)
    series = full_like(z, 0)
    for bernoulli in (-3617 / 510, 7 / 6, -691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6):
        series = mul(inverse_square, add(series, full_like(z, bernoulli)))
    series = add(mul(inverse, add(one, series)), mul(inverse_square, full_like(z, 0.5)))
    right = add(total, series)
    sine = div(full_like(z, math.pi), sin(mul(z, full_like(z, math.pi))))
    return select_n(is_left, right, sub(square(sine), right))


def expn(n: Any, x: Any) -> Array:
    """Returns Eₙ(x), the integral of e^(-xt) / tⁿ from 1 to ∞, elementwise.

    Args:
        n: the order, a float array.
        x: a float array of the shape of `n`, or either of rank 0; NaN below 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> expn(2.0, jnp.array([0.0, 1.0]))
        Array([1.        , 0.14849551], dtype=float64)
    """
    return expn_p.bind(*match(n, x))[0]


# -- functions of two real operands


def _jv(v: np.ndarray, x: np.ndarray) -> np.ndarray:
    return _scipy().jv(v, x)


def _owens_t(h: np.ndarray, a: np.ndarray) -> np.ndarray:
    return _scipy().owens_t(h, a)


def _bessel_slope(t: Any, v: Any, x: Any, out: Any) -> Any:
    one = full_like(v, 1)
    difference = sub(bessel_jv(sub(v, one), x), bessel_jv(add(v, one), x))
    return mul(t, mul(difference, full_like(x, 0.5)))


def _by_height(t: Any, h: Any, a: Any, out: Any) -> Any:
    density = mul(
        exp(neg(mul(square(h), full_like(h, 0.5)))), full_like(h, -(0.125**0.5) / _ROOT_PI)
    )
    # An infinite slope of the line and h = 0 meet where the derivative jumps: it is 0 in between.
    product = select_n(eq(h, full_like(h, 0)), mul(h, a), full_like(h, 0))
    return mul(t, mul(density, erf(mul(product, full_like(product, math.sqrt(0.5))))))


def _by_angle(t: Any, h: Any, a: Any, out: Any) -> Any:
    above = add(square(a), full_like(a, 1))
    exponent = select_n(
        eq(h, full_like(h, 0)), mul(mul(square(h), full_like(h, -0.5)), above), full_like(h, 0)
    )
    return mul(t, div(exp(exponent), mul(above, full_like(above, 2 * math.pi))))


bessel_jv_p = nary(
    "bessel_jv",
    _jv,
    on=FLOAT,
    tangents=(None, _bessel_slope),
    element=lambda k, v, x: k.special("jv", v, x),
)
owens_t_p = nary(
    "owens_t",
    _owens_t,
    on=FLOAT,
    tangents=(_by_height, _by_angle),
    element=lambda k, h, a: k.special("owens_t", h, a),
)


def bessel_jv(v: Any, x: Any) -> Array:
    """Returns the Bessel function of the first kind Jᵥ(x) elementwise.

    Args:
        v: the order, a float array; the result has no derivative by it.
        x: a float array of the shape of `v`, or either of rank 0.

    Example:
        >>> import minijax.numpy as jnp
        >>> bessel_jv(0.0, jnp.array([0.0, 1.0]))
        Array([1.        , 0.76519769], dtype=float64)
    """
    return bessel_jv_p.bind(*match(v, x))[0]


def owens_t(h: Any, a: Any) -> Array:
    """Returns Owen's T elementwise: P(X > h, 0 < Y < aX) for independent standard normals.

    Example:
        >>> import minijax.numpy as jnp
        >>> owens_t(jnp.array([0.0]), jnp.array([1.0]))
        Array([0.125], dtype=float64)
    """
    return owens_t_p.bind(*match(h, a))[0]


install_special_functions({"jv": _jv, "owens_t": _owens_t})
