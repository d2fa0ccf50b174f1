"""What minijax.scipy.sparse.linalg exports; written from the table in `__init__.py`."""

from minijax.scipy.sparse.linalg.arnoldi import gmres as gmres
from minijax.scipy.sparse.linalg.recurrences import bicgstab as bicgstab
from minijax.scipy.sparse.linalg.recurrences import cg as cg

__all__ = ["bicgstab", "cg", "gmres"]
