"""What every test shares: hypothesis profiles, the oracle, how many processes run the suite."""

import importlib
import importlib.util
import os
import signal
from types import ModuleType

import pytest
from hypothesis import settings

# Read by jax when it is first imported, so they are set before any test module can do that.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "true"
# The oracle runs each program once, so that optimising it costs more than it gains.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"

# No deadline: the first example of a program pays for its compilation, the others do not.
# Each test draws the same examples at every run, so that a commit fails only of what it changes;
# the nightly run looks for what these examples miss.
settings.register_profile("default", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("nightly", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_HAS_ORACLE = importlib.util.find_spec("jax") is not None
_ORACLE_REQUIRED = os.environ.get("MINIJAX_TEST_ORACLE") == "required"
_MAX_PROCESSES = 4  # each has its own interpreter and thread pools; more gains nothing


def pytest_configure(config: pytest.Config) -> None:
    """Stop at once where the oracle must be there and is not: skipping would hide it.

    What a shell starts in the background ignores Ctrl-C, and the workers of pytest with it; the
    tests of interrupts need Python's usual handler.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if _ORACLE_REQUIRED and not _HAS_ORACLE:
        raise pytest.UsageError(
            "MINIJAX_TEST_ORACLE=required, but jax cannot be found: "
            "install it with `pip install -e '.[peers]'`"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `oracle` where jax is not installed."""
    if _HAS_ORACLE:
        return
    skip = pytest.mark.skip(reason="the oracle, jax, is not installed")
    for item in items:
        if item.get_closest_marker("oracle"):
            item.add_marker(skip)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use all cores for the whole suite; stay in one process when tests are named.

    A few tests finish before workers have started, and rewriting snapshots needs one process.
    """
    if config.args_source is pytest.Config.ArgsSource.ARGS or config.option.inline_snapshot:
        return 0
    config.option.inline_snapshot = "disable"  # snapshots still compare; spares a notice about it
    return min(os.cpu_count() or 1, _MAX_PROCESSES)


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The `jax` module with 64-bit types on the CPU; the test is skipped where it is missing."""
    if not _HAS_ORACLE:
        pytest.skip("the oracle, jax, is not installed")
    return importlib.import_module("jax")
