"""What minijax.scipy.spatial exports; written from the table in `__init__.py`."""

from minijax.scipy.spatial import transform as transform

__all__ = ["transform"]
