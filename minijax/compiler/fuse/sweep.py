"""The definition of a fold that stores elements on its way; only steps have it."""

from __future__ import annotations

from minijax.core.records import record
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Reduce, Value


@record
class Sweep(Reduce):
    """A fold that stores `bodies` at `places` as it goes; the last of its `outs` are these."""

    outs: tuple[Value, ...]
    outer: tuple[Expr, ...]
    inner: tuple[Expr, ...]
    elements: tuple[Expr, ...]
    init: tuple[Expr, ...]
    accs: tuple[Expr, ...]
    news: tuple[Expr, ...]
    combined: tuple[Expr, ...]
    kind: str | None
    commutes: bool = False
    following: tuple[Expr, ...] = ()
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
            following=self.following,
        )
