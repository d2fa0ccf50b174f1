"""Dtypes and how they promote.

Promotion is the join of a lattice. Python scalars enter it at three *weak* nodes that lie below
every strong dtype of their kind, so they never widen an array:

    bool - i* - (u8 u16 u32 u64) (i8 i16 i32 i64) - f* - (bf16 f16) f32 - f64 - c64 - c128
                                                     |__________ c* ______________|

`i*`, `f*` and `c*` are the weak integer, float and complex; a value that ends on one of them
gets the default dtype of that kind (int64, float64, complex128) and stays weak.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import ml_dtypes
import numpy as np

bfloat16 = np.dtype(ml_dtypes.bfloat16)
float0 = np.dtype([("float0", np.void, 0)])


class extended(np.generic):  # noqa: N801 - a kind of dtype, named as NumPy names its kinds
    """The kind of dtypes that NumPy does not have."""


class prng_key(np.void, extended):  # type: ignore[misc]  # noqa: N801 - final in the stubs only
    """The kind of the dtype of typed random keys; the type of their elements."""


# One opaque eight-byte element, so that every data movement works on keys without knowing of them.
key_dtype = np.dtype((prng_key, [("key<fry>", np.uint32, (2,))]))

bool_ = np.dtype(bool)
int8, int16, int32, int64 = (np.dtype(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (np.dtype(f"float{n}") for n in (16, 32, 64))
complex64, complex128 = np.dtype(np.complex64), np.dtype(np.complex128)

SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
INTEGER = SIGNED + UNSIGNED
FLOAT = (bfloat16, float16, float32, float64)
COMPLEX = (complex64, complex128)
INEXACT = FLOAT + COMPLEX
NUMERIC = INTEGER + INEXACT
ALL = (bool_, *NUMERIC)

_WEAK = {"i*": int64, "f*": float64, "c*": complex128}
Node = np.dtype | str

_ABOVE: dict[Node, tuple[Node, ...]] = {
    bool_: ("i*",),
    "i*": (uint8, int8),
    uint8: (int16, uint16),
    int8: (int16,),
    uint16: (int32, uint32),
    int16: (int32,),
    uint32: (int64, uint64),
    int32: (int64,),
    uint64: ("f*",),
    int64: ("f*",),
    "f*": (bfloat16, float16, "c*"),
    "c*": (complex64,),
    bfloat16: (float32,),
    float16: (float32,),
    float32: (float64, complex64),
    float64: (complex128,),
    complex64: (complex128,),
    complex128: (),
}


def _upper_bounds(node: Node) -> frozenset[Node]:
    bounds: set[Node] = {node}
    pending = [node]
    while pending:
        fresh = set(_ABOVE[pending.pop()]) - bounds
        bounds |= fresh
        pending.extend(fresh)
    return frozenset(bounds)


_BOUNDS = {node: _upper_bounds(node) for node in _ABOVE}


@functools.cache
def _join(nodes: frozenset[Node]) -> Node:
    if not nodes:
        raise ValueError("Promotion needs at least one array or dtype, got none.")
    common = frozenset.intersection(*(_BOUNDS[node] for node in nodes))
    least = [node for node in common if common <= _BOUNDS[node]]
    assert len(least) == 1, f"the promotion lattice has no least upper bound for {set(nodes)}"
    return least[0]


def _node(dtype: np.dtype, weak: bool) -> Node:
    if not weak or dtype == bool_:
        return dtype
    return {"i": "i*", "u": "i*", "c": "c*"}.get(dtype.kind, "f*")


@functools.cache
def _promote_pairs(pairs: frozenset[tuple[np.dtype, bool]]) -> tuple[np.dtype, bool]:
    kinds = {dtype for dtype, _ in pairs}
    if float0 in kinds or any(dtype not in _ABOVE for dtype in kinds):
        if len(kinds) == 1:
            return next(iter(kinds)), False
        names = sorted(short_name(dtype) for dtype in kinds)
        raise TypeError(
            f"No promotion is defined between {' and '.join(names)}: "
            "convert one of them explicitly with .astype(...)."
        )
    all_weak = all(weak for _, weak in pairs)
    if all_weak:
        strong = _join(frozenset(dtype for dtype, _ in pairs))
        dtype = _WEAK[strong] if isinstance(strong, str) else strong
        return dtype, dtype != bool_
    joined = _join(frozenset(_node(dtype, weak) for dtype, weak in pairs))
    if isinstance(joined, str):
        return _WEAK[joined], True
    return joined, False


def promote(pairs: Iterable[tuple[np.dtype, bool]]) -> tuple[np.dtype, bool]:
    """Returns the joined (dtype, weak) of several (dtype, weak) pairs.

    Raises:
        TypeError: if no common dtype exists, as between a random key and a number.

    Example:
        >>> promote([(int64, False), (float32, False)])
        (dtype('float32'), False)
        >>> promote([(float32, False), (float64, True)])
        (dtype('float32'), False)
    """
    return _promote_pairs(frozenset(pairs))


_PYTHON_SCALARS = {bool: bool_, int: int64, float: float64, complex: complex128}


def python_scalar_dtype(kind: type) -> tuple[np.dtype, bool] | None:
    """Returns the (dtype, weak) of a Python scalar type, None for any other type."""
    for base in kind.__mro__:
        dtype = _PYTHON_SCALARS.get(base)
        if dtype is not None:
            # np.float64 and np.complex128 are subclasses of Python's scalars but strong.
            return None if issubclass(kind, np.generic) else (dtype, kind is not bool)
    return None


_NAMES: dict[np.dtype, str] = {
    bfloat16: "bf16",
    bool_: "bool",
    float0: "float0",
    key_dtype: "key<fry>",
}


@functools.cache
def short_name(dtype: np.dtype) -> str:
    """Returns the short name used in printed jaxprs, such as `f64`, `i32`, `bool`."""
    known = _NAMES.get(dtype)
    if known is not None:
        return known
    return f"{dtype.kind}{dtype.itemsize * 8}"


def is_inexact(dtype: np.dtype) -> bool:
    """Whether a dtype is floating or complex, so that it has a tangent space of its own."""
    return dtype.kind in "fc" or dtype == bfloat16


def is_float(dtype: np.dtype) -> bool:
    """Whether a dtype is real floating point (bfloat16 included)."""
    return dtype.kind == "f" or dtype == bfloat16


def is_integer(dtype: np.dtype) -> bool:
    """Whether a dtype is a signed or unsigned integer."""
    return dtype.kind in "iu"


def is_complex(dtype: np.dtype) -> bool:
    """Whether a dtype is complex."""
    return dtype.kind == "c"


@functools.cache
def tangent_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the dtype of tangents: the dtype itself if inexact, `float0` otherwise."""
    return dtype if is_inexact(dtype) else float0


@functools.cache
def real_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the dtype of the real part: float32 for complex64, the dtype itself if real."""
    return {complex64: float32, complex128: float64}.get(dtype, dtype)


@functools.cache
def complex_dtype(dtype: np.dtype) -> np.dtype:
    """Returns the complex dtype that holds a real dtype's values."""
    return complex64 if dtype in (float32, float16, bfloat16, complex64) else complex128


def canonical(dtype: Any) -> np.dtype:
    """Returns the NumPy dtype object for anything that names a dtype.

    Raises:
        TypeError: if arrays cannot hold the dtype (strings, objects, dates, longdouble).

    Example:
        >>> canonical(int), canonical("float32")
        (dtype('int64'), dtype('float32'))
    """
    if isinstance(dtype, np.dtype):
        found = dtype
    else:
        # Scalar constructors of the vocabulary (jnp.float32) and arrays carry their dtype.
        # (The scalar classes of NumPy have a descriptor of that name.)
        carried = getattr(dtype, "dtype", None)
        found = carried if isinstance(carried, np.dtype) else np.dtype(dtype)
    if found in _ABOVE or found in (float0, key_dtype):
        return found.newbyteorder("=") if not found.isnative else found
    swapped = found.newbyteorder("=")
    if swapped in _ABOVE:
        return swapped
    raise TypeError(
        f"Arrays cannot hold dtype {found}. Use one of: "
        + ", ".join(short_name(allowed) for allowed in ALL)
        + "."
    )
