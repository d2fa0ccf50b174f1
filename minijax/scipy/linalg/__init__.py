"""Linear algebra, under the names of `scipy.linalg`.

Arguments that tell SciPy to overwrite its operands or to look for NaNs are taken and ignored.
"""

from minijax.scipy.linalg.factorizations import cho_factor as cho_factor
from minijax.scipy.linalg.factorizations import cholesky as cholesky
from minijax.scipy.linalg.factorizations import eigh as eigh
from minijax.scipy.linalg.factorizations import lu as lu
from minijax.scipy.linalg.factorizations import lu_factor as lu_factor
from minijax.scipy.linalg.factorizations import qr as qr
from minijax.scipy.linalg.factorizations import svd as svd
from minijax.scipy.linalg.functions import expm as expm
from minijax.scipy.linalg.functions import expm_frechet as expm_frechet
from minijax.scipy.linalg.functions import polar as polar
from minijax.scipy.linalg.solving import cho_solve as cho_solve
from minijax.scipy.linalg.solving import det as det
from minijax.scipy.linalg.solving import inv as inv
from minijax.scipy.linalg.solving import lu_solve as lu_solve
from minijax.scipy.linalg.solving import solve as solve
from minijax.scipy.linalg.solving import solve_triangular as solve_triangular
from minijax.scipy.linalg.special_matrices import block_diag as block_diag
from minijax.scipy.linalg.special_matrices import circulant as circulant
from minijax.scipy.linalg.special_matrices import companion as companion
from minijax.scipy.linalg.special_matrices import dft as dft
from minijax.scipy.linalg.special_matrices import hankel as hankel
from minijax.scipy.linalg.special_matrices import hilbert as hilbert
from minijax.scipy.linalg.special_matrices import toeplitz as toeplitz
