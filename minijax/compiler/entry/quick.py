"""Operators and functions of arrays in native code: what they are applied to decides how.

`learn` is asked once for every combination of a function and the kinds of its operands. It has the
function record what it does; where that is one operation, and the operation is one ufunc, a row
of the table says so from then on, and `quick_text` applies the loop of the ufunc. Of functions that
do something else `quick_programs` has a table. So nothing is known of any operator here, and
results are those of the general way.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minijax.compiler.cache.modules import cached_module
from minijax.compiler.entry import quick_cost, quick_text
from minijax.compiler.entry.layout import find_layout, new_array_address
from minijax.compiler.entry.loops import find_loop
from minijax.compiler.entry.quick_programs import is_decided_by_key, is_own, programs
from minijax.core.activity import recording
from minijax.core.array import ConcreteArray
from minijax.core.avals import ShapedArray
from minijax.core.jaxpr import Eqn, Jaxpr, Literal
from minijax.core.operators import BINARY, COMPARISON, UNARY, Array
from minijax.core.primitive import Plan, Primitive
from minijax.core.source import filter_traceback
from minijax.interpreters.stage import stage

# What the operation of these functions is does not depend on the value of a Python number.
_BLIND = frozenset(
    """
    __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __eq__ __ne__
    __lt__ __le__ __gt__ __ge__ add subtract multiply divide maximum minimum equal not_equal less
    less_equal greater greater_equal
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)
# Of several operations whatever their operands, and not often applied.
_COMPOSITE = ("divmod", "lshift", "rshift")
_MOST_ELEMENTS = 1 << 15  # NumPy lets other threads run during longer loops
_MOST_READ = 4096  # bytes; beyond, a view is made sooner than a copy
_FASTCALL, _KEYWORDS = 0x80, 0x02


class _Kind(NamedTuple):
    """What a function does to operands of some kinds: a primitive, and numbers' dtypes."""

    primitive: Primitive
    numbers: tuple[ShapedArray | None, ...]


class Table:
    """The rows that have been written, and what they point to."""

    def __init__(self) -> None:
        self._memory = (ctypes.c_uint64 * (quick_text.ROW_WORDS << quick_text.ROWS_BITS))()
        self._bytes = memoryview(self._memory).cast("B")
        self._kept: dict[int, Any] = {}
        self._kinds: dict[Any, _Kind | None] = {}
        self._turn = 0

    @property
    def address(self) -> int:
        """The address of the first row."""
        return ctypes.addressof(self._memory)

    def learn(self, owner: Any, *operands: Any) -> None:
        """Writes the row of a function and operands of these avals and types.

        Args:
            owner: a primitive, or a function of arrays and numbers.
            *operands: one or two of them.
        """
        keys = [x.aval if type(x) is ConcreteArray else type(x) for x in operands]
        words = [0] * quick_text.ROW_WORDS
        words[quick_text.OWNER : quick_text.LOOP] = map(id, (owner, *keys))
        if len(keys) == 1:
            words.insert(quick_text.SECOND, 0)
        kept: list[Any] = [owner, *keys]
        words[quick_text.DATA] = quick_text.ASK if is_decided_by_key(owner) else 0
        if getattr(owner, "__name__", "") == "__getitem__":
            kept += self._describe_read(words, *operands)
        else:
            found = self._plan(owner, operands)
            if found is not None:
                kept += self._describe(words, *found)
        self._write(words[: quick_text.ROW_WORDS], kept)

    def _describe_read(self, words: list[int], x: ConcreteArray, index: Any) -> list[Any]:
        """Fills in how an array is read at an int; returns what the words point to."""
        aval = x.aval
        if type(index) is not int or not aval.size or not aval.shape or aval.dtype.kind == "V":
            return []
        out = ShapedArray(aval.shape[1:], aval.dtype, aval.weak_type)
        size = out.size * aval.dtype.itemsize
        if size > _MOST_READ:
            return []
        shape = self._describe_result(words, out)
        words[quick_text.LOOP] = quick_text.READ
        words[quick_text.COUNT], words[quick_text.LENGTH] = size, aval.shape[0]
        return [out, shape]

    def _describe_result(self, words: list[int], aval: ShapedArray) -> Any:
        shape = (ctypes.c_int64 * max(aval.ndim, 1))(*aval.shape)
        words[quick_text.DTYPE], words[quick_text.AVAL] = id(aval.dtype), id(aval)
        words[quick_text.RANK], words[quick_text.SHAPE] = aval.ndim, ctypes.addressof(shape)
        return shape

    def _describe(
        self, words: list[int], plan: Plan, avals: list[ShapedArray], modes: list[int]
    ) -> list[Any]:
        """Fills in how a ufunc is applied; returns what the words point to."""
        aval = plan.aval
        loop = find_loop(plan.ufunc, [*(a.dtype for a in avals), aval.dtype])
        # A complex result that must be free of NaN has two numbers to look at for each element.
        is_odd = plan.nan_apart and aval.dtype.kind != "f"
        if loop is None or is_odd or not 0 < aval.size <= _MOST_ELEMENTS:
            return []
        words[quick_text.LOOP], words[quick_text.DATA] = loop
        shape = self._describe_result(words, aval)
        words[quick_text.COUNT] = aval.size
        strides = [a.dtype.itemsize if a.shape else 0 for a in avals]
        for k, stride in enumerate([*strides, aval.dtype.itemsize]):
            words[quick_text.STRIDES + k] = stride
        words[quick_text.NAN_APART] = aval.dtype.itemsize if plan.nan_apart else 0
        for k, mode in enumerate(modes):
            words[quick_text.MODES + k] = mode
        return [aval, aval.dtype, shape, plan.ufunc]

    def _write(self, words: list[int], kept: list[Any]) -> None:
        place = quick_text.place_of(*words[quick_text.OWNER : quick_text.LOOP])
        # One of two neighbours, in turn; an empty one first.
        both = (place, place ^ 1)
        empty = [k for k in both if k not in self._kept]
        self._turn ^= 1
        chosen = empty[0] if empty else both[self._turn]
        size = 8 * quick_text.ROW_WORDS
        row = np.array(words, np.uint64).tobytes()
        # A single assignment, so that other threads see one row or the other.
        self._bytes[chosen * size : (chosen + 1) * size] = row
        self._kept[chosen] = kept

    # -- what a function does

    def _plan(
        self, owner: Any, operands: tuple[Any, ...]
    ) -> tuple[Plan, list[ShapedArray], list[int]] | None:
        kind = self._kind(owner, operands)
        if kind is None:
            return None
        avals, modes = [], []
        for x, number in zip(operands, kind.numbers, strict=True):
            avals.append(x.aval if number is None else number)
            mode = quick_text.FROM_ARRAY if number is None else _number_mode(number.dtype)
            if mode is None:
                return None
            modes.append(mode)
        plan = kind.primitive.plans[tuple(avals)]
        return None if plan is None else (plan, avals, modes)

    def _kind(self, owner: Any, operands: tuple[Any, ...]) -> _Kind | None:
        if isinstance(owner, Primitive):
            if all(type(x) is ConcreteArray for x in operands):
                return _Kind(owner, (None,) * len(operands))
            return None
        shapes = {x.aval.shape for x in operands if type(x) is ConcreteArray and x.aval.shape}
        has_numbers = any(type(x) is not ConcreteArray for x in operands)
        if len(shapes) > 1 or (has_numbers and owner.__name__ not in _BLIND) or not is_own(owner):
            return None
        key = (owner, *map(_kind_of_operand, operands))
        if key not in self._kinds:
            self._kinds[key] = _observe(owner, operands)
        return self._kinds[key]


@functools.cache
def rows() -> Table:
    """Returns the table that the native code reads."""
    return Table()


def _kind_of_operand(x: Any) -> Any:
    if type(x) is not ConcreteArray:
        return type(x)
    return x.aval.dtype, x.aval.weak_type, len(x.aval.shape) > 0


def _number_mode(dtype: np.dtype) -> int | None:
    """Returns how a Python number becomes one of a dtype, None for dtypes it is not written in."""
    name = dtype.str[1:]
    names = quick_text.NUMBER_TYPES
    return names.index(name) + 1 if dtype.kind in "fciu" and name in names else None


def _observe(function: Callable[..., Any], operands: tuple[Any, ...]) -> _Kind | None:
    """Returns what a function does, if it is one operation on all its operands in their order."""

    def program(*traced: Any) -> list[Any]:
        arrays = iter(traced)
        return [function(*(next(arrays) if type(x) is ConcreteArray else x for x in operands))]

    jaxpr = _staged(program, operands)
    if (
        jaxpr is None
        or len(jaxpr.eqns) != 1
        or jaxpr.constvars
        or jaxpr.outvars != jaxpr.eqns[0].outvars
    ):
        return None
    return _kind_of_eqn(jaxpr.eqns[0], list(jaxpr.invars), operands)


def _staged(program: Callable[..., list[Any]], operands: tuple[Any, ...]) -> Jaxpr | None:
    try:
        return stage(program, [x.aval for x in operands if type(x) is ConcreteArray])
    except Exception:  # the general way will say what is wrong
        return None


def _kind_of_eqn(eqn: Eqn, invars: list[Any], operands: tuple[Any, ...]) -> _Kind | None:
    if eqn.params or eqn.primitive.run is not None or len(eqn.invars) != len(operands):
        return None
    numbers: list[ShapedArray | None] = []
    for atom, x in zip(eqn.invars, operands, strict=True):
        if type(x) is ConcreteArray:
            if not invars or atom is not invars.pop(0):
                return None
            numbers.append(None)
        elif isinstance(atom, Literal):
            numbers.append(atom.aval)
        else:
            return None
    return _Kind(eqn.primitive, tuple(numbers))


# -- installation


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_kept: list[Any] = []


def _operators() -> dict[str, int]:
    """Returns the names of the methods to replace, with the number of their operands."""
    found = {f"__{name}__": 1 for name in UNARY}
    for name in (*BINARY, *COMPARISON):
        if name not in _COMPOSITE:
            found[f"__{name}__"] = 2
            if name in BINARY:
                found[f"__r{name}__"] = 2
    return found | {"__getitem__": 2}


def start() -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]] | None:
    """Makes the native code, and puts it behind operators and `Primitive.bind`.

    Returns:
        The functions that apply others, to one or two operands, and to a tuple and a dict of
        arguments; the function that makes native code of a program of a few operations. None
        where objects are not laid out as the code needs it.
    """
    layout = find_layout()
    if layout is None:
        return None
    operators = _operators()
    writer = quick_text.QuickWriter(layout, list(operators.values()))
    names = [f"operator_{k}" for k in range(len(operators))]
    exports = ("bind", "apply", "apply_all", "apply_block", "apply_steps", *names)
    code = cached_module(
        writer.write,
        quick_cost.ENTRY,
        effort=quick_cost.EFFORT,
        exports=exports,
        name=quick_cost.NAME,
    )
    table = rows()
    slow = [_of_array(name) for name in operators]
    bind = Primitive.bind
    _set_state(code.address, table, bind, slow)
    _kept.append((code, table, slow, bind))
    for symbol, name in zip(names, operators, strict=True):
        method = _method(ConcreteArray, name, code.addresses[symbol], _FASTCALL)
        setattr(ConcreteArray, name, method)
    flags = _FASTCALL | _KEYWORDS
    method = _method(Primitive, "bind", code.addresses["bind"], flags, bind.__doc__)
    setattr(Primitive, "bind", method)  # noqa: B010 - it is no method that Python knows of
    made = [_function(name, code.addresses[name]) for name in exports[1:5]]
    programs().apply_block, programs().apply_steps = made[2:]
    return made[0], made[1], programs().derive_steps


def _of_array(name: str) -> Callable[..., Any]:
    """Returns the general function of an operator, which is looked up when it is called."""

    def operator(*operands: Any) -> Any:
        try:
            return getattr(Array, name)(*operands)
        except Exception as error:
            filter_traceback(error)
            raise

    operator.__name__ = operator.__qualname__ = name
    return operator


def _set_state(getter: int, table: Table, bind: Any, slow: list[Any]) -> None:
    place = ctypes.CFUNCTYPE(ctypes.c_void_p)(getter)()
    learn, learn_keyed = table.learn, programs().learn
    _kept.append((learn, learn_keyed))
    objects = {
        "RECORDING": recording,
        "ARRAY": ConcreteArray,
        "FLOAT": float,
        "INT": int,
        "NDARRAY": np.ndarray,
        "NONE": None,
        "LEARN": learn,
        "BIND": bind,
        "LEARN_KEYED": learn_keyed,
        "TUPLE": tuple,
        "SLICE": slice,
        "BOOL": bool,
        "STR": str,
        "DTYPE_META": type(type(np.dtype(np.float64))),
        "ELLIPSIS": ...,
    }
    words = {quick_text.WORDS[name]: id(x) for name, x in objects.items()}
    words[quick_text.WORDS["ROWS"]] = table.address
    words[quick_text.WORDS["KEYED_ROWS"]] = programs().address
    words[quick_text.WORDS["NEW"]] = new_array_address()
    words |= {quick_text.OPERATORS + k: id(function) for k, function in enumerate(slow)}
    state = (ctypes.c_uint64 * len(words)).from_address(place)
    for word, value in words.items():
        state[word] = value


def _definition(name: str, address: int, flags: int, doc: str | None) -> _MethodDef:
    made = _MethodDef(name.encode(), address, flags, doc.encode() if doc else None)
    _kept.append(made)
    return made


def _method(kind: type, name: str, address: int, flags: int, doc: str | None = None) -> Any:
    make = ctypes.pythonapi.PyDescr_NewMethod
    make.restype, make.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.POINTER(_MethodDef)]
    return make(kind, ctypes.byref(_definition(name, address, flags, doc)))


def _function(name: str, address: int) -> Any:
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.POINTER(_MethodDef), ctypes.c_void_p, ctypes.c_void_p]
    return make(ctypes.byref(_definition(name, address, _FASTCALL, None)), None, None)
