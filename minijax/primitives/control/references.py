"""References among the arguments of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.pytree import flatten, unflatten
from minijax.core.records import record
from minijax.core.references import Ref


@record
class Split:
    """A pytree with its references taken out.

    Attributes:
        references: these, in order; each stands once.
        others: the other leaves.
        places: for every leaf whether it is a reference.
        tree: the structure.
    """

    references: tuple[Ref, ...]
    others: tuple[Any, ...]
    places: tuple[bool, ...]
    tree: Any

    def without_leaves(self) -> Split:
        """Returns the places alone, for what is kept."""
        return Split((), (), self.places, self.tree)

    def join(self, references: Sequence[Any], others: Sequence[Any]) -> Any:
        """Returns the pytree with other references and leaves."""
        one, two = iter(references), iter(others)
        return unflatten(self.tree, [next(one) if on else next(two) for on in self.places])

    def closing(self, fun: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the function of the other leaves that calls `fun` with the references too."""

        def closed(*others: Any) -> Any:
            return fun(*self.join(self.references, others))

        closed.__name__ = getattr(fun, "__name__", type(fun).__name__)
        return closed


def split_references(tree: Any) -> Split:
    """Takes the references out of a pytree.

    Raises:
        ValueError: if one stands in two places.
    """
    leaves, treedef = flatten(tree)
    places = tuple(isinstance(leaf, Ref) for leaf in leaves)
    references = tuple(leaf for leaf in leaves if isinstance(leaf, Ref))
    if len(set(references)) < len(references):
        raise ValueError(
            "Only one reference to the same array may be passed to a function, and one stands in "
            "two places among the arguments: pass it once."
        )
    others = tuple(leaf for leaf, on in zip(leaves, places, strict=True) if not on)
    return Split(references, others, places, treedef)
