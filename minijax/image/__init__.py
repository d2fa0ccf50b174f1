"""Images of other sizes, under the names of `jax.image`."""

from minijax.core.source import guard_functions as _guard_functions
from minijax.image.resizing import ResizeMethod as ResizeMethod
from minijax.image.resizing import resize as resize
from minijax.image.resizing import scale_and_translate as scale_and_translate

_guard_functions(globals())
