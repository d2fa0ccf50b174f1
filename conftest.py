"""Imports the package before pytest collects doctests, so that no module is run twice."""

import atexit
import os
import shutil
import tempfile

# Compiled programs are kept for one run of the suite; its processes share them. The cache of the
# user is neither read nor filled. The package reads this when it is imported.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["MINIJAX_CACHE_DIR"] = tempfile.mkdtemp(prefix="minijax-cache-")
    atexit.register(shutil.rmtree, os.environ["MINIJAX_CACHE_DIR"], ignore_errors=True)

import minijax as minijax
