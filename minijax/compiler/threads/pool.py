"""The code of the pool: threads that share the parts of a loop with the thread that asks.

    i32 pool_run(count, body, env, parts, scratch, scratch_size, poll, sure)

calls `i32 body(env, part, scratch, stop)` once for every part and returns 0, or the status of a
part that failed; then no further part begins. Who is free takes the next part. Which thread takes
which part changes from run to run; what the parts are does not. If it is not sure that there is
much work, the caller does the first part alone and looks how long that took.

The pool serves one caller at a time. Whoever finds it taken, another thread or a part itself, does
all parts alone. `gate` holds the tickets that workers may still take, and above them the number of
workers inside; a caller that has closed the gate and sees it empty is alone with its data again.

Waiting means to look for some microseconds, then to sleep.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from minijax.compiler.engine import host
from minijax.compiler.status import INTERRUPTED, OUT_OF_MEMORY
from minijax.compiler.text import FunctionWriter, ModuleWriter, Operand

RUN, STOP, STATE = "pool_run", "pool_stop", "pool_state"
STATE_BYTES = 1024
MOST_WORKERS = 255
# Bytes of the state. Locks have more room than any C library gives them.
_LOCK, _WORK, _DONE = 0, 128, 256
_OWNER, _GATE, _NEXT, _SLEEPERS, _WAITING = 384, 448, 512, 576, 584
STARTED, _ALIVE, _CLOSING, _STATUS = 640, 648, 656, 664
_BODY, _ENV, _PARTS, _SCRATCH_SIZE = 704, 712, 720, 728
_INSIDE = 1 << 32
_TICKETS = _INSIDE - 1
_LOOKS = 1000
_WORTHWHILE = 50_000  # nanoseconds of work that are shared
_NANOSECONDS = 20_000_000
_SECOND = 1_000_000_000
_STACK = 1 << 22
_FIRST_SCRATCH = 1 << 12
_PAUSES = {"x86_64": "void @llvm.x86.sse2.pause()", "aarch64": "void @llvm.aarch64.hint(i32 1)"}
_RUN_ARGS = [
    ("ptr", "count"),
    ("ptr", "body"),
    ("ptr", "env"),
    ("i64", "parts"),
    ("ptr", "memory"),
    ("i64", "size"),
    ("ptr", "poll"),
    ("i1", "sure"),
]


def pool_text(threads: bool) -> str:
    """Returns the LLVM text of the pool.

    Args:
        threads: whether there are threads; without, `pool_run` does all parts in turn.
    """
    writer = _Pool()
    writer.alone()
    if threads:
        writer.work()
        writer.worker()
        writer.start()
        writer.wait()
        writer.shared()
        writer.stop()
    writer.run(threads)
    return str(writer.module)


class _Pool:
    def __init__(self) -> None:
        self.module = ModuleWriter()
        self.state = self.module.declare(STATE, "void", [])
        self.fn: FunctionWriter

    def _function(
        self, name: str, args: list[tuple[str, str]], ret: str, linkage: str = "internal"
    ) -> FunctionWriter:
        self.fn = self.module.function(name, args, ret, linkage)
        return self.fn

    # -- words of the state

    def _at(self, offset: int) -> str:
        return self.fn.gep("i8", self.state, offset)

    def _get(self, offset: int) -> str:
        return self.fn.emit(f"load atomic i64, ptr {self._at(offset)} seq_cst, align 8")

    def _set(self, offset: int, x: Operand) -> None:
        self.fn.do(f"store atomic i64 {x}, ptr {self._at(offset)} seq_cst, align 8")

    def _change(self, word: str, offset: int, by: int) -> str:
        """Changes a word at once; returns what it was."""
        return self.fn.emit(f"atomicrmw {word} ptr {self._at(offset)}, i64 {by} seq_cst")

    def _swap(self, offset: int, old: Operand, new: Operand) -> str:
        """Sets a word that has an expected value; returns whether it had."""
        pair = self.fn.emit(f"cmpxchg ptr {self._at(offset)}, i64 {old}, i64 {new} seq_cst seq_cst")
        return self.fn.emit(f"extractvalue {{ i64, i1 }} {pair}, 1")

    def _is(self, order: str, x: Operand, y: Operand) -> str:
        return self.fn.emit(f"icmp {order} i64 {x}, {y}")

    def _has_tickets(self) -> str:
        tickets = self.fn.emit(f"and i64 {self._get(_GATE)}, {_TICKETS}")
        return self._is("ne", tickets, 0)

    def _is_called(self) -> str:
        """Whether there is something to do for a worker."""
        closing = self._is("ne", self._get(_CLOSING), 0)
        return self.fn.emit(f"or i1 {self._has_tickets()}, {closing}")

    # -- locks

    def _lock(self) -> None:
        self.fn.call("i32", "pthread_mutex_lock", [("ptr", self._at(_LOCK))])

    def _unlock(self) -> None:
        self.fn.call("i32", "pthread_mutex_unlock", [("ptr", self._at(_LOCK))])

    def _wake(self, condition: int) -> None:
        self._lock()
        self.fn.call("i32", "pthread_cond_broadcast", [("ptr", self._at(condition))])
        self._unlock()

    def _pause(self) -> None:
        call = _PAUSES.get(host().triple.partition("-")[0].replace("arm64", "aarch64"))
        if call is not None:
            ret, _, rest = call.partition(" @")
            name, _, args = rest.rstrip(")").partition("(")
            self.fn.call(ret, name, [("i32", 1)] if args else [])

    def _look(self, test: Callable[[], str]) -> None:
        """Looks some times whether a test holds."""
        fn = self.fn
        with fn.while_loop([("i64", 0)]) as looks:
            there = test()
            absent = fn.emit(f"xor i1 {there}, true")
            few = self._is("slt", looks.values[0], _LOOKS)
            looks.test(fn.emit(f"and i1 {absent}, {few}"))
            self._pause()
            looks.next(fn.emit(f"add i64 {looks.values[0]}, 1"))

    def _is_empty(self) -> str:
        return self._is("eq", self._get(_GATE), 0)

    # -- functions

    def alone(self) -> None:
        """`alone`: parts from one on in turn, without the state."""
        args = [
            ("ptr", "body"),
            ("ptr", "env"),
            ("ptr", "memory"),
            ("i64", "first"),
            ("i64", "end"),
        ]
        fn = self._function("alone", args, "i32")
        with fn.loop("%first", "%end") as part:
            given: list[tuple[str, Operand]] = [
                ("ptr", "%env"),
                ("i64", part.index),
                ("ptr", "%memory"),
                ("ptr", "null"),
            ]
            status = fn.call("i32", "%body", given)
            fn.fail_if(fn.emit(f"icmp ne i32 {status}, 0"), status)
        fn.ret()

    def work(self) -> None:
        """`work`: parts of the present loop, until there is none."""
        fn = self._function("work", [("ptr", "memory"), ("ptr", "stop")], "void")
        body, env = (fn.load("ptr", self._at(at)) for at in (_BODY, _ENV))
        parts = fn.load("i64", self._at(_PARTS))
        first = self._change("add", _NEXT, 1)
        with fn.while_loop([("i64", first)]) as loop:
            (part,) = loop.values
            fine = self._is("eq", self._get(_STATUS), 0)
            loop.test(fn.emit(f"and i1 {self._is('slt', part, parts)}, {fine}"))
            given: list[tuple[str, Operand]] = [
                ("ptr", env),
                ("i64", part),
                ("ptr", "%memory"),
                ("ptr", "%stop"),
            ]
            status = fn.call("i32", body, given)
            with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
                self._swap(_STATUS, 0, fn.emit(f"zext i32 {status} to i64"))
            loop.next(self._change("add", _NEXT, 1))
        fn.ret()

    def worker(self) -> None:
        """`worker`: the life of a thread, which has working memory of its own."""
        fn = self._function("worker", [("ptr", "unused")], "ptr")
        # Signals are for the threads that Python knows.
        signals = fn.alloca("[128 x i8]", align=16)
        fn.call("i32", "sigfillset", [("ptr", signals)])
        how = int(getattr(signal, "SIG_SETMASK", 2))
        fn.call("i32", "pthread_sigmask", [("i32", how), ("ptr", signals), ("ptr", "null")])
        memory = fn.call("ptr", "malloc", [("i64", _FIRST_SCRATCH + 64)])
        with fn.while_loop([("ptr", memory), ("i64", _FIRST_SCRATCH)]) as life:
            memory, size = life.values
            self._look(self._is_called)
            self._sleep()
            life.test(self._is("eq", self._get(_CLOSING), 0))
            with fn.if_else(self._ticket(), ["ptr", "i64"]) as choice:
                with choice.then():
                    choice.give(*self._join(memory, size))
                with choice.otherwise():
                    choice.give(memory, size)
            life.next(*choice.results)
        fn.call("void", "free", [("ptr", life.results[0])])
        self._change("sub", _ALIVE, 1)
        fn.ret("null")

    def _sleep(self) -> None:
        """Sleeps until there is something to do."""
        fn = self.fn
        idle = fn.emit(f"xor i1 {self._is_called()}, true")
        with fn.when(idle):
            self._lock()
            self._change("add", _SLEEPERS, 1)
            with fn.while_loop([]) as asleep:
                asleep.test(fn.emit(f"xor i1 {self._is_called()}, true"))
                places = [("ptr", self._at(_WORK)), ("ptr", self._at(_LOCK))]
                fn.call("i32", "pthread_cond_wait", places)
            self._change("sub", _SLEEPERS, 1)
            self._unlock()

    def _ticket(self) -> str:
        """Takes a ticket; returns whether there was one."""
        fn = self.fn
        with fn.while_loop([("i1", "false"), ("i1", "true")]) as tries:
            _, going = tries.values
            tries.test(going)
            gate = self._get(_GATE)
            there = self._is("ne", fn.emit(f"and i64 {gate}, {_TICKETS}"), 0)
            with fn.if_else(there, ["i1", "i1"]) as choice:
                with choice.then():
                    taken = self._swap(_GATE, gate, fn.emit(f"add i64 {gate}, {_INSIDE - 1}"))
                    choice.give(taken, fn.emit(f"xor i1 {taken}, true"))
                with choice.otherwise():
                    choice.give("false", "false")
            tries.next(*choice.results)
        return tries.results[0]

    def _join(self, memory: str, size: str) -> tuple[str, str]:
        """Works on the present loop; returns the worker's memory."""
        fn = self.fn
        needed = fn.load("i64", self._at(_SCRATCH_SIZE))
        with fn.if_else(self._is("sgt", needed, size), ["ptr", "i64"]) as choice:
            with choice.then():
                fn.call("void", "free", [("ptr", memory)])
                wanted = fn.emit(f"add i64 {needed}, 64")
                choice.give(fn.call("ptr", "malloc", [("i64", wanted)]), needed)
            with choice.otherwise():
                choice.give(memory, size)
        memory, size = choice.results
        missing = fn.emit(f"icmp eq ptr {memory}, null")
        with fn.if_else(missing) as either:
            with either.then():
                self._swap(_STATUS, 0, OUT_OF_MEMORY)
            with either.otherwise():
                number = fn.emit(f"ptrtoint ptr {memory} to i64")
                negative = fn.emit(f"sub i64 0, {number}")
                aligned = fn.gep("i8", memory, fn.emit(f"and i64 {negative}, 63"))
                fn.call("void", "work", [("ptr", aligned), ("ptr", self._at(_STATUS))])
        size = fn.emit(f"select i1 {missing}, i64 0, i64 {size}")
        before = self._change("sub", _GATE, _INSIDE)
        last = self._is("eq", before, _INSIDE)
        waiting = self._is("ne", self._get(_WAITING), 0)
        with fn.when(fn.emit(f"and i1 {last}, {waiting}")):
            self._wake(_DONE)
        return memory, size

    def start(self) -> None:
        """`start`: makes threads until there are as many as wanted or no more can be made."""
        fn = self._function("start", [("i64", "wanted")], "i64")
        started = self._get(STARTED)
        with fn.when(self._is("eq", started, 0)):
            for function, at in (("mutex", _LOCK), ("cond", _WORK), ("cond", _DONE)):
                places = [("ptr", self._at(at)), ("ptr", "null")]
                fn.call("i32", f"pthread_{function}_init", places)
        attributes = fn.alloca("[128 x i8]", align=16)
        thread = fn.alloca("[16 x i8]", align=16)
        fn.call("i32", "pthread_attr_init", [("ptr", attributes)])
        fn.call("i32", "pthread_attr_setstacksize", [("ptr", attributes), ("i64", _STACK)])
        with fn.while_loop([("i64", started), ("i1", "true")]) as loop:
            count, fine = loop.values
            loop.test(fn.emit(f"and i1 {self._is('slt', count, '%wanted')}, {fine}"))
            self._change("add", _ALIVE, 1)
            made = fn.call(
                "i32",
                "pthread_create",
                [("ptr", thread), ("ptr", attributes), ("ptr", "@worker"), ("ptr", "null")],
            )
            good = fn.emit(f"icmp eq i32 {made}, 0")
            with fn.if_else(good) as choice:
                with choice.then():
                    fn.call("i32", "pthread_detach", [("i64", fn.load("i64", thread))])
                with choice.otherwise():
                    self._change("sub", _ALIVE, 1)
            step = fn.emit(f"zext i1 {good} to i64")
            loop.next(fn.emit(f"add i64 {count}, {step}"), good)
        fn.call("i32", "pthread_attr_destroy", [("ptr", attributes)])
        self._set(STARTED, loop.results[0])
        fn.ret(loop.results[0])

    def wait(self) -> None:
        """`wait`: until the gate is empty; asks Python for signals meanwhile."""
        fn = self._function("wait", [("ptr", "poll")], "void")
        self._look(self._is_empty)
        clock = fn.alloca("[2 x i64]", align=16)
        with fn.while_loop([]) as loop:
            loop.test(fn.emit(f"xor i1 {self._is_empty()}, true"))
            self._lock()
            self._set(_WAITING, 1)
            with fn.when(fn.emit(f"xor i1 {self._is_empty()}, true")):
                self._until(clock)
                places = [("ptr", self._at(_DONE)), ("ptr", self._at(_LOCK)), ("ptr", clock)]
                fn.call("i32", "pthread_cond_timedwait", places)
            self._set(_WAITING, 0)
            self._unlock()
            with fn.when(fn.emit(f"xor i1 {self._is_empty()}, true")):
                raised = fn.call("i32", "%poll", [])
                with fn.when(fn.emit(f"icmp ne i32 {raised}, 0")):
                    self._swap(_STATUS, 0, INTERRUPTED)
        fn.ret()

    def _until(self, clock: str) -> None:
        """Writes a time a little later than now."""
        fn = self.fn
        fn.call("i32", "clock_gettime", [("i32", 0), ("ptr", clock)])
        nanoseconds = fn.gep("i64", clock, 1)
        later = fn.emit(f"add i64 {fn.load('i64', nanoseconds)}, {_NANOSECONDS}")
        carry = fn.emit(f"udiv i64 {later}, {_SECOND}")
        fn.store("i64", fn.emit(f"urem i64 {later}, {_SECOND}"), nanoseconds)
        fn.store("i64", fn.emit(f"add i64 {fn.load('i64', clock)}, {carry}"), clock)

    def shared(self) -> None:
        """`shared`: the parts of a loop by the caller, who owns the pool, and workers."""
        args = [(ty, name) for ty, name in _RUN_ARGS if name not in ("count", "sure")]
        fn = self._function("shared", [*args, ("i64", "wanted"), ("i64", "first")], "i32")
        tickets = fn.call("i64", "start", [("i64", "%wanted")])
        fewer = self._is("slt", tickets, "%wanted")
        tickets = fn.emit(f"select i1 {fewer}, i64 {tickets}, i64 %wanted")
        for ty, x, at in (
            ("ptr", "%body", _BODY),
            ("ptr", "%env", _ENV),
            ("i64", "%parts", _PARTS),
            ("i64", "%size", _SCRATCH_SIZE),
        ):
            fn.store(ty, x, self._at(at))
        self._set(_NEXT, "%first")
        self._set(_STATUS, 0)
        self._set(_GATE, tickets)
        with fn.when(self._is("ne", self._get(_SLEEPERS), 0)):
            self._wake(_WORK)
        fn.call("void", "work", [("ptr", "%memory"), ("ptr", "null")])
        fn.emit(f"atomicrmw and ptr {self._at(_GATE)}, i64 {-_INSIDE} seq_cst")
        fn.call("void", "wait", [("ptr", "%poll")])
        fn.ret(fn.emit(f"trunc i64 {self._get(_STATUS)} to i32"))

    def run(self, threads: bool) -> None:
        """`pool_run`."""
        fn = self._function(RUN, _RUN_ARGS, "i32", "")
        if not threads:
            fn.ret(self._alone(0, "%parts"))
            return
        count = fn.load("i64", "%count")
        for most in ("%parts", MOST_WORKERS + 1):
            over = self._is("sgt", count, most)
            count = fn.emit(f"select i1 {over}, i64 {most}, i64 {count}")
        wanted = fn.emit(f"sub i64 {count}, 1")
        several = self._is("sgt", wanted, 0)
        unsure = fn.emit("xor i1 %sure, true")
        with fn.if_else(fn.emit(f"and i1 {several}, {unsure}"), ["i64", "i1"]) as trial:
            with trial.then():
                trial.give(1, self._first_was_long())
            with trial.otherwise():
                trial.give(0, several)
        first, worthwhile = trial.results
        with fn.if_else(worthwhile, ["i1"]) as choice:
            with choice.then():
                choice.give(self._swap(_OWNER, 0, 1))
            with choice.otherwise():
                choice.give("false")
        with fn.if_else(choice.results[0], ["i32"]) as way:
            with way.then():
                given = [(ty, f"%{x}") for ty, x in _RUN_ARGS if x not in ("count", "sure")]
                extra: list[tuple[str, Operand]] = [("i64", wanted), ("i64", first)]
                status = fn.call("i32", "shared", [*given, *extra])
                self._set(_OWNER, 0)
                way.give(status)
            with way.otherwise():
                way.give(self._alone(first, "%parts"))
        fn.ret(way.results[0])

    def _alone(self, first: Operand, end: Operand) -> str:
        given = [("ptr", f"%{x}") for x in ("body", "env", "memory")]
        return self.fn.call("i32", "alone", [*given, ("i64", first), ("i64", end)])

    def _first_was_long(self) -> str:
        """Does the first part; returns whether the others will take long if they are like it."""
        fn = self.fn
        times = [fn.alloca("[2 x i64]", align=16) for _ in range(2)]
        fn.call("i32", "clock_gettime", [("i32", 0), ("ptr", times[0])])
        status = self._alone(0, 1)
        fn.call("i32", "clock_gettime", [("i32", 0), ("ptr", times[1])])
        fn.fail_if(fn.emit(f"icmp ne i32 {status}, 0"), status)
        start, end = (self._nanoseconds(clock) for clock in times)
        rest = fn.emit(f"mul i64 {fn.emit(f'sub i64 {end}, {start}')}, {self._less('%parts')}")
        return self._is("sgt", rest, _WORTHWHILE)

    def _less(self, x: str) -> str:
        return self.fn.emit(f"sub i64 {x}, 1")

    def _nanoseconds(self, clock: str) -> str:
        fn = self.fn
        seconds = fn.emit(f"mul i64 {fn.load('i64', clock)}, {_SECOND}")
        return fn.emit(f"add i64 {seconds}, {fn.load('i64', fn.gep('i64', clock, 1))}")

    def stop(self) -> None:
        """`pool_stop`: takes the pool for good and ends its threads; waits for a second at most."""
        fn = self._function(STOP, [], "i32", "")
        self._patiently(lambda: self._swap(_OWNER, 0, 1))
        self._set(_CLOSING, 1)
        with fn.when(self._is("ne", self._get(STARTED), 0)):
            self._wake(_WORK)
        self._patiently(lambda: self._is("eq", self._get(_ALIVE), 0))
        left = self._get(_ALIVE)
        fn.ret(fn.emit(f"trunc i64 {left} to i32"))

    def _patiently(self, test: Callable[[], str]) -> None:
        """Waits until a test holds, for a second at most."""
        fn = self.fn
        with fn.while_loop([("i64", 0)]) as tries:
            there = test()
            few = self._is("slt", tries.values[0], 1000)
            tries.test(fn.emit(f"and i1 {few}, {fn.emit(f'xor i1 {there}, true')}"))
            fn.call("i32", "usleep", [("i32", 1000)])
            tries.next(fn.emit(f"add i64 {tries.values[0]}, 1"))
