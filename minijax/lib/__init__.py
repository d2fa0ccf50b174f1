"""Names of the runtime that older libraries import."""

from minijax.lib import xla_bridge as xla_bridge
