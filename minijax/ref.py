"""References: places whose array a program may replace.

>>> import minijax as mj
>>> ref = mj.ref.new_ref(1.0)
>>> mj.ref.addupdate(ref, ..., 2.0)
>>> ref
Ref(3., dtype=float64, weak_type=True)
"""

from minijax.core.references import Ref as Ref
from minijax.transforms.references import addupdate as addupdate
from minijax.transforms.references import empty_ref as empty_ref
from minijax.transforms.references import free_ref as free_ref
from minijax.transforms.references import freeze as freeze
from minijax.transforms.references import get as get
from minijax.transforms.references import new_ref as new_ref
from minijax.transforms.references import set as set  # noqa: A004 - JAX's name
from minijax.transforms.references import swap as swap

__all__ = [
    "Ref",
    "addupdate",
    "empty_ref",
    "free_ref",
    "freeze",
    "get",
    "new_ref",
    "set",
    "swap",
]
