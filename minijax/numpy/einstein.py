"""Einstein summation: a product of several arrays, summed over some of their axes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minijax.core.operators import Array
from minijax.numpy import ufuncs
from minijax.numpy.dtypes import to_dtype
from minijax.numpy.matrices import diagonal
from minijax.numpy.promotion import convert, promote_dtypes, refuse_out
from minijax.primitives import shape as shape_family
from minijax.primitives.broadcast import reduce_sum, transpose
from minijax.primitives.dot import dot_general

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def einsum(
    subscripts: Any,
    /,
    *operands: Any,
    out: None = None,
    optimize: Any = "auto",
    precision: Any = None,
    preferred_element_type: Any = None,
    _dot_general: Callable[..., Any] = dot_general,
    out_sharding: Any = None,
) -> Array:
    """Returns a product of arrays, summed over the axes that the result does not name.

    Args:
        subscripts: the names of the axes, such as "ij,jk->ik"; "..." stands for further axes,
            which broadcast. Without "->" the result has the names that come once, in order.
        *operands: the arrays; or, in place of subscripts, arrays each followed by a list of names
            (ints or strings, say), and in the end the list of the result.
        optimize: how the order of products is found ("auto", "optimal", "greedy", False, …); the
            package opt_einsum does that where there are more than two operands.
        precision: kept for compatibility.
        preferred_element_type: the dtype of the result.
        _dot_general: kept for compatibility.
        out_sharding: kept for compatibility.
        out: must be None, as arrays are immutable.

    Raises:
        ValueError: if the subscripts do not fit the operands.

    Example:
        >>> import minijax.numpy as jnp
        >>> jnp.einsum("ij,j->i", jnp.array([[1.0, 2.0], [3.0, 4.0]]), jnp.array([1.0, 1.0]))
        Array([3., 7.], dtype=float64)
    """
    refuse_out("einsum", out)
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, *operands)
    arrays = promote_dtypes("einsum", *operands)
    shapes = tuple(x.shape for x in arrays)
    inputs, output = _parse(subscripts.replace(" ", ""), shapes)
    terms = list(zip(inputs, arrays, strict=True))
    for pair in _order(inputs, output, shapes, optimize):
        chosen = [terms[i] for i in pair]
        terms = [term for i, term in enumerate(terms) if i not in pair]
        needed = set(output).union(*(names for names, _ in terms))
        terms.append(_combine(chosen, needed, precision))
    names, result = _combine(terms, set(output), precision)
    result = transpose(result, [names.index(name) for name in output])
    if preferred_element_type is not None:
        return convert(result, to_dtype(preferred_element_type))
    weak = all(x.weak_type for x in arrays)
    return convert(result, result.dtype, weak)


def _from_lists(*operands: Any) -> tuple[str, tuple[Any, ...]]:
    pairs = list(zip(operands[0::2], operands[1::2], strict=False))
    has_output = len(operands) % 2 == 1
    lists = [list(axes) for axes in (*operands[1::2], *(operands[-1:] if has_output else ()))]
    try:
        labels = sorted({label for axes in lists for label in axes if label is not Ellipsis})
    except TypeError as error:
        raise TypeError(
            "einsum: the names of axes in lists must be hashable and of one kind, such as ints or "
            f"strings: {error}."
        ) from error
    # Letters in the order of the names, which is that of a result that names no axes.
    letters = dict(zip(labels, _LETTERS, strict=False))
    if len(labels) > len(_LETTERS):
        raise ValueError(f"einsum: {len(labels)} axes are more than {len(_LETTERS)}.")
    letters[Ellipsis] = "..."
    texts = ["".join(letters[label] for label in axes) for axes in lists]
    text = ",".join(texts[: len(pairs)])
    if has_output:
        text += "->" + texts[-1]
    return text, tuple(x for x, _ in pairs)


@functools.lru_cache(maxsize=512)
def _parse(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[list[str], str]:
    """Returns the axis names of each operand and of the result, with "..." spelled out."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(shapes):
        raise ValueError(
            f"einsum: {subscripts!r} is for {len(inputs)} operands, got {len(shapes)}."
        )
    extra = [len(s) - len(t.replace("...", "")) for s, t in zip(shapes, inputs, strict=True)]
    most = max([n for n, t in zip(extra, inputs, strict=True) if "..." in t], default=0)
    free = [c for c in _LETTERS if c not in subscripts]
    dots = "".join(free[:most])
    for position, (term, n) in enumerate(zip(inputs, extra, strict=True)):
        if n < 0 or (n > 0 and "..." not in term):
            raise ValueError(
                f"einsum: operand {position} of shape {shapes[position]} does not have the axes of "
                f"{term!r}."
            )
        inputs[position] = term.replace("...", dots[most - n :] if n else "")
    if not arrow:
        letters = "".join(inputs)
        output = dots + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1 and c not in dots)
        )
    output = output.replace("...", dots)
    unknown = set(output) - set("".join(inputs))
    if unknown or len(set(output)) != len(output):
        raise ValueError(
            f"einsum: the result {output!r} of {subscripts!r} must name axes of the operands, "
            "each once."
        )
    return inputs, output


def _order(inputs: list[str], output: str, shapes: Any, optimize: Any) -> list[tuple[int, ...]]:
    """Returns which operands to multiply in each step; the last product is left to the caller."""
    if len(inputs) <= 2:
        return []
    if optimize is False:
        return [(0, 1)] * (len(inputs) - 2)
    if isinstance(optimize, list | tuple):
        steps = [step for step in optimize if not isinstance(step, str)]
        return [tuple(step) for step in steps][:-1]
    import opt_einsum

    method = "auto" if optimize is True else optimize
    text = ",".join(inputs) + "->" + output
    path, _ = opt_einsum.contract_path(text, *shapes, shapes=True, optimize=method)
    return [tuple(step) for step in path][:-1]


Term = tuple[str, Array]


def _combine(terms: list[Term], needed: set[str], precision: Any) -> Term:
    """Returns the product of terms, summed over the names that are not needed."""
    result = _simplify(terms[0], needed.union(*(names for names, _ in terms[1:])))
    for position, term in enumerate(terms[1:], 1):
        later = needed.union(*(names for names, _ in terms[position + 1 :]))
        result = _multiply(result, _simplify(term, later | set(result[0])), later, precision)
    return _sum_out(result, needed)


def _simplify(term: Term, needed: set[str]) -> Term:
    """Takes diagonals where a name comes twice, and sums over names that nobody needs."""
    names, x = term
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(
                    f"einsum: the axis {name!r} has lengths {x.shape[first]} and {x.shape[second]}."
                )
            x = diagonal(x, 0, first, second)
            names = "".join(c for i, c in enumerate(names) if i not in (first, second)) + name
    return _sum_out((names, x), needed)


def _sum_out(term: Term, needed: set[str]) -> Term:
    names, x = term
    axes = tuple(d for d, name in enumerate(names) if name not in needed)
    kept = "".join(name for name in names if name in needed)
    return kept, reduce_sum(x, axes) if axes else x


def _without_ones(term: Term, other: Term) -> Term:
    """Removes axes of length 1 that broadcast against a longer axis of the other operand."""
    names, x = term
    lengths = dict(zip(other[0], other[1].shape, strict=True))
    axes = [d for d, name in enumerate(names) if x.shape[d] == 1 and lengths.get(name, 1) != 1]
    if not axes:
        return term
    return "".join(c for d, c in enumerate(names) if d not in axes), shape_family.squeeze(x, axes)


def _multiply(first: Term, second: Term, needed: set[str], precision: Any) -> Term:
    first, second = _without_ones(first, second), _without_ones(second, first)
    (left, x), (right, y) = first, second
    shared = [name for name in left if name in right]
    batch = [name for name in shared if name in needed]
    summed = [name for name in shared if name not in needed]
    for name in shared:
        n, m = x.shape[left.index(name)], y.shape[right.index(name)]
        if n != m:
            raise ValueError(f"einsum: the axis {name!r} has lengths {n} and {m}.")
    rest = [c for c in left if c not in shared], [c for c in right if c not in shared]
    names = "".join([*batch, *rest[0], *rest[1]])
    if not summed:
        return names, _outer(first, second, names)
    axes = [[names_of.index(c) for c in summed] for names_of in (left, right)]
    together = [[names_of.index(c) for c in batch] for names_of in (left, right)]
    numbers = ((tuple(axes[0]), tuple(axes[1])), (tuple(together[0]), tuple(together[1])))
    return names, dot_general(x, y, numbers, precision=precision)


def _outer(first: Term, second: Term, names: str) -> Array:
    """The elementwise product of terms none of whose names is summed over."""
    factors = []
    for own, x in (first, second):
        present = [c for c in names if c in own]
        x = transpose(x, [own.index(c) for c in present])
        missing = tuple(d for d, c in enumerate(names) if c not in own)
        factors.append(shape_family.expand_dims(x, missing) if missing else x)
    return ufuncs.multiply(*factors)


def einsum_path(subscripts: Any, /, *operands: Any, optimize: Any = "auto") -> tuple[Any, Any]:
    """Returns in which order `einsum` multiplies its operands.

    Args:
        subscripts: the names of the axes, as for `einsum`.
        *operands: the arrays.
        optimize: how the order is found, as for `einsum`.

    Returns:
        A list of the operands multiplied in each step, and an object that describes it.

    Example:
        >>> import minijax.numpy as jnp
        >>> x = jnp.ones((2, 2))
        >>> jnp.einsum_path("ij,jk,kl", x, x, x)[0]
        [(0, 1), (0, 1)]
    """
    import opt_einsum

    method = "optimal" if isinstance(optimize, bool) else optimize
    return opt_einsum.contract_path(subscripts, *operands, optimize=method)
