"""jit: what is traced when, what may be static, and what can be looked at."""

import dataclasses
import functools
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax


def close(got: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=1e-12)


class Counter:
    """Counts how often a function's Python code runs."""

    def __init__(self, fun: Any) -> None:
        self.fun = fun
        self.calls = 0
        functools.update_wrapper(self, fun)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.fun(*args, **kwargs)


# -- the cache


def test_traces_once_per_signature() -> None:
    counted = Counter(lambda x, y: x + y)
    f = mj.jit(counted)
    x = jnp.arange(3.0)
    for args in ((x, x), (x, np.ones(3)), (x + 1, x)):
        f(*args)
    assert counted.calls == 1
    f(x, 1.0)
    f(x, 2.0)
    assert counted.calls == 2  # a rank-0 weak operand is another signature
    f(x, 1)
    assert counted.calls == 3
    f(x, np.float64(1.0))
    f(x, jnp.float64(1.0))
    assert counted.calls == 4  # strong
    f(x.astype("float32"), x)
    assert counted.calls == 5
    f((x), y=x)
    assert counted.calls == 6
    assert f.cache_size() == 6
    f.clear_cache()
    f(x, x)
    assert counted.calls == 7


def test_weak_types_decide_the_result_dtype(oracle: ModuleType) -> None:
    f = lambda x, y: x * y  # noqa: E731
    single = np.float32([1.0, 2.0])
    for y in (2.0, 2, np.float64(2.0), np.int64(2), True, 2j):
        ours, theirs = mj.jit(f)(jnp.asarray(single), y), oracle.jit(f)(single, y)
        assert str(ours.dtype) == str(theirs.dtype)
        assert ours.weak_type == theirs.weak_type
    assert mj.jit(f)(2.0, 3).weak_type
    assert mj.jit(f)(2.0, 3).dtype == np.float64


def test_structure_is_part_of_the_signature() -> None:
    counted = Counter(lambda tree: mj.tree.map(lambda x: x + 1, tree))
    f = mj.jit(counted)
    assert f({"a": 1.0, "b": (2.0,)}) == {"a": 2.0, "b": (3.0,)}
    f({"b": (2.0,), "a": 1.0})
    assert counted.calls == 1
    f({"a": 1.0, "b": [2.0]})
    f({"a": 1.0, "b": None})
    assert counted.calls == 3


def test_a_function_is_traced_again_after_an_error() -> None:
    calls = []

    @mj.jit
    def f(x: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("first")
        return x + 1

    with pytest.raises(RuntimeError, match="first"):
        f(1.0)
    close(f(1.0), 2.0)


# -- arguments and outputs of all kinds


def test_no_arguments_none_and_empty_trees() -> None:
    close(mj.jit(lambda: jnp.arange(3))(), [0, 1, 2])
    assert mj.jit(lambda: None)() is None
    assert mj.jit(lambda x: None)(1.0) is None
    assert mj.jit(lambda x: ())(None) == ()
    assert mj.jit(lambda x, y: {"y": y, "none": None})({}, []) == {"y": [], "none": None}
    close(mj.jit(lambda x, y: y)(None, 3), 3)


def test_constant_and_repeated_outputs() -> None:
    out = mj.jit(lambda x: (x, x, 1, 2.5, np.arange(2), True))(jnp.arange(2.0))
    close(out[1], [0.0, 1.0])
    assert [o.dtype.name for o in out[2:]] == ["int64", "float64", "int64", "bool"]
    assert all(isinstance(o, mj.Array) for o in out)
    assert out[2].weak_type
    assert not out[4].weak_type


def test_keyword_arguments_and_defaults() -> None:
    @mj.jit
    def f(x: Any, scale: Any = 2.0, *rest: Any, offset: Any = 0.0, **more: Any) -> Any:
        return x * scale + offset + sum(rest) + sum(more.values())

    close(f(3.0), 6.0)
    close(f(3.0, scale=3.0), 9.0)
    close(f(3.0, 3.0, 1.0, offset=1.0, extra=5.0), 16.0)
    close(f(x=1.0, offset=1.0), 3.0)


def test_registered_dataclass_and_partial() -> None:
    @functools.partial(
        mj.tree_util.register_dataclass, data_fields=["a", "b"], meta_fields=["name"]
    )
    @dataclasses.dataclass(frozen=True)
    class Pair:
        a: Any
        b: Any
        name: str

    swap = mj.jit(lambda p: Pair(p.b, p.a, p.name + "!"))
    out = swap(Pair(1.0, jnp.arange(2), "n"))
    assert out.name == "n!"
    close(out.a, [0, 1])
    g = mj.jit(functools.partial(lambda a, b: a - b, 10.0))
    close(g(3.0), 7.0)
    close(mj.jit(lambda p: p(2.0))(mj.tree_util.Partial(lambda a, b: a * b, 3.0)), 6.0)


def test_methods_and_callables() -> None:
    class Model:
        def __init__(self, weight: float) -> None:
            self.weight = weight

        @functools.partial(mj.jit, static_argnums=0)
        def predict(self, x: Any) -> Any:
            return self.weight * x

        @staticmethod
        @mj.jit
        def double(x: Any) -> Any:
            return 2 * x

        def __call__(self, x: Any) -> Any:
            return x + self.weight

    one, two = Model(1.0), Model(2.0)
    close(one.predict(3.0), 3.0)
    close(two.predict(3.0), 6.0)
    close(Model.double(3.0), 6.0)
    close(mj.jit(two)(3.0), 5.0)
    close(mj.jit(two.predict)(3.0), 6.0)


def test_decorator_forms() -> None:
    @mj.jit
    def f(x: Any) -> Any:
        """Doubles."""
        return 2 * x

    @mj.jit(static_argnames="n")
    def g(x: Any, n: int) -> Any:
        return x * len(range(n))

    assert f.__name__ == "f"
    assert f.__doc__ == "Doubles."
    assert f.__wrapped__(3) == 6
    close(g(2.0, n=3), 6.0)
    close(g(2.0, 3), 6.0)


# -- static arguments


def test_static_argnums_and_argnames() -> None:
    counted = Counter(lambda x, n, mode: x * n if mode == "mul" else x + n)
    f = mj.jit(counted, static_argnums=(1, 2))
    close(f(2.0, 3, "mul"), 6.0)
    close(f(4.0, 3, "mul"), 12.0)
    assert counted.calls == 1
    close(f(2.0, 3, "add"), 5.0)
    close(f(2.0, 4, "add"), 6.0)
    assert counted.calls == 3

    def power(x: Any, n: int = 2, *, negate: bool = False) -> Any:
        assert isinstance(n, int)
        assert isinstance(negate, bool)
        return -(x**n) if negate else x**n

    named = mj.jit(power, static_argnames=("n", "negate"))
    close(named(3.0), 9.0)
    close(named(3.0, 3), 27.0)
    close(named(3.0, n=3, negate=True), -27.0)
    negative = mj.jit(lambda x, n: x[:n], static_argnums=-1)
    assert negative(jnp.arange(4.0), 2).shape == (2,)


def test_static_values_of_equal_hash_but_other_type_are_told_apart() -> None:
    f = mj.jit(lambda x, n: x + n, static_argnums=1)
    assert f(jnp.arange(3), 1).dtype == np.int64
    assert f(jnp.arange(3), 1.0).dtype == np.float64
    assert f(jnp.arange(3), True).dtype == np.int64


def test_static_functions_dicts_of_tuples_and_dataclasses() -> None:
    @dataclasses.dataclass(frozen=True)
    class Options:
        depth: int

    f = mj.jit(lambda g, x, options: g(x) * options.depth, static_argnums=(0, 2))
    close(f(jnp.sin, 1.0, Options(2)), 2 * np.sin(1.0))
    close(f(jnp.cos, 1.0, Options(2)), 2 * np.cos(1.0))


def test_unhashable_static_argument() -> None:
    f = mj.jit(lambda x, n: x, static_argnums=1)
    with pytest.raises(ValueError, match=r"static argument.*not hashable"):
        f(1.0, [1, 2])
    with pytest.raises(ValueError, match="not hashable"):
        f(1.0, jnp.arange(2))


def test_traced_static_argument() -> None:
    f = mj.jit(lambda x, n: x, static_argnums=1)
    with pytest.raises((TypeError, ValueError), match="static argument"):
        mj.jit(lambda x: f(x, x))(1.0)


def test_static_arguments_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match="static_argnums"):
        mj.jit(lambda x: x, static_argnums=3)
    with pytest.raises(ValueError, match="static_argnames"):
        mj.jit(lambda x: x, static_argnames="n")


# -- closures and nesting


def test_closures_over_arrays_and_tracers() -> None:
    weights = jnp.arange(3.0)
    big = jnp.ones(1000)
    f = mj.jit(lambda x: x * weights + big[0])
    close(f(2.0), [1.0, 3.0, 5.0])

    @mj.jit
    def outer(x: Any) -> Any:
        y = jnp.sin(x)
        return mj.jit(lambda z: z * y + x)(2.0)

    close(outer(1.0), 2 * np.sin(1.0) + 1.0)
    close(mj.grad(outer)(1.0), 2 * np.cos(1.0) + 1.0)
    close(mj.grad(lambda x: mj.jit(lambda y: x * y)(3.0))(2.0), 3.0)
    close(mj.vmap(lambda x: mj.jit(lambda y: x * y)(3.0))(jnp.arange(3.0)), [0.0, 3.0, 6.0])


def test_one_jitted_function_closing_over_tracers_of_several_calls() -> None:
    captured: list[Any] = []
    inner = mj.jit(lambda y: captured[-1] * y)

    def outer(x: Any) -> Any:
        captured.append(x)
        return inner(2.0)

    close(mj.grad(outer)(5.0), 2.0)
    close(mj.jit(outer)(5.0), 10.0)
    close(mj.jit(outer)(6.0), 12.0)
    close(mj.grad(mj.jit(outer))(6.0), 2.0)


def test_nested_jit() -> None:
    counted = Counter(lambda x: jnp.sin(x) * 2)
    inner = mj.jit(counted)
    outer = mj.jit(lambda x: inner(x) + inner(x + 1) + mj.jit(mj.jit(inner))(x))
    close(outer(1.0), 4 * np.sin(1.0) + 2 * np.sin(2.0))
    close(mj.grad(outer)(1.0), 4 * np.cos(1.0) + 2 * np.cos(2.0))
    close(mj.jit(mj.grad(mj.jit(mj.grad(inner))))(1.0), -2 * np.sin(1.0))


def test_every_transformation_of_a_jitted_function() -> None:
    f = mj.jit(lambda x: jnp.sum(jnp.exp(-(x**2))))
    g = lambda x: np.sum(np.exp(-(x**2)))  # noqa: E731
    x = np.array([0.3, -1.0, 2.0])
    slope = -2 * x * np.exp(-(x**2))
    close(f(x), g(x))
    close(mj.grad(f)(x), slope)
    close(mj.jit(mj.grad(f))(x), slope)
    close(mj.jvp(f, (x,), (x,))[1], slope @ x)
    close(mj.linearize(f, x)[1](x), slope @ x)
    close(mj.vmap(f)(np.stack([x, 2 * x])), [g(x), g(2 * x)])
    close(mj.jacfwd(mj.jacrev(f))(x), np.diag((4 * x**2 - 2) * np.exp(-(x**2))))
    xs = np.stack([x, x])
    close(mj.jit(mj.vmap(mj.jit(mj.grad(f))))(xs), np.stack([slope] * 2))


# -- errors


def test_output_that_is_not_an_array() -> None:
    with pytest.raises(TypeError, match=r"returned a value of type str.*\['b'\]"):
        mj.jit(lambda x: {"a": x, "b": "text"})(1.0)


def test_argument_that_is_not_an_array() -> None:
    with pytest.raises(TypeError, match=r"args\[0\]\['name'\].*static"):
        mj.jit(lambda p: p["x"])({"x": 1.0, "name": "w"})
    with pytest.raises(TypeError, match=r"kwargs\['f'\]"):
        mj.jit(lambda f: 1)(f=np.sin)
    with pytest.raises(TypeError, match="expects a function"):
        mj.jit(3)


def test_python_control_flow_on_traced_values() -> None:
    with pytest.raises(errors.TracerBoolConversionError, match="cond"):
        mj.jit(lambda x: 1 if x > 0 else 2)(1.0)
    with pytest.raises(errors.ConcretizationTypeError):
        mj.jit(lambda x: float(x))(1.0)
    with pytest.raises(errors.TracerIntegerConversionError):
        mj.jit(lambda i: [1, 2][i])(1)
    with pytest.raises(errors.TracerArrayConversionError):
        mj.jit(lambda x: np.sin(x))(1.0)
    with pytest.raises(errors.TracerIntegerConversionError):
        mj.jit(lambda n: range(n))(3)


def test_leaked_tracer() -> None:
    leaked: list[Any] = []
    mj.jit(lambda x: leaked.append(x))(1.0)
    with pytest.raises(errors.UnexpectedTracerError):
        leaked[0] + 1
    with pytest.raises(errors.UnexpectedTracerError):
        mj.jit(lambda y: y + leaked[0])(1.0)


# -- looking inside, options


def test_lower_compile_and_call() -> None:
    f = mj.jit(lambda x, n, *, flag=False: x * n if not flag else x, static_argnums=1)
    compiled = f.lower(mj.ShapeDtypeStruct((3,), "float64"), 2).compile()
    close(compiled(jnp.arange(3.0), 2), [0.0, 2.0, 4.0])
    with pytest.raises(TypeError, match="compiled for"):
        compiled(jnp.arange(4.0), 2)
    with pytest.raises(TypeError, match="structure"):
        compiled((jnp.arange(3.0),), 2)
    assert isinstance(compiled.as_text(), str)


def test_views_of_a_lowered_function() -> None:
    lowered = mj.jit(lambda x: jnp.sum(jnp.sin(x))).lower(jnp.arange(3.0))
    assert "sin" in str(lowered.jaxpr())
    assert "sin" in lowered.as_text()
    assert "define" in lowered.llvm_ir()
    assert lowered.kernels()
    assert lowered.assembly()


def test_jaxprs_show_jitted_functions() -> None:
    text = str(mj.make_jaxpr(mj.jit(lambda x: x * 2))(1.0))
    assert "jit" in text
    assert "mul" in text


def test_eval_shape(oracle: ModuleType) -> None:
    def f(x: Any, scale: float) -> Any:
        return {"y": x @ x.T * scale, "n": x.shape[0]}

    struct = mj.ShapeDtypeStruct((2, 3), np.float32)
    out = mj.jit(f).eval_shape(struct, 2.0)
    expected = oracle.jit(f).eval_shape(oracle.ShapeDtypeStruct((2, 3), np.float32), 2.0)
    assert mj.eval_shape(f, struct, 2.0) == out
    for key in ("y", "n"):
        assert out[key].shape == expected[key].shape
        assert out[key].dtype == expected[key].dtype


def test_make_jaxpr_of_a_program_that_names_axes() -> None:
    program = mj.make_jaxpr(lambda x: mj.lax.psum(x, "i"), axis_env=[("i", 4)])(1.0)
    assert program.eqns[0].primitive.name == "psum"
    with pytest.raises(NameError, match="unbound axis name"):
        mj.lax.psum(1.0, "i")


def test_make_jaxpr_options() -> None:
    jaxpr, shapes = mj.make_jaxpr(lambda x, n: (x[:n], 1), static_argnums=1, return_shape=True)(
        jnp.arange(4.0), 2
    )
    assert shapes[0].shape == (2,)
    assert [a.shape for a in jaxpr.out_avals] == [(2,), ()]


def test_compatibility_options_are_accepted() -> None:
    f = mj.jit(
        lambda x, y: x + y, donate_argnums=(0,), keep_unused=True, inline=True, backend="cpu"
    )
    x = jnp.arange(3.0)
    close(f(jnp.arange(3.0), x), [0.0, 2.0, 4.0])
    close(f(jnp.arange(3.0), x), [0.0, 2.0, 4.0])
    close(mj.jit(lambda a: a + 1, donate_argnames="a")(x), [1.0, 2.0, 3.0])


def test_disable_jit() -> None:
    @mj.jit
    def f(x: Any) -> Any:
        return "big" if x > 1 else x * 2

    with mj.disable_jit():
        assert f(jnp.asarray(3.0)) == "big"
        close(f(jnp.asarray(1.0)), 2.0)
        close(mj.grad(lambda x: x * 2 if x > 1 else x)(3.0), 2.0)
        close(lax.fori_loop(0, 3, lambda i, c: c + i, 0), 3)
        close(lax.scan(lambda c, x: (c + x, c), 0.0, jnp.arange(3.0))[1], [0.0, 0.0, 1.0])
        close(lax.cond(True, lambda x: x, lambda x: -x, 3.0), 3.0)
    with pytest.raises(errors.TracerBoolConversionError):
        f(jnp.asarray(3.0))


def test_ensure_compile_time_eval_and_static_shapes() -> None:
    @mj.jit
    def f(x: Any) -> Any:
        with mj.ensure_compile_time_eval():
            n = int(jnp.sum(jnp.arange(3)))
        return x[:n] + x.shape[0] + x.ndim + x.size

    assert f(jnp.arange(5.0)).shape == (3,)


def test_random_numbers_and_typed_keys_through_jit() -> None:
    f = mj.jit(lambda key: mj.random.normal(key, (3,)))
    key = mj.random.key(0)
    close(f(key), mj.random.normal(key, (3,)))


def test_float0_and_small_dtypes_through_jit(oracle: ModuleType) -> None:
    for dtype in ("bool", "int8", "uint16", "float16", "bfloat16", "complex64"):
        f = lambda x: (x, x + x)  # noqa: E731
        ours, theirs = mj.jit(f)(jnp.ones(3, dtype)), oracle.jit(f)(oracle.numpy.ones(3, dtype))
        for o, t in zip(ours, theirs, strict=True):
            assert str(o.dtype) == str(t.dtype)
            np.testing.assert_array_equal(np.asarray(o), np.asarray(t))


def test_results_do_not_change_with_the_numpy_arrays_that_went_in() -> None:
    programs = (
        mj.jit(lambda x: x),
        mj.jit(lambda x: jnp.reshape(x, (3, 1))),
        mj.vmap(lambda x: x),
        lambda x: lax.cond(True, lambda y: y, lambda y: -y, x),
        lambda x: lax.scan(lambda c, y: (c, y), x, x),
        lambda x: mj.vjp(lambda y: y, x)[0],
        lambda x: mj.vjp(lambda y: y, x)[1](x)[0],
    )
    for program in programs:
        source = np.ones(3)
        out = program(source)
        source[:] = 5.0
        for leaf in mj.tree.leaves(out):
            assert float(leaf.max()) == 1.0


def test_debug_nans_and_infs() -> None:
    for transform in (lambda f: f, mj.jit):
        with mj.debug_nans(), pytest.raises(FloatingPointError, match="NaN"):
            transform(lambda x: jnp.log(x))(-1.0)
        with mj.debug_infs(), pytest.raises(FloatingPointError, match="inf"):
            transform(lambda x: jnp.log(x))(0.0)
    assert np.isnan(float(mj.jit(jnp.log)(-1.0)))


def test_static_positions_and_names_are_not_completed_where_both_are_given() -> None:
    # As libraries do that pass on a signature which is not that of the function called.
    def shown(x: Any, flag: str) -> Any: ...

    @functools.wraps(shown)
    def called(key: Any, x: Any, **options: Any) -> Any:
        return x + len(options["flag"]) + len(key)

    f = mj.jit(called, static_argnums=(0,), static_argnames=("flag",))
    np.testing.assert_array_equal(f("ab", np.ones(2), flag="abc"), [6.0, 6.0])
