"""The errors people meet. Each class is a help page: a program that fails, and one that works.

A message has four parts: what happened, what was given, what was expected, what to write instead.

    >>> print(MissingRuleError.of("round", "transpose", "its derivative is zero"))
    The primitive `round` has no transpose rule: its derivative is zero.
      given:    transpose of `round`
      at:       ...
      expected: a primitive with a transpose rule
      instead:  use a function whose primitives have that rule
                or give the function a rule of its own with custom_jvp or custom_vjp
      help:     help(minijax.errors.MissingRuleError)

Base classes are those a NumPy or JAX program expects: most are a `TypeError`, an index problem is
an `IndexError`.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Protocol, Self

from minijax.core.source import UNKNOWN, user_frame


class TracedValue(Protocol):
    """What a message needs to know of a tracer."""

    @property
    def aval(self) -> Any:
        """The type of the value: has `shape` and `dtype`."""
        ...

    def origin(self) -> str:
        """Where the value came from, e.g. "argument x of f"; may be empty."""
        ...


def four_parts(
    happened: str, given: str, expected: str, instead: Sequence[str], page: type | None = None
) -> str:
    """Lays out a message.

    Args:
        happened: one sentence.
        given: what was passed: shape, dtype, key path.
        expected: what would have been right.
        instead: what to write instead, the best way first.
        page: the class whose docstring says more.

    Returns:
        The text; the user's line is added after `given` where there is one.
    """
    line = user_frame()
    rows = [
        ("given", given),
        ("at", "" if line is UNKNOWN else str(line)),
        ("expected", expected),
        ("instead", "\n            or ".join(instead)),
        ("help", "" if page is None else f"help(minijax.errors.{page.__name__})"),
    ]
    return "\n".join([happened, *(f"  {name + ':':<10}{text}" for name, text in rows if text)])


def describe_tracer(tracer: TracedValue) -> str:
    """A traced value in words: "traced value float64[3], argument x of f"."""
    aval = tracer.aval
    shape = ",".join(map(str, aval.shape))
    text = f"traced value {aval.dtype}[{shape}]"
    origin = tracer.origin()
    return f"{text}, {origin}" if origin else text


class JAXTypeError(TypeError):
    """The base of errors about values of the wrong kind: mostly traced ones where known are meant.

    >>> issubclass(ConcretizationTypeError, JAXTypeError)
    True
    """


class JAXIndexError(IndexError):
    """The base of errors about indices.

    >>> issubclass(NonConcreteBooleanIndexError, JAXIndexError)
    True
    """


class JaxRuntimeError(RuntimeError):
    """A program failed while it ran.

    What a Python function raises that a program calls is of this class and of its own.

    >>> issubclass(JaxRuntimeError, RuntimeError)
    True
    """


def runtime_error(error: Exception) -> Exception:
    """Returns an exception as one that is a `JaxRuntimeError` too.

    >>> found = runtime_error(ValueError("no"))
    >>> found, isinstance(found, JaxRuntimeError)
    (ValueError('no'), True)
    """
    cls: Any = type(error)
    kind = _runtime_kind(cls)
    if kind is None or isinstance(error, JaxRuntimeError):
        return error
    found = kind.__new__(kind, *error.args)
    found.args = error.args
    vars(found).update(vars(error))
    found.__cause__ = error.__cause__
    return found.with_traceback(error.__traceback__)


@functools.cache
def _runtime_kind(kind: type[Exception]) -> type[Exception] | None:
    """Returns a class that stands for two; None for one with fields that only `init` fills."""
    builtin = next(x for x in kind.__mro__ if x.__module__ == "builtins")
    if builtin.__basicsize__ != Exception.__basicsize__:
        return None
    names = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return type(kind.__name__, (kind, JaxRuntimeError), names)


class KeyReuseError(JAXTypeError):
    """A random key was used for two draws, which are then not independent.

    Split a key before its second use: `key, subkey = minijax.random.split(key)`.

    >>> issubclass(KeyReuseError, JAXTypeError)
    True
    """


class TypePromotionError(ValueError):
    """Dtypes have no common dtype, or strict promotion (`numpy_dtype_promotion`) forbids it.

    Convert operands with `x.astype(...)`.

    >>> issubclass(TypePromotionError, ValueError)
    True
    """


class InconclusiveDimensionOperation(Exception):  # noqa: N818 - the name that programs catch
    """A question about the length of an axis that is not known; never raised, as all are.

    >>> issubclass(InconclusiveDimensionOperation, Exception)
    True
    """


class ConcretizationTypeError(JAXTypeError):
    """A Python value was asked of a traced value.

    While a function is transformed, its arguments have a shape and a dtype, but no value yet. What
    needs the value then (`float(x)`, `int(x)`, a shape or an axis computed from `x`) fails.

    A program that fails:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.jit
        ... def half_of_largest(x):
        ...     return float(jnp.max(x)) / 2
        >>> half_of_largest(jnp.array([1.0, 4.0]))  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.ConcretizationTypeError: ...

    Arrays need no conversion; stay with them:

        >>> @mj.jit
        ... def half_of_largest(x):
        ...     return jnp.max(x) / 2
        >>> float(half_of_largest(jnp.array([1.0, 4.0])))
        2.0

    A value that decides a shape must be known before tracing, so make its argument static:

        >>> from functools import partial
        >>> @partial(mj.jit, static_argnums=0)
        ... def zeros(n):
        ...     return jnp.zeros(n)
        >>> zeros(3).shape
        (3,)
    """

    @classmethod
    def of(cls, tracer: TracedValue, operation: str) -> Self:
        """The error for `operation` (e.g. "float") applied to `tracer`."""
        return cls(
            four_parts(
                f"{operation}() needs the value of an array that is being traced.",
                describe_tracer(tracer),
                "a concrete value: a Python number, or an array outside of any transformation",
                (
                    "stay with arrays: x.astype(...) in place of float(x) or int(x)",
                    "mark the argument static: jit(f, static_argnums=...) or static_argnames",
                    "do the conversion outside of the transformed function",
                ),
                cls,
            )
        )


class TracerBoolConversionError(ConcretizationTypeError):
    """Python asked whether a traced value is true or false.

    `if`, `while`, `assert`, `and`, `or`, `not` and chained comparisons (`0 < x < 1`) ask that. The
    program is recorded once for all values, so there is no answer yet.

    A program that fails:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> from minijax import lax
        >>> @mj.jit
        ... def relu(x):
        ...     return x if x > 0 else 0.0 * x
        >>> relu(3.0)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.TracerBoolConversionError: ...

    Choose with `where`; both values are computed, element by element:

        >>> @mj.jit
        ... def relu(x):
        ...     return jnp.where(x > 0, x, 0.0)
        >>> float(relu(3.0))
        3.0

    Or branch with `cond`, which runs one branch, and loop with `while_loop`:

        >>> @mj.jit
        ... def relu(x):
        ...     return lax.cond(x > 0, lambda v: v, lambda v: 0.0 * v, x)
        >>> float(relu(3.0))
        3.0
        >>> @mj.jit
        ... def halve_below_one(x):
        ...     return lax.while_loop(lambda v: v >= 1.0, lambda v: v / 2, x)
        >>> float(halve_below_one(5.0))
        0.625

    For conditions joined with `and`, `or`, `not` write `jnp.logical_and(a, b)` or `(a) & (b)`. A
    flag that is an argument can be made static: `jit(f, static_argnums=...)`.
    """

    @classmethod
    def of(cls, tracer: TracedValue, operation: str = "bool") -> Self:
        """The error for a truth test of `tracer`."""
        return cls(
            four_parts(
                f"{operation}() of a traced value: if, while, and, or, not cannot look at it.",
                describe_tracer(tracer),
                "a concrete boolean: the program is recorded once, for all values",
                (
                    "choose and join: jnp.where(condition, a, b), jnp.logical_and, logical_not",
                    "branch or loop: lax.cond(condition, f, g, *operands), lax.while_loop",
                    "mark the argument static: jit(f, static_argnums=...)",
                ),
                cls,
            )
        )


class TracerIntegerConversionError(JAXTypeError):
    """A traced value was used where Python needs an integer.

    A list index, `range(n)`, an `axis=` or a `shape=` is read while the program is recorded, and a
    traced value has no value then.

    A program that fails:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> table = [10.0, 20.0, 30.0]
        >>> @mj.jit
        ... def look_up(i):
        ...     return table[i]
        >>> look_up(1)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.TracerIntegerConversionError: ...

    Index an array in place of the list:

        >>> @mj.jit
        ... def look_up(i):
        ...     return jnp.take(jnp.array(table), i)
        >>> float(look_up(1))
        20.0

    Or make the index static; then every value of it compiles a program of its own:

        >>> from functools import partial
        >>> @partial(mj.jit, static_argnums=0)
        ... def look_up(i):
        ...     return jnp.array(table[i])
        >>> float(look_up(1))
        20.0
    """

    @classmethod
    def of(cls, tracer: TracedValue, operation: str = "operator.index") -> Self:
        """The error for using `tracer` as an integer in `operation`."""
        return cls(
            four_parts(
                f"{operation}() needs the integer value of an array that is being traced.",
                describe_tracer(tracer),
                "a concrete integer, known while the program is recorded",
                (
                    "index an array, not a list: jnp.take(jnp.array(items), i, axis=0) "
                    "or lax.dynamic_index_in_dim(array, i)",
                    "mark the argument static: jit(f, static_argnums=...)",
                    "for a loop of traced length: lax.fori_loop in place of range(n)",
                ),
                cls,
            )
        )


class TracerArrayConversionError(JAXTypeError):
    """A traced value was given to NumPy.

    `np.sin(x)` and `np.asarray(x)` need the numbers, and a traced value has none yet. The functions
    of `minijax.numpy` have the same names and record themselves instead.

    A program that fails:

        >>> import numpy as np
        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> mj.grad(lambda x: np.sin(x))(0.0)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.TracerArrayConversionError: ...

    The same with `minijax.numpy`:

        >>> float(mj.grad(lambda x: jnp.sin(x))(0.0))
        1.0

    A NumPy array that is indexed by a traced value must become an array of ours first:

        >>> table = np.array([10.0, 20.0])
        >>> float(mj.jit(lambda i: jnp.asarray(table)[i])(1))
        20.0

    A function that only exists outside (a table reader, a plot) can be called through
    `minijax.pure_callback`.
    """

    @classmethod
    def of(cls, tracer: TracedValue, operation: str = "numpy.asarray") -> Self:
        """The error for handing `tracer` to NumPy in `operation`."""
        return cls(
            four_parts(
                f"{operation}() needs the numbers of an array that is being traced.",
                describe_tracer(tracer),
                "a concrete array: NumPy computes at once and cannot be recorded",
                (
                    "use minijax.numpy in place of numpy: jnp.sin(x), jnp.asarray(table)[i]",
                    "call outside code through pure_callback",
                    "mark the argument static: jit(f, static_argnums=...)",
                ),
                cls,
            )
        )


class NonConcreteBooleanIndexError(JAXIndexError):
    """An array was indexed with a traced mask.

    `x[mask]` has as many elements as the mask has true values. Under a transformation that number
    is not known, and shapes must be.

    A program that fails:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> x = jnp.array([1.0, -2.0, 3.0])
        >>> mj.jit(lambda x: x[x > 0].sum())(x)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.NonConcreteBooleanIndexError: ...

    Keep the shape, and put a neutral value where the mask is false:

        >>> float(mj.jit(lambda x: jnp.where(x > 0, x, 0.0).sum())(x))
        4.0

    Or say how many there are at most:

        >>> @mj.jit
        ... def positives(x):
        ...     (where,) = jnp.nonzero(x > 0, size=2)
        ...     return x[where]
        >>> [float(value) for value in positives(x)]
        [1.0, 3.0]
    """

    @classmethod
    def of(cls, tracer: TracedValue) -> Self:
        """The error for an index that is the traced mask `tracer`."""
        return cls(
            four_parts(
                "Indexing with a traced boolean mask: its values decide the shape of the result.",
                describe_tracer(tracer),
                "a concrete mask, or an operation whose result has a fixed shape",
                (
                    "keep the shape: jnp.where(mask, x, fill)",
                    "set by mask: jnp.where(mask, new, x) in place of x.at[mask].set(new)",
                    "fix the number: jnp.nonzero(mask, size=n); reduce with jnp.sum(x, where=mask)",
                ),
                cls,
            )
        )


class UnexpectedTracerError(JAXTypeError):
    """A traced value was used after the transformation that made it had ended.

    Such a value has leaked: a function stored it in a global, an attribute or a list while it was
    being traced. It stands for a value inside of that trace, and means nothing outside.

    A program that fails:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> seen = []
        >>> @mj.jit
        ... def f(x):
        ...     y = jnp.sin(x)
        ...     seen.append(y)
        ...     return y + 1
        >>> _ = f(1.0)
        >>> seen[0] + 1  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.UnexpectedTracerError: ...

    Return what is wanted outside:

        >>> @mj.jit
        ... def f(x):
        ...     y = jnp.sin(x)
        ...     return y + 1, y
        >>> result, y = f(0.0)
        >>> float(y) + 1
        1.0

    To look at values while the program runs, use `minijax.debug.print`.
    """

    @classmethod
    def of(cls, tracer: TracedValue, operation: str = "An operation") -> Self:
        """The error for using the leaked `tracer` in `operation`."""
        return cls(
            four_parts(
                f"{operation} met a traced value whose transformation has ended: it has leaked.",
                describe_tracer(tracer),
                "values of this trace, or concrete ones",
                (
                    "return the value from the transformed function (grad: has_aux=True)",
                    "pass it in as an argument rather than through a global or an attribute",
                    "to look at it while the program runs: debug.print",
                ),
                cls,
            )
        )

    @classmethod
    def captured(cls, tracer: TracedValue) -> Self:
        """The error for a program made once and used often that captures the value `tracer`."""
        return cls(
            four_parts(
                "A function that must stand alone uses a traced value of the function around it.",
                describe_tracer(tracer),
                "only its own arguments, constants and concrete arrays",
                ("pass the value to the function as an argument, not by closure",),
                cls,
            )
        )


class MissingRuleError(TypeError, NotImplementedError):
    """A transformation met a primitive that has no rule for it.

    Rules are `jvp`, `transpose`, `batch`, `lower`. Where one cannot exist, the primitive says why.

        >>> from minijax.core.errors import MissingRuleError
        >>> raise MissingRuleError.of("argsort", "transpose", "it returns integers")
        ... # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        minijax.core.errors.MissingRuleError: ...

    Give a function of your own a rule of its own:

        >>> import minijax as mj
        >>> import minijax.numpy as jnp
        >>> @mj.custom_jvp
        ... def straight_round(x):
        ...     return jnp.round(x)
        >>> @straight_round.defjvp
        ... def straight_round_jvp(primals, tangents):
        ...     return straight_round(*primals), tangents[0]
        >>> float(mj.grad(straight_round)(1.3))
        1.0
    """

    @classmethod
    def of(cls, primitive: str, rule: str, reason: str = "") -> Self:
        """The error for a `primitive` without `rule`; `reason` says why there can be none."""
        return cls(
            four_parts(
                f"The primitive `{primitive}` has no {rule} rule{f': {reason}' if reason else ''}.",
                f"{rule} of `{primitive}`",
                f"a primitive with a {rule} rule",
                (
                    "use a function whose primitives have that rule",
                    "give the function a rule of its own with custom_jvp or custom_vjp",
                ),
                cls,
            )
        )


class JaxprTypeError(TypeError):
    """A program in the intermediate language breaks a rule of that language.

    Every pass has to leave a program in which each variable is bound once, before its use, and each
    equation has the types its primitive says. A program written with the public functions always
    does: if this error appears, a primitive or a pass is wrong. The message names the equation.

        >>> from minijax.core.errors import JaxprTypeError
        >>> print(JaxprTypeError.of("b:f64[3] = sin a", "f64[3]", "f64[4]"))
        An equation has operands or results of the wrong type.
          given:    f64[4] in `b:f64[3] = sin a`
          at:       ...
          expected: f64[3]
          instead:  correct the `abstract` rule, or the pass that wrote the equation
          help:     help(minijax.errors.JaxprTypeError)
    """

    @classmethod
    def of(cls, equation: str, expected: str, got: str) -> Self:
        """The error for an `equation` (printed) with a type `got` in place of `expected`."""
        return cls(
            four_parts(
                "An equation has operands or results of the wrong type.",
                f"{got} in `{equation}`",
                expected,
                ("correct the `abstract` rule, or the pass that wrote the equation",),
                cls,
            )
        )
