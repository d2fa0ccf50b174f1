"""What minijax.scipy.linalg exports; written from the table in `__init__.py`."""

from minijax.scipy.linalg.factorizations import cho_factor as cho_factor
from minijax.scipy.linalg.factorizations import cholesky as cholesky
from minijax.scipy.linalg.factorizations import eigh as eigh
from minijax.scipy.linalg.factorizations import eigh_tridiagonal as eigh_tridiagonal
from minijax.scipy.linalg.factorizations import lu as lu
from minijax.scipy.linalg.factorizations import lu_factor as lu_factor
from minijax.scipy.linalg.factorizations import qr as qr
from minijax.scipy.linalg.factorizations import qr_multiply as qr_multiply
from minijax.scipy.linalg.factorizations import svd as svd
from minijax.scipy.linalg.functions import expm as expm
from minijax.scipy.linalg.functions import expm_frechet as expm_frechet
from minijax.scipy.linalg.functions import polar as polar
from minijax.scipy.linalg.number_matrices import hadamard as hadamard
from minijax.scipy.linalg.number_matrices import helmert as helmert
from minijax.scipy.linalg.number_matrices import invhilbert as invhilbert
from minijax.scipy.linalg.number_matrices import invpascal as invpascal
from minijax.scipy.linalg.number_matrices import pascal as pascal
from minijax.scipy.linalg.schur_forms import hessenberg as hessenberg
from minijax.scipy.linalg.schur_forms import rsf2csf as rsf2csf
from minijax.scipy.linalg.schur_forms import schur as schur
from minijax.scipy.linalg.solving import cho_solve as cho_solve
from minijax.scipy.linalg.solving import det as det
from minijax.scipy.linalg.solving import inv as inv
from minijax.scipy.linalg.solving import lu_solve as lu_solve
from minijax.scipy.linalg.solving import solve as solve
from minijax.scipy.linalg.solving import solve_sylvester as solve_sylvester
from minijax.scipy.linalg.solving import solve_triangular as solve_triangular
from minijax.scipy.linalg.special_matrices import block_diag as block_diag
from minijax.scipy.linalg.special_matrices import circulant as circulant
from minijax.scipy.linalg.special_matrices import companion as companion
from minijax.scipy.linalg.special_matrices import convolution_matrix as convolution_matrix
from minijax.scipy.linalg.special_matrices import dft as dft
from minijax.scipy.linalg.special_matrices import fiedler as fiedler
from minijax.scipy.linalg.special_matrices import fiedler_companion as fiedler_companion
from minijax.scipy.linalg.special_matrices import hankel as hankel
from minijax.scipy.linalg.special_matrices import hilbert as hilbert
from minijax.scipy.linalg.special_matrices import leslie as leslie
from minijax.scipy.linalg.special_matrices import toeplitz as toeplitz
from minijax.scipy.linalg.spectral_functions import funm as funm
from minijax.scipy.linalg.spectral_functions import sqrtm as sqrtm

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "circulant",
    "companion",
    "convolution_matrix",
    "det",
    "dft",
    "eigh",
    "eigh_tridiagonal",
    "expm",
    "expm_frechet",
    "fiedler",
    "fiedler_companion",
    "funm",
    "hadamard",
    "hankel",
    "helmert",
    "hessenberg",
    "hilbert",
    "inv",
    "invhilbert",
    "invpascal",
    "leslie",
    "lu",
    "lu_factor",
    "lu_solve",
    "pascal",
    "polar",
    "qr",
    "qr_multiply",
    "rsf2csf",
    "schur",
    "solve",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
    "svd",
    "toeplitz",
]
