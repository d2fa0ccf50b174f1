"""What minijax.scipy.optimize exports; written from the table in `__init__.py`."""

from minijax.scipy.optimize.minimizing import OptimizeResults as OptimizeResults
from minijax.scipy.optimize.minimizing import minimize as minimize

__all__ = ["OptimizeResults", "minimize"]
