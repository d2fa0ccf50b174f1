"""Normalisations over the rows of a matrix, and their gradients."""

from __future__ import annotations

from typing import Any

from benchmarks.data import integers, normal
from benchmarks.registry import Made, program

SHAPES = ((32, 64), (512, 512), (2048, 1024))


@program("softmax", *SHAPES)
def softmax(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: lib.nn.softmax(x, axis=-1), (normal(*shape),)


@program("softmax over columns", *SHAPES)
def softmax_columns(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: lib.nn.softmax(x, axis=0), (normal(*shape),)


@program("logsumexp", *SHAPES)
def logsumexp(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lambda x: lib.nn.logsumexp(x, axis=-1), (normal(*shape),)


@program("logsumexp gradient", *SHAPES)
def logsumexp_gradient(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    return lib.grad(lambda x: np.sum(lib.nn.logsumexp(x, axis=-1) ** 2)), (normal(*shape),)


@program("softmax gradient", *SHAPES)
def softmax_gradient(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    def loss(x: Any, w: Any) -> Any:
        return np.sum(w * lib.nn.softmax(x, axis=-1))

    return lib.value_and_grad(loss), (normal(*shape), normal(*shape, seed=1))


def _layer_norm(np: Any, x: Any, scale: Any, shift: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    return scale * centred / np.sqrt(variance + 1e-5) + shift


@program("layer norm", *SHAPES)
def layer_norm(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    arguments = normal(*shape), normal(shape[1], seed=1), normal(shape[1], seed=2)
    return lambda x, scale, shift: _layer_norm(np, x, scale, shift), arguments


@program("layer norm gradient", *SHAPES)
def layer_norm_gradient(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    def loss(x: Any, scale: Any, shift: Any) -> Any:
        return np.mean(_layer_norm(np, x, scale, shift) ** 3)

    arguments = normal(*shape), normal(shape[1], seed=1), normal(shape[1], seed=2)
    return lib.value_and_grad(loss, argnums=(0, 1, 2)), arguments


@program("cross entropy gradient", *SHAPES)
def cross_entropy(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    def loss(logits: Any, labels: Any) -> Any:
        scores = lib.nn.log_softmax(logits)
        return -np.mean(np.take_along_axis(scores, labels[:, None], axis=1))

    return lib.value_and_grad(loss), (normal(*shape), integers(shape[1], shape[0]))


@program("attention gradient", (16, 16), (128, 64), (512, 64))
def attention(np: Any, lib: Any, shape: tuple[int, int]) -> Made:
    length, width = shape

    def loss(q: Any, k: Any, v: Any) -> Any:
        scores = q @ k.T / width**0.5
        scores = np.where(np.tril(np.ones((length, length), bool)), scores, -1e30)
        return np.sum((lib.nn.softmax(scores) @ v) ** 2)

    return lib.value_and_grad(loss, (0, 1, 2)), tuple(normal(*shape, seed=s) for s in range(3))
