"""NumPy's functions on arrays that can be differentiated, mapped and compiled.

>>> import minijax.numpy as jnp
>>> x = jnp.arange(3.0)
>>> jnp.sum(x * x)
Array(5., dtype=float64)

Importing this module gives arrays their operators and methods.
"""

import math

import numpy as np

from minijax.core.operators import Array
from minijax.core.source import guard_functions as _guard_functions
from minijax.numpy import fft, linalg
from minijax.numpy.axes import (
    astype,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    flip,
    fliplr,
    flipud,
    matrix_transpose,
    moveaxis,
    ndim,
    permute_dims,
    ravel,
    reshape,
    rollaxis,
    rot90,
    shape,
    size,
    squeeze,
    swapaxes,
    transpose,
)
from minijax.numpy.calculus import (
    diff,
    ediff1d,
    gradient,
    interp,
    polyder,
    polyint,
    polyval,
    trapezoid,
)
from minijax.numpy.convolving import (
    convolve,
    correlate,
)
from minijax.numpy.counting import (
    bincount,
    histogram,
    histogram_bin_edges,
)
from minijax.numpy.creation import (
    array,
    asarray,
    copy,
    empty,
    empty_like,
    frombuffer,
    fromfunction,
    full,
    full_like,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from minijax.numpy.dtypes import (
    can_cast,
    character,
    complexfloating,
    finfo,
    flexible,
    floating,
    generic,
    iinfo,
    inexact,
    integer,
    iscomplexobj,
    isdtype,
    isrealobj,
    isscalar,
    issubdtype,
    iterable,
    number,
    object_,
    promote_types,
    result_type,
    signedinteger,
    unsignedinteger,
)
from minijax.numpy.editing import (
    delete,
    fill_diagonal,
    insert,
)
from minijax.numpy.einstein import (
    einsum,
)
from minijax.numpy.elementary import (
    acos,
    acosh,
    angle,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    conj,
    conjugate,
    cos,
    cosh,
    deg2rad,
    degrees,
    exp,
    exp2,
    expm1,
    hypot,
    imag,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    rad2deg,
    radians,
    real,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
)
from minijax.numpy.grids import (
    ix_,
    mgrid,
    ogrid,
)
from minijax.numpy.joining import (
    append,
    array_split,
    block,
    column_stack,
    concat,
    concatenate,
    dsplit,
    dstack,
    hsplit,
    hstack,
    repeat,
    resize,
    roll,
    split,
    stack,
    tile,
    unstack,
    vsplit,
    vstack,
)
from minijax.numpy.linear import (
    cross,
    dot,
    inner,
    kron,
    matmul,
    matvec,
    outer,
    tensordot,
    vdot,
    vecdot,
    vecmat,
)
from minijax.numpy.logic import (
    allclose,
    array_equal,
    array_equiv,
    bitwise_and,
    bitwise_count,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    equal,
    greater,
    greater_equal,
    invert,
    isclose,
    iscomplex,
    isfinite,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    left_shift,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    right_shift,
)
from minijax.numpy.mapping import (
    apply_along_axis,
    vectorize,
)
from minijax.numpy.matrices import (
    diag,
    diag_indices,
    diag_indices_from,
    diagflat,
    diagonal,
    eye,
    identity,
    indices,
    meshgrid,
    trace,
    tri,
    tril,
    tril_indices,
    tril_indices_from,
    triu,
    triu_indices,
    triu_indices_from,
    vander,
)
from minijax.numpy.methods import install
from minijax.numpy.order_statistics import (
    median,
    nanmedian,
    nanpercentile,
    nanquantile,
    percentile,
    quantile,
)
from minijax.numpy.padding import (
    pad,
)
from minijax.numpy.promotion import (
    broadcast_shapes,
)
from minijax.numpy.ranges import (
    arange,
    geomspace,
    linspace,
    logspace,
)
from minijax.numpy.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    count_nonzero,
    cumprod,
    cumsum,
    cumulative_prod,
    cumulative_sum,
    max,
    min,
    prod,
    ptp,
    sum,
)
from minijax.numpy.rounding import (
    around,
    ceil,
    fix,
    floor,
    gcd,
    heaviside,
    lcm,
    modf,
    nextafter,
    rint,
    round,
    trunc,
)
from minijax.numpy.scalar_types import (
    bfloat16,
    bool_,
    cdouble,
    complex64,
    complex128,
    complex_,
    csingle,
    double,
    float16,
    float32,
    float64,
    float_,
    int8,
    int16,
    int32,
    int64,
    int_,
    single,
    uint,
    uint8,
    uint16,
    uint32,
    uint64,
)
from minijax.numpy.selection import (
    argwhere,
    choose,
    compress,
    extract,
    flatnonzero,
    nan_to_num,
    nonzero,
    put_along_axis,
    select,
    where,
)
from minijax.numpy.sets import (
    intersect1d,
    isin,
    setdiff1d,
    union1d,
    unique,
)
from minijax.numpy.sorting import (
    argpartition,
    argsort,
    digitize,
    lexsort,
    partition,
    searchsorted,
    sort,
)
from minijax.numpy.statistics import (
    average,
    corrcoef,
    cov,
    mean,
    nanmax,
    nanmean,
    nanmin,
    nanprod,
    nanstd,
    nansum,
    nanvar,
    std,
    var,
)
from minijax.numpy.taking import (
    ravel_multi_index,
    take,
    take_along_axis,
    unravel_index,
)
from minijax.numpy.ufuncs import (
    abs,
    absolute,
    add,
    cbrt,
    clip,
    copysign,
    divide,
    divmod,
    fabs,
    float_power,
    floor_divide,
    fmax,
    fmin,
    fmod,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    positive,
    pow,
    power,
    reciprocal,
    remainder,
    sign,
    signbit,
    sqrt,
    square,
    subtract,
    true_divide,
)

bool = bool_
dtype = np.dtype
ndarray = Array
e: float = math.e
euler_gamma: float = 0.5772156649015329
inf: float = math.inf
nan: float = math.nan
newaxis = None
pi: float = math.pi

install()

# fmt: off
__all__ = [  # noqa: RUF022
    "abs", "absolute", "acos", "acosh", "add", "all", "allclose", "amax", "amin", "angle", "any",
    "append", "apply_along_axis", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctan2", "arctanh", "argmax", "argmin", "argpartition", "argsort", "argwhere", "around",
    "array", "array_equal", "array_equiv", "array_split", "asarray", "asin", "asinh", "astype",
    "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d", "average", "bfloat16",
    "bincount", "bitwise_and", "bitwise_count", "bitwise_invert", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "block", "bool", "bool_",
    "broadcast_arrays", "broadcast_shapes", "broadcast_to", "can_cast", "cbrt", "cdouble", "ceil",
    "character", "choose", "clip", "column_stack", "complex128", "complex64", "complex_",
    "complexfloating", "compress", "concat", "concatenate", "conj", "conjugate", "convolve", "copy",
    "copysign", "corrcoef", "correlate", "cos", "cosh", "count_nonzero", "cov", "cross", "csingle",
    "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "deg2rad", "degrees", "delete",
    "diag", "diag_indices", "diag_indices_from", "diagflat", "diagonal", "diff", "digitize",
    "divide", "divmod", "dot", "double", "dsplit", "dstack", "dtype", "e", "ediff1d", "einsum",
    "empty", "empty_like", "equal", "euler_gamma", "exp", "exp2", "expand_dims", "expm1", "extract",
    "eye", "fabs", "fft", "fill_diagonal", "finfo", "fix", "flatnonzero", "flexible", "flip",
    "fliplr",
    "flipud", "float16", "float32", "float64", "float_", "float_power", "floating", "floor",
    "floor_divide", "fmax", "fmin", "fmod", "frombuffer", "fromfunction", "full", "full_like",
    "gcd", "generic", "geomspace", "gradient", "greater", "greater_equal", "heaviside", "histogram",
    "histogram_bin_edges", "hsplit", "hstack", "hypot", "identity", "iinfo", "imag", "indices",
    "inexact", "inf", "inner", "insert", "int16", "int32", "int64", "int8", "int_", "integer",
    "interp", "intersect1d", "invert", "isclose", "iscomplex", "iscomplexobj", "isdtype",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "isrealobj", "isscalar",
    "issubdtype", "iterable", "ix_", "kron", "lcm", "left_shift", "less", "less_equal", "lexsort",
    "linalg", "linspace", "log", "log10", "log1p", "log2", "logaddexp", "logaddexp2", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logspace", "matmul", "matrix_transpose", "matvec",
    "max", "maximum", "mean", "median", "meshgrid", "mgrid", "min", "minimum", "mod", "modf",
    "moveaxis", "multiply", "nan", "nan_to_num", "nanmax", "nanmean", "nanmedian", "nanmin",
    "nanpercentile", "nanprod", "nanquantile", "nanstd", "nansum", "nanvar", "ndarray", "ndim",
    "negative", "newaxis", "nextafter", "nonzero", "not_equal", "number", "object_", "ogrid",
    "ones", "ones_like", "outer", "pad", "partition", "percentile", "permute_dims", "pi", "polyder",
    "polyint", "polyval", "positive", "pow", "power", "prod", "promote_types", "ptp",
    "put_along_axis", "quantile", "rad2deg", "radians", "ravel", "ravel_multi_index", "real",
    "reciprocal", "remainder", "repeat", "reshape", "resize", "result_type", "right_shift", "rint",
    "roll", "rollaxis", "rot90", "round", "searchsorted", "select", "setdiff1d", "shape", "sign",
    "signbit", "signedinteger", "sin", "sinc", "single", "sinh", "size", "sort", "split", "sqrt",
    "square", "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "take", "take_along_axis",
    "tan", "tanh", "tensordot", "tile", "trace", "transpose", "trapezoid", "tri", "tril",
    "tril_indices", "tril_indices_from", "triu", "triu_indices", "triu_indices_from", "true_divide",
    "trunc", "uint", "uint16", "uint32", "uint64", "uint8", "union1d", "unique", "unravel_index",
    "unsignedinteger", "unstack", "vander", "var", "vdot", "vecdot", "vecmat", "vectorize",
    "vsplit", "vstack", "where", "zeros", "zeros_like",
]
# fmt: on

_guard_functions(globals())
