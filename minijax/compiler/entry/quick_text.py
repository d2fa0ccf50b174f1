"""The code that applies an operator or a function to arrays at once, by the loop of a NumPy ufunc.

    x + y ──▶ `operator_k` ──▶ `quick` ──▶ the row of (what, aval of x, aval of y) ──▶ its loop
                    │             └─ no row ──▶ `learn`, in Python, which may write one
                    └─ not applicable ──▶ the general function, in Python

`quick` applies only while nothing records what a program does. A row says how each operand becomes
an address: an array has one, a Python number is written to a place on the stack in the dtype of
the row. Where a row has no loop, the table of `quick_keys_text` may know what to do, by all that
the function is applied to. The text names no address, so it is the same in every process; what it
needs to know of the process stands in the words of `state`.
"""

from __future__ import annotations

from collections.abc import Sequence

from minijax.compiler.entry import quick_steps_text
from minijax.compiler.entry.layout import Layout
from minijax.compiler.entry.quick_keys_text import KeysWriter
from minijax.compiler.entry.quick_steps_text import StepsWriter
from minijax.compiler.text import FunctionWriter, ModuleWriter

# Words of `state` by name; the functions of operators come after.
WORDS = {
    name: number
    for number, name in enumerate(
        """
        ROWS RECORDING ARRAY FLOAT INT NDARRAY NEW NONE LEARN BIND LEARN_KEYED KEYED_ROWS TUPLE
        SLICE BOOL STR DTYPE_META ELLIPSIS
        """.split()  # noqa: SIM905 - a list of strings would fill a screen
    )
}
OPERATORS = len(WORDS)

# Words of a row. Two rows stand side by side where a key leads.
(OWNER, FIRST, SECOND, LOOP, DATA, DTYPE, AVAL, RANK, SHAPE, COUNT, STRIDES) = range(11)
assert (DTYPE, AVAL, RANK, SHAPE) == (
    quick_steps_text.DTYPE,
    quick_steps_text.AVAL,
    quick_steps_text.RANK,
    quick_steps_text.SHAPE,
), "rows and blocks describe results alike"
# In place of a loop: an array read at an int, COUNT bytes a row and LENGTH rows.
READ, LENGTH = 1, STRIDES
# In place of data, where there is no loop: the other table is to be asked.
ASK = 1
MODES = STRIDES + 3
NAN_APART = MODES + 2  # 0, or the bytes of the numbers of which none may be NaN
ROW_WORDS = 16
ROWS_BITS = 10

# How an operand becomes an address: an array's own, or a number in one of these types.
NUMBER_TYPES = ("f8", "f4", "c16", "c8", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")
FROM_ARRAY = 0

_USED = 24  # of a set, the number of its members
_NUMBER = 16  # of a float, where its value is
_CONTIGUOUS_AND_ALIGNED = 0x101
_OBJECT = (("ptr", "self"), ("ptr", "args"), ("i64", "nargs"))


class QuickWriter:
    """Writes the module.

    Args:
        layout: where objects keep what the code reads.
        operators: for each operator the number of its operands.
    """

    def __init__(self, layout: Layout, operators: Sequence[int]) -> None:
        self.layout = layout
        self.operators = operators
        self.module = ModuleWriter()
        self.state = self.module.variable("state", f"[{OPERATORS + len(operators)} x i64]")
        self.fn: FunctionWriter

    def write(self) -> str:
        """Returns the text."""
        self.fn = self.module.function("state_address", [], "ptr")
        self.fn.ret(self.state)
        self._write_key()
        self._write_find()
        self._write_number()
        self._write_address()
        self._write_holds_nan()
        state = (WORDS["ARRAY"], WORDS["NDARRAY"], WORDS["FLOAT"], WORDS["NEW"])
        StepsWriter(self.module, self.layout, self.state, state).write()
        KeysWriter(self.module, self.layout, self.state, WORDS).write()
        self._write_run()
        self._write_read()
        self._write_quick()
        self._write_bind()
        self._write_apply()
        self._write_apply_all()
        self._write_apply_block("block")
        self._write_apply_block("steps")
        for k, count in enumerate(self.operators):
            self._write_operator(k, count)
        return str(self.module)

    # -- finding a row

    def _write_key(self) -> None:
        """What stands for an operand in a key: the aval of an array, the type of a number."""
        self.fn = fn = self.module.function("key", [("ptr", "x")], "ptr", "internal")
        kind = fn.load("ptr", self._at("%x", 8))
        with fn.when(fn.emit(f"icmp eq ptr {kind}, {self._state('ARRAY')}")):
            fn.ret(fn.load("ptr", self._at("%x", self.layout.aval)))
        is_float = fn.emit(f"icmp eq ptr {kind}, {self._state('FLOAT')}")
        is_int = fn.emit(f"icmp eq ptr {kind}, {self._state('INT')}")
        is_number = fn.emit(f"or i1 {is_float}, {is_int}")
        fn.ret(fn.emit(f"select i1 {is_number}, ptr {kind}, ptr null"))

    def _write_find(self) -> None:
        args = [("ptr", "owner"), ("ptr", "a"), ("ptr", "b")]
        self.fn = fn = self.module.function("find", args, "ptr", "internal")
        place = hash_steps(fn, ["%owner", "%a", "%b"])
        rows = self._state("ROWS")
        for neighbour in (0, 1):
            number = fn.emit(f"xor i64 {place}, {neighbour}")
            row = fn.gep("i64", rows, fn.emit(f"mul i64 {number}, {ROW_WORDS}"))
            same = "true"
            for word, wanted in ((OWNER, "%owner"), (FIRST, "%a"), (SECOND, "%b")):
                found = fn.load("ptr", fn.gep("i64", row, word))
                equal = fn.emit(f"icmp eq ptr {found}, {wanted}")
                same = fn.emit(f"and i1 {same}, {equal}")
            with fn.when(same):
                fn.ret(row)
        fn.ret("null")

    # -- operands

    def _write_number(self) -> None:
        """Writes a Python number to a place; tells whether it fits into the type."""
        args = [("ptr", "x"), ("i64", "mode"), ("ptr", "place")]
        self.fn = fn = self.module.function("number", args, "i1", "internal")
        kind = fn.load("ptr", self._at("%x", 8))
        is_float = fn.emit(f"icmp eq ptr {kind}, {self._state('FLOAT')}")
        with fn.if_else(is_float, ["double", "i64"]) as choice:
            with choice.then():
                choice.give(fn.load("double", self._at("%x", _NUMBER)), 0)
            with choice.otherwise():
                overflow = fn.alloca("i32")
                given = [("ptr", "%x"), ("ptr", overflow)]
                whole = fn.call("i64", "PyLong_AsLongLongAndOverflow", given)
                with fn.when(fn.emit(f"icmp ne i32 {fn.load('i32', overflow)}, 0")):
                    fn.ret("false")
                choice.give(fn.emit(f"sitofp i64 {whole} to double"), whole)
        value, integer = choice.results
        number = fn.emit("sub i64 %mode, 1")
        with fn.switch(number, len(NUMBER_TYPES)) as cases:
            for k, name in enumerate(NUMBER_TYPES):
                with cases.case(k):
                    if name[0] in "fc":
                        self._store_float(name, value)
                    else:
                        self._store_integer(name, integer)
        fn.ret("true")

    def _store_float(self, name: str, value: str) -> None:
        fn = self.fn
        ty = "double" if name in ("f8", "c16") else "float"
        if ty == "float":
            value = fn.emit(f"fptrunc double {value} to float")
        fn.store(ty, value, "%place")
        if name[0] == "c":
            fn.store(ty, "0.0", fn.gep(ty, "%place", 1))

    def _store_integer(self, name: str, value: str) -> None:
        fn, bits = self.fn, 8 * int(name[1:])
        if bits < 64:
            narrow = fn.emit(f"trunc i64 {value} to i{bits}")
            extend = "sext" if name[0] == "i" else "zext"
            wide = fn.emit(f"{extend} i{bits} {narrow} to i64")
            outside = fn.emit(f"icmp ne i64 {wide}, {value}")
        else:
            narrow = value
            outside = fn.emit(f"icmp slt i64 {value}, 0") if name[0] == "u" else "false"
        with fn.when(outside):
            fn.ret("false")
        fn.store(f"i{bits}", narrow, "%place")

    def _write_address(self) -> None:
        """The address of an operand; null if there is none that a loop can take."""
        args = [("ptr", "x"), ("i64", "mode"), ("ptr", "place")]
        self.fn = fn = self.module.function("address", args, "ptr", "internal")
        with fn.when(fn.emit(f"icmp ne i64 %mode, {FROM_ARRAY}")):
            given = [("ptr", "%x"), ("i64", "%mode"), ("ptr", "%place")]
            fits = fn.call("i1", "number", given)
            fn.ret(fn.emit(f"select i1 {fits}, ptr %place, ptr null"))
        buffer = fn.load("ptr", self._at("%x", self.layout.value))
        flags = fn.load("i32", self._at(buffer, self.layout.flags))
        plain = fn.emit(f"and i32 {flags}, {_CONTIGUOUS_AND_ALIGNED}")
        is_plain = fn.emit(f"icmp eq i32 {plain}, {_CONTIGUOUS_AND_ALIGNED}")
        data = fn.load("ptr", self._at(buffer, self.layout.data))
        fn.ret(fn.emit(f"select i1 {is_plain}, ptr {data}, ptr null"))

    # -- applying a row

    def _write_run(self) -> None:
        """Applies a row; null if Python has raised, `state` if the row does not fit after all."""
        args = [("ptr", "row"), ("ptr", "x"), ("ptr", "y")]
        self.fn = fn = self.module.function("run", args, "ptr", "internal")
        addresses = fn.alloca("ptr", 3)
        for k, x in enumerate(("%x", "%y")):
            place = fn.alloca("[2 x i64]")
            with fn.when(fn.emit(f"icmp ne ptr {x}, null")):
                given = [("ptr", x), ("i64", self._word(MODES + k)), ("ptr", place)]
                address = fn.call("ptr", "address", given)
                with fn.when(fn.emit(f"icmp eq ptr {address}, null")):
                    fn.ret(self.state)
                fn.store("ptr", address, fn.gep("ptr", addresses, k))
        buffer = self._new_buffer()
        data = fn.load("ptr", self._at(buffer, self.layout.data))
        is_unary = fn.emit("icmp eq ptr %y, null")
        last = fn.emit(f"select i1 {is_unary}, i64 1, i64 2")
        fn.store("ptr", data, fn.gep("ptr", addresses, last))
        count = fn.alloca("i64")
        fn.store("i64", self._word(COUNT), count)
        given = [("ptr", addresses), ("ptr", count), ("ptr", fn.gep("i64", "%row", STRIDES))]
        fn.call("void", self._word(LOOP, "ptr"), [*given, ("ptr", self._word(DATA, "ptr"))])
        given = [("ptr", data), ("i64", self._word(COUNT)), ("i64", self._word(NAN_APART))]
        with fn.when(fn.call("i1", "holds_nan", given)):
            fn.call("void", "Py_DecRef", [("ptr", buffer)])
            fn.ret(self.state)
        fn.ret(self._wrapped(buffer))

    def _write_holds_nan(self) -> None:
        args = [("ptr", "data"), ("i64", "count"), ("i64", "size")]
        self.fn = fn = self.module.function("holds_nan", args, "i1", "internal")
        with fn.when(fn.emit("icmp eq i64 %size, 0")):
            fn.ret("false")
        is_wide = fn.emit("icmp eq i64 %size, 8")
        with fn.if_else(is_wide, ["i1"]) as choice:
            for branch, ty in ((choice.then, "double"), (choice.otherwise, "float")):
                with branch():
                    with fn.loop("%count", carried=[("i1", "false")]) as loop:
                        x = fn.load(ty, fn.gep(ty, "%data", loop.index))
                        is_nan = fn.emit(f"fcmp uno {ty} {x}, {x}")
                        loop.next(fn.emit(f"or i1 {loop.values[0]}, {is_nan}"))
                    choice.give(loop.results[0])
        fn.ret(choice.results[0])

    def _new_buffer(self) -> str:
        fn = self.fn
        buffer = fn.call("ptr", "new_buffer", [("ptr", "%row")])
        with fn.when(fn.emit(f"icmp eq ptr {buffer}, null")):
            fn.ret("null")
        return buffer

    def _wrapped(self, buffer: str) -> str:
        return self.fn.call("ptr", "wrapped", [("ptr", "%row"), ("ptr", buffer)])

    def _write_read(self) -> None:
        """Reads an array at a Python int along its first axis."""
        args = [("ptr", "row"), ("ptr", "x"), ("ptr", "y")]
        self.fn = fn = self.module.function("read", args, "ptr", "internal")
        overflow = fn.alloca("i32")
        given = [("ptr", "%y"), ("ptr", overflow)]
        number = fn.call("i64", "PyLong_AsLongLongAndOverflow", given)
        length = self._word(LENGTH)
        from_end = fn.emit(f"add i64 {number}, {length}")
        is_negative = fn.emit(f"icmp slt i64 {number}, 0")
        place = fn.emit(f"select i1 {is_negative}, i64 {from_end}, i64 {number}")
        is_outside = fn.emit(f"icmp uge i64 {place}, {length}")
        is_large = fn.emit(f"icmp ne i32 {fn.load('i32', overflow)}, 0")
        given = [("ptr", "%x"), ("i64", str(FROM_ARRAY)), ("ptr", "null")]
        address = fn.call("ptr", "address", given)
        is_odd = fn.emit(f"or i1 {is_large}, {fn.emit(f'icmp eq ptr {address}, null')}")
        with fn.when(fn.emit(f"or i1 {is_outside}, {is_odd}")):
            fn.ret(self.state)
        buffer = self._new_buffer()
        data, size = fn.load("ptr", self._at(buffer, self.layout.data)), self._word(COUNT)
        source = fn.gep("i8", address, fn.emit(f"mul i64 {place}, {size}"))
        fn.call("ptr", "memcpy", [("ptr", data), ("ptr", source), ("i64", size)])
        fn.ret(self._wrapped(buffer))

    def _write_quick(self) -> None:
        """Applies `owner` to one operand or two; `state` if it is not applicable."""
        args = [("ptr", "owner"), ("ptr", "x"), ("ptr", "y")]
        # One copy of the code serves all operators.
        apart = ("nounwind", "noinline")
        self.fn = fn = self.module.function("quick", args, "ptr", "internal", apart)
        used = fn.load("i64", self._at(self._state("RECORDING"), _USED))
        first = fn.call("ptr", "key", [("ptr", "%x")])
        is_out = fn.emit(f"icmp ne i64 {used}, 0")
        is_odd = fn.emit(f"icmp eq ptr {first}, null")
        with fn.when(fn.emit(f"or i1 {is_out}, {is_odd}")):
            fn.ret(self.state)
        with fn.if_else(fn.emit("icmp eq ptr %y, null"), ["ptr"]) as choice:
            with choice.then():
                choice.give("null")
            with choice.otherwise():
                found = fn.call("ptr", "key", [("ptr", "%y")])
                with fn.when(fn.emit(f"icmp eq ptr {found}, null")):
                    self._ask()
                choice.give(found)
        key = [("ptr", "%owner"), ("ptr", first), ("ptr", choice.results[0])]
        row = fn.call("ptr", "find", key)
        with fn.when(fn.emit(f"icmp eq ptr {row}, null")):
            self._learn()
        loop = fn.load("ptr", fn.gep("i64", row, LOOP))
        with fn.when(fn.emit(f"icmp eq ptr {loop}, null")):
            with fn.when(fn.emit(f"icmp eq i64 {fn.load('i64', fn.gep('i64', row, DATA))}, 0")):
                fn.ret(self.state)
            self._ask()
        given = [("ptr", row), ("ptr", "%x"), ("ptr", "%y")]
        number = fn.emit(f"ptrtoint ptr {loop} to i64")
        with fn.when(fn.emit(f"icmp eq i64 {number}, {READ}")):
            fn.ret(fn.call("ptr", "read", given))
        fn.ret(fn.call("ptr", "run", given))

    def _ask(self) -> None:
        """Looks in the other table."""
        fn = self.fn
        given = fn.alloca("ptr", 2)
        fn.store("ptr", "%x", given)
        fn.store("ptr", "%y", fn.gep("ptr", given, 1))
        is_unary = fn.emit("icmp eq ptr %y, null")
        count = fn.emit(f"select i1 {is_unary}, i64 1, i64 2")
        asked = [("ptr", "%owner"), ("ptr", given), ("i64", count), ("ptr", "null")]
        fn.ret(fn.call("ptr", "keyed", asked))

    def _learn(self) -> None:
        """Has Python write a row, for the next time."""
        fn = self.fn
        given = fn.alloca("ptr", 3)
        is_unary = fn.emit("icmp eq ptr %y, null")
        count = fn.emit(f"select i1 {is_unary}, i64 2, i64 3")
        for k, x in enumerate(("%owner", "%x", "%y")):
            fn.store("ptr", x, fn.gep("ptr", given, k))
        result = self._call_python(self._state("LEARN"), given, count)
        with fn.when(fn.emit(f"icmp eq ptr {result}, null")):
            fn.ret("null")
        fn.call("void", "Py_DecRef", [("ptr", result)])
        fn.ret(self.state)

    # -- what Python calls

    def _write_operator(self, number: int, operands: int) -> None:
        """A method of arrays: METH_FASTCALL."""
        self.fn = fn = self.module.function(f"operator_{number}", _OBJECT, "ptr")
        slow = fn.load("ptr", fn.gep("i64", self.state, OPERATORS + number))
        right = fn.load("ptr", "%args") if operands == 2 else "null"
        quick = [("ptr", slow), ("ptr", "%self"), ("ptr", right)]
        result = fn.call("ptr", "quick", quick)
        with fn.when(fn.emit(f"icmp ne ptr {result}, {self.state}")):
            fn.ret(result)
        given = fn.alloca("ptr", 2)
        fn.store("ptr", "%self", given)
        fn.store("ptr", right, fn.gep("ptr", given, 1))
        fn.ret(self._call_python(slow, given, str(operands)))

    def _write_bind(self) -> None:
        """`Primitive.bind`: METH_FASTCALL | METH_KEYWORDS; a tuple of one array."""
        args = [*_OBJECT, ("ptr", "names")]
        self.fn = fn = self.module.function("bind", args, "ptr")
        is_plain = fn.emit("icmp eq ptr %names, null")
        few = fn.emit("sub i64 %nargs, 1")
        is_short = fn.emit(f"icmp ult i64 {few}, 2")
        with fn.when(fn.emit(f"and i1 {is_plain}, {is_short}")):
            result = self._quick_of_arguments("%self", "%args", "%nargs")
            with fn.when(fn.emit(f"icmp eq ptr {result}, null")):
                fn.ret("null")
            with fn.when(fn.emit(f"icmp ne ptr {result}, {self.state}")):
                made = fn.call("ptr", "PyTuple_New", [("i64", "1")])
                with fn.when(fn.emit(f"icmp eq ptr {made}, null")):
                    fn.call("void", "Py_DecRef", [("ptr", result)])
                    fn.ret("null")
                fn.store("ptr", result, self._at(made, 24))
                fn.ret(made)
        given = [("ptr", self._state("BIND")), ("ptr", "%self"), ("ptr", "%args")]
        given += [("i64", "%nargs"), ("ptr", "%names")]
        fn.ret(fn.call("ptr", "forward", given))
        self._write_forward()

    def _write_forward(self) -> None:
        """Calls a Python function with `self` in front of the arguments."""
        args = [("ptr", "function"), ("ptr", "self"), ("ptr", "args"), ("i64", "nargs")]
        self.fn = fn = self.module.function("forward", [*args, ("ptr", "names")], "ptr", "internal")
        with fn.if_else(fn.emit("icmp eq ptr %names, null"), ["i64"]) as choice:
            with choice.then():
                choice.give(0)
            with choice.otherwise():
                choice.give(fn.load("i64", self._at("%names", 16)))
        count = fn.emit(f"add i64 %nargs, {choice.results[0]}")
        total = fn.emit(f"add i64 {count}, 1")
        given = fn.emit(f"alloca ptr, i64 {total}")
        fn.store("ptr", "%self", given)
        with fn.loop(count) as loop:
            x = fn.load("ptr", fn.gep("ptr", "%args", loop.index))
            fn.store("ptr", x, fn.gep("ptr", fn.gep("ptr", given, 1), loop.index))
        passed = fn.emit("add i64 %nargs, 1")
        call = [("ptr", "%function"), ("ptr", given), ("i64", passed), ("ptr", "%names")]
        fn.ret(fn.call("ptr", "PyObject_Vectorcall", call))

    def _write_apply(self) -> None:
        """`apply(owner, x)` and `apply(owner, x, y)`: METH_FASTCALL; None if not applicable."""
        self.fn = fn = self.module.function("apply", _OBJECT, "ptr")
        few = fn.emit("sub i64 %nargs, 2")
        with fn.when(fn.emit(f"icmp ult i64 {few}, 2")):
            owner = fn.load("ptr", "%args")
            count = fn.emit("sub i64 %nargs, 1")
            result = self._quick_of_arguments(owner, fn.gep("ptr", "%args", 1), count)
            with fn.when(fn.emit(f"icmp ne ptr {result}, {self.state}")):
                fn.ret(result)
        fn.call("void", "Py_IncRef", [("ptr", self._state("NONE"))])
        fn.ret(self._state("NONE"))

    def _write_apply_all(self) -> None:
        """`apply_all(owner, tuple, dict)`: METH_FASTCALL; None if not applicable."""
        self.fn = fn = self.module.function("apply_all", _OBJECT, "ptr")
        owner, args, keywords = (fn.load("ptr", fn.gep("ptr", "%args", k)) for k in range(3))
        given = [("ptr", owner), ("ptr", self._at(args, 24))]
        given += [("i64", fn.load("i64", self._at(args, 16))), ("ptr", keywords)]
        result = fn.call("ptr", "keyed", given)
        with fn.when(fn.emit(f"icmp ne ptr {result}, {self.state}")):
            fn.ret(result)
        fn.call("void", "Py_IncRef", [("ptr", self._state("NONE"))])
        fn.ret(self._state("NONE"))

    def _write_apply_block(self, of: str) -> None:
        """`apply_block(address, *arrays)`: METH_FASTCALL; None if not applicable."""
        self.fn = fn = self.module.function(f"apply_{of}", _OBJECT, "ptr")
        used = fn.load("i64", self._at(self._state("RECORDING"), _USED))
        with fn.when(fn.emit(f"icmp ne i64 {used}, 0")):
            fn.call("void", "Py_IncRef", [("ptr", self._state("NONE"))])
            fn.ret(self._state("NONE"))
        block = fn.call("ptr", "PyLong_AsVoidPtr", [("ptr", fn.load("ptr", "%args"))])
        count = fn.emit("sub i64 %nargs, 1")
        given = [("ptr", block), ("ptr", fn.gep("ptr", "%args", 1)), ("i64", count)]
        result = fn.call("ptr", "program" if of == "block" else "program_of_list", given)
        with fn.when(fn.emit(f"icmp ne ptr {result}, {self.state}")):
            fn.ret(result)
        fn.call("void", "Py_IncRef", [("ptr", self._state("NONE"))])
        fn.ret(self._state("NONE"))

    def _quick_of_arguments(self, owner: str, args: str, count: str) -> str:
        fn = self.fn
        with fn.if_else(fn.emit(f"icmp eq i64 {count}, 2"), ["ptr"]) as choice:
            with choice.then():
                choice.give(fn.load("ptr", fn.gep("ptr", args, 1)))
            with choice.otherwise():
                choice.give("null")
        x = fn.load("ptr", args)
        return fn.call("ptr", "quick", [("ptr", owner), ("ptr", x), ("ptr", choice.results[0])])

    # -- parts

    def _call_python(self, function: str, args: str, count: str) -> str:
        given = [("ptr", function), ("ptr", args), ("i64", count), ("ptr", "null")]
        return self.fn.call("ptr", "PyObject_Vectorcall", given)

    def _at(self, pointer: str, offset: int) -> str:
        return self.fn.gep("i8", pointer, offset)

    def _state(self, name: str) -> str:
        return self.fn.load("ptr", self.fn.gep("i64", self.state, WORDS[name]))

    def _word(self, word: int, ty: str = "i64") -> str:
        return self.fn.load(ty, self.fn.gep("i64", "%row", word))


def hash_steps(fn: FunctionWriter, key: Sequence[str]) -> str:
    """Emits `place_of`."""
    total = "0"
    for part in key:
        number = fn.emit(f"ptrtoint ptr {part} to i64")
        product = fn.emit(f"mul i64 {total}, {_FACTOR}")
        total = fn.emit(f"add i64 {product}, {number}")
    mixed = fn.emit(f"mul i64 {total}, {_FACTOR}")
    return fn.emit(f"lshr i64 {mixed}, {64 - ROWS_BITS}")


_FACTOR = 0x1E3779B97F4A7C15


def place_of(owner: int, first: int, second: int) -> int:
    """Returns the number of the row where a key leads."""
    total = 0
    for part in (owner, first, second):
        total = (total * _FACTOR + part) % 2**64
    return (total * _FACTOR) % 2**64 >> (64 - ROWS_BITS)
