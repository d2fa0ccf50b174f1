"""Optimizers and layers give what JAX's give: the same updates, the same draws for a key."""

import itertools

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import random
from minijax.example_libraries import optimizers, stax

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.oracle

OPTIMIZERS = {
    "sgd": (0.1,),
    "momentum": (0.1, 0.9),
    "nesterov": (0.1, 0.9),
    "adagrad": (0.1,),
    "rmsprop": (0.1,),
    "rmsprop_momentum": (0.1,),
    "adam": (0.1,),
    "adamax": (0.1,),
    "sm3": (0.1,),
}
SCHEDULES = {
    "constant": (0.3,),
    "exponential_decay": (0.3, 5, 0.5),
    "inverse_time_decay": (0.3, 5, 0.5),
    "polynomial_decay": (0.3, 5, 0.1, 2.0),
    "piecewise_constant": ([2, 4], [0.3, 0.2, 0.1]),
}


@pytest.fixture(scope="module")
def theirs():
    from jax.example_libraries import optimizers as their_optimizers
    from jax.example_libraries import stax as their_stax

    return their_optimizers, their_stax


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps(name, theirs) -> None:
    start = {"w": np.arange(6.0).reshape(2, 3) / 7, "b": np.array([0.5, -0.25])}
    gradients = [{key: np.cos(step + value) for key, value in start.items()} for step in range(4)]
    found = []
    for library in (optimizers, theirs[0]):
        init, update, get_params = getattr(library, name)(*OPTIMIZERS[name])
        state = init(start)
        for step, gradient in enumerate(gradients):
            state = update(step, gradient, state)
        found.append(get_params(state))
    for key in start:
        np.testing.assert_allclose(found[0][key], found[1][key], rtol=1e-12)


def test_a_step_compiles_and_its_state_is_a_pytree() -> None:
    init, update, get_params = optimizers.adam(optimizers.exponential_decay(0.1, 10, 0.9))
    step = mj.jit(lambda i, state: update(i, mj.grad(loss)(get_params(state)), state))

    def loss(params):
        return jnp.sum((params["x"] - 1.0) ** 2)

    state = init({"x": jnp.zeros(3)})
    for i in range(300):
        state = step(i, state)
    np.testing.assert_allclose(get_params(state)["x"], np.ones(3), atol=1e-2)
    restored = optimizers.pack_optimizer_state(optimizers.unpack_optimizer_state(state))
    assert mj.tree.structure(restored) == mj.tree.structure(state)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name, theirs) -> None:
    ours = getattr(optimizers, name)(*SCHEDULES[name])
    other = getattr(theirs[0], name)(*SCHEDULES[name])
    for i in (0, 2, 3, 7):
        np.testing.assert_allclose(ours(i), other(i), rtol=1e-12)


def test_errors_of_optimizers() -> None:
    init, update, _ = optimizers.sgd(0.1)
    with pytest.raises(TypeError, match="structure of the parameters"):
        update(0, [1.0], init({"x": 1.0}))
    with pytest.raises(TypeError):
        optimizers.make_schedule([0.1, 0.2])
    with pytest.raises(ValueError, match="one shorter"):
        optimizers.piecewise_constant([1, 2], [0.1, 0.2])


def test_norms() -> None:
    tree = {"a": jnp.array([3.0]), "b": jnp.array([4.0])}
    assert optimizers.l2_norm(tree) == 5.0
    clipped = optimizers.clip_grads(tree, 1.0)
    np.testing.assert_allclose(clipped["a"], [0.6])
    assert optimizers.clip_grads(tree, 10.0)["b"] == 4.0


def networks(library):
    """A network of every layer, and the shapes it takes."""
    image = library.serial(
        library.Conv(4, (3, 3), padding="SAME"),
        library.BatchNorm(),
        library.Relu,
        library.MaxPool((2, 2), strides=(2, 2)),
        library.ConvTranspose(3, (2, 2), strides=(2, 2)),
        library.AvgPool((2, 2), padding="SAME"),
        library.SumPool((2, 2)),
        library.Flatten,
        library.Dense(5),
        library.LogSoftmax,
    )
    fans = library.serial(
        library.FanOut(3),
        library.parallel(library.Dense(4), library.Tanh, library.Identity),
        library.FanInConcat(),
        library.FanOut(2),
        library.parallel(
            library.serial(library.Dense(3), library.Gelu, library.Dropout(0.7)),
            library.serial(library.Dense(3), library.Elu),
        ),
        library.FanInSum,
        library.shape_dependent(lambda shape: library.Dense(shape[-1] + 1)),
        library.Softplus,
    )
    line = library.serial(
        library.Conv1DTranspose(2, (3,), padding="SAME"),
        library.GeneralConv(("NHC", "HIO", "NHC"), 3, (2,)),
        library.Selu,
        library.Softmax,
    )
    return {"image": (image, (2, 6, 6, 2)), "fans": (fans, (2, 3)), "line": (line, (2, 5, 3))}


@pytest.mark.parametrize("name", ["image", "fans", "line"])
def test_networks(name, theirs) -> None:
    (ours, shape), (other, _) = networks(stax)[name], networks(theirs[1])[name]
    our_shape, our_params = ours[0](random.key(3), shape)
    shape_found, params = other[0](jax.random.key(3), shape)
    assert tuple(our_shape) == tuple(shape_found)
    pairs = itertools.zip_longest(mj.tree.leaves(our_params), jax.tree.leaves(params))
    for x, y in pairs:
        np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-9)
    inputs = np.sin(np.arange(np.prod(shape))).reshape(shape)
    out = ours[1](our_params, inputs, rng=random.key(5))
    assert out.shape == tuple(our_shape)
    expected = other[1](params, inputs, rng=jax.random.key(5))
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-8)


def test_dropout_needs_a_key() -> None:
    with pytest.raises(ValueError, match="rng=key"):
        stax.Dropout(0.5)[1]((), jnp.ones(2))
