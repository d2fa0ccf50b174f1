"""Linear algebra, under the names of `numpy.linalg`."""

from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy.axes import matrix_transpose as matrix_transpose
from minijax.numpy.chains import cross as cross
from minijax.numpy.chains import diagonal as diagonal
from minijax.numpy.chains import matmul as matmul
from minijax.numpy.chains import multi_dot as multi_dot
from minijax.numpy.chains import outer as outer
from minijax.numpy.chains import tensordot as tensordot
from minijax.numpy.chains import trace as trace
from minijax.numpy.equations import inv as inv
from minijax.numpy.equations import lstsq as lstsq
from minijax.numpy.equations import matrix_power as matrix_power
from minijax.numpy.equations import matrix_rank as matrix_rank
from minijax.numpy.equations import pinv as pinv
from minijax.numpy.equations import solve as solve
from minijax.numpy.equations import tensorinv as tensorinv
from minijax.numpy.equations import tensorsolve as tensorsolve
from minijax.numpy.factorizations import cholesky as cholesky
from minijax.numpy.factorizations import eig as eig
from minijax.numpy.factorizations import eigh as eigh
from minijax.numpy.factorizations import eigvals as eigvals
from minijax.numpy.factorizations import eigvalsh as eigvalsh
from minijax.numpy.factorizations import qr as qr
from minijax.numpy.factorizations import svd as svd
from minijax.numpy.factorizations import svdvals as svdvals
from minijax.numpy.linalg_determinants import det as det
from minijax.numpy.linalg_determinants import slogdet as slogdet
from minijax.numpy.linear import vecdot as vecdot
from minijax.numpy.norms import cond as cond
from minijax.numpy.norms import matrix_norm as matrix_norm
from minijax.numpy.norms import norm as norm
from minijax.numpy.norms import vector_norm as vector_norm

_guard_functions(globals())
