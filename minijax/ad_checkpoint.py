"""Naming values for checkpoint policies, and looking at what a backward pass keeps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minijax.core import dtypes
from minijax.core.array import aval_of
from minijax.core.jaxpr import Literal
from minijax.core.pytree import flatten, flatten_with_path, keystr, unflatten
from minijax.interpreters.linearize import linearize_jaxpr
from minijax.transforms.checkpoint import checkpoint as checkpoint
from minijax.transforms.checkpoint import checkpoint_name as checkpoint_name
from minijax.transforms.checkpoint import checkpoint_policies as checkpoint_policies
from minijax.transforms.checkpoint import remat as remat
from minijax.transforms.staging import make_jaxpr


@dataclass(frozen=True, slots=True)
class Offloadable:
    """What a policy says of a value that is kept in another kind of memory; here it is kept.

    Attributes:
        src, dst: the kinds of memory.
    """

    src: Any
    dst: Any

    def __bool__(self) -> bool:
        return True


class _Decision:
    def __init__(self, name: str, keeps: bool) -> None:
        self._name = name
        self._keeps = keeps

    def __bool__(self) -> bool:
        return self._keeps

    def __repr__(self) -> str:
        return self._name


Saveable = _Decision("Saveable", True)
Recompute = _Decision("Recompute", False)


def saved_residuals(f: Callable[..., Any], *args: Any, **kwargs: Any) -> list[tuple[Any, str]]:
    """Returns what reverse mode keeps of a function: the aval of each value and where it is from.

    Args:
        f: a function of arrays (or pytrees of arrays).
        args, kwargs: its arguments.
    """
    leaves, in_tree = flatten((args, kwargs))

    def flat(*given: Any) -> Any:
        inner_args, inner_kwargs = unflatten(in_tree, given)
        return f(*inner_args, **inner_kwargs)

    traced = make_jaxpr(flat)(*leaves)
    program = traced.close()
    active = [dtypes.is_inexact(aval_of(x).dtype) for x in leaves]
    never = [False] * len(program.outvars)
    split = linearize_jaxpr(program, [*([False] * len(traced.consts)), *active], never)
    paths = [keystr(path[1:]) or "" for path, _ in flatten_with_path((args, kwargs))[0]]
    names = dict(zip(program.invars[len(traced.consts) :], paths, strict=True))
    sources = {var: eqn for eqn in split.primal.eqns for var in eqn.outvars}
    num_outs, found = len(program.outvars), []
    for atom in split.residuals(program.invars, split.primal.outvars[num_outs:]):
        found.append((atom.aval, _origin(atom, names, sources)))
    return found


def _origin(atom: Any, names: dict[Any, str], sources: dict[Any, Any]) -> str:
    if isinstance(atom, Literal):
        return "from a literal"
    if atom in names:
        return f"from the argument {names[atom]}"
    if atom in sources:
        return f"output of {sources[atom].primitive.name} from {sources[atom].source}"
    return "from a constant"


def print_saved_residuals(f: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Prints what reverse mode keeps of a function.

    Args:
        f: a function of arrays (or pytrees of arrays).
        args, kwargs: its arguments.

    Example:
        >>> import minijax as mj
        >>> print_saved_residuals(lambda x: 2.0 * mj.numpy.sin(x), 2.0)
        f64[] output of cos from ...
    """
    for aval, origin in saved_residuals(f, *args, **kwargs):
        sys.stdout.write(f"{aval} {origin}\n")
