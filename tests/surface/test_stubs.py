"""Packages that import names at first use: their stubs, their `dir`, and what a table may hold.

The stubs beside the tables are written by

    python -m tests.surface.test_stubs
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from minijax.core import lazy

ROOT = Path(__file__).parents[2]


def packages() -> list[str]:
    """Returns the packages that have a table."""
    files = (ROOT / "minijax").rglob("__init__.py")
    having = [f.parent for f in files if "lazy_names(" in f.read_text("utf-8")]
    return sorted(".".join(folder.relative_to(ROOT).parts) for folder in having)


PACKAGES = packages()


def stub(package: str) -> Path:
    """Returns the file of a package's stub."""
    return ROOT.joinpath(*package.split("."), "__init__.pyi")


def statements(package: str) -> set[str]:
    """Returns a table as import statements."""
    importlib.import_module(package)
    return {
        f"from {module} import {defined} as {public}"
        for public, (module, defined) in lazy.tables[package].items()
    }


def write(package: str) -> None:
    """Writes the stub of a package, formatted as ruff does."""
    doc = f'"""What {package} exports; written from the table in `__init__.py`."""\n\n'
    lines = sorted(statements(package))
    # The list makes a name public that its module calls something else.
    names = importlib.import_module(package).__all__
    file = stub(package)
    file.write_text(doc + "\n".join(lines) + f"\n\n__all__ = {names!r}\n", "utf-8")
    for command in ("format", "check --fix", "format"):
        subprocess.run(["ruff", *command.split(), "-q", str(file)], check=True, cwd=ROOT)


@pytest.mark.parametrize("package", PACKAGES)
def test_stubs_say_what_the_tables_say(package: str) -> None:
    tree = ast.parse(stub(package).read_text("utf-8"))
    assert isinstance(tree.body[-1], ast.Assign)
    written = {
        f"from {node.module} import {alias.name} as {alias.asname or alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert written == statements(package)
    exported = ast.literal_eval(tree.body[-1].value)
    assert sorted(exported) == importlib.import_module(package).__all__


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_leads_somewhere(package: str) -> None:
    module = importlib.import_module(package)
    for name in lazy.tables[package]:
        assert getattr(module, name) is getattr(module, name)
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_also_that_of_another_module(package: str) -> None:
    # Importing the module would put it where the name should lead.
    folder = importlib.import_module(package).__path__
    modules = {info.name for info in pkgutil.iter_modules(folder)}
    for name in modules & set(lazy.tables[package]):
        found = getattr(sys.modules[package], name)
        assert isinstance(found, ModuleType)
        assert found.__name__ == f"{package}.{name}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import minijax.numpy as jnp

    with pytest.raises(AttributeError, match=r"module 'minijax.numpy' has no attribute 'sine'"):
        _ = jnp.sine
    with pytest.raises(ImportError, match="cannot import name 'sine'"):
        exec("from minijax.numpy import sine")


def test_a_star_import_takes_all_public_names() -> None:
    namespace: dict[str, object] = {}
    exec("from minijax.nn import *", namespace)
    assert {"relu", "softmax", "initializers"} <= set(namespace)
    assert "_lazy_names" not in namespace


if __name__ == "__main__":
    for name in PACKAGES:
        write(name)
