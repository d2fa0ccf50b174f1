"""Scalars of each kind: how they look in registers, and the instructions of their operations."""
