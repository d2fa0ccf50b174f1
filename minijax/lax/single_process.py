"""Functions about devices, compilers and tokens, in their meaning for one CPU and one process."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax import numpy as jnp
from minijax.core import dtypes
from minijax.core.array import to_array
from minijax.core.operators import Array
from minijax.core.pytree import tree_map
from minijax.lax.precision import RandomAlgorithm
from minijax.primitives.arithmetic import add, mul, sub
from minijax.primitives.control.collectives import all_gather, all_to_all, ppermute
from minijax.primitives.convert import convert_element_type
from minijax.primitives.identities import optimization_barrier
from minijax.primitives.random_bits import threefry2x32
from minijax.primitives.sort import top_k

# -- tokens: operations of one process run in the order they are written


def create_token(_: Any = None) -> Array:
    """Returns a token, which stands for "everything so far": an empty array of bools.

    The one argument, which may be left out, is not looked at.

    Returns:
        An array of shape (0,) that only orders what is passed along with it.

    Example:
        >>> from minijax import lax
        >>> lax.create_token().shape
        (0,)
    """
    return jnp.zeros((0,), bool)


def after_all(*operands: Any) -> Array:
    """Returns a token that stands for all the tokens given.

    Args:
        operands: tokens, as `create_token` makes them.

    Returns:
        A token: an empty array of bools.

    Example:
        >>> from minijax import lax
        >>> lax.after_all(lax.create_token(), lax.create_token())
        Array([], shape=(0,), dtype=bool)
    """
    return create_token()


def stage(x: Any, /) -> Array:
    """Returns an array as it is.

    Args:
        x: an array, or a scalar that becomes one.

    Returns:
        The array, of unchanged shape and dtype.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.stage(jnp.array([1, 2]))
        Array([1, 2], dtype=int64)
    """
    return to_array(x)


def dce_sink(val: Any, *, prevent_mlir_dce: bool = False) -> None:
    """Marks values as needed; what is not used later may still be left out, as in compiled code.

    Args:
        val: an array or a pytree of arrays.
        prevent_mlir_dce: accepted for compatibility; there is no such compiler here.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> @mj.jit
        ... def f(x):
        ...     lax.dce_sink(jnp.sin(x))
        ...     return 2 * x
        >>> f(jnp.array(3))
        Array(6, dtype=int64, weak_type=True)
    """
    tree_map(optimization_barrier, val)


# -- places


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """Returns arrays as they are: one device holds all of them.

    Args:
        x: an array or a pytree of arrays.
        shardings: accepted for compatibility; it has no effect on one CPU.

    Returns:
        The values of `x`, as arrays.

    Example:
        >>> from minijax import lax
        >>> import minijax.numpy as jnp
        >>> lax.with_sharding_constraint(jnp.arange(2), None)
        Array([0, 1], dtype=int64)
    """
    return tree_map(to_array, x)


def pcast(x: Any, axis_name: Any, *, to: str) -> Any:
    """Returns values as they are: mapped axes of one process need no note of what varies.

    Args:
        x: an array or a pytree of arrays.
        axis_name: accepted for compatibility; it is not looked at.
        to: "varying", "unreduced" or "reduced".

    Returns:
        `x` itself.

    Raises:
        ValueError: if `to` is none of "varying", "unreduced", "reduced".

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.pcast(jnp.array([1, 2]), "i", to="varying")
        Array([1, 2], dtype=int64)
    """
    if to not in ("varying", "unreduced", "reduced"):
        raise ValueError(f'pcast: to must be "varying", "unreduced" or "reduced", got {to!r}.')
    return x


def pbroadcast(x: Any, axis_name: Any, source: int) -> Any:
    """Returns, everywhere along a mapped axis, the value at one place.

    Args:
        x: an array or a pytree of arrays.
        axis_name: the name of the axis.
        source: the place.

    Returns:
        A pytree like `x`, the same at every place.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        IndexError: if `source` is beyond the axis.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> mj.vmap(lambda x: lax.pbroadcast(x, "i", 1), axis_name="i")(jnp.array([3, 5, 7]))
        Array([5, 5, 5], dtype=int64)
    """
    return tree_map(lambda leaf: all_gather(leaf, axis_name)[source], x)


def pswapaxes(x: Any, axis_name: Any, axis: int, *, axis_index_groups: Any = None) -> Any:
    """Exchanges a mapped axis and an axis of the array, which must have its length.

    Args:
        x: an array or a pytree of arrays.
        axis_name: the name given to an enclosing `vmap`.
        axis: the axis of the arrays, as long as the mapped one.
        axis_index_groups: must be None.

    Returns:
        A pytree like `x`: position j of `axis` holds what example j had at the example's own
        position.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if groups are given.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> rows = jnp.array([[1, 2], [3, 4]])
        >>> mj.vmap(lambda x: lax.pswapaxes(x, "i", 0), axis_name="i")(rows)
        Array([[1, 3],
               [2, 4]], dtype=int64)
    """
    return all_to_all(x, axis_name, axis, axis, axis_index_groups=axis_index_groups)


def psend(x: Any, axis_name: Any, perm: Sequence[tuple[int, int]]) -> Any:
    """Sends values to other places of a mapped axis; returns what `precv` takes.

    Args:
        x: an array or a pytree of arrays.
        axis_name: the name of the axis.
        perm: pairs of source and destination.

    Returns:
        The values that arrive, and zeros where nothing does.

    Raises:
        NameError: if no enclosing `vmap` has that `axis_name`.
        ValueError: if a source or a destination is named twice or out of range.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> pairs = [(0, 1), (1, 0)]
        >>> def swap(x):
        ...     return lax.precv(lax.psend(x, "i", pairs), x, "i", pairs)
        >>> mj.vmap(swap, axis_name="i")(jnp.array([3, 5]))
        Array([5, 3], dtype=int64)
    """
    return ppermute(x, axis_name, perm)


def precv(token: Any, out_shape: Any, axis_name: Any, perm: Any) -> Any:
    """Returns what `psend` sent, in the shape that is expected.

    Args:
        token: the result of `psend`.
        out_shape: what has the expected `shape` and `dtype`: a `ShapeDtypeStruct` or an array.
        axis_name: the name of the axis, as given to `psend`.
        perm: pairs of source and destination, as given to `psend`, which has followed them already.

    Returns:
        An array of the shape and dtype of `out_shape`.

    Raises:
        ValueError: if something of another shape or dtype was sent.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> pairs = [(0, 1)]
        >>> def pass_on(x):
        ...     return lax.precv(lax.psend(x, "i", pairs), x, "i", pairs)
        >>> mj.vmap(pass_on, axis_name="i")(jnp.array([3, 5]))
        Array([0, 3], dtype=int64)
    """
    found = to_array(token)
    if (found.shape, found.dtype) != (tuple(out_shape.shape), np.dtype(out_shape.dtype)):
        raise ValueError(f"precv expects {out_shape}, and {found.aval} was sent.")
    return found


def platform_dependent(
    *args: Any, default: Callable[..., Any] | None = None, **per_platform: Callable[..., Any]
) -> Any:
    """Calls the function for this platform, which is "cpu".

    Args:
        *args: its arguments.
        default: the function for platforms that are not named.
        **per_platform: functions by platform.

    Raises:
        TypeError: if a branch is not callable.
        ValueError: if there is neither a branch for "cpu" nor a default.

    Example:
        >>> from minijax import lax
        >>> lax.platform_dependent(2, cpu=lambda x: x + 1, default=lambda x: x)
        3
    """
    for name, branch in (*per_platform.items(), ("default", default)):
        if branch is not None and not callable(branch):
            raise TypeError(f"platform_dependent: the branch {name!r} must be callable.")
    if "gpu" in per_platform:
        raise ValueError('platform_dependent: name "cuda" or "rocm" in place of "gpu".')
    chosen = per_platform.get("cpu", default)
    if chosen is None:
        raise ValueError(
            f"platform_dependent: no branch for 'cpu' among {list(per_platform)}, and no default."
        )
    return chosen(*args)


def composite(decomposition: Callable[..., Any], name: str, version: int = 0) -> Callable[..., Any]:
    """Returns a function under a name that other compilers know; here it is what it is made of.

    Args:
        decomposition: the function; keyword arguments are its attributes.
        name: the name.
        version: the version of what the name means.

    Returns:
        A function of the arguments of `decomposition`.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> def scaled(x, *, factor):
        ...     return factor * x
        >>> lax.composite(scaled, "shop.scaled", version=1)(jnp.array([1, 2]), factor=3)
        Array([3, 6], dtype=int64)
    """

    @functools.wraps(decomposition)
    def named(*args: Any, **kwargs: Any) -> Any:
        return decomposition(*args, **kwargs)

    return named


# -- approximate maxima, which are exact on a CPU


def approx_max_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Array, Array]:
    """Returns the k largest elements along an axis and their positions.

    Args:
        operand: a floating-point array.
        k: how many.
        reduction_dimension: the axis.
        recall_target, reduction_input_size_override, aggregate_to_topk: accepted for
            compatibility: the result is exact.

    Raises:
        ValueError: if the dtype is not floating-point, or k is negative or larger than the axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.approx_max_k(jnp.array([1.0, 5.0, 3.0]), 2)[1].tolist()
        [1, 2]
    """
    x = to_array(operand)
    axis = range(x.ndim)[reduction_dimension]
    if not dtypes.is_float(x.dtype):
        raise ValueError(f"approx_max_k needs a floating-point array, got {x.aval}.")
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"approx_max_k: k={k} is not between 0 and the length {x.shape[axis]}.")
    values, places = top_k(jnp.moveaxis(x, axis, -1), k)
    return jnp.moveaxis(values, -1, axis), jnp.moveaxis(places, -1, axis)


def approx_min_k(
    operand: Any,
    k: int,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
) -> tuple[Array, Array]:
    """Returns the k smallest elements along an axis and their positions; see `approx_max_k`.

    Args:
        operand: a floating-point array.
        k: how many.
        reduction_dimension: the axis; negative ones count from the end.
        recall_target, reduction_input_size_override, aggregate_to_topk: accepted for
            compatibility: the result is exact.

    Returns:
        The elements in ascending order and their positions; the axis has length `k` in both.

    Raises:
        ValueError: if the dtype is not floating-point, or k is negative or larger than the axis.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> lax.approx_min_k(jnp.array([4.0, 1.0, 3.0]), 2)[0]
        Array([1., 3.], dtype=float64)
    """
    values, places = approx_max_k(-to_array(operand), k, reduction_dimension)
    return -values, places


# -- random bits


def rng_uniform(a: Any, b: Any, shape: Sequence[int]) -> Array:
    """Draws numbers uniform in [a, b) from a generator of the process, which is not repeatable.

    Args:
        a, b: scalars of one dtype.
        shape: the shape of the result.

    Returns:
        An array of shape `shape` and the dtype of `a`, another one at each call.

    Raises:
        TypeError: if `a` and `b` have axes or different dtypes.

    Example:
        >>> from minijax import lax
        >>> draws = lax.rng_uniform(2.0, 3.0, (100,))
        >>> bool(((2 <= draws) & (draws < 3)).all())
        True
    """
    a, b = jnp.asarray(a), jnp.asarray(b)
    if a.shape or b.shape or a.dtype != b.dtype:
        raise TypeError(f"rng_uniform needs two scalars of one dtype, got {a.aval} and {b.aval}.")
    draws = np.random.default_rng().random(tuple(shape))
    if dtypes.is_integer(a.dtype):
        span = convert_element_type(sub(b, a), dtypes.float64)
        return add(a, convert_element_type(jnp.floor(draws * span), a.dtype))
    return add(a, mul(convert_element_type(draws, a.dtype), sub(b, a)))


def rng_bit_generator(
    key: Any,
    shape: Sequence[int],
    dtype: Any = np.uint32,
    algorithm: RandomAlgorithm = RandomAlgorithm.RNG_DEFAULT,
    *,
    out_sharding: Any = None,
) -> tuple[Array, Array]:
    """Returns a new state and random bits from a state.

    Args:
        key: the state: uint32 of shape (4,), or uint64 of shape (2,).
        shape: the shape of the bits.
        dtype: a dtype of unsigned integers.
        algorithm: accepted for compatibility: bits are those of Threefry, which differ from those
            of other systems.
        out_sharding: accepted for compatibility; it has no effect on one CPU.

    Raises:
        TypeError: if the state or the dtype is of another kind.

    Example:
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> moved, bits = lax.rng_bit_generator(jnp.array([1, 2, 0, 0], "uint32"), (3,))
        >>> moved
        Array([1, 2, 3, 0], dtype=uint32)
        >>> bits.shape
        (3,)
    """
    found, state = dtypes.canonical(dtype), to_array(key)
    if found.kind != "u":
        raise TypeError(f"rng_bit_generator: dtype must be an unsigned integer, got {found}.")
    words = jnp.ravel(state.view(np.uint32)) if state.dtype == dtypes.uint64 else state
    if words.dtype != dtypes.uint32 or words.shape != (4,):
        raise TypeError(
            "rng_bit_generator: a state is uint32 of shape (4,) or uint64 of shape (2,), got "
            f"{state.aval}."
        )
    size = int(np.prod(tuple(shape), dtype=np.int64))
    position = jnp.arange(size, dtype=np.uint64) + (
        words[2].astype(np.uint64) | (words[3].astype(np.uint64) << np.uint64(32))
    )
    low = position.astype(np.uint32)
    high = (position >> np.uint64(32)).astype(np.uint32)
    left, right = threefry2x32(words[0], words[1], high, low)
    bits = (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)
    last = words[2:].view(np.uint64) + np.uint64(size)
    moved = jnp.concatenate([words[:2], last.view(np.uint32)])
    moved = moved.view(np.uint64) if state.dtype == dtypes.uint64 else moved
    return moved, bits.astype(found).reshape(tuple(shape))
