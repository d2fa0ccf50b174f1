"""Clusters of vectors, under the names of `scipy.cluster`."""

from minijax.scipy.cluster import vq as vq
