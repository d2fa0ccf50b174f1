"""The version of the package; `minijax.version` makes it public."""

VERSION = (0, 1, 0)
