"""What minijax.scipy.cluster exports; written from the table in `__init__.py`."""

from minijax.scipy.cluster import vq as vq

__all__ = ["vq"]
