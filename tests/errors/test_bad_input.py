"""Bad input: each mistake gives the right exception, at the user's line, with a short remedy."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax
from minijax.core.source import PACKAGE_DIRECTORY

X = np.arange(3.0)
MATRIX = np.ones((2, 3))
MOST_LINES = 8

BAD_INPUT: dict[str, Mistake] = {}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row of the table.

    Attributes:
        run: makes the mistake.
        error: the exception, exactly.
        says: what the text must name: what was passed, what was expected, what to do.
        ends_in: the function in which the traceback ends; None for the row's own.
    """

    run: Callable[[], Any]
    error: type[Exception]
    says: tuple[str, ...]
    ends_in: str | None = None


def mistake(
    error: type[Exception], *says: str, ends_in: str | None = None
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def add(run: Callable[[], Any]) -> Callable[[], Any]:
        BAD_INPUT[run.__name__] = Mistake(run, error, says, ends_in)
        return run

    return add


def traced(fun: Callable[..., Any], *args: Any) -> Any:
    """Calls a function inside of a transformation, whose boundary cleans the traceback."""
    return mj.jit(lambda *xs: fun(*xs))(*args)


# -- Python asks a traced value for its value


@mistake(errors.TracerBoolConversionError, "bool[]", "jnp.where", "lax.cond", ends_in="relu")
def if_of_a_traced_value() -> None:
    def relu(x: Any) -> Any:
        return x if x > 0.0 else 0.0

    mj.jit(relu)(1.0)


@mistake(errors.TracerBoolConversionError, "bool[]", "lax.while_loop", ends_in="halve")
def while_of_a_traced_value() -> None:
    def halve(x: Any) -> Any:
        while x > 1.0:
            x = x / 2.0
        return x

    mj.vmap(halve)(X)


@mistake(errors.TracerBoolConversionError, "logical_and", "static_argnums", ends_in="between")
def a_chained_comparison() -> None:
    def between(x: Any) -> Any:
        return 0.0 < x < 1.0

    mj.jit(between)(0.5)


@mistake(errors.ConcretizationTypeError, "int()", "float64[]", "static_argnums", ends_in="f")
def int_of_a_traced_value() -> None:
    def f(x: Any) -> Any:
        return int(x)

    mj.jit(f)(1.0)


@mistake(errors.ConcretizationTypeError, "float()", "astype", ends_in="f")
def float_of_a_traced_value() -> None:
    def f(x: Any) -> Any:
        return float(x)

    mj.jit(f)(1)


@mistake(errors.TracerArrayConversionError, "minijax.numpy", "pure_callback", ends_in="f")
def a_numpy_function_of_a_traced_value() -> None:
    def f(x: Any) -> Any:
        return np.sin(x)

    mj.vmap(f)(X)


@mistake(errors.TracerIntegerConversionError, "int64[]", "jnp.take", ends_in="f")
def a_list_indexed_by_a_traced_value() -> None:
    def f(i: Any) -> Any:
        return [1.0, 2.0][i]

    mj.jit(f)(1)


@mistake(errors.TracerIntegerConversionError, "fori_loop", ends_in="f")
def range_of_a_traced_value() -> None:
    def f(n: Any) -> Any:
        return sum(jnp.sin(k) for k in range(n))

    mj.jit(f)(3)


@mistake(errors.TracerIntegerConversionError, "shape of zeros", "static_argnums", ends_in="f")
def a_shape_from_a_traced_value() -> None:
    def f(n: Any) -> Any:
        return jnp.zeros(n)

    mj.jit(f)(3)


@mistake(errors.ConcretizationTypeError, "arange", "static_argnums", ends_in="f")
def arange_of_a_traced_value() -> None:
    def f(n: Any) -> Any:
        return jnp.arange(n)

    mj.jit(f)(3)


@mistake(TypeError, "hash", "static_argnums", "lax.switch", ends_in="f")
def a_traced_key_of_a_dict() -> None:
    def f(n: Any) -> Any:
        return {1: 2.0}[n]

    mj.jit(f)(1)


@mistake(errors.NonConcreteBooleanIndexError, "bool[3]", "jnp.where", "size=", ends_in="f")
def a_traced_mask() -> None:
    def f(x: Any) -> Any:
        return x[x > 0.0]

    mj.jit(f)(X)


# -- transformations


@mistake(TypeError, "scalar output", "(3,)", "jacrev")
def grad_of_a_vector() -> None:
    mj.grad(lambda x: x * 2.0)(X)


@mistake(TypeError, "one scalar output", "a tuple of length 2", "has_aux=True")
def grad_of_several_outputs() -> None:
    mj.grad(lambda x: (jnp.sum(x), x))(X)


@mistake(TypeError, "args[0]", "int64", "allow_int=True")
def grad_of_an_integer_input() -> None:
    mj.grad(lambda x: x * 2.0)(3)


@mistake(TypeError, "args[1]['n']", "int64", "allow_int=True")
def grad_of_an_integer_leaf() -> None:
    mj.grad(lambda _, tree: tree["n"] * tree["x"], argnums=1)(1.0, {"n": 2, "x": 3.0})


@mistake(TypeError, "real floating-point output", "int64", "return a floating-point value")
def grad_of_an_integer_output() -> None:
    mj.grad(lambda x: jnp.sum(x).astype(int))(X)


@mistake(TypeError, "complex128", "holomorphic=True")
def grad_of_a_complex_output() -> None:
    mj.grad(lambda x: x * 1j)(1.0)


@mistake(TypeError, "argnums=2", "1 positional argument")
def grad_of_an_argument_that_is_not_there() -> None:
    mj.grad(lambda x: jnp.sum(x), argnums=2)(X)


@mistake(TypeError, "argnums", "'x'", "int")
def grad_by_name() -> None:
    mj.grad(lambda x: jnp.sum(x), argnums="x")(X)  # type: ignore[arg-type]


@mistake(TypeError, "ConcreteArray", "grad(f)(x)")
def grad_of_a_value() -> None:
    mj.grad(jnp.sum(X))


@mistake(TypeError, "jit", "int", "3")
def jit_of_a_value() -> None:
    mj.jit(3)


@mistake(TypeError, "vmap(f)(x)", "float")
def vmap_of_a_value() -> None:
    mj.vmap(3.0)  # type: ignore[arg-type]


@mistake(ValueError, "args[0]", "(3,)", "args[1]['w']", "(4,)", "in_axes")
def vmap_of_different_sizes() -> None:
    mj.vmap(lambda a, b: a + b["w"])(X, {"w": np.arange(4.0)})


@mistake(ValueError, "in_axes", "a tuple of length 2", "a leaf", "prefix")
def vmap_axes_of_another_structure() -> None:
    mj.vmap(lambda a, b: a + b, in_axes=(0, (1, 2)))(X, X)


@mistake(ValueError, "in_axes has 1 entries", "2 positional")
def vmap_axes_for_too_few_arguments() -> None:
    mj.vmap(lambda a, b: a + b, in_axes=(0,))(X, X)


@mistake(ValueError, "axis 2", "args[0]", "(3,)")
def vmap_over_an_axis_that_is_not_there() -> None:
    mj.vmap(lambda a: a, in_axes=2)(X)


@mistake(ValueError, "axis 0", "args[0]", "rank 0")
def vmap_of_a_scalar() -> None:
    mj.vmap(lambda a: a)(1.0)


@mistake(ValueError, "in_axes is None", "axis_size")
def vmap_over_nothing() -> None:
    mj.vmap(lambda a: a, in_axes=None)(X)


@mistake(ValueError, "the tangent", "f64[3]", "f64[2]")
def a_tangent_of_another_shape() -> None:
    mj.jvp(jnp.sin, (X,), (np.ones(2),))


@mistake(TypeError, "primals", "a tuple of length 1", "a tuple of length 2")
def tangents_of_another_structure() -> None:
    mj.jvp(jnp.sin, (X,), (X, X))


@mistake(ValueError, "cotangent", "f64[3]", "f64[2]")
def a_cotangent_of_another_shape() -> None:
    mj.vjp(jnp.sin, X)[1](np.ones(2))


@mistake(ValueError, "pure_callback", "JVP", "custom_jvp", ends_in="f")
def a_derivative_through_python() -> None:
    def f(x: Any) -> Any:
        return mj.pure_callback(np.sin, mj.ShapeDtypeStruct((), "float64"), x)

    mj.grad(f)(1.0)


@mistake(TypeError, "custom_vjp", "custom_jvp", "reverse mode")
def forward_mode_of_a_backward_rule() -> None:
    f = mj.custom_vjp(lambda x: x * 2.0)
    f.defvjp(lambda x: (f(x), None), lambda _, ct: (2.0 * ct,))
    mj.jvp(f, (1.0,), (1.0,))


@mistake(TypeError, "backward rule", "1 argument", "tuple of length 2")
def a_backward_rule_with_too_many_results() -> None:
    f = mj.custom_vjp(lambda x: x * 2.0)
    f.defvjp(lambda x: (x * 2.0, None), lambda _, ct: (ct, ct))
    mj.grad(f)(1.0)


# -- jit


@mistake(ValueError, "static argument", "list", "tuple")
def a_static_argument_without_a_hash() -> None:
    mj.jit(lambda x, n: x, static_argnums=1)(X, [1, 2])


@mistake(ValueError, "static_argnames", "'y'", "['x']")
def a_static_argument_that_is_not_there() -> None:
    mj.jit(lambda x: x, static_argnames="y")


@mistake(TypeError, "['a']", "str", "'text'", "has_aux")
def a_text_as_result() -> None:
    mj.jit(lambda x: {"a": "text"})(X)


@mistake(TypeError, "args[0]['k'][1]", "str", "static_argnums")
def a_text_as_argument() -> None:
    mj.jit(lambda x: x)({"k": [1.0, "text"]})


@mistake(TypeError, "args[0]", "object", "not an array")
def an_object_array_as_argument() -> None:
    mj.jit(lambda x: x)(np.array([1, None]))


@mistake(errors.UnexpectedTracerError, "leaked", "float64[]", "return the value", "has_aux")
def a_leaked_tracer() -> None:
    seen: list[Any] = []
    mj.jit(lambda x: seen.append(x * 2.0) or x)(1.0)
    seen[0] + 1.0


@mistake(errors.UnexpectedTracerError, "leaked", "float64[]", ends_in="f")
def a_leaked_tracer_inside_of_another_function() -> None:
    seen: list[Any] = []
    mj.vmap(lambda x: seen.append(x * 2.0) or x)(X)

    def f(x: Any) -> Any:
        return jnp.sin(seen[0]) * x

    mj.grad(f)(1.0)


# -- control flow


@mistake(TypeError, "['a']", "int64[3]", "float64[3]", "dtypes differ", ".astype")
def branches_of_different_types() -> None:
    lax.cond(True, lambda x: {"a": x}, lambda x: {"a": x.astype(int)}, X)


@mistake(TypeError, "a leaf", "a tuple of length 2", "same structure")
def branches_of_different_structure() -> None:
    lax.cond(True, lambda x: (x, x), lambda x: x, X)


@mistake(TypeError, "scalar", "bool[3]", "jnp.where")
def a_predicate_that_is_an_array() -> None:
    lax.cond(X > 1.0, lambda x: x, lambda x: x, X)


@mistake(ValueError, "switch", "at least one branch")
def a_switch_without_branches() -> None:
    lax.switch(0, [], 1.0)


@mistake(TypeError, "['s']", "float64[3]", "float32[3]", "dtypes differ", ".astype")
def a_scan_whose_carry_changes_dtype() -> None:
    lax.scan(lambda c, x: ({"s": c["s"].astype("float32")}, x), {"s": X}, X)


@mistake(TypeError, "float64[]", "float64[3]", "shapes differ")
def a_scan_whose_carry_changes_shape() -> None:
    lax.scan(lambda c, x: (c + X, x), 1.0, X)


@mistake(TypeError, "a leaf", "a tuple of length 2", "structure of init")
def a_scan_whose_carry_changes_structure() -> None:
    lax.scan(lambda c, x: ((c, c), x), 1.0, X)


@mistake(TypeError, "pair (carry, y)", "return carry, None")
def a_scan_that_returns_no_pair() -> None:
    lax.scan(lambda c, x: c, 1.0, X)


@mistake(ValueError, "xs['a']", "(3,)", "xs['b']", "(4,)")
def a_scan_over_different_lengths() -> None:
    lax.scan(lambda c, x: (c, x), 1.0, {"a": X, "b": np.arange(4.0)})


@mistake(ValueError, "length is 5", "(3,)")
def a_scan_of_another_length() -> None:
    lax.scan(lambda c, x: (c, x), 1.0, X, length=5)


@mistake(ValueError, "length=")
def a_scan_without_length() -> None:
    lax.scan(lambda c, x: (c, x), 1.0, None)


@mistake(TypeError, "[1]", "float64[3]", "int64[3]", ".astype")
def a_while_loop_whose_carry_changes_dtype() -> None:
    lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1].astype(int)), (0, X))


@mistake(TypeError, "condition", "bool[]", "float64[]", "x > 0")
def a_while_condition_that_is_no_bool() -> None:
    lax.while_loop(lambda c: c, lambda c: c + 1.0, 0.0)


@mistake(TypeError, "condition", "bool[3]", "jnp.all")
def a_while_condition_that_is_an_array() -> None:
    lax.while_loop(lambda c: c < 1.0, lambda c: c + 1.0, X)


@mistake(TypeError, "a leaf", "a tuple of length 2", "<lambda>")
def a_fori_loop_whose_carry_changes_structure() -> None:
    lax.fori_loop(0, 3, lambda i, c: (c, c), 1.0)


# -- shapes and dtypes


@mistake(TypeError, "dot", "(2, 3)", "lengths 3 and 2", ends_in="<lambda>")
def a_dot_of_shapes_that_do_not_fit() -> None:
    traced(lambda: jnp.dot(MATRIX, MATRIX))


@mistake(TypeError, "matmul", "(2, 3)", "lengths 3 and 2")
def a_matrix_product_of_shapes_that_do_not_fit() -> None:
    jnp.asarray(MATRIX) @ jnp.asarray(MATRIX)


@mistake(TypeError, "(3,)", "(2, 2)", "number of elements", ends_in="<lambda>")
def a_reshape_to_another_size() -> None:
    traced(lambda x: x.reshape(2, 2), X)


@mistake(TypeError, "concatenate", "(2, 3)", "(2, 4)", "axis 0", ends_in="<lambda>")
def a_concatenation_of_different_shapes() -> None:
    traced(lambda: jnp.concatenate([MATRIX, np.ones((2, 4))]))


@mistake(ValueError, "concatenate", "at least one", ends_in="<lambda>")
def a_concatenation_of_nothing() -> None:
    traced(lambda: jnp.concatenate([]))


@mistake(ValueError, "(3,)", "(2, 4)", "axis -1", ends_in="<lambda>")
def a_broadcast_to_another_shape() -> None:
    traced(lambda x: jnp.broadcast_to(x, (2, 4)), X)


@mistake(TypeError, "add", "(3,)", "(4,)", "x[:, None]")
def a_sum_of_different_shapes() -> None:
    jnp.ones(3) + jnp.ones(4)


@mistake(TypeError, "add", "f64", "f32", "minijax.numpy", ends_in="<lambda>")
def a_sum_of_different_dtypes() -> None:
    traced(lambda x: lax.add(x, np.ones(3, np.float32)), X)


@mistake(np.exceptions.AxisError, "axis 2", "2 dimensions", ends_in="<lambda>")
def a_reduction_over_an_axis_that_is_not_there() -> None:
    traced(lambda: jnp.sum(MATRIX, axis=2))


@mistake(TypeError, "str", "'a'", ends_in="<lambda>")
def an_array_of_texts() -> None:
    traced(lambda: jnp.array(["a", "b"]))


@mistake(TypeError, "object", ends_in="<lambda>")
def an_array_of_objects() -> None:
    traced(lambda: jnp.array([object()]))


@mistake(TypeError, "S3", "f64", "c128", ends_in="<lambda>")
def a_dtype_of_texts() -> None:
    traced(lambda: jnp.zeros(3, dtype="S3"))


@mistake(ValueError, "einsum", "'il'", "ij,jk->il", ends_in="<lambda>")
def an_einsum_result_with_an_unknown_axis() -> None:
    traced(lambda: jnp.einsum("ij,jk->il", MATRIX, MATRIX.T))


@mistake(ValueError, "einsum", "2 operands", "got 1", ends_in="<lambda>")
def an_einsum_with_too_few_operands() -> None:
    traced(lambda: jnp.einsum("ij,jk->ik", MATRIX))


@mistake(ValueError, "einsum", "'j'", "lengths 3 and 2", ends_in="<lambda>")
def an_einsum_of_shapes_that_do_not_fit() -> None:
    traced(lambda: jnp.einsum("ij,jk->ik", MATRIX, MATRIX))


@mistake(NameError, "axis name", "'i'", "vmap", ends_in="<lambda>")
def a_collective_without_its_axis() -> None:
    traced(lambda x: lax.psum(x, "i"), X)


# -- indexing


@mistake(TypeError, "immutable", "x.at[i].set(v)")
def an_assignment_to_an_element() -> None:
    x = jnp.ones(3)
    x[0] = 1.0


@mistake(TypeError, "immutable", "x.at[i].set(v)", ends_in="f")
def an_assignment_to_an_element_of_a_traced_value() -> None:
    def f(x: Any) -> Any:
        x[0] += 1.0
        return x

    mj.jit(f)(X)


@mistake(IndexError, "index 5", "axis 0", "size 3", "mode=")
def an_index_out_of_range() -> None:
    jnp.ones(3)[5]


@mistake(IndexError, "index -4", "size 3", ends_in="<lambda>")
def a_negative_index_out_of_range() -> None:
    traced(lambda x: x[-4], X)


@mistake(IndexError, "1-dimensional", "2 were indexed")
def too_many_indices() -> None:
    jnp.ones(3)[1, 2]


@mistake(TypeError, "float", "1.0")
def a_float_as_index() -> None:
    jnp.ones(3)[1.0]


@mistake(TypeError, "float64", ".astype(int)")
def an_array_of_floats_as_index() -> None:
    jnp.ones(3)[jnp.array([0.5])]


@mistake(TypeError, "list", "jnp.array([0, 1])")
def a_list_as_index() -> None:
    jnp.ones(3)[[0, 1]]


@mistake(IndexError, "mask", "(2,)", "length 3")
def a_mask_of_another_length() -> None:
    jnp.ones(3)[np.array([True, False])]


# -- errors of the user's own


@mistake(KeyError, "mine", ends_in="f")
def an_error_of_the_function_itself() -> None:
    def f(x: Any) -> Any:
        raise KeyError("mine")

    mj.jit(mj.vmap(mj.grad(f)))(X)


@mistake(TypeError, "missing 1 required positional argument: 'y'")
def a_missing_argument() -> None:
    mj.jit(lambda x, y: x)(1.0)


def _error_of(run: Callable[[], Any]) -> BaseException:
    try:
        run()
    except Exception as error:
        return error
    pytest.fail("no error")


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input(name: str) -> None:
    row = BAD_INPUT[name]
    error = _error_of(row.run)
    text = str(error)
    assert type(error) is row.error, text
    assert all(part in text for part in row.says), text
    assert len(text.splitlines()) <= MOST_LINES, text
    frames = traceback.extract_tb(error.__traceback__)
    assert not [frame for frame in frames if frame.filename.startswith(PACKAGE_DIRECTORY)]
    assert frames[-1].name == (row.ends_in or name)


@pytest.mark.parametrize("transform", [mj.jit, mj.grad, mj.vmap, mj.checkpoint])
def test_endless_recursion_stays_a_recursion_error(transform: Callable[..., Any]) -> None:
    def endless(x: Any) -> Any:
        return endless(x * 1.0)

    error = _error_of(lambda: mj.jit(transform(endless))(X))
    assert type(error) is RecursionError
    frames = traceback.extract_tb(error.__traceback__)
    assert not [frame for frame in frames if frame.filename.startswith(PACKAGE_DIRECTORY)]
    assert frames[-1].name == "endless"
    assert float(mj.grad(jnp.sin)(0.0)) == 1.0, "the trace in action has been restored"


def test_an_error_leaves_no_trace_behind() -> None:
    for row in BAD_INPUT.values():
        _error_of(row.run)
    assert float(mj.jit(lambda x: x + 1.0)(1.0)) == 2.0
    assert float(jnp.sin(0.0)) == 0.0
