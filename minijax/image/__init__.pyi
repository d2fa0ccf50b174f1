"""What minijax.image exports; written from the table in `__init__.py`."""

from minijax.image.resizing import ResizeMethod as ResizeMethod
from minijax.image.resizing import resize as resize
from minijax.image.resizing import scale_and_translate as scale_and_translate

__all__ = ["ResizeMethod", "resize", "scale_and_translate"]
