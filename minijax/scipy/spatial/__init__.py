"""Geometry, under the names of `scipy.spatial`."""

from minijax.scipy.spatial import transform as transform
