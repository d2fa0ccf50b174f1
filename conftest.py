"""Imports the package before pytest collects doctests from its modules, so that each is run once."""

import minijax as minijax
