"""`pjit`, the older name of `jit`."""

from minijax.transforms.jit import jit as pjit

__all__ = ["pjit"]
