"""Gradient descent methods, each a triple of functions `(init, update, get_params)`.

    state = init(parameters)
    state = update(step, gradient, state)
    parameters = get_params(state)

Parameters and gradients are pytrees of arrays. A method is written for one array and made into one
for pytrees by the decorator `optimizer`. A step size is a number or a schedule: a function from the
number of the step to a number.

>>> import minijax as mj
>>> init, update, get_params = sgd(0.1)
>>> state = init({"x": 1.0})
>>> state = update(0, mj.grad(lambda p: p["x"] ** 2)(get_params(state)), state)
>>> float(get_params(state)["x"])
0.8
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from minijax import numpy as jnp
from minijax.core.operators import Array
from minijax.core.pytree import (
    describe_mismatch,
    flatten,
    structure,
    tree_map,
    unflatten,
)
from minijax.core.pytree_nodes import register_pytree_node
from minijax.example_libraries.schedules import Schedule as Schedule
from minijax.example_libraries.schedules import constant as constant
from minijax.example_libraries.schedules import exponential_decay as exponential_decay
from minijax.example_libraries.schedules import inverse_time_decay as inverse_time_decay
from minijax.example_libraries.schedules import make_schedule as make_schedule
from minijax.example_libraries.schedules import piecewise_constant as piecewise_constant
from minijax.example_libraries.schedules import polynomial_decay as polynomial_decay

Step = int
Params = Any
State = Any
Updates = Any
InitFn = Callable[[Params], "OptimizerState"]
UpdateFn = Callable[[Step, Updates, "OptimizerState"], "OptimizerState"]
ParamsFn = Callable[["OptimizerState"], Params]


class OptimizerState(NamedTuple):
    """The state of a method for a pytree of parameters; a pytree.

    Attributes:
        packed_state: for each parameter the tuple of the leaves of its state.
        tree_def: the structure of the parameters.
        subtree_defs: for each parameter the structure of its state.
    """

    packed_state: Any
    tree_def: Any
    subtree_defs: Any


register_pytree_node(
    OptimizerState,
    lambda state: ((state.packed_state,), (state.tree_def, state.subtree_defs)),
    lambda data, children: OptimizerState(children[0], *data),
)


class Optimizer(NamedTuple):
    """A method: how its state starts, what a step does to it, and the parameters in it."""

    init_fn: InitFn
    update_fn: UpdateFn
    params_fn: ParamsFn


def optimizer(opt_maker: Callable[..., Any]) -> Callable[..., Optimizer]:
    """Makes a method for pytrees from one for a single array.

    Args:
        opt_maker: returns `(init, update, get_params)` for one array, where `init(x)` gives its
            state (a pytree), `update(step, gradient, state)` the next and `get_params(state)` x.

    Returns:
        A function of the same arguments that returns an `Optimizer`.

    Example:
        >>> @optimizer
        ... def signs(step_size):
        ...     return lambda x: x, lambda i, g, x: x - step_size * jnp.sign(g), lambda x: x
        >>> init, update, get_params = signs(0.5)
        >>> float(get_params(update(0, [3.0], init([1.0])))[0])
        0.5
    """

    @functools.wraps(opt_maker)
    def tree_maker(*args: Any, **kwargs: Any) -> Optimizer:
        init, update, get_params = opt_maker(*args, **kwargs)

        def tree_init(params: Params) -> OptimizerState:
            leaves, tree = flatten(params)
            return _pack(tree, [init(x) for x in leaves])

        def tree_update(i: Step, gradient: Updates, state: OptimizerState) -> OptimizerState:
            parts, tree = flatten(gradient)
            if tree != state.tree_def:
                raise TypeError(
                    "optimizer update function: the gradient must have the structure of the "
                    f"parameters: {describe_mismatch(state.tree_def, tree)}"
                )
            new = [update(i, g, old) for g, old in zip(parts, _unpack(state), strict=True)]
            for old_tree, after in zip(state.subtree_defs, map(structure, new), strict=True):
                if after != old_tree:
                    raise TypeError(
                        "optimizer update function: the state after a step must have the structure "
                        f"of the state before: {describe_mismatch(old_tree, after)}"
                    )
            return _pack(tree, new)

        def tree_params(state: OptimizerState) -> Params:
            return unflatten(state.tree_def, [get_params(part) for part in _unpack(state)])

        return Optimizer(tree_init, tree_update, tree_params)

    return tree_maker


def _pack(tree: Any, states: list[Any]) -> OptimizerState:
    pairs = [flatten(state) for state in states]
    packed = tuple(tuple(leaves) for leaves, _ in pairs)
    return OptimizerState(packed, tree, tuple(subtree for _, subtree in pairs))


def _unpack(state: OptimizerState) -> list[Any]:
    pairs = zip(state.subtree_defs, state.packed_state, strict=True)
    return [unflatten(subtree, leaves) for subtree, leaves in pairs]


# -- methods


@optimizer
def sgd(step_size: Any) -> Any:
    """Gradient descent: x - s g.

    Args:
        step_size: a number or a schedule.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = sgd(0.25)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.5
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0

    def update(i: Step, g: Array, x: Any) -> Any:
        return x - rate(i) * g

    def get_params(x: Any) -> Any:
        return x

    return Optimizer(init, update, get_params)


@optimizer
def momentum(step_size: Any, mass: float) -> Any:
    """Gradient descent along a velocity v = mass v + g.

    Args:
        step_size: a number or a schedule.
        mass: how much of the velocity stays.

    Source:
        B. Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = momentum(0.25, mass=0.9)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.5
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, velocity = state
        velocity = mass * velocity + g
        return x - rate(i) * velocity, velocity

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def nesterov(step_size: Any, mass: float) -> Any:
    """Gradient descent with a velocity that looks ahead.

    Args:
        step_size: a number or a schedule.
        mass: how much of the velocity stays.

    Source:
        Y. Nesterov, "A method of solving a convex programming problem with convergence rate
        O(1/k^2)", 1983.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = nesterov(0.25, mass=0.5)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.25
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, velocity = state
        velocity = mass * velocity + g
        return x - rate(i) * (mass * velocity + g), velocity

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def adagrad(step_size: Any, momentum: float = 0.9) -> Any:
    """Gradient descent with steps divided by the root of the sum of all squared gradients.

    Args:
        step_size: a number or a schedule.
        momentum: how much of the velocity stays.

    Source:
        J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
        stochastic optimization", JMLR 12, 2011.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = adagrad(0.5)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.95
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0), jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, squares, velocity = state
        squares = squares + jnp.square(g)
        scaled = g * jnp.where(squares > 0, 1.0 / jnp.sqrt(squares), 0.0)
        velocity = (1.0 - momentum) * scaled + momentum * velocity
        return x - rate(i) * velocity, squares, velocity

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def rmsprop(step_size: Any, gamma: float = 0.9, eps: float = 1e-8) -> Any:
    """Gradient descent with steps divided by the root of a running mean of squared gradients.

    Args:
        step_size: a number or a schedule.
        gamma: how much of the mean stays.
        eps: what is added under the root.

    Source:
        T. Tieleman and G. Hinton, "Lecture 6.5: rmsprop", Coursera, 2012.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = rmsprop(0.1, gamma=0.75)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.8
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, mean = state
        mean = mean * gamma + jnp.square(g) * (1.0 - gamma)
        return x - rate(i) * g / jnp.sqrt(mean + eps), mean

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def rmsprop_momentum(
    step_size: Any, gamma: float = 0.9, eps: float = 1e-8, momentum: float = 0.9
) -> Any:
    """`rmsprop` along a velocity.

    Args:
        step_size: a number or a schedule.
        gamma: how much of the mean stays.
        eps: what is added under the root.
        momentum: how much of the velocity stays.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = rmsprop_momentum(0.1, gamma=0.75)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.8
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0), jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, mean, velocity = state
        mean = mean * gamma + jnp.square(g) * (1.0 - gamma)
        velocity = momentum * velocity + rate(i) * g / jnp.sqrt(mean + eps)
        return x - velocity, mean, velocity

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def adam(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """Gradient descent with running means of gradients and of their squares, bias removed.

    Args:
        step_size: a number or a schedule.
        b1, b2: how much of the two means stays.
        eps: what is added to the root.

    Source:
        D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = adam(0.1)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.9
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0), jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, mean, squares = state
        mean = (1 - b1) * g + b1 * mean
        squares = (1 - b2) * jnp.square(g) + b2 * squares
        unbiased = mean / (1 - jnp.asarray(b1, mean.dtype) ** (i + 1))
        spread = squares / (1 - jnp.asarray(b2, mean.dtype) ** (i + 1))
        return x - rate(i) * unbiased / (jnp.sqrt(spread) + eps), mean, squares

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def adamax(step_size: Any, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Any:
    """`adam` with a running maximum of absolute gradients in place of the mean of squares.

    Args:
        step_size: a number or a schedule.
        b1, b2: how much of the mean and of the maximum stays.
        eps: what is added to the maximum.

    Source:
        D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.

    Example:
        >>> import minijax as mj
        >>> init, update, get_params = adamax(0.1)
        >>> state = update(0, mj.grad(lambda x: x**2)(1.0), init(1.0))
        >>> round(float(get_params(state)), 6)
        0.9
    """
    rate = make_schedule(step_size)

    def init(x0: Array) -> Any:
        return x0, jnp.zeros_like(x0), jnp.zeros_like(x0)

    def update(i: Step, g: Array, state: Any) -> Any:
        x, mean, largest = state
        mean = (1 - b1) * g + b1 * mean
        largest = jnp.maximum(b2 * largest, jnp.abs(g))
        step = rate(i) / (1 - jnp.asarray(b1, mean.dtype) ** (i + 1))
        return x - step * mean / (largest + eps), mean, largest

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


@optimizer
def sm3(step_size: Any, momentum: float = 0.9) -> Any:
    """`adagrad` that keeps one accumulator for each index of each axis, not one for each element.

    Args:
        step_size: a number or a schedule.
        momentum: how much of the velocity stays.

    Source:
        R. Anil, V. Gupta, T. Koren and Y. Singer, "Memory-efficient adaptive optimization", NeurIPS
        2019.

    Example:
        >>> init, update, get_params = sm3(1.0, momentum=0.0)
        >>> state = update(0, jnp.full((2, 3), 4.0), init(jnp.zeros((2, 3))))
        >>> get_params(state)[0], len(state.packed_state[0])
        (Array([-1., -1., -1.], dtype=float64), 4)
    """
    rate = make_schedule(step_size)

    def along(x: Any, axis: int) -> tuple[Any, ...]:
        return tuple(slice(None) if i == axis else None for i in range(x.ndim))

    def init(x0: Array) -> Any:
        x = jnp.asarray(x0)
        return x0, jnp.zeros_like(x0), [jnp.zeros(n, dtype=x.dtype) for n in x.shape]

    def update(i: Step, g: Array, state: Any) -> Any:
        x, velocity, accumulators = state
        bounds = [part[along(g, axis)] for axis, part in enumerate(accumulators)]
        squares = functools.reduce(jnp.minimum, bounds) + jnp.square(g)
        scaled = g * jnp.where(squares > 0, 1.0 / jnp.sqrt(squares), 0.0)
        velocity = (1.0 - momentum) * scaled + momentum * velocity
        others = [tuple(j for j in range(g.ndim) if j != axis) for axis in range(g.ndim)]
        return x - rate(i) * velocity, velocity, [jnp.max(squares, axes) for axes in others]

    def get_params(state: Any) -> Any:
        return state[0]

    return init, update, get_params


# -- gradients


def l2_norm(tree: Any) -> Array:
    """Returns the root of the sum of the squares of all elements of a pytree.

    Example:
        >>> float(l2_norm({"a": 3.0, "b": 4.0}))
        5.0
    """
    return jnp.sqrt(sum(jnp.vdot(x, x) for x in flatten(tree)[0]))


def clip_grads(grad_tree: Any, max_norm: Any) -> Any:
    """Scales a pytree of gradients down so that its `l2_norm` is at most `max_norm`.

    Args:
        grad_tree: a pytree of arrays.
        max_norm: the largest norm that is let through.

    Returns:
        A pytree of the same structure, unchanged if its norm is below `max_norm`.

    Example:
        >>> clipped = clip_grads({"a": 3.0, "b": 4.0}, max_norm=1.0)
        >>> round(float(clipped["a"]), 6), round(float(clipped["b"]), 6)
        (0.6, 0.8)
    """
    norm = l2_norm(grad_tree)
    return tree_map(lambda g: jnp.where(norm < max_norm, g, g * (max_norm / norm)), grad_tree)


# -- states to and from files


class JoinPoint:
    """Marks where the states of single parameters begin in an unpacked state.

    Args:
        subtree: the state of one parameter.
    """

    def __init__(self, subtree: Any) -> None:
        self.subtree = subtree

    def __iter__(self) -> Any:
        yield self.subtree


def unpack_optimizer_state(opt_state: OptimizerState) -> Any:
    """Returns a state as a pytree of the structure of the parameters, with `JoinPoint` leaves.

    Example:
        >>> init, update, get_params = momentum(0.1, 0.9)
        >>> tree = unpack_optimizer_state(init([1.0]))
        >>> pack_optimizer_state(tree).tree_def == init([1.0]).tree_def
        True
    """
    return unflatten(opt_state.tree_def, [JoinPoint(part) for part in _unpack(opt_state)])


def pack_optimizer_state(marked_pytree: Any) -> OptimizerState:
    """Returns the state that `unpack_optimizer_state` took apart.

    Raises:
        TypeError: if a leaf is not a `JoinPoint`.

    Example:
        >>> init, update, get_params = sgd(0.1)
        >>> float(get_params(pack_optimizer_state([JoinPoint(2.0)]))[0])
        2.0
    """
    leaves, tree = flatten(marked_pytree)
    for leaf in leaves:
        if not isinstance(leaf, JoinPoint):
            raise TypeError(f"pack_optimizer_state: expected JoinPoint leaves, got {leaf!r:.60}.")
    return _pack(tree, [leaf.subtree for leaf in leaves])
