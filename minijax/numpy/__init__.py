"""NumPy's functions on arrays that can be differentiated, mapped and compiled.

>>> import minijax.numpy as jnp
>>> x = jnp.arange(3.0)
>>> jnp.sum(x * x)
Array(5., dtype=float64)
"""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.quick import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "math": "e inf nan pi",
        "minijax.core.operators": "ndarray=Array",
        "minijax.numpy": "fft linalg",
        "minijax.numpy.array_api": "__array_api_version__ __array_namespace_info__",
        "minijax.numpy.axes": """
            astype atleast_1d atleast_2d atleast_3d broadcast_arrays broadcast_to expand_dims flip
            fliplr flipud matrix_transpose moveaxis ndim permute_dims ravel reshape rollaxis rot90
            shape size squeeze swapaxes transpose
        """,
        "minijax.numpy.bits": "frexp ldexp packbits spacing unpackbits",
        "minijax.numpy.calculus": """
            diff ediff1d gradient interp polyder polyint polyval trapezoid unwrap
        """,
        "minijax.numpy.convolving": "convolve correlate",
        "minijax.numpy.counting": "bincount histogram histogram2d histogram_bin_edges histogramdd",
        "minijax.numpy.creation": """
            array asarray copy empty empty_like from_dlpack frombuffer fromfunction full full_like
            ones ones_like zeros zeros_like
        """,
        "minijax.numpy.dtypes": """
            can_cast character complexfloating finfo flexible floating generic iinfo inexact
            integer iscomplexobj isdtype isrealobj isscalar issubdtype iterable number object_
            promote_types result_type signedinteger unsignedinteger
        """,
        "minijax.numpy.editing": "delete fill_diagonal insert trim_zeros",
        "minijax.numpy.einstein": "einsum einsum_path",
        "minijax.numpy.elementary": """
            acos acosh angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan
            atan2 atanh conj conjugate cos cosh deg2rad degrees exp exp2 expm1 hypot imag log log10
            log1p log2 rad2deg radians real sin sinc sinh tan tanh
        """,
        "minijax.numpy.files": """
            array_repr array_str fromfile fromiter fromstring get_printoptions load printoptions
            save savez set_printoptions
        """,
        "minijax.numpy.grids": "c_ index_exp ix_ mgrid ogrid r_ s_",
        "minijax.numpy.joining": """
            append array_split block column_stack concat concatenate dsplit dstack hsplit hstack
            repeat resize roll split stack tile unstack vsplit vstack
        """,
        "minijax.numpy.linear": """
            cross dot inner kron matmul matvec outer tensordot vdot vecdot vecmat
        """,
        "minijax.numpy.logic": """
            allclose array_equal array_equiv bitwise_count bitwise_invert bitwise_left_shift
            bitwise_not bitwise_right_shift equal greater greater_equal invert isclose iscomplex
            isfinite isinf isnan isneginf isposinf isreal left_shift less less_equal logical_not
            not_equal right_shift
        """,
        "minijax.numpy.mapping": "apply_along_axis apply_over_axes vectorize",
        "minijax.numpy.matrices": """
            diag diag_indices diag_indices_from diagflat diagonal eye identity indices meshgrid
            trace tri tril tril_indices tril_indices_from triu triu_indices triu_indices_from
            vander
        """,
        "minijax.numpy.nan_places": "nanargmax nanargmin nancumprod nancumsum",
        "minijax.numpy.nan_statistics": "nanmax nanmean nanmin nanprod nanstd nansum nanvar",
        "minijax.numpy.order_statistics": """
            median nanmedian nanpercentile nanquantile percentile quantile
        """,
        "minijax.numpy.padding": "pad",
        "minijax.numpy.placing": "piecewise place put",
        "minijax.numpy.polynomials": "poly polyadd polydiv polyfit polymul polysub roots",
        "minijax.numpy.promotion": "broadcast_shapes",
        "minijax.numpy.ranges": "arange geomspace linspace logspace",
        "minijax.numpy.reductions": """
            all amax amin any argmax argmin count_nonzero cumprod cumsum cumulative_prod
            cumulative_sum max min prod ptp sum
        """,
        "minijax.numpy.rounding": """
            around ceil fix floor gcd heaviside lcm modf nextafter rint round trunc
        """,
        "minijax.numpy.scalar_types": """
            bfloat16 bool=bool_ bool_ cdouble complex128 complex64 complex_ csingle double float16
            float32 float4_e2m1fn float64 float6_e2m3fn float6_e3m2fn float8_e3m4 float8_e4m3
            float8_e4m3b11fnuz float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz
            float8_e8m0fnu float_ int1 int16 int2 int32 int4 int64 int8 int_ single uint uint1
            uint16 uint2 uint32 uint4 uint64 uint8
        """,
        "minijax.numpy.selection": """
            argwhere choose compress extract flatnonzero mask_indices nan_to_num nonzero
            put_along_axis select where
        """,
        "minijax.numpy.sets": """
            intersect1d isin setdiff1d setxor1d union1d unique unique_all unique_counts
            unique_inverse unique_values
        """,
        "minijax.numpy.sorting": """
            argpartition argsort digitize lexsort partition searchsorted sort sort_complex
        """,
        "minijax.numpy.statistics": "average corrcoef cov mean std var",
        "minijax.numpy.taking": "ravel_multi_index take take_along_axis unravel_index",
        "minijax.numpy.ufuncs": """
            abs absolute cbrt clip copysign divide divmod fabs float_power floor_divide fmax fmin
            fmod mod positive pow power reciprocal remainder sign signbit sqrt square true_divide
        """,
        "minijax.numpy.universal": """
            add bitwise_and bitwise_or bitwise_xor frompyfunc logaddexp logaddexp2 logical_and
            logical_or logical_xor maximum minimum multiply negative subtract ufunc
        """,
        "minijax.numpy.windows": "bartlett blackman hamming hanning i0 kaiser",
        "numpy": "dtype euler_gamma newaxis",
        "numpy.exceptions": "ComplexWarning",
    },
    wrap=_guarded,
)
