"""Complex numbers and their parts: complex, real, imag, conj."""

from __future__ import annotations

from typing import Any

import numpy as np

from minijax.core.array import aval_of
from minijax.core.dtypes import (
    COMPLEX,
    complex_dtype,
    float32,
    float64,
    is_complex,
    real_dtype,
)
from minijax.core.operators import Array
from minijax.interpreters.transpose import is_linear
from minijax.kernel import scalars
from minijax.primitives.broadcast import full, unbroadcast
from minijax.primitives.families import match, nary, unary

PARTS = (float32, float64)


def _nothing(x: Any) -> Any:
    return full((), 0, aval_of(x).dtype, aval_of(x).weak_type)


# -- complex


def _complex_transpose(cts: Any, re: Any, im: Any) -> Any:
    (ct,) = cts
    return (
        unbroadcast(real(ct), re.aval) if is_linear(re) else None,
        # Transposition is bilinear, without conjugation: i times a real part is real.
        unbroadcast(imag(conj(ct)), im.aval) if is_linear(im) else None,
    )


complex_p = nary(
    "complex",
    lambda re, im: scalars.apply("complex", complex_dtype(re.dtype), (re, im)),
    on=PARTS,
    tangents=(
        lambda t, re, im, out: complex(t, _nothing(t)),
        lambda t, re, im, out: complex(_nothing(t), t),
    ),
    element=lambda k, re, im: k.complex(re, im),
    transpose=_complex_transpose,
    result=complex_dtype,
)


def complex(x: Any, y: Any) -> Array:
    """Returns x + i·y elementwise, for float32 (complex64) or float64 (complex128) operands.

    Example:
        >>> import minijax.numpy as jnp
        >>> complex(jnp.array([1.0, 2.0]), 3.0)
        Array([1.+3.j, 2.+3.j], dtype=complex128)
    """
    return complex_p.bind(*match(x, y))[0]


# -- real, imag

real_p = unary(
    "real",
    np.real,
    on=COMPLEX,
    tangent=lambda t, x, y: real(t),
    element=lambda k, x: k.real(x),
    transpose=lambda cts, x: (complex(cts[0], _nothing(cts[0])),),
    result=real_dtype,
)
imag_p = unary(
    "imag",
    np.imag,
    on=COMPLEX,
    tangent=lambda t, x, y: imag(t),
    element=lambda k, x: k.imag(x),
    transpose=lambda cts, x: (conj(complex(_nothing(cts[0]), cts[0])),),
    result=real_dtype,
)


def real(x: Any) -> Array:
    """Returns the real parts of a complex array.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.real(jnp.array([1.0 + 2.0j]))
        Array([1.], dtype=float64)
    """
    return real_p.bind(*match(x))[0]


def imag(x: Any) -> Array:
    """Returns the imaginary parts of a complex array.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.imag(jnp.array([1.0 + 2.0j]))
        Array([2.], dtype=float64)
    """
    return imag_p.bind(*match(x))[0]


# -- conj


def _conj_element(k: Any, x: Any) -> Any:
    return k.conj(x) if is_complex(x.dtype) else k.complex(x, k.constant(0, x.dtype))


conj_p = unary(
    "conj",
    lambda x: np.conjugate(x).astype(complex_dtype(x.dtype)),
    on=(*PARTS, *COMPLEX),
    tangent=lambda t, x, y: conj(t),
    element=_conj_element,
    transpose=lambda cts, x: (conj(cts[0]) if is_complex(x.aval.dtype) else real(cts[0]),),
    result=complex_dtype,
)


def conj(x: Any) -> Array:
    """Returns the complex conjugate; complex for a real operand too.

    Example:
        >>> import minijax.numpy as jnp
        >>> conj(jnp.array([1.0 + 2.0j]))
        Array([1.-2.j], dtype=complex128)
    """
    return conj_p.bind(*match(x))[0]
