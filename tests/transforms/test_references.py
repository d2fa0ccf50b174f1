"""References: what is read from and written to them, under every transformation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import lax
from minijax.errors import UnexpectedTracerError


def test_reading_and_writing() -> None:
    ref = mj.new_ref(jnp.zeros(3))
    ref[0] = 1.0
    ref[1:] += 2.0
    mj.ref.addupdate(ref, 1, 3)
    assert mj.ref.swap(ref, 2, 7.0) == 2.0
    np.testing.assert_array_equal(ref[...], [1, 5, 7])
    mj.ref.set(ref, None, jnp.ones(3))
    np.testing.assert_array_equal(mj.ref.get(ref), np.ones(3))
    assert (ref.shape, ref.dtype, ref.ndim, ref.size, len(ref)) == ((3,), np.float64, 1, 3, 3)
    assert isinstance(ref, mj.Ref)
    assert not isinstance(ref, mj.Array)
    assert mj.free_ref(ref) is None


def test_a_numpy_array_is_not_written_to() -> None:
    x = np.zeros(2)
    mj.new_ref(x)[0] = 1.0
    np.testing.assert_array_equal(x, [0, 0])


@pytest.mark.parametrize("value", [1.5, jnp.array(1.0, "float32"), np.int64(3)])
def test_values_of_another_dtype_are_refused(value: Any) -> None:
    ref = mj.new_ref(jnp.zeros(2, "int32"))
    with pytest.raises(ValueError, match="dtype"):
        ref[0] = value
    ref[0] = 4
    assert ref[...].tolist() == [4, 0]


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        mj.new_ref([1, 2])
    with pytest.raises(TypeError, match="Ref"):
        jnp.sin(mj.new_ref(1.0))


def test_a_compiled_function_reads_what_is_there_at_each_call() -> None:
    ref = mj.new_ref(jnp.zeros(2))
    traced = []

    @mj.jit
    def step(x):
        traced.append(x)
        ref[0] += x
        return 2 * ref[0]

    assert [float(step(x)) for x in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)] == [2, 6, 12, 20, 30, 42]
    ref[0] = 0.0
    assert float(step(1.0)) == 2
    assert len(traced) == 2  # the second time with the reference as an input
    with pytest.raises(TypeError, match="references"):
        step.lower(1.0)


def test_a_reference_as_an_argument() -> None:
    traced = []

    @mj.jit
    def step(refs, x, *, scale):
        traced.append(x)
        refs["a"][...] = refs["a"][...] + scale * x
        return refs["a"].shape[0]

    for ref in (mj.new_ref(jnp.zeros(2)), mj.new_ref(jnp.ones(2))):
        before = ref[...]
        assert step({"a": ref}, 3.0, scale=2.0) == 2
        np.testing.assert_array_equal(ref[...], before + 6)
    assert len(traced) == 1
    with pytest.raises(ValueError, match="pass it once"):
        mj.jit(lambda a, b: a[...] + b[...])(ref, ref)
    with pytest.raises(ValueError, match="reference"):
        mj.jit(lambda r: r)(ref)
    with pytest.raises(ValueError, match="reference"):
        mj.jit(lambda: mj.new_ref(1.0))()


def _count(ref: Any, amount: Any = 1.0) -> None:
    ref[...] += amount


def _with_fori(ref: Any) -> None:
    lax.fori_loop(0, 3, lambda i, _: _count(ref), None)


def _with_dynamic_fori(ref: Any) -> None:
    lax.fori_loop(0, jnp.array(3), lambda i, _: _count(ref), None)


def _with_scan(ref: Any) -> None:
    lax.scan(lambda c, x: (c, _count(ref, x)), None, jnp.array([1.0, 2.0]))


def _with_while(ref: Any) -> None:
    lax.while_loop(lambda i: ref[...] * i < 3, lambda i: (_count(ref), i)[1], 1.0)


def _with_cond(ref: Any) -> None:
    lax.cond(True, lambda: _count(ref, 3.0), lambda: None)
    lax.cond(False, lambda: _count(ref, 5.0), lambda: None)


def _with_operand(ref: Any) -> None:
    lax.cond(jnp.array(1) > 0, lambda r, x: _count(r, x), lambda r, x: None, ref, 3.0)


def _with_switch(ref: Any) -> None:
    lax.switch(2, [lambda: None, lambda: None, lambda: _count(ref, 3.0)])


def _with_map(ref: Any) -> None:
    lax.map(lambda x: _count(ref, x), jnp.array([1.0, 2.0]))


def _with_loops_in_a_loop(ref: Any) -> None:
    def body(carry: Any, x: Any) -> Any:
        lax.fori_loop(
            0, 1, lambda i, _: lax.cond(x > 0, lambda: _count(ref, x), lambda: None), None
        )
        return carry, ref[...]

    lax.scan(body, 0, jnp.array([1.0, -1.0, 2.0]))


def _with_checkpoint(ref: Any) -> None:
    mj.checkpoint(lambda x: _count(ref, x))(3.0)


def _with_vmap(ref: Any) -> None:
    mj.vmap(lambda x: (_count(ref, 3.0), x)[1])(jnp.ones(2))


@pytest.mark.parametrize(
    "use",
    [
        _with_fori,
        _with_dynamic_fori,
        _with_scan,
        _with_while,
        _with_cond,
        _with_operand,
        _with_switch,
        _with_map,
        _with_loops_in_a_loop,
        _with_checkpoint,
        _with_vmap,
    ],
)
def test_control_flow_and_transformations(use: Any) -> None:
    def local(x: Any) -> Any:
        ref = mj.new_ref(x)
        use(ref)
        return ref[...]

    ref = mj.new_ref(jnp.zeros(()))
    use(ref)
    assert float(ref[...]) == 3
    compiled = mj.jit(lambda: use(ref))
    for _ in range(2):
        ref[...] = 0.0
        compiled()
        assert float(ref[...]) == 3
    assert float(mj.jit(local)(0.0)) == 3
    np.testing.assert_array_equal(mj.vmap(local)(jnp.zeros(2)), [3, 3])
    assert float(mj.grad(local)(0.0)) == 1
    assert float(mj.jit(mj.grad(local))(0.0)) == 1


def test_stopped_gradients_go_out() -> None:
    ref = mj.new_ref(0.0)

    def f(x: Any) -> Any:
        ref[...] = lax.stop_gradient(x)
        return x * ref[...]

    for wrap in (mj.grad, lambda f: mj.jit(mj.grad(f)), lambda f: mj.grad(mj.jit(f))):
        ref[...] = 0.0
        assert float(wrap(f)(3.0)) == 3
        assert float(ref[...]) == 3


def test_derivatives_pass_through_references_made_inside() -> None:
    def f(x: Any) -> Any:
        ref = mj.new_ref(jnp.zeros(3))
        ref[0] = x

        def body(i: Any, carry: Any) -> Any:
            ref[i] = jnp.sin(ref[i - 1])
            return carry

        lax.fori_loop(1, 3, body, None)
        return ref[...].sum()

    def pure(x: Any) -> Any:
        return x + jnp.sin(x) + jnp.sin(jnp.sin(x))

    for derive in (mj.grad, mj.hessian, lambda f: mj.jit(mj.grad(f)), lambda f: mj.jit(f)):
        np.testing.assert_allclose(derive(f)(0.7), derive(pure)(0.7), rtol=1e-14)


def test_a_mapped_reference_has_a_part_for_each_example() -> None:
    ref, shared = mj.new_ref(jnp.zeros((2, 3))), mj.new_ref(1.0)

    def f(r: Any, s: Any, x: Any) -> Any:
        r[0] = 2 * x + s[...]
        s[...] += 1.0
        return x

    for wrap in (lambda f: f, mj.jit):
        ref[...], shared[...] = jnp.zeros((2, 3)), 1.0
        wrap(mj.vmap(f, in_axes=(1, None, 0)))(ref, shared, jnp.arange(3.0))
        np.testing.assert_array_equal(ref[...], [[1, 3, 5], [0, 0, 0]])
        assert float(shared[...]) == 2


def test_a_scan_over_a_reference_writes_to_its_slices() -> None:
    ref = mj.new_ref(jnp.arange(3.0))

    def body(total: Any, part: Any) -> Any:
        total = total + part[...]
        part[...] = total
        return total, None

    assert float(lax.scan(body, 0.0, ref)[0]) == 3
    np.testing.assert_array_equal(ref[...], [0, 1, 3])


def test_values_that_are_differentiated_or_mapped_stay_inside() -> None:
    ref = mj.new_ref(0.0)

    def f(x: Any) -> Any:
        ref[...] = x
        return x

    for transformed in (mj.grad(f), lambda x: mj.jvp(f, (x,), (x,))):
        with pytest.raises(ValueError, match="stop_gradient"):
            transformed(1.0)
    with pytest.raises(ValueError, match="argument"):
        mj.vmap(f)(jnp.ones(2))
    assert float(ref[...]) == 0


def test_a_reference_does_not_outlive_its_function() -> None:
    kept = []

    @mj.jit
    def f(x: Any) -> Any:
        kept.append(mj.new_ref(x))
        return kept[-1][...]

    f(1.0)
    with pytest.raises(UnexpectedTracerError, match="finished"):
        kept[0][...]


def test_a_function_that_fails_leaves_references_as_they_were() -> None:
    ref = mj.new_ref(1.0)

    def f(x: Any) -> Any:
        ref[...] = x
        raise KeyError("stop")

    with pytest.raises(KeyError):
        mj.jit(f)(2.0)
    assert float(ref[...]) == 1


def test_functions_with_rules_of_their_own_may_read() -> None:
    ref = mj.new_ref(2.0)

    @mj.custom_vjp
    def f(x: Any) -> Any:
        return x * ref[...]

    f.defvjp(lambda x: (f(x), None), lambda _, g: (g * ref[...],))
    compiled, named = mj.jit(mj.grad(f)), mj.jit(lambda x: mj.named_call(f)(x))
    for value in (2.0, 5.0):
        ref[...] = value
        assert float(compiled(1.0)) == float(named(1.0)) == value


def test_what_records_functions_of_values_only_says_so() -> None:
    ref = mj.new_ref(2.0)

    def f(x: Any) -> Any:
        ref[...] = x
        return x

    with pytest.raises(TypeError, match="references"):
        mj.jit(lambda x: mj.named_call(f)(x))(1.0)
    assert float(ref[...]) == 2


def test_programs_and_shapes() -> None:
    ref = mj.new_ref(jnp.zeros(2))
    assert mj.eval_shape(lambda r, x: r[...] * x, ref, 2.0).shape == (2,)
    program, shape = mj.make_jaxpr(lambda x: ref[...] * x, return_shape=True)(2.0)
    assert shape.shape == (2,)
    assert [aval.shape for aval in program.in_avals] == [(2,), ()]
    np.testing.assert_array_equal(ref[...], [0, 0])


@pytest.mark.oracle
def test_the_oracle_agrees(oracle: Any) -> None:
    found = []
    for lib in (mj, oracle):
        np_like = lib.numpy
        ref = lib.new_ref(np_like.zeros(4))

        @lib.jit
        def f(x, ref=ref, lib=lib):
            def body(c, t):
                ref[t] += c
                return c + ref[t], c * 2

            return lib.lax.scan(body, x, np.array([0, 2, 2]))

        found.append([f(1.0), f(2.0), ref[...], lib.freeze(lib.new_ref(3)), ref[1:3]])
    mj.tree.map(np.testing.assert_allclose, *found)
