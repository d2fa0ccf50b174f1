"""Sparse arrays: `BCOO` with its functions, and the compressed kinds `CSR`, `CSC`, `BCSR`, `COO`.

>>> import minijax.numpy as jnp
>>> from minijax.experimental import sparse
>>> m = sparse.BCOO.fromdense(jnp.array([[0.0, 2.0], [3.0, 0.0]]))
>>> m.nse, m @ jnp.array([1.0, 10.0])
(2, Array([20.,  3.], dtype=float64))
"""

from minijax.core.lazy import lazy_names as _lazy_names

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.experimental.sparse": "linalg",
        "minijax.experimental.sparse.bcoo": "BCOO",
        "minijax.experimental.sparse.compressed": "BCSR COO CSC CSR",
        "minijax.experimental.sparse.coordinates": "JAXSparse",
        "minijax.experimental.sparse.derivatives": "grad value_and_grad",
        "minijax.experimental.sparse.making": """
            bcoo_fromdense bcoo_todense empty eye random_bcoo todense""",
        "minijax.experimental.sparse.places": "bcoo_sort_indices bcoo_sum_duplicates",
        "minijax.experimental.sparse.products": """
            bcoo_dot_general bcoo_extract bcoo_multiply_dense bcoo_multiply_sparse""",
        "minijax.experimental.sparse.shapes": """
            bcoo_concatenate bcoo_reduce_sum bcoo_reshape bcoo_slice bcoo_squeeze bcoo_transpose""",
        "minijax.experimental.sparse.transform": "sparsify",
    },
)
