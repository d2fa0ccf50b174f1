"""What minijax.extend exports; written from the table in `__init__.py`."""

from minijax.core.primitive import Primitive as Primitive
from minijax.core.primitive import absent as absent
from minijax.core.primitive import constant as constant
from minijax.core.primitive import linear as linear
from minijax.core.primitive import linear_in as linear_in
from minijax.core.primitive import primitive as primitive
from minijax.extend import backend as backend
from minijax.extend import core as core
from minijax.extend import linear_util as linear_util
from minijax.extend import random as random
from minijax.extend import source_info_util as source_info_util
from minijax.interpreters.transpose import UndefinedPrimal as UndefinedPrimal
from minijax.interpreters.transpose import is_linear as is_linear

__all__ = [
    "Primitive",
    "UndefinedPrimal",
    "absent",
    "backend",
    "constant",
    "core",
    "is_linear",
    "linear",
    "linear_in",
    "linear_util",
    "primitive",
    "random",
    "source_info_util",
]
