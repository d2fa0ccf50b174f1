"""The errors that programs meet; each class's docstring is its help page."""

from minijax.core.errors import ConcretizationTypeError as ConcretizationTypeError
from minijax.core.errors import JaxprTypeError as JaxprTypeError
from minijax.core.errors import MissingRuleError as MissingRuleError
from minijax.core.errors import NonConcreteBooleanIndexError as NonConcreteBooleanIndexError
from minijax.core.errors import TracerArrayConversionError as TracerArrayConversionError
from minijax.core.errors import TracerBoolConversionError as TracerBoolConversionError
from minijax.core.errors import TracerIntegerConversionError as TracerIntegerConversionError
from minijax.core.errors import UnexpectedTracerError as UnexpectedTracerError
