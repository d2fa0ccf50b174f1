"""Makes docs/singular_points.md: values and derivatives where formulas divide by zero.

A row is an expression of `x` and a point. The expressions use names that JAX has too; its results
are stored in singular_points.json by

    python docs/singular_points.py      needs jax; run it when rows or the oracle's version change

Derivatives are computed forwards over reverse and forwards over forwards.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

STORED = Path(__file__).with_name("singular_points.json")
INF = math.inf
ORDERS = ("value", "first", "second")
Number = float | list[Any]


@dataclass(frozen=True, slots=True)
class Point:
    """A row of the table."""

    expression: str
    at: Number

    @property
    def key(self) -> str:
        """The row in singular_points.json."""
        return f"{self.expression} at {self.at}"


# Expressions beside the points that they share.
TABLE: tuple[tuple[tuple[Number, ...], tuple[str, ...]], ...] = (
    (
        (0.0,),
        (
            "jnp.abs(x)",
            "jnp.sign(x)",
            "jnp.floor(x)",
            "jnp.ceil(x)",
            "jnp.round(x)",
            "jnp.trunc(x)",
            "jnp.sqrt(x)",
            "jnp.cbrt(x)",
            "lax.rsqrt(x)",
            "jnp.reciprocal(x)",
            "jnp.log(x)",
            "jnp.exp(-1 / x)",
            "jnp.sinc(x)",
            "jnp.hypot(x, 0.0)",
            "jnp.hypot(x, x)",
            "jnp.hypot(x, 3.0)",
            "jnp.arctan2(x, 0.0)",
            "jnp.arctan2(0.0, x)",
            "jnp.arctan2(x, x)",
            "x**0",
            "x**0.0",
            "x**1",
            "x**2",
            "x**2.0",
            "x**3.0",
            "x**0.5",
            "x**-1",
            "jnp.power(x, 1.0)",
            "jnp.power(0.0, x)",
            "jnp.power(x, x)",
            "jnp.float_power(x, 2)",
            "jnp.square(x)",
            "jnp.maximum(x, 0.0)",
            "jnp.minimum(x, 0.0)",
            "jnp.maximum(x, x)",
            "jnp.fmax(x, 0.0)",
            "jnp.fmin(x, 0.0)",
            "jnp.clip(x, 0.0, 1.0)",
            "jnp.clip(x, -1.0, 0.0)",
            "jnp.clip(x, 0.0, 0.0)",
            "lax.clamp(0.0, x, 1.0)",
            "jnp.heaviside(x, 0.5)",
            "jnp.copysign(x, 1.0)",
            "jnp.fmod(x, 2.0)",
            "jnp.remainder(x, 2.0)",
            "jnp.floor_divide(x, 2.0)",
            "jnp.fabs(x)",
            "jnp.where(x > 0, jnp.sqrt(x), 0.0)",
            "jnp.where(x > 0, 1.0 / x, 0.0)",
            "jnp.where(x > 0, jnp.log(x), 1.0)",
            "jnp.where(x == 0, 0.0, jnp.abs(x) / x)",
            "jnp.where(x == 0, 1.0, jnp.sin(x) / x)",
            "jnp.where(x > 0, x**0.5, 0.0)",
            "jnp.where(x > 0, x * jnp.log(x), 0.0)",
            "jnp.where(x > 0, jnp.linalg.norm(x * jnp.ones(2)), 0.0)",
            "lax.cond(x > 0, jnp.sqrt, lambda v: v, x)",
            "nn.relu(x)",
            "nn.relu6(x)",
            "nn.leaky_relu(x)",
            "nn.elu(x)",
            "nn.celu(x)",
            "nn.selu(x)",
            "nn.gelu(x)",
            "nn.silu(x)",
            "nn.softplus(x)",
            "nn.soft_sign(x)",
            "nn.hard_tanh(x)",
            "nn.hard_sigmoid(x)",
            "nn.log_sigmoid(x)",
            "nn.squareplus(x)",
            "special.xlogy(x, 0.0)",
            "special.xlogy(x, x)",
            "special.xlogy(0.0, x)",
            "special.xlog1py(x, -1.0)",
            "special.entr(x)",
            "special.rel_entr(x, 1.0)",
            "special.kl_div(x, 1.0)",
            "special.erfinv(x)",
            "special.gammaln(x)",
            "special.digamma(x)",
            "special.i0(x)",
            "special.i0e(x)",
            "special.i1(x)",
            "special.i1e(x)",
            "special.logit(x)",
            "special.expit(x)",
            "special.ndtri(x)",
            "special.log_ndtr(x)",
            "jnp.expm1(x)",
            "jnp.log1p(x)",
            "jnp.tan(x)",
            "jnp.arcsinh(x)",
            "jnp.abs(x + 0j)",
            "jnp.angle(x + 0j)",
            "jnp.abs(lax.complex(x, x))",
            "jnp.real(jnp.sqrt(lax.complex(x, 0.0)))",
            "jnp.nan_to_num(x / x)",
            "jnp.logaddexp(x, x)",
            "jnp.logaddexp2(x, x)",
            "jnp.i0(x)",
        ),
    ),
    (
        (1.0, -1.0),
        (
            "jnp.arccos(x)",
            "jnp.arcsin(x)",
            "jnp.arctanh(x)",
            "jnp.log1p(x)",
            "jnp.arccosh(x)",
            "jnp.where(jnp.abs(x) < 1, jnp.arccos(x), 0.0)",
            "special.erfinv(x)",
            "special.ndtri(x)",
            "special.gammaln(x)",
            "special.digamma(x)",
            "nn.hard_tanh(x)",
            "jnp.clip(x, -1.0, 1.0)",
            "jnp.sqrt(1.0 - x * x)",
            "jnp.round(x / 2)",
        ),
    ),
    ((0.5, 1.5), ("jnp.round(x)", "jnp.fmod(x, 0.5)", "jnp.remainder(x, 0.5)", "jnp.sinc(x)")),
    (
        (-2.0,),
        (
            "jnp.power(x, 3)",
            "jnp.power(x, 3.0)",
            "x**-2",
            "jnp.power(x, 2.0)",
            "jnp.power(x, 0.5)",
            "jnp.cbrt(x)",
            "special.gammaln(x)",
            "special.digamma(x)",
        ),
    ),
    ((6.0,), ("nn.relu6(x)",)),
    ((3.0, -3.0), ("nn.hard_sigmoid(x)", "nn.hard_swish(x)")),
    (
        (1000.0, -1000.0),
        (
            "nn.softplus(x)",
            "nn.sigmoid(x)",
            "nn.log_sigmoid(x)",
            "nn.silu(x)",
            "nn.gelu(x)",
            "nn.elu(x)",
            "nn.selu(x)",
            "nn.mish(x)",
            "jnp.tanh(x)",
            "jnp.expm1(x)",
            "jnp.logaddexp(x, 0.0)",
            "special.erf(x)",
            "special.erfc(x)",
            "special.log_ndtr(x)",
            "special.i0e(x)",
            "jnp.where(x < 700, jnp.exp(x), 0.0)",
            "jnp.log(jnp.exp(x))",
        ),
    ),
    (
        (INF, -INF),
        (
            "jnp.tanh(x)",
            "jnp.arctan(x)",
            "nn.sigmoid(x)",
            "nn.softplus(x)",
            "jnp.exp(x)",
            "jnp.expm1(x)",
            "special.erf(x)",
            "jnp.logaddexp(x, x)",
            "jnp.logaddexp(x, 0.0)",
            "jnp.maximum(x, 0.0)",
            "jnp.abs(x)",
            "jnp.hypot(x, 0.0)",
        ),
    ),
    (
        ([0.0, 0.0],),
        (
            "jnp.linalg.norm(x)",
            "jnp.linalg.norm(x, ord=1)",
            "jnp.linalg.norm(x, ord=2)",
            "jnp.linalg.norm(x, ord=3)",
            "jnp.linalg.norm(x, ord=jnp.inf)",
            "jnp.linalg.norm(x, ord=-jnp.inf)",
            "jnp.linalg.norm(x, ord=0)",
            "jnp.linalg.vector_norm(x)",
            "jnp.sqrt(jnp.sum(x * x))",
            "jnp.hypot(x[0], x[1])",
            "jnp.arctan2(x[0], x[1])",
            "x / jnp.linalg.norm(x)",
            "jnp.dot(x, x) / (jnp.linalg.norm(x) * jnp.linalg.norm(x))",
            "nn.standardize(x)",
            "jnp.sum(jnp.abs(x))",
        ),
    ),
    (
        ([2.0, 2.0, 2.0],),
        (
            "jnp.std(x)",
            "jnp.var(x)",
            "jnp.nanstd(x)",
            "jnp.std(x, ddof=1)",
            "nn.standardize(x)",
            "jnp.max(x)",
            "jnp.min(x)",
            "jnp.amax(x)",
            "jnp.nanmax(x)",
            "jnp.ptp(x)",
            "jnp.median(x)",
            "jnp.quantile(x, 0.5)",
            "jnp.percentile(x, 30.0)",
            "jnp.sort(x)",
            "jnp.maximum(x, x[::-1])",
            "jnp.minimum(x[0], x[1])",
            "lax.cummax(x)",
            "lax.cummin(x)",
            "lax.top_k(x, 2)[0]",
            "jnp.corrcoef(x, x)[0, 1]",
            "jnp.diff(x)",
            "jnp.average(x)",
            "special.logsumexp(x)",
        ),
    ),
    (
        ([0.0, 2.0, 3.0], [0.0, 0.0, 3.0]),
        (
            "jnp.prod(x)",
            "jnp.cumprod(x)",
            "jnp.nanprod(x)",
            "lax.cumprod(x, reverse=True)",
            "jnp.count_nonzero(x) * x[0]",
            "jnp.median(x)",
            "jnp.linalg.norm(x, ord=1)",
            "jnp.linalg.norm(x, ord=jnp.inf)",
        ),
    ),
    (
        ([-INF, -INF], [-INF, 0.0], [INF, 0.0]),
        (
            "special.logsumexp(x)",
            "nn.logsumexp(x)",
            "jnp.logaddexp(x[0], x[1])",
            "nn.softmax(x)",
            "nn.log_softmax(x)",
            "lax.cumlogsumexp(x)",
            "jnp.max(x)",
        ),
    ),
    (
        ([[0.0, 0.0], [0.0, 0.0]],),
        (
            "jnp.linalg.norm(x)",
            "jnp.linalg.norm(x, ord=1)",
            "jnp.linalg.norm(x, ord=jnp.inf)",
            "jnp.linalg.norm(x, ord=2)",
            "jnp.linalg.norm(x, ord='fro')",
            "jnp.linalg.norm(x, ord='nuc')",
            "jnp.linalg.det(x)",
            "jnp.linalg.slogdet(x)[1]",
            "jnp.linalg.svdvals(x)",
            "jnp.linalg.eigvalsh(x)",
            "jnp.linalg.matrix_power(x, 0)",
            "jnp.linalg.matrix_power(x, 2)",
        ),
    ),
    (
        ([[1.0, 0.0], [0.0, 1.0]],),
        (
            "jnp.linalg.eigvalsh(x)",
            "jnp.linalg.eigh(x)[0][0]",
            "jnp.abs(jnp.linalg.eigh(x)[1])",
            "jnp.linalg.svdvals(x)",
            "jnp.linalg.norm(x, ord=2)",
            "jnp.linalg.norm(x, ord='nuc')",
            "jnp.linalg.cholesky(x)",
            "jnp.linalg.inv(x)",
        ),
    ),
    (
        ([[1.0, 2.0], [2.0, 4.0]],),
        ("jnp.linalg.det(x)", "jnp.linalg.slogdet(x)[1]", "jnp.linalg.pinv(x)"),
    ),
)

POLE = "a pole: there is no limit"
OUTSIDE = "outside of the domain"
UNGUARDED = "the formula divides 0 by 0 or takes 0 · ∞; guard the argument of the inner function"
TAIL = "∞ · 0 in the formula of the slope"
EMPTY = "the value itself is NaN"

# Where NaN comes out, by expression, and why.
NOT_A_NUMBER = {
    "jnp.exp(-1 / x)": UNGUARDED,
    "special.xlogy(0.0, x)": UNGUARDED,
    "special.gammaln(x)": POLE,
    "special.digamma(x)": POLE,
    "jnp.real(jnp.sqrt(lax.complex(x, 0.0)))": POLE,
    "jnp.arctanh(x)": POLE,
    "jnp.linalg.slogdet(x)[1]": POLE,
    "jnp.arccosh(x)": OUTSIDE,
    "special.ndtri(x)": OUTSIDE,
    "jnp.power(x, 0.5)": OUTSIDE,
    "jnp.log(jnp.exp(x))": TAIL,
    "special.erf(x)": TAIL,
    "special.logsumexp(x)": TAIL,
    "nn.logsumexp(x)": TAIL,
    "jnp.sqrt(jnp.sum(x * x))": UNGUARDED,
    "x / jnp.linalg.norm(x)": EMPTY,
    "jnp.dot(x, x) / (jnp.linalg.norm(x) * jnp.linalg.norm(x))": EMPTY,
    "jnp.corrcoef(x, x)[0, 1]": EMPTY,
    "nn.softmax(x)": EMPTY,
    "nn.log_softmax(x)": EMPTY,
}

# Where a finite number of JAX's is not the derivative, and ours is.
APART = {
    "special.ndtri(x)": "the slope is infinite",
    "jnp.i0(x)": "the second derivative is 1/2",
    "jnp.logaddexp(x, x)": "x + log 2 has slope 1",
    "jnp.logaddexp(x[0], x[1])": "the larger has slope 1, the other 0",
}

POINTS = tuple(
    Point(expression, at) for places, texts in TABLE for expression in texts for at in places
)


def results(library: str, point: Point) -> dict[str, list[Any]]:
    """Returns value, first and second derivatives of a row, each by every way there is.

    Args:
        library: `jax` or `minijax`.
        point: the row.

    Returns:
        For each order nested lists, one of every way.
    """
    root = importlib.import_module(library)
    modules = {"jnp": "numpy", "lax": "lax", "nn": "nn", "special": "scipy.special"}
    names = {k: importlib.import_module(f"{library}.{v}") for k, v in modules.items()}
    # The text is this file's own.
    function = eval(f"lambda x: {point.expression}", names)
    x = names["jnp"].array(point.at)
    ways: dict[str, tuple[Callable[..., Any], ...]] = {
        "value": (function,),
        "first": (root.jacfwd(function), root.jacrev(function)),
        "second": (
            root.jacfwd(root.jacrev(function)),
            root.jacfwd(root.jacfwd(function)),
        ),
    }
    with np.errstate(all="ignore"):
        return {order: [np.asarray(way(x)).tolist() for way in ways[order]] for order in ORDERS}


def stored() -> dict[str, dict[str, list[Any]]]:
    """Returns what JAX gives, by the keys of the rows."""
    return json.loads(STORED.read_text("utf-8"))


def faults(point: Point, ours: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> list[str]:
    """Returns what breaks the rule in a row.

    The rule: where JAX's number is finite ours is the same, unless the row is told apart; where it
    is not, ours is no NaN, unless the table tells why it is.
    """
    found = []
    for order in ORDERS:
        for mine, other in zip(ours[order], theirs[order], strict=True):
            a, b = np.asarray(mine, float), np.asarray(other, float)
            close = np.isclose(a, b, rtol=1e-6, atol=1e-9) | ~np.isfinite(b)
            if not close.all() and point.expression not in APART:
                found.append(f"{order}: {mine} where JAX has {other}")
            if np.isnan(a).any() and point.expression not in NOT_A_NUMBER:
                found.append(f"{order}: NaN without a reason")
    return found


def shown(number: Any) -> str:
    """Returns a number or nested list as short text."""
    if isinstance(number, list):
        flat = np.asarray(number, float).ravel()
        if flat.size > 4:
            same = np.all((flat == flat[0]) | np.isnan(flat) & np.isnan(flat[0]))
            return f"all {shown(float(flat[0]))}" if same else f"{flat.size} numbers"
        return f"[{', '.join(map(shown, number))}]"
    # Few digits, no residue of rounding and no sign of zero, so that every machine shows the same.
    clean = 0.0 if abs(number) < 1e-12 else number
    return f"{clean:.5g}".replace("inf", "∞").replace("nan", "NaN")


def row(point: Point, theirs: dict[str, list[Any]]) -> str:
    """Returns the line of a row; JAX's number is told where it is another one."""
    ours, cells = results("minijax", point), []
    for order in ORDERS:
        # The way with fewer NaNs speaks for both libraries.
        mine, other = (
            shown(min(ways[order], key=lambda x: int(np.isnan(np.asarray(x, float)).sum())))
            for ways in (ours, theirs)
        )
        cells.append(mine if mine == other else f"{mine} (JAX {other})")
    is_nan = "NaN" in json.dumps(ours)
    reason = NOT_A_NUMBER.get(point.expression, "") if is_nan else APART.get(point.expression, "")
    # A bar would end the cell.
    return f"| `{point.expression}` | {shown(point.at)} | {' | '.join(cells)} | {reason} |"


def page() -> str:
    """Returns the text of the page after its first line."""
    known = stored()
    lines = ["", "# Singular points", "", INTRODUCTION, ""]
    lines += ["| function | x | value | first | second | remark |", "|---|---|---|---|---|---|"]
    lines += [row(point, known[point.key]) for point in POINTS]
    return "\n".join(lines) + "\n"


INTRODUCTION = """\
Values and derivatives at points where a formula divides by zero, has a kink, or overflows. Where
JAX gives a finite derivative, this package gives the same one; where JAX gives NaN and there is a
convention, it is kept to: the slope of a norm at 0 and of an angle at the origin is 0, ties share
their slope, the slope of `x**0` is 0. JAX's result stands beside where it is another. Derivatives
are those forwards, or backwards if the forward one is NaN; a remark tells why one of the ways is
NaN. Long results are abridged.

What `where` leaves out contributes exactly zero to derivatives of every order, even where its own
are infinite or NaN: an elementwise function passes a cotangent that is 0 on as 0, whatever its
slope is. So does a number whose slope has underflowed: `log(exp(x))` has slope 0 backwards, and NaN
forwards, where `exp` overflows. Products that sum (`dot`, convolutions) and decompositions of
infinite numbers are left as they are."""


def store() -> None:
    """Writes singular_points.json."""
    importlib.import_module("jax").config.update("jax_enable_x64", True)
    found = {point.key: results("jax", point) for point in POINTS}
    text = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    STORED.write_text(f"{{\n{text}\n}}\n", "utf-8")


if __name__ == "__main__":
    sys.exit(store())
