"""Folds: reductions in each of their orders, and running ones."""
