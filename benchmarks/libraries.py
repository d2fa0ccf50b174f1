"""The libraries beside each other: same names, one thread, one core, 64-bit types.

Importing this module sets the environment that the libraries read when they are imported, so it
comes before them.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import os
from types import ModuleType
from typing import Any

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
# First calls are measured as on a machine that never ran the program.
os.environ.setdefault("MINIJAX_CACHE", "off")
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

# What programs reach as attributes of the library.
_SUBMODULES = (
    "numpy",
    "numpy.linalg",
    "lax",
    "lax.linalg",
    "nn",
    "random",
    "tree_util",
    "scipy.linalg",
    "scipy.special",
    "scipy.stats",
    "scipy.sparse.linalg",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Library:
    """A library under its name: the module, and the module that stands in for NumPy."""

    name: str
    module: ModuleType
    np: ModuleType

    def arrays(self, tree: Any) -> Any:
        """Returns a pytree of NumPy arrays as arrays of the library."""
        return self.module.tree_util.tree_map(self.np.asarray, tree)

    def leaves(self, tree: Any) -> list[Any]:
        """Returns the leaves of a pytree."""
        return self.module.tree_util.tree_leaves(tree)


def load(name: str) -> Library:
    """Imports a library and the modules programs use; one it does not have is left out."""
    module = importlib.import_module(name)
    for submodule in _SUBMODULES:
        if importlib.util.find_spec(f"{name}.{submodule}") is not None:
            importlib.import_module(f"{name}.{submodule}")
    return Library(name, module, module.numpy)


def load_all() -> list[Library]:
    """Returns minijax, and JAX where it is installed."""
    names = ["minijax"] + ["jax"] * (importlib.util.find_spec("jax") is not None)
    return [load(name) for name in names]


def pin_to_one_core() -> None:
    """Restricts this process to one core, so that no library gains by threads of its own."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
