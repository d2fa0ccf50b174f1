"""Signal processing, under the names of `scipy.signal`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.signal.convolutions": """
            convolve convolve2d correlate correlate2d fftconvolve
        """,
        "minijax.scipy.signal.inverse": "istft",
        "minijax.scipy.signal.spectra": "csd stft welch",
        "minijax.scipy.signal.trends": "detrend",
    },
    wrap=_guarded,
)
