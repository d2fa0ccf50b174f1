"""Code for processors that this machine may not have: it compiles, and its vectors are as wide."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

_LINUX = "unknown-linux-gnu"
_AVX2 = "+avx,+avx2,+fma"
_AVX512 = f"{_AVX2},+avx512f,+avx512bw,+avx512dq,+avx512vl"
_HERE = platform.machine().lower() in ("x86_64", "amd64")

PROCESSORS = {
    # Every processor of the kind has these registers: what is compiled can be carried out.
    "SSE2": [f"x86_64-{_LINUX}", "x86-64", "", "xmm", "[yz]mm", *(["run"] if _HERE else [])],
    "AVX2": [f"x86_64-{_LINUX}", "haswell", _AVX2, "ymm", "zmm"],
    "AVX-512": [f"x86_64-{_LINUX}", "skylake-avx512", _AVX512, "zmm", "nothing is wider"],
    "NEON": [f"aarch64-{_LINUX}", "generic", "+fp-armv8,+neon", r"v\d+\.(2d|4s)", r"\bz\d+\.d"],
}


@pytest.mark.parametrize("name", PROCESSORS)
def test_programs_and_functions_for_other_processors(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.compiler.other_processor", *PROCESSORS[name]],
        env={**os.environ, "MINIJAX_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
