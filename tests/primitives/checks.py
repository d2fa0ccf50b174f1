"""What must hold for every row of the table of primitives, as functions of a case and a dtype.

Each raises `AssertionError` where it does not hold. Values are compared with the tolerance of the
case, scaled to the dtype; integers, bools and keys must be equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minijax.primitives.arithmetic  # noqa: F401 - gives array avals their vector space
from minijax.core import dtypes
from minijax.core.array import aval_of, to_array, value_of
from minijax.core.avals import ShapedArray, Zero, materialize
from minijax.core.check import check_jaxpr
from minijax.core.jaxpr import Jaxpr
from minijax.interpreters.batch import batch
from minijax.interpreters.evaluate import eval_jaxpr, evaluate
from minijax.interpreters.jvp import jvp
from minijax.interpreters.linearize import linearize, vjp
from minijax.interpreters.stage import stage_closed
from minijax.interpreters.transpose import UndefinedPrimal, backward_pass
from minijax.kernel.build import lower_jaxpr
from minijax.kernel.check import check_program
from minijax.kernel.reference import evaluate_program
from tests.primitives.case import Case

BATCH_SIZE = 3
MAX_COMBINATIONS = 20
STEP = 1e-3  # of the fourth-order difference: truncation and rounding meet near 1e-12
DIFFERENCE_TOLERANCE = 1e-7
_WIDE = (dtypes.float64, dtypes.complex128)

Flat = Callable[..., list[Any]]


# -- running a case


def flat(case: Case) -> Flat:
    """Returns the case's function with a list of results."""

    def function(*args: Any) -> list[Any]:
        outs = case.function(*args)
        return list(outs) if isinstance(outs, tuple | list) else [outs]

    return function


def arrays(operands: Sequence[np.ndarray]) -> list[Any]:
    """Returns NumPy operands as arrays."""
    return [to_array(x) for x in operands]


def numpy_of(x: Any) -> np.ndarray:
    """Returns a result, tangent or cotangent as a NumPy array; symbolic zeros as zeros."""
    return np.asarray(value_of(materialize(x)))


def staged(case: Case, dtype: np.dtype) -> tuple[Jaxpr, list[np.ndarray]]:
    """Returns the case's program and its operands."""
    operands = case.sample(dtype)
    return stage_closed(flat(case), [aval_of(x) for x in operands]), operands


# -- comparing


def tolerance(case: Case, dtype: np.dtype) -> float:
    """Returns the relative tolerance of a case for results computed in a dtype."""
    if dtype in (dtypes.float16, dtypes.bfloat16):
        return 16 * (2.0**-10 if dtype == dtypes.float16 else 2.0**-7)
    if dtype in (dtypes.float32, dtypes.complex64):
        return min(case.tolerance * 2.0**29, max(1e-4, case.tolerance**0.5))
    return case.tolerance


def narrowest(values: Sequence[np.ndarray]) -> np.dtype:
    """Returns the inexact dtype of least precision among values; float64 if there is none."""
    order = (*_WIDE, dtypes.float32, dtypes.complex64, dtypes.float16, dtypes.bfloat16)
    found = [order.index(x.dtype) for x in values if x.dtype in order]
    return order[max(found, default=0)]


def widened(x: np.ndarray) -> np.ndarray:
    """Returns a value in the widest dtype of its kind."""
    if dtypes.is_inexact(x.dtype):
        return x.astype(np.complex128 if dtypes.is_complex(x.dtype) else np.float64)
    return x


def assert_close(found: Any, expected: Any, rtol: float, what: str, scale: float = 0.0) -> None:
    """Asserts that two arrays agree to a relative tolerance of their largest finite element."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    if not (dtypes.is_inexact(found.dtype) or dtypes.is_inexact(expected.dtype)):
        same = found.tobytes() == expected.astype(found.dtype, copy=False).tobytes()
        assert same, f"{what}: {found}, expected {expected}"
        return
    found, expected = widened(found), widened(expected)
    finite = np.abs(expected[np.isfinite(expected)])
    atol = rtol * max(scale, finite.max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol, err_msg=what)


def assert_results(case: Case, found: Sequence[Any], expected: Sequence[Any], what: str) -> None:
    """Asserts that lists of results agree to the tolerance of the case."""
    assert len(found) == len(expected), f"{what}: {len(found)} results, not {len(expected)}"
    rtol = tolerance(case, narrowest([*map(np.asarray, found)]))
    for k, (x, y) in enumerate(zip(found, expected, strict=True)):
        assert_close(x, y, rtol, f"{what}, result {k}")


# -- value and avals


def check_value(case: Case, dtype: np.dtype) -> None:
    """`impl` computes what the NumPy reference does (half floats: what it does in float32)."""
    assert case.reference is not None
    operands = case.sample(dtype)
    found = [numpy_of(x) for x in flat(case)(*arrays(operands))]
    halves = (dtypes.float16, dtypes.bfloat16)
    # Results that are no floats may be about the bits of the operands.
    is_half = any(x.dtype in halves for x in found)
    wide = [x.astype(np.float32) if is_half and x.dtype in halves else x for x in operands]
    with np.errstate(all="ignore"):
        expected = case.reference(*wide)
    expected = list(expected) if isinstance(expected, tuple | list) else [expected]
    rtol = tolerance(case, narrowest([*found, *operands]))
    assert len(found) == len(expected), f"{len(found)} results, reference has {len(expected)}"
    for k, (x, y) in enumerate(zip(found, expected, strict=True)):
        assert_close(x, y, rtol, f"value against reference, result {k}")


def check_avals(case: Case, dtype: np.dtype) -> None:
    """Eager and staged results have the same avals, and the program gives the same values."""
    jaxpr, operands = staged(case, dtype)
    check_jaxpr(jaxpr)
    eager = flat(case)(*arrays(operands))
    values = evaluate(jaxpr, operands)
    for out, value, aval in zip(eager, values, jaxpr.out_avals, strict=True):
        assert aval_of(out) == aval, f"eager {aval_of(out)!r}, staged {aval!r}"
        assert isinstance(aval, ShapedArray)
        assert (value.dtype, value.shape) == (aval.dtype, aval.shape), f"{value.dtype}, not {aval}"
    assert_results(case, values, [numpy_of(x) for x in eager], "staged against eager")


# -- derivatives


def active_operands(operands: Sequence[np.ndarray], allowed: Sequence[np.dtype]) -> list[int]:
    """Returns the positions of operands of the allowed dtypes."""
    return [i for i, x in enumerate(operands) if x.dtype in allowed]


def direction(x: np.ndarray, seed: int) -> np.ndarray:
    """Returns a random tangent of a value."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(-1, 1, x.shape)
    if dtypes.is_complex(x.dtype):
        v = v + 1j * rng.uniform(-1, 1, x.shape)
    return np.asarray(v).astype(x.dtype)


def push(function: Flat, operands: Sequence[Any], tangents: dict[int, Any]) -> list[np.ndarray]:
    """Returns the tangents of the results; operands without a tangent have a symbolic zero."""
    primals = arrays(operands)
    given = [
        to_array(tangents[i]) if i in tangents else Zero(x.aval.tangent())
        for i, x in enumerate(primals)
    ]
    outs, out_tangents = jvp(function, primals, given)
    for out, t in zip(outs, out_tangents, strict=True):
        expected = aval_of(out).tangent()
        assert aval_of(t).accepts(expected), f"tangent of {aval_of(t)}, expected {expected}"
    return [numpy_of(t) for t in out_tangents]


def pull(
    function: Flat, operands: Sequence[Any], active: Sequence[int], cts: Sequence[Any]
) -> list[np.ndarray]:
    """Returns the cotangents of the active operands."""
    primals = arrays(operands)
    _, pullback = vjp(function, primals, [i in active for i in range(len(primals))])
    found = pullback([ct if isinstance(ct, Zero) else to_array(ct) for ct in cts])
    for i, ct in zip(active, found, strict=True):
        expected = primals[i].aval.tangent()
        assert ct.aval.accepts(expected), f"cotangent of {ct.aval} for an operand of {expected}"
    return [numpy_of(ct) for ct in found]


def difference(
    function: Callable[..., list[np.ndarray]],
    operands: Sequence[np.ndarray],
    tangents: dict[int, np.ndarray],
) -> tuple[list[np.ndarray], list[float]]:
    """Returns the central difference along tangents (error h⁴), and the size of the values."""

    def at(step: float) -> list[np.ndarray]:
        moved = [x + step * tangents[i] if i in tangents else x for i, x in enumerate(operands)]
        return [widened(x) for x in function(*map(np.asarray, moved))]

    near, far = (at(STEP), at(-STEP)), (at(2 * STEP), at(-2 * STEP))
    slopes, sizes = [], []
    for up, down, up2, down2 in zip(*near, *far, strict=True):
        if not dtypes.is_inexact(up.dtype):
            slopes.append(np.zeros(up.shape, dtypes.float0))
            sizes.append(0.0)
            continue
        slopes.append((8 * (up - down) - (up2 - down2)) / (12 * STEP))
        sizes.append(float(np.abs(up).max(initial=1.0)))
    return slopes, sizes


def assert_slopes(
    found: Sequence[np.ndarray], slopes: Sequence[np.ndarray], sizes: Sequence[float], what: str
) -> None:
    """Asserts that derivatives agree with finite differences."""
    for k, (t, slope, size) in enumerate(zip(found, slopes, sizes, strict=True)):
        if t.dtype == dtypes.float0:
            assert slope.dtype == dtypes.float0
            continue
        assert_close(t, slope, DIFFERENCE_TOLERANCE, f"{what}, result {k}", size)


def numeric(case: Case) -> Callable[..., list[np.ndarray]]:
    """Returns the case as a function of NumPy arrays."""
    return lambda *xs: [numpy_of(out) for out in flat(case)(*arrays(xs))]


def check_jvp(case: Case, dtype: np.dtype) -> None:
    """jvp agrees with finite differences, for each operand alone and for all together."""
    operands = case.sample(dtype)
    active = active_operands(operands, _WIDE)
    directions = {i: direction(operands[i], seed=i + 1) for i in active}
    choices = [{i: directions[i]} for i in active]
    choices += [{i: 1j * directions[i]} for i in active if operands[i].dtype == np.complex128]
    if len(active) > 1:
        choices.append(directions)
    for tangents in choices:
        slopes, sizes = difference(numeric(case), operands, tangents)
        found = push(flat(case), operands, tangents)
        assert_slopes(found, slopes, sizes, f"jvp against differences, operands {[*tangents]}")


def check_complex_step(case: Case, dtype: np.dtype) -> None:
    """jvp agrees with the imaginary part of a tiny complex step, which has no cancellation."""
    operands = case.sample(dtype)
    for i in active_operands(operands, (dtypes.float64,)):
        v = direction(operands[i], seed=i + 1)
        stepped = [x.astype(np.complex128) if x.dtype == np.float64 else x for x in operands]
        stepped[i] = stepped[i] + 1e-30j * v
        slopes = [out.imag / 1e-30 for out in numeric(case)(*stepped)]
        for t, slope in zip(push(flat(case), operands, {i: v}), slopes, strict=True):
            rtol = max(case.tolerance, 1e-11)
            assert_close(t, slope, rtol, f"jvp against a complex step, operand {i}", 1e-3)


def pairing(xs: Sequence[np.ndarray], ys: Sequence[np.ndarray]) -> tuple[float, float]:
    """Returns Re Σ x·y, the form under which maps and their transposes pair, and Σ |x·y|."""
    total, size = 0.0, 0.0
    for x, y in zip(xs, ys, strict=True):
        if x.dtype == dtypes.float0 or y.dtype == dtypes.float0:
            continue
        products = widened(x) * widened(y)
        total += float(np.sum(products.real))
        size += float(np.sum(np.abs(products)))
    return total, size


def assert_adjoint(case: Case, lhs: tuple[Any, Any], rhs: tuple[Any, Any], what: str) -> None:
    """Asserts that two pairings of (vectors, covectors) are equal."""
    (left, left_size), (right, right_size) = pairing(*lhs), pairing(*rhs)
    rtol = 4 * tolerance(case, narrowest([*lhs[0], *lhs[1], *rhs[0], *rhs[1]]))
    bound = rtol * (left_size + right_size) + 1e-300
    assert abs(left - right) <= bound, f"{what}: <ct, J t> = {left}, <Jᵀ ct, t> = {right}"


def check_linearize(case: Case, dtype: np.dtype) -> None:
    """linearize agrees with jvp, and vjp is its transpose."""
    operands = case.sample(dtype)
    function = flat(case)
    active = active_operands(operands, dtypes.INEXACT)
    tangents = {i: direction(operands[i], seed=i + 1) for i in active}
    pushed = push(function, operands, tangents)
    flags = [i in active for i in range(len(operands))]
    outs, linear, out_active = linearize(function, arrays(operands), flags)
    check_jaxpr(linear)
    found = iter(eval_jaxpr(linear, *(to_array(tangents[i]) for i in active)))
    for k, (on, expected) in enumerate(zip(out_active, pushed, strict=True)):
        if on:
            rtol = tolerance(case, narrowest([expected]))
            assert_close(numpy_of(next(found)), expected, rtol, f"linearize, result {k}", 1.0)
        else:
            assert not np.any(expected.view(np.uint8)), f"linearize drops tangent {k}: {expected}"
    cts = [
        numpy_of(Zero(x.aval.tangent())) if t.dtype == dtypes.float0 else direction(t, seed=90 + k)
        for k, (x, t) in enumerate(zip(outs, pushed, strict=True))
    ]
    symbolic = [
        Zero(x.aval.tangent()) if ct.dtype == dtypes.float0 else ct
        for x, ct in zip(outs, cts, strict=True)
    ]
    pulled = pull(function, operands, active, symbolic)
    for i, ct in zip(active, pulled, strict=True):
        for factor in (1, 1j) if dtypes.is_complex(operands[i].dtype) else (1,):
            t = np.asarray(factor * tangents[i]).astype(operands[i].dtype)
            moved = push(function, operands, {i: t})
            assert_adjoint(case, (cts, moved), ([ct], [t]), f"vjp, operand {i}")


def check_transpose(case: Case, dtype: np.dtype) -> None:
    """The transposed program is the adjoint in each operand named linear, and in all if it is."""
    jaxpr, operands = staged(case, dtype)
    linear = [i for i in case.linear if dtypes.is_inexact(operands[i].dtype)]
    groups = [(i,) for i in linear]
    if len(linear) > 1 and _is_jointly_linear(case, jaxpr, operands, linear):
        groups.append(tuple(linear))
    for group in groups:
        _check_transpose_in(case, jaxpr, operands, group)


def _is_jointly_linear(
    case: Case, jaxpr: Jaxpr, operands: Sequence[np.ndarray], linear: Sequence[int]
) -> bool:
    tripled = [
        (x * np.asarray(3, x.dtype)).astype(x.dtype) if i in linear else x
        for i, x in enumerate(operands)
    ]
    once, thrice = evaluate(jaxpr, operands), evaluate(jaxpr, tripled)
    return all(
        np.allclose(widened(y), 3 * widened(x), rtol=10 * tolerance(case, x.dtype))
        for x, y in zip(once, thrice, strict=True)
    )


def _check_transpose_in(
    case: Case, jaxpr: Jaxpr, operands: Sequence[np.ndarray], group: Sequence[int]
) -> None:
    tangents = {i: direction(operands[i], seed=i + 1) for i in group}
    moved = evaluate(jaxpr, [tangents.get(i, x) for i, x in enumerate(operands)])
    zeroed = [np.zeros_like(x) if i in group else x for i, x in enumerate(operands)]
    at_zero = evaluate(jaxpr, zeroed)
    # Linear, or affine with the other operands fixed: the difference is the linear part.
    # Where both are NaN (what a gather fills with) nothing depends on the operands.
    images = [np.nan_to_num(widened(x) - widened(y)) for x, y in zip(moved, at_zero, strict=True)]
    cts = [direction(x, seed=90 + k) for k, x in enumerate(moved)]
    args = [
        UndefinedPrimal(aval_of(x)) if i in group else to_array(x) for i, x in enumerate(operands)
    ]
    pulled = backward_pass(jaxpr, args, [to_array(ct) for ct in cts])
    for i, ct in enumerate(pulled):
        assert (ct is not None) == (i in group), f"operand {i} of {group} got {ct}"
    found = [numpy_of(pulled[i]) for i in group]
    for i, ct in zip(group, found, strict=True):
        assert (ct.shape, ct.dtype) == (operands[i].shape, operands[i].dtype)
    given = [tangents[i] for i in group]
    # Differences of affine maps are rounded at the size of the values, not of the image.
    _, size = pairing(cts, [np.nan_to_num(widened(x)) for x in moved])
    left, right = pairing(cts, images)[0], pairing(found, given)[0]
    rtol = 4 * tolerance(case, narrowest([*moved, *given]))
    bound = rtol * (size + pairing(found, given)[1]) + 1e-300
    assert abs(left - right) <= bound, f"transpose in {group}: {left} against {right}"


# -- batching


def batch_dims(case: Case, operands: Sequence[np.ndarray]) -> list[tuple[int | None, ...]]:
    """Returns the combinations of batch dims to try, at most `MAX_COMBINATIONS`, spread evenly."""
    allowed = range(len(operands)) if case.batched is None else case.batched
    choices = [
        (None, *range(x.ndim + 1)) if i in allowed else (None,) for i, x in enumerate(operands)
    ]
    every = [dims for dims in itertools.product(*choices) if any(d is not None for d in dims)]
    if len(every) <= MAX_COMBINATIONS:
        return every
    ends = [tuple(options[1] if options[1:] else None for options in choices)]
    ends.append(tuple(options[-1] for options in choices))
    stride = len(every) / (MAX_COMBINATIONS - len(ends))
    spread = [every[int(k * stride)] for k in range(MAX_COMBINATIONS - len(ends))]
    return list(dict.fromkeys(ends + spread))


def check_batch(case: Case, dtype: np.dtype) -> None:
    """The batched function equals a loop over examples, wherever the operands' batch axes are."""
    samples = [case.sample(dtype, seed) for seed in range(BATCH_SIZE)]
    combinations = batch_dims(case, samples[0])
    for dims in combinations:
        _check_batch_dims(case, samples, dims)
    if combinations:
        _check_batch_dims(case, samples[:1], combinations[0])


def _check_batch_dims(
    case: Case, samples: Sequence[Sequence[np.ndarray]], dims: tuple[int | None, ...]
) -> None:
    size = len(samples)
    stacked = [
        samples[0][i] if dim is None else np.stack([s[i] for s in samples], dim)
        for i, dim in enumerate(dims)
    ]
    outs, out_dims = batch(flat(case), arrays(stacked), dims, size)
    examples = [
        numeric(case)(*(samples[0 if d is None else k][i] for i, d in enumerate(dims)))
        for k in range(size)
    ]
    found = []
    for out, dim in zip(outs, out_dims, strict=True):
        value = numpy_of(out)
        found.append(np.stack([value] * size) if dim is None else np.moveaxis(value, dim, 0))
    expected = [np.stack(column) for column in zip(*examples, strict=True)]
    for x, y in zip(found, expected, strict=True):
        assert x.dtype == y.dtype, f"batch dims {dims}: {x.dtype} for {y.dtype}"
    assert_results(case, found, expected, f"batch dims {dims}, size {size}")


# -- lowering


def check_kernel(case: Case, dtype: np.dtype) -> None:
    """The lowered program is well typed, and the kernel evaluator agrees with `impl`."""
    jaxpr, operands = staged(case, dtype)
    program = lower_jaxpr(jaxpr)
    check_program(program)
    found = evaluate_program(program, operands)
    expected = evaluate(jaxpr, operands)
    for x, y in zip(found, expected, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape), f"{x.dtype}{x.shape}: {y.dtype}{y.shape}"
    assert_results(case, found, expected, "kernel evaluator against impl")


def check_compiled(
    case: Case, dtype: np.dtype, execute: Callable[[Jaxpr, Sequence[np.ndarray]], Sequence[Any]]
) -> None:
    """The compiled program agrees with `impl`."""
    jaxpr, operands = staged(case, dtype)
    contiguous = [np.asarray(x, order="C") for x in operands]
    found = [np.asarray(x) for x in execute(jaxpr, contiguous)]
    expected = evaluate(jaxpr, operands)
    for x, y in zip(found, expected, strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape), f"{x.dtype}{x.shape}: {y.dtype}{y.shape}"
    assert_results(case, found, expected, "compiled against impl")


# -- second order


def check_second_order(case: Case, dtype: np.dtype) -> None:
    """Derivatives of jvp and vjp agree with finite differences of them, and with each other."""
    operands = case.sample(dtype)
    active = active_operands(operands, (dtypes.float64,))
    if not active:
        return
    function = flat(case)
    inner = {i: to_array(direction(operands[i], seed=i + 1)) for i in active}
    outer = {i: direction(operands[i], seed=i + 50) for i in active}

    def pushed(*xs: Any) -> list[Any]:
        given = [inner[i] if i in inner else Zero(aval_of(x).tangent()) for i, x in enumerate(xs)]
        return list(map(materialize, jvp(function, xs, given)[1]))

    cts = [
        Zero(aval_of(x).tangent())
        if not dtypes.is_inexact(aval_of(x).dtype)
        else to_array(direction(numpy_of(x), seed=90 + k))
        for k, x in enumerate(function(*arrays(operands)))
    ]

    def pulled(*xs: Any) -> list[Any]:
        _, pullback = vjp(function, xs, [i in active for i in range(len(xs))])
        return list(map(materialize, pullback(cts)))

    for derivative, what in ((pushed, "jvp of jvp"), (pulled, "jvp of vjp")):
        slopes, sizes = difference(_on_numpy(derivative), operands, outer)
        assert_slopes(push(derivative, operands, outer), slopes, sizes, what)
    _check_reverse_over_reverse(case, pulled, operands, outer)


def _on_numpy(function: Flat) -> Callable[..., list[np.ndarray]]:
    return lambda *xs: [numpy_of(out) for out in function(*arrays(xs))]


def _check_reverse_over_reverse(
    case: Case, pulled: Flat, operands: Sequence[np.ndarray], outer: dict[int, np.ndarray]
) -> None:
    moved = push(pulled, operands, outer)
    covectors = [direction(x, seed=150 + k) for k, x in enumerate(moved)]
    found = pull(pulled, operands, [*outer], covectors)
    pairs = (covectors, moved), (found, [*outer.values()])
    assert_adjoint(case, *pairs, "vjp of vjp")
