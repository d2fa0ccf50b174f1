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
    """Modules that `statement` leaves in a fresh process; a warning there is an error."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
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
    late = (*LAZY, *PEERS, "numpy", "optree", "ml_dtypes")
    assert loaded.isdisjoint(late), sorted(loaded.intersection(late))
    assert len(_own(loaded)) <= 5, _own(loaded)


def _own(loaded: set[str]) -> list[str]:
    return sorted(name for name in loaded if name.partition(".")[0] == "minijax")


def test_the_names_of_most_programs_load_only_what_defines_them() -> None:
    loaded = modules_loaded_by("from minijax import grad, jit, vmap, lax, random, nn")
    late = (*LAZY, *PEERS, "optree", "minijax.primitives.slicing", "minijax.compiler.engine")
    assert loaded.isdisjoint(late), sorted(loaded.intersection(late))
    assert len(_own(loaded)) <= 70, _own(loaded)


def test_nodes_registered_before_the_first_pytree_are_known_to_it() -> None:
    loaded = modules_loaded_by(
        "import sys\n"
        "from minijax.core import pytree\n"
        "class Box: pass\n"
        "pytree.register_later(Box, lambda box: ((1, 2), None), lambda _, children: Box())\n"
        "assert pytree.is_registered(Box) and 'optree' not in sys.modules\n"
        "try:\n    pytree.register_later(Box, None, None)\n"
        "except ValueError: pass\n"
        "else: raise AssertionError('a second registration')\n"
        "assert pytree.leaves([pytree.Partial(max, 3), Box()]) == [3, 1, 2]\n"
    )
    assert "optree" in loaded


def test_a_first_operation_loads_what_it_needs() -> None:
    loaded = modules_loaded_by("import minijax.numpy as jnp\njnp.sin(1.0)")
    late = (*LAZY, *PEERS, "minijax.compiler", "minijax.transforms")
    assert loaded.isdisjoint(late), sorted(loaded.intersection(late))
    assert len(_own(loaded)) <= 50, _own(loaded)


@pytest.mark.parametrize(
    "statement",
    [
        "from minijax import random\nrandom.normal(random.key(0), (2,)) .reshape(1, 2) + 1",
        "from minijax import lax\n(lax.iota('float64', 3)[1:] * 2).sum().T.at[()].set(1)",
        "import minijax\nminijax.scipy.stats.norm.logpdf(1.0)",
        "import minijax\nminijax.numpy.linalg.inv(minijax.numpy.eye(2))",
        "import minijax\nminijax.nn.initializers.zeros(minijax.random.key(0), (2,))",
        "import minijax\nminijax.lax.linalg.cholesky(minijax.numpy.eye(2))",
        "import minijax.placement, minijax.random.uniform_draws\nminijax.devices()[0].platform",
        "import minijax, pickle\npickle.loads(pickle.dumps(minijax.numpy.ones(2))).sum()",
        "import minijax, pickle\npickle.loads(pickle.dumps(minijax.numpy.sin))(1.0)",
        "import minijax.core.trace\nfrom minijax.core.avals import ShapedArray\n"
        "ShapedArray((2,), 'float64').zeros() + ShapedArray((2,), 'float64').sharding.num_devices",
    ],
)
def test_whatever_is_used_first_works(statement: str) -> None:
    assert modules_loaded_by(statement)


def test_threads_that_use_a_name_first_get_the_same_object() -> None:
    modules_loaded_by(
        "import minijax.numpy as jnp\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    found = list(pool.map(lambda i: (jnp.sin, jnp.ones(2) + i), range(64)))\n"
        "assert all(f is jnp.sin and float(x[0]) == i + 1 for i, (f, x) in enumerate(found))"
    )


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
