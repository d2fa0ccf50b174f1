"""Linear algebra, under the names of `scipy.linalg`.

Arguments that tell SciPy to overwrite its operands or to look for NaNs are taken and ignored.
"""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.scipy.linalg.factorizations": """
            cho_factor cholesky eigh eigh_tridiagonal lu lu_factor qr qr_multiply svd
        """,
        "minijax.scipy.linalg.functions": "expm expm_frechet polar",
        "minijax.scipy.linalg.number_matrices": "hadamard helmert invhilbert invpascal pascal",
        "minijax.scipy.linalg.schur_forms": "hessenberg rsf2csf schur",
        "minijax.scipy.linalg.solving": """
            cho_solve det inv lu_solve solve solve_sylvester solve_triangular
        """,
        "minijax.scipy.linalg.special_matrices": """
            block_diag circulant companion convolution_matrix dft fiedler fiedler_companion hankel
            hilbert leslie toeplitz
        """,
        "minijax.scipy.linalg.spectral_functions": "funm sqrtm",
    },
    wrap=_guarded,
)
