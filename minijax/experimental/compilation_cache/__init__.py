"""The folder for compiled programs: a setting that is accepted."""

from minijax.experimental.compilation_cache import compilation_cache as compilation_cache
