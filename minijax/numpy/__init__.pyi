"""What minijax.numpy exports; written from the table in `__init__.py`."""

from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from numpy import dtype as dtype
from numpy import euler_gamma as euler_gamma
from numpy import newaxis as newaxis
from numpy.exceptions import ComplexWarning as ComplexWarning

from minijax.core.operators import Array as ndarray
from minijax.numpy import fft as fft
from minijax.numpy import linalg as linalg
from minijax.numpy.array_api import __array_api_version__ as __array_api_version__
from minijax.numpy.array_api import __array_namespace_info__ as __array_namespace_info__
from minijax.numpy.axes import astype as astype
from minijax.numpy.axes import atleast_1d as atleast_1d
from minijax.numpy.axes import atleast_2d as atleast_2d
from minijax.numpy.axes import atleast_3d as atleast_3d
from minijax.numpy.axes import broadcast_arrays as broadcast_arrays
from minijax.numpy.axes import broadcast_to as broadcast_to
from minijax.numpy.axes import expand_dims as expand_dims
from minijax.numpy.axes import flip as flip
from minijax.numpy.axes import fliplr as fliplr
from minijax.numpy.axes import flipud as flipud
from minijax.numpy.axes import matrix_transpose as matrix_transpose
from minijax.numpy.axes import moveaxis as moveaxis
from minijax.numpy.axes import ndim as ndim
from minijax.numpy.axes import permute_dims as permute_dims
from minijax.numpy.axes import ravel as ravel
from minijax.numpy.axes import reshape as reshape
from minijax.numpy.axes import rollaxis as rollaxis
from minijax.numpy.axes import rot90 as rot90
from minijax.numpy.axes import shape as shape
from minijax.numpy.axes import size as size
from minijax.numpy.axes import squeeze as squeeze
from minijax.numpy.axes import swapaxes as swapaxes
from minijax.numpy.axes import transpose as transpose
from minijax.numpy.bits import frexp as frexp
from minijax.numpy.bits import ldexp as ldexp
from minijax.numpy.bits import packbits as packbits
from minijax.numpy.bits import spacing as spacing
from minijax.numpy.bits import unpackbits as unpackbits
from minijax.numpy.calculus import diff as diff
from minijax.numpy.calculus import ediff1d as ediff1d
from minijax.numpy.calculus import gradient as gradient
from minijax.numpy.calculus import interp as interp
from minijax.numpy.calculus import polyder as polyder
from minijax.numpy.calculus import polyint as polyint
from minijax.numpy.calculus import polyval as polyval
from minijax.numpy.calculus import trapezoid as trapezoid
from minijax.numpy.calculus import unwrap as unwrap
from minijax.numpy.convolving import convolve as convolve
from minijax.numpy.convolving import correlate as correlate
from minijax.numpy.counting import bincount as bincount
from minijax.numpy.counting import histogram as histogram
from minijax.numpy.counting import histogram2d as histogram2d
from minijax.numpy.counting import histogram_bin_edges as histogram_bin_edges
from minijax.numpy.counting import histogramdd as histogramdd
from minijax.numpy.creation import array as array
from minijax.numpy.creation import asarray as asarray
from minijax.numpy.creation import copy as copy
from minijax.numpy.creation import empty as empty
from minijax.numpy.creation import empty_like as empty_like
from minijax.numpy.creation import from_dlpack as from_dlpack
from minijax.numpy.creation import frombuffer as frombuffer
from minijax.numpy.creation import fromfunction as fromfunction
from minijax.numpy.creation import full as full
from minijax.numpy.creation import full_like as full_like
from minijax.numpy.creation import ones as ones
from minijax.numpy.creation import ones_like as ones_like
from minijax.numpy.creation import zeros as zeros
from minijax.numpy.creation import zeros_like as zeros_like
from minijax.numpy.dtypes import can_cast as can_cast
from minijax.numpy.dtypes import character as character
from minijax.numpy.dtypes import complexfloating as complexfloating
from minijax.numpy.dtypes import finfo as finfo
from minijax.numpy.dtypes import flexible as flexible
from minijax.numpy.dtypes import floating as floating
from minijax.numpy.dtypes import generic as generic
from minijax.numpy.dtypes import iinfo as iinfo
from minijax.numpy.dtypes import inexact as inexact
from minijax.numpy.dtypes import integer as integer
from minijax.numpy.dtypes import iscomplexobj as iscomplexobj
from minijax.numpy.dtypes import isdtype as isdtype
from minijax.numpy.dtypes import isrealobj as isrealobj
from minijax.numpy.dtypes import isscalar as isscalar
from minijax.numpy.dtypes import issubdtype as issubdtype
from minijax.numpy.dtypes import iterable as iterable
from minijax.numpy.dtypes import number as number
from minijax.numpy.dtypes import object_ as object_
from minijax.numpy.dtypes import promote_types as promote_types
from minijax.numpy.dtypes import result_type as result_type
from minijax.numpy.dtypes import signedinteger as signedinteger
from minijax.numpy.dtypes import unsignedinteger as unsignedinteger
from minijax.numpy.editing import delete as delete
from minijax.numpy.editing import fill_diagonal as fill_diagonal
from minijax.numpy.editing import insert as insert
from minijax.numpy.editing import trim_zeros as trim_zeros
from minijax.numpy.einstein import einsum as einsum
from minijax.numpy.einstein import einsum_path as einsum_path
from minijax.numpy.elementary import acos as acos
from minijax.numpy.elementary import acosh as acosh
from minijax.numpy.elementary import angle as angle
from minijax.numpy.elementary import arccos as arccos
from minijax.numpy.elementary import arccosh as arccosh
from minijax.numpy.elementary import arcsin as arcsin
from minijax.numpy.elementary import arcsinh as arcsinh
from minijax.numpy.elementary import arctan as arctan
from minijax.numpy.elementary import arctan2 as arctan2
from minijax.numpy.elementary import arctanh as arctanh
from minijax.numpy.elementary import asin as asin
from minijax.numpy.elementary import asinh as asinh
from minijax.numpy.elementary import atan as atan
from minijax.numpy.elementary import atan2 as atan2
from minijax.numpy.elementary import atanh as atanh
from minijax.numpy.elementary import conj as conj
from minijax.numpy.elementary import conjugate as conjugate
from minijax.numpy.elementary import cos as cos
from minijax.numpy.elementary import cosh as cosh
from minijax.numpy.elementary import deg2rad as deg2rad
from minijax.numpy.elementary import degrees as degrees
from minijax.numpy.elementary import exp as exp
from minijax.numpy.elementary import exp2 as exp2
from minijax.numpy.elementary import expm1 as expm1
from minijax.numpy.elementary import hypot as hypot
from minijax.numpy.elementary import imag as imag
from minijax.numpy.elementary import log as log
from minijax.numpy.elementary import log1p as log1p
from minijax.numpy.elementary import log2 as log2
from minijax.numpy.elementary import log10 as log10
from minijax.numpy.elementary import rad2deg as rad2deg
from minijax.numpy.elementary import radians as radians
from minijax.numpy.elementary import real as real
from minijax.numpy.elementary import sin as sin
from minijax.numpy.elementary import sinc as sinc
from minijax.numpy.elementary import sinh as sinh
from minijax.numpy.elementary import tan as tan
from minijax.numpy.elementary import tanh as tanh
from minijax.numpy.files import array_repr as array_repr
from minijax.numpy.files import array_str as array_str
from minijax.numpy.files import fromfile as fromfile
from minijax.numpy.files import fromiter as fromiter
from minijax.numpy.files import fromstring as fromstring
from minijax.numpy.files import get_printoptions as get_printoptions
from minijax.numpy.files import load as load
from minijax.numpy.files import printoptions as printoptions
from minijax.numpy.files import save as save
from minijax.numpy.files import savez as savez
from minijax.numpy.files import set_printoptions as set_printoptions
from minijax.numpy.grids import c_ as c_
from minijax.numpy.grids import index_exp as index_exp
from minijax.numpy.grids import ix_ as ix_
from minijax.numpy.grids import mgrid as mgrid
from minijax.numpy.grids import ogrid as ogrid
from minijax.numpy.grids import r_ as r_
from minijax.numpy.grids import s_ as s_
from minijax.numpy.joining import append as append
from minijax.numpy.joining import array_split as array_split
from minijax.numpy.joining import block as block
from minijax.numpy.joining import column_stack as column_stack
from minijax.numpy.joining import concat as concat
from minijax.numpy.joining import concatenate as concatenate
from minijax.numpy.joining import dsplit as dsplit
from minijax.numpy.joining import dstack as dstack
from minijax.numpy.joining import hsplit as hsplit
from minijax.numpy.joining import hstack as hstack
from minijax.numpy.joining import repeat as repeat
from minijax.numpy.joining import resize as resize
from minijax.numpy.joining import roll as roll
from minijax.numpy.joining import split as split
from minijax.numpy.joining import stack as stack
from minijax.numpy.joining import tile as tile
from minijax.numpy.joining import unstack as unstack
from minijax.numpy.joining import vsplit as vsplit
from minijax.numpy.joining import vstack as vstack
from minijax.numpy.linear import cross as cross
from minijax.numpy.linear import dot as dot
from minijax.numpy.linear import inner as inner
from minijax.numpy.linear import kron as kron
from minijax.numpy.linear import matmul as matmul
from minijax.numpy.linear import matvec as matvec
from minijax.numpy.linear import outer as outer
from minijax.numpy.linear import tensordot as tensordot
from minijax.numpy.linear import vdot as vdot
from minijax.numpy.linear import vecdot as vecdot
from minijax.numpy.linear import vecmat as vecmat
from minijax.numpy.logic import allclose as allclose
from minijax.numpy.logic import array_equal as array_equal
from minijax.numpy.logic import array_equiv as array_equiv
from minijax.numpy.logic import bitwise_count as bitwise_count
from minijax.numpy.logic import bitwise_invert as bitwise_invert
from minijax.numpy.logic import bitwise_left_shift as bitwise_left_shift
from minijax.numpy.logic import bitwise_not as bitwise_not
from minijax.numpy.logic import bitwise_right_shift as bitwise_right_shift
from minijax.numpy.logic import equal as equal
from minijax.numpy.logic import greater as greater
from minijax.numpy.logic import greater_equal as greater_equal
from minijax.numpy.logic import invert as invert
from minijax.numpy.logic import isclose as isclose
from minijax.numpy.logic import iscomplex as iscomplex
from minijax.numpy.logic import isfinite as isfinite
from minijax.numpy.logic import isinf as isinf
from minijax.numpy.logic import isnan as isnan
from minijax.numpy.logic import isneginf as isneginf
from minijax.numpy.logic import isposinf as isposinf
from minijax.numpy.logic import isreal as isreal
from minijax.numpy.logic import left_shift as left_shift
from minijax.numpy.logic import less as less
from minijax.numpy.logic import less_equal as less_equal
from minijax.numpy.logic import logical_not as logical_not
from minijax.numpy.logic import not_equal as not_equal
from minijax.numpy.logic import right_shift as right_shift
from minijax.numpy.mapping import apply_along_axis as apply_along_axis
from minijax.numpy.mapping import apply_over_axes as apply_over_axes
from minijax.numpy.mapping import vectorize as vectorize
from minijax.numpy.matrices import diag as diag
from minijax.numpy.matrices import diag_indices as diag_indices
from minijax.numpy.matrices import diag_indices_from as diag_indices_from
from minijax.numpy.matrices import diagflat as diagflat
from minijax.numpy.matrices import diagonal as diagonal
from minijax.numpy.matrices import eye as eye
from minijax.numpy.matrices import identity as identity
from minijax.numpy.matrices import indices as indices
from minijax.numpy.matrices import meshgrid as meshgrid
from minijax.numpy.matrices import trace as trace
from minijax.numpy.matrices import tri as tri
from minijax.numpy.matrices import tril as tril
from minijax.numpy.matrices import tril_indices as tril_indices
from minijax.numpy.matrices import tril_indices_from as tril_indices_from
from minijax.numpy.matrices import triu as triu
from minijax.numpy.matrices import triu_indices as triu_indices
from minijax.numpy.matrices import triu_indices_from as triu_indices_from
from minijax.numpy.matrices import vander as vander
from minijax.numpy.nan_places import nanargmax as nanargmax
from minijax.numpy.nan_places import nanargmin as nanargmin
from minijax.numpy.nan_places import nancumprod as nancumprod
from minijax.numpy.nan_places import nancumsum as nancumsum
from minijax.numpy.nan_statistics import nanmax as nanmax
from minijax.numpy.nan_statistics import nanmean as nanmean
from minijax.numpy.nan_statistics import nanmin as nanmin
from minijax.numpy.nan_statistics import nanprod as nanprod
from minijax.numpy.nan_statistics import nanstd as nanstd
from minijax.numpy.nan_statistics import nansum as nansum
from minijax.numpy.nan_statistics import nanvar as nanvar
from minijax.numpy.order_statistics import median as median
from minijax.numpy.order_statistics import nanmedian as nanmedian
from minijax.numpy.order_statistics import nanpercentile as nanpercentile
from minijax.numpy.order_statistics import nanquantile as nanquantile
from minijax.numpy.order_statistics import percentile as percentile
from minijax.numpy.order_statistics import quantile as quantile
from minijax.numpy.padding import pad as pad
from minijax.numpy.placing import piecewise as piecewise
from minijax.numpy.placing import place as place
from minijax.numpy.placing import put as put
from minijax.numpy.polynomials import poly as poly
from minijax.numpy.polynomials import polyadd as polyadd
from minijax.numpy.polynomials import polydiv as polydiv
from minijax.numpy.polynomials import polyfit as polyfit
from minijax.numpy.polynomials import polymul as polymul
from minijax.numpy.polynomials import polysub as polysub
from minijax.numpy.polynomials import roots as roots
from minijax.numpy.promotion import broadcast_shapes as broadcast_shapes
from minijax.numpy.ranges import arange as arange
from minijax.numpy.ranges import geomspace as geomspace
from minijax.numpy.ranges import linspace as linspace
from minijax.numpy.ranges import logspace as logspace
from minijax.numpy.reductions import all as all
from minijax.numpy.reductions import amax as amax
from minijax.numpy.reductions import amin as amin
from minijax.numpy.reductions import any as any
from minijax.numpy.reductions import argmax as argmax
from minijax.numpy.reductions import argmin as argmin
from minijax.numpy.reductions import count_nonzero as count_nonzero
from minijax.numpy.reductions import cumprod as cumprod
from minijax.numpy.reductions import cumsum as cumsum
from minijax.numpy.reductions import cumulative_prod as cumulative_prod
from minijax.numpy.reductions import cumulative_sum as cumulative_sum
from minijax.numpy.reductions import max as max
from minijax.numpy.reductions import min as min
from minijax.numpy.reductions import prod as prod
from minijax.numpy.reductions import ptp as ptp
from minijax.numpy.reductions import sum as sum
from minijax.numpy.rounding import around as around
from minijax.numpy.rounding import ceil as ceil
from minijax.numpy.rounding import fix as fix
from minijax.numpy.rounding import floor as floor
from minijax.numpy.rounding import gcd as gcd
from minijax.numpy.rounding import heaviside as heaviside
from minijax.numpy.rounding import lcm as lcm
from minijax.numpy.rounding import modf as modf
from minijax.numpy.rounding import nextafter as nextafter
from minijax.numpy.rounding import rint as rint
from minijax.numpy.rounding import round as round
from minijax.numpy.rounding import trunc as trunc
from minijax.numpy.scalar_types import bfloat16 as bfloat16
from minijax.numpy.scalar_types import bool_ as bool
from minijax.numpy.scalar_types import bool_ as bool_
from minijax.numpy.scalar_types import cdouble as cdouble
from minijax.numpy.scalar_types import complex64 as complex64
from minijax.numpy.scalar_types import complex128 as complex128
from minijax.numpy.scalar_types import complex_ as complex_
from minijax.numpy.scalar_types import csingle as csingle
from minijax.numpy.scalar_types import double as double
from minijax.numpy.scalar_types import float4_e2m1fn as float4_e2m1fn
from minijax.numpy.scalar_types import float6_e2m3fn as float6_e2m3fn
from minijax.numpy.scalar_types import float6_e3m2fn as float6_e3m2fn
from minijax.numpy.scalar_types import float8_e3m4 as float8_e3m4
from minijax.numpy.scalar_types import float8_e4m3 as float8_e4m3
from minijax.numpy.scalar_types import float8_e4m3b11fnuz as float8_e4m3b11fnuz
from minijax.numpy.scalar_types import float8_e4m3fn as float8_e4m3fn
from minijax.numpy.scalar_types import float8_e4m3fnuz as float8_e4m3fnuz
from minijax.numpy.scalar_types import float8_e5m2 as float8_e5m2
from minijax.numpy.scalar_types import float8_e5m2fnuz as float8_e5m2fnuz
from minijax.numpy.scalar_types import float8_e8m0fnu as float8_e8m0fnu
from minijax.numpy.scalar_types import float16 as float16
from minijax.numpy.scalar_types import float32 as float32
from minijax.numpy.scalar_types import float64 as float64
from minijax.numpy.scalar_types import float_ as float_
from minijax.numpy.scalar_types import int1 as int1
from minijax.numpy.scalar_types import int2 as int2
from minijax.numpy.scalar_types import int4 as int4
from minijax.numpy.scalar_types import int8 as int8
from minijax.numpy.scalar_types import int16 as int16
from minijax.numpy.scalar_types import int32 as int32
from minijax.numpy.scalar_types import int64 as int64
from minijax.numpy.scalar_types import int_ as int_
from minijax.numpy.scalar_types import single as single
from minijax.numpy.scalar_types import uint as uint
from minijax.numpy.scalar_types import uint1 as uint1
from minijax.numpy.scalar_types import uint2 as uint2
from minijax.numpy.scalar_types import uint4 as uint4
from minijax.numpy.scalar_types import uint8 as uint8
from minijax.numpy.scalar_types import uint16 as uint16
from minijax.numpy.scalar_types import uint32 as uint32
from minijax.numpy.scalar_types import uint64 as uint64
from minijax.numpy.selection import argwhere as argwhere
from minijax.numpy.selection import choose as choose
from minijax.numpy.selection import compress as compress
from minijax.numpy.selection import extract as extract
from minijax.numpy.selection import flatnonzero as flatnonzero
from minijax.numpy.selection import mask_indices as mask_indices
from minijax.numpy.selection import nan_to_num as nan_to_num
from minijax.numpy.selection import nonzero as nonzero
from minijax.numpy.selection import put_along_axis as put_along_axis
from minijax.numpy.selection import select as select
from minijax.numpy.selection import where as where
from minijax.numpy.sets import intersect1d as intersect1d
from minijax.numpy.sets import isin as isin
from minijax.numpy.sets import setdiff1d as setdiff1d
from minijax.numpy.sets import setxor1d as setxor1d
from minijax.numpy.sets import union1d as union1d
from minijax.numpy.sets import unique as unique
from minijax.numpy.sets import unique_all as unique_all
from minijax.numpy.sets import unique_counts as unique_counts
from minijax.numpy.sets import unique_inverse as unique_inverse
from minijax.numpy.sets import unique_values as unique_values
from minijax.numpy.sorting import argpartition as argpartition
from minijax.numpy.sorting import argsort as argsort
from minijax.numpy.sorting import digitize as digitize
from minijax.numpy.sorting import lexsort as lexsort
from minijax.numpy.sorting import partition as partition
from minijax.numpy.sorting import searchsorted as searchsorted
from minijax.numpy.sorting import sort as sort
from minijax.numpy.sorting import sort_complex as sort_complex
from minijax.numpy.statistics import average as average
from minijax.numpy.statistics import corrcoef as corrcoef
from minijax.numpy.statistics import cov as cov
from minijax.numpy.statistics import mean as mean
from minijax.numpy.statistics import std as std
from minijax.numpy.statistics import var as var
from minijax.numpy.taking import ravel_multi_index as ravel_multi_index
from minijax.numpy.taking import take as take
from minijax.numpy.taking import take_along_axis as take_along_axis
from minijax.numpy.taking import unravel_index as unravel_index
from minijax.numpy.ufuncs import abs as abs
from minijax.numpy.ufuncs import absolute as absolute
from minijax.numpy.ufuncs import cbrt as cbrt
from minijax.numpy.ufuncs import clip as clip
from minijax.numpy.ufuncs import copysign as copysign
from minijax.numpy.ufuncs import divide as divide
from minijax.numpy.ufuncs import divmod as divmod
from minijax.numpy.ufuncs import fabs as fabs
from minijax.numpy.ufuncs import float_power as float_power
from minijax.numpy.ufuncs import floor_divide as floor_divide
from minijax.numpy.ufuncs import fmax as fmax
from minijax.numpy.ufuncs import fmin as fmin
from minijax.numpy.ufuncs import fmod as fmod
from minijax.numpy.ufuncs import mod as mod
from minijax.numpy.ufuncs import positive as positive
from minijax.numpy.ufuncs import pow as pow
from minijax.numpy.ufuncs import power as power
from minijax.numpy.ufuncs import reciprocal as reciprocal
from minijax.numpy.ufuncs import remainder as remainder
from minijax.numpy.ufuncs import sign as sign
from minijax.numpy.ufuncs import signbit as signbit
from minijax.numpy.ufuncs import sqrt as sqrt
from minijax.numpy.ufuncs import square as square
from minijax.numpy.ufuncs import true_divide as true_divide
from minijax.numpy.universal import add as add
from minijax.numpy.universal import bitwise_and as bitwise_and
from minijax.numpy.universal import bitwise_or as bitwise_or
from minijax.numpy.universal import bitwise_xor as bitwise_xor
from minijax.numpy.universal import frompyfunc as frompyfunc
from minijax.numpy.universal import logaddexp as logaddexp
from minijax.numpy.universal import logaddexp2 as logaddexp2
from minijax.numpy.universal import logical_and as logical_and
from minijax.numpy.universal import logical_or as logical_or
from minijax.numpy.universal import logical_xor as logical_xor
from minijax.numpy.universal import maximum as maximum
from minijax.numpy.universal import minimum as minimum
from minijax.numpy.universal import multiply as multiply
from minijax.numpy.universal import negative as negative
from minijax.numpy.universal import subtract as subtract
from minijax.numpy.universal import ufunc as ufunc
from minijax.numpy.windows import bartlett as bartlett
from minijax.numpy.windows import blackman as blackman
from minijax.numpy.windows import hamming as hamming
from minijax.numpy.windows import hanning as hanning
from minijax.numpy.windows import i0 as i0
from minijax.numpy.windows import kaiser as kaiser

__all__ = [
    "ComplexWarning",
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "all",
    "allclose",
    "amax",
    "amin",
    "angle",
    "any",
    "append",
    "apply_along_axis",
    "apply_over_axes",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "argwhere",
    "around",
    "array",
    "array_equal",
    "array_equiv",
    "array_repr",
    "array_split",
    "array_str",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "average",
    "bartlett",
    "bfloat16",
    "bincount",
    "bitwise_and",
    "bitwise_count",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "blackman",
    "block",
    "bool",
    "bool_",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "c_",
    "can_cast",
    "cbrt",
    "cdouble",
    "ceil",
    "character",
    "choose",
    "clip",
    "column_stack",
    "complex64",
    "complex128",
    "complex_",
    "complexfloating",
    "compress",
    "concat",
    "concatenate",
    "conj",
    "conjugate",
    "convolve",
    "copy",
    "copysign",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "csingle",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "deg2rad",
    "degrees",
    "delete",
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "diff",
    "digitize",
    "divide",
    "divmod",
    "dot",
    "double",
    "dsplit",
    "dstack",
    "dtype",
    "e",
    "ediff1d",
    "einsum",
    "einsum_path",
    "empty",
    "empty_like",
    "equal",
    "euler_gamma",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "extract",
    "eye",
    "fabs",
    "fft",
    "fill_diagonal",
    "finfo",
    "fix",
    "flatnonzero",
    "flexible",
    "flip",
    "fliplr",
    "flipud",
    "float4_e2m1fn",
    "float6_e2m3fn",
    "float6_e3m2fn",
    "float8_e3m4",
    "float8_e4m3",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float16",
    "float32",
    "float64",
    "float_",
    "float_power",
    "floating",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "from_dlpack",
    "frombuffer",
    "fromfile",
    "fromfunction",
    "fromiter",
    "frompyfunc",
    "fromstring",
    "full",
    "full_like",
    "gcd",
    "generic",
    "geomspace",
    "get_printoptions",
    "gradient",
    "greater",
    "greater_equal",
    "hamming",
    "hanning",
    "heaviside",
    "histogram",
    "histogram2d",
    "histogram_bin_edges",
    "histogramdd",
    "hsplit",
    "hstack",
    "hypot",
    "i0",
    "identity",
    "iinfo",
    "imag",
    "index_exp",
    "indices",
    "inexact",
    "inf",
    "inner",
    "insert",
    "int1",
    "int2",
    "int4",
    "int8",
    "int16",
    "int32",
    "int64",
    "int_",
    "integer",
    "interp",
    "intersect1d",
    "invert",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isdtype",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "isrealobj",
    "isscalar",
    "issubdtype",
    "iterable",
    "ix_",
    "kaiser",
    "kron",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "lexsort",
    "linalg",
    "linspace",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logspace",
    "mask_indices",
    "matmul",
    "matrix_transpose",
    "matvec",
    "max",
    "maximum",
    "mean",
    "median",
    "meshgrid",
    "mgrid",
    "min",
    "minimum",
    "mod",
    "modf",
    "moveaxis",
    "multiply",
    "nan",
    "nan_to_num",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "ndarray",
    "ndim",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "number",
    "object_",
    "ogrid",
    "ones",
    "ones_like",
    "outer",
    "packbits",
    "pad",
    "partition",
    "percentile",
    "permute_dims",
    "pi",
    "piecewise",
    "place",
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
    "positive",
    "pow",
    "power",
    "printoptions",
    "prod",
    "promote_types",
    "ptp",
    "put",
    "put_along_axis",
    "quantile",
    "r_",
    "rad2deg",
    "radians",
    "ravel",
    "ravel_multi_index",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "resize",
    "result_type",
    "right_shift",
    "rint",
    "roll",
    "rollaxis",
    "roots",
    "rot90",
    "round",
    "s_",
    "save",
    "savez",
    "searchsorted",
    "select",
    "set_printoptions",
    "setdiff1d",
    "setxor1d",
    "shape",
    "sign",
    "signbit",
    "signedinteger",
    "sin",
    "sinc",
    "single",
    "sinh",
    "size",
    "sort",
    "sort_complex",
    "spacing",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "trim_zeros",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "true_divide",
    "trunc",
    "ufunc",
    "uint",
    "uint1",
    "uint2",
    "uint4",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "union1d",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unpackbits",
    "unravel_index",
    "unsignedinteger",
    "unstack",
    "unwrap",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vecmat",
    "vectorize",
    "vsplit",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]
