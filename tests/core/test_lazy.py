"""Packages whose names are imported when they are asked for."""

import importlib
import subprocess
import sys

import pytest

from minijax.core.lazy import tables


@pytest.mark.parametrize("package", ["minijax", "minijax.numpy", "minijax.lax", "minijax.random"])
def test_the_dictionary_of_a_package_has_all_names(package: str) -> None:
    module = importlib.import_module(package)
    namespace = vars(module)
    assert not tables[package].keys() - namespace.keys()
    assert all(namespace[name] is getattr(module, name) for name in tables[package])
    assert module.__dict__ is namespace


def test_nothing_is_imported_before_a_name_is_asked_for() -> None:
    program = (
        "import sys, minijax.numpy as jnp; assert 'numpy' not in sys.modules; jnp.pi; "
        "assert 'minijax.numpy.elementary' not in sys.modules; jnp.sin; "
        "assert 'minijax.numpy.elementary' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
