"""Minimization, under the names of `scipy.optimize`."""

from minijax.core.source import guard_functions as _guard_functions
from minijax.scipy.optimize.minimizing import OptimizeResults as OptimizeResults
from minijax.scipy.optimize.minimizing import minimize as minimize

_guard_functions(globals())
