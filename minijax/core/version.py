"""The version of the package; `minijax.version` makes it public.

It is the version of JAX whose interface the package has, as programs compare it with the versions
in which names came or went: `if jax.__version_info__ >= (0, 7, 0): ...`.
"""

VERSION = (0, 10, 2)
