"""The examples as a user runs them: each in a process of its own, in an empty directory."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")


def run(name: str, folder: Path, *options: str) -> str:
    """Runs an example in a directory and returns what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MPLCONFIGDIR": str(folder),
        "OPENBLAS_NUM_THREADS": "1",  # several tests share the cores
    }
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_picture(path: Path) -> None:
    """Asserts that a file is a PNG picture of a reasonable size."""
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", header[16:])
    assert width > 400
    assert height > 200


def test_logistic_classifies(tmp_path: Path) -> None:
    found = re.search(r"accuracy ([\d.]+)%", run("logistic.py", tmp_path))
    assert found is not None
    assert float(found[1]) > 97.0


def test_pendulum_finds_its_parameters(tmp_path: Path) -> None:
    text = run("pendulum.py", tmp_path)
    found = re.findall(r"^(\w+): found ([\d.]+), true ([\d.]+)$", text, re.MULTILINE)
    assert [name for name, _, _ in found] == ["length", "friction"]
    for _, value, truth in found:
        assert float(value) == pytest.approx(float(truth), rel=0.01)
    assert_picture(tmp_path / "pendulum.png")


def test_digits_learns_in_three_epochs(tmp_path: Path) -> None:
    text = run("digits.py", tmp_path, "--epochs", "3", "--output", "digits.png")
    found = re.findall(r"^held-out accuracy after (\S+): +([\d.]+)%$", text, re.MULTILINE)
    assert [stage for stage, _ in found] == ["Adam", "Newton-CG"]
    assert all(float(percent) > 80.0 for _, percent in found)
    assert_picture(tmp_path / "digits.png")


def test_digits_reaches_97_percent(tmp_path: Path) -> None:
    text = run("digits.py", tmp_path)
    accuracies = re.findall(r"^held-out accuracy.*?([\d.]+)%$", text, re.MULTILINE)
    assert len(accuracies) == 2
    assert all(float(percent) >= 97.0 for percent in accuracies)
    assert_picture(tmp_path / "digits.png")
