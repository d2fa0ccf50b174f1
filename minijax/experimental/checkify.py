"""Checks as values: `checkify` makes the checks that a function states part of what it returns.

>>> import minijax as mj
>>> from minijax.experimental import checkify
>>> def f(x):
...     checkify.check(x > 0, "x must be positive")
...     return mj.numpy.log(x)
>>> error, _ = checkify.checkify(f)(-1.0)
>>> error.get()
'x must be positive (`check` failed)'
"""

from minijax.primitives.control.check import CheckError as JaxRuntimeError
from minijax.transforms.checked_program import DivisionByZeroError as DivisionByZeroError
from minijax.transforms.checked_program import FailedCheckError as FailedCheckError
from minijax.transforms.checked_program import Kind as ErrorCategory
from minijax.transforms.checked_program import NaNError as NaNError
from minijax.transforms.checked_program import OOBError as OOBError
from minijax.transforms.checkify import Error as Error
from minijax.transforms.checkify import all_checks as all_checks
from minijax.transforms.checkify import automatic_checks as automatic_checks
from minijax.transforms.checkify import check as check
from minijax.transforms.checkify import check_error as check_error
from minijax.transforms.checkify import checkify as checkify
from minijax.transforms.checkify import debug_check as debug_check
from minijax.transforms.checkify import div_checks as div_checks
from minijax.transforms.checkify import float_checks as float_checks
from minijax.transforms.checkify import index_checks as index_checks
from minijax.transforms.checkify import init_error as init_error
from minijax.transforms.checkify import nan_checks as nan_checks
from minijax.transforms.checkify import user_checks as user_checks

__all__ = [
    "DivisionByZeroError",
    "Error",
    "ErrorCategory",
    "FailedCheckError",
    "JaxRuntimeError",
    "NaNError",
    "OOBError",
    "all_checks",
    "automatic_checks",
    "check",
    "check_error",
    "checkify",
    "debug_check",
    "div_checks",
    "float_checks",
    "index_checks",
    "init_error",
    "nan_checks",
    "user_checks",
]
