"""Krylov methods, under the names of `scipy.sparse.linalg`."""

from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.sparse.linalg.arnoldi import gmres as gmres
from minijax.scipy.sparse.linalg.recurrences import bicgstab as bicgstab
from minijax.scipy.sparse.linalg.recurrences import cg as cg

_guard_functions(globals())
