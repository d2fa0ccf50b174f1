"""What minijax.experimental.sparse exports; written from the table in `__init__.py`."""

from minijax.experimental.sparse import linalg as linalg
from minijax.experimental.sparse.bcoo import BCOO as BCOO
from minijax.experimental.sparse.compressed import BCSR as BCSR
from minijax.experimental.sparse.compressed import COO as COO
from minijax.experimental.sparse.compressed import CSC as CSC
from minijax.experimental.sparse.compressed import CSR as CSR
from minijax.experimental.sparse.coordinates import JAXSparse as JAXSparse
from minijax.experimental.sparse.derivatives import grad as grad
from minijax.experimental.sparse.derivatives import value_and_grad as value_and_grad
from minijax.experimental.sparse.making import bcoo_fromdense as bcoo_fromdense
from minijax.experimental.sparse.making import bcoo_todense as bcoo_todense
from minijax.experimental.sparse.making import empty as empty
from minijax.experimental.sparse.making import eye as eye
from minijax.experimental.sparse.making import random_bcoo as random_bcoo
from minijax.experimental.sparse.making import todense as todense
from minijax.experimental.sparse.places import bcoo_sort_indices as bcoo_sort_indices
from minijax.experimental.sparse.places import bcoo_sum_duplicates as bcoo_sum_duplicates
from minijax.experimental.sparse.products import bcoo_dot_general as bcoo_dot_general
from minijax.experimental.sparse.products import bcoo_extract as bcoo_extract
from minijax.experimental.sparse.products import bcoo_multiply_dense as bcoo_multiply_dense
from minijax.experimental.sparse.products import bcoo_multiply_sparse as bcoo_multiply_sparse
from minijax.experimental.sparse.shapes import bcoo_concatenate as bcoo_concatenate
from minijax.experimental.sparse.shapes import bcoo_reduce_sum as bcoo_reduce_sum
from minijax.experimental.sparse.shapes import bcoo_reshape as bcoo_reshape
from minijax.experimental.sparse.shapes import bcoo_slice as bcoo_slice
from minijax.experimental.sparse.shapes import bcoo_squeeze as bcoo_squeeze
from minijax.experimental.sparse.shapes import bcoo_transpose as bcoo_transpose
from minijax.experimental.sparse.transform import sparsify as sparsify

__all__ = [
    "BCOO",
    "BCSR",
    "COO",
    "CSC",
    "CSR",
    "JAXSparse",
    "bcoo_concatenate",
    "bcoo_dot_general",
    "bcoo_extract",
    "bcoo_fromdense",
    "bcoo_multiply_dense",
    "bcoo_multiply_sparse",
    "bcoo_reduce_sum",
    "bcoo_reshape",
    "bcoo_slice",
    "bcoo_sort_indices",
    "bcoo_squeeze",
    "bcoo_sum_duplicates",
    "bcoo_todense",
    "bcoo_transpose",
    "empty",
    "eye",
    "grad",
    "linalg",
    "random_bcoo",
    "sparsify",
    "todense",
    "value_and_grad",
]
