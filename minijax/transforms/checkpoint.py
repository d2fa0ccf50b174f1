"""checkpoint: trading computation for memory in reverse mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from minijax.core.array import to_array
from minijax.core.primitive import Primitive
from minijax.core.pytree import flatten, tree_map, unflatten
from minijax.core.references import read_all, replace_all
from minijax.core.source import api_boundary
from minijax.core.trace import EVAL, current_trace
from minijax.interpreters.stage import stage_with_references
from minijax.primitives.control.remat import name_p, rematerialize
from minijax.primitives.dot import dot_general_p
from minijax.transforms.arguments import (
    FlatFunction,
    argument_avals,
    check_callable,
    function_name,
    wraps,
)
from minijax.transforms.staging import without_static

Policy = Callable[..., bool]


@api_boundary
def checkpoint(
    fun: Callable[..., Any],
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    concrete: bool = False,
) -> Callable[..., Any]:
    """Returns `fun` with its intermediate values recomputed in reverse mode instead of kept.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        prevent_cse: whether the compiler is kept from undoing the recomputation.
        policy: which intermediate values are kept after all; see `checkpoint_policies`.
        static_argnums, static_argnames: arguments that are passed as they are.
        concrete: accepted for compatibility; has no meaning here.

    Returns:
        A function with the arguments, values and derivatives of `fun`.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> f = mj.checkpoint(lambda x: jnp.sin(jnp.sin(x)))
        >>> float(mj.grad(f)(0.0))
        1.0

    Source:
        A. Griewank and A. Walther, "Algorithm 799: revolve", ACM TOMS 26, 2000.
    """

    check_callable("checkpoint", fun)
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)

    @wraps(fun)
    @api_boundary
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        fixed = {name: value for name, value in kwargs.items() if name in names}
        kwargs = {name: value for name, value in kwargs.items() if name not in names}
        applied = wraps(fun)(partial(fun, **fixed)) if fixed else fun
        inner, dynamic = without_static("checkpoint", applied, static_argnums, args)
        if current_trace() is EVAL:
            arrays, named = tree_map(to_array, (tuple(dynamic), kwargs))
            return inner(*arrays, **named)
        leaves, in_tree = flatten((dynamic, kwargs))
        flat = FlatFunction(inner, in_tree)
        name = function_name(fun)
        avals = argument_avals(f"checkpoint of {name}", dynamic, kwargs)
        program, references = stage_with_references(flat, avals, name)
        inputs = (*program.consts, *read_all(references), *leaves)
        outs = rematerialize(program.close(), *inputs, policy=policy, prevent_cse=prevent_cse)
        replace_all(references, outs[: len(references)])
        return unflatten(flat.out_tree, outs[len(references) :])

    return checkpointed


remat = checkpoint


def checkpoint_name(x: Any, name: str) -> Any:
    """Gives values a name that `checkpoint_policies.save_only_these_names` knows them by.

    Args:
        x: an array, or a pytree of arrays, of any shapes.
        name: the name, the same for every leaf; different values may share it.

    Returns:
        `x`, unchanged in value, shape and dtype.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax.ad_checkpoint import checkpoint_name
        >>> mj.make_jaxpr(lambda x: checkpoint_name(jnp.sin(x), "sine"))(1.0)
        { lambda ; a:f64[]. let
            b:f64[] = sin a
            c:f64[] = name[name=sine] b
          in (c,) }
    """
    return tree_map(lambda leaf: name_p.bind(to_array(leaf), name=name)[0], x)


class checkpoint_policies:  # noqa: N801 - a namespace of functions
    """Which intermediate values a `checkpoint` keeps.

    A policy takes a primitive, the avals of its operands and its parameters, and says whether its
    results are kept.
    """

    @staticmethod
    def everything_saveable(primitive: Primitive, *_: Any, **__: Any) -> bool:
        """Keeps all values, as without `checkpoint`."""
        return True

    @staticmethod
    def nothing_saveable(primitive: Primitive, *_: Any, **__: Any) -> bool:
        """Keeps inputs only, the default."""
        return False

    @staticmethod
    def dots_saveable(primitive: Primitive, *_: Any, **__: Any) -> bool:
        """Keeps the results of matrix products."""
        return primitive is dot_general_p

    checkpoint_dots = dots_saveable

    @staticmethod
    def dots_with_no_batch_dims_saveable(primitive: Primitive, *_: Any, **params: Any) -> bool:
        """Keeps the results of matrix products without batch dimensions."""
        if primitive is not dot_general_p:
            return False
        _, (lhs_batch, rhs_batch) = params["dimension_numbers"]
        return not lhs_batch and not rhs_batch

    checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable

    @staticmethod
    def save_only_these_names(*names: str) -> Policy:
        """Keeps the values named so by `checkpoint_name`."""
        kept = frozenset(names)
        return lambda primitive, *_, **params: primitive is name_p and params["name"] in kept

    @staticmethod
    def save_any_names_but_these(*names: str) -> Policy:
        """Keeps the values that `checkpoint_name` gave another name than these."""
        dropped = frozenset(names)
        return lambda primitive, *_, **params: primitive is name_p and params["name"] not in dropped

    @staticmethod
    def save_anything_except_these_names(*names: str) -> Policy:
        """Keeps all values but those named so by `checkpoint_name`."""
        dropped = frozenset(names)
        return lambda primitive, *_, **params: (
            not (primitive is name_p and params["name"] in dropped)
        )

    @staticmethod
    def offload_dot_with_no_batch_dims(offload_src: str, offload_dst: str) -> Policy:
        """Keeps the results of matrix products without batch dimensions.

        Args:
            offload_src, offload_dst: kinds of memory; there is one here, so nothing is moved.
        """
        return checkpoint_policies.dots_with_no_batch_dims_saveable

    @staticmethod
    def save_and_offload_only_these_names(
        *,
        names_which_can_be_saved: Sequence[str],
        names_which_can_be_offloaded: Sequence[str],
        offload_src: str,
        offload_dst: str,
    ) -> Policy:
        """Keeps the values named so by `checkpoint_name`.

        Args:
            names_which_can_be_saved, names_which_can_be_offloaded: names of values to keep.
            offload_src, offload_dst: kinds of memory; there is one here, so nothing is moved.

        Raises:
            ValueError: if a name stands in both lists.
        """
        saved, moved = set(names_which_can_be_saved), set(names_which_can_be_offloaded)
        if saved & moved:
            raise ValueError(f"Names are to be saved or offloaded, not both: {saved & moved}.")
        return checkpoint_policies.save_only_these_names(*saved, *moved)

    @staticmethod
    def save_from_both_policies(first: Policy, second: Policy) -> Policy:
        """Keeps what either policy keeps."""

        def either(primitive: Primitive, *avals: Any, **params: Any) -> bool:
            return first(primitive, *avals, **params) or second(primitive, *avals, **params)

        return either
