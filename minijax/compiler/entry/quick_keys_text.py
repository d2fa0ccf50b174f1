"""The code that looks up what a function does to arguments like these, whatever their number.

    f(x, 2, axis=0) ──▶ `keyed` ──▶ words: f, 2, aval of x, int, 2, "axis", int, 0
                           │            └─▶ row ──▶ its block of steps, or a function in Python
                           └─ no row ──▶ `learn`, in Python, which may write one

An array stands for itself by its aval; a number by its type and value, so it may decide what the
function does; None, bools, texts, types and dtypes by their addresses, as rows keep them alive;
tuples and slices by what they hold. Where floats keep changing, there may be a row for all of them,
which has them as operands: its key is *by type* and leaves their values out.
"""

from __future__ import annotations

from minijax.compiler.entry.layout import HEAD, Layout
from minijax.compiler.entry.quick_steps_text import MOST_OPERANDS
from minijax.compiler.text import FunctionWriter, ModuleWriter

# Words of a row: how many words its key has, the key, then what to do.
LENGTH, KEY = 0, 1
KEY_WORDS = 20
BLOCK, FUNCTION = KEY + KEY_WORDS, KEY + KEY_WORDS + 1
ROW_WORDS = FUNCTION + 1
ROWS_BITS = 10
PATIENCE = -1  # in front of the rows: how often a key is missed before it is learnt about
MOST_ARGUMENTS = 8
BY_TYPE = 1 << 32  # beside the number of arguments

_COUNTS_BITS = 12
_USED = 24  # of a set, the number of its members
_DICT_USED = 16
_LENGTH, _ITEMS = 16, 24  # of a tuple
_PARTS = (16, 24, 32)  # of a slice
_IS_TYPE = 1 << 31  # a flag of types whose instances are types
_FACTOR = 0x1E3779B97F4A7C15


class KeysWriter:
    """Writes `keyed` and what it calls.

    Args:
        module: where to write.
        layout: where objects keep what the code reads.
        state: the memory whose words tell of the process, and what stands for "not applicable".
        words: by name which of these words are what.
    """

    def __init__(
        self, module: ModuleWriter, layout: Layout, state: str, words: dict[str, int]
    ) -> None:
        self.module, self.layout, self.state, self._words = module, layout, state, words
        self.fn: FunctionWriter

    def write(self) -> None:
        """Writes the functions."""
        self._write_push()
        self._write_plain()
        self._write_item()
        self._write_operand()
        self._write_describe()
        self._write_build()
        self._write_keywords()
        self._write_find()
        self._write_keyed()

    # -- keys: key[0] is the number of words, the words follow

    def _write_push(self) -> None:
        args = [("ptr", "key"), ("i64", "word")]
        self.fn = fn = self.module.function(
            "push", args, "i1", "internal", ("nounwind", "alwaysinline")
        )
        used = fn.load("i64", "%key")
        with fn.when(fn.emit(f"icmp uge i64 {used}, {KEY_WORDS}")):
            fn.ret("false")
        following = fn.emit(f"add i64 {used}, 1")
        fn.store("i64", following, "%key")
        fn.store("i64", "%word", fn.gep("i64", "%key", following))
        fn.ret("true")

    def _write_plain(self) -> None:
        """A number, or what stands for itself."""
        self.fn = fn = self.module.function(
            "push_plain", [("ptr", "key"), ("ptr", "x")], "i1", "internal"
        )
        kind = fn.load("ptr", self._at("%x", 8))
        with fn.when(self._is(kind, "INT")):
            overflow = fn.alloca("i32")
            given = [("ptr", "%x"), ("ptr", overflow)]
            whole = fn.call("i64", "PyLong_AsLongLongAndOverflow", given)
            with fn.when(fn.emit(f"icmp ne i32 {fn.load('i32', overflow)}, 0")):
                fn.ret("false")
            fn.ret(self._push_both(kind, whole))
        with fn.when(self._is(kind, "FLOAT")):
            fn.ret(self._push_both(kind, fn.load("i64", self._at("%x", HEAD))))
        known = fn.emit(f"or i1 {self._is('%x', 'NONE')}, {self._is('%x', 'ELLIPSIS')}")
        for name in ("BOOL", "STR"):
            known = fn.emit(f"or i1 {known}, {self._is(kind, name)}")
        meta = fn.load("ptr", self._at(kind, 8))
        known = fn.emit(f"or i1 {known}, {self._is(meta, 'DTYPE_META')}")
        flags = fn.load("i64", self._at(kind, self.layout.type_flags))
        is_type = fn.emit(f"icmp ne i64 {fn.emit(f'and i64 {flags}, {_IS_TYPE}')}, 0")
        with fn.when(fn.emit(f"or i1 {known}, {is_type}")):
            fn.ret(self._push_pointer("%x"))
        fn.ret("false")

    def _push_both(self, kind: str, word: str) -> str:
        first = self._push_pointer(kind)
        second = self.fn.call("i1", "push", [("ptr", "%key"), ("i64", word)])
        return self.fn.emit(f"and i1 {first}, {second}")

    def _push_pointer(self, x: str) -> str:
        word = self.fn.emit(f"ptrtoint ptr {x} to i64")
        return self.fn.call("i1", "push", [("ptr", "%key"), ("i64", word)])

    def _write_item(self) -> None:
        """Something plain, or a slice of such things."""
        self.fn = fn = self.module.function(
            "push_item", [("ptr", "key"), ("ptr", "x")], "i1", "internal"
        )
        kind = fn.load("ptr", self._at("%x", 8))
        with fn.when(self._is(kind, "SLICE")):
            fits = self._push_pointer(kind)
            for place in _PARTS:
                given = [("ptr", "%key"), ("ptr", fn.load("ptr", self._at("%x", place)))]
                fits = fn.emit(f"and i1 {fits}, {fn.call('i1', 'push_plain', given)}")
            fn.ret(fits)
        fn.ret(fn.call("i1", "push_plain", [("ptr", "%key"), ("ptr", "%x")]))

    def _write_operand(self) -> None:
        """Adds an operand, and to the key what tells its kind; operands[0] is their number."""
        args = [("ptr", "key"), ("ptr", "operands"), ("ptr", "x"), ("ptr", "kind")]
        self.fn = fn = self.module.function("push_operand", args, "i1", "internal")
        count = fn.load("i64", "%operands")
        with fn.when(fn.emit(f"icmp uge i64 {count}, {MOST_OPERANDS}")):
            fn.ret("false")
        following = fn.emit(f"add i64 {count}, 1")
        fn.store("i64", following, "%operands")
        fn.store("ptr", "%x", fn.gep("i64", "%operands", following))
        fn.ret(self._push_pointer("%kind"))

    def _write_describe(self) -> None:
        """An argument; an array becomes an operand."""
        args = [("ptr", "key"), ("ptr", "operands"), ("ptr", "x")]
        self.fn = fn = self.module.function("describe", args, "i1", "internal")
        kind = fn.load("ptr", self._at("%x", 8))
        operand = [("ptr", "%key"), ("ptr", "%operands"), ("ptr", "%x")]
        with fn.when(self._is(kind, "ARRAY")):
            aval = fn.load("ptr", self._at("%x", self.layout.aval))
            fn.ret(fn.call("i1", "push_operand", [*operand, ("ptr", aval)]))
        with fn.when(self._is(kind, "TUPLE")):
            length = fn.load("i64", self._at("%x", _LENGTH))
            fits = self._push_both(kind, length)
            items = self._at("%x", _ITEMS)
            with fn.loop(length, carried=[("i1", fits)]) as loop:
                given = [("ptr", "%key"), ("ptr", fn.load("ptr", fn.gep("ptr", items, loop.index)))]
                pushed = fn.call("i1", "push_item", given)
                loop.next(fn.emit(f"and i1 {loop.values[0]}, {pushed}"))
            fn.ret(loop.results[0])
        fn.ret(fn.call("i1", "push_item", [("ptr", "%key"), ("ptr", "%x")]))

    def _write_keywords(self) -> None:
        args = [("ptr", "key"), ("ptr", "operands"), ("ptr", "keywords")]
        self.fn = fn = self.module.function("push_keywords", args, "i1", "internal")
        used = fn.load("i64", self._at("%keywords", _DICT_USED))
        place, name, value = fn.alloca("i64"), fn.alloca("ptr"), fn.alloca("ptr")
        fn.store("i64", 0, place)
        with fn.loop(used, carried=[("i1", "true")]) as loop:
            given = [("ptr", "%keywords"), ("ptr", place), ("ptr", name), ("ptr", value)]
            fn.call("i32", "PyDict_Next", given)
            pushed = self._push_pointer(fn.load("ptr", name))
            given = [("ptr", "%key"), ("ptr", "%operands"), ("ptr", fn.load("ptr", value))]
            fits = fn.emit(f"and i1 {pushed}, {fn.call('i1', 'describe', given)}")
            loop.next(fn.emit(f"and i1 {loop.values[0]}, {fits}"))
        fn.ret(loop.results[0])

    def _write_build(self) -> None:
        """The key of an application and its operands."""
        args = [("ptr", "key"), ("ptr", "operands"), ("ptr", "owner"), ("ptr", "args")]
        args += [("i64", "nargs"), ("ptr", "keywords"), ("i64", "by_type")]
        self.fn = fn = self.module.function("build_key", args, "i1", "internal")
        fn.store("i64", 2, "%key")
        fn.store("ptr", "%owner", fn.gep("i64", "%key", 1))
        how = fn.emit("or i64 %nargs, %by_type")
        fn.store("i64", how, fn.gep("i64", "%key", 2))
        fn.store("i64", 0, "%operands")
        is_by_type = fn.emit("icmp ne i64 %by_type, 0")
        with fn.loop("%nargs", carried=[("i1", "true")]) as loop:
            x = fn.load("ptr", fn.gep("ptr", "%args", loop.index))
            kind = fn.load("ptr", self._at(x, 8))
            given = [("ptr", "%key"), ("ptr", "%operands"), ("ptr", x)]
            free = fn.emit(f"and i1 {is_by_type}, {self._is(kind, 'FLOAT')}")
            with fn.if_else(free, ["i1"]) as choice:
                with choice.then():
                    choice.give(fn.call("i1", "push_operand", [*given, ("ptr", kind)]))
                with choice.otherwise():
                    choice.give(fn.call("i1", "describe", given))
            loop.next(fn.emit(f"and i1 {loop.values[0]}, {choice.results[0]}"))
        with fn.when(fn.emit("icmp ne ptr %keywords, null")):
            given = [("ptr", "%key"), ("ptr", "%operands"), ("ptr", "%keywords")]
            named = fn.call("i1", "push_keywords", given)
            fn.ret(fn.emit(f"and i1 {loop.results[0]}, {named}"))
        fn.ret(loop.results[0])

    # -- rows

    def _write_find(self) -> None:
        self.fn = fn = self.module.function("hash_of", [("ptr", "key")], "i64", "internal")
        used, words = fn.load("i64", "%key"), fn.gep("i64", "%key", 1)
        with fn.loop(used, carried=[("i64", 0)]) as loop:
            word = fn.load("i64", fn.gep("i64", words, loop.index))
            product = fn.emit(f"mul i64 {loop.values[0]}, {_FACTOR}")
            total = fn.emit(f"add i64 {product}, {word}")
            loop.next(fn.emit(f"xor i64 {total}, {fn.emit(f'lshr i64 {total}, 29')}"))
        fn.ret(fn.emit(f"mul i64 {loop.results[0]}, {_FACTOR}"))
        args = [("ptr", "key"), ("i64", "hash")]
        self.fn = fn = self.module.function("find_keyed", args, "ptr", "internal")
        used = fn.load("i64", "%key")
        place = fn.emit(f"lshr i64 %hash, {64 - ROWS_BITS}")
        rows = self._state("KEYED_ROWS")
        for neighbour in (0, 1):
            number = fn.emit(f"xor i64 {place}, {neighbour}")
            row = fn.gep("i64", rows, fn.emit(f"mul i64 {number}, {ROW_WORDS}"))
            length = fn.emit(f"add i64 {used}, 1")
            with fn.loop(length, carried=[("i64", 0)]) as loop:
                found = fn.load("i64", fn.gep("i64", row, loop.index))
                wanted = fn.load("i64", fn.gep("i64", "%key", loop.index))
                difference = fn.emit(f"xor i64 {found}, {wanted}")
                loop.next(fn.emit(f"or i64 {loop.values[0]}, {difference}"))
            with fn.when(fn.emit(f"icmp eq i64 {loop.results[0]}, 0")):
                fn.ret(row)
        fn.ret("null")

    def _write_keyed(self) -> None:
        """Applies `owner` to arguments; `state` if it is not applicable."""
        args = [("ptr", "owner"), ("ptr", "args"), ("i64", "nargs"), ("ptr", "keywords")]
        apart = ("nounwind", "noinline")
        self.fn = fn = self.module.function("keyed", args, "ptr", "internal", apart)
        recording = fn.load("i64", self._at(self._state("RECORDING"), _USED))
        is_out = fn.emit(f"icmp ne i64 {recording}, 0")
        many = fn.emit(f"icmp ugt i64 %nargs, {MOST_ARGUMENTS}")
        with fn.when(fn.emit(f"or i1 {is_out}, {many}")):
            fn.ret(self.state)
        key, operands = fn.alloca("i64", KEY_WORDS + 1), fn.alloca("i64", MOST_OPERANDS + 1)
        number, row = self._look_up(key, operands, 0)
        with fn.when(fn.emit(f"icmp eq ptr {row}, null")):
            self._look_up_by_type(operands)
            self._count(number)
            self._learn(key)
        self._apply_block(row, operands)
        count, first = fn.load("i64", operands), fn.gep("i64", operands, 1)
        function = fn.load("ptr", fn.gep("i64", row, FUNCTION))
        with fn.when(fn.emit(f"icmp ne ptr {function}, null")):
            # The row may be overwritten meanwhile.
            fn.call("void", "Py_IncRef", [("ptr", function)])
            result = self._call(function, first, count)
            fn.call("void", "Py_DecRef", [("ptr", function)])
            fn.ret(result)
        fn.ret(self.state)

    def _look_up(self, key: str, operands: str, by_type: int) -> tuple[str, str]:
        """The hash of the key of an application, and its row."""
        fn = self.fn
        given = [("ptr", key), ("ptr", operands), ("ptr", "%owner"), ("ptr", "%args")]
        given += [("i64", "%nargs"), ("ptr", "%keywords"), ("i64", str(by_type))]
        fits = fn.call("i1", "build_key", given)
        with fn.when(fn.emit(f"xor i1 {fits}, true")):
            fn.ret(self.state)
        number = fn.call("i64", "hash_of", [("ptr", key)])
        return number, fn.call("ptr", "find_keyed", [("ptr", key), ("i64", number)])

    def _look_up_by_type(self, operands: str) -> None:
        """Does the same with floats as operands, if some argument is a float."""
        fn = self.fn
        with fn.loop("%nargs", carried=[("i1", "false")]) as loop:
            x = fn.load("ptr", fn.gep("ptr", "%args", loop.index))
            is_float = self._is(fn.load("ptr", self._at(x, 8)), "FLOAT")
            loop.next(fn.emit(f"or i1 {loop.values[0]}, {is_float}"))
        with fn.when(loop.results[0]):
            key = fn.alloca("i64", KEY_WORDS + 1)
            number, row = self._look_up(key, operands, BY_TYPE)
            with fn.when(fn.emit(f"icmp eq ptr {row}, null")):
                self._count(number)
                self._learn(key)
            self._apply_block(row, operands)

    def _apply_block(self, row: str, operands: str) -> None:
        """Returns what the block of a row gives, if it has one."""
        fn = self.fn
        block = fn.load("ptr", fn.gep("i64", row, BLOCK))
        with fn.when(fn.emit(f"icmp ne ptr {block}, null")):
            count, first = fn.load("i64", operands), fn.gep("i64", operands, 1)
            fn.ret(fn.call("ptr", "program", [("ptr", block), ("ptr", first), ("i64", count)]))

    def _count(self, number: str) -> None:
        """Goes on only when keys with this hash have been missed as often as patience lasts."""
        fn = self.fn
        counts = self.module.variable("misses", f"[{1 << _COUNTS_BITS} x i16]")
        shifted = fn.emit(f"lshr i64 {number}, {32 - _COUNTS_BITS}")
        which = fn.emit(f"and i64 {shifted}, {(1 << _COUNTS_BITS) - 1}")
        place = fn.gep("i16", counts, which)
        count = fn.emit(f"add i16 {fn.load('i16', place)}, 1")
        patience = fn.load("i64", fn.gep("i64", self._state("KEYED_ROWS"), PATIENCE))
        wide = fn.emit(f"zext i16 {count} to i64")
        with fn.when(fn.emit(f"icmp ult i64 {wide}, {patience}")):
            fn.store("i16", count, place)
            fn.ret(self.state)
        fn.store("i16", 0, place)

    def _learn(self, key: str) -> None:
        """Has Python write a row: `learn(address of the key, owner, keywords, *args)`."""
        fn = self.fn
        given = fn.alloca("ptr", MOST_ARGUMENTS + 3)
        number = fn.emit(f"ptrtoint ptr {key} to i64")
        address = fn.call("ptr", "PyLong_FromUnsignedLongLong", [("i64", number)])
        with fn.when(fn.emit(f"icmp eq ptr {address}, null")):
            fn.ret("null")
        is_plain = fn.emit("icmp eq ptr %keywords, null")
        keywords = fn.emit(f"select i1 {is_plain}, ptr {self._state('NONE')}, ptr %keywords")
        for k, x in enumerate((address, "%owner", keywords)):
            fn.store("ptr", x, fn.gep("ptr", given, k))
        size = fn.emit("mul i64 %nargs, 8")
        passed = [("ptr", fn.gep("ptr", given, 3)), ("ptr", "%args"), ("i64", size)]
        fn.call("ptr", "memcpy", passed)
        count = fn.emit("add i64 %nargs, 3")
        result = self._call(self._state("LEARN_KEYED"), given, count)
        fn.call("void", "Py_DecRef", [("ptr", address)])
        with fn.when(fn.emit(f"icmp eq ptr {result}, null")):
            fn.ret("null")
        fn.call("void", "Py_DecRef", [("ptr", result)])
        fn.ret(self.state)

    # -- parts

    def _call(self, function: str, args: str, count: str) -> str:
        given = [("ptr", function), ("ptr", args), ("i64", count), ("ptr", "null")]
        return self.fn.call("ptr", "PyObject_Vectorcall", given)

    def _is(self, x: str, name: str) -> str:
        return self.fn.emit(f"icmp eq ptr {x}, {self._state(name)}")

    def _at(self, pointer: str, offset: int) -> str:
        return self.fn.gep("i8", pointer, offset)

    def _state(self, name: str) -> str:
        return self.fn.load("ptr", self.fn.gep("i64", self.state, self._words[name]))


def place_of(words: list[int]) -> int:
    """Returns the number of the row where a key leads."""
    total = 0
    for word in words:
        total = (total * _FACTOR + word) % 2**64
        total ^= total >> 29
    return (total * _FACTOR) % 2**64 >> (64 - ROWS_BITS)
