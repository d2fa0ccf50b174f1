"""What a linearization leaves behind: a linear program, and the residuals that it reads.

The program alone (the *frame* of the tape) is what two linearizations by the same operations share
with a compiled program that takes or returns one; the residuals are the arrays in it. So a pullback
can be an argument or a result of a transformed function, as any other pytree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.transpose import LinearSteps, pull_back


class Tape:
    """A linear program with its residuals, as linearization records it.

    Args:
        linear: `active tangents -> active output tangents`; its constants, and what its
            `LinearSteps` hold, are the residuals.
        out_active: which outputs of the function have a tangent.
    """

    __slots__ = ("_frame", "linear", "out_active")

    def __init__(
        self, linear: Jaxpr, out_active: Sequence[bool], frame: Tape | None = None
    ) -> None:
        self.linear = linear
        self.out_active = out_active
        self._frame = frame

    def __call__(self, cts: Sequence[Any]) -> list[Any]:
        """Runs the program backwards.

        Args:
            cts: a cotangent for each output; `Zero` costs nothing.

        Returns:
            A cotangent (maybe `Zero`) for each active argument.
        """
        active = [ct for ct, is_active in zip(cts, self.out_active, strict=True) if is_active]
        return pull_back(self.linear, active)

    def residuals(self) -> list[Any]:
        """Returns the residuals, in the order in which `with_residuals` takes them."""
        found = list(self.linear.consts)
        eqns: Sequence[Any] = self.linear.eqns
        for eqn in eqns:
            if type(eqn) is LinearSteps:
                found.extend(eqn.residuals)
        return found

    @property
    def frame(self) -> Tape:
        """The tape without its residuals: the same object for all that come from one recording."""
        if self._frame is None:
            self._frame = self._filled([None] * len(self.residuals()), None)
            self._frame._frame = self._frame
        return self._frame

    def with_residuals(self, residuals: Iterable[Any]) -> Tape:
        """Returns the tape with other residuals."""
        return self._filled(residuals, self.frame)

    def _filled(self, residuals: Iterable[Any], frame: Tape | None) -> Tape:
        rest = iter(residuals)
        consts = [next(rest) for _ in self.linear.consts]
        eqns: list[Any] = list(self.linear.eqns)
        for k, eqn in enumerate(eqns):
            if type(eqn) is LinearSteps:
                values = [next(rest) for _ in eqn.residuals]
                eqns[k] = LinearSteps(eqn.outvars, eqn.invars, values, eqn.pull)
        return Tape(self.linear.replace(consts=consts, eqns=eqns), self.out_active, frame)
