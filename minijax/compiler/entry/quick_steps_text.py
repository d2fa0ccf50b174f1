"""The code that takes the steps of a small program on the elements of arrays, at once.

A *block* of words tells the steps. `program` finds where the elements of the operands are, makes
the result's buffer, and goes through the steps, which read and write numbered registers: addresses
of operands, of constants, of scratch memory, of the result.

    loop      the inner loop of a NumPy ufunc, over up to two outer axes
    move      elements from where strides lead to a row of them
    select    one of two values for each element, by a bool
    cast      numbers to another type
"""

from __future__ import annotations

from minijax.compiler.blocks import Choice, Operand
from minijax.compiler.entry.layout import HEAD, Layout
from minijax.compiler.text import FunctionWriter, ModuleWriter

# Words of a block; what describes the result stands where rows of operators have it.
COUNT, RETURNED, FIXED, RESULTS, FIRST = range(5)
DTYPE, AVAL, RANK, SHAPE = 5, 6, 7, 8
HEADER, DESCRIPTION_WORDS = 5, 4
# At FIRST a pair for each fixed register, what its value is added to and the value; then the steps;
# then the avals of the operands, RETURNED of them, where the results become a list.
ABSOLUTE, SCRATCH, RESULT = range(3)
NOT_APPLICABLE, RAISED = 1, 2

KIND, LOOP, MOVE, SELECT, CAST = 0, 0, 1, 2, 3
STEP_WORDS = 32
MOST_OPERANDS, MOST_RESULTS, MOST_REGISTERS = 8, 8, 48
SCRATCH_BYTES = 1 << 14

# Words of a step, after its kind.
# loop: registers and offsets of three arguments, outer lengths, outer strides, the loop, its data,
# lengths, strides
REGISTERS, OFFSETS, OUTER, OUTER_STRIDES = 1, 4, 7, 9
FUNCTION, DATA, LENGTHS, STRIDES = 15, 16, 17, 21
# move: registers, offset, bytes of an element, lengths, strides
MOVED = (1, 2)
MOVE_OFFSET, MOVE_ITEM, MOVE_LENGTHS, MOVE_STRIDES, MOVE_AXES = 3, 4, 5, 9, 4
# select: registers of the bools, of both values and the result, strides, count, bytes of an element
SELECT_STRIDES, SELECT_COUNT, SELECT_ITEM = 5, 8, 9
# cast: registers, count, types
CAST_COUNT, CAST_FROM, CAST_TO = 3, 4, 5
CAST_TYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "b1")

Given = list[tuple[str, Operand]]
_WRITEABLE = 0x400
_LIST_ITEMS = 24
_ITEMS = {1: "i8", 2: "i16", 4: "i32", 8: "i64", 16: "i128"}


class StepsWriter:
    """Writes `program` and what it calls.

    Args:
        module: where to write.
        layout: where objects keep what the code reads.
        state: the memory whose words tell of the process, and what stands for "not applicable".
        words: which of these words are the types of arrays, of buffers and of floats, and the
            function that makes a buffer.
    """

    def __init__(
        self, module: ModuleWriter, layout: Layout, state: str, words: tuple[int, int, int, int]
    ) -> None:
        self.module, self.layout, self.state = module, layout, state
        self._array, self._ndarray, self._float, self._new = words
        self.fn: FunctionWriter

    def write(self) -> None:
        """Writes the functions."""
        self._write_new_buffer()
        self._write_wrapped()
        self._write_loop()
        self._write_line()
        self._write_move()
        self._write_select()
        self._write_cast()
        self._write_take()
        self._write_run()
        self._write_program()
        self._write_program_of_list()

    # -- results

    def _write_new_buffer(self) -> None:
        """A buffer as a row or a block describes it; null, with an error set, without memory."""
        self.fn = fn = self.module.function("new_buffer", [("ptr", "row")], "ptr", "internal")
        dtype = self._word("%row", DTYPE, "ptr")
        fn.call("void", "Py_IncRef", [("ptr", dtype)])
        rank = fn.emit(f"trunc i64 {self._word('%row', RANK)} to i32")
        given = [("ptr", self._state(self._ndarray)), ("ptr", dtype), ("i32", rank)]
        given += [("ptr", self._word("%row", SHAPE, "ptr")), ("ptr", "null"), ("ptr", "null")]
        fn.ret(fn.call("ptr", self._state(self._new), [*given, ("i32", "0"), ("ptr", "null")]))

    def _write_wrapped(self) -> None:
        """Makes a buffer, read-only from now on, an array of ours, which takes the reference."""
        args = [("ptr", "row"), ("ptr", "buffer")]
        self.fn = fn = self.module.function("wrapped", args, "ptr", "internal")
        place = self._at("%buffer", self.layout.flags)
        flags = fn.emit(f"and i32 {fn.load('i32', place)}, {~_WRITEABLE}")
        fn.store("i32", flags, place)
        # The row is read no more after this: a collection may run, and write another one there.
        aval = self._word("%row", AVAL, "ptr")
        fn.call("void", "Py_IncRef", [("ptr", aval)])
        given = [("ptr", self._state(self._array)), ("i64", "0")]
        array = fn.call("ptr", "PyType_GenericAlloc", given)
        with fn.when(fn.emit(f"icmp eq ptr {array}, null")):
            fn.call("void", "Py_DecRef", [("ptr", "%buffer")])
            fn.call("void", "Py_DecRef", [("ptr", aval)])
            fn.ret("null")
        fn.store("ptr", "%buffer", self._at(array, self.layout.value))
        fn.store("ptr", aval, self._at(array, self.layout.aval))
        fn.ret(array)

    # -- steps

    def _start_step(self, name: str) -> FunctionWriter:
        args = [("ptr", "step"), ("ptr", "registers")]
        self.fn = self.module.function(name, args, "void", "internal")
        return self.fn

    def _write_loop(self) -> None:
        fn = self._start_step("take_loop")
        starts = [(self._register(REGISTERS + k), self._step(OFFSETS + k)) for k in range(3)]
        first = [fn.gep("i8", start, offset) for start, offset in starts]
        addresses = fn.alloca("ptr", 3)
        lengths, strides = self._at_step(LENGTHS), self._at_step(STRIDES)
        function, data = self._step(FUNCTION, "ptr"), self._step(DATA, "ptr")
        moves = [[self._step(OUTER_STRIDES + 3 * axis + k) for k in range(3)] for axis in (0, 1)]
        with fn.loop(self._step(OUTER), carried=[("ptr", x) for x in first]) as outer:
            rest = [("ptr", x) for x in outer.values]
            with fn.loop(self._step(OUTER + 1), carried=rest) as inner:
                for k, x in enumerate(inner.values):
                    fn.store("ptr", x, fn.gep("ptr", addresses, k))
                given = [("ptr", addresses), ("ptr", lengths), ("ptr", strides), ("ptr", data)]
                fn.call("void", function, given)
                pairs = zip(inner.values, moves[1], strict=True)
                inner.next(*[fn.gep("i8", x, move) for x, move in pairs])
            pairs = zip(outer.values, moves[0], strict=True)
            outer.next(*[fn.gep("i8", x, move) for x, move in pairs])
        fn.ret()

    def _write_line(self) -> None:
        """Copies elements that lie apart to a row of them."""
        args = [("ptr", "to"), ("ptr", "from"), ("i64", "count"), ("i64", "stride")]
        args += [("i64", "item")]
        self.fn = fn = self.module.function("copy_line", args, "void", "internal")
        with fn.when(fn.emit("icmp eq i64 %item, %stride")):
            size = fn.emit("mul i64 %count, %item")
            given = [("ptr", "%to"), ("ptr", "%from"), ("i64", size)]
            fn.call("ptr", "memcpy", given)
            fn.ret()
        with self._by_item("%item") as cases:
            for k, ty in enumerate(_ITEMS.values()):
                with cases.case(k), fn.loop("%count", carried=[("ptr", "%from")]) as loop:
                    x = fn.load(ty, loop.values[0], align=1)
                    fn.store(ty, x, fn.gep(ty, "%to", loop.index), align=1)
                    loop.next(fn.gep("i8", loop.values[0], "%stride"))
        fn.ret()

    def _by_item(self, item: str) -> Choice:
        fn = self.fn
        wide = fn.emit(f"call i64 @llvm.cttz.i64(i64 {item}, i1 false)")
        self.module.callee("llvm.cttz.i64", "i64", ["i64", "i1"])
        return fn.switch(wide, len(_ITEMS))

    def _write_move(self) -> None:
        fn = self._start_step("take_move")
        source, target = (self._register(k) for k in MOVED)
        source = fn.gep("i8", source, self._step(MOVE_OFFSET))
        item = self._step(MOVE_ITEM)
        lengths = [self._step(MOVE_LENGTHS + k) for k in range(MOVE_AXES)]
        strides = [self._step(MOVE_STRIDES + k) for k in range(MOVE_AXES)]
        line = fn.emit(f"mul i64 {lengths[-1]}, {item}")

        def go(axis: int, place: str, to: str) -> str:
            if axis == MOVE_AXES - 1:
                given = [("ptr", to), ("ptr", place), ("i64", lengths[-1])]
                fn.call("void", "copy_line", [*given, ("i64", strides[-1]), ("i64", item)])
                return fn.gep("i8", to, line)
            with fn.loop(lengths[axis], carried=[("ptr", place), ("ptr", to)]) as loop:
                following = go(axis + 1, loop.values[0], loop.values[1])
                loop.next(fn.gep("i8", loop.values[0], strides[axis]), following)
            return loop.results[1]

        go(0, source, target)
        fn.ret()

    def _write_select(self) -> None:
        fn = self._start_step("take_select")
        which, yes, no, out = (self._register(REGISTERS + k) for k in range(4))
        moves = [self._step(SELECT_STRIDES + k) for k in range(3)]
        count = self._step(SELECT_COUNT)
        with self._by_item(self._step(SELECT_ITEM)) as cases:
            for k, ty in enumerate(_ITEMS.values()):
                carried = [("ptr", x) for x in (which, yes, no)]
                with cases.case(k), fn.loop(count, carried=carried) as loop:
                    chosen = fn.emit(f"icmp ne i8 {fn.load('i8', loop.values[0])}, 0")
                    parts = [fn.load(ty, x, align=1) for x in loop.values[1:]]
                    x = fn.emit(f"select i1 {chosen}, {ty} {parts[0]}, {ty} {parts[1]}")
                    fn.store(ty, x, fn.gep(ty, out, loop.index), align=1)
                    pairs = zip(loop.values, moves, strict=True)
                    loop.next(*[fn.gep("i8", x, move) for x, move in pairs])
        fn.ret()

    def _write_cast(self) -> None:
        fn = self._start_step("take_cast")
        source, target = self._register(REGISTERS), self._register(REGISTERS + 1)
        kinds = self._step(CAST_FROM), self._step(CAST_TO)
        with fn.loop(self._step(CAST_COUNT)) as loop:
            types = ["i1", "i64", "double", "float"]
            with fn.switch(kinds[0], len(CAST_TYPES), types) as cases:
                for k, name in enumerate(CAST_TYPES):
                    with cases.case(k):
                        cases.give(*self._read(name, source, loop.index))
            value = cases.results
            with fn.switch(kinds[1], len(CAST_TYPES)) as chosen:
                for k, name in enumerate(CAST_TYPES):
                    with chosen.case(k):
                        self._write_number(name, value, target, loop.index)
        fn.ret()

    def _read(self, name: str, source: str, index: str) -> tuple[str, str, str, str]:
        """Whether a number is a float; it as an integer, in double and in single precision."""
        fn, bits = self.fn, 8 * int(name[1:])
        if name == "f8":
            x = fn.load("double", fn.gep("double", source, index))
            return "true", "0", x, fn.emit(f"fptrunc double {x} to float")
        if name == "f4":
            x = fn.load("float", fn.gep("float", source, index))
            return "true", "0", fn.emit(f"fpext float {x} to double"), x
        x = fn.load(f"i{bits}", fn.gep(f"i{bits}", source, index))
        if bits < 64:
            extend = "sext" if name[0] == "i" else "zext"
            x = fn.emit(f"{extend} i{bits} {x} to i64")
        how = "uitofp" if name == "u8" else "sitofp"
        # Through double it would be rounded twice.
        double, single = (fn.emit(f"{how} i64 {x} to {ty}") for ty in ("double", "float"))
        return "false", x, double, single

    def _write_number(self, name: str, value: tuple[str, ...], target: str, index: str) -> None:
        fn, bits = self.fn, 8 * int(name[1:])
        is_float, integer, number, single = value
        if name == "f8":
            fn.store("double", number, fn.gep("double", target, index))
        elif name == "f4":
            fn.store("float", single, fn.gep("float", target, index))
        elif name == "b1":
            some = fn.emit(f"fcmp une double {number}, 0.0")
            whole = fn.emit(f"icmp ne i64 {integer}, 0")
            x = fn.emit(f"select i1 {is_float}, i1 {some}, i1 {whole}")
            fn.store("i8", fn.emit(f"zext i1 {x} to i8"), fn.gep("i8", target, index))
        else:
            to_integer = "fptoui" if name[0] == "u" else "fptosi"
            self.module.callee(f"llvm.{to_integer}.sat.i64.f64", "i64", ["double"])
            cut = fn.emit(f"call i64 @llvm.{to_integer}.sat.i64.f64(double {number})")
            x = fn.emit(f"select i1 {is_float}, i64 {cut}, i64 {integer}")
            if bits < 64:
                x = fn.emit(f"trunc i64 {x} to i{bits}")
            fn.store(f"i{bits}", x, fn.gep(f"i{bits}", target, index))

    def _write_take(self) -> None:
        fn = self._start_step("take_step")
        given = [("ptr", "%step"), ("ptr", "%registers")]
        with fn.switch(self._step(KIND), 4) as cases:
            for k, name in enumerate(("loop", "move", "select", "cast")):
                with cases.case(k):
                    fn.call("void", f"take_{name}", given)
        fn.ret()

    # -- the whole

    def _write_run(self) -> None:
        """Takes the steps of a block; makes the buffers of its results."""
        args = [("ptr", "block"), ("ptr", "operands"), ("i64", "count"), ("ptr", "buffers")]
        self.fn = fn = self.module.function("run_block", args, "i32", "internal")
        registers, data = fn.alloca("ptr", MOST_REGISTERS), fn.alloca("ptr", MOST_RESULTS)
        with fn.loop("%count") as loop:
            x = fn.load("ptr", fn.gep("ptr", "%operands", loop.index))
            is_float = fn.emit(
                f"icmp eq ptr {fn.load('ptr', self._at(x, 8))}, {self._state(self._float)}"
            )
            with fn.if_else(is_float, ["ptr"]) as choice:
                with choice.then():
                    choice.give(self._at(x, HEAD))
                with choice.otherwise():
                    given: Given = [("ptr", x), ("i64", 0), ("ptr", "null")]
                    choice.give(fn.call("ptr", "address", given))
            address = choice.results[0]
            fn.fail_if(fn.emit(f"icmp eq ptr {address}, null"), NOT_APPLICABLE)
            fn.store("ptr", address, fn.gep("ptr", registers, loop.index))
        with fn.loop(self._word("%block", RESULTS)) as loop:
            buffer = fn.call("ptr", "new_buffer", [("ptr", self._description(loop.index))])
            with fn.when(fn.emit(f"icmp eq ptr {buffer}, null")):
                with fn.loop(loop.index) as made:
                    self._drop(fn.load("ptr", fn.gep("ptr", "%buffers", made.index)))
                fn.ret(RAISED)
            fn.store("ptr", buffer, fn.gep("ptr", "%buffers", loop.index))
            elements = fn.load("ptr", self._at(buffer, self.layout.data))
            fn.store("ptr", elements, fn.gep("ptr", data, loop.index))
        following = self._fix_registers(registers, data)
        with fn.loop(self._word("%block", COUNT), carried=[("ptr", following)]) as loop:
            fn.call("void", "take_step", [("ptr", loop.values[0]), ("ptr", registers)])
            loop.next(fn.gep("i64", loop.values[0], STEP_WORDS))
        fn.ret()

    def _description(self, number: str) -> str:
        """A result's words, placed as those of a row."""
        return self.fn.gep("i64", "%block", self.fn.emit(f"mul i64 {number}, {DESCRIPTION_WORDS}"))

    def _drop(self, x: str) -> None:
        self.fn.call("void", "Py_DecRef", [("ptr", x)])

    def _fix_registers(self, registers: str, data: str) -> str:
        """Fills in the registers that are not operands; returns where the steps are."""
        fn = self.fn
        scratch = fn.alloca("i8", SCRATCH_BYTES, align=64)
        first, fixed = (
            fn.gep("i64", "%block", self._word("%block", FIRST)),
            self._word("%block", FIXED),
        )
        own, bases = fn.gep("ptr", registers, "%count"), fn.alloca("ptr", RESULT + MOST_RESULTS)
        fn.store("ptr", "null", bases)
        fn.store("ptr", scratch, fn.gep("ptr", bases, SCRATCH))
        size = fn.emit(f"mul i64 {self._word('%block', RESULTS)}, 8")
        fn.call(
            "ptr", "memcpy", [("ptr", fn.gep("ptr", bases, RESULT)), ("ptr", data), ("i64", size)]
        )
        with fn.loop(fixed) as loop:
            pair = fn.gep("{i64, i64}", first, loop.index)
            base, value = fn.load("i64", pair), fn.load("i64", fn.gep("i64", pair, 1))
            start = fn.load("ptr", fn.gep("ptr", bases, base))
            address = fn.emit(f"getelementptr i8, ptr {start}, i64 {value}")
            fn.store("ptr", address, fn.gep("ptr", own, loop.index))
        return fn.gep("{i64, i64}", first, fixed)

    def _write_program(self) -> None:
        """Applies a block; null if Python has raised, `state` if it does not fit after all."""
        args = [("ptr", "block"), ("ptr", "operands"), ("i64", "count")]
        self.fn = fn = self.module.function("program", args, "ptr", "internal")
        with fn.when(fn.emit(f"icmp eq i64 {self._word('%block', COUNT)}, 0")):
            returned = fn.load("ptr", fn.gep("ptr", "%operands", self._word("%block", RETURNED)))
            fn.call("void", "Py_IncRef", [("ptr", returned)])
            fn.ret(returned)
        buffers = self._run_block()
        given = [("ptr", "%block"), ("ptr", fn.load("ptr", buffers))]
        fn.ret(fn.call("ptr", "wrapped", given))

    def _run_block(self) -> str:
        fn = self.fn
        buffers = fn.alloca("ptr", MOST_RESULTS)
        given = [("ptr", "%block"), ("ptr", "%operands"), ("i64", "%count"), ("ptr", buffers)]
        status = fn.call("i32", "run_block", given)
        with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
            raised = fn.emit(f"icmp eq i32 {status}, {RAISED}")
            fn.ret(fn.emit(f"select i1 {raised}, ptr null, ptr {self.state}"))
        return buffers

    def _write_program_of_list(self) -> None:
        """Does the same with a block of several results, after a look at the operands' avals."""
        args = [("ptr", "block"), ("ptr", "operands"), ("i64", "count")]
        self.fn = fn = self.module.function("program_of_list", args, "ptr", "internal")
        with fn.when(fn.emit(f"icmp ne i64 {self._word('%block', RETURNED)}, %count")):
            fn.ret(self.state)
        avals = self._behind_steps()
        with fn.loop("%count") as loop:
            x = fn.load("ptr", fn.gep("ptr", "%operands", loop.index))
            kind = fn.load("ptr", self._at(x, 8))
            with fn.when(fn.emit(f"icmp ne ptr {kind}, {self._state(self._array)}")):
                fn.ret(self.state)
            aval = fn.load("ptr", self._at(x, self.layout.aval))
            wanted = fn.load("ptr", fn.gep("ptr", avals, loop.index))
            with fn.when(fn.emit(f"icmp ne ptr {aval}, {wanted}")):
                fn.ret(self.state)
        buffers = self._run_block()
        results = self._word("%block", RESULTS)
        found = fn.call("ptr", "PyList_New", [("i64", results)])
        has_none = fn.emit(f"icmp eq ptr {found}, null")
        with fn.when(has_none):
            with fn.loop(results) as loop:
                self._drop(fn.load("ptr", fn.gep("ptr", buffers, loop.index)))
            fn.ret("null")
        items = fn.load("ptr", self._at(found, _LIST_ITEMS))
        with fn.loop(results, carried=[("i1", "false")]) as loop:
            buffer = fn.load("ptr", fn.gep("ptr", buffers, loop.index))
            given = [("ptr", self._description(loop.index)), ("ptr", buffer)]
            array = fn.call("ptr", "wrapped", given)
            fn.store("ptr", array, fn.gep("ptr", items, loop.index))
            failed = fn.emit(f"icmp eq ptr {array}, null")
            loop.next(fn.emit(f"or i1 {loop.values[0]}, {failed}"))
        with fn.when(loop.results[0]):
            self._drop(found)
            fn.ret("null")
        fn.ret(found)

    def _behind_steps(self) -> str:
        fn = self.fn
        fixed = fn.emit(f"mul i64 {self._word('%block', FIXED)}, 2")
        steps = fn.emit(f"mul i64 {self._word('%block', COUNT)}, {STEP_WORDS}")
        words = fn.emit(f"add i64 {fixed}, {steps}")
        return fn.gep("i64", "%block", fn.emit(f"add i64 {words}, {self._word('%block', FIRST)}"))

    # -- parts

    def _at(self, pointer: str, offset: int) -> str:
        return self.fn.gep("i8", pointer, offset)

    def _state(self, word: int) -> str:
        return self.fn.load("ptr", self.fn.gep("i64", self.state, word))

    def _word(self, row: str, word: int, ty: str = "i64") -> str:
        return self.fn.load(ty, self.fn.gep("i64", row, word))

    def _at_step(self, word: int) -> str:
        return self.fn.gep("i64", "%step", word)

    def _step(self, word: int, ty: str = "i64") -> str:
        return self.fn.load(ty, self._at_step(word))

    def _register(self, word: int) -> str:
        """The address in the register that a word of a step names."""
        return self.fn.load("ptr", self.fn.gep("ptr", "%registers", self._step(word)))
