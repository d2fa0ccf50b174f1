"""Handwritten digits: train a network, look at its gradients, polish it to second order.

The network is a plain function over a pytree of weights. It is trained with
`jit(value_and_grad(...))`, the norms of per-example gradients come from `vmap(grad)`, and the last
stage is Newton's method with conjugate gradients on `hessian_vector_product`.

    python examples/digits.py [--epochs 60] [--output digits.png]

The data are the 1797 images of 8×8 pixels that scikit-learn ships (E. Alpaydin and C. Kaynak, UCI
repository, 1998). 360 of them are never trained on.
"""

from __future__ import annotations

import argparse
import time
from functools import partial
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from tqdm import tqdm

import minijax as mj
import minijax.numpy as jnp
from minijax import lax, random, tree

NUM_HELD_OUT = 360
LAYERS = (64, 256, 128, 10)
DECAY = 1e-4

Weights = list[dict[str, Any]]


class Data(NamedTuple):
    """Images as rows of 64 values in [0, 1] and their digits."""

    images: Any
    labels: Any


def load(seed: int = 0) -> tuple[Data, Data]:
    """Returns the training and the held-out data, in an order that the seed fixes."""
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    images = jnp.asarray(digits.data[order] / 16.0)
    labels = jnp.asarray(digits.target[order])
    held_out = Data(images[:NUM_HELD_OUT], labels[:NUM_HELD_OUT])
    return Data(images[NUM_HELD_OUT:], labels[NUM_HELD_OUT:]), held_out


def init_weights(key: Any) -> Weights:
    """Returns one dict of matrix and bias for each layer."""
    keys = random.split(key, len(LAYERS) - 1)
    return [
        {"w": random.normal(k, (n, m)) * jnp.sqrt(2.0 / n), "b": jnp.zeros(m)}
        for k, n, m in zip(keys, LAYERS[:-1], LAYERS[1:], strict=True)
    ]


def network(weights: Weights, image: Any) -> Any:
    """Returns the logarithms of the probabilities of the ten digits (up to a constant)."""
    *hidden, last = weights
    x = image
    for layer in hidden:
        x = mj.nn.relu(x @ layer["w"] + layer["b"])
    return x @ last["w"] + last["b"]


def example_loss(weights: Weights, image: Any, label: Any) -> Any:
    """Returns the cross-entropy of one example."""
    return -mj.nn.log_softmax(network(weights, image))[label]


def loss(weights: Weights, data: Data) -> Any:
    """Returns the mean cross-entropy with a quadratic penalty on the weights."""
    penalty = sum(jnp.sum(leaf**2) for leaf in tree.leaves(weights))
    losses = mj.vmap(example_loss, in_axes=(None, 0, 0))(weights, data.images, data.labels)
    return jnp.mean(losses) + 0.5 * DECAY * penalty


@mj.jit
def accuracy(weights: Weights, data: Data) -> Any:
    """Returns the fraction of images whose most probable digit is right."""
    return jnp.mean(jnp.argmax(network(weights, data.images), axis=-1) == data.labels)


# -- first order


def shifted(key: Any, images: Any) -> Any:
    """Returns the images, each moved by up to one pixel in both directions."""

    def shift(move: Any, image: Any) -> Any:
        frame = jnp.pad(image.reshape(8, 8), 1)
        return lax.dynamic_slice(frame, (move[0], move[1]), (8, 8)).ravel()

    return mj.vmap(shift)(random.randint(key, (len(images), 2), 0, 3), images)


class Adam(NamedTuple):
    """The state of Adam (D. Kingma and J. Ba, ICLR 2015)."""

    weights: Weights
    mean: Weights
    square: Weights
    step: Any


@partial(mj.jit, static_argnames="rate")
def train_step(state: Adam, batch: Data, key: Any, rate: float = 2e-3) -> tuple[Adam, Any]:
    """Returns the state after one step on one batch, and the loss before it."""
    moved = Data(shifted(key, batch.images), batch.labels)
    value, gradient = mj.value_and_grad(loss)(state.weights, moved)
    step = state.step + 1
    mean = tree.map(lambda m, g: 0.9 * m + 0.1 * g, state.mean, gradient)
    square = tree.map(lambda s, g: 0.999 * s + 0.001 * g**2, state.square, gradient)

    def update(w: Any, m: Any, s: Any) -> Any:
        return w - rate * (m / (1 - 0.9**step)) / (jnp.sqrt(s / (1 - 0.999**step)) + 1e-8)

    return Adam(tree.map(update, state.weights, mean, square), mean, square, step), value


class Run(NamedTuple):
    """What training gives: the weights, and the loss and the time (in s) of every step."""

    weights: Weights
    losses: list[float]
    times: list[float]


def train(key: Any, data: Data, epochs: int, batch_size: int = 64) -> Run:
    """Trains from random weights."""
    key, init_key = random.split(key)
    weights = init_weights(init_key)
    zeros = tree.map(jnp.zeros_like, weights)
    state = Adam(weights, zeros, zeros, jnp.asarray(0))
    num_batches = len(data.labels) // batch_size
    losses, times = [], []
    for _ in tqdm(range(epochs), desc="training", unit="epoch"):
        key, order_key = random.split(key)
        order = np.asarray(random.permutation(order_key, len(data.labels)))
        for rows in order[: num_batches * batch_size].reshape(num_batches, batch_size):
            start = time.perf_counter()
            key, shift_key = random.split(key)
            state, value = train_step(state, Data(*(part[rows] for part in data)), shift_key)
            losses.append(float(value))
            times.append(time.perf_counter() - start)
    return Run(state.weights, losses, times)


@mj.jit
def gradient_norms(weights: Weights, data: Data) -> Any:
    """Returns for every example the norm of the gradient of its own loss."""
    per_example = mj.vmap(mj.grad(example_loss), in_axes=(None, 0, 0))
    gradients = per_example(weights, data.images, data.labels)
    squares = [jnp.sum(g**2, axis=tuple(range(1, g.ndim))) for g in tree.leaves(gradients)]
    return jnp.sqrt(sum(squares))


# -- second order


def inner(x: Weights, y: Weights) -> Any:
    """Returns the inner product of two pytrees."""
    return sum(jnp.vdot(a, b) for a, b in zip(tree.leaves(x), tree.leaves(y), strict=True))


def step_by(x: Weights, scale: Any, y: Weights) -> Weights:
    """Returns x + scale · y."""
    return tree.map(lambda a, b: a + scale * b, x, y)


def conjugate_gradients(product: Any, b: Weights, steps: int) -> Weights:
    """Solves product(x) = b approximately (M. Hestenes and E. Stiefel, 1952)."""
    zero = tree.map(jnp.zeros_like, b)

    def unfinished(state: Any) -> Any:
        i, _, r, _ = state
        return (i < steps) & (inner(r, r) > 1e-6 * inner(b, b))

    def step(state: Any) -> Any:
        i, x, r, p = state
        ap = product(p)
        rr = inner(r, r)
        alpha = rr / jnp.maximum(inner(p, ap), 1e-30)
        r_next = step_by(r, -alpha, ap)
        p_next = step_by(r_next, inner(r_next, r_next) / rr, p)
        return i + 1, step_by(x, alpha, p), r_next, p_next

    return lax.while_loop(unfinished, step, (0, zero, b, b))[1]


@mj.jit
def newton_step(weights: Weights, data: Data, damping: Any) -> tuple[Weights, Any, Any]:
    """Returns the weights after one damped Newton step, and the loss before and after it."""
    before, gradient = mj.value_and_grad(loss)(weights, data)

    def damped_hessian(v: Weights) -> Weights:
        return step_by(mj.hessian_vector_product(loss, weights, v, data), damping, v)

    direction = conjugate_gradients(damped_hessian, tree.map(jnp.negative, gradient), 20)
    moved = step_by(weights, 1.0, direction)
    return moved, before, loss(moved, data)


def polish(weights: Weights, data: Data, steps: int = 8) -> tuple[Weights, list[float]]:
    """Takes Newton steps on all data, with damping by the rule of Levenberg and Marquardt."""
    damping, losses = 0.1, []
    for _ in tqdm(range(steps), desc="Newton-CG", unit="step"):
        moved, before, after = newton_step(weights, data, damping)
        losses.append(float(before))
        if after < before:
            weights, damping = moved, damping / 3
        else:
            damping *= 4
    return weights, [*losses, float(loss(weights, data))]


# -- the report


def plot_losses(figure: Any, first: list[float], second: list[float]) -> None:
    """Draws the losses of the two stages side by side, on one scale."""
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    left.semilogy(first, lw=0.5, alpha=0.5, label="one batch, shifted")
    mean = np.convolve(first, np.ones(22) / 22, "valid")
    left.semilogy(np.arange(len(mean)) + 11, mean, color="C0", label="mean of 22 batches")
    left.set(title="Adam", xlabel="step", ylabel="loss")
    left.legend()
    right.semilogy(second, "o-", color="C1", ms=4)
    right.set(title="Newton-CG, all data", xlabel="step")
    right.tick_params(labelleft=False)


def plot_hardest(figure: Any, data: Data, weights: Weights) -> None:
    """Draws the twelve digits whose gradients are the largest; wrong guesses are red."""
    norms = np.asarray(gradient_norms(weights, data))
    guesses = np.asarray(jnp.argmax(network(weights, data.images), axis=-1))
    images, labels = np.asarray(data.images), np.asarray(data.labels)
    figure.suptitle("Held-out digits with the largest gradients")
    for box, row in zip(figure.subplots(3, 4).flat, np.argsort(-norms)[:12], strict=True):
        guess, label = guesses[row], labels[row]
        box.imshow(images[row].reshape(8, 8), cmap="gray_r")
        text, color = (f"{label}", "black") if guess == label else (f"{guess}, is {label}", "red")
        box.set_title(text, fontsize=9, color=color)
        box.axis("off")


def main() -> None:
    """Runs the three stages and reports."""
    parser = argparse.ArgumentParser(description="Train and polish a network on digits.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--output", default="digits.png")
    options = parser.parse_args()
    start = time.perf_counter()
    training, held_out = load()
    run = train(random.key(0), training, options.epochs)
    print(f"median time of a training step:    {np.median(run.times) * 1e3:.2f} ms")
    print(f"held-out accuracy after Adam:      {float(accuracy(run.weights, held_out)):.2%}")
    norms = jnp.sort(gradient_norms(run.weights, training))
    print(
        f"per-example gradient norms:        median {float(norms[len(norms) // 2]):.2e}, "
        f"largest {float(norms[-1]):.2e}"
    )
    weights, losses = polish(run.weights, training)
    print(f"loss on all data over Newton-CG:   {losses[0]:.5f} -> {losses[-1]:.5f}")
    print(f"held-out accuracy after Newton-CG: {float(accuracy(weights, held_out)):.2%}")
    figure = plt.figure(figsize=(12, 4.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(3, 2))
    plot_losses(left, run.losses, losses)
    plot_hardest(right, held_out, weights)
    figure.savefig(options.output, dpi=120)
    print(f"saved {options.output}; {time.perf_counter() - start:.1f} s in all")


if __name__ == "__main__":
    main()
