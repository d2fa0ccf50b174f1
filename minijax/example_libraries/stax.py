"""Neural networks as pairs of functions: `init(rng, input_shape)` and `apply(params, inputs)`.

`init` returns the shape of the output and the parameters, a pytree. Layers that draw numbers while
they are applied take them from the keyword argument `rng`.

>>> from minijax import random
>>> import minijax.numpy as jnp
>>> init, apply = serial(Dense(8), Relu, Dense(3), LogSoftmax)
>>> shape, params = init(random.key(0), (-1, 5))
>>> shape, apply(params, jnp.ones((2, 5))).shape
((-1, 3), (2, 3))
"""

# Layers are written like classes, `Dense(10)`, with initialisers as defaults.
# ruff: noqa: N802, B008
from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

from minijax import lax, random
from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.nn import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    selu,
    sigmoid,
    softmax,
    softplus,
    standardize,
)
from minijax.nn.initializers import glorot_normal, normal, ones, zeros

Layer = tuple[Callable[..., Any], Callable[..., Any]]
Shape = tuple[int, ...]

# Older names of the same.
glorot, randn, logsoftmax = glorot_normal, normal, log_softmax


def Dense(out_dim: int, W_init: Any = glorot_normal(), b_init: Any = normal()) -> Layer:
    """Returns the layer `x @ W + b`.

    Args:
        out_dim: the length of the last axis of the output.
        W_init, b_init: initializers `(key, shape) -> array`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = Dense(3)
        >>> shape, params = init(random.key(0), (-1, 5))
        >>> shape, apply(params, jnp.ones((2, 5))).shape
        ((-1, 3), (2, 3))
    """

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        weight_key, bias_key = random.split(rng)
        weight = W_init(weight_key, (input_shape[-1], out_dim))
        return (*input_shape[:-1], out_dim), (weight, b_init(bias_key, (out_dim,)))

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
        weight, bias = params
        return jnp.dot(inputs, weight) + bias

    return init_fun, apply_fun


def _per_channel(out_spec: str, out_chan: int) -> Shape:
    return tuple(out_chan if letter == "C" else 1 for letter in out_spec)


def _kernel_shape(rhs_spec: str, input_channels: int, out_chan: int, window: Shape) -> Shape:
    lengths = iter(window)
    known = {"O": out_chan, "I": input_channels}
    return tuple(known[letter] if letter in known else next(lengths) for letter in rhs_spec)


def _shape(spec: str, batch: int, channels: int, lengths: Sequence[int]) -> Shape:
    rest, known = iter(lengths), {"N": batch, "C": channels}
    return tuple(known[letter] if letter in known else next(rest) for letter in spec)


def _after_windows(
    lengths: Sequence[int], window: Sequence[int], steps: Shape, padding: Any
) -> list[int]:
    pads = padding
    if isinstance(padding, str):
        pads = lax.padtype_to_pads(lengths, window, steps, padding)
    rows = zip(lengths, window, steps, pads, strict=True)
    return [(n + low + high - size) // step + 1 for n, size, step, (low, high) in rows]


def _after_transpose(
    lengths: Sequence[int], window: Sequence[int], steps: Shape, padding: Any
) -> list[int]:
    rows = list(zip(lengths, window, steps, strict=True))
    if padding == "SAME":
        return [n * step for n, _, step in rows]
    if padding == "VALID":
        return [n * step + max(size - step, 0) for n, size, step in rows]
    pairs = zip(rows, padding, strict=True)
    return [(n - 1) * step + 2 - size + low + high for (n, size, step), (low, high) in pairs]


def GeneralConv(
    dimension_numbers: tuple[str, str, str],
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Any = "VALID",
    W_init: Any = None,
    b_init: Any = normal(1e-6),
) -> Layer:
    """Returns a convolution layer.

    Args:
        dimension_numbers: what the axes of input, kernel and output are, such as
            `("NHWC", "HWIO", "NHWC")`.
        out_chan: the number of channels of the output.
        filter_shape: the lengths of the window.
        strides: by how much the window moves; by default 1.
        padding: "SAME", "VALID" or pairs, as for `lax.conv_general_dilated`.
        W_init, b_init: initializers `(key, shape) -> array`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = GeneralConv(("NHWC", "HWIO", "NHWC"), 4, (3, 3), padding="SAME")
        >>> shape, params = init(random.key(0), (-1, 8, 8, 1))
        >>> shape, apply(params, jnp.ones((2, 8, 8, 1))).shape
        ((-1, 8, 8, 4), (2, 8, 8, 4))
    """
    lhs_spec, rhs_spec, out_spec = dimension_numbers
    steps = tuple(strides or (1,) * len(filter_shape))
    weight_init = W_init or glorot_normal(rhs_spec.index("I"), rhs_spec.index("O"))

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        channels = input_shape[lhs_spec.index("C")]
        kernel_shape = _kernel_shape(rhs_spec, channels, out_chan, tuple(filter_shape))
        lengths = [n for n, letter in zip(input_shape, lhs_spec, strict=True) if letter in rhs_spec]
        output_lengths = _after_windows(lengths, filter_shape, steps, padding)
        output_shape = _shape(out_spec, input_shape[lhs_spec.index("N")], out_chan, output_lengths)
        weight_key, bias_key = random.split(rng)
        bias = b_init(bias_key, _per_channel(out_spec, out_chan))
        return output_shape, (weight_init(weight_key, kernel_shape), bias)

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
        weight, bias = params
        ones_ = (1,) * len(steps)
        return bias + lax.conv_general_dilated(
            inputs, weight, steps, padding, ones_, ones_, dimension_numbers=dimension_numbers
        )

    return init_fun, apply_fun


Conv = functools.partial(GeneralConv, ("NHWC", "HWIO", "NHWC"))


def GeneralConvTranspose(
    dimension_numbers: tuple[str, str, str],
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Sequence[int] | None = None,
    padding: Any = "VALID",
    W_init: Any = None,
    b_init: Any = normal(1e-6),
) -> Layer:
    """Returns a transposed convolution layer; arguments as for `GeneralConv`.

    Args:
        dimension_numbers: what the axes of input, kernel and output are.
        out_chan: the number of channels of the output.
        filter_shape: the lengths of the window.
        strides: by how much the output grows; by default 1.
        padding: "SAME", "VALID" or pairs, as for `lax.conv_transpose`.
        W_init, b_init: initializers `(key, shape) -> array`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = GeneralConvTranspose(("NHC", "HIO", "NHC"), 4, (3,), (2,), "SAME")
        >>> shape, params = init(random.key(0), (-1, 8, 1))
        >>> shape, apply(params, jnp.ones((2, 8, 1))).shape
        ((-1, 16, 4), (2, 16, 4))
    """
    lhs_spec, rhs_spec, out_spec = dimension_numbers
    steps = tuple(strides or (1,) * len(filter_shape))
    weight_init = W_init or glorot_normal(rhs_spec.index("I"), rhs_spec.index("O"))

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        channels = input_shape[lhs_spec.index("C")]
        kernel_shape = _kernel_shape(rhs_spec, channels, out_chan, tuple(filter_shape))
        lengths = [n for n, letter in zip(input_shape, lhs_spec, strict=True) if letter in rhs_spec]
        output_lengths = _after_transpose(lengths, filter_shape, steps, padding)
        output_shape = _shape(out_spec, input_shape[lhs_spec.index("N")], out_chan, output_lengths)
        weight_key, bias_key = random.split(rng)
        bias = b_init(bias_key, _per_channel(out_spec, out_chan))
        return output_shape, (weight_init(weight_key, kernel_shape), bias)

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
        weight, bias = params
        return bias + lax.conv_transpose(
            inputs, weight, steps, padding, dimension_numbers=dimension_numbers
        )

    return init_fun, apply_fun


Conv1DTranspose = functools.partial(GeneralConvTranspose, ("NHC", "HIO", "NHC"))
ConvTranspose = functools.partial(GeneralConvTranspose, ("NHWC", "HWIO", "NHWC"))


def BatchNorm(
    axis: int | Sequence[int] = (0, 1, 2),
    epsilon: float = 1e-5,
    center: bool = True,
    scale: bool = True,
    beta_init: Any = zeros,
    gamma_init: Any = ones,
) -> Layer:
    """Returns the layer that makes mean 0 and variance 1 over some axes, then shifts and scales.

    Args:
        axis: the axes that are normalised over.
        epsilon: what is added to the variance.
        center, scale: whether there are shifts (beta) and factors (gamma).
        beta_init, gamma_init: initializers `(key, shape) -> array`.

    Source:
        S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = BatchNorm(axis=0, epsilon=0.0)
        >>> shape, params = init(random.key(0), (2, 1))
        >>> apply(params, jnp.array([[3.0], [7.0]])).ravel()
        Array([-1.,  1.], dtype=float64)
    """
    axes = (axis,) if isinstance(axis, int) else tuple(axis)

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        shape = tuple(n for i, n in enumerate(input_shape) if i not in axes)
        beta_key, gamma_key = random.split(rng)
        beta = beta_init(beta_key, shape) if center else ()
        gamma = gamma_init(gamma_key, shape) if scale else ()
        return input_shape, (beta, gamma)

    def apply_fun(params: Any, x: Any, **kwargs: Any) -> Array:
        beta, gamma = params
        along = tuple(None if i in axes else slice(None) for i in range(jnp.ndim(x)))
        out = standardize(x, axes, epsilon=epsilon)
        if scale:
            out = gamma[along] * out
        return out + beta[along] if center else out

    return init_fun, apply_fun


def elementwise(fun: Callable[..., Any], **fun_kwargs: Any) -> Layer:
    """Returns the layer without parameters that applies a function to every element.

    Args:
        fun: the function.
        fun_kwargs: further arguments of it.

    Example:
        >>> import minijax.numpy as jnp
        >>> init, apply = elementwise(jnp.clip, min=0.0, max=1.0)
        >>> apply((), jnp.array([-2.0, 0.5, 3.0]))
        Array([0. , 0.5, 1. ], dtype=float64)
    """

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        return input_shape, ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        return fun(inputs, **fun_kwargs)

    return init_fun, apply_fun


Tanh = elementwise(jnp.tanh)
Relu = elementwise(relu)
Exp = elementwise(jnp.exp)
LogSoftmax = elementwise(log_softmax, axis=-1)
Softmax = elementwise(softmax, axis=-1)
Softplus = elementwise(softplus)
Sigmoid = elementwise(sigmoid)
Elu = elementwise(elu)
LeakyRelu = elementwise(leaky_relu)
Selu = elementwise(selu)
Gelu = elementwise(gelu)


def _pooling(reducer: Any, start: Any, rescale: Any = None) -> Callable[..., Layer]:
    def pool(
        window_shape: Sequence[int],
        strides: Sequence[int] | None = None,
        padding: Any = "VALID",
        spec: str | None = None,
    ) -> Layer:
        """Returns a layer that reduces windows.

        Args:
            window_shape: the lengths of the window in the axes other than N and C.
            strides: by how much it moves; by default 1.
            padding: "SAME", "VALID" or pairs.
            spec: what the axes of the input are; by default N, then the window's, then C.

        Example:
            >>> import minijax.numpy as jnp
            >>> init, apply = MaxPool((2,), strides=(2,))
            >>> shape, _ = init(None, (1, 4, 1))
            >>> shape, apply((), jnp.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 4, 1)).ravel()
            ((1, 2, 1), Array([5., 3.], dtype=float64))
        """
        lengths, steps = tuple(window_shape), tuple(strides or (1,) * len(window_shape))
        places = [0, len(lengths) + 1] if spec is None else [spec.index("N"), spec.index("C")]
        for place in sorted(places):
            lengths = (*lengths[:place], 1, *lengths[place:])
            steps = (*steps[:place], 1, *steps[place:])

        def init_fun(rng: Any, input_shape: Shape) -> Any:
            return tuple(_after_windows(input_shape, lengths, steps, padding)), ()

        def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
            out = lax.reduce_window(inputs, start, reducer, lengths, steps, padding)
            return out if rescale is None else rescale(out, inputs, lengths, steps, padding)

        return init_fun, apply_fun

    return pool


def _mean(out: Array, inputs: Any, lengths: Shape, steps: Shape, padding: Any) -> Array:
    # Elements of the padding do not count.
    counted = jnp.ones(inputs.shape, inputs.dtype)
    return out / lax.reduce_window(counted, 0.0, lax.add, lengths, steps, padding)


MaxPool = _pooling(lax.max, -math.inf)
SumPool = _pooling(lax.add, 0.0)
AvgPool = _pooling(lax.add, 0.0, _mean)


def _flatten_layer() -> Layer:
    def init_fun(rng: Any, input_shape: Shape) -> Any:
        return (input_shape[0], functools.reduce(operator.mul, input_shape[1:], 1)), ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
        return jnp.reshape(inputs, (inputs.shape[0], -1))

    return init_fun, apply_fun


def _identity_layer() -> Layer:
    def init_fun(rng: Any, input_shape: Shape) -> Any:
        return input_shape, ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        return inputs

    return init_fun, apply_fun


Flatten = _flatten_layer()
Identity = _identity_layer()


def FanOut(num: int) -> Layer:
    """Returns the layer whose output is a list of `num` copies of its input.

    Example:
        >>> init, apply = FanOut(3)
        >>> init(None, (-1, 5))[0], apply((), 7)
        ([(-1, 5), (-1, 5), (-1, 5)], [7, 7, 7])
    """

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        return [input_shape] * num, ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> list[Any]:
        return [inputs] * num

    return init_fun, apply_fun


def _fan_in_sum() -> Layer:
    def init_fun(rng: Any, input_shape: Sequence[Shape]) -> Any:
        return input_shape[0], ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        return sum(inputs)

    return init_fun, apply_fun


FanInSum = _fan_in_sum()


def FanInConcat(axis: int = -1) -> Layer:
    """Returns the layer that joins a list of inputs along an axis.

    Args:
        axis: the axis; by default the last one.

    Example:
        >>> import minijax.numpy as jnp
        >>> init, apply = FanInConcat()
        >>> init(None, [(-1, 2), (-1, 3)])[0], apply((), [jnp.ones((4, 2)), jnp.ones((4, 3))]).shape
        ((-1, 5), (4, 5))
    """

    def init_fun(rng: Any, input_shape: Sequence[Shape]) -> Any:
        place = axis % len(input_shape[0])
        joined = sum(shape[place] for shape in input_shape)
        first = input_shape[0]
        return (*first[:place], joined, *first[place + 1 :]), ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Array:
        return jnp.concatenate(inputs, axis)

    return init_fun, apply_fun


def Dropout(rate: float, mode: str = "train") -> Layer:
    """Returns the layer that keeps elements with probability `rate`, divided by it.

    Args:
        rate: the probability of keeping an element.
        mode: "train", or anything else for a layer that does nothing.

    Raises:
        ValueError: when it is applied without a key.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> out = Dropout(0.5)[1]((), jnp.ones(1000), rng=random.key(0))
        >>> sorted(set(out.tolist()))
        [0.0, 2.0]
    """

    def init_fun(rng: Any, input_shape: Shape) -> Any:
        return input_shape, ()

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.get("rng")
        if rng is None:
            raise ValueError(
                "Dropout layer requires apply_fun to be called with a PRNG key argument: "
                "write apply_fun(params, inputs, rng=key) in place of apply_fun(params, inputs)."
            )
        if mode != "train":
            return inputs
        keep = random.bernoulli(rng, rate, inputs.shape)
        return jnp.where(keep, inputs / rate, 0)

    return init_fun, apply_fun


def _keys(rng: Any, count: int) -> Any:
    return (None,) * count if rng is None else random.split(rng, count)


def serial(*layers: Layer) -> Layer:
    """Returns the layer that applies layers one after the other.

    Args:
        layers: pairs `(init, apply)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = serial(Dense(8), Relu, Dense(3))
        >>> shape, params = init(random.key(0), (-1, 5))
        >>> shape, apply(params, jnp.ones((2, 5))).shape
        ((-1, 3), (2, 3))
    """
    inits, applies = zip(*layers, strict=True) if layers else ((), ())

    def init_fun(rng: Any, input_shape: Any) -> Any:
        params = []
        for init in inits:
            rng, layer_rng = random.split(rng)
            input_shape, param = init(layer_rng, input_shape)
            params.append(param)
        return input_shape, params

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        keys = _keys(kwargs.pop("rng", None), len(layers))
        for apply, param, rng in zip(applies, params, keys, strict=True):
            inputs = apply(param, inputs, rng=rng, **kwargs)
        return inputs

    return init_fun, apply_fun


def parallel(*layers: Layer) -> Layer:
    """Returns the layer that applies each of some layers to its own input, from list to list.

    Args:
        layers: pairs `(init, apply)`.

    Example:
        >>> import minijax.numpy as jnp
        >>> init, apply = parallel(Identity, elementwise(jnp.negative))
        >>> [x.tolist() for x in apply(((), ()), [jnp.ones(2), jnp.ones(2)])]
        [[1.0, 1.0], [-1.0, -1.0]]
    """
    inits, applies = zip(*layers, strict=True) if layers else ((), ())

    def init_fun(rng: Any, input_shape: Sequence[Any]) -> Any:
        keys = random.split(rng, len(layers))
        pairs = [
            init(key, shape) for init, key, shape in zip(inits, keys, input_shape, strict=True)
        ]
        shapes, params = zip(*pairs, strict=True) if pairs else ((), ())
        return list(shapes), tuple(params)

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> list[Any]:
        keys = _keys(kwargs.pop("rng", None), len(layers))
        rows = zip(applies, params, inputs, keys, strict=True)
        return [apply(param, x, rng=key, **kwargs) for apply, param, x, key in rows]

    return init_fun, apply_fun


def shape_dependent(make_layer: Callable[[Any], Layer]) -> Layer:
    """Returns the layer that a function makes from the shape of the input.

    Args:
        make_layer: takes an input shape and returns a layer.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import random
        >>> init, apply = shape_dependent(lambda shape: Dense(2 * shape[-1]))
        >>> shape, params = init(random.key(0), (-1, 5))
        >>> shape, apply(params, jnp.ones((2, 5))).shape
        ((-1, 10), (2, 10))
    """

    def init_fun(rng: Any, input_shape: Any) -> Any:
        return make_layer(input_shape)[0](rng, input_shape)

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        return make_layer(inputs.shape)[1](params, inputs, **kwargs)

    return init_fun, apply_fun
