"""Linear systems of which only the products are known, under the names of `scipy.sparse`."""

from minijax.scipy.sparse import linalg as linalg
