"""Time and memory until a library is there, and until its first results, beside NumPy and JAX.

    python benchmarks/imports.py [--rounds 7] [--output imports.json]

Each round starts one process a line. The import and the first results are timed inside it; memory
is the most it held. The ratio is that of medians to `import numpy`. Compiled programs come from the
disk cache, and modules from their bytecode, as in every run of a program but its first.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]

_PROLOGUE = "import time, resource; start = time.perf_counter()\n"
_EPILOGUE = """
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""

_GRADIENT = """
import {name} as lib, {name}.numpy as np
f = lib.jit(lib.value_and_grad(lambda x: np.sum(np.sin(x) ** 2)))
print(f(np.arange(8.0))[0], end=" ")
"""

_BOTH = "import {name} as lib, {name}.numpy as np\n"
_NAMES = "from {name} import grad, jit, vmap, lax, random, nn"
_FIRST = {
    "import": "import {name}",
    "import, numpy": _BOTH,
    "from … import grad, jit, …": _NAMES,
    "first sin(1.0)": _BOTH + "np.sin(1.0)",
    "first grad(sin)(1.0)": _BOTH + "lib.grad(np.sin)(1.0)",
    "first jit(f)(x)": _BOTH + "lib.jit(lambda x: np.sin(x) + x)(np.arange(8.0))",
    "first jit(value_and_grad(f))": _GRADIENT,
}

PROGRAMS = {
    "import numpy": ("numpy", "import numpy"),
    **{
        f"{name}: {label}": (name, code.format(name=name))
        for label, code in _FIRST.items()
        for name in ("minijax", "jax")
    },
}


class Cost(NamedTuple):
    """Seconds, and mebibytes at most."""

    seconds: float
    mebibytes: float


def environment(bytecode: str) -> dict[str, str]:
    """Returns the variables of the processes; `bytecode` is where they keep compiled modules.

    Without such a place a process would read what was compiled for some modules only, and what it
    took would depend on who had imported them before.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    own = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": bytecode}
    return {**kept, **own, "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1"}


def cost(code: str, variables: dict[str, str]) -> Cost:
    """Runs a program in a fresh process and returns what it took."""
    done = subprocess.run(
        [sys.executable, "-c", _PROLOGUE + code + _EPILOGUE],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, mebibytes = done.stdout.split()[-2:]
    return Cost(float(seconds), float(mebibytes))


def main() -> None:
    """Prints the table: medians over the rounds, and minima; saves it if asked to."""
    parser = argparse.ArgumentParser(description="Cost of imports.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    known = {
        label: code for label, (name, code) in PROGRAMS.items() if importlib.util.find_spec(name)
    }
    # The first round only fills the caches of files and of compiled Python modules.
    with tempfile.TemporaryDirectory() as bytecode:
        variables = environment(bytecode)
        rounds = [
            {label: cost(code, variables) for label, code in known.items()}
            for _ in range(options.rounds + 1)
        ]
    print(f"{'':<40}{'median':>12}{'least':>12}{'ratio':>9}{'memory':>12}")
    unit = statistics.median(row["import numpy"].seconds for row in rounds[1:])
    table = {}
    for label in known:
        seconds = [row[label].seconds for row in rounds[1:]]
        memory = statistics.median(row[label].mebibytes for row in rounds[1:])
        table[label] = {"median": statistics.median(seconds), "least": min(seconds), "MiB": memory}
        times = f"{table[label]['median'] * 1e3:>9.0f} ms{min(seconds) * 1e3:>9.0f} ms"
        ratio = table[label]["median"] / unit
        print(f"{label:<40}{times}{ratio:>8.2f}x{memory:>8.0f} MiB")
    if options.output:
        options.output.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
