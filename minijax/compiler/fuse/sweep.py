"""The definition of a fold that stores elements on its way; only steps have it."""

from __future__ import annotations

from dataclasses import dataclass

from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce, Value


@dataclass(frozen=True, slots=True, eq=False)
class Sweep(Reduce):
    """A fold that stores `bodies` at `places` as it goes; the last of its `outs` are these."""

    places: tuple[Expr, ...] = ()
    bodies: tuple[Expr, ...] = ()

    @property
    def folds(self) -> tuple[Value, ...]:
        """The results of the fold."""
        return self.outs[: len(self.elements)]

    @property
    def stored(self) -> tuple[Value, ...]:
        """The values that are stored on the way."""
        return self.outs[len(self.elements) :]

    def alone(self) -> Reduce:
        """Returns the fold without what it stores."""
        return Reduce(
            outs=self.folds,
            outer=self.outer,
            inner=self.inner,
            elements=self.elements,
            init=self.init,
            accs=self.accs,
            news=self.news,
            combined=self.combined,
            kind=self.kind,
            commutes=self.commutes,
        )
