"""Giving a function a batched form of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

from minijax.core.array import aval_of, to_array
from minijax.core.pytree import describe_mismatch, flatten, structure, tree_map, unflatten
from minijax.core.source import api_boundary
from minijax.interpreters.stage import stage
from minijax.primitives.control.custom_vmap import call_with_batch_rule
from minijax.primitives.control.loops import map as lax_map
from minijax.transforms.arguments import FlatFunction, flatten_arrays, function_name


class custom_vmap:  # noqa: N801 - used as a decorator
    """Gives a function a batched form of one's own, which `vmap` uses.

    Args:
        fun: a function of arrays (or pytrees of arrays).

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @custom_vmap
        ... def shifted(x):
        ...     return x + 1.0
        >>> @shifted.def_vmap
        ... def rule(axis_size, in_batched, x):
        ...     return x + 100.0, in_batched[0]
        >>> float(shifted(0.0)), mj.vmap(shifted)(jnp.zeros(2))
        (1.0, Array([100., 100.], dtype=float64))
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        update_wrapper(self, fun)
        self.fun = fun
        self.name = function_name(fun)
        self.vmap_rule: Callable[..., Any] | None = None

    def def_vmap(self, vmap_rule: Callable[..., Any]) -> Callable[..., Any]:
        """Sets the rule `(axis_size, in_batched, *args) -> (output, out_batched)`.

        Args:
            vmap_rule: takes the length of the mapped axis; for each argument a pytree of bools that
                says which leaves have the axis (leading); and the arguments. It returns the
                output, and a pytree of bools that says which leaves of it have the axis.
        """
        self.vmap_rule = vmap_rule
        return vmap_rule

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.vmap_rule is None:
            raise AttributeError(
                f"No batching rule is defined for the custom_vmap function {self.name}: define one "
                f"with @{self.name}.def_vmap."
            )
        if kwargs:
            bound = inspect.signature(self.fun).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        leaves, in_tree = flatten_arrays(f"custom_vmap of {self.name}", args)
        flat = FlatFunction(self.fun, in_tree)
        program = stage(flat, [aval_of(x) for x in leaves], self.name)
        consts = program.consts

        def rule(size: int, batched: Sequence[bool], operands: Sequence[Any]) -> Any:
            return self._apply_rule(in_tree, flat.out_tree, size, batched, operands)

        outs = call_with_batch_rule(
            program.close(), rule, *consts, *leaves, num_consts=len(consts), name=self.name
        )
        return unflatten(flat.out_tree, outs)

    def _apply_rule(
        self,
        in_tree: Any,
        out_tree: Any,
        size: int,
        batched: Sequence[bool],
        operands: Sequence[Any],
    ) -> tuple[list[Any], list[bool]]:
        assert self.vmap_rule is not None
        args = unflatten(in_tree, operands)[0]
        flags = unflatten(in_tree, batched)[0]
        pair = self.vmap_rule(size, list(flags), *args)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                f"The vmap rule of {self.name} must return a pair (output, out_batched), got "
                f"{type(pair).__name__}."
            )
        out, out_batched = pair
        for what, tree in (("output", structure(out)), ("out_batched", structure(out_batched))):
            if tree != out_tree:
                raise ValueError(
                    f"structure of the {what} of the vmap rule of {self.name} must be that of its "
                    f"output: {describe_mismatch(out_tree, tree)}"
                )
        return [to_array(x) for x in flatten(out)[0]], [bool(on) for on in flatten(out_batched)[0]]


def sequential_vmap(f: Callable[..., Any]) -> custom_vmap:
    """Makes a function whose batched form is a loop over the examples.

    Args:
        f: a function of arrays (or pytrees of arrays).

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> square = sequential_vmap(lambda x: x * x)
        >>> mj.vmap(square)(jnp.arange(3.0))
        Array([0., 1., 4.], dtype=float64)
    """
    function = custom_vmap(f)

    @function.def_vmap
    def rule(axis_size: int, in_batched: Any, *args: Any) -> Any:
        leaves, tree = flatten(args)
        flags = flatten(tuple(in_batched))[0]
        mapped = [x for x, on in zip(leaves, flags, strict=True) if on]

        def one(examples: Any) -> Any:
            rest = iter(examples)
            full = [next(rest) if on else x for x, on in zip(leaves, flags, strict=True)]
            return function(*unflatten(tree, full))

        out = lax_map(one, mapped)
        return out, tree_map(lambda _: True, out)

    return function
