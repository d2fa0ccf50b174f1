"""What computing an element costs, in units of one addition.

The numbers only rank choices: store a value, or compute it again where it is read.
"""

from __future__ import annotations

from minijax.core.dtypes import int64, is_complex, is_inexact
from minijax.kernel.expr import Expr

_FREE = frozenset(
    [
        "const",
        "index",
        "var",
        "read",
        "load",
        "guarded",
        "scalar",
        "convert",
        "real",
        "imag",
        "complex",
        "neg",
        "bitcast",
        "lane_index",
        "lane",
        "lanes",
    ]
)
_SLOW = {"div": 4.0, "rem": 8.0, "sqrt": 4.0, "rsqrt": 5.0, "floordiv": 1.0, "mod": 1.0}
_PLAIN = frozenset(
    [
        "add",
        "sub",
        "mul",
        "fma",
        "max",
        "min",
        "and",
        "or",
        "xor",
        "not",
        "select",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "lt_total",
        "le_total",
        "abs",
        "sign",
        "floor",
        "ceil",
        "round",
        "trunc",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "is_finite",
        "is_nan",
        "conj",
        "population_count",
        "clz",
        "reduce_precision",
        "nextafter",
    ]
)
_FUNCTION = 20.0
_FUNCTION_AGAIN = 50.0
_CHOICE_AGAIN = 4.0
# What elementary functions cost by the vector, beside an exponential.
_FUNCTIONS = {
    "asin": 24.0,
    "expm1": 27.0,
    "cos": 27.0,
    "log": 29.0,
    "atan": 29.0,
    "sin": 30.0,
    "sinh": 31.0,
    "tan": 35.0,
    "logistic": 35.0,
    "tanh": 38.0,
    "log1p": 40.0,
    "cbrt": 43.0,
    "erf": 64.0,
    "erfc": 64.0,
    "pow": 100.0,
}
# What a store and a load of an element cost, up to so many bytes of memory: the first level of
# the cache, the second, the third, and beyond.
_STORE_AND_LOAD = ((1 << 15, 8.0), (1 << 18, 12.0), (1 << 21, 24.0))
_FAR = 40.0
_INDEX_ARITHMETIC = 0.25


def node_weight(node: Expr) -> float:
    """Returns the cost of one node, without its operands."""
    if node.op in _FREE:
        return 0.0
    if node.op in _PLAIN:
        plain = _INDEX_ARITHMETIC if node.dtype == int64 else 1.0
        return 4 * plain if is_complex(node.dtype) else plain
    if node.op == "integer_pow":
        return 1.0 + abs(int(node.payload)).bit_length()
    return _SLOW.get(node.op) or _FUNCTIONS.get(node.op, _FUNCTION)


def is_function(node: Expr) -> bool:
    """Tells whether a node is an elementary or special function of real or complex numbers."""
    known = node.op in _FREE or node.op in _PLAIN or node.op in _SLOW
    return not known and node.op != "integer_pow" and is_inexact(node.dtype)


def weight_again(node: Expr) -> float:
    """Returns the cost of a node where it would be computed again: functions never are.

    Choices by index multiply where they are nested, and then no loop can be cut at all of them.
    """
    if node.op in _FREE or _is_shift(node):
        return 0.0
    if node.op == "select" and _compares_indices(node.operands[0]):
        return _CHOICE_AGAIN
    return max(_FUNCTION_AGAIN, node_weight(node)) if is_function(node) else node_weight(node)


def _is_shift(node: Expr) -> bool:
    """Tells whether a node is an index and a constant, which the address of a load has room for."""
    kinds = {x.op for x in node.operands}
    return node.op in ("add", "sub") and node.dtype == int64 and kinds == {"index", "const"}


def _compares_indices(condition: Expr) -> bool:
    parts = condition.operands if condition.op in ("and", "or") else (condition,)
    return any(x.operands and x.operands[0].dtype == int64 for x in parts)


def store_and_load(size: int) -> float:
    """Returns what it costs to keep an element instead of computing it again.

    Args:
        size: the bytes of all elements together.
    """
    return next((cost for most, cost in _STORE_AND_LOAD if size <= most), _FAR)
