"""The errors that programs meet; each class's docstring is its help page."""

from minijax.core.errors import ConcretizationTypeError as ConcretizationTypeError
from minijax.core.errors import InconclusiveDimensionOperation as InconclusiveDimensionOperation
from minijax.core.errors import JAXIndexError as JAXIndexError
from minijax.core.errors import JaxprTypeError as JaxprTypeError
from minijax.core.errors import JaxRuntimeError as JaxRuntimeError
from minijax.core.errors import JAXTypeError as JAXTypeError
from minijax.core.errors import KeyReuseError as KeyReuseError
from minijax.core.errors import MissingRuleError as MissingRuleError
from minijax.core.errors import NonConcreteBooleanIndexError as NonConcreteBooleanIndexError
from minijax.core.errors import TracerArrayConversionError as TracerArrayConversionError
from minijax.core.errors import TracerBoolConversionError as TracerBoolConversionError
from minijax.core.errors import TracerIntegerConversionError as TracerIntegerConversionError
from minijax.core.errors import TypePromotionError as TypePromotionError
from minijax.core.errors import UnexpectedTracerError as UnexpectedTracerError
