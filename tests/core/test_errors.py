"""The texts and types of the error classes."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from minijax.core import errors


@dataclasses.dataclass
class Aval:
    shape: tuple[int, ...]
    dtype: str


@dataclasses.dataclass
class Traced:
    aval: Aval
    where: str = ""

    def origin(self) -> str:
        return self.where


MASK = Traced(Aval((3,), "bool"), "argument mask of f")
SCALAR = Traced(Aval((), "float64"))

MESSAGES = {
    "concretization": (errors.ConcretizationTypeError.of(SCALAR, "float"), "static_argnums"),
    "bool": (errors.TracerBoolConversionError.of(SCALAR), "lax.while_loop"),
    "integer": (errors.TracerIntegerConversionError.of(SCALAR), "jnp.take"),
    "array": (errors.TracerArrayConversionError.of(SCALAR, "numpy.sin"), "minijax.numpy"),
    "mask": (errors.NonConcreteBooleanIndexError.of(MASK), "size=n"),
    "leak": (errors.UnexpectedTracerError.of(SCALAR, "add"), "has_aux=True"),
    "capture": (errors.UnexpectedTracerError.captured(MASK), "as an argument"),
    "rule": (errors.MissingRuleError.of("sort", "batch"), "custom_jvp"),
    "jaxpr": (errors.JaxprTypeError.of("b = sin a", "f64[3]", "f64[4]"), "abstract"),
}


@pytest.mark.parametrize(("error", "advice"), MESSAGES.values(), ids=MESSAGES)
class TestEveryMessage:
    def test_has_four_parts_and_the_users_line(self, error, advice):
        lines = str(error).splitlines()
        assert lines[0].endswith(".")
        labels = [line.split(":")[0].strip() for line in lines[1:] if " or " not in line[:16]]
        assert labels == ["given", "at", "expected", "instead", "help"]
        assert f"  at:       {__file__}:" in str(error)

    def test_says_what_to_write(self, error, advice):
        assert advice in str(error).split("instead:")[1]

    def test_names_its_help_page(self, error, advice):
        assert str(error).endswith(f"help(minijax.errors.{type(error).__name__})")
        assert ">>>" in type(error).__doc__

    def test_pickles(self, error, advice):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_exact_text():
    text = str(errors.TracerBoolConversionError.of(MASK, "bool"))
    place = next(line for line in text.splitlines() if line.startswith("  at:"))
    assert text.replace(place, "  at:       here") == (
        "bool() of a traced value: if, while, and, or, not cannot look at it.\n"
        "  given:    traced value bool[3], argument mask of f\n"
        "  at:       here\n"
        "  expected: a concrete boolean: the program is recorded once, for all values\n"
        "  instead:  choose and join: jnp.where(condition, a, b), jnp.logical_and, logical_not\n"
        "            or branch or loop: lax.cond(condition, f, g, *operands), lax.while_loop\n"
        "            or mark the argument static: jit(f, static_argnums=...)\n"
        "  help:     help(minijax.errors.TracerBoolConversionError)"
    )


def test_missing_rule_gives_the_reason():
    error = errors.MissingRuleError.of("argsort", "transpose", "it returns integers")
    assert "`argsort` has no transpose rule: it returns integers." in str(error)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name",
    (
        "ConcretizationTypeError",
        "JaxprTypeError",
        "NonConcreteBooleanIndexError",
        "TracerArrayConversionError",
        "TracerBoolConversionError",
        "TracerIntegerConversionError",
        "UnexpectedTracerError",
    ),
)
def test_builtin_bases_are_those_of_the_oracle(name):
    oracle = pytest.importorskip("jax").errors

    def builtin_bases(cls):
        return {base for base in cls.__mro__ if base.__module__ == "builtins"}

    assert builtin_bases(getattr(errors, name)) == builtin_bases(getattr(oracle, name))


def test_truth_error_is_a_concretization_error():
    assert issubclass(errors.TracerBoolConversionError, errors.ConcretizationTypeError)
