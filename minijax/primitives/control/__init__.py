"""Primitives that carry programs: calls, branches, loops, custom rules, callbacks."""
