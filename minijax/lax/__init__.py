"""The primitives as functions, under the names of `jax.lax`."""

from minijax.core.lazy import lazy_names as _lazy_names
from minijax.core.source import guarded as _guarded

__getattr__, __dir__, __all__ = _lazy_names(
    __name__,
    {
        "minijax.lax": "linalg",
        "minijax.lax.arrays": """
            broadcast broadcast_shapes broadcast_to_rank collapse full full_like reciprocal
            sort_key_val
        """,
        "minijax.lax.elementwise": """
            cbrt cos exp exp2 expm1 log log1p logistic mul mulhi rsqrt sin sqrt tan tanh
        """,
        "minijax.lax.implicit": "custom_linear_solve custom_root",
        "minijax.lax.placing": """
            broadcast_in_dim broadcast_like broadcasted_iota dtype empty index_take reduce_sum
            reshape stack tile unstack
        """,
        "minijax.lax.precision": """
            AccuracyMode ConvGeneralDilatedDimensionNumbers DotAlgorithm DotAlgorithmPreset
            DotDimensionNumbers PrecisionLike RandomAlgorithm Tolerance
        """,
        "minijax.lax.ragged": "RaggedDotDimensionNumbers ragged_dot ragged_dot_general",
        "minijax.lax.shapes": """
            conv_general_permutations conv_general_shape_tuple conv_shape_tuple
            conv_transpose_shape_tuple reduce_window_shape_tuple shape_as_value
        """,
        "minijax.lax.single_process": """
            after_all approx_max_k approx_min_k composite create_token dce_sink pbroadcast pcast
            platform_dependent precv psend pswapaxes rng_bit_generator rng_uniform stage
            with_sharding_constraint
        """,
        "minijax.lax.strict": """
            add atan2 bitwise_and bitwise_or bitwise_xor complex div eq ge gt le lt max min ne rem
            shift_left shift_right_arithmetic shift_right_logical sub
        """,
        "minijax.primitives.arithmetic": """
            RoundingMethod abs abs_p add_p ceil ceil_p div_p floor floor_p is_finite is_finite_p
            max_p min_p mul_p neg neg_p nextafter nextafter_p rem_p round round_p sign sign_p sub_p
        """,
        "minijax.primitives.bitwise": """
            and_p bitwise_not clz clz_p not_p or_p population_count population_count_p shift_left_p
            shift_right_arithmetic_p shift_right_logical_p xor_p
        """,
        "minijax.primitives.broadcast": "broadcast_in_dim_p reduce_sum_p transpose transpose_p",
        "minijax.primitives.compare": """
            clamp clamp_p eq_p ge_p gt_p le_p lt_p ne_p select select_n select_n_p
        """,
        "minijax.primitives.complex": "complex_p conj conj_p imag imag_p real real_p",
        "minijax.primitives.control.associative_scan": "associative_scan",
        "minijax.primitives.control.choose": "cond switch",
        "minijax.primitives.control.collective": """
            all_gather_p all_to_all_p axis_index_p pmax_p pmin_p ppermute_p psum_p psum_scatter_p
        """,
        "minijax.primitives.control.collectives": """
            all_gather all_to_all axis_index axis_size pmax pmean pmin ppermute pshuffle psum
            psum_scatter
        """,
        "minijax.primitives.control.cond": "cond_p",
        "minijax.primitives.control.linear_solve": "linear_solve_p",
        "minijax.primitives.control.loops": "fori_loop map scan while_loop",
        "minijax.primitives.control.scan": "scan_p",
        "minijax.primitives.control.while_loop": "while_p",
        "minijax.primitives.convert": """
            bitcast_convert_type bitcast_convert_type_p convert_element_type convert_element_type_p
            reduce_precision reduce_precision_p
        """,
        "minijax.primitives.convolution": "conv_general_dilated conv_general_dilated_p",
        "minijax.primitives.convolution_forms": """
            conv conv_general_dilated_local conv_general_dilated_patches conv_transpose
            conv_with_general_padding
        """,
        "minijax.primitives.convolution_layout": """
            ConvDimensionNumbers conv_dimension_numbers padtype_to_pads
        """,
        "minijax.primitives.creation": "iota iota_p",
        "minijax.primitives.cumulative": """
            cumlogsumexp cumlogsumexp_p cummax cummax_p cummin cummin_p cumprod cumprod_p cumsum
            cumsum_p linear_recurrence_p
        """,
        "minijax.primitives.dot": "Precision batch_matmul dot dot_general dot_general_p",
        "minijax.primitives.exponential": "exp2_p exp_p expm1_p log1p_p log_p logistic_p",
        "minijax.primitives.fft": "FftType fft fft_p",
        "minijax.primitives.gather": "gather gather_p scatter_add scatter_add_p",
        "minijax.primitives.indexing": """
            GatherDimensionNumbers GatherScatterMode ScatterDimensionNumbers
        """,
        "minijax.primitives.identities": """
            copy_p optimization_barrier optimization_barrier_p stop_gradient stop_gradient_p
        """,
        "minijax.primitives.joining": "concatenate concatenate_p pad pad_p split split_p",
        "minijax.primitives.powers": """
            cbrt_p integer_pow integer_pow_p pow pow_p rsqrt_p sqrt_p square square_p
        """,
        "minijax.primitives.reduce": "reduce reduce_p",
        "minijax.primitives.reduce_window": """
            reduce_window reduce_window_max_p reduce_window_min_p reduce_window_sum_p
        """,
        "minijax.primitives.reduction": """
            argmax argmax_p argmin argmin_p reduce_and reduce_and_p reduce_max reduce_max_p
            reduce_min reduce_min_p reduce_or reduce_or_p reduce_prod reduce_prod_p reduce_xor
            reduce_xor_p
        """,
        "minijax.primitives.scatter": """
            scatter scatter_max scatter_max_p scatter_min scatter_min_p scatter_mul scatter_mul_p
            scatter_p scatter_sub
        """,
        "minijax.primitives.scatter_apply": "scatter_apply",
        "minijax.primitives.shape": "expand_dims reshape_p rev rev_p squeeze squeeze_p",
        "minijax.primitives.slicing": """
            dynamic_index_in_dim dynamic_slice dynamic_slice_add_p dynamic_slice_in_dim
            dynamic_slice_p dynamic_update_index_in_dim dynamic_update_slice
            dynamic_update_slice_in_dim dynamic_update_slice_p
        """,
        "minijax.primitives.sort": "sort sort_p top_k top_k_p",
        "minijax.primitives.special": """
            digamma digamma_p erf erf_inv erf_inv_p erf_p erfc erfc_p lgamma lgamma_p polygamma
            polygamma_p
        """,
        "minijax.primitives.special_functions": """
            bessel_i0e bessel_i0e_p bessel_i1e bessel_i1e_p betainc betainc_p
            regularized_incomplete_beta_p=betainc_p zeta zeta_p
        """,
        "minijax.primitives.special_gamma": """
            igamma igamma_grad_a igamma_p igammac igammac_p random_gamma_grad
        """,
        "minijax.primitives.trigonometric": """
            acos acos_p acosh acosh_p asin asin_p asinh asinh_p atan atan2_p atan_p atanh atanh_p
            cos_p cosh cosh_p sin_p sinh sinh_p tan_p tanh_p
        """,
        "minijax.primitives.windows": "index_in_dim slice slice_add_p slice_in_dim slice_p",
    },
    wrap=_guarded,
)
