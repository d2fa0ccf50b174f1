"""Rows for discrete Fourier transforms."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minijax.core.dtypes import complex64, complex128, float32, float64
from minijax.primitives.fft import fft
from tests.primitives.case import Case, Operand

_REFERENCE = {
    "FFT": np.fft.fftn,
    "IFFT": np.fft.ifftn,
    "RFFT": np.fft.rfftn,
    "IRFFT": np.fft.irfftn,
}


def _row(kind: str, shape: tuple[int, ...], lengths: tuple[int, ...], **facts: Any) -> Case:
    axes = tuple(range(-len(lengths), 0))
    return Case(
        "fft",
        partial(fft, fft_type=kind, fft_lengths=lengths),
        (Operand(shape),),
        (float64, float32) if kind == "RFFT" else (complex128, complex64),
        partial(_REFERENCE[kind], s=lengths, axes=axes),
        f"{kind.lower()}-{'x'.join(map(str, lengths))}",
        linear=(0,),
        **facts,
    )


CASES: list[Case] = [
    *(
        _row(kind, (2, *lengths), lengths)
        for kind in ("FFT", "IFFT", "RFFT")
        for lengths in ((1,), (6,), (7,), (3, 4), (2, 1, 3))
    ),
    *(
        _row("IRFFT", (2, *lengths[:-1], lengths[-1] // 2 + 1), lengths)
        for lengths in ((1,), (6,), (7,), (3, 4), (3, 5))
    ),
]
