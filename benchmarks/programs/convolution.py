"""Convolutions, pooling, and small networks of them."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, normal
from benchmarks.registry import Made, program

# batch, height and width, channels
IMAGES = ((1, 8, 2), (4, 16, 8), (8, 32, 16))


def _conv(lib: Any, x: Any, w: Any, stride: int = 1) -> Any:
    layout = ("NHWC", "HWIO", "NHWC")
    return lib.lax.conv_general_dilated(x, w, (stride, stride), "SAME", dimension_numbers=layout)


@program("conv2d 3×3", *IMAGES)
def conv2d(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size
    return lambda x, w: _conv(lib, x, w), (normal(batch, n, n, c), normal(3, 3, c, c))


@program("conv2d 3×3, gradient", *IMAGES)
def conv2d_gradient(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def loss(x: Any, w: Any) -> Any:
        return np.sum(_conv(lib, x, w) ** 2)

    return lib.value_and_grad(loss, (0, 1)), (normal(batch, n, n, c), normal(3, 3, c, c))


@program("small network, value_and_grad", (2, 8), (16, 16), (32, 28))
def network(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    batch, n = size

    def pool(x: Any) -> Any:
        return lib.lax.reduce_window(x, -np.inf, lib.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def loss(p: Any, x: Any, labels: Any) -> Any:
        x = pool(lib.nn.relu(_conv(lib, x, p["first"])))
        x = pool(lib.nn.relu(_conv(lib, x, p["second"])))
        scores = lib.nn.log_softmax(x.reshape(batch, -1) @ p["dense"])
        return -np.mean(np.take_along_axis(scores, labels[:, None], axis=1))

    parameters = {
        "first": normal(3, 3, 1, 8) / 3,
        "second": normal(3, 3, 8, 16) / 8,
        "dense": normal((n // 4) ** 2 * 16, 10) / n,
    }
    return lib.value_and_grad(loss), (parameters, normal(batch, n, n, 1), integers(10, batch))


@program("residual block, gradient", *IMAGES)
def residual_block(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def normalise(x: Any) -> Any:
        mean, variance = np.mean(x, axis=(0, 1, 2)), np.var(x, axis=(0, 1, 2))
        return (x - mean) * lib.lax.rsqrt(variance + 1e-5)

    def loss(w: Any, x: Any) -> Any:
        y = lib.nn.relu(normalise(_conv(lib, x, w[0])))
        return np.mean(lib.nn.relu(x + normalise(_conv(lib, y, w[1]))) ** 2)

    return lib.value_and_grad(loss), (normal(2, 3, 3, c, c) / c, normal(batch, n, n, c))


@program("conv2d 3×3, channels first, float32", (1, 8, 2), (4, 16, 16), (4, 28, 64))
def channels_first(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size
    operands = (normal(batch, c, n, n), normal(c, c, 3, 3))
    return lambda x, w: lib.lax.conv(x, w, (1, 1), "SAME"), tuple(
        x.astype(np.float32) for x in operands
    )


@program("conv2d 7×7 with strides, gradient", (1, 16, 4), (2, 32, 8), (4, 64, 32))
def strided_gradient(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def loss(x: Any, w: Any) -> Any:
        return np.sum(_conv(lib, x, w, 2) ** 2)

    return lib.grad(loss, (0, 1)), (normal(batch, n, n, 3), normal(7, 7, 3, c))


@program("transposed conv2d, gradient", *IMAGES)
def transposed_gradient(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def loss(x: Any, w: Any) -> Any:
        return np.sum(lib.lax.conv_transpose(x, w, (2, 2), "SAME") ** 2)

    return lib.grad(loss, (0, 1)), (normal(batch, n, n, c), normal(3, 3, c, c))


@program("1-D convolution", (1_000, 9), (10_000, 31), (100_000, 63))
def convolve(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    return lambda x, w: np.convolve(x, w, mode="same"), (normal(size[0]), normal(size[1]))


@program("depthwise, stride 2", *IMAGES)
def depthwise(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def f(x: Any, w: Any) -> Any:
        return lib.lax.conv_general_dilated(
            x, w, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=c
        )

    return f, (normal(batch, n, n, c), normal(3, 3, 1, c))


@program("max pooling, gradient", *IMAGES)
def pooling(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, n, c = size

    def loss(x: Any) -> Any:
        window = (1, 3, 3, 1), (1, 2, 2, 1), "SAME"
        return np.sum(lib.lax.reduce_window(x, -np.inf, lib.lax.max, *window) ** 2)

    return lib.value_and_grad(loss), (normal(batch, n, n, c),)
