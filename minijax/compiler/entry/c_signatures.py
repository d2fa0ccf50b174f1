"""Signatures of C that SciPy and others call, and how a program fits into them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minijax.compiler.text import FunctionWriter
from minijax.core.avals import ShapedArray
from minijax.core.records import record

Known = Sequence[ShapedArray | None]


@record(eq=True)
class Signature:
    """A signature of C, with what its arguments mean to a program.

    Attributes:
        arguments: LLVM type and meaning of each: "x" is a number; "values" and "coordinates" are
            numbers and integers, side by side, "count" how many; "result" is where the results
            go, "result_count" how many; "data" is the user's.
        returns: LLVM type: the result as a double, an int that is 1 on success, or nothing.
    """

    arguments: tuple[tuple[str, str], ...]
    returns: str


SIGNATURES = {
    "double (double)": Signature((("double", "x"),), "double"),
    "double (double, void *)": Signature((("double", "x"), ("ptr", "data")), "double"),
    "double (int, double *)": Signature((("i32", "count"), ("ptr", "values")), "double"),
    "double (int, double *, void *)": Signature(
        (("i32", "count"), ("ptr", "values"), ("ptr", "data")), "double"
    ),
    "int (double *, intptr_t, double *, void *)": Signature(
        (("ptr", "values"), ("i64", "count"), ("ptr", "result"), ("ptr", "data")), "i32"
    ),
    "int (double *, intptr_t, double *, intptr_t, void *)": Signature(
        (
            ("ptr", "values"),
            ("i64", "count"),
            ("ptr", "result"),
            ("i64", "result_count"),
            ("ptr", "data"),
        ),
        "i32",
    ),
    "int (intptr_t *, double *, int, int, void *)": Signature(
        (
            ("ptr", "coordinates"),
            ("ptr", "result"),
            ("i32", "count"),
            ("i32", "result_count"),
            ("ptr", "data"),
        ),
        "i32",
    ),
    "void (double, double *, double *, void *)": Signature(
        (("double", "x"), ("ptr", "values"), ("ptr", "result"), ("ptr", "data")), "void"
    ),
}


class Adapter:
    """Finds for the inputs and outputs of a program what they are of the arguments of C.

    Attributes:
        data: the aval of what the user's pointer points to, if the program takes it.
    """

    def __init__(self, fn: FunctionWriter, name: str, in_avals: Known, out_avals: Known) -> None:
        self.fn = fn
        self.name = name
        self.signature = SIGNATURES[name]
        self.roles = {role for _, role in self.signature.arguments}
        self.in_avals, self.out_avals = in_avals, out_avals
        self.data: ShapedArray | None = None
        self.lengths: dict[str, int] = {}

    def inputs(self) -> list[str]:
        """Returns the address of each input."""
        rest, found = list(self.in_avals), []
        for ty, role in self.signature.arguments:
            if role == "x":
                self._require(bool(rest) and _is_number(rest[0]), "a float64 scalar", self.in_avals)
                place = self.fn.alloca(ty)
                self.fn.store(ty, "%x", place)
                found.append(place)
                del rest[0]
            elif role in ("values", "coordinates"):
                dtype = np.dtype("float64" if role == "values" else "int64")
                taken, places = self._elements(rest, dtype, f"%{role}")
                self.lengths["count"] = taken
                found += places
                del rest[: len(places)]
            elif role == "data" and rest:
                self.data = rest.pop(0)
                found.append("%data")
        self._require(not rest, "nothing more", self.in_avals)
        return found

    def outputs(self) -> tuple[list[str], str]:
        """Returns the address of each output, and of the first."""
        if self.signature.returns == "double":
            only = len(self.out_avals) == 1 and _is_number(self.out_avals[0])
            self._require(only, "one float64 scalar as its result", self.out_avals)
            place = self.fn.alloca("double")
            return [place], place
        count, places = self._elements(self.out_avals, np.dtype("float64"), "%result")
        fits = len(places) == len(self.out_avals)
        if "result_count" not in self.roles and "x" not in self.roles:
            fits = fits and count == 1
        elif "x" in self.roles:
            fits = fits and count == self.lengths["count"]
        self._require(fits, "float64 results, as many as it has room for", self.out_avals)
        self.lengths["result_count"] = count
        return places, places[0]

    def _elements(self, avals: Known, dtype: np.dtype, pointer: str) -> tuple[int, list[str]]:
        """How many numbers, and the addresses of the array or the scalars that they are."""
        first = avals[0] if avals else None
        self._require(first is not None and first.dtype == dtype, f"{dtype} values", avals)
        assert first is not None, "asked for above"
        if first.ndim == 1:
            return first.size, [pointer]
        scalars = 0
        for aval in avals:
            if aval is None or aval.shape or aval.dtype != dtype:
                break
            scalars += 1
        self._require(scalars > 0, f"scalars or a vector of {dtype}", avals)
        return scalars, [self.fn.gep("double", pointer, k) for k in range(scalars)]

    def counts_are_right(self) -> str:
        """Whether the caller speaks of as many numbers as the program does."""
        good = "true"
        for ty, role in self.signature.arguments:
            if role in ("count", "result_count"):
                same = self.fn.emit(f"icmp eq {ty} %{role}, {self.lengths[role]}")
                good = self.fn.emit(f"and i1 {good}, {same}")
        return good

    def _require(self, holds: bool, what: str, given: Known) -> None:
        if not holds:
            shown = ", ".join(map(str, given)) or "none"
            raise TypeError(
                f"The program does not fit {self.name!r}: expected {what}, got {shown}. Trace it "
                "for arguments of such shapes and dtypes, in the order of the signature; the "
                "user's data comes last."
            )


def _is_number(aval: ShapedArray | None) -> bool:
    return aval is not None and not aval.shape and aval.dtype == np.dtype("float64")
