"""The surface as a user meets it: what an import loads, that all of it imports, that docs run."""

import doctest
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "minijax"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

# Loaded on the first compilation, the first call of LAPACK, the first einsum, the first picture.
LAZY = ("llvmlite", "scipy", "opt_einsum", "matplotlib")
PEERS = ("jax", "jaxlib", "autograd", "numba", "casadi")


def module_names() -> Iterator[str]:
    """Dotted names of all modules of the package, found without importing any of them."""
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_loaded_by(statement: str) -> set[str]:
    """Top-level modules that `statement` leaves in a fresh process; a warning there is an error."""
    program = (
        f"import json, sys\n{statement}\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_import_loads_nothing_that_is_needed_only_later() -> None:
    loaded = modules_loaded_by("import minijax")
    assert "minijax" in loaded
    assert loaded.isdisjoint(LAZY + PEERS), sorted(loaded.intersection(LAZY + PEERS))


@pytest.mark.parametrize("name", tuple(module_names()))
def test_every_module_imports(name: str) -> None:
    assert importlib.import_module(name).__name__ == name


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    assert not sorted(str(f) for f in folders if not (f / "__init__.py").is_file())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_in_documents_run(path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    # One namespace per document: a later block may use what an earlier one defined.
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, path.name, str(path), 0)
    report: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(verbose=False, optionflags=flags).run(test, out=report.append)
    assert not report, "".join(report)
