"""Solutions of equations, with the derivatives that follow from the equation.

A solver may be anything, a loop that runs until it is content included: it is never differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minijax.core.array import aval_of
from minijax.core.avals import Zero, materialize
from minijax.core.pytree import flatten, structure, unflatten
from minijax.core.source import api_boundary
from minijax.interpreters import linearize as linearize_interpreter
from minijax.interpreters.evaluate import eval_jaxpr
from minijax.interpreters.jvp import jvp
from minijax.interpreters.transpose import transpose_jaxpr
from minijax.primitives.arithmetic import neg
from minijax.primitives.control.custom_jvp import call_with_jvp
from minijax.primitives.control.linear_solve import linear_solve_p
from minijax.primitives.control.programs import split_sizes
from minijax.primitives.control.structure import TreeProgram, array_leaves, stage_tree

Solver = Callable[[Callable[..., Any], Any], Any]


@api_boundary
def custom_linear_solve(
    matvec: Callable[..., Any],
    b: Any,
    solve: Solver,
    transpose_solve: Solver | None = None,
    symmetric: bool = False,
    has_aux: bool = False,
) -> Any:
    """Solves matvec(x) = b by a method of one's own; derivatives follow from the equation.

    Args:
        matvec: a linear function of pytrees of arrays of the structure and shapes of `b`. What it
            closes over is differentiated too.
        b: the right-hand side.
        solve: `solve(matvec, b)` returns x; it is not differentiated.
        transpose_solve: `transpose_solve(vecmat, b)` solves the transposed equation, which reverse
            mode needs.
        symmetric: whether `matvec` is its own transpose, so that `solve` serves for both.
        has_aux: whether the solvers return `(x, auxiliary data)`.

    Returns:
        What `solve` returned.

    Raises:
        TypeError: if a function returns another structure than that of `b`; in reverse mode, if
            there is no `transpose_solve`.
        ValueError: if a function returns other shapes.

    Example:
        >>> import minijax as mj
        >>> def divide(a, b):
        ...     return mj.lax.custom_linear_solve(lambda x: a * x, b, lambda f, y: y / f(1.0))
        >>> float(mj.jvp(divide, (2.0, 6.0), (1.0, 0.0))[1])
        -1.5
    """
    transpose_solve = solve if symmetric else transpose_solve
    leaves, tree = array_leaves("custom_linear_solve: b", b)
    system = _System(tree, [aval_of(x) for x in leaves])
    forward = system.stage("matvec", matvec)
    solver = system.stage("solve", lambda y: solve(matvec, y), has_aux=has_aux)
    backward: Sequence[Any] = (None, [])
    back_solver: Sequence[Any] = (None, [])
    if transpose_solve is not None:
        backward = forward.jaxpr, forward.consts
        vecmat = matvec
        if not symmetric:
            backward = _transposed(forward), forward.consts
            vecmat = system.function(*backward)
        found = system.stage(
            "transpose_solve", lambda y: transpose_solve(vecmat, y), has_aux=has_aux
        )
        back_solver = found.jaxpr, found.consts
    parts = [(forward.jaxpr, forward.consts), backward, (solver.jaxpr, solver.consts), back_solver]
    outs = linear_solve_p.bind(
        *(x for _, consts in parts for x in consts),
        *leaves,
        programs=tuple(jaxpr for jaxpr, _ in parts),
        counts=tuple(len(consts) for _, consts in parts),
    )
    return unflatten(solver.out_tree, outs)


class _System:
    """The vectors of a system: their structure and avals, and programs that act on them."""

    def __init__(self, tree: Any, avals: Sequence[Any]) -> None:
        self.tree = tree
        self.avals = list(avals)

    def stage(
        self,
        name: str,
        fun: Callable[..., Any],
        *,
        has_aux: bool = False,
        like: str = "b",
        arity: int = 1,
    ) -> TreeProgram:
        """Records a function of such vectors that returns one, and auxiliary data maybe.

        Raises:
            TypeError: if it returns another structure.
            ValueError: if it returns other shapes.
        """
        in_tree = structure((unflatten(self.tree, self.avals),) * arity)
        program = stage_tree(f"{name}: the result", fun, in_tree, self.avals * arity)
        tree = _first_of(name, program.out_tree) if has_aux else program.out_tree
        if tree != self.tree:
            raise TypeError(
                f"{name}() output pytree structure must match {like}, got {tree} and {self.tree}."
            )
        shapes = [aval.shape for aval in program.out_avals[: len(self.avals)]]
        expected = [aval.shape for aval in self.avals]
        if shapes != expected:
            raise ValueError(
                f"{name}() output shapes must match {like}, got {shapes} and {expected}."
            )
        return program

    def function(self, jaxpr: Any, consts: Sequence[Any]) -> Callable[[Any], Any]:
        """Returns the function of one vector that a program with constants is."""

        def apply(x: Any) -> Any:
            leaves, tree = array_leaves("the vector", x)
            if tree != self.tree:
                raise TypeError(f"the operator takes vectors of {self.tree}, got {tree}.")
            return unflatten(self.tree, eval_jaxpr(jaxpr, *consts, *leaves))

        return apply


def _first_of(name: str, tree: Any) -> Any:
    children = tree.children()
    if len(children) != 2 or tree.type is not tuple:
        raise ValueError(
            f"{name}() output pytree with has_aux=True must be a pair (x, aux), got {tree}."
        )
    return children[0]


def _transposed(program: TreeProgram) -> Any:
    """Returns (constants, cotangents) -> cotangents of the vectors of an operator's program."""
    num_consts = len(program.consts)
    num_vectors = len(program.jaxpr.invars) - num_consts
    linear = [False] * num_consts + [True] * num_vectors
    nothing = [False] * len(linear)
    return transpose_jaxpr(program.jaxpr, linear, nothing, [True] * len(program.out_avals))


@api_boundary
def custom_root(
    f: Callable[..., Any],
    initial_guess: Any,
    solve: Solver,
    tangent_solve: Solver,
    has_aux: bool = False,
) -> Any:
    """Finds a root of f by a method of one's own; derivatives follow from f(x) = 0.

    Args:
        f: a function of pytrees of arrays of the structure and shapes of the root. What it closes
            over is differentiated.
        initial_guess: where `solve` starts; the root does not depend on it.
        solve: `solve(f, initial_guess)` returns the root; it is not differentiated.
        tangent_solve: `tangent_solve(g, y)` solves g(x) = y for a linear g, the derivative of f at
            the root. Reverse mode transposes it: a loop in it belongs into `custom_linear_solve`.
        has_aux: whether `solve` returns `(root, auxiliary data)`.

    Returns:
        What `solve` returned.

    Raises:
        TypeError: if a function returns another structure than that of the guess.
        ValueError: if a function returns other shapes.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> def root(a):
        ...     solve = lambda f, x: jnp.sqrt(a)
        ...     return mj.lax.custom_root(lambda x: x**2 - a, 1.0, solve, lambda g, y: y / g(1.0))
        >>> float(mj.grad(root)(4.0))
        0.25
    """
    leaves, tree = array_leaves("custom_root: initial_guess", initial_guess)
    system = _System(tree, [aval_of(x) for x in leaves])
    function = system.stage("f", f, like="initial_guess")
    solver = system.stage("solve", lambda x: solve(f, x), has_aux=has_aux, like="initial_guess")

    def at_root(x: Any, y: Any) -> Any:
        return tangent_solve(_derivative(system, function, x), y)

    tangent = system.stage("tangent_solve", at_root, like="x", arity=2)
    sizes = len(function.consts), len(tangent.consts), len(solver.consts)

    def find(*args: Any) -> list[Any]:
        _, _, consts, guess = split_sizes(args, *sizes)
        return eval_jaxpr(solver.jaxpr, *consts, *guess)

    def rule(primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        outs = bind(*primals)
        num_roots = len(system.avals)
        roots = outs[:num_roots]
        consts, tangent_consts, _, _ = split_sizes(primals, *sizes)
        zeros = [Zero(aval_of(out).tangent()) for out in outs]
        _, moved = jvp(
            lambda *args: eval_jaxpr(function.jaxpr, *args),
            [*consts, *roots],
            [*tangents[: sizes[0]], *zeros[:num_roots]],
        )
        if all(type(t) is Zero for t in moved):
            return outs, zeros
        rhs = [neg(materialize(t)) for t in moved]
        found = eval_jaxpr(tangent.jaxpr, *tangent_consts, *roots, *rhs)
        return outs, [*found, *zeros[num_roots:]]

    def bind(*args: Any) -> Any:
        return call_with_jvp(find, rule, *args, name="custom_root")

    outs = bind(*function.consts, *tangent.consts, *solver.consts, *leaves)
    return unflatten(solver.out_tree, outs)


def _derivative(system: _System, function: TreeProgram, at: Any) -> Callable[[Any], Any]:
    """Returns the derivative of a recorded function at a point, as a function of tangents."""
    points = flatten(at)[0]
    outs, linear, active = linearize_interpreter.linearize(
        lambda *xs: eval_jaxpr(function.jaxpr, *function.consts, *xs), points, [True] * len(points)
    )

    def derivative(direction: Any) -> Any:
        leaves, tree = array_leaves("the tangent", direction)
        if tree != system.tree:
            raise TypeError(f"the derivative takes tangents of {system.tree}, got {tree}.")
        found = iter(eval_jaxpr(linear.close(), *linear.consts, *leaves))
        tangents = [
            next(found) if on else aval_of(out).tangent().zeros()
            for out, on in zip(outs, active, strict=True)
        ]
        return unflatten(system.tree, tangents)

    return derivative
