"""fft: discrete Fourier transforms along the last axes.

NumPy's transforms (pocketfft) define it, and compiled programs call their C functions: O(n log n)
for every length, in the precision of the operand. The rules need nothing else, as the transform of
either kind is its own transpose up to reality.
"""

from __future__ import annotations

import enum
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.avals import ShapedArray
from minijax.core.dtypes import COMPLEX, FLOAT, complex128, float32, float64
from minijax.core.operators import Array
from minijax.core.primitive import linear, primitive
from minijax.core.quiet import quiet
from minijax.kernel.roots import NativeCall, transposed_source
from minijax.primitives.arithmetic import mul
from minijax.primitives.broadcast import Axes, broadcast_in_dim, full, move_axis
from minijax.primitives.complex import conj, real
from minijax.primitives.convert import convert_element_type
from minijax.primitives.joining import pad


class FftType(enum.Enum):
    """The kinds of transforms: forward and inverse, of complex numbers and of real ones."""

    FFT = 0
    IFFT = 1
    RFFT = 2
    IRFFT = 3


_FUNCTIONS: dict[FftType, Callable[..., np.ndarray]] = {
    FftType.FFT: np.fft.fftn,
    FftType.IFFT: np.fft.ifftn,
    FftType.RFFT: np.fft.rfftn,
    FftType.IRFFT: np.fft.irfftn,
}


def _fft_impl(x: np.ndarray, *, fft_type: FftType, fft_lengths: Axes) -> Any:
    aval = _fft_abstract(ShapedArray(x.shape, x.dtype), fft_type=fft_type, fft_lengths=fft_lengths)
    if 0 in aval[0].shape:
        return (np.zeros(aval[0].shape, aval[0].dtype),)
    axes = tuple(range(-len(fft_lengths), 0))
    with quiet():
        found = _FUNCTIONS[fft_type](x, s=fft_lengths, axes=axes)
    return (np.ascontiguousarray(found, aval[0].dtype),)


def _spectrum(lengths: Axes) -> Axes:
    """Returns the lengths of the transform of real numbers: the other half is its conjugate."""
    return (*lengths[:-1], lengths[-1] // 2 + 1)


def _fft_abstract(x: ShapedArray, *, fft_type: FftType, fft_lengths: Axes) -> Any:
    is_real = fft_type is FftType.RFFT
    allowed = (float32, float64) if is_real else COMPLEX
    if x.dtype not in allowed:
        shown = " or ".join(map(str, allowed))
        raise TypeError(
            f"fft of type {fft_type.name} takes operands of dtype {shown}, got {x}: convert it "
            "with .astype(...)."
        )
    rank = len(fft_lengths)
    expected = _spectrum(fft_lengths) if fft_type is FftType.IRFFT else fft_lengths
    if not 1 <= rank <= x.ndim or 0 in fft_lengths or x.shape[x.ndim - rank :] != expected:
        raise ValueError(
            f"fft of type {fft_type.name} with fft_lengths {fft_lengths} needs an operand whose "
            f"last axes have the lengths {expected}, all positive; got shape {x.shape}."
        )
    result = _spectrum(fft_lengths) if is_real else fft_lengths
    dtype = x.dtype
    if is_real:
        dtype = dtypes.complex_dtype(x.dtype)
    elif fft_type is FftType.IRFFT:
        dtype = dtypes.real_dtype(x.dtype)
    return (ShapedArray((*x.shape[: x.ndim - rank], *result), dtype),)


def _fft_transpose(cts: Any, x: Any, *, fft_type: FftType, fft_lengths: Axes) -> Any:
    (ct,) = cts
    if fft_type is FftType.RFFT:
        missing = fft_lengths[-1] - ct.shape[-1]
        gaps = [(0, 0, 0)] * (ct.ndim - 1) + [(0, missing, 0)]
        whole = pad(ct, full((), 0, ct.dtype), gaps)
        (found,) = fft_p.bind(whole, fft_type=FftType.FFT, fft_lengths=fft_lengths)
        return (real(found),)
    if fft_type is FftType.IRFFT:
        (found,) = fft_p.bind(ct, fft_type=FftType.RFFT, fft_lengths=fft_lengths)
        return (conj(mul(found, _weights(found, fft_lengths))),)
    return fft_p.bind(ct, fft_type=fft_type, fft_lengths=fft_lengths)


def _weights(spectrum: Any, lengths: Axes) -> Any:
    """How much each element of half a spectrum counts: those that stand for two count twice."""
    n = lengths[-1]
    counts = np.full(spectrum.shape[-1], 2 / math.prod(lengths))
    counts[0] /= 2
    if n % 2 == 0:
        counts[-1] /= 2
    weights = to_array(counts.astype(spectrum.dtype))
    return broadcast_in_dim(weights, spectrum.shape, (spectrum.ndim - 1,))


def _fft_batch(size: int, operands: Any, dims: Any, **params: Any) -> Any:
    (x,), (dim,) = operands, dims
    return fft_p.bind(move_axis(x, dim, 0), **params), (0,)


# -- compiled: along one axis after the other, in the order of NumPy


def _fft_lower(k: Any, x: Any, *, out: Any, fft_type: FftType, fft_lengths: Axes) -> Any:
    source, order = transposed_source(x)
    if len(fft_lengths) == 1 and order[-1] != x.ndim - 1:
        # Lines that do not lie together are read as they are, and written so.
        lines = _along(k, source, order[-1], fft_type, fft_lengths[0], is_own=False)
        back = tuple(order.index(d) for d in range(x.ndim))
        return k.element(out[0], lambda *i: lines(*(i[d] for d in back)))
    lead = x.ndim - len(fft_lengths)
    axes = list(zip(range(lead, x.ndim), fft_lengths, strict=True))
    match fft_type:
        case FftType.RFFT:
            kinds = [FftType.RFFT] + [FftType.FFT] * (len(axes) - 1)
            axes = axes[::-1]
        case FftType.IRFFT:
            kinds = [FftType.IFFT] * (len(axes) - 1) + [FftType.IRFFT]
        case _:
            kinds, axes = [fft_type] * len(axes), axes[::-1]
    for number, (kind, (axis, n)) in enumerate(zip(kinds, axes, strict=True)):
        x = _along(k, x, axis, kind, n, is_own=number > 0)
    return (x,)


def _along(k: Any, x: Any, axis: int, kind: FftType, n: int, is_own: bool) -> Any:
    """Returns the transform along one axis; one of complex numbers goes on in their memory."""
    (aval,) = _fft_abstract(
        ShapedArray((*x.shape[:axis], *x.shape[axis + 1 :], x.shape[axis]), x.dtype),
        fft_type=kind,
        fft_lengths=(n,),
    )
    shape = (*x.shape[:axis], aval.shape[-1], *x.shape[axis + 1 :])
    is_last = axis == x.ndim - 1
    batch = () if is_last else x.shape[:axis]
    in_place = is_own and kind in (FftType.FFT, FftType.IFFT)
    name = {FftType.RFFT: "rfft_n_odd" if n % 2 else "rfft_n_even"}.get(kind, kind.name.lower())
    symbol = f"numpy_{name}_{dtypes.real_dtype(x.dtype)}"
    count = math.prod(x.shape[:axis] if is_last else x.shape[axis + 1 :])
    steps = []
    for length, dtype in ((x.shape[axis], x.dtype), (shape[axis], aval.dtype)):
        size = dtype.itemsize
        steps.append((length * size, size) if is_last else (size, count * size))
    (from_row, along_row), (to_row, along_result) = steps
    factor = 1.0 if kind in (FftType.FFT, FftType.RFFT) else 1 / n
    arguments = (
        ("table", (("out" if in_place else "in", 0), ("float", factor), ("out", 0))),
        ("longs", (count, x.shape[axis], shape[axis])),
        ("longs", (from_row, 0, to_row, along_row, along_result)),
        ("symbol", f"{symbol}_data"),
    )
    evaluate = functools.partial(_one_axis, kind=kind, n=n, axis=axis)
    call = NativeCall(symbol, arguments)
    start = ((0, 0),) if in_place else ()
    return k.native((ShapedArray(shape, aval.dtype),), (call,), (x,), batch, evaluate, start)[0]


def _one_axis(x: np.ndarray, *, kind: FftType, n: int, axis: int) -> Any:
    moved = np.moveaxis(x, axis, -1)
    (found,) = _fft_impl(moved, fft_type=kind, fft_lengths=(n,))
    return (np.ascontiguousarray(np.moveaxis(found, -1, axis)),)


fft_p = primitive(
    "fft",
    impl=_fft_impl,
    abstract=_fft_abstract,
    jvp=linear,
    transpose=_fft_transpose,
    batch=_fft_batch,
    lower=_fft_lower,
)


def _as_type(kind: Any) -> FftType:
    if isinstance(kind, FftType):
        return kind
    if isinstance(kind, str) and kind.upper() in FftType.__members__:
        return FftType[kind.upper()]
    raise ValueError(
        f"fft_type is one of {', '.join(FftType.__members__)} or a member of FftType, got {kind!r}."
    )


def fft(x: Any, fft_type: FftType | str, fft_lengths: Sequence[int]) -> Array:
    """Returns the discrete Fourier transform along the last axes.

    Args:
        x: an array; real for RFFT, complex for the others (a real one is converted).
        fft_type: "FFT", "IFFT", "RFFT" or "IRFFT", or a member of `FftType`.
        fft_lengths: the lengths of the last axes; for IRFFT those of the result, where the last
            axis of `x` has half that length plus one.

    Returns:
        An array of the shape of `x`, but for the last axis of RFFT and IRFFT.

    Raises:
        TypeError: if the dtype does not fit.
        ValueError: if lengths do not fit or the type is unknown.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.fft(jnp.array([1.0, 2.0, 3.0]), "RFFT", (3,)).real
        Array([ 6. , -1.5], dtype=float64)
    """
    operand, kind = to_array(x), _as_type(fft_type)
    if kind is not FftType.RFFT and operand.dtype not in COMPLEX:
        is_wide = operand.dtype not in FLOAT or operand.dtype == float64
        operand = convert_element_type(operand, complex128 if is_wide else np.dtype("complex64"))
    lengths = tuple(int(n) for n in fft_lengths)
    return fft_p.bind(operand, fft_type=kind, fft_lengths=lengths)[0]
