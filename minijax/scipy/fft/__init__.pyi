"""What minijax.scipy.fft exports; written from the table in `__init__.py`."""

from minijax.scipy.fft.cosine import dct as dct
from minijax.scipy.fft.cosine import dctn as dctn
from minijax.scipy.fft.cosine import idct as idct
from minijax.scipy.fft.cosine import idctn as idctn

__all__ = ["dct", "dctn", "idct", "idctn"]
