"""Native functions that compiled code calls: their addresses and their types.

One flat space of symbols; nothing is loaded before a symbol of its kind is asked for:

    blas_dgemm      BLAS, from the capsules of `scipy.linalg.cython_blas`
    lapack_dgetrf   LAPACK, from `scipy.linalg.cython_lapack`
    special_erfinv  special functions of doubles, from `scipy.special.cython_special`;
                    `special_erfinvf` is the version for floats, where there is one
    numpy_sort_float64, numpy_argsort_int32
                    sorting functions of NumPy (`numpy_sorts` says which)
    numpy_fft_float64, numpy_fft_float64_data
                    Fourier transforms of NumPy (`numpy_transforms`), and what they take as data
    ufunc_wofz_D_D, ufunc_wofz_D_D_data
                    elementwise loops of `scipy.special` for types (`ufunc_loops`), and their data
    sin, powf, …    the C library

BLAS and LAPACK take every argument by pointer, in Fortran order. Several special functions take
one more `i32` than mathematics does (Cython's dispatch flag): pass 0, `signature` shows it.

>>> import ctypes
>>> signature("special_erfinv")
Signature(ret='double', args=('double', 'i32'))
>>> function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_int)
>>> round(function(address("special_erfinv"))(0.5, 0), 12)
0.476936276204
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import re
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from typing import Any

from minijax.compiler import numpy_sorts, numpy_transforms, ufunc_loops
from minijax.compiler.cache.modules import cached_module
from minijax.compiler.engine import Program, keep_forever
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand, literal
from minijax.core.records import record

_SCIPY_MODULES = {
    "blas": "scipy.linalg.cython_blas",
    "lapack": "scipy.linalg.cython_lapack",
    "special": "scipy.special.cython_special",
}
_SCIPY_NAMES = {"lgamma": "gammaln", "digamma": "psi"}
_UNARY_NAMES = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 "
    "log1p sqrt cbrt floor ceil trunc round rint nearbyint fabs erf erfc tgamma lgamma"
)
_BINARY_NAMES = "pow atan2 hypot fmod remainder fmin fmax copysign nextafter fdim"
_UNARY = frozenset(_UNARY_NAMES.split())
_BINARY = frozenset(_BINARY_NAMES.split())
_TERNARY = frozenset(("fma",))


@record(eq=True)
class Signature:
    """The LLVM types of a function's result and arguments."""

    ret: str
    args: tuple[str, ...]


_MEMORY = {
    "malloc": Signature("ptr", ("i64",)),
    "calloc": Signature("ptr", ("i64", "i64")),
    "realloc": Signature("ptr", ("ptr", "i64")),
    "free": Signature("void", ("ptr",)),
    "memcpy": Signature("ptr", ("ptr", "ptr", "i64")),
    "memmove": Signature("ptr", ("ptr", "ptr", "i64")),
    "memset": Signature("ptr", ("ptr", "i32", "i64")),
    "memcmp": Signature("i32", ("ptr", "ptr", "i64")),
}

_NUMPY_SORTS = {
    "sort": Signature("i32", ("ptr", "i64", "ptr")),
    "quicksort": Signature("i32", ("ptr", "i64", "ptr")),
    "argsort": Signature("i32", ("ptr", "ptr", "i64", "ptr")),
}

_UFUNC_LOOP = Signature("void", ("ptr",) * 4)


def is_known(symbol: str) -> bool:
    """Tells whether there is a native function of a name.

    Args:
        symbol: its name in the scheme at the head of this module.

    Example:
        >>> is_known("lapack_dgetrf"), is_known("lapack_get_rich")
        (True, False)
    """
    try:
        _resolve(symbol)
    except LookupError:
        return False
    return True


def address(symbol: str) -> int:
    """The address of a native function; it stays valid as long as the process lives.

    Args:
        symbol: its name in the scheme at the head of this module.

    Raises:
        LookupError: if there is no such function.

    Example:
        >>> address("blas_dgemm") == address("blas_dgemm") != 0
        True
    """
    return _resolve(symbol)[0]


def signature(symbol: str) -> Signature:
    """The types of a native function.

    Args:
        symbol: its name in the scheme at the head of this module.

    Raises:
        LookupError: if there is no such function.

    Example:
        >>> signature("pow")
        Signature(ret='double', args=('double', 'double'))
    """
    return _resolve(symbol)[1]


@functools.cache
def _resolve(symbol: str) -> tuple[int, Signature]:
    family, separator, name = symbol.partition("_")
    if separator and family in _SCIPY_MODULES:
        if name == "zeta" and family == "special":
            return _hurwitz_zeta().address, Signature("double", ("double", "double"))
        return _scipy_function(symbol, family, name)
    if separator and family == "numpy":
        return _numpy_function(name)
    if separator and family == "ufunc":
        return _ufunc_loop(name)
    return _c_function(symbol)


def _numpy_function(name: str) -> tuple[int, Signature]:
    kind, _, dtype_name = name.removesuffix("_data").rpartition("_")
    if kind in _NUMPY_SORTS:
        return numpy_sorts.address(kind, dtype_name), _NUMPY_SORTS[kind]
    found = numpy_transforms.transform(kind, dtype_name)
    return (found.data if name.endswith("_data") else found.address), _UFUNC_LOOP


def _ufunc_loop(name: str) -> tuple[int, Signature]:
    parts = name.removesuffix("_data").rsplit("_", 2)
    if len(parts) != 3:
        raise LookupError(f"no loop is known by the name {name!r}")
    found = ufunc_loops.special(*parts)
    return (found.data if name.endswith("_data") else found.address), _UFUNC_LOOP


@functools.cache
def _c_libraries() -> tuple[ctypes.CDLL, ...]:
    if os.name == "nt":
        return (ctypes.CDLL("ucrtbase"),)
    process = ctypes.CDLL(None)
    # Asking for the path of libm starts subprocesses; the interpreter nearly always loads it.
    if hasattr(process, "cbrtf"):
        return (process,)
    path = importlib.import_module("ctypes.util").find_library("m")
    return (process,) if path is None else (process, ctypes.CDLL(path))


def _c_function(symbol: str) -> tuple[int, Signature]:
    types = _MEMORY.get(symbol) or _math_signature(symbol)
    for library in _c_libraries():
        if types is not None and hasattr(library, symbol):
            found = ctypes.cast(getattr(library, symbol), ctypes.c_void_p).value
            assert found is not None, f"{symbol} resolved to a null pointer"
            return found, types
    raise LookupError(f"no native function is known by the name {symbol!r}")


def _math_signature(symbol: str) -> Signature | None:
    for name, ty in ((symbol, "double"), (symbol.removesuffix("f"), "float")):
        for arity, names in ((1, _UNARY), (2, _BINARY), (3, _TERNARY)):
            if name in names:
                return Signature(ty, (ty,) * arity)
    return None


@functools.cache
def _capsules(module: str) -> Mapping[str, Any]:
    """The C functions a Cython module exports; the cache keeps the capsules alive."""
    exported: Mapping[str, Any] = _extension(module).__pyx_capi__
    return dict(exported)


def _extension(name: str) -> Any:
    """Imports an extension module of SciPy, but not the package around it, which takes longer."""
    if name in sys.modules:
        return sys.modules[name]
    package, folder, _ = name.split(".")
    roots = importlib.import_module(package).__path__
    spec = PathFinder.find_spec(name, [os.path.join(root, folder) for root in roots])
    if spec is None or spec.loader is None:
        return importlib.import_module(name)
    module = importlib.import_module("importlib.util").module_from_spec(spec)
    spec.loader.exec_module(module)
    # As an import would: the package finds it there when somebody needs all of it.
    return sys.modules.setdefault(name, module)


def _scipy_function(symbol: str, family: str, name: str) -> tuple[int, Signature]:
    capsules = _capsules(_SCIPY_MODULES[family])
    if family == "special":
        return _special_function(symbol, name, capsules)
    if name not in capsules:
        raise LookupError(f"{_SCIPY_MODULES[family]} has no function {name!r}")
    types = _parse_signature(_capsule_name(capsules[name]))
    if types is None:
        raise LookupError(f"{symbol!r} passes complex numbers by value, which code cannot emit")
    return _pointer(capsules[name]), types


def _special_function(symbol: str, name: str, capsules: Mapping[str, Any]) -> tuple[int, Signature]:
    """Finds the specialisation of a fused function whose arguments are all of the wanted type.

    Cython numbers them (`__pyx_fuse_0erf`, `__pyx_fuse_1erf`), in an order that varies.
    """
    for base, ty in ((name, "double"), (name.removesuffix("f"), "float")):
        scipy_name = _SCIPY_NAMES.get(base, base)
        for prefix in ("", "__pyx_fuse_0", "__pyx_fuse_1"):
            capsule = capsules.get(prefix + scipy_name)
            types = None if capsule is None else _parse_signature(_capsule_name(capsule))
            if types is not None and _is_real(types, ty):
                return _pointer(capsule), types
    raise LookupError(f"scipy.special has no function of real numbers for {symbol!r}")


def _is_real(types: Signature, ty: str) -> bool:
    return types.ret == ty and all(arg in (ty, "i32") for arg in types.args)


_C_TYPES = {
    "void": "void",
    "double": "double",
    "float": "float",
    "int": "i32",
    "long": f"i{8 * ctypes.sizeof(ctypes.c_long)}",
    "Py_ssize_t": f"i{8 * ctypes.sizeof(ctypes.c_ssize_t)}",
    "bint": "i32",
    "d": "double",
    "s": "float",
}


def _parse_signature(text: str) -> Signature | None:
    """LLVM types of a C prototype without a name, such as `double (double, int)`."""
    ret, _, rest = text.partition("(")
    args = [arg for arg in rest.rstrip(")").split(",") if arg.strip()]
    types = [_llvm_type(arg) for arg in (ret, *args)]
    known = tuple(ty for ty in types if ty is not None)
    return Signature(known[0], known[1:]) if len(known) == len(types) else None


def _llvm_type(text: str) -> str | None:
    if "*" in text:
        return "ptr"
    base = text.split()[0]
    # Cython spells its own type names with the module in front: ..._cython_blas_d is a double.
    own = re.fullmatch(r"__pyx_t_\w*cython_(?:blas|lapack)_([a-z])", base)
    return _C_TYPES.get(own[1] if own else base)


def _capsule_name(capsule: Any) -> str:
    read = ctypes.pythonapi.PyCapsule_GetName
    read.restype, read.argtypes = ctypes.c_char_p, [ctypes.py_object]
    name: bytes = read(capsule)
    return name.decode()


def _pointer(capsule: Any) -> int:
    read = ctypes.pythonapi.PyCapsule_GetPointer
    read.restype, read.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    found: int = read(capsule, _capsule_name(capsule).encode())
    return found


# B(2j) / (2j)! for j = 1 … 12, as numerator and denominator of the Bernoulli number B(2j).
_BERNOULLI = (
    (1, 6),
    (-1, 30),
    (1, 42),
    (-1, 30),
    (5, 66),
    (-691, 2730),
    (7, 6),
    (-3617, 510),
    (43867, 798),
    (-174611, 330),
    (854513, 138),
    (-236364091, 2730),
)


@functools.cache
def _hurwitz_zeta() -> Program:
    """Sum of (q + k)^-s over k ≥ 0: the first terms one by one, Euler and Maclaurin for the rest.

    After ten terms, and once q + k ≥ 10, twelve corrections suffice for doubles (DLMF 25.11.28).
    """
    module = ModuleWriter()
    fn = module.function("zeta", [("double", "s"), ("double", "q")], ret="double")
    whole_q = _is_whole(fn, "%q")
    below = fn.emit(f"fcmp ole double %q, {literal('double', 0)}")
    pole = fn.emit(f"and i1 {whole_q}, {below}")
    fractional_s = fn.emit(f"xor i1 {_is_whole(fn, '%s')}, true")
    undefined = fn.emit(f"and i1 {below}, {fractional_s}")
    small = fn.emit(f"fcmp olt double %s, {literal('double', 1)}")
    undefined = fn.emit(f"or i1 {undefined}, {small}")
    at_one = fn.emit(f"fcmp oeq double %s, {literal('double', 1)}")
    pole = fn.emit(f"or i1 {pole}, {at_one}")
    special = fn.emit(f"or i1 {pole}, {undefined}")
    with fn.if_else(special, ["double"]) as choice:
        with choice.then():
            infinite = fn.emit(f"xor i1 {small}, true")
            infinite = fn.emit(f"and i1 {infinite}, {pole}")
            answers = f"double {literal('double', float('inf'))}, double 0x7FF8000000000000"
            choice.give(fn.emit(f"select i1 {infinite}, {answers}"))
        with choice.otherwise():
            choice.give(_zeta_sum(fn))
    fn.ret(choice.results[0])
    code = cached_module(str(module), "zeta")
    # Of two threads that come here at once one has its code forgotten by the cache.
    keep_forever(code)
    return code


def _zeta_sum(fn: FunctionWriter) -> str:
    minus_s = fn.emit("fneg double %s")
    with fn.while_loop([("i64", 0), ("double", "%q"), ("double", literal("double", 0))]) as loop:
        count, place, total = loop.values
        few = fn.emit(f"icmp slt i64 {count}, 10")
        small = fn.emit(f"fcmp olt double {place}, {literal('double', 10)}")
        loop.test(fn.emit(f"or i1 {few}, {small}"))
        term = fn.call("double", "pow", [("double", place), ("double", minus_s)])
        loop.next(
            fn.emit(f"add i64 {count}, 1"),
            _arith(fn, "fadd", place, literal("double", 1)),
            _arith(fn, "fadd", total, term),
        )
    _, place, total = loop.results
    power = fn.call("double", "pow", [("double", place), ("double", minus_s)])
    vanished = fn.emit(f"fcmp oeq double {power}, {literal('double', 0)}")
    tail = _zeta_tail(fn, place, power)
    tail = fn.emit(f"select i1 {vanished}, double {literal('double', 0)}, double {tail}")
    return _arith(fn, "fadd", total, tail)


def _zeta_tail(fn: FunctionWriter, place: str, power: str) -> str:
    less = _arith(fn, "fsub", "%s", literal("double", 1))
    integral = _arith(fn, "fdiv", _arith(fn, "fmul", power, place), less)
    half = _arith(fn, "fmul", power, literal("double", 0.5))
    tail = _arith(fn, "fadd", integral, half)
    rising = _arith(fn, "fdiv", _arith(fn, "fmul", power, "%s"), place)
    factorial = 1
    for order, (numerator, denominator) in enumerate(_BERNOULLI, start=1):
        factorial *= (2 * order - 1) * (2 * order)
        weight = literal("double", numerator / (denominator * factorial))
        tail = _arith(fn, "fadd", tail, _arith(fn, "fmul", rising, weight))
        for shift in (2 * order - 1, 2 * order):
            factor = _arith(fn, "fadd", "%s", literal("double", shift))
            rising = _arith(fn, "fdiv", _arith(fn, "fmul", rising, factor), place)
    return tail


def _is_whole(fn: FunctionWriter, value: str) -> str:
    floor = fn.call("double", "floor", [("double", value)])
    return fn.emit(f"fcmp oeq double {floor}, {value}")


def _arith(fn: FunctionWriter, operation: str, left: Operand, right: Operand) -> str:
    return fn.emit(f"{operation} double {left}, {right}")
