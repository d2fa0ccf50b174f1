"""Entries: how Python calls compiled programs."""
