"""custom_jvp and custom_vjp: giving a function a derivative of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from types import MethodType
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of, to_array
from minijax.core.avals import Zero, materialize
from minijax.core.pytree import (
    Partial,
    describe_mismatch,
    flatten,
    flatten_up_to,
    flatten_with_path,
    keystr,
    structure,
    unflatten,
)
from minijax.core.source import api_boundary
from minijax.core.trace import Tracer
from minijax.primitives.control.custom_jvp import call_with_jvp
from minijax.primitives.control.custom_vjp import call_with_vjp
from minijax.primitives.convert import convert_element_type
from minijax.transforms.arguments import (
    FlatFunction,
    check_array,
    describe_sequence,
    fix_arguments,
    flatten_arrays,
    function_name,
)
from minijax.transforms.staging import closure_convert
from minijax.transforms.symbolic_zeros import CustomVJPPrimal, SymbolicZero


class _CustomFunction:
    """What the two kinds have in common: which arguments are differentiated, and how to call."""

    kind: str

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        update_wrapper(self, fun)  # type: ignore[arg-type]
        self.fun = fun
        self.name = function_name(fun)
        try:
            self._signature: inspect.Signature | None = inspect.signature(fun)
        except (TypeError, ValueError):
            self._signature = None
        self.nondiff_argnums = self._positions(nondiff_argnums, nondiff_argnames)

    def _positions(self, argnums: Sequence[int], argnames: Sequence[str]) -> tuple[int, ...]:
        names = list(self._signature.parameters) if self._signature else []
        for name in argnames:
            if name not in names:
                raise ValueError(
                    f"{self.kind} of {self.name}: nondiff_argnames names {name!r}, which is not a "
                    f"parameter; parameters: {names}."
                )
        return tuple(sorted({*argnums, *(names.index(name) for name in argnames)}))

    def __getattr__(self, name: str) -> Any:
        # What is declared of the function itself: rules of `custom_vmap` and other decorators.
        if name.startswith("def") and "fun" in vars(self):
            return getattr(self.fun, name)
        raise AttributeError(f"{self.kind!r} object has no attribute {name!r}")

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # type: ignore[arg-type]

    def _resolve(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Returns all arguments as positional ones, defaults filled in."""
        if not kwargs and self._signature is None:
            return args
        if self._signature is None:
            raise TypeError(f"{self.kind} of {self.name} takes positional arguments only.")
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(
                f"{self.kind} of {self.name}: keyword-only arguments ({', '.join(bound.kwargs)}) "
                "cannot be passed to the rules: make them positional."
            )
        return bound.args

    def _split(self, args: tuple[Any, ...]) -> tuple[Callable[..., Any], list[Any], list[Any]]:
        """Returns the function of the differentiated arguments, those, and the others."""
        hidden = [i + len(args) if i < 0 else i for i in self.nondiff_argnums]
        free = [i for i in range(len(args)) if i not in hidden]
        partial = fix_arguments(self.fun, free, args, {})
        return partial, [args[i] for i in free], [args[i] for i in hidden if i < len(args)]


class custom_jvp(_CustomFunction):  # noqa: N801 - used as a decorator
    """Gives a function a forward derivative of one's own, which serves reverse mode too.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        nondiff_argnums: positional arguments that are not differentiated and may be anything; the
            rule receives them first.
        nondiff_argnames: the same by name.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.custom_jvp
        ... def log1pexp(x):
        ...     return jnp.log(1.0 + jnp.exp(x))
        >>> @log1pexp.defjvp
        ... def log1pexp_jvp(primals, tangents):
        ...     (x,), (x_dot,) = primals, tangents
        ...     return log1pexp(x), (1 - 1 / (1 + jnp.exp(x))) * x_dot
        >>> float(mj.grad(log1pexp)(0.0))
        0.5
    """

    kind = "custom_jvp"

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.jvp: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defjvp(self, jvp: Callable[..., Any], symbolic_zeros: bool = False) -> Callable[..., Any]:
        """Sets the rule `(*nondiff_args, primals, tangents) -> (output, output tangent)`.

        Args:
            jvp: the rule.
            symbolic_zeros: whether it receives `SymbolicZero` objects for tangents that are zero.
        """
        self.jvp, self.symbolic_zeros = jvp, symbolic_zeros
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Sets one rule for each argument: `(tangent, output, *primals) -> output tangent`.

        None stands for an argument that the output does not depend on.
        """
        if self.nondiff_argnums:
            raise TypeError("defjvps does not go with nondiff_argnums: use defjvp.")

        def rule(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
            out = self(*primals)
            total: Any = None
            for part, t in zip(jvps, tangents, strict=True):
                if part is not None:
                    term = part(t, out, *primals)
                    total = term if total is None else _add_trees(out, total, term)
            return out, _zeros_like(out) if total is None else total

        self.defjvp(rule)

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.jvp is None:
            raise AttributeError(
                f"No rule is defined for the custom_jvp function {self.name}: define one with "
                f"@{self.name}.defjvp."
            )
        partial, free, hidden = self._split(self._resolve(args, kwargs))
        leaves, in_tree = flatten_arrays(f"{self.kind} of {self.name}", free)
        flat = FlatFunction(partial, in_tree)
        trees: list[Any] = []

        def rule(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
            outs, out_tangents, tree = self._apply_rule(hidden, in_tree, primals, tangents)
            trees.append(tree)
            expected = getattr(flat, "out_tree", None)
            if expected is not None and expected != tree:
                raise TypeError(
                    f"The custom_jvp rule of {self.name} must return a primal output of the "
                    f"structure of {self.name}'s: {describe_mismatch(expected, tree)}"
                )
            return outs, out_tangents

        outs = call_with_jvp(flat, rule, *leaves, name=self.name)
        return unflatten(trees[-1] if trees else flat.out_tree, outs)

    def _apply_rule(
        self, hidden: Sequence[Any], in_tree: Any, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[list[Any], list[Any], Any]:
        assert self.jvp is not None
        zero = _symbolic if self.symbolic_zeros else materialize
        args = unflatten(in_tree, primals)[0]
        directions = unflatten(in_tree, map(zero, tangents))[0]
        pair = self.jvp(*hidden, args, directions)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                f"The custom_jvp rule of {self.name} must return a pair "
                f"(output, output tangent), got {type(pair).__name__}."
            )
        outs, tree = flatten(pair[0])
        found, tangent_tree = flatten(pair[1])
        if tangent_tree != tree:
            raise TypeError(
                f"The custom_jvp rule of {self.name} must return a tangent of the structure of its "
                f"output: {describe_mismatch(tree, tangent_tree)}"
            )
        outs = [to_array(out) for out in outs]
        checked = [
            self._tangent(out, t, path)
            for (path, _), out, t in zip(flatten_with_path(pair[0])[0], outs, found, strict=True)
        ]
        return outs, checked, tree

    def _tangent(self, out: Any, t: Any, path: Any) -> Any:
        space = aval_of(out).tangent()
        if isinstance(t, SymbolicZero) or space.dtype == dtypes.float0 == aval_of(t).dtype:
            return Zero(space)
        if not space.accepts(aval_of(t)):
            raise TypeError(
                f"The custom_jvp rule of {self.name} must return tangents of the shapes and dtypes "
                f"of its outputs: output{keystr(path)} is {aval_of(out)}, its tangent {aval_of(t)}."
            )
        return to_array(t)


class custom_vjp(_CustomFunction):  # noqa: N801 - used as a decorator
    """Gives a function a pullback of one's own; it then has reverse mode only.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        nondiff_argnums: positional arguments that are not differentiated and may be anything but
            traced values; the backward rule receives them first.
        nondiff_argnames: the same by name.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.custom_vjp
        ... def clip_gradient(x):
        ...     return x
        >>> clip_gradient.defvjp(lambda x: (x, None), lambda _, ct: (jnp.clip(ct, -1, 1),))
        >>> float(mj.grad(lambda x: 10.0 * clip_gradient(x))(1.0))
        1.0
    """

    kind = "custom_vjp"

    def __init__(
        self,
        fun: Callable[..., Any],
        nondiff_argnums: Sequence[int] = (),
        nondiff_argnames: Sequence[str] = (),
    ) -> None:
        super().__init__(fun, nondiff_argnums, nondiff_argnames)
        self.fwd: Callable[..., Any] | None = None
        self.bwd: Callable[..., Any] | None = None
        self.symbolic_zeros = False

    def defvjp(
        self,
        fwd: Callable[..., Any],
        bwd: Callable[..., Any],
        symbolic_zeros: bool = False,
        optimize_remat: bool = False,
    ) -> None:
        """Sets the rules.

        Args:
            fwd: takes the arguments of the function; returns `(output, residuals)`.
            bwd: takes `(*nondiff_args, residuals, cotangent)`; returns a tuple with a cotangent for
                each differentiated argument (None for zero).
            symbolic_zeros: whether `fwd` receives `CustomVJPPrimal` leaves that say which arguments
                are differentiated, and `bwd` may receive `SymbolicZero` cotangents.
            optimize_remat: accepted for compatibility; has no meaning here.
        """
        self.fwd, self.bwd, self.symbolic_zeros = fwd, bwd, symbolic_zeros

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fwd is None or self.bwd is None:
            raise AttributeError(
                f"No rules are defined for the custom_vjp function {self.name}: define them with "
                f"{self.name}.defvjp(fwd, bwd)."
            )
        full = self._resolve(args, kwargs)
        partial, free, hidden = self._split(full)
        for x in flatten(hidden)[0]:
            if isinstance(x, Tracer):
                raise TypeError(
                    f"custom_vjp of {self.name}: a nondiff_argnums argument is a traced value of "
                    f"{x.aval}. Such arguments must be known: make the argument an ordinary one "
                    "and return None as its cotangent."
                )
        leaves, in_tree = flatten_arrays(f"{self.kind} of {self.name}", free)
        flat = FlatFunction(partial, in_tree)
        rules = _VjpRules(self, full, free, hidden, in_tree, flat)
        outs = call_with_vjp(flat, rules.forward, rules.backward, *leaves, name=self.name)
        return unflatten(rules.out_tree or flat.out_tree, outs)


class _VjpRules:
    """The two rules of one call, on flat values."""

    def __init__(
        self,
        owner: custom_vjp,
        full: Sequence[Any],
        free: Sequence[Any],
        hidden: Sequence[Any],
        in_tree: Any,
        flat: FlatFunction,
    ) -> None:
        self.owner = owner
        self.hidden = hidden
        self.in_tree = in_tree
        self.flat = flat
        positions = [i for i in range(len(full)) if not _is_hidden(i, owner, len(full))]
        assert owner.fwd is not None
        self.fwd = fix_arguments(owner.fwd, positions, full, {})
        self.spaces: list[Any] = []
        self.out_tree: Any = None
        self.res_tree: Any = None
        self.known: list[Any] = []

    def forward(self, primals: Sequence[Any], active: Sequence[bool]) -> Any:
        given = primals
        if self.owner.symbolic_zeros:
            given = [CustomVJPPrimal(x, on) for x, on in zip(primals, active, strict=True)]
        pair = self.fwd(*unflatten(self.in_tree, given)[0])
        name = self.owner.name
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                f"The forward rule of the custom_vjp function {name} must return a pair "
                f"(output, residuals), got {type(pair).__name__}."
            )
        outs, self.out_tree = flatten(pair[0])
        expected = getattr(self.flat, "out_tree", None)
        if expected is not None and expected != self.out_tree:
            raise TypeError(
                f"The forward rule of the custom_vjp function {name} must return an output of the "
                f"structure of {name}'s: {describe_mismatch(expected, self.out_tree)}"
            )
        residuals, self.res_tree = flatten(pair[1])
        # Python's own numbers stay what they are: a backward rule may branch on them.
        self.known = [x if type(x) in (bool, int, float, complex) else None for x in residuals]
        self.spaces = [aval_of(x).tangent() for x in primals]
        return [to_array(out) for out in outs], [to_array(x) for x in residuals]

    def backward(self, residuals: Sequence[Any], cts: Sequence[Any]) -> list[Any]:
        zero = _symbolic if self.owner.symbolic_zeros else materialize
        pairs = zip(self.known, residuals, strict=True)
        res = unflatten(self.res_tree, [x if known is None else known for known, x in pairs])
        ct = unflatten(self.out_tree, map(zero, cts))
        assert self.owner.bwd is not None
        found = self.owner.bwd(*self.hidden, res, ct)
        num_args = len(self.in_tree.children()[0].children())
        if not isinstance(found, tuple | list) or len(found) != num_args:
            raise TypeError(
                f"The backward rule of the custom_vjp function {self.owner.name} must return a "
                f"tuple with a cotangent for each of its {num_args} argument(s), got "
                f"{describe_sequence(found)}."
            )
        return self._cotangents(tuple(found))

    def _cotangents(self, found: tuple[Any, ...]) -> list[Any]:
        # None stands for a zero cotangent of a whole subtree.
        indices = unflatten(self.in_tree, range(len(self.spaces)))[0]
        cts: list[Any] = [Zero(space) for space in self.spaces]
        for position, (tree, ct) in enumerate(zip(indices, found, strict=True)):
            self._fill(cts, tree, ct, f"[{position}]")
        return cts

    def _fill(self, cts: list[Any], tree: Any, ct: Any, path: str) -> None:
        parts, ct_tree = flatten(ct, is_leaf=_is_none)
        try:
            places = flatten_up_to(path, ct_tree, tree)
        except ValueError:
            places = []
        if len(places) != len(parts) or any(
            part is not None and type(place) is not int
            for place, part in zip(places, parts, strict=True)
        ):
            raise TypeError(
                f"The backward rule of the custom_vjp function {self.owner.name} must return "
                f"cotangents of the structure of its arguments; for argument {path}: "
                f"{describe_mismatch(structure(tree), structure(ct))}"
            )
        for place, part in zip(places, parts, strict=True):
            if part is not None and not isinstance(part, SymbolicZero):
                cts[place] = self._cotangent(self.spaces[place], part, path)

    def _cotangent(self, space: Any, ct: Any, path: str) -> Any:
        aval = check_array(f"the backward rule of {self.owner.name}", path, ct)
        if space.dtype == dtypes.float0:
            return Zero(space)
        if space.accepts(aval):
            return to_array(ct)
        if space.shape == aval.shape and space.dtype.kind == aval.dtype.kind:
            return convert_element_type(ct, space.dtype)  # of another precision
        kind = TypeError if space.shape == aval.shape else ValueError
        raise kind(
            f"The backward rule of the custom_vjp function {self.owner.name} must return "
            f"cotangents of the shapes and dtypes of its arguments: argument {path} needs "
            f"{space}, got {aval}."
        )


def _is_none(x: Any) -> bool:
    return x is None


def _is_hidden(position: int, owner: custom_vjp, count: int) -> bool:
    return position in {i + count if i < 0 else i for i in owner.nondiff_argnums}


def _symbolic(x: Any) -> Any:
    return SymbolicZero(x.aval) if type(x) is Zero else x


def _zeros_like(out: Any) -> Any:
    leaves, tree = flatten(out)
    return unflatten(tree, [aval_of(leaf).tangent().zeros() for leaf in leaves])


def _add_trees(out: Any, x: Any, y: Any) -> Any:
    leaves, tree = flatten(out)
    pairs: Iterable[tuple[Any, Any]] = zip(flatten(x)[0], flatten(y)[0], strict=True)
    return unflatten(
        tree,
        [aval_of(z).tangent().add(a, b) for z, (a, b) in zip(leaves, pairs, strict=True)],
    )


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function from one that returns its value and its pullback.

    Args:
        fun: returns `(output, pullback)`, where `pullback(cotangent)` gives the cotangents of the
            arguments: a tuple, or one value for a single argument.

    Example:
        >>> import minijax as mj
        >>> @mj.custom_gradient
        ... def triple_slope(x):
        ...     return x**2, lambda ct: (ct * 3 * x,)
        >>> float(mj.grad(triple_slope)(2.0))
        6.0
    """

    @custom_vjp
    def wrapped(*args: Any) -> Any:
        return fun(*args)[0]

    def fwd(*args: Any) -> Any:
        out, pullback = fun(*args)
        # The pullback closes over values of this trace: its residuals must be explicit.
        converted, residuals = closure_convert(pullback, out)
        return out, Partial(converted, *residuals)

    def bwd(pullback: Partial, ct: Any) -> Any:
        found = pullback.func(ct, *pullback.args)
        return found if isinstance(found, tuple) else (found,)

    wrapped.defvjp(fwd, bwd)
    update_wrapper(wrapped, fun)
    return wrapped
