"""Factorisations and equations of matrices, under the names of `jax.lax.linalg`."""

from minijax.primitives.linalg.cholesky import cholesky as cholesky
from minijax.primitives.linalg.cholesky import cholesky_p as cholesky_p
from minijax.primitives.linalg.eig import eig as eig
from minijax.primitives.linalg.eig import eig_p as eig_p
from minijax.primitives.linalg.eigh import eigh as eigh
from minijax.primitives.linalg.eigh import eigh_p as eigh_p
from minijax.primitives.linalg.lu import lu as lu
from minijax.primitives.linalg.lu import lu_p as lu_p
from minijax.primitives.linalg.lu import lu_pivots_to_permutation as lu_pivots_to_permutation
from minijax.primitives.linalg.lu import lu_pivots_to_permutation_p as lu_pivots_to_permutation_p
from minijax.primitives.linalg.qr import householder_product as householder_product
from minijax.primitives.linalg.qr import householder_product_p as householder_product_p
from minijax.primitives.linalg.qr import qr as qr
from minijax.primitives.linalg.qr import qr_p as qr_p
from minijax.primitives.linalg.svd import svd as svd
from minijax.primitives.linalg.svd import svd_p as svd_p
from minijax.primitives.linalg.triangular_solve import triangular_solve as triangular_solve
from minijax.primitives.linalg.triangular_solve import triangular_solve_p as triangular_solve_p
