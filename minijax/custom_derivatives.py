"""Custom rules, under the names of `jax.custom_derivatives`."""

from minijax.transforms.custom import custom_gradient as custom_gradient
from minijax.transforms.custom import custom_jvp as custom_jvp
from minijax.transforms.custom import custom_vjp as custom_vjp
from minijax.transforms.staging import closure_convert as closure_convert
from minijax.transforms.symbolic_zeros import CustomVJPPrimal as CustomVJPPrimal
from minijax.transforms.symbolic_zeros import SymbolicZero as SymbolicZero
from minijax.transforms.symbolic_zeros import zero_from_primal as zero_from_primal
