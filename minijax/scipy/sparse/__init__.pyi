"""What minijax.scipy.sparse exports; written from the table in `__init__.py`."""

from minijax.scipy.sparse import linalg as linalg

__all__ = ["linalg"]
