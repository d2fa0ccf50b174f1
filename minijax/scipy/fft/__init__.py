"""Discrete cosine transforms, as in `scipy.fft`."""

from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.fft.cosine import dct as dct
from minijax.scipy.fft.cosine import dctn as dctn
from minijax.scipy.fft.cosine import idct as idct
from minijax.scipy.fft.cosine import idctn as idctn

_guard_functions(globals())
