"""A primitive declared as libraries written for JAX declare theirs has every transformation."""

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import errors, lax
from minijax.extend.core import Primitive
from minijax.interpreters import ad, batching, mlir
from minijax.test_util import check_grads

X = np.array([0.5, 1.5])


@pytest.fixture
def multiply_add():
    """x y + z, with rules written by hand."""
    p = Primitive("multiply_add")
    p.def_impl(lambda x, y, z: np.add(np.multiply(x, y), z))
    p.def_abstract_eval(lambda x, y, z: mj.core.ShapedArray(x.shape, x.dtype))

    def jvp(primals, tangents):
        x, y, z = primals
        tx, ty, tz = (ad.instantiate_zeros(t) for t in tangents)
        return p.bind(x, y, z), p.bind(tx, y, p.bind(x, ty, tz))

    def transpose(ct, x, y, z):
        unknown = [ad.is_undefined_primal(operand) for operand in (x, y, z)]
        assert unknown != [True, True, unknown[2]]
        zero = jnp.zeros_like(ct)
        return (
            p.bind(ct, y, zero) if unknown[0] else None,
            p.bind(x, ct, zero) if unknown[1] else None,
            ct if unknown[2] else None,
        )

    ad.primitive_jvps[p] = jvp
    ad.primitive_transposes[p] = transpose
    batching.defbroadcasting(p)
    return p


@pytest.mark.parametrize("is_lowered", [False, True])
def test_a_primitive_with_rules(multiply_add, is_lowered) -> None:
    p = multiply_add
    if is_lowered:
        mlir.register_lowering(p, mlir.lower_fun(lambda x, y, z: x * y + z, False), platform="cpu")
        mlir.register_lowering(p, "not for this platform", platform="gpu")

    def f(x):
        return jnp.sum(p.bind(jnp.sin(x), x, x))

    expected = np.sum(np.sin(X) * X + X)
    slope = np.cos(X) * X + np.sin(X) + 1
    np.testing.assert_allclose(f(X), expected)
    np.testing.assert_allclose(mj.jit(f)(X), expected)
    np.testing.assert_allclose(mj.grad(f)(X), slope)
    np.testing.assert_allclose(mj.jit(mj.grad(f))(X), slope)
    np.testing.assert_allclose(mj.vmap(mj.grad(f))(X), slope)
    np.testing.assert_allclose(mj.jit(mj.vmap(p.bind, (0, None, 0)))(X, 2.0, X), 3 * X)
    assert "multiply_add" in str(mj.make_jaxpr(f)(X))
    check_grads(f, (X,), order=2)
    final, _ = lax.scan(lambda c, x: (p.bind(c, x, x), None), 1.0, X)
    np.testing.assert_allclose(final, (1.0 * 0.5 + 0.5) * 1.5 + 1.5)


def test_several_results_and_parameters() -> None:
    p = Primitive("split_power")
    p.multiple_results = True
    p.def_impl(lambda x, *, n: [x**n, -x])
    p.def_effectful_abstract_eval(lambda x, *, n: ([x, x], frozenset()))
    batching.defvectorized(p)
    assert [float(out) for out in p.bind(2.0, n=3)] == [8.0, -2.0]
    assert [float(out) for out in mj.jit(lambda x: p.bind(x, n=3))(2.0)] == [8.0, -2.0]
    np.testing.assert_array_equal(mj.vmap(lambda x: p.bind(x, n=2)[0])(X), X**2)
    program = mj.make_jaxpr(lambda x: p.bind(x, n=3))(2.0)
    assert not isinstance(mj.core.eval_jaxpr(program, program.consts, 2.0), tuple)


def test_linear_bilinear_and_elementwise_rules() -> None:
    double = Primitive("double")
    double.def_impl(lambda x: 2 * np.asarray(x))
    double.def_abstract_eval(lambda x: x)
    ad.deflinear(double, lambda ct: [double.bind(ct)])
    assert mj.grad(lambda x: double.bind(x) ** 2)(3.0) == 24.0

    product = Primitive("product")
    product.def_impl(np.multiply)
    product.def_abstract_eval(lambda x, y: x)
    ad.defbilinear(
        product, lambda ct, x, y: product.bind(ct, y), lambda ct, x, y: product.bind(x, ct)
    )
    check_grads(product.bind, (3.0, 4.0), order=2)

    root = Primitive("root")
    root.def_impl(np.sqrt)
    root.def_abstract_eval(lambda x: x)
    ad.defjvp2(root, lambda t, out, x: t / (2 * out))
    check_grads(root.bind, (4.0,), order=2)


def _centred() -> Primitive:
    """What an operand differs from the mean of the mapped axis, and the length of that."""
    p = Primitive("centred")
    p.multiple_results = True
    p.def_impl(lambda x: [np.zeros_like(x), np.int64(1)])
    p.def_abstract_eval(lambda x: [x, mj.core.ShapedArray((), np.dtype(int))])
    return p


@pytest.mark.parametrize("table", ["fancy", "axis"])
def test_batch_rules_that_are_told_of_the_axis(table) -> None:
    p, told = _centred(), []

    def batch(size, name, operands, dims):
        told.append((size, name))
        (x,), (dim,) = operands, dims
        if dim is None:
            return p.bind(x), (None, None)
        return [x - jnp.mean(x, dim, keepdims=True), jnp.asarray(size)], (dim, None)

    if table == "fancy":
        batching.fancy_primitive_batchers[p] = lambda axis, operands, dims: batch(
            axis.size, axis.name, operands, dims
        )
    else:
        batching.axis_primitive_batchers[p] = lambda size, name, _, operands, dims: batch(
            size, name, operands, dims
        )
    f = mj.vmap(p.bind, in_axes=1, out_axes=[1, None], axis_name="i")
    x = np.array([[1.0, 5.0], [2.0, 4.0]])
    for run in (f, mj.jit(f)):
        centred, size = run(x)
        np.testing.assert_array_equal(centred, [[-2.0, 2.0], [-1.0, 1.0]])
        assert size == 2
    assert set(told) == {(2, "i")}
    # Without the axis, the primitive is applied as it is.
    shared = mj.vmap(lambda x: (x, p.bind(1.0)[0]), axis_name="i")(X)[1]
    np.testing.assert_array_equal(shared, [0.0, 0.0])


def test_a_primitive_without_batch_rule_in_a_named_axis() -> None:
    p = Primitive("alone")
    p.def_impl(lambda x: x)
    p.def_abstract_eval(lambda x: x)
    np.testing.assert_array_equal(mj.vmap(lambda x: x + p.bind(1.0), axis_name="i")(X), X + 1)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_reductions(dim, axes) -> None:
    p = Primitive("total")
    p.def_impl(lambda x, axes: np.sum(np.asarray(x), axes))
    p.def_abstract_eval(lambda x, axes: mj.eval_shape(lambda y: y.sum(axes), x))
    batching.defreducer(p)
    x = np.arange(24.0).reshape(2, 3, 4)
    expected = np.stack([lane.sum(axes) for lane in np.moveaxis(x, dim, 0)])
    found = mj.vmap(lambda lane: p.bind(lane, axes=axes), in_axes=dim)(x)
    np.testing.assert_array_equal(found, expected)


def test_what_is_missing_is_said() -> None:
    p = Primitive("bare")
    with pytest.raises(errors.MissingRuleError, match="impl"):
        p.bind(1.0)
    p.def_impl(lambda x: x)
    with pytest.raises(errors.MissingRuleError, match="abstract"):
        mj.jit(p.bind)(1.0)
    p.def_abstract_eval(lambda x: x)
    for transform in (mj.grad, lambda f: mj.vmap(lambda x: f(x))):
        with pytest.raises(errors.MissingRuleError, match="bare"):
            transform(p.bind)(X if transform is not mj.grad else 1.0)
    # A lowering of another kind has no effect: compiled programs call the implementation.
    assert mlir.register_lowering(p, lambda ctx, x: x) is not None


def test_built_in_primitives_are_primitives() -> None:
    assert isinstance(lax.sin_p, Primitive)
    assert issubclass(Primitive, type(lax.sin_p))


def test_rules_as_methods_of_a_subclass() -> None:
    class Pair(Primitive):
        multiple_results = True

        def __init__(self, factor):
            super().__init__("pair")
            self.factor = factor

        def impl(self, x):
            return [np.asarray(x), self.factor * np.asarray(x)]

        def abstract_eval(self, x):
            return [x, x], mj.core.no_effects

    class Other(Pair):
        def impl(self, x):
            return [np.asarray(x), -np.asarray(x)]

    for p, second in ((Pair(3.0), 3 * X), (Other(3.0), -X)):
        for bind in (p.bind, mj.jit(p.bind)):
            np.testing.assert_array_equal(bind(X), [X, second])


def test_rules_for_builders_of_operations_are_accepted() -> None:
    def rule(context: mj.interpreters.mlir.LoweringRuleContext, x):
        return [x]

    assert mj.interpreters.mlir.register_lowering(Primitive("built"), rule) is rule
