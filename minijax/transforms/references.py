"""Making references, and functions that are given some."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.references import Ref, read_all
from minijax.core.source import api_boundary
from minijax.primitives.control.references import Split
from minijax.transforms.arguments import function_name
from minijax.transforms.staging import aval_of_struct


@api_boundary
def new_ref(init_val: Any, *, memory_space: Any = None, kind: str | None = None) -> Ref:
    """Makes a reference: a place that holds an array, which programs read and write.

    Functions may use references made outside of them, or be given some, also under `jit` and in
    loops and branches; they become further inputs and outputs of their programs. Derivatives pass
    through references made inside the function that is differentiated.

    Args:
        init_val: the array that it holds at first.
        memory_space, kind: accepted for compatibility.

    Returns:
        The reference: `ref[index]` reads, `ref[index] = value` writes; `ref[...]` is the whole.

    Raises:
        TypeError: if the initial value is no array.

    Example:
        >>> import minijax as mj
        >>> count = mj.new_ref(0)
        >>> @mj.jit
        ... def step(x):
        ...     count[...] += 1
        ...     return 2 * x
        >>> float(step(1.0)), float(step(2.0)), int(count[...])
        (2.0, 4.0, 2)
    """
    return Ref(init_val)


@api_boundary
def empty_ref(ty: Any, memory_space: Any = None) -> Ref:
    """Makes a reference to an array of zeros.

    Args:
        ty: what has the shape and dtype.
        memory_space: accepted for compatibility.

    Example:
        >>> import minijax as mj
        >>> mj.empty_ref(mj.ShapeDtypeStruct((2,), float))
        Ref([0., 0.], dtype=float64)
    """
    return Ref(aval_of_struct(ty).zeros())


@api_boundary
def freeze(ref: Ref) -> Any:
    """Returns the array that a reference holds, which is not to be used any more.

    Args:
        ref: the reference.

    Example:
        >>> import minijax as mj
        >>> mj.freeze(mj.new_ref(2.0))
        Array(2., dtype=float64, weak_type=True)
    """
    return ref.value()


def free_ref(ref: Ref) -> None:
    """Does nothing: memory is given back when nobody knows the reference any more.

    Args:
        ref: the reference.

    Example:
        >>> import minijax as mj
        >>> mj.free_ref(mj.new_ref(2.0))
    """


@api_boundary
def get(ref: Ref, idx: Any = None) -> Any:
    """Returns the elements of a reference at an index; the whole array without one.

    Args:
        ref: the reference.
        idx: the index.

    Example:
        >>> import minijax as mj
        >>> float(mj.ref.get(mj.new_ref(mj.numpy.arange(3.0)), 1))
        1.0
    """
    return ref[_index(idx)]


@api_boundary
def swap(ref: Ref, idx: Any, value: Any) -> Any:
    """Writes to a reference and returns what was there.

    Args:
        ref: the reference.
        idx: the index; None for the whole array.
        value: what is written.

    Example:
        >>> import minijax as mj
        >>> ref = mj.new_ref(mj.numpy.arange(3.0))
        >>> float(mj.ref.swap(ref, 1, 5.0)), float(ref[1])
        (1.0, 5.0)
    """
    index = _index(idx)
    before = ref[index]
    ref[index] = value
    return before


@api_boundary
def set(ref: Ref, idx: Any, value: Any) -> None:  # noqa: A001 - JAX's name
    """Writes to a reference.

    Args:
        ref: the reference.
        idx: the index; None for the whole array.
        value: what is written.

    Example:
        >>> import minijax as mj
        >>> ref = mj.new_ref(mj.numpy.arange(3.0))
        >>> mj.ref.set(ref, 1, 5.0)
        >>> float(ref[1])
        5.0
    """
    ref[_index(idx)] = value


@api_boundary
def addupdate(ref: Ref, idx: Any, x: Any) -> None:
    """Adds to the elements of a reference.

    Args:
        ref: the reference.
        idx: the index; None for the whole array.
        x: what is added.

    Example:
        >>> import minijax as mj
        >>> ref = mj.new_ref(mj.numpy.arange(3.0))
        >>> mj.ref.addupdate(ref, 1, 5.0)
        >>> float(ref[1])
        6.0
    """
    ref.addupdate(_index(idx), x)


def _index(idx: Any) -> Any:
    """Returns an index, that of the whole array for None."""
    return ... if idx is None else idx


# -- functions that are given references


def has_references(leaves: Sequence[Any]) -> bool:
    """Returns whether some leaves are references."""
    return any(isinstance(leaf, Ref) for leaf in leaves)


def of_values(fun: Callable[..., Any], parts: Split) -> Callable[..., Any]:
    """Returns a function of the values of the references among arguments, and of the rest.

    Args:
        fun: called with references made for the call.
        parts: `(args, kwargs)` taken apart.

    Returns:
        `(values, others) -> (values in the end, result)`.
    """

    def pure(values: Sequence[Any], others: Sequence[Any]) -> tuple[list[Any], Any]:
        references = [Ref(value) for value in values]
        args, kwargs = parts.join(references, others)
        out = fun(*args, **kwargs)
        return read_all(references), out

    pure.__name__ = function_name(fun)
    return pure


__all__ = ["addupdate", "empty_ref", "free_ref", "freeze", "get", "new_ref", "set", "swap"]
