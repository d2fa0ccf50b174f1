"""One elementary function over a vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.data import uniform
from benchmarks.registry import Made, program

SIZES = (1_000, 100_000, 1_000_000)

# name -> (function, lower and upper bound of its arguments)
FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Callable[..., Any]], float, float]] = {
    "exp": (lambda np, lib: np.exp, -10.0, 10.0),
    "log": (lambda np, lib: np.log, 1e-3, 100.0),
    "log1p": (lambda np, lib: np.log1p, 0.0, 10.0),
    "expm1": (lambda np, lib: np.expm1, -1.0, 1.0),
    "sin": (lambda np, lib: np.sin, -10.0, 10.0),
    "cos": (lambda np, lib: np.cos, -10.0, 10.0),
    "tan": (lambda np, lib: np.tan, -1.4, 1.4),
    "arctan": (lambda np, lib: np.arctan, -5.0, 5.0),
    "arccos": (lambda np, lib: np.arccos, -0.99, 0.99),
    "tanh": (lambda np, lib: np.tanh, -4.0, 4.0),
    "sqrt": (lambda np, lib: np.sqrt, 0.0, 10.0),
    "cbrt": (lambda np, lib: np.cbrt, 0.0, 10.0),
    "x ** 2.5": (lambda np, lib: lambda x: x**2.5, 0.1, 10.0),
    "x ** 3": (lambda np, lib: lambda x: x**3, -3.0, 3.0),
    "floor": (lambda np, lib: np.floor, -10.0, 10.0),
    "sigmoid": (lambda np, lib: lib.nn.sigmoid, -6.0, 6.0),
    "softplus": (lambda np, lib: lib.nn.softplus, -6.0, 6.0),
    "gelu": (lambda np, lib: lib.nn.gelu, -6.0, 6.0),
    "erf": (lambda np, lib: lib.scipy.special.erf, -3.0, 3.0),
    "gammaln": (lambda np, lib: lib.scipy.special.gammaln, 0.5, 20.0),
    "ndtri": (lambda np, lib: lib.scipy.special.ndtri, 0.01, 0.99),
    "arctan2": (lambda np, lib: lambda x: np.arctan2(x, x[::-1]), -1.0, 1.0),
    "exp, float32": (lambda np, lib: lambda x: np.exp(x.astype(np.float32)), -10.0, 10.0),
    "sin, float32": (lambda np, lib: lambda x: np.sin(x.astype(np.float32)), -10.0, 10.0),
}


def _register(name: str) -> None:
    function, low, high = FUNCTIONS[name]

    @program(name, *SIZES, tolerance=1e-10)
    def elementary(np: Any, lib: Any, n: int) -> Made:
        return function(np, lib), (uniform(n, low=low, high=high),)


for _name in FUNCTIONS:
    _register(_name)
