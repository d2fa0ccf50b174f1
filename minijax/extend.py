"""Declaring primitives of one's own, with the same statement that the built-in ones use."""

from minijax.core.primitive import Primitive as Primitive
from minijax.core.primitive import absent as absent
from minijax.core.primitive import constant as constant
from minijax.core.primitive import linear as linear
from minijax.core.primitive import linear_in as linear_in
from minijax.core.primitive import primitive as primitive
from minijax.interpreters.transpose import UndefinedPrimal as UndefinedPrimal
from minijax.interpreters.transpose import is_linear as is_linear
