"""What minijax.scipy.signal exports; written from the table in `__init__.py`."""

from minijax.scipy.signal.convolutions import convolve as convolve
from minijax.scipy.signal.convolutions import convolve2d as convolve2d
from minijax.scipy.signal.convolutions import correlate as correlate
from minijax.scipy.signal.convolutions import correlate2d as correlate2d
from minijax.scipy.signal.convolutions import fftconvolve as fftconvolve
from minijax.scipy.signal.inverse import istft as istft
from minijax.scipy.signal.spectra import csd as csd
from minijax.scipy.signal.spectra import stft as stft
from minijax.scipy.signal.spectra import welch as welch
from minijax.scipy.signal.trends import detrend as detrend

__all__ = [
    "convolve",
    "convolve2d",
    "correlate",
    "correlate2d",
    "csd",
    "detrend",
    "fftconvolve",
    "istft",
    "stft",
    "welch",
]
