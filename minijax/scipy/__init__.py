"""SciPy's functions on arrays that can be differentiated, mapped and compiled."""

from minijax.scipy import linalg as linalg
from minijax.scipy import special as special
from minijax.scipy import stats as stats
