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

from minijax.compiler.status import INTERRUPTED, OUT_OF_MEMORY
from minijax.compiler.text import Operand
from minijax.compiler.threads import state
from minijax.compiler.threads.state import RUN, STOP, StateWriter

_MOST_WORKERS = 255
_WORTHWHILE = 50_000  # nanoseconds of work that are shared
_NANOSECONDS = 20_000_000
_SECOND = 1_000_000_000
_STACK = 1 << 22
_FIRST_SCRATCH = 1 << 12
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


class _Pool(StateWriter):
    def alone(self) -> None:
        """`alone`: parts from one on in turn, without the state."""
        args = [
            ("ptr", "body"),
            ("ptr", "env"),
            ("ptr", "memory"),
            ("i64", "first"),
            ("i64", "end"),
        ]
        fn = self.begin("alone", args, "i32")
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
        fn = self.begin("work", [("ptr", "memory"), ("ptr", "stop")], "void")
        body, env = (fn.load("ptr", self.at(at)) for at in (state.BODY, state.ENV))
        parts = fn.load("i64", self.at(state.PARTS))
        first = self.change("add", state.NEXT, 1)
        with fn.while_loop([("i64", first)]) as loop:
            (part,) = loop.values
            fine = self.compare("eq", self.get(state.STATUS), 0)
            loop.test(fn.emit(f"and i1 {self.compare('slt', part, parts)}, {fine}"))
            given: list[tuple[str, Operand]] = [
                ("ptr", env),
                ("i64", part),
                ("ptr", "%memory"),
                ("ptr", "%stop"),
            ]
            status = fn.call("i32", body, given)
            with fn.when(fn.emit(f"icmp ne i32 {status}, 0")):
                self.swap(state.STATUS, 0, fn.emit(f"zext i32 {status} to i64"))
            loop.next(self.change("add", state.NEXT, 1))
        fn.ret()

    def worker(self) -> None:
        """`worker`: the life of a thread, which has working memory of its own."""
        fn = self.begin("worker", [("ptr", "unused")], "ptr")
        # Signals are for the threads that Python knows.
        signals = fn.alloca("[128 x i8]", align=16)
        fn.call("i32", "sigfillset", [("ptr", signals)])
        how = int(getattr(signal, "SIG_SETMASK", 2))
        fn.call("i32", "pthread_sigmask", [("i32", how), ("ptr", signals), ("ptr", "null")])
        memory = fn.call("ptr", "malloc", [("i64", _FIRST_SCRATCH + 64)])
        with fn.while_loop([("ptr", memory), ("i64", _FIRST_SCRATCH)]) as life:
            memory, size = life.values
            self.look(self.is_called)
            self._sleep()
            life.test(self.compare("eq", self.get(state.CLOSING), 0))
            with fn.if_else(self._ticket(), ["ptr", "i64"]) as choice:
                with choice.then():
                    choice.give(*self._join(memory, size))
                with choice.otherwise():
                    choice.give(memory, size)
            life.next(*choice.results)
        fn.call("void", "free", [("ptr", life.results[0])])
        self.change("sub", state.ALIVE, 1)
        fn.ret("null")

    def _sleep(self) -> None:
        """Sleeps until there is something to do."""
        fn = self.fn
        idle = fn.emit(f"xor i1 {self.is_called()}, true")
        with fn.when(idle):
            self.lock()
            self.change("add", state.SLEEPERS, 1)
            with fn.while_loop([]) as asleep:
                asleep.test(fn.emit(f"xor i1 {self.is_called()}, true"))
                places = [("ptr", self.at(state.WORK)), ("ptr", self.at(state.LOCK))]
                fn.call("i32", "pthread_cond_wait", places)
            self.change("sub", state.SLEEPERS, 1)
            self.unlock()

    def _ticket(self) -> str:
        """Takes a ticket; returns whether there was one."""
        fn = self.fn
        with fn.while_loop([("i1", "false"), ("i1", "true")]) as tries:
            _, going = tries.values
            tries.test(going)
            gate = self.get(state.GATE)
            there = self.compare("ne", fn.emit(f"and i64 {gate}, {state.TICKETS}"), 0)
            with fn.if_else(there, ["i1", "i1"]) as choice:
                with choice.then():
                    taken = self.swap(
                        state.GATE, gate, fn.emit(f"add i64 {gate}, {state.INSIDE - 1}")
                    )
                    choice.give(taken, fn.emit(f"xor i1 {taken}, true"))
                with choice.otherwise():
                    choice.give("false", "false")
            tries.next(*choice.results)
        return tries.results[0]

    def _join(self, memory: str, size: str) -> tuple[str, str]:
        """Works on the present loop; returns the worker's memory."""
        fn = self.fn
        needed = fn.load("i64", self.at(state.SCRATCH_SIZE))
        with fn.if_else(self.compare("sgt", needed, size), ["ptr", "i64"]) as choice:
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
                self.swap(state.STATUS, 0, OUT_OF_MEMORY)
            with either.otherwise():
                number = fn.emit(f"ptrtoint ptr {memory} to i64")
                negative = fn.emit(f"sub i64 0, {number}")
                aligned = fn.gep("i8", memory, fn.emit(f"and i64 {negative}, 63"))
                fn.call("void", "work", [("ptr", aligned), ("ptr", self.at(state.STATUS))])
        size = fn.emit(f"select i1 {missing}, i64 0, i64 {size}")
        before = self.change("sub", state.GATE, state.INSIDE)
        last = self.compare("eq", before, state.INSIDE)
        waiting = self.compare("ne", self.get(state.WAITING), 0)
        with fn.when(fn.emit(f"and i1 {last}, {waiting}")):
            self.wake(state.DONE)
        return memory, size

    def start(self) -> None:
        """`start`: makes threads until there are as many as wanted or no more can be made."""
        fn = self.begin("start", [("i64", "wanted")], "i64")
        started = self.get(state.STARTED)
        with fn.when(self.compare("eq", started, 0)):
            for function, at in (("mutex", state.LOCK), ("cond", state.WORK), ("cond", state.DONE)):
                places = [("ptr", self.at(at)), ("ptr", "null")]
                fn.call("i32", f"pthread_{function}_init", places)
        attributes = fn.alloca("[128 x i8]", align=16)
        thread = fn.alloca("[16 x i8]", align=16)
        fn.call("i32", "pthread_attr_init", [("ptr", attributes)])
        fn.call("i32", "pthread_attr_setstacksize", [("ptr", attributes), ("i64", _STACK)])
        with fn.while_loop([("i64", started), ("i1", "true")]) as loop:
            count, fine = loop.values
            loop.test(fn.emit(f"and i1 {self.compare('slt', count, '%wanted')}, {fine}"))
            self.change("add", state.ALIVE, 1)
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
                    self.change("sub", state.ALIVE, 1)
            step = fn.emit(f"zext i1 {good} to i64")
            loop.next(fn.emit(f"add i64 {count}, {step}"), good)
        fn.call("i32", "pthread_attr_destroy", [("ptr", attributes)])
        self.put(state.STARTED, loop.results[0])
        fn.ret(loop.results[0])

    def wait(self) -> None:
        """`wait`: until the gate is empty; asks Python for signals meanwhile."""
        fn = self.begin("wait", [("ptr", "poll")], "void")
        self.look(self.is_empty)
        clock = fn.alloca("[2 x i64]", align=16)
        with fn.while_loop([]) as loop:
            loop.test(fn.emit(f"xor i1 {self.is_empty()}, true"))
            self.lock()
            self.put(state.WAITING, 1)
            with fn.when(fn.emit(f"xor i1 {self.is_empty()}, true")):
                self._until(clock)
                places = [
                    ("ptr", self.at(state.DONE)),
                    ("ptr", self.at(state.LOCK)),
                    ("ptr", clock),
                ]
                fn.call("i32", "pthread_cond_timedwait", places)
            self.put(state.WAITING, 0)
            self.unlock()
            with fn.when(fn.emit(f"xor i1 {self.is_empty()}, true")):
                raised = fn.call("i32", "%poll", [])
                with fn.when(fn.emit(f"icmp ne i32 {raised}, 0")):
                    self.swap(state.STATUS, 0, INTERRUPTED)
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
        fn = self.begin("shared", [*args, ("i64", "wanted"), ("i64", "first")], "i32")
        tickets = fn.call("i64", "start", [("i64", "%wanted")])
        fewer = self.compare("slt", tickets, "%wanted")
        tickets = fn.emit(f"select i1 {fewer}, i64 {tickets}, i64 %wanted")
        for ty, x, at in (
            ("ptr", "%body", state.BODY),
            ("ptr", "%env", state.ENV),
            ("i64", "%parts", state.PARTS),
            ("i64", "%size", state.SCRATCH_SIZE),
        ):
            fn.store(ty, x, self.at(at))
        self.put(state.NEXT, "%first")
        self.put(state.STATUS, 0)
        self.put(state.GATE, tickets)
        with fn.when(self.compare("ne", self.get(state.SLEEPERS), 0)):
            self.wake(state.WORK)
        fn.call("void", "work", [("ptr", "%memory"), ("ptr", "null")])
        fn.emit(f"atomicrmw and ptr {self.at(state.GATE)}, i64 {-state.INSIDE} seq_cst")
        fn.call("void", "wait", [("ptr", "%poll")])
        fn.ret(fn.emit(f"trunc i64 {self.get(state.STATUS)} to i32"))

    def run(self, threads: bool) -> None:
        """`pool_run`."""
        fn = self.begin(RUN, _RUN_ARGS, "i32", "")
        if not threads:
            fn.ret(self._alone(0, "%parts"))
            return
        count = fn.load("i64", "%count")
        for most in ("%parts", _MOST_WORKERS + 1):
            over = self.compare("sgt", count, most)
            count = fn.emit(f"select i1 {over}, i64 {most}, i64 {count}")
        wanted = fn.emit(f"sub i64 {count}, 1")
        several = self.compare("sgt", wanted, 0)
        unsure = fn.emit("xor i1 %sure, true")
        with fn.if_else(fn.emit(f"and i1 {several}, {unsure}"), ["i64", "i1"]) as trial:
            with trial.then():
                trial.give(1, self._first_was_long())
            with trial.otherwise():
                trial.give(0, several)
        first, worthwhile = trial.results
        with fn.if_else(worthwhile, ["i1"]) as choice:
            with choice.then():
                choice.give(self.swap(state.OWNER, 0, 1))
            with choice.otherwise():
                choice.give("false")
        with fn.if_else(choice.results[0], ["i32"]) as way:
            with way.then():
                given = [(ty, f"%{x}") for ty, x in _RUN_ARGS if x not in ("count", "sure")]
                extra: list[tuple[str, Operand]] = [("i64", wanted), ("i64", first)]
                status = fn.call("i32", "shared", [*given, *extra])
                self.put(state.OWNER, 0)
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
        return self.compare("sgt", rest, _WORTHWHILE)

    def _less(self, x: str) -> str:
        return self.fn.emit(f"sub i64 {x}, 1")

    def _nanoseconds(self, clock: str) -> str:
        fn = self.fn
        seconds = fn.emit(f"mul i64 {fn.load('i64', clock)}, {_SECOND}")
        return fn.emit(f"add i64 {seconds}, {fn.load('i64', fn.gep('i64', clock, 1))}")

    def stop(self) -> None:
        """`pool_stop`: takes the pool for good and ends its threads; waits for a second at most."""
        fn = self.begin(STOP, [], "i32", "")
        self._patiently(lambda: self.swap(state.OWNER, 0, 1))
        self.put(state.CLOSING, 1)
        with fn.when(self.compare("ne", self.get(state.STARTED), 0)):
            self.wake(state.WORK)
        self._patiently(lambda: self.compare("eq", self.get(state.ALIVE), 0))
        left = self.get(state.ALIVE)
        fn.ret(fn.emit(f"trunc i64 {left} to i32"))

    def _patiently(self, test: Callable[[], str]) -> None:
        """Waits until a test holds, for a second at most."""
        fn = self.fn
        with fn.while_loop([("i64", 0)]) as tries:
            there = test()
            few = self.compare("slt", tries.values[0], 1000)
            tries.test(fn.emit(f"and i1 {few}, {fn.emit(f'xor i1 {there}, true')}"))
            fn.call("i32", "usleep", [("i32", 1000)])
            tries.next(fn.emit(f"add i64 {tries.values[0]}, 1"))
