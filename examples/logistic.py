"""Logistic regression in ten lines: gradient descent on the breast-cancer data of scikit-learn."""

from __future__ import annotations

from sklearn.datasets import load_breast_cancer

import minijax as mj
import minijax.numpy as jnp

data = load_breast_cancer()
x = jnp.asarray((data.data - data.data.mean(0)) / data.data.std(0))
y = jnp.asarray(data.target)


def loss(w: mj.Array) -> mj.Array:
    """Returns the mean negative log-likelihood of weights and bias."""
    return jnp.mean(jnp.logaddexp(0.0, (1 - 2 * y) * (x @ w[:-1] + w[-1]))) + 1e-3 * jnp.sum(w**2)


w = jnp.zeros(31)
step = mj.jit(lambda w: w - 0.5 * mj.grad(loss)(w))
for _ in range(300):
    w = step(w)
print(f"loss {loss(w):.4f}, accuracy {jnp.mean((x @ w[:-1] + w[-1] > 0) == y):.2%}")
