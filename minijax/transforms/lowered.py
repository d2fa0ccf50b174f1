"""The stages of a jitted function that users can look at: traced, lowered, compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import nullcontext
from typing import Any

from minijax import compiler
from minijax.core.activity import busy
from minijax.core.array import aval_of
from minijax.core.jaxpr import Jaxpr
from minijax.core.pytree import PyTreeDef, describe_mismatch, flatten, unflatten
from minijax.core.records import record
from minijax.core.source import api_boundary
from minijax.primitives.control.call import call
from minijax.transforms.donation import call_donating, can_donate
from minijax.transforms.entries import Calls, CountingEntryPoint
from minijax.transforms.staging import struct_of

Split = Callable[[tuple[Any, ...], dict[str, Any]], Any]


@record(eq=True)
class ArgInfo:
    """What is known of an argument before it is there.

    Attributes:
        aval: its shape and dtype.
        donated: whether the caller will not use it again.
    """

    aval: Any
    donated: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.aval.shape

    @property
    def dtype(self) -> Any:
        """Its dtype."""
        return self.aval.dtype


class _Stage:
    """What every stage says of arguments and outputs."""

    __slots__ = ()

    traced: Any

    in_tree: PyTreeDef
    out_tree: PyTreeDef

    @property
    def in_avals(self) -> Any:
        """The avals of the arguments, in their structure."""
        return unflatten(self.in_tree, _argument_avals(self.traced))

    @property
    def args_info(self) -> Any:
        """What is known of the arguments, in their structure."""
        avals, donated = _argument_avals(self.traced), self.traced.donated
        infos = [ArgInfo(aval, k in donated) for k, aval in enumerate(avals)]
        return unflatten(self.in_tree, infos)

    @property
    def out_info(self) -> Any:
        """The shapes and dtypes of the output, in its structure."""
        return unflatten(self.out_tree, map(struct_of, self.traced.jaxpr.out_avals))

    @property
    def donate_argnums(self) -> tuple[int, ...]:
        """The positions of the arguments that may be overwritten."""
        return self.traced.donated_positions


class _LaterStage(_Stage):
    """What a stage made from a traced function says of structures."""

    __slots__ = ()

    @property
    def in_tree(self) -> PyTreeDef:  # type: ignore[override]
        """The structure of `(args, kwargs)`."""
        return self.traced.in_tree

    @property
    def out_tree(self) -> PyTreeDef:  # type: ignore[override]
        """The structure of the output."""
        return self.traced.out_tree


def _argument_avals(traced: Traced) -> tuple[Any, ...]:
    return traced.jaxpr.in_avals[len(traced.consts) :]


def _costs(traced: Traced) -> dict[str, float]:
    cost = compiler.compile_jaxpr(traced.jaxpr).cost()
    return {
        "flops": cost.flops,
        "transcendentals": cost.transcendentals,
        "bytes accessed": cost.bytes_read + cost.bytes_written,
        "bytes read": cost.bytes_read,
        "bytes written": cost.bytes_written,
        "equations": float(len(traced.jaxpr.eqns)),
    }


@record
class Traced(_Stage):
    """A function traced for one signature.

    Attributes:
        jaxpr: the closed program; its leading inputs are `consts`.
        consts: the arrays that the function captured.
        in_tree, out_tree: the structures of `(args, kwargs)` and of the output.
        fun_name: the name of the function.
        split: takes `(args, kwargs)` to the dynamic ones.
        static_of: takes `args` to the positions and names of the static arguments.
        donated: the numbers of the leaves that may be overwritten.
        matched: those whose memory a result takes, each with the number of the result.
        donated_positions: the positions of the arguments that may be overwritten.
        threads: how many threads a run may use, if that was said.
    """

    jaxpr: Jaxpr
    consts: tuple[Any, ...]
    in_tree: PyTreeDef
    out_tree: PyTreeDef
    fun_name: str
    split: Split
    static_of: Callable[[tuple[Any, ...]], Set[int | str]]
    donated: tuple[int, ...]
    matched: Mapping[int, int]
    donated_positions: tuple[int, ...]
    threads: int | None = None

    def lower(self, *, lowering_platforms: Any = None, **_: Any) -> Lowered:
        """Returns the next stage; options are accepted for compatibility."""
        return Lowered(self)

    @property
    def traced(self) -> Traced:
        """The traced function itself, as the later stages have it."""
        return self

    @property
    def out_avals(self) -> Any:
        """The avals of the output, in its structure."""
        return unflatten(self.out_tree, self.jaxpr.out_avals)


@record
class Lowered(_LaterStage):
    """A traced function with views of everything the compiler makes of it."""

    traced: Traced

    def jaxpr(self) -> Jaxpr:
        """Returns the program as it was traced."""
        return self.traced.jaxpr

    def kernels(self) -> str:
        """Returns the loop nests that the program becomes."""
        return compiler.compile_jaxpr(self.traced.jaxpr).kernels()

    def llvm_ir(self) -> str:
        """Returns the LLVM IR that is given to LLVM."""
        return compiler.compile_jaxpr(self.traced.jaxpr).llvm_ir()

    def assembly(self) -> str:
        """Returns the machine code as text."""
        return compiler.compile_jaxpr(self.traced.jaxpr).assembly()

    def memory(self) -> Any:
        """Returns how much memory a run takes, in bytes."""
        return compiler.compile_jaxpr(self.traced.jaxpr).memory()

    def as_text(self, dialect: str | None = None, *, debug_info: bool = False) -> str:
        """Returns the program as text: a jaxpr, or LLVM IR for the dialect "llvm"."""
        return self.llvm_ir() if dialect == "llvm" else str(self.traced.jaxpr)

    def compiler_ir(self, dialect: str | None = None) -> Any:
        """Returns the program as the compiler takes it: a jaxpr, or LLVM IR as text."""
        return self.llvm_ir() if dialect == "llvm" else self.traced.jaxpr

    def cost(self) -> dict[str, float]:
        """Returns what a run takes, estimated from the loop nests.

        "flops" are operations on real numbers, "transcendentals" elementary and special functions,
        bytes those of arrays. Loops of unknown length count as one round.

        Example:
            >>> import minijax as mj
            >>> from minijax.numpy import arange, sin
            >>> cost = mj.jit(lambda x: sin(x) * 2 + 1).lower(arange(10.0)).cost()
            >>> cost["flops"], cost["transcendentals"], cost["bytes accessed"]
            (20.0, 10.0, 160.0)
        """
        return _costs(self.traced)

    def cost_analysis(self) -> dict[str, float]:
        """Returns what `cost` does."""
        return _costs(self.traced)

    def memory_analysis(self) -> Any:
        """Returns what `memory` does."""
        return self.memory()

    def compile(self, compiler_options: Any = None) -> Compiled:
        """Compiles the program and returns it as a callable for arguments of this signature."""
        compiler.compile_jaxpr(self.traced.jaxpr)
        return Compiled(self.traced)


class Compiled(CountingEntryPoint, _LaterStage):
    """A function compiled for one signature; it costs as little to call as the jitted one."""

    def __init__(self, traced: Traced) -> None:
        self.traced = traced
        self._calls: Calls = {}
        self._c_functions: dict[str | None, Any] = {}
        self.watch_configuration()

    @api_boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the compiled program.

        Raises:
            TypeError: if the arguments are not of the structure, shapes and dtypes it was
                compiled for.
        """
        traced = self.traced
        leaves, tree = flatten(traced.split(args, kwargs))
        self._check(leaves, tree)
        if not busy:
            made = traced.jaxpr, traced.consts, traced.out_tree, traced.threads, traced.matched
            self.note_call(self._calls, (args, kwargs, traced.static_of(args)), leaves, made)
        if traced.matched and can_donate(leaves):
            shown = traced.jaxpr, traced.consts
            outs = call_donating(*shown, leaves, traced.matched, traced.threads)
        else:
            threads = traced.threads
            with nullcontext() if threads is None else compiler.asked_threads(threads):
                outs = call(traced.jaxpr, *traced.consts, *leaves, name=traced.fun_name)
        return unflatten(traced.out_tree, outs)

    def _check(self, leaves: Sequence[Any], tree: PyTreeDef) -> None:
        name = self.traced.fun_name
        if tree != self.traced.in_tree:
            raise TypeError(
                f"{name} was compiled for arguments of another structure: "
                f"{describe_mismatch(self.traced.in_tree, tree)}"
            )
        for aval, leaf in zip(_argument_avals(self.traced), leaves, strict=True):
            if not aval.accepts(aval_of(leaf)):
                raise TypeError(
                    f"{name} was compiled for an argument of {aval}, got {aval_of(leaf)}: compile "
                    "it for these arguments too, or call the jitted function."
                )

    def forget_calls(self) -> None:
        """Makes calls go through Python again, and counts them anew."""
        self.drop_entries()
        self._calls.clear()

    def as_text(self) -> str:
        """Returns the LLVM IR of the program."""
        return Lowered(self.traced).llvm_ir()

    def memory_analysis(self) -> Any:
        """Returns how much memory a run takes, in bytes."""
        return Lowered(self.traced).memory()

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the compiled program, as calling it does."""
        return self(*args, **kwargs)

    def cost_analysis(self) -> dict[str, float]:
        """Returns what a run takes, as `Lowered.cost` does."""
        return _costs(self.traced)

    # -- from C

    @property
    def address(self) -> int:
        """The address of a function of C, `int run(const void *const *, void *const *)`.

        It takes the address of the elements of each input, in the order of the leaves of the
        arguments (static ones left out), and of each output: in C order, aligned as their type
        wants it, scalars too. It returns 0 if all went well. It needs no lock of Python. Keep this
        object as long as the address.

        Raises:
            ValueError: if the program calls Python.

        Example:
            >>> import ctypes
            >>> import minijax as mj
            >>> twice = mj.jit(lambda x: 2 * x).lower(1.0).compile()
            >>> kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
            >>> run = kind(twice.address)
            >>> x, y = ctypes.c_double(21.0), ctypes.c_double()
            >>> inputs = (ctypes.c_void_p * 1)(ctypes.addressof(x))
            >>> outputs = (ctypes.c_void_p * 1)(ctypes.addressof(y))
            >>> run(inputs, outputs), y.value
            (0, 42.0)
        """
        return int(self._c_function(None).address)

    @api_boundary
    def low_level_callable(self, signature: str, data: Any = None) -> Any:
        """Returns a `scipy.LowLevelCallable`: SciPy then calls the program without Python.

        Args:
            signature: of the C function. Integrands: `"double (double)"`, `"double (double,
                void *)"`, `"double (int, double *)"`, `"double (int, double *, void *)"`. Filters
                of `scipy.ndimage`: `"int (double *, intptr_t, double *, void *)"`, with a second
                `intptr_t` before the data for `generic_filter1d`, and `"int (intptr_t *, double *,
                int, int, void *)"` for `geometric_transform`. Right-hand sides f(t, y, data), which
                no solver of SciPy takes from C, but others do: `"void (double, double *, double *,
                void *)"`. Numbers behind a pointer are one vector or several scalars.
            data: the array that `void *` points to: the program's last argument.

        Raises:
            TypeError: if arguments, results or data do not fit the signature.
            ValueError: if the program calls Python, or the signature is another one.

        Example:
            >>> import minijax as mj
            >>> from minijax.numpy import exp
            >>> from scipy.integrate import quad
            >>> f = mj.jit(lambda x: exp(-x)).lower(0.0).compile()
            >>> value, _ = quad(f.low_level_callable("double (double)"), 0, 1)
            >>> round(value, 6)
            0.632121
        """
        return self._c_function(signature).low_level_callable(data)

    def _c_function(self, signature: str | None) -> Any:
        found = self._c_functions.get(signature)
        if found is None:
            made = compiler.CFunction(self.traced.jaxpr, self.traced.consts, signature)
            found = self._c_functions[signature] = made
        return found

    def runtime_executable(self) -> Any:
        """Returns the program that the compiler made."""
        return compiler.compile_jaxpr(self.traced.jaxpr)

    @property
    def input_shardings(self) -> Any:
        """Where arguments live: None for each, as there is one device."""
        return unflatten(self.in_tree, [None] * self.in_tree.num_leaves)

    @property
    def output_shardings(self) -> Any:
        """Where outputs live: None for each, as there is one device."""
        return unflatten(self.out_tree, [None] * self.out_tree.num_leaves)

    input_formats, output_formats = input_shardings, output_shardings
