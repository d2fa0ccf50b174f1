"""Neural networks in a training step: value and gradient, recurrent ones through scan."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.data import integers, normal
from benchmarks.registry import Made, program


def _weights(widths: tuple[int, ...]) -> list[Any]:
    pairs = itertools.pairwise(widths)
    return [(normal(m, n, seed=m + n) / m**0.5, normal(n) * 0.1) for m, n in pairs]


def _mlp(np: Any, layers: Any, x: Any) -> Any:
    for w, b in layers[:-1]:
        x = np.tanh(x @ w + b)
    w, b = layers[-1]
    return x @ w + b


@program("MLP value_and_grad", (8, 16), (64, 128), (256, 512))
def mlp(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    batch, width = size

    def loss(layers: Any, x: Any, y: Any) -> Any:
        return np.mean((_mlp(np, layers, x) - y) ** 2)

    layers = _weights((width, width, width, 10))
    return lib.value_and_grad(loss), (layers, normal(batch, width), normal(batch, 10))


@program("classifier step with Adam", (8, 16), (64, 128), (256, 512))
def adam_step(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    batch, width = size
    tree_map = lib.tree_util.tree_map

    def loss(layers: Any, x: Any, labels: Any) -> Any:
        scores = lib.nn.log_softmax(_mlp(np, layers, x))
        return -np.mean(np.sum(lib.nn.one_hot(labels, 10) * scores, axis=1))

    def step(layers: Any, m: Any, v: Any, t: Any, x: Any, labels: Any) -> Any:
        value, g = lib.value_and_grad(loss)(layers, x, labels)
        m = tree_map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = tree_map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)

        def update(p: Any, m: Any, v: Any) -> Any:
            return p - 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

        return value, tree_map(update, layers, m, v), m, v

    layers = _weights((width, width, width, 10))
    zeros = [(0.0 * w, 0.0 * b) for w, b in layers]
    return step, (layers, zeros, zeros, 3.0, normal(batch, width), integers(10, batch))


@program("per-example gradients", (8, 8), (64, 32), (256, 64))
def per_example(np: Any, lib: Any, size: tuple[int, int]) -> Made:
    batch, width = size

    def loss(layers: Any, x: Any) -> Any:
        return np.sum(_mlp(np, layers, x) ** 2)

    layers = _weights((width, width, 5))
    return lib.vmap(lib.grad(loss), in_axes=(None, 0)), (layers, normal(batch, width))


@program("RNN grad, 32 wide", 20, 200, 1_000)
def rnn(np: Any, lib: Any, steps: int) -> Made:
    def loss(w: Any, u: Any, xs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            h = np.tanh(h @ w + x @ u)
            return h, np.sum(h * h)

        return np.mean(lib.lax.scan(step, np.zeros(32), xs)[1])

    arguments = normal(32, 32) / 8, normal(8, 32, seed=1) / 3, normal(steps, 8, seed=2)
    return lib.value_and_grad(loss, argnums=(0, 1)), arguments


def _lstm_cell(np: Any, lib: Any, p: Any, carry: Any, x: Any) -> Any:
    h, c = carry
    i, f, g, o = np.split(x @ p["input"] + h @ p["hidden"] + p["bias"], 4, axis=-1)
    c = lib.nn.sigmoid(f + 1.0) * c + lib.nn.sigmoid(i) * np.tanh(g)
    return lib.nn.sigmoid(o) * np.tanh(c), c


@program("LSTM language model grad", (4, 10, 16), (16, 30, 64), (32, 60, 128))
def lstm_language_model(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, length, width = size
    vocabulary = 64

    def loss(p: Any, tokens: Any) -> Any:
        inputs = p["embedding"][tokens[:-1]]

        def step(carry: Any, x: Any) -> Any:
            carry = _lstm_cell(np, lib, p, carry, x)
            return carry, carry[0]

        zeros = np.zeros((batch, width))
        _, hs = lib.lax.scan(step, (zeros, zeros), inputs)
        scores = lib.nn.log_softmax(hs @ p["output"])
        return -np.mean(np.take_along_axis(scores, tokens[1:, :, None], axis=-1))

    parameters = {
        "embedding": normal(vocabulary, width),
        "input": normal(width, 4 * width, seed=1) / width**0.5,
        "hidden": normal(width, 4 * width, seed=2) / width**0.5,
        "bias": normal(4 * width, seed=3),
        "output": normal(width, vocabulary, seed=4) / width**0.5,
    }
    return lib.value_and_grad(loss), (parameters, integers(vocabulary, length + 1, batch))


@program("GRU forward, batch of sequences", (4, 20, 16), (16, 100, 32), (64, 200, 64))
def gru(np: Any, lib: Any, size: tuple[int, int, int]) -> Made:
    batch, length, width = size

    def final(w: Any, u: Any, xs: Any) -> Any:
        def step(h: Any, x: Any) -> Any:
            z, r = lib.nn.sigmoid(x @ w[0] + h @ u[0]), lib.nn.sigmoid(x @ w[1] + h @ u[1])
            proposed = np.tanh(x @ w[2] + (r * h) @ u[2])
            return (1.0 - z) * h + z * proposed, None

        return lib.lax.scan(step, np.zeros(width), xs)[0]

    weights = normal(3, width, width) / width**0.5, normal(3, width, width, seed=1) / width**0.5
    return lib.vmap(final, (None, None, 0)), (*weights, normal(batch, length, width))
