"""What a jitted function was compiled for, how long that took, and what had changed each time."""

from __future__ import annotations

import inspect
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from minijax import compiler
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef, describe_mismatch, keystr, leaf_paths
from minijax.core.records import record

_MOST_KEPT = 64
_MOST_SHOWN = 8
_MISSING = object()

# The configuration that tracing depends on.
TRACING_FLAGS = ("numpy_dtype_promotion", "numpy_rank_promotion", "user_context")


@record(eq=True)
class Change:
    """One difference between the arguments of two calls.

    Attributes:
        argument: the name of the argument with the path to the leaf, such as `params['w'][0]`;
            empty for what belongs to no argument.
        kind: "shape", "dtype", "weak type", "static value", "structure", "arguments",
            "mapped axes" or "configuration".
        before, after: what it was and what it became, as text.
    """

    argument: str
    kind: str
    before: str
    after: str

    def __str__(self) -> str:
        place = f"{self.argument}: " if self.argument else ""
        return f"{place}{self.kind} {self.before} -> {self.after}"


@record(eq=True)
class Signature:
    """What decides whether a function is traced again.

    Attributes:
        static: values of static arguments, by position or name.
        in_tree: the structure of the other arguments, `(args, kwargs)`.
        avals: of their leaves.
        axes: the named axes being mapped.
        flags: the values of `TRACING_FLAGS`.
    """

    static: Any
    in_tree: PyTreeDef
    avals: tuple[Any, ...]
    axes: Any
    flags: tuple[Any, ...]


@record(eq=True)
class Tracing:
    """A tracing of a function.

    Attributes:
        when: the time at its end, in seconds since the epoch.
        seconds: how long it took.
        program: the program, as long as it is remembered.
    """

    signature: Signature
    when: float
    seconds: float
    program: weakref.ref[Jaxpr]


class History:
    """The last tracings of a function, oldest first."""

    def __init__(self) -> None:
        self.tracings: deque[Tracing] = deque(maxlen=_MOST_KEPT)
        self.count = 0

    def add(self, tracing: Tracing) -> None:
        """Adds a tracing; beyond a number of them the oldest is forgotten."""
        self.tracings.append(tracing)
        self.count += 1

    def clear(self) -> None:
        """Forgets all tracings."""
        self.tracings.clear()
        self.count = 0


@record(eq=True)
class Compilation:
    """One tracing of a function, and what the compiler made of it.

    Attributes:
        number: counts tracings from 1.
        when: the time at its end.
        arguments: text of each argument with its type.
        stages: seconds in each stage, "trace" first.
        compiled: whether the program was compiled by itself, and not as part of another one.
        from_disk: whether its code was found in the cache on disk.
        changes: how the arguments differ from those of the most similar tracing before; empty for
            the first.
    """

    number: int
    when: datetime
    arguments: tuple[str, ...]
    stages: dict[str, float]
    compiled: bool
    from_disk: bool
    changes: tuple[Change, ...]

    @property
    def seconds(self) -> float:
        """The time of all stages."""
        return sum(self.stages.values())

    def __str__(self) -> str:
        how = "from disk" if self.from_disk else "compiled" if self.compiled else "only traced"
        stages = ", ".join(f"{name} {1e3 * t:.1f}" for name, t in self.stages.items())
        lines = [
            f"#{self.number} {self.when:%H:%M:%S}, {how} in {1e3 * self.seconds:.1f} ms: {stages}"
        ]
        if self.changes:
            lines += _shortened([str(change) for change in self.changes])
        else:
            lines.append(f"for {', '.join(_shortened(self.arguments)) or 'no arguments'}")
        return "\n    ".join(lines)


@record(eq=True)
class Explanation:
    """All that is known of how a function was compiled; it prints as a list.

    Attributes:
        name: of the function.
        compilations: oldest first, at most 64.
        count: of all tracings, forgotten ones included.
    """

    name: str
    compilations: tuple[Compilation, ...]
    count: int

    def __str__(self) -> str:
        times = f"{self.count} time{'s' * (self.count != 1)}"
        shown = "\n".join(map(str, self.compilations))
        return f"jit of {self.name}, traced {times}{':' * bool(shown)}\n{shown}".rstrip()

    __repr__ = __str__


def explain(fun: Any) -> Explanation:
    """Returns how a jitted function was compiled: when, for what, how long, and what had changed.

    A function is traced and compiled again for arguments of another structure, shape or dtype, for
    other static values, and in another configuration; this tells which it was. The flag
    `explain_compiles` logs the same as it happens.

    Args:
        fun: what `jit` returned.

    Returns:
        An object that prints as a list; its `compilations` hold the numbers.

    Raises:
        TypeError: if it is not a jitted function.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> f = mj.jit(lambda params, x: params['w'] * x)
        >>> _ = f({'w': 2.0}, jnp.ones(3)), f({'w': 2.0}, jnp.ones(4))
        >>> [str(change) for change in mj.explain(f).compilations[1].changes]
        ['x: shape (3,) -> (4,)']
    """
    method = getattr(fun, "explain", None)
    if method is None:
        raise TypeError(
            f"explain expects a jitted function, got {type(fun).__name__}: call it with what "
            "jit(f) returned, which remembers its compilations."
        )
    found: Explanation = method()
    return found


def explain_history(name: str, fun: Callable[..., Any], history: History) -> Explanation:
    """Returns the explanation of a function's tracings.

    Args:
        name: of the function.
        fun: the function, whose parameters name arguments.
        history: its tracings.
    """
    names = _Names(fun)
    known = list(history.tracings)
    first = history.count - len(known) + 1
    found = tuple(
        _compilation(names, first + k, tracing, known[:k]) for k, tracing in enumerate(known)
    )
    return Explanation(name, found, history.count)


def newest_changes(fun: Callable[..., Any], history: History) -> tuple[Change, ...]:
    """Returns how the last tracing's arguments differ from the most similar ones before."""
    *before, last = history.tracings
    return _changes(_Names(fun), last, before)


def _compilation(
    names: _Names, number: int, tracing: Tracing, before: Sequence[Tracing]
) -> Compilation:
    program = tracing.program()
    forms = [] if program is None else compiler.compiled_forms(program)
    stages = {"trace": tracing.seconds}
    for form in forms:
        for stage, seconds in form.timings.items():
            stages[stage] = stages.get(stage, 0.0) + seconds
    return Compilation(
        number,
        datetime.fromtimestamp(tracing.when),
        tuple(_arguments(names, tracing.signature)),
        stages,
        bool(forms),
        bool(forms) and all(form.from_disk for form in forms),
        _changes(names, tracing, before),
    )


class _Names:
    """The names of a function's arguments."""

    def __init__(self, fun: Callable[..., Any]) -> None:
        try:
            parameters = list(inspect.signature(fun).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._positional = [p.name for p in parameters if p.kind in kinds]
        self._rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")

    def position(self, number: int) -> str:
        """Returns the name of an argument by its position among all."""
        count = len(self._positional)
        return self._positional[number] if number < count else f"{self._rest}[{number - count}]"

    def dynamic(self, signature: Signature) -> list[str]:
        """Returns the names of the positional arguments that are not static."""
        args, _ = signature.in_tree.children()
        taken = {i for i, _ in signature.static[1]} if signature.static else set()
        free = (i for i in range(args.num_children + len(taken)) if i not in taken)
        return [self.position(i) for i in free]

    def leaf(self, signature: Signature, path: Sequence[Any]) -> str:
        """Returns the name of a leaf of `(args, kwargs)`."""
        side, argument, *rest = path
        if side.idx == 0:
            return self.dynamic(signature)[argument.idx] + keystr(tuple(rest))
        return f"{argument.key}{keystr(tuple(rest))}"


def _leaves(names: _Names, signature: Signature) -> dict[str, Any]:
    paths = leaf_paths(signature.in_tree)
    return {
        names.leaf(signature, path): aval for path, aval in zip(paths, signature.avals, strict=True)
    }


def _static_values(names: _Names, signature: Signature) -> dict[str, Any]:
    if not signature.static:
        return {}
    _, positional, named = signature.static
    return {names.position(i): value for i, value in positional} | dict(named)


def _arguments(names: _Names, signature: Signature) -> Iterator[str]:
    for name, aval in _leaves(names, signature).items():
        yield f"{name}: {aval}{' (weak)' * bool(getattr(aval, 'weak_type', False))}"
    for name, value in _static_values(names, signature).items():
        yield f"{name}={_short(value)}"


def _changes(names: _Names, tracing: Tracing, before: Sequence[Tracing]) -> tuple[Change, ...]:
    """Compares with the tracing that differs least, the later one of several."""
    found = [tuple(_differences(names, x.signature, tracing.signature)) for x in reversed(before)]
    return min(found, key=_distance, default=())


def _distance(changes: Sequence[Change]) -> tuple[int, int]:
    """Compares sets of changes: those of structure weigh most."""
    structural = sum(change.kind.startswith(("structure", "arguments")) for change in changes)
    return structural, len({change.argument for change in changes})


def _differences(names: _Names, old: Signature, new: Signature) -> Iterator[Change]:
    yield from _structure_changes(names, old, new)
    before, after = _leaves(names, old), _leaves(names, new)
    for name, aval in after.items():
        if name in before and before[name] != aval:
            yield from _aval_changes(name, before[name], aval)
    statics = _static_values(names, old), _static_values(names, new)
    for name in {**statics[0], **statics[1]}:
        values = [side.get(name, _MISSING) for side in statics]
        if type(values[0]) is not type(values[1]) or values[0] != values[1]:
            yield Change(name, "static value", *map(_short, values))
    if old.axes != new.axes:
        yield Change("", "mapped axes", _short(old.axes), _short(new.axes))
    for flag, before_flag, after_flag in zip(TRACING_FLAGS, old.flags, new.flags, strict=True):
        if before_flag != after_flag:
            yield Change(flag, "configuration", _short(before_flag), _short(after_flag))


def _structure_changes(names: _Names, old: Signature, new: Signature) -> Iterator[Change]:
    if old.in_tree == new.in_tree:
        return
    before, after = _parts(names, old), _parts(names, new)
    if list(before) != list(after):
        yield Change("", "arguments", f"({', '.join(before)})", f"({', '.join(after)})")
    for name, tree in after.items():
        if name in before and before[name] != tree:
            where = describe_mismatch(
                before[name], tree, expected_name="was", got_name="is", root=name
            )
            yield Change(name, f"structure ({where})", str(before[name]), str(tree))


def _parts(names: _Names, signature: Signature) -> dict[str, PyTreeDef]:
    args, kwargs = signature.in_tree.children()
    named = zip(kwargs.entries(), kwargs.children(), strict=True)
    return dict(zip(names.dynamic(signature), args.children(), strict=True)) | dict(named)


def _aval_changes(name: str, old: Any, new: Any) -> Iterator[Change]:
    for kind, attribute in (("shape", "shape"), ("dtype", "dtype"), ("weak type", "weak_type")):
        before, after = getattr(old, attribute, None), getattr(new, attribute, None)
        if before != after:
            yield Change(name, kind, str(before), str(after))


def _short(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _shortened(lines: Sequence[str]) -> list[str]:
    if len(lines) <= _MOST_SHOWN:
        return list(lines)
    return [*lines[:_MOST_SHOWN], f"and {len(lines) - _MOST_SHOWN} more"]
