"""Reverse mode: vjp, grad, value_and_grad, linear_transpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of, scalar, to_array
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.partial import Partial
from minijax.core.pytree import (
    describe,
    describe_mismatch,
    flatten,
    flatten_call,
    flatten_with_path,
    register_later,
    unflatten,
)
from minijax.core.source import api_boundary
from minijax.interpreters import linearize as linearize_interpreter
from minijax.interpreters.stage import stage
from minijax.interpreters.tape import Tape
from minijax.interpreters.transpose import UndefinedPrimal, backward_pass
from minijax.primitives.convert import convert_element_type_p
from minijax.transforms.arguments import (
    FlatFunction,
    Like,
    argument_path,
    as_array,
    check_callable,
    check_tangent,
    fix_arguments,
    flatten_arrays,
    function_name,
    normalize_argnums,
    wraps,
)
from minijax.transforms.staging import aval_of_struct


class _Pullback:
    """What `vjp` returns: cotangents of the output in, cotangents of the arguments out.

    A pytree whose leaves are the residuals. It keeps avals in place of arguments and outputs, so
    that only the residuals stay alive.
    """

    def __init__(
        self, tape: Tape, outs: Sequence[Any], out_tree: Any, args: Sequence[Any], in_tree: Any
    ) -> None:
        self._tape = tape
        self._out_avals = [aval_of(out) for out in outs]
        self._out_tree = out_tree
        self._in_avals = [aval_of(x) for x in args]
        self._in_tree = in_tree

    @api_boundary
    def __call__(self, ct: Any) -> Any:
        """Returns the tuple of cotangents of the arguments."""
        leaves, tree = flatten(ct)
        if tree != self._out_tree:
            raise ValueError(
                "the pullback takes a cotangent of the structure of the function's output: "
                f"{describe_mismatch(self._out_tree, tree)}"
            )
        cts = [
            _checked_cotangent(aval, leaf)
            for aval, leaf in zip(self._out_avals, leaves, strict=True)
        ]
        found = iter(self._tape(cts))
        results = [
            _gradient(aval, next(found)) if _is_active(aval) else _float0(aval)
            for aval in self._in_avals
        ]
        return unflatten(self._in_tree, results)[0]

    def _flatten(self) -> tuple[list[Any], tuple[Any, ...]]:
        avals = tuple(self._out_avals), tuple(self._in_avals)
        return self._tape.residuals(), (self._tape.frame, *avals, self._out_tree, self._in_tree)

    @classmethod
    def _unflatten(cls, static: tuple[Any, ...], residuals: Sequence[Any]) -> _Pullback:
        frame, out_avals, in_avals, out_tree, in_tree = static
        made = cls.__new__(cls)
        made._tape = frame.with_residuals(residuals)
        made._out_avals, made._in_avals = list(out_avals), list(in_avals)
        made._out_tree, made._in_tree = out_tree, in_tree
        return made


register_later(_Pullback, _Pullback._flatten, _Pullback._unflatten)


def _checked_cotangent(aval: Any, ct: Any) -> Any:
    """Returns the cotangent of an output; that of an integer, whatever it is, is zero."""
    if not _is_active(aval):
        found = aval_of(ct)
        if found.shape == aval.shape and found.dtype == aval.dtype:
            return Zero(aval.tangent())
    return check_tangent("the pullback", "the cotangent", Like(aval), ct, (ValueError, ValueError))


def _is_active(aval: Any) -> bool:
    return aval.is_inexact if type(aval) is ShapedArray else dtypes.is_inexact(aval.dtype)


def _float0(aval: Any) -> Any:
    return materialize(Zero(aval.tangent()))


def _gradient(aval: Any, ct: Any) -> Any:
    """Returns the cotangent of an argument as an array, weak if the argument is."""
    ct = materialize(ct)
    # So that a step x - rate * gradient has the aval of x, and is not compiled anew.
    if not aval.weak_type or aval_of(ct).weak_type:
        return ct
    return convert_element_type_p.bind(ct, new_dtype=aval.dtype, weak_type=True)[0]


@api_boundary
def vjp(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False, reduce_axes: Sequence[Any] = ()
) -> Any:
    """Evaluates a function and returns its pullback, the transposed derivative.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        primals: its arguments.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        reduce_axes: accepted for compatibility; has no meaning here.

    Returns:
        `(output, f_vjp)`, where `f_vjp(cotangent)` takes a cotangent of the output's structure and
        returns a tuple of cotangents of the arguments; and the auxiliary data as a third part if
        `has_aux`.

    Raises:
        TypeError: if `fun` returns something that is not an array.

    Example:
        >>> import minijax as mj
        >>> y, f_vjp = mj.vjp(lambda a, b: a * b, 2.0, 5.0)
        >>> [float(ct) for ct in f_vjp(1.0)]
        [5.0, 2.0]
    """
    leaves, in_tree = flatten_arrays(f"vjp of {function_name(fun)}", primals)
    flat = FlatFunction(fun, in_tree, has_aux=has_aux)
    outs, pullback = linearize_interpreter.vjp(
        flat, leaves, [_is_active(aval_of(x)) for x in leaves]
    )
    out = unflatten(flat.out_tree, map(to_array, outs))
    f_vjp = _Pullback(pullback, outs, flat.out_tree, leaves, in_tree)
    return (out, f_vjp, flat.aux) if has_aux else (out, f_vjp)


def _check_grad_input(what: str, name: str, x: Any, path: str, mode: tuple[bool, bool]) -> None:
    holomorphic, allow_int = mode
    dtype = aval_of(x).dtype
    if holomorphic and not dtypes.is_complex(dtype):
        raise TypeError(
            f"{what} of {name} with holomorphic=True needs complex arguments, but {path} has dtype "
            f"{dtype}."
        )
    if dtypes.is_inexact(dtype) or holomorphic or allow_int:
        return
    raise TypeError(
        f"{what} of {name} needs floating-point arguments, but {path} has dtype {dtype}. Pass it "
        "as a float (1.0 in place of 1, x.astype(float)), choose other argnums, or set "
        "allow_int=True to get a float0 gradient for it."
    )


def _is_float(x: Any) -> bool:
    """Whether this is an array of real floating numbers, with which nothing can be wrong."""
    aval = getattr(x, "aval", None)
    return type(aval) is ShapedArray and aval.is_inexact and aval.dtype.kind != "c"


def _is_float_scalar(x: Any) -> bool:
    return _is_float(x) and x.aval.shape == ()


def _check_grad_inputs(
    what: str,
    name: str,
    positions: Sequence[int],
    free: Sequence[Any],
    mode: tuple[bool, bool],
) -> None:
    for i, x in zip(positions, free, strict=True):
        for path, leaf in flatten_with_path(((x,), {}))[0]:
            shown = argument_path(path).replace("args[0]", f"args[{i}]", 1)
            _check_grad_input(what, name, leaf, shown, mode)


def _check_grad_output(what: str, name: str, out: Any, holomorphic: bool) -> None:
    leaves, tree = flatten(out)
    if len(leaves) != 1 or not tree.is_leaf():
        raise TypeError(
            f"{what} needs a function with one scalar output, but {name} returned "
            f"{describe(tree)}. To return further values, use has_aux=True; for several outputs, "
            "use vjp or jacrev."
        )
    aval = aval_of(leaves[0])
    if not isinstance(aval, ShapedArray) or aval.shape != ():
        raise TypeError(
            f"{what} needs a function with a scalar output, but {name} returned shape "
            f"{aval.shape}. Reduce it (sum, mean), or use jacrev, jacfwd or vjp for functions with "
            "array outputs."
        )
    if holomorphic and not dtypes.is_complex(aval.dtype):
        raise TypeError(
            f"{what} of {name} with holomorphic=True needs a complex output, got {aval.dtype}."
        )
    if not holomorphic and not dtypes.is_float(aval.dtype):
        advice = (
            "take its real part or pass holomorphic=True"
            if dtypes.is_complex(aval.dtype)
            else "return a floating-point value"
        )
        raise TypeError(
            f"{what} needs a function with a real floating-point output, but {name} returned "
            f"{aval.dtype}: {advice}."
        )


@api_boundary
def value_and_grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[..., Any]:
    """Returns a function that computes a scalar function and its gradient.

    Args:
        fun: a function with a scalar output.
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        holomorphic: whether `fun` is a holomorphic function of complex arguments.
        allow_int: whether integer arguments are allowed; their gradients have dtype float0.
        reduce_axes: accepted for compatibility; has no meaning here.

    Returns:
        A function with the arguments of `fun` that returns `(value, gradient)`, or
        `((value, auxiliary data), gradient)`. The gradient has the structure of the argument, or is
        a tuple of such if `argnums` is a sequence.

    Raises:
        TypeError: if an argument is an integer, or the output is not a real scalar.
        ValueError: if `argnums` is out of range.

    Example:
        >>> import minijax as mj
        >>> value, slope = mj.value_and_grad(lambda x: x**3)(2.0)
        >>> float(value), float(slope)
        (8.0, 12.0)
    """
    both = _value_and_grad("value_and_grad", fun, argnums, has_aux, holomorphic, allow_int)

    @wraps(fun)
    @api_boundary
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return both(args, kwargs)

    return value_and_gradient


def _value_and_grad(
    what: str,
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    holomorphic: bool,
    allow_int: bool,
) -> Callable[..., Any]:
    check_callable(what, fun)
    name = function_name(fun)
    mode = holomorphic, allow_int

    def value_and_gradient(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        positions, single = normalize_argnums(what, argnums, len(args))
        free = tuple([args[i] for i in positions])
        given, in_tree = flatten_call(free, {})
        if holomorphic or not all(map(_is_float, given)):
            _check_grad_inputs(what, name, positions, free, mode)
        flat = FlatFunction(fix_arguments(fun, positions, args, kwargs), in_tree, has_aux=has_aux)
        leaves = [as_array(x) for x in given]
        avals = [x.aval for x in leaves]
        outs, pullback = linearize_interpreter.vjp(flat, leaves, [_is_active(a) for a in avals])
        if holomorphic or not flat.out_tree.is_leaf() or not _is_float_scalar(outs[0]):
            _check_grad_output(what, name, unflatten(flat.out_tree, outs), holomorphic)
        out = to_array(outs[0])
        cts = iter(pullback([scalar(1, out.dtype, out.weak_type)]))
        results = [
            _gradient(aval, next(cts)) if _is_active(aval) else _float0(aval) for aval in avals
        ]
        gradients = unflatten(in_tree, results)[0]
        value = (out, flat.aux) if has_aux else out
        return value, gradients[0] if single else gradients

    return value_and_gradient


@api_boundary
def grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    reduce_axes: Sequence[Any] = (),
) -> Callable[..., Any]:
    """Returns a function that computes the gradient of a scalar function.

    Args:
        fun: a function with a scalar output.
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        holomorphic: whether `fun` is a holomorphic function of complex arguments.
        allow_int: whether integer arguments are allowed; their gradients have dtype float0.
        reduce_axes: accepted for compatibility; has no meaning here.

    Returns:
        A function with the arguments of `fun` that returns the gradient, or
        `(gradient, auxiliary data)`.

    Raises:
        TypeError: if an argument is an integer, or the output is not a real scalar.
        ValueError: if `argnums` is out of range.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.grad(lambda x: jnp.sum(x**2))(jnp.array([1.0, 2.0]))
        Array([2., 4.], dtype=float64)
    """
    both = _value_and_grad("grad", fun, argnums, has_aux, holomorphic, allow_int)

    @wraps(fun)
    @api_boundary
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(args, kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def fwd_and_bwd(
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool = False,
    jitted: bool = True,
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Returns the forward and the backward pass of a function as two functions.

    Args:
        fun: a function of arrays (or pytrees of arrays).
        argnums: which positional arguments to differentiate with respect to.
        has_aux: whether `fun` returns a pair `(output, auxiliary data)`.
        jitted: accepted for compatibility; the passes of a jitted `fun` are compiled.

    Returns:
        `(fwd, bwd)`: `fwd` takes the arguments of `fun` and returns what `vjp` does; `bwd` takes
        the pullback that `fwd` returned and a cotangent, and returns the cotangents of the
        arguments (one value if `argnums` is an int).

    Example:
        >>> fwd, bwd = fwd_and_bwd(lambda x, y: x * y, argnums=(0, 1))
        >>> out, pullback = fwd(2.0, 3.0)
        >>> [float(ct) for ct in bwd(pullback, 1.0)]
        [3.0, 2.0]
    """
    check_callable("fwd_and_bwd", fun)

    def fwd(*args: Any, **kwargs: Any) -> Any:
        positions, _ = normalize_argnums("fwd_and_bwd", argnums, len(args))
        partial = fix_arguments(fun, positions, args, kwargs)
        return vjp(partial, *(args[i] for i in positions), has_aux=has_aux)

    def bwd(pullback: Any, ct: Any) -> Any:
        cts = pullback(ct)
        return cts[0] if isinstance(argnums, int) else cts

    return fwd, bwd


def _check_transposed(what: str, aval: Any, leaf: Any) -> None:
    # A linear function of integers has a transpose, though integers have no derivative.
    if dtypes.is_inexact(aval.dtype):
        check_tangent(what, "the cotangent", Like(aval), leaf)
        return
    found = aval_of(leaf)
    if (found.shape, found.dtype) != (aval.shape, aval.dtype):
        raise TypeError(f"{what}: the cotangent must be {aval}, as the output is, got {found}.")


@api_boundary
def linear_transpose(
    fun: Callable[..., Any], *primals: Any, reduce_axes: Sequence[Any] = ()
) -> Callable[..., Any]:
    """Returns the transpose of a function that is linear in its arguments.

    Args:
        fun: a linear function.
        primals: arguments that give structure, shapes and dtypes; their values are not used
            (`ShapeDtypeStruct`s will do).
        reduce_axes: accepted for compatibility; has no meaning here.

    Returns:
        A function that takes a cotangent of the output's structure and returns a tuple of
        cotangents of the arguments.

    Raises:
        MissingRuleError: when it is applied, if `fun` is not linear.

    Example:
        >>> import minijax as mj
        >>> triple = mj.linear_transpose(lambda x: 3.0 * x, 1.0)
        >>> [float(ct) for ct in triple(2.0)]
        [6.0]
    """
    leaves, in_tree = flatten((primals, {}))
    avals = [aval_of_struct(x) for x in leaves]
    flat = FlatFunction(fun, in_tree)
    program = stage(flat, avals, function_name(fun))

    @api_boundary
    def transposed(ct: Any) -> Any:
        cts, tree = flatten(ct)
        if tree != flat.out_tree:
            raise TypeError(
                "linear_transpose: the cotangent must have the structure of the output: "
                f"{describe_mismatch(flat.out_tree, tree)}"
            )
        for aval, leaf in zip(program.out_avals, cts, strict=True):
            _check_transposed("linear_transpose", aval, leaf)
        unknown = [UndefinedPrimal(aval) for aval in avals]
        found = backward_pass(program, unknown, cts)
        return unflatten(in_tree, map(materialize, found))[0]

    return Partial(transposed)
