"""For libraries that extend the package: primitives of one's own, and programs as data.

A primitive is declared with the same statement that the built-in ones use.
"""

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
