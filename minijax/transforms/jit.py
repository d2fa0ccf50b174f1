"""jit: compiling a function once for each kind of arguments.

A call of a jitted function flattens its arguments and looks for a program traced before for
the same *signature*: the structure of the arguments, their avals, the values of static arguments,
the named axes being mapped and the configuration that tracing depends on. The program is then
applied as one operation (`call`), which the current trace runs, differentiates, batches or records.
"""

from __future__ import annotations

import inspect
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import update_wrapper
from types import MethodType
from typing import Any

from minijax import compiler
from minijax.core.activity import busy
from minijax.core.array import aval_of
from minijax.core.config import config
from minijax.core.jaxpr import Jaxpr
from minijax.core.logs import logger
from minijax.core.pytree import PyTreeDef, flatten, unflatten
from minijax.core.references import Ref, ReferencesTouched, read_all, replace_all
from minijax.core.source import api_boundary, filter_traceback
from minijax.core.trace import Tracer, mapped_axes
from minijax.interpreters.stage import stage_with_references
from minijax.primitives.control.call import call
from minijax.primitives.control.references import split_references
from minijax.transforms.arguments import FlatFunction, argument_avals, function_name
from minijax.transforms.donation import (
    call_donating,
    can_donate,
    donated_leaves,
    match_results,
)
from minijax.transforms.entries import Calls, CountingEntryPoint, FlatCall, side_by_side
from minijax.transforms.explain import (
    TRACING_FLAGS,
    Explanation,
    History,
    Signature,
    Tracing,
    explain_history,
    newest_changes,
)
from minijax.transforms.lowered import Lowered, Traced
from minijax.transforms.references import has_references, of_values
from minijax.transforms.staging import struct_avals, struct_of

_CACHE_LIMIT = 4096
_MOST_SLOW_CALLS = 3
_NOT_GIVEN = "<not given>"
_Named = tuple[tuple[int, ...], tuple[str, ...]]
_functions: weakref.WeakSet[JitFunction] = weakref.WeakSet()


class _Program:
    """A traced function: a closed program, what it captured, and how to rebuild its output.

    Attributes:
        matched: donated leaves, each with the number of the result that takes its place.
        calls: how often it was called through Python with leaves of which types.
        flat: what runs it once calls keep coming through Python.
        references: from outside; their values come before the other inputs and outputs.
    """

    __slots__ = ("calls", "consts", "flat", "jaxpr", "matched", "out_tree", "references")

    def __init__(
        self,
        jaxpr: Jaxpr,
        consts: tuple[Any, ...],
        out_tree: PyTreeDef,
        matched: dict[int, int],
        references: tuple[Ref, ...],
    ) -> None:
        self.jaxpr, self.consts = jaxpr, consts
        self.out_tree, self.matched = out_tree, matched
        self.references = references
        self.calls: Calls = {}
        self.flat: FlatCall | None = None


class JitFunction(CountingEntryPoint):
    """A jitted function. Call it like the function it wraps."""

    def __init__(
        self,
        fun: Callable[..., Any],
        static_argnums: tuple[int, ...],
        static_argnames: tuple[str, ...],
        donated: _Named = ((), ()),
        threads: int | None = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"jit expects a function, got {type(fun).__name__}: {fun!r:.60}.")
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(f"jit: threads takes a positive integer, got {threads!r}.")
        update_wrapper(self, fun)
        self._fun = fun
        self._threads = threads
        self._name = function_name(fun)
        self._static_argnums, self._static_argnames = _named_arguments(
            fun, static_argnums, static_argnames, "static"
        )
        self._donate_argnums, self._donate_argnames = donated
        if any(donated):
            self._check_donated()
        self._programs: dict[Any, _Program] = {}
        self._on_references: dict[Any, JitFunction] = {}
        self._history = History()
        _functions.add(self)
        self.watch_configuration()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    @property
    def __signature__(self) -> inspect.Signature:
        # Said outright, since `inspect` takes an object with `__get__` for a builtin method.
        return inspect.signature(self._fun)

    def __repr__(self) -> str:
        return f"<jitted {self._name}>"

    # A boundary written out: jitted functions call each other, and every frame between two of them
    # counts against Python's recursion limit. For the same reason the tracing below is one method.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if config.disable_jit:
            return self._fun(*args, **kwargs)
        try:
            static, dynamic = self._split(args, kwargs)
            leaves, in_tree = flatten(dynamic)
            try:
                avals = tuple(map(aval_of, leaves))
            except TypeError:
                if has_references(leaves):
                    return self._call_on_references(static, dynamic)
                avals = tuple(argument_avals(f"jit of {self._name}", *dynamic))
            program = self._program(static, in_tree, avals)
            if program.references:
                return self._call_threading(program, leaves)
            if not busy:
                self._note(program, args, kwargs, leaves)
            if program.matched and can_donate(leaves):
                shown = program.jaxpr, program.consts
                outs = call_donating(*shown, leaves, program.matched, self._threads)
            elif program.flat is not None and not busy:
                return unflatten(program.out_tree, program.flat(*map(side_by_side, leaves)))
            elif self._threads is None:
                outs = call(program.jaxpr, *program.consts, *leaves, name=self._name)
            else:
                with compiler.asked_threads(self._threads):
                    outs = call(program.jaxpr, *program.consts, *leaves, name=self._name)
            return unflatten(program.out_tree, outs)
        except Exception as error:
            filter_traceback(error)
            raise

    def _call_threading(self, program: _Program, leaves: list[Any]) -> Any:
        """Runs a program that takes and returns the values of references."""
        references = program.references
        inputs = (*program.consts, *read_all(references), *leaves)
        outs = call(program.jaxpr, *inputs, name=self._name)
        replace_all(references, outs[: len(references)])
        return unflatten(program.out_tree, outs[len(references) :])

    def _call_on_references(self, static: Any, dynamic: Any) -> Any:
        """Calls the function with references, through one that takes and returns their values."""
        parts = split_references(dynamic)
        key = (static, parts.places, parts.tree)
        function = self._on_references.get(key)
        if function is None:
            pure = of_values(_with_static(self._fun, static), parts.without_leaves())
            function = self._on_references[key] = JitFunction(pure, (), (), threads=self._threads)
        values, out = function(read_all(parts.references), parts.others)
        replace_all(parts.references, values)
        return out

    def _note(
        self, program: _Program, args: tuple[Any, ...], kwargs: dict[str, Any], leaves: list[Any]
    ) -> None:
        """Counts a call through Python; some bring entries about."""
        made = program.jaxpr, program.consts, program.out_tree, self._threads, program.matched
        arguments = args, kwargs, self._static_of(args)
        if self.note_call(program.calls, arguments, leaves, made) > _MOST_SLOW_CALLS:
            program.flat = program.flat or FlatCall(self._name, made)

    def _static_of(self, args: tuple[Any, ...]) -> set[int | str]:
        """Returns the positions and names of the static ones of some arguments."""
        given = {i % len(args) for i in self._static_argnums if -len(args) <= i < len(args)}
        return {*given, *self._static_argnames}

    def forget_calls(self) -> None:
        """Makes calls go through Python again, and counts them anew."""
        self.drop_entries()
        for program in list(self._programs.values()):
            program.calls.clear()

    def _split(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Returns the static arguments (hashable) and the dynamic `(args, kwargs)`."""
        if not self._static_argnums and not self._static_argnames:
            return (), (args, kwargs)
        positions = {i + len(args) if i < 0 else i for i in self._static_argnums}
        static_args = tuple((i, args[i]) for i in sorted(positions) if i < len(args))
        static_kwargs = tuple(
            (name, kwargs[name]) for name in sorted(kwargs) if name in self._static_argnames
        )
        arguments: tuple[tuple[int | str, Any], ...] = (*static_args, *static_kwargs)
        for name, value in arguments:
            _check_hashable(self._name, name, value)
        dynamic_args = tuple(x for i, x in enumerate(args) if i not in positions)
        dynamic_kwargs = {k: v for k, v in kwargs.items() if k not in self._static_argnames}
        return (len(args), static_args, static_kwargs), (dynamic_args, dynamic_kwargs)

    def _program(self, static: Any, in_tree: PyTreeDef, avals: tuple[Any, ...]) -> _Program:
        # Types tell 1 from True and from 1.0, which are equal as keys.
        types = tuple(type(v) for part in static[1:] for _, v in part)
        key = (static, types, in_tree, avals, mapped_axes(), _tracing_flags())
        program = self._programs.get(key)
        if program is None:
            _announce(self._name, avals)
            start = time.perf_counter()
            flat = FlatFunction(_with_static(self._fun, static), in_tree)
            # A bound method: calling the object itself would pass through C, which counts twice.
            jaxpr, references = stage_with_references(flat.__call__, avals, self._name)
            # What a reference holds takes the memory of no argument.
            matched = {} if references else self._matched(static, in_tree, avals, jaxpr.out_avals)
            program = _Program(jaxpr.close(), jaxpr.consts, flat.out_tree, matched, references)
            self._note_tracing(Signature(static, in_tree, avals, *key[4:]), program.jaxpr, start)
            # A captured tracer belongs to one call of an enclosing function.
            if not any(isinstance(const, Tracer) for const in program.consts):
                if len(self._programs) >= _CACHE_LIMIT:
                    self._programs.pop(next(iter(self._programs)), None)
                self._programs[key] = program
        return program

    def _note_tracing(self, signature: Signature, jaxpr: Jaxpr, start: float) -> None:
        """Remembers a tracing, and says what it is for if the configuration wants that."""
        seconds = time.perf_counter() - start
        self._history.add(Tracing(signature, time.time(), seconds, weakref.ref(jaxpr)))
        if config.explain_compiles or config.explain_cache_misses:
            changes = newest_changes(self._fun, self._history)
            why = "; ".join(map(str, changes)) or "nothing like it was traced before"
            logger().warning("Tracing jit(%s) took %.1f ms: %s", self._name, 1e3 * seconds, why)

    def _matched(
        self, static: Any, in_tree: PyTreeDef, avals: Sequence[Any], out_avals: Sequence[Any]
    ) -> dict[int, int]:
        if not self._donate_argnums and not self._donate_argnames:
            return {}
        leaves = self._donated_leaves(static, in_tree)
        return match_results(self._name, leaves, avals, out_avals)

    def _donated_leaves(self, static: Any, in_tree: PyTreeDef) -> tuple[int, ...]:
        fixed = {i for i, _ in static[1]} if static else set()
        count = static[0] if static else in_tree.child(0).num_children
        positions = {i % count for i in self._donate_argnums if -count <= i < count}
        moved = [i - sum(j < i for j in fixed) for i in positions]
        return donated_leaves(in_tree, moved, self._donate_argnames)

    def _check_donated(self) -> None:
        """Refuses an argument that is static and given away."""
        numbers, names = self._donate_argnums, self._donate_argnames
        both: set[Any] = {*numbers} & {*self._static_argnums} | {*names} & {*self._static_argnames}
        if both:
            shown = ", ".join(map(str, sorted(both, key=str)))
            raise ValueError(
                f"jit of {self._name}: static_argnums and donate_argnums cannot intersect, and "
                f"argument {shown} is in both. A static argument has no buffer to give away."
            )

    # -- looking inside

    @api_boundary
    def trace(self, *args: Any, **kwargs: Any) -> Traced:
        """Returns the traced program for arguments like these (arrays or shape-dtype structs)."""
        static, dynamic = self._split(args, kwargs)
        avals = tuple(struct_avals(f"jit of {self._name}", *dynamic))
        in_tree = flatten(dynamic)[1]
        program = self._program(static, in_tree, avals)
        if program.references:
            raise ReferencesTouched(program.references, f"jit of {self._name}")
        donated: tuple[int, ...] = ()
        if self._donate_argnums or self._donate_argnames:
            donated = self._donated_leaves(static, in_tree)
        return Traced(
            program.jaxpr,
            program.consts,
            in_tree,
            program.out_tree,
            self._name,
            self._dynamic,
            self._static_of,
            donated,
            program.matched,
            self._donate_argnums,
            self._threads,
        )

    def _dynamic(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._split(args, kwargs)[1]

    @api_boundary
    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """Returns the program for arguments like these, to look at or to compile ahead of time."""
        return self.trace(*args, **kwargs).lower()

    @api_boundary
    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the shapes and dtypes of the output for arguments like these."""
        traced = self.trace(*args, **kwargs)
        return unflatten(traced.out_tree, map(struct_of, traced.jaxpr.out_avals))

    def explain(self) -> Explanation:
        """Returns when and for which arguments the function was compiled, and what had changed."""
        return explain_history(self._name, self._fun, self._history)

    def clear_cache(self) -> None:
        """Forgets all traced programs."""
        self.drop_entries()
        self._history.clear()
        self._programs.clear()
        self._on_references.clear()

    def cache_size(self) -> int:
        """Returns how many programs have been traced."""
        return len(self._programs)

    _cache_size = cache_size


def clear_caches() -> None:
    """Forgets the traced programs of all jitted functions, and memory kept for their results.

    Example:
        >>> import minijax as mj
        >>> traced = []
        >>> f = mj.jit(lambda x: traced.append(x.shape) or x)
        >>> _ = f(1.0), f(2.0), mj.clear_caches(), f(3.0)
        >>> len(traced)
        2
    """
    for function in list(_functions):
        function.clear_cache()
    compiler.drop_kept_memory()


def _announce(name: str, avals: tuple[Any, ...]) -> None:
    if config.no_tracing:
        raise RuntimeError(
            f"jit of {name} must be traced for arguments of {', '.join(map(str, avals))}, and the "
            "configuration flag no_tracing forbids it: call it once before, with such arguments."
        )
    if config.log_compiles:
        shown = ", ".join(map(str, avals))
        logger().warning("Compiling jit(%s) for arguments of %s", name, shown)


def _tracing_flags() -> tuple[Any, ...]:
    values = config.values
    return tuple([values[flag] for flag in TRACING_FLAGS])


def _with_static(fun: Callable[..., Any], static: Any) -> Callable[..., Any]:
    if not static:
        return fun
    num_args, static_args, static_kwargs = static
    fixed = dict(static_args)

    def with_static(*dynamic: Any, **kwargs: Any) -> Any:
        rest = iter(dynamic)
        args = [fixed[i] if i in fixed else next(rest) for i in range(num_args)]
        return fun(*args, **kwargs, **dict(static_kwargs))

    with_static.__name__ = function_name(fun)
    return with_static


def _check_hashable(fun_name: str, argument: int | str, value: Any) -> None:
    if isinstance(value, Tracer):
        raise TypeError(
            f"jit of {fun_name}: the static argument {argument!r} is a traced value of "
            f"{value.aval}. A static argument must be known when the function is traced: make it "
            "static in the enclosing transformation too, or do not make it static here."
        )
    try:
        hash(value)
    except TypeError as error:
        raise ValueError(
            f"jit of {fun_name}: the static argument {argument!r} is not hashable: "
            f"{type(value).__name__} {value!r:.60}. Static arguments are compared and hashed to "
            "find the compiled program: pass a tuple in place of a list, a frozen dataclass in "
            "place of a dict, or do not make it static."
        ) from error


def _named_arguments(
    fun: Callable[..., Any], argnums: tuple[int, ...], argnames: tuple[str, ...], word: str
) -> _Named:
    """Completes positions by names or names by positions, from the signature, if one is given."""
    try:
        parameters = list(inspect.signature(fun).parameters.values())
    except (TypeError, ValueError):
        return argnums, argnames
    kinds = inspect.Parameter
    positional = [
        p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    has_varargs = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
    has_varkwargs = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
    for i in argnums:
        if not has_varargs and not -len(positional) <= i < len(positional):
            raise ValueError(
                f"jit of {function_name(fun)}: {word}_argnums={argnums} names the positional "
                f"argument {i}, but the function has {len(positional)}."
            )
    known = {p.name for p in parameters}
    for name in argnames:
        if name not in known and not has_varkwargs:
            raise ValueError(
                f"jit of {function_name(fun)}: {word}_argnames={argnames} names {name!r}, which is "
                f"not a parameter; parameters: {sorted(known)}."
            )
    if argnums and argnames:
        return argnums, argnames
    by_name = [positional.index(n) for n in argnames if n in positional]
    by_position = [positional[i] for i in argnums if -len(positional) <= i < len(positional)]
    return tuple(sorted({*argnums, *by_name})), tuple(dict.fromkeys((*argnames, *by_position)))


def _as_tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, int | str) else tuple(value)


@api_boundary
def jit(
    fun: Any = _NOT_GIVEN,
    /,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Iterable[str] | None = None,
    donate_argnums: int | Sequence[int] | None = None,
    donate_argnames: str | Iterable[str] | None = None,
    keep_unused: bool = False,
    inline: bool = False,
    in_shardings: Any = None,
    out_shardings: Any = None,
    device: Any = None,
    backend: str | None = None,
    abstracted_axes: Any = None,
    compiler_options: dict[str, Hashable] | None = None,
    threads: int | None = None,
) -> Any:
    """Returns a function that is compiled to native code at its first call.

    The function is traced once for every structure, shapes and dtypes of its arguments; later calls
    run the compiled program. Side effects of Python code happen while tracing only.

    Args:
        fun: a function of arrays (or pytrees of arrays). Left out, a decorator is returned.
        static_argnums: positional arguments that are passed as they are; they must be hashable,
            and each new value compiles anew.
        static_argnames: parameters that are passed as they are.
        donate_argnums, donate_argnames: arguments that the caller will not use again. Results of
            the same shape and dtype are written into their memory if nobody else has it. The
            arrays are deleted; arrays of NumPy are left alone.
        keep_unused, inline, in_shardings, out_shardings, device, backend, abstracted_axes,
        compiler_options: accepted for compatibility; they have no effect on one CPU.
        threads: how many threads a run may use; without, what the flag `num_threads` says. Results
            do not depend on it.

    Returns:
        The jitted function, with `lower(*args)`, `trace(*args)`, `eval_shape(*args)`,
        `explain()`, `clear_cache()` and `cache_size()`.

    Raises:
        ValueError: if a static argument is not hashable or does not exist.
        TypeError: at the call, if an argument is neither an array nor static.

    Example:
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.jit
        ... def selu(x, alpha=1.67, scale=1.05):
        ...     return scale * jnp.where(x > 0, x, alpha * jnp.exp(x) - alpha)
        >>> selu(jnp.arange(3.0))
        Array([0.  , 1.05, 2.1 ], dtype=float64)
    """
    numbers, names = _as_tuple(static_argnums), _as_tuple(static_argnames)
    given = _as_tuple(donate_argnums), _as_tuple(donate_argnames)

    def made(function: Callable[..., Any]) -> JitFunction:
        donated = _named_arguments(function, *given, "donate") if any(given) else given
        return JitFunction(function, numbers, names, donated, threads)

    return made if fun is _NOT_GIVEN else made(fun)
