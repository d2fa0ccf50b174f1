"""Benchmarks: programs written once, measured beside JAX. docs/benchmarks.md says how."""
