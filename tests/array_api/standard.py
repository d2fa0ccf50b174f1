"""The names of the Python array API standard, version 2024.12, and their signatures."""

from __future__ import annotations

_UNARY = (
    "abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor imag "
    "isfinite isinf isnan log log1p log2 log10 logical_not negative positive real reciprocal round "
    "sign signbit sin sinh square sqrt tan tanh trunc"
)
_BINARY = (
    "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign "
    "divide equal floor_divide greater greater_equal hypot less less_equal logaddexp logical_and "
    "logical_or logical_xor maximum minimum multiply nextafter not_equal pow remainder subtract"
)
_CREATED = "dtype=None, device=None"
_ALONG = "axis=None, keepdims=False"

FUNCTIONS: dict[str, str] = {
    **dict.fromkeys(_UNARY.split(), "(x, /)"),
    **dict.fromkeys(_BINARY.split(), "(x1, x2, /)"),
    "clip": "(x, /, min=None, max=None)",
    # creation
    "arange": f"(start, /, stop=None, step=1, *, {_CREATED})",
    "asarray": f"(obj, /, *, {_CREATED}, copy=None)",
    "empty": f"(shape, *, {_CREATED})",
    "empty_like": f"(x, /, *, {_CREATED})",
    "eye": f"(n_rows, n_cols=None, /, *, k=0, {_CREATED})",
    "from_dlpack": "(x, /, *, device=None, copy=None)",
    "full": f"(shape, fill_value, *, {_CREATED})",
    "full_like": f"(x, /, fill_value, *, {_CREATED})",
    "linspace": f"(start, stop, /, num, *, {_CREATED}, endpoint=True)",
    "meshgrid": "(*arrays, indexing='xy')",
    "ones": f"(shape, *, {_CREATED})",
    "ones_like": f"(x, /, *, {_CREATED})",
    "tril": "(x, /, *, k=0)",
    "triu": "(x, /, *, k=0)",
    "zeros": f"(shape, *, {_CREATED})",
    "zeros_like": f"(x, /, *, {_CREATED})",
    # data types
    "astype": "(x, dtype, /, *, copy=True, device=None)",
    "can_cast": "(from_, to, /)",
    "finfo": "(type, /)",
    "iinfo": "(type, /)",
    "isdtype": "(dtype, kind)",
    "result_type": "(*arrays_and_dtypes)",
    # indexing
    "take": "(x, indices, /, *, axis=None)",
    "take_along_axis": "(x, indices, /, *, axis=-1)",
    # linear algebra
    "matmul": "(x1, x2, /)",
    "matrix_transpose": "(x, /)",
    "tensordot": "(x1, x2, /, *, axes=2)",
    "vecdot": "(x1, x2, /, *, axis=-1)",
    # manipulation
    "broadcast_arrays": "(*arrays)",
    "broadcast_to": "(x, /, shape)",
    "concat": "(arrays, /, *, axis=0)",
    "expand_dims": "(x, /, *, axis=0)",
    "flip": "(x, /, *, axis=None)",
    "moveaxis": "(x, source, destination, /)",
    "permute_dims": "(x, /, axes)",
    "repeat": "(x, repeats, /, *, axis=None)",
    "reshape": "(x, /, shape, *, copy=None)",
    "roll": "(x, /, shift, *, axis=None)",
    "squeeze": "(x, /, axis)",
    "stack": "(arrays, /, *, axis=0)",
    "tile": "(x, repetitions, /)",
    "unstack": "(x, /, *, axis=0)",
    # searching, sorting, sets
    "argmax": f"(x, /, *, {_ALONG})",
    "argmin": f"(x, /, *, {_ALONG})",
    "count_nonzero": f"(x, /, *, {_ALONG})",
    "nonzero": "(x, /)",
    "searchsorted": "(x1, x2, /, *, side='left', sorter=None)",
    "where": "(condition, x1, x2, /)",
    "argsort": "(x, /, *, axis=-1, descending=False, stable=True)",
    "sort": "(x, /, *, axis=-1, descending=False, stable=True)",
    "unique_all": "(x, /)",
    "unique_counts": "(x, /)",
    "unique_inverse": "(x, /)",
    "unique_values": "(x, /)",
    # statistics and utilities
    "cumulative_prod": "(x, /, *, axis=None, dtype=None, include_initial=False)",
    "cumulative_sum": "(x, /, *, axis=None, dtype=None, include_initial=False)",
    "max": f"(x, /, *, {_ALONG})",
    "mean": f"(x, /, *, {_ALONG})",
    "min": f"(x, /, *, {_ALONG})",
    "prod": "(x, /, *, axis=None, dtype=None, keepdims=False)",
    "std": "(x, /, *, axis=None, correction=0.0, keepdims=False)",
    "sum": "(x, /, *, axis=None, dtype=None, keepdims=False)",
    "var": "(x, /, *, axis=None, correction=0.0, keepdims=False)",
    "all": f"(x, /, *, {_ALONG})",
    "any": f"(x, /, *, {_ALONG})",
    "diff": "(x, /, *, axis=-1, n=1, prepend=None, append=None)",
    "__array_namespace_info__": "()",
    # extensions
    "linalg.cholesky": "(x, /, *, upper=False)",
    "linalg.cross": "(x1, x2, /, *, axis=-1)",
    "linalg.det": "(x, /)",
    "linalg.diagonal": "(x, /, *, offset=0)",
    "linalg.eigh": "(x, /)",
    "linalg.eigvalsh": "(x, /)",
    "linalg.inv": "(x, /)",
    "linalg.matmul": "(x1, x2, /)",
    "linalg.matrix_norm": "(x, /, *, keepdims=False, ord='fro')",
    "linalg.matrix_power": "(x, n, /)",
    "linalg.matrix_rank": "(x, /, *, rtol=None)",
    "linalg.matrix_transpose": "(x, /)",
    "linalg.outer": "(x1, x2, /)",
    "linalg.pinv": "(x, /, *, rtol=None)",
    "linalg.qr": "(x, /, *, mode='reduced')",
    "linalg.slogdet": "(x, /)",
    "linalg.solve": "(x1, x2, /)",
    "linalg.svd": "(x, /, *, full_matrices=True)",
    "linalg.svdvals": "(x, /)",
    "linalg.tensordot": "(x1, x2, /, *, axes=2)",
    "linalg.trace": "(x, /, *, offset=0, dtype=None)",
    "linalg.vecdot": "(x1, x2, /, *, axis=-1)",
    "linalg.vector_norm": "(x, /, *, axis=None, keepdims=False, ord=2)",
    **dict.fromkeys(
        [f"fft.{name}" for name in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]],
        "(x, /, *, n=None, axis=-1, norm='backward')",
    ),
    **dict.fromkeys(
        [f"fft.{name}" for name in ["fftn", "ifftn", "rfftn", "irfftn"]],
        "(x, /, *, s=None, axes=None, norm='backward')",
    ),
    "fft.fftfreq": "(n, /, *, d=1.0, dtype=None, device=None)",
    "fft.rfftfreq": "(n, /, *, d=1.0, dtype=None, device=None)",
    "fft.fftshift": "(x, /, *, axes=None)",
    "fft.ifftshift": "(x, /, *, axes=None)",
}

ATTRIBUTES = ("dtype", "device", "mT", "ndim", "shape", "size", "T")
METHODS = [
    "__abs__",
    "__add__",
    "__and__",
    "__array_namespace__",
    "__bool__",
    "__complex__",
    "__dlpack__",
    "__dlpack_device__",
    "__eq__",
    "__float__",
    "__floordiv__",
    "__ge__",
    "__getitem__",
    "__gt__",
    "__index__",
    "__int__",
    "__invert__",
    "__le__",
    "__lshift__",
    "__lt__",
    "__matmul__",
    "__mod__",
    "__mul__",
    "__ne__",
    "__neg__",
    "__or__",
    "__pos__",
    "__pow__",
    "__rshift__",
    "__sub__",
    "__truediv__",
    "__xor__",
    "__radd__",
    "__rsub__",
    "__rmul__",
    "__rtruediv__",
    "__rfloordiv__",
    "__rpow__",
    "__rmod__",
    "__rmatmul__",
    "__rand__",
    "__ror__",
    "__rxor__",
    "__rlshift__",
    "__rrshift__",
    "to_device",
]
CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")
INTEGERS = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
DTYPES = ("bool", *INTEGERS, *UNSIGNED, *REAL, *COMPLEX)
