"""What minijax.lax exports; written from the table in `__init__.py`."""

from minijax.lax import linalg as linalg
from minijax.lax.arrays import broadcast as broadcast
from minijax.lax.arrays import broadcast_shapes as broadcast_shapes
from minijax.lax.arrays import broadcast_to_rank as broadcast_to_rank
from minijax.lax.arrays import collapse as collapse
from minijax.lax.arrays import full as full
from minijax.lax.arrays import full_like as full_like
from minijax.lax.arrays import reciprocal as reciprocal
from minijax.lax.arrays import sort_key_val as sort_key_val
from minijax.lax.elementwise import cbrt as cbrt
from minijax.lax.elementwise import cos as cos
from minijax.lax.elementwise import exp as exp
from minijax.lax.elementwise import exp2 as exp2
from minijax.lax.elementwise import expm1 as expm1
from minijax.lax.elementwise import log as log
from minijax.lax.elementwise import log1p as log1p
from minijax.lax.elementwise import logistic as logistic
from minijax.lax.elementwise import mul as mul
from minijax.lax.elementwise import mulhi as mulhi
from minijax.lax.elementwise import rsqrt as rsqrt
from minijax.lax.elementwise import sin as sin
from minijax.lax.elementwise import sqrt as sqrt
from minijax.lax.elementwise import tan as tan
from minijax.lax.elementwise import tanh as tanh
from minijax.lax.implicit import custom_linear_solve as custom_linear_solve
from minijax.lax.implicit import custom_root as custom_root
from minijax.lax.placing import broadcast_in_dim as broadcast_in_dim
from minijax.lax.placing import broadcast_like as broadcast_like
from minijax.lax.placing import broadcasted_iota as broadcasted_iota
from minijax.lax.placing import dtype as dtype
from minijax.lax.placing import empty as empty
from minijax.lax.placing import index_take as index_take
from minijax.lax.placing import reduce_sum as reduce_sum
from minijax.lax.placing import reshape as reshape
from minijax.lax.placing import stack as stack
from minijax.lax.placing import tile as tile
from minijax.lax.placing import unstack as unstack
from minijax.lax.precision import AccuracyMode as AccuracyMode
from minijax.lax.precision import (
    ConvGeneralDilatedDimensionNumbers as ConvGeneralDilatedDimensionNumbers,
)
from minijax.lax.precision import DotAlgorithm as DotAlgorithm
from minijax.lax.precision import DotAlgorithmPreset as DotAlgorithmPreset
from minijax.lax.precision import DotDimensionNumbers as DotDimensionNumbers
from minijax.lax.precision import PrecisionLike as PrecisionLike
from minijax.lax.precision import RandomAlgorithm as RandomAlgorithm
from minijax.lax.precision import Tolerance as Tolerance
from minijax.lax.ragged import RaggedDotDimensionNumbers as RaggedDotDimensionNumbers
from minijax.lax.ragged import ragged_dot as ragged_dot
from minijax.lax.ragged import ragged_dot_general as ragged_dot_general
from minijax.lax.shapes import conv_general_permutations as conv_general_permutations
from minijax.lax.shapes import conv_general_shape_tuple as conv_general_shape_tuple
from minijax.lax.shapes import conv_shape_tuple as conv_shape_tuple
from minijax.lax.shapes import conv_transpose_shape_tuple as conv_transpose_shape_tuple
from minijax.lax.shapes import reduce_window_shape_tuple as reduce_window_shape_tuple
from minijax.lax.shapes import shape_as_value as shape_as_value
from minijax.lax.single_process import after_all as after_all
from minijax.lax.single_process import approx_max_k as approx_max_k
from minijax.lax.single_process import approx_min_k as approx_min_k
from minijax.lax.single_process import composite as composite
from minijax.lax.single_process import create_token as create_token
from minijax.lax.single_process import dce_sink as dce_sink
from minijax.lax.single_process import pbroadcast as pbroadcast
from minijax.lax.single_process import pcast as pcast
from minijax.lax.single_process import platform_dependent as platform_dependent
from minijax.lax.single_process import precv as precv
from minijax.lax.single_process import psend as psend
from minijax.lax.single_process import pswapaxes as pswapaxes
from minijax.lax.single_process import rng_bit_generator as rng_bit_generator
from minijax.lax.single_process import rng_uniform as rng_uniform
from minijax.lax.single_process import stage as stage
from minijax.lax.single_process import with_sharding_constraint as with_sharding_constraint
from minijax.lax.strict import add as add
from minijax.lax.strict import atan2 as atan2
from minijax.lax.strict import bitwise_and as bitwise_and
from minijax.lax.strict import bitwise_or as bitwise_or
from minijax.lax.strict import bitwise_xor as bitwise_xor
from minijax.lax.strict import complex as complex
from minijax.lax.strict import div as div
from minijax.lax.strict import eq as eq
from minijax.lax.strict import ge as ge
from minijax.lax.strict import gt as gt
from minijax.lax.strict import le as le
from minijax.lax.strict import lt as lt
from minijax.lax.strict import max as max
from minijax.lax.strict import min as min
from minijax.lax.strict import ne as ne
from minijax.lax.strict import rem as rem
from minijax.lax.strict import shift_left as shift_left
from minijax.lax.strict import shift_right_arithmetic as shift_right_arithmetic
from minijax.lax.strict import shift_right_logical as shift_right_logical
from minijax.lax.strict import sub as sub
from minijax.primitives.arithmetic import RoundingMethod as RoundingMethod
from minijax.primitives.arithmetic import abs as abs
from minijax.primitives.arithmetic import abs_p as abs_p
from minijax.primitives.arithmetic import add_p as add_p
from minijax.primitives.arithmetic import ceil as ceil
from minijax.primitives.arithmetic import ceil_p as ceil_p
from minijax.primitives.arithmetic import div_p as div_p
from minijax.primitives.arithmetic import floor as floor
from minijax.primitives.arithmetic import floor_p as floor_p
from minijax.primitives.arithmetic import is_finite as is_finite
from minijax.primitives.arithmetic import is_finite_p as is_finite_p
from minijax.primitives.arithmetic import max_p as max_p
from minijax.primitives.arithmetic import min_p as min_p
from minijax.primitives.arithmetic import mul_p as mul_p
from minijax.primitives.arithmetic import neg as neg
from minijax.primitives.arithmetic import neg_p as neg_p
from minijax.primitives.arithmetic import nextafter as nextafter
from minijax.primitives.arithmetic import nextafter_p as nextafter_p
from minijax.primitives.arithmetic import rem_p as rem_p
from minijax.primitives.arithmetic import round as round
from minijax.primitives.arithmetic import round_p as round_p
from minijax.primitives.arithmetic import sign as sign
from minijax.primitives.arithmetic import sign_p as sign_p
from minijax.primitives.arithmetic import sub_p as sub_p
from minijax.primitives.bitwise import and_p as and_p
from minijax.primitives.bitwise import bitwise_not as bitwise_not
from minijax.primitives.bitwise import clz as clz
from minijax.primitives.bitwise import clz_p as clz_p
from minijax.primitives.bitwise import not_p as not_p
from minijax.primitives.bitwise import or_p as or_p
from minijax.primitives.bitwise import population_count as population_count
from minijax.primitives.bitwise import population_count_p as population_count_p
from minijax.primitives.bitwise import shift_left_p as shift_left_p
from minijax.primitives.bitwise import shift_right_arithmetic_p as shift_right_arithmetic_p
from minijax.primitives.bitwise import shift_right_logical_p as shift_right_logical_p
from minijax.primitives.bitwise import xor_p as xor_p
from minijax.primitives.broadcast import broadcast_in_dim_p as broadcast_in_dim_p
from minijax.primitives.broadcast import reduce_sum_p as reduce_sum_p
from minijax.primitives.broadcast import transpose as transpose
from minijax.primitives.broadcast import transpose_p as transpose_p
from minijax.primitives.compare import clamp as clamp
from minijax.primitives.compare import clamp_p as clamp_p
from minijax.primitives.compare import eq_p as eq_p
from minijax.primitives.compare import ge_p as ge_p
from minijax.primitives.compare import gt_p as gt_p
from minijax.primitives.compare import le_p as le_p
from minijax.primitives.compare import lt_p as lt_p
from minijax.primitives.compare import ne_p as ne_p
from minijax.primitives.compare import select as select
from minijax.primitives.compare import select_n as select_n
from minijax.primitives.compare import select_n_p as select_n_p
from minijax.primitives.complex import complex_p as complex_p
from minijax.primitives.complex import conj as conj
from minijax.primitives.complex import conj_p as conj_p
from minijax.primitives.complex import imag as imag
from minijax.primitives.complex import imag_p as imag_p
from minijax.primitives.complex import real as real
from minijax.primitives.complex import real_p as real_p
from minijax.primitives.control.associative_scan import associative_scan as associative_scan
from minijax.primitives.control.choose import cond as cond
from minijax.primitives.control.choose import switch as switch
from minijax.primitives.control.collective import all_gather_p as all_gather_p
from minijax.primitives.control.collective import all_to_all_p as all_to_all_p
from minijax.primitives.control.collective import axis_index_p as axis_index_p
from minijax.primitives.control.collective import pmax_p as pmax_p
from minijax.primitives.control.collective import pmin_p as pmin_p
from minijax.primitives.control.collective import ppermute_p as ppermute_p
from minijax.primitives.control.collective import psum_p as psum_p
from minijax.primitives.control.collective import psum_scatter_p as psum_scatter_p
from minijax.primitives.control.collectives import all_gather as all_gather
from minijax.primitives.control.collectives import all_to_all as all_to_all
from minijax.primitives.control.collectives import axis_index as axis_index
from minijax.primitives.control.collectives import axis_size as axis_size
from minijax.primitives.control.collectives import pmax as pmax
from minijax.primitives.control.collectives import pmean as pmean
from minijax.primitives.control.collectives import pmin as pmin
from minijax.primitives.control.collectives import ppermute as ppermute
from minijax.primitives.control.collectives import pshuffle as pshuffle
from minijax.primitives.control.collectives import psum as psum
from minijax.primitives.control.collectives import psum_scatter as psum_scatter
from minijax.primitives.control.cond import cond_p as cond_p
from minijax.primitives.control.linear_solve import linear_solve_p as linear_solve_p
from minijax.primitives.control.loops import fori_loop as fori_loop
from minijax.primitives.control.loops import map as map
from minijax.primitives.control.loops import scan as scan
from minijax.primitives.control.loops import while_loop as while_loop
from minijax.primitives.control.scan import scan_p as scan_p
from minijax.primitives.control.while_loop import while_p as while_p
from minijax.primitives.convert import bitcast_convert_type as bitcast_convert_type
from minijax.primitives.convert import bitcast_convert_type_p as bitcast_convert_type_p
from minijax.primitives.convert import convert_element_type as convert_element_type
from minijax.primitives.convert import convert_element_type_p as convert_element_type_p
from minijax.primitives.convert import reduce_precision as reduce_precision
from minijax.primitives.convert import reduce_precision_p as reduce_precision_p
from minijax.primitives.convolution import conv_general_dilated as conv_general_dilated
from minijax.primitives.convolution import conv_general_dilated_p as conv_general_dilated_p
from minijax.primitives.convolution_forms import conv as conv
from minijax.primitives.convolution_forms import (
    conv_general_dilated_local as conv_general_dilated_local,
)
from minijax.primitives.convolution_forms import (
    conv_general_dilated_patches as conv_general_dilated_patches,
)
from minijax.primitives.convolution_forms import conv_transpose as conv_transpose
from minijax.primitives.convolution_forms import (
    conv_with_general_padding as conv_with_general_padding,
)
from minijax.primitives.convolution_layout import ConvDimensionNumbers as ConvDimensionNumbers
from minijax.primitives.convolution_layout import conv_dimension_numbers as conv_dimension_numbers
from minijax.primitives.convolution_layout import padtype_to_pads as padtype_to_pads
from minijax.primitives.creation import iota as iota
from minijax.primitives.creation import iota_p as iota_p
from minijax.primitives.cumulative import cumlogsumexp as cumlogsumexp
from minijax.primitives.cumulative import cumlogsumexp_p as cumlogsumexp_p
from minijax.primitives.cumulative import cummax as cummax
from minijax.primitives.cumulative import cummax_p as cummax_p
from minijax.primitives.cumulative import cummin as cummin
from minijax.primitives.cumulative import cummin_p as cummin_p
from minijax.primitives.cumulative import cumprod as cumprod
from minijax.primitives.cumulative import cumprod_p as cumprod_p
from minijax.primitives.cumulative import cumsum as cumsum
from minijax.primitives.cumulative import cumsum_p as cumsum_p
from minijax.primitives.cumulative import linear_recurrence_p as linear_recurrence_p
from minijax.primitives.dot import Precision as Precision
from minijax.primitives.dot import batch_matmul as batch_matmul
from minijax.primitives.dot import dot as dot
from minijax.primitives.dot import dot_general as dot_general
from minijax.primitives.dot import dot_general_p as dot_general_p
from minijax.primitives.exponential import exp2_p as exp2_p
from minijax.primitives.exponential import exp_p as exp_p
from minijax.primitives.exponential import expm1_p as expm1_p
from minijax.primitives.exponential import log1p_p as log1p_p
from minijax.primitives.exponential import log_p as log_p
from minijax.primitives.exponential import logistic_p as logistic_p
from minijax.primitives.fft import FftType as FftType
from minijax.primitives.fft import fft as fft
from minijax.primitives.fft import fft_p as fft_p
from minijax.primitives.gather import gather as gather
from minijax.primitives.gather import gather_p as gather_p
from minijax.primitives.gather import scatter_add as scatter_add
from minijax.primitives.gather import scatter_add_p as scatter_add_p
from minijax.primitives.identities import copy_p as copy_p
from minijax.primitives.identities import optimization_barrier as optimization_barrier
from minijax.primitives.identities import optimization_barrier_p as optimization_barrier_p
from minijax.primitives.identities import stop_gradient as stop_gradient
from minijax.primitives.identities import stop_gradient_p as stop_gradient_p
from minijax.primitives.indexing import GatherDimensionNumbers as GatherDimensionNumbers
from minijax.primitives.indexing import GatherScatterMode as GatherScatterMode
from minijax.primitives.indexing import ScatterDimensionNumbers as ScatterDimensionNumbers
from minijax.primitives.joining import concatenate as concatenate
from minijax.primitives.joining import concatenate_p as concatenate_p
from minijax.primitives.joining import pad as pad
from minijax.primitives.joining import pad_p as pad_p
from minijax.primitives.joining import split as split
from minijax.primitives.joining import split_p as split_p
from minijax.primitives.powers import cbrt_p as cbrt_p
from minijax.primitives.powers import integer_pow as integer_pow
from minijax.primitives.powers import integer_pow_p as integer_pow_p
from minijax.primitives.powers import pow as pow
from minijax.primitives.powers import pow_p as pow_p
from minijax.primitives.powers import rsqrt_p as rsqrt_p
from minijax.primitives.powers import sqrt_p as sqrt_p
from minijax.primitives.powers import square as square
from minijax.primitives.powers import square_p as square_p
from minijax.primitives.reduce import reduce as reduce
from minijax.primitives.reduce import reduce_p as reduce_p
from minijax.primitives.reduce_window import reduce_window as reduce_window
from minijax.primitives.reduce_window import reduce_window_max_p as reduce_window_max_p
from minijax.primitives.reduce_window import reduce_window_min_p as reduce_window_min_p
from minijax.primitives.reduce_window import reduce_window_sum_p as reduce_window_sum_p
from minijax.primitives.reduction import argmax as argmax
from minijax.primitives.reduction import argmax_p as argmax_p
from minijax.primitives.reduction import argmin as argmin
from minijax.primitives.reduction import argmin_p as argmin_p
from minijax.primitives.reduction import reduce_and as reduce_and
from minijax.primitives.reduction import reduce_and_p as reduce_and_p
from minijax.primitives.reduction import reduce_max as reduce_max
from minijax.primitives.reduction import reduce_max_p as reduce_max_p
from minijax.primitives.reduction import reduce_min as reduce_min
from minijax.primitives.reduction import reduce_min_p as reduce_min_p
from minijax.primitives.reduction import reduce_or as reduce_or
from minijax.primitives.reduction import reduce_or_p as reduce_or_p
from minijax.primitives.reduction import reduce_prod as reduce_prod
from minijax.primitives.reduction import reduce_prod_p as reduce_prod_p
from minijax.primitives.reduction import reduce_xor as reduce_xor
from minijax.primitives.reduction import reduce_xor_p as reduce_xor_p
from minijax.primitives.scatter import scatter as scatter
from minijax.primitives.scatter import scatter_max as scatter_max
from minijax.primitives.scatter import scatter_max_p as scatter_max_p
from minijax.primitives.scatter import scatter_min as scatter_min
from minijax.primitives.scatter import scatter_min_p as scatter_min_p
from minijax.primitives.scatter import scatter_mul as scatter_mul
from minijax.primitives.scatter import scatter_mul_p as scatter_mul_p
from minijax.primitives.scatter import scatter_p as scatter_p
from minijax.primitives.scatter import scatter_sub as scatter_sub
from minijax.primitives.scatter_apply import scatter_apply as scatter_apply
from minijax.primitives.shape import expand_dims as expand_dims
from minijax.primitives.shape import reshape_p as reshape_p
from minijax.primitives.shape import rev as rev
from minijax.primitives.shape import rev_p as rev_p
from minijax.primitives.shape import squeeze as squeeze
from minijax.primitives.shape import squeeze_p as squeeze_p
from minijax.primitives.slicing import dynamic_index_in_dim as dynamic_index_in_dim
from minijax.primitives.slicing import dynamic_slice as dynamic_slice
from minijax.primitives.slicing import dynamic_slice_add_p as dynamic_slice_add_p
from minijax.primitives.slicing import dynamic_slice_in_dim as dynamic_slice_in_dim
from minijax.primitives.slicing import dynamic_slice_p as dynamic_slice_p
from minijax.primitives.slicing import dynamic_update_index_in_dim as dynamic_update_index_in_dim
from minijax.primitives.slicing import dynamic_update_slice as dynamic_update_slice
from minijax.primitives.slicing import dynamic_update_slice_in_dim as dynamic_update_slice_in_dim
from minijax.primitives.slicing import dynamic_update_slice_p as dynamic_update_slice_p
from minijax.primitives.sort import sort as sort
from minijax.primitives.sort import sort_p as sort_p
from minijax.primitives.sort import top_k as top_k
from minijax.primitives.sort import top_k_p as top_k_p
from minijax.primitives.special import digamma as digamma
from minijax.primitives.special import digamma_p as digamma_p
from minijax.primitives.special import erf as erf
from minijax.primitives.special import erf_inv as erf_inv
from minijax.primitives.special import erf_inv_p as erf_inv_p
from minijax.primitives.special import erf_p as erf_p
from minijax.primitives.special import erfc as erfc
from minijax.primitives.special import erfc_p as erfc_p
from minijax.primitives.special import lgamma as lgamma
from minijax.primitives.special import lgamma_p as lgamma_p
from minijax.primitives.special import polygamma as polygamma
from minijax.primitives.special import polygamma_p as polygamma_p
from minijax.primitives.special_functions import bessel_i0e as bessel_i0e
from minijax.primitives.special_functions import bessel_i0e_p as bessel_i0e_p
from minijax.primitives.special_functions import bessel_i1e as bessel_i1e
from minijax.primitives.special_functions import bessel_i1e_p as bessel_i1e_p
from minijax.primitives.special_functions import betainc as betainc
from minijax.primitives.special_functions import betainc_p as betainc_p
from minijax.primitives.special_functions import betainc_p as regularized_incomplete_beta_p
from minijax.primitives.special_functions import zeta as zeta
from minijax.primitives.special_functions import zeta_p as zeta_p
from minijax.primitives.special_gamma import igamma as igamma
from minijax.primitives.special_gamma import igamma_grad_a as igamma_grad_a
from minijax.primitives.special_gamma import igamma_p as igamma_p
from minijax.primitives.special_gamma import igammac as igammac
from minijax.primitives.special_gamma import igammac_p as igammac_p
from minijax.primitives.special_gamma import random_gamma_grad as random_gamma_grad
from minijax.primitives.trigonometric import acos as acos
from minijax.primitives.trigonometric import acos_p as acos_p
from minijax.primitives.trigonometric import acosh as acosh
from minijax.primitives.trigonometric import acosh_p as acosh_p
from minijax.primitives.trigonometric import asin as asin
from minijax.primitives.trigonometric import asin_p as asin_p
from minijax.primitives.trigonometric import asinh as asinh
from minijax.primitives.trigonometric import asinh_p as asinh_p
from minijax.primitives.trigonometric import atan as atan
from minijax.primitives.trigonometric import atan2_p as atan2_p
from minijax.primitives.trigonometric import atan_p as atan_p
from minijax.primitives.trigonometric import atanh as atanh
from minijax.primitives.trigonometric import atanh_p as atanh_p
from minijax.primitives.trigonometric import cos_p as cos_p
from minijax.primitives.trigonometric import cosh as cosh
from minijax.primitives.trigonometric import cosh_p as cosh_p
from minijax.primitives.trigonometric import sin_p as sin_p
from minijax.primitives.trigonometric import sinh as sinh
from minijax.primitives.trigonometric import sinh_p as sinh_p
from minijax.primitives.trigonometric import tan_p as tan_p
from minijax.primitives.trigonometric import tanh_p as tanh_p
from minijax.primitives.windows import index_in_dim as index_in_dim
from minijax.primitives.windows import slice as slice
from minijax.primitives.windows import slice_add_p as slice_add_p
from minijax.primitives.windows import slice_in_dim as slice_in_dim
from minijax.primitives.windows import slice_p as slice_p

__all__ = [
    "AccuracyMode",
    "ConvDimensionNumbers",
    "ConvGeneralDilatedDimensionNumbers",
    "DotAlgorithm",
    "DotAlgorithmPreset",
    "DotDimensionNumbers",
    "FftType",
    "GatherDimensionNumbers",
    "GatherScatterMode",
    "Precision",
    "PrecisionLike",
    "RaggedDotDimensionNumbers",
    "RandomAlgorithm",
    "RoundingMethod",
    "ScatterDimensionNumbers",
    "Tolerance",
    "abs",
    "abs_p",
    "acos",
    "acos_p",
    "acosh",
    "acosh_p",
    "add",
    "add_p",
    "after_all",
    "all_gather",
    "all_gather_p",
    "all_to_all",
    "all_to_all_p",
    "and_p",
    "approx_max_k",
    "approx_min_k",
    "argmax",
    "argmax_p",
    "argmin",
    "argmin_p",
    "asin",
    "asin_p",
    "asinh",
    "asinh_p",
    "associative_scan",
    "atan",
    "atan2",
    "atan2_p",
    "atan_p",
    "atanh",
    "atanh_p",
    "axis_index",
    "axis_index_p",
    "axis_size",
    "batch_matmul",
    "bessel_i0e",
    "bessel_i0e_p",
    "bessel_i1e",
    "bessel_i1e_p",
    "betainc",
    "betainc_p",
    "bitcast_convert_type",
    "bitcast_convert_type_p",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "broadcast",
    "broadcast_in_dim",
    "broadcast_in_dim_p",
    "broadcast_like",
    "broadcast_shapes",
    "broadcast_to_rank",
    "broadcasted_iota",
    "cbrt",
    "cbrt_p",
    "ceil",
    "ceil_p",
    "clamp",
    "clamp_p",
    "clz",
    "clz_p",
    "collapse",
    "complex",
    "complex_p",
    "composite",
    "concatenate",
    "concatenate_p",
    "cond",
    "cond_p",
    "conj",
    "conj_p",
    "conv",
    "conv_dimension_numbers",
    "conv_general_dilated",
    "conv_general_dilated_local",
    "conv_general_dilated_p",
    "conv_general_dilated_patches",
    "conv_general_permutations",
    "conv_general_shape_tuple",
    "conv_shape_tuple",
    "conv_transpose",
    "conv_transpose_shape_tuple",
    "conv_with_general_padding",
    "convert_element_type",
    "convert_element_type_p",
    "copy_p",
    "cos",
    "cos_p",
    "cosh",
    "cosh_p",
    "create_token",
    "cumlogsumexp",
    "cumlogsumexp_p",
    "cummax",
    "cummax_p",
    "cummin",
    "cummin_p",
    "cumprod",
    "cumprod_p",
    "cumsum",
    "cumsum_p",
    "custom_linear_solve",
    "custom_root",
    "dce_sink",
    "digamma",
    "digamma_p",
    "div",
    "div_p",
    "dot",
    "dot_general",
    "dot_general_p",
    "dtype",
    "dynamic_index_in_dim",
    "dynamic_slice",
    "dynamic_slice_add_p",
    "dynamic_slice_in_dim",
    "dynamic_slice_p",
    "dynamic_update_index_in_dim",
    "dynamic_update_slice",
    "dynamic_update_slice_in_dim",
    "dynamic_update_slice_p",
    "empty",
    "eq",
    "eq_p",
    "erf",
    "erf_inv",
    "erf_inv_p",
    "erf_p",
    "erfc",
    "erfc_p",
    "exp",
    "exp2",
    "exp2_p",
    "exp_p",
    "expand_dims",
    "expm1",
    "expm1_p",
    "fft",
    "fft_p",
    "floor",
    "floor_p",
    "fori_loop",
    "full",
    "full_like",
    "gather",
    "gather_p",
    "ge",
    "ge_p",
    "gt",
    "gt_p",
    "igamma",
    "igamma_grad_a",
    "igamma_p",
    "igammac",
    "igammac_p",
    "imag",
    "imag_p",
    "index_in_dim",
    "index_take",
    "integer_pow",
    "integer_pow_p",
    "iota",
    "iota_p",
    "is_finite",
    "is_finite_p",
    "le",
    "le_p",
    "lgamma",
    "lgamma_p",
    "linalg",
    "linear_recurrence_p",
    "linear_solve_p",
    "log",
    "log1p",
    "log1p_p",
    "log_p",
    "logistic",
    "logistic_p",
    "lt",
    "lt_p",
    "map",
    "max",
    "max_p",
    "min",
    "min_p",
    "mul",
    "mul_p",
    "mulhi",
    "ne",
    "ne_p",
    "neg",
    "neg_p",
    "nextafter",
    "nextafter_p",
    "not_p",
    "optimization_barrier",
    "optimization_barrier_p",
    "or_p",
    "pad",
    "pad_p",
    "padtype_to_pads",
    "pbroadcast",
    "pcast",
    "platform_dependent",
    "pmax",
    "pmax_p",
    "pmean",
    "pmin",
    "pmin_p",
    "polygamma",
    "polygamma_p",
    "population_count",
    "population_count_p",
    "pow",
    "pow_p",
    "ppermute",
    "ppermute_p",
    "precv",
    "psend",
    "pshuffle",
    "psum",
    "psum_p",
    "psum_scatter",
    "psum_scatter_p",
    "pswapaxes",
    "ragged_dot",
    "ragged_dot_general",
    "random_gamma_grad",
    "real",
    "real_p",
    "reciprocal",
    "reduce",
    "reduce_and",
    "reduce_and_p",
    "reduce_max",
    "reduce_max_p",
    "reduce_min",
    "reduce_min_p",
    "reduce_or",
    "reduce_or_p",
    "reduce_p",
    "reduce_precision",
    "reduce_precision_p",
    "reduce_prod",
    "reduce_prod_p",
    "reduce_sum",
    "reduce_sum_p",
    "reduce_window",
    "reduce_window_max_p",
    "reduce_window_min_p",
    "reduce_window_shape_tuple",
    "reduce_window_sum_p",
    "reduce_xor",
    "reduce_xor_p",
    "regularized_incomplete_beta_p",
    "rem",
    "rem_p",
    "reshape",
    "reshape_p",
    "rev",
    "rev_p",
    "rng_bit_generator",
    "rng_uniform",
    "round",
    "round_p",
    "rsqrt",
    "rsqrt_p",
    "scan",
    "scan_p",
    "scatter",
    "scatter_add",
    "scatter_add_p",
    "scatter_apply",
    "scatter_max",
    "scatter_max_p",
    "scatter_min",
    "scatter_min_p",
    "scatter_mul",
    "scatter_mul_p",
    "scatter_p",
    "scatter_sub",
    "select",
    "select_n",
    "select_n_p",
    "shape_as_value",
    "shift_left",
    "shift_left_p",
    "shift_right_arithmetic",
    "shift_right_arithmetic_p",
    "shift_right_logical",
    "shift_right_logical_p",
    "sign",
    "sign_p",
    "sin",
    "sin_p",
    "sinh",
    "sinh_p",
    "slice",
    "slice_add_p",
    "slice_in_dim",
    "slice_p",
    "sort",
    "sort_key_val",
    "sort_p",
    "split",
    "split_p",
    "sqrt",
    "sqrt_p",
    "square",
    "square_p",
    "squeeze",
    "squeeze_p",
    "stack",
    "stage",
    "stop_gradient",
    "stop_gradient_p",
    "sub",
    "sub_p",
    "switch",
    "tan",
    "tan_p",
    "tanh",
    "tanh_p",
    "tile",
    "top_k",
    "top_k_p",
    "transpose",
    "transpose_p",
    "unstack",
    "while_loop",
    "while_p",
    "with_sharding_constraint",
    "xor_p",
    "zeta",
    "zeta_p",
]
