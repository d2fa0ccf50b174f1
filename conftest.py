"""Imports the package before pytest collects doctests, so that no module is run twice."""

import minijax as minijax
