"""Checking derivatives against finite differences.

>>> import minijax.numpy as jnp
>>> from minijax.test_util import check_grads
>>> check_grads(lambda x: jnp.sin(x) * x, (1.5,), order=2)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.pytree import flatten, tree_map, unflatten
from minijax.transforms.forward import jvp
from minijax.transforms.reverse import vjp

_TOLERANCE = {"bfloat16": 1e-1, "float16": 1e-2, "float32": 2e-3, "float64": 1e-5}
_TOLERANCE |= {"complex64": 1e-3, "complex128": 1e-5}
Tolerance = float | Mapping[Any, float] | None


def _tolerance(dtype: Any, given: Tolerance) -> float:
    name = np.dtype(dtype).name
    if isinstance(given, Mapping):
        given = {np.dtype(key).name: value for key, value in given.items()}.get(name)
    return _TOLERANCE.get(name, 0.0) if given is None else given


def _is_smooth(x: Any) -> bool:
    return dtypes.is_inexact(aval_of(x).dtype)


def _direction(random: np.random.RandomState, x: Any) -> Any:
    """Returns a random tangent of a value."""
    aval = aval_of(x)
    if not dtypes.is_inexact(aval.dtype):
        return np.zeros(aval.shape, dtypes.float0)
    draw = np.asarray(random.standard_normal(aval.shape))
    if dtypes.is_complex(aval.dtype):
        draw = draw + 1j * random.standard_normal(aval.shape)
    return draw.astype(aval.dtype)


def _shifted(x: Any, tangent: Any, step: float) -> Any:
    if not _is_smooth(x):
        return x
    value = np.asarray(x)
    return (value + step * np.asarray(tangent)).astype(value.dtype)


def _difference_quotient(
    f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any], eps: float
) -> Any:
    """Returns the central difference of `f` along a direction."""
    tree = flatten(tuple(args))[1]
    pairs = list(zip(flatten(tuple(args))[0], flatten(tuple(tangents))[0], strict=True))

    def at(step: float) -> Any:
        return f(*unflatten(tree, [_shifted(x, t, step) for x, t in pairs]))

    def quotient(high: Any, low: Any) -> Any:
        if not _is_smooth(high):
            return np.zeros(np.shape(high), dtypes.float0)
        wide = np.complex128 if dtypes.is_complex(aval_of(high).dtype) else np.float64
        slope = (np.asarray(high).astype(wide) - np.asarray(low).astype(wide)) / (2 * eps)
        return np.asarray(slope).astype(aval_of(high).dtype)

    return tree_map(quotient, at(eps), at(-eps))


def _check_close(found: Any, expected: Any, atol: Tolerance, rtol: Tolerance, message: str) -> None:
    """Compares arrays leaf by leaf; errors may add up over the numbers of a leaf."""
    found_leaves, found_tree = flatten(found)
    expected_leaves, expected_tree = flatten(expected)
    assert found_tree == expected_tree, f"{message}: {found_tree} is not {expected_tree}"
    for x, y in zip(found_leaves, expected_leaves, strict=True):
        dtype, size = aval_of(x).dtype, aval_of(x).size
        if dtype == dtypes.float0:
            continue
        wide = np.complex128 if dtypes.is_complex(dtype) else np.float64
        np.testing.assert_allclose(
            np.asarray(x).astype(wide),
            np.asarray(y).astype(wide),
            atol=_tolerance(dtype, atol) * size,
            rtol=_tolerance(dtype, rtol) * size,
            err_msg=message,
        )


def check_jvp(
    f: Callable[..., Any],
    f_jvp: Callable[..., Any],
    args: Sequence[Any],
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float | None = 1e-4,
    err_msg: str = "",
) -> None:
    """Compares a forward derivative with a central difference along a random direction.

    Args:
        f: a function of arrays (or pytrees of arrays).
        f_jvp: `(args, tangents) -> (output, output tangent)`.
        args: where to compare.
        atol, rtol: tolerances for one number, or what they are for each dtype; by default those of
            the dtype.
        eps: the step of the difference.
        err_msg: what an error says besides.

    Raises:
        AssertionError: if they differ.

    Example:
        >>> import minijax as mj
        >>> check_jvp(mj.numpy.sin, lambda x, t: mj.jvp(mj.numpy.sin, x, t), (0.5,))
    """
    random = np.random.RandomState(0)
    tangents = tree_map(partial(_direction, random), tuple(args))
    out, out_tangent = f_jvp(tuple(args), tangents)
    label = f"{err_msg} " if err_msg else ""
    _check_close(out, f(*args), atol, rtol, f"{label}JVP primal")
    expected = _difference_quotient(f, args, tangents, 1e-4 if eps is None else eps)
    _check_close(out_tangent, expected, atol, rtol, f"{label}JVP tangent")


def check_vjp(
    f: Callable[..., Any],
    f_vjp: Callable[..., Any],
    args: Sequence[Any],
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float | None = 1e-4,
    err_msg: str = "",
) -> None:
    """Compares a pullback with a central difference: <ct, f'(x) t> against <f'(x)^T ct, t>.

    Args:
        f: a function of arrays (or pytrees of arrays).
        f_vjp: `(*args) -> (output, pullback)`.
        args: where to compare.
        atol, rtol: tolerances for one number, or what they are for each dtype; by default those of
            the dtype.
        eps: the step of the difference.
        err_msg: what an error says besides.

    Raises:
        AssertionError: if they differ.

    Example:
        >>> import minijax as mj
        >>> check_vjp(mj.numpy.sin, lambda x: mj.vjp(mj.numpy.sin, x), (0.5,))
    """
    random = np.random.RandomState(0)
    out, pullback = f_vjp(*args)
    label = f"{err_msg} " if err_msg else ""
    _check_close(out, f(*args), atol, rtol, f"{label}VJP primal")
    tangents = tree_map(partial(_direction, random), tuple(args))
    slope = _difference_quotient(f, args, tangents, 1e-4 if eps is None else eps)
    cotangent = tree_map(partial(_direction, random), out)
    found = pullback(cotangent)
    _check_close(
        _inner(tangents, found), _inner(slope, cotangent), atol, rtol, f"{label}VJP cotangent"
    )


def _inner(x: Any, y: Any) -> np.ndarray:
    """Returns the bilinear product of two pytrees, of the narrowest dtype in `x`."""
    pairs = zip(flatten(x)[0], flatten(y)[0], strict=True)
    smooth = [(np.asarray(a), np.asarray(b)) for a, b in pairs if a.dtype != dtypes.float0]
    total = np.zeros((), np.complex128)
    for a, b in smooth:
        total = total + np.sum(a.astype(np.complex128) * b.astype(np.complex128))
    narrow = max(
        (a.dtype for a, _ in smooth),
        key=lambda dtype: _tolerance(dtype, None),
        default=np.dtype("float64"),
    )
    return total.astype(narrow) if dtypes.is_complex(narrow) else total.real.astype(narrow)


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: Tolerance = None,
    rtol: Tolerance = None,
    eps: float | None = None,
) -> None:
    """Checks the derivatives of a function, of all orders up to one, in the modes asked for.

    Args:
        f: a function of arrays (or pytrees of arrays).
        args: where to check.
        order: the highest order of derivatives.
        modes: "fwd" and "rev", or one of them.
        atol, rtol: tolerances for one number, or what they are for each dtype; by default those of
            the dtypes.
        eps: the step of the differences.

    Raises:
        AssertionError: if a derivative and a difference differ.
        ValueError: if a mode is not known.

    Example:
        >>> import minijax.numpy as jnp
        >>> check_grads(lambda x: x**3, (2.0,), order=2, modes=("rev",))
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    for mode in modes:
        if mode not in ("fwd", "rev"):
            raise ValueError(f"check_grads: modes are 'fwd' and 'rev', got {mode!r}.")
    options: dict[str, Any] = {"atol": atol, "rtol": rtol, "eps": eps}
    random = np.random.RandomState(0)

    def check(g: Callable[..., Any], at: Sequence[Any], left: int, label: str) -> None:
        if "fwd" in modes:
            check_jvp(g, partial(jvp, g), at, err_msg=f"{label} fwd", **options)
            if left > 1:
                directions = tree_map(partial(_direction, random), tuple(at))
                check(lambda *x: jvp(g, x, directions)[1], at, left - 1, f"{label} fwd")
        if "rev" in modes:
            check_vjp(g, partial(vjp, g), at, err_msg=f"{label} rev", **options)
            if left > 1:
                cotangent = tree_map(partial(_direction, random), g(*at))
                check(
                    lambda *x: _smooth_parts(vjp(g, *x)[1](cotangent)),
                    at,
                    left - 1,
                    f"{label} rev",
                )

    check(f, tuple(args), order, "check_grads")


def _smooth_parts(tree: Any) -> list[Any]:
    return [leaf for leaf in flatten(tree)[0] if aval_of(leaf).dtype != dtypes.float0]
