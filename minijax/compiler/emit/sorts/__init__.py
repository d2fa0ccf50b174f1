"""Sorts, and what needs only a part of the sorted order."""
