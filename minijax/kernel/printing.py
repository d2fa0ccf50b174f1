"""Printing kernel programs: the text that snapshots compare with and people read.

    program(a:f64[3,4]):
      b:f64[4,3][i0,i1] = sin(a[i1,i0]) + 1.0
      c:f64[4][i0] = reduce add over r0<3 of b[i0,r0] from 0.0
      return c

Values are named in the order of their appearance, loop indices i0, i1, …, those of folds r0, r1, ….
Expressions share their parts, so the text of a tree could be exponentially longer than the program.
What is used more than once, or fills a line, has a name of its own and is said once, further down:

      b:f64[3][i0] = t0 * t0 + exp(t0)
        where t0 = sin(a[i0])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from minijax.core.printing import variable_names
from minijax.kernel.expr import Expr
from minijax.kernel.roots import (
    Branch,
    Cumulate,
    Definition,
    Dot,
    Element,
    HostCall,
    Native,
    Program,
    Reduce,
    Scan,
    Scatter,
    Sort,
    Unrolled,
    Value,
    While,
    results,
)
from minijax.kernel.walk import fields_of, postorder

# Symbol and precedence: an operand of lower precedence is put in parentheses.
_INFIX = {
    "or": ("|", 1),
    "xor": ("^", 2),
    "and": ("&", 3),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), ("", 4)),
    "add": ("+", 5),
    "sub": ("-", 5),
    "mul": ("*", 6),
    "div": ("/", 6),
    "floordiv": ("//", 6),
    "mod": ("%", 6),
}
_RELATION = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ATOM = 9
_LEAVES = ("const", "index", "var")
_LONG = 160  # characters of an expression that gets a name


class _Names:
    """The names of the values, indices and variables of one program."""

    def __init__(self) -> None:
        self._fresh = variable_names()
        self._values: dict[Value, str] = {}
        self._repeated: frozenset[Expr] = frozenset()
        self._texts: dict[Expr, tuple[str, int]] = {}
        self.locals: list[str] = []

    def begin(self, exprs: Sequence[Expr]) -> None:
        """Starts the text of the expressions of one definition."""
        self._repeated = _repeated(exprs)
        self._texts = {}
        self.locals = []

    def value(self, value: Value) -> str:
        """Returns the name of a value."""
        if value not in self._values:
            self._values[value] = next(self._fresh)
        return self._values[value]

    def bind(self, value: Value) -> str:
        """Returns the name of a value with its type."""
        return f"{self.value(value)}:{value.aval}"

    def scope(self, prefix: str, exprs: Sequence[Expr]) -> list[str]:
        """Names indices or variables of one definition, prefix0, prefix1, …"""
        names = [f"{prefix}{k}" for k in range(len(exprs))]
        self._texts |= {x: (name, _ATOM) for x, name in zip(exprs, names, strict=True)}
        return names

    def name(self, expr: Expr, name: str) -> None:
        """Names one variable."""
        self._texts[expr] = name, _ATOM

    def expr(self, expr: Expr) -> str:
        """Returns the text of an expression; the names it needs are added to `locals`."""
        texts = self._texts
        for x in postorder((expr,), texts.__contains__):
            text, precedence = _node(x, [texts[operand] for operand in x.operands], self)
            if x in self._repeated or (len(text) > _LONG and x is not expr):
                name = f"t{len(self.locals)}"
                self.locals.append(f"where {name} = {text}")
                text, precedence = name, _ATOM
            texts[x] = text, precedence
        return texts[expr][0]

    def tuple(self, values: Sequence[Value]) -> str:
        """Returns the names of values, separated by commas."""
        return ", ".join(map(self.value, values))


def format_program(program: Program) -> str:
    """Returns the text of a program."""
    return "\n".join(_program_lines(program, "program"))


def format_definition(definition: Definition) -> str:
    """Returns the text of one definition, with names of its own."""
    return "\n".join(_definition_lines(definition, _Names()))


def format_expr(expr: Expr) -> str:
    """Returns the text of an expression, with names of its own."""
    names = _Names()
    names.begin((expr,))
    return "\n".join([names.expr(expr), *(f"  {line}" for line in names.locals)])


def _program_lines(program: Program, label: str) -> list[str]:
    names = _Names()
    lines = [f"{label}({', '.join(map(names.bind, program.inputs))}):"]
    lines += [f"  {names.bind(value)} = literal" for value, _ in program.literals]
    for definition in program.definitions:
        lines += [f"  {line}" for line in _definition_lines(definition, names)]
    return [*lines, f"  return {names.tuple(program.outputs)}".rstrip()]


# -- definitions


def _definition_lines(definition: Definition, names: _Names) -> list[str]:
    names.begin(fields_of(definition, Expr))
    match definition:
        case Element():
            lines = list(_element_lines(definition, names))
        case Unrolled():
            lines = _unrolled_lines(definition, names)
        case Reduce():
            lines = _reduce_lines(definition, names)
        case Cumulate():
            lines = _cumulate_lines(definition, names)
        case Scatter():
            lines = [_scatter_line(definition, names)]
        case Dot():
            lines = [_dot_line(definition, names)]
        case Sort():
            lines = [_sort_line(definition, names)]
        case Native():
            lines = [_native_line(definition, names)]
        case _:
            lines = _control_lines(definition, names)
    return [*lines, *(f"  {line}" for line in names.locals)]


def _left(values: Sequence[Value], names: _Names, indices: Sequence[str] = ()) -> str:
    where = f"[{','.join(indices)}]" if indices else ""
    return ", ".join(f"{names.bind(value)}{where}" for value in values)


def _element_lines(definition: Element, names: _Names) -> Iterator[str]:
    indices = names.scope("i", definition.indices)
    for value, body in zip(definition.outs, definition.bodies, strict=True):
        # Read before the result is named, so that names are in the order of appearance.
        text = names.expr(body)
        view = (
            "" if definition.view_of is None else f"  (view of {names.value(definition.view_of)})"
        )
        yield f"{_left((value,), names, indices)} = {text}{view}"


def _unrolled_lines(definition: Unrolled, names: _Names) -> list[str]:
    indices = names.scope("i", definition.indices)
    texts = [names.expr(body) for body in definition.bodies]
    over = f" for {','.join(indices)}" if indices else ""
    head = f"{_left(definition.outs, names)} = unrolled{over}:"
    return [head, *(f"  {text}" for text in texts)]


def _exprs(exprs: Sequence[Expr], names: _Names) -> str:
    texts = [names.expr(expr) for expr in exprs]
    return texts[0] if len(texts) == 1 else f"({', '.join(texts)})"


def _combiner(definition: Reduce | Cumulate, names: _Names) -> str:
    accs = names.scope("acc", definition.accs)
    news = names.scope("new", definition.news)
    return f"  by {', '.join(accs + news)} -> {_exprs(definition.combined, names)}"


def _reduce_lines(definition: Reduce, names: _Names) -> list[str]:
    outer = names.scope("i", definition.outer)
    inner = names.scope("r", definition.inner)
    ranges = [f"{name}<{i.payload}" for name, i in zip(inner, definition.inner, strict=True)]
    of, start = _exprs(definition.elements, names), _exprs(definition.init, names)
    kind = "" if definition.kind is None else f" {definition.kind}"
    over = f" over {','.join(ranges)}" if ranges else ""
    line = f"{_left(definition.outs, names, outer)} = reduce{kind}{over} of {of} from {start}"
    return [line] if definition.kind is not None else [line, _combiner(definition, names)]


def _cumulate_lines(definition: Cumulate, names: _Names) -> list[str]:
    indices = names.scope("i", definition.indices)
    of = _exprs(definition.elements, names)
    along = f"{indices[definition.axis]}{' backwards' if definition.reverse else ''}"
    line = f"{_left(definition.outs, names, indices)} = cumulate along {along} of {of}"
    return [line, _combiner(definition, names)]


def _scatter_line(definition: Scatter, names: _Names) -> str:
    indices = names.scope("r", definition.indices)
    names.name(definition.old, "old")
    names.name(definition.new, "new")
    ranges = [f"{name}<{i.payload}" for name, i in zip(indices, definition.indices, strict=True)]
    place = ",".join(names.expr(i) for i in definition.place)
    how = "" if definition.combined is definition.new else f" by {names.expr(definition.combined)}"
    guard = "" if definition.in_bounds.is_constant else f" if {names.expr(definition.in_bounds)}"
    over = f" for {','.join(ranges)}" if ranges else ""
    unique = " unique" if definition.unique else ""
    source, update = names.value(definition.operand), names.expr(definition.update)
    return (
        f"{_left((definition.out,), names)} = scatter{unique} into {source}"
        f"{over}: [{place}] <- {update}{how}{guard}"
    )


def _dot_line(definition: Dot, names: _Names) -> str:
    sides = [
        f"{names.value(value)}[contract {contract} batch {batch}]"
        for value, contract, batch in (
            (definition.lhs, definition.lhs_contract, definition.lhs_batch),
            (definition.rhs, definition.rhs_contract, definition.rhs_batch),
        )
    ]
    return f"{_left((definition.out,), names)} = dot {' '.join(sides)}"


def _sort_line(definition: Sort, names: _Names) -> str:
    operands = names.tuple(definition.operands)
    scope = names.scope("l", definition.lhs) + names.scope("r", definition.rhs)
    rule = f"{', '.join(scope)} -> {names.expr(definition.less)}"
    outs = _left(definition.outs, names)
    kept = "" if definition.keep is None else f"first {definition.keep} of "
    if definition.around is not None:
        kept = f"around {definition.around} of "
    return f"{outs} = {kept}sort {operands} along {definition.axis} by {rule}"


def _native_line(definition: Native, names: _Names) -> str:
    operands = names.tuple(definition.operands)
    calls = ", ".join(call.symbol for call in definition.calls)
    batch = f" for each of {definition.batch}" if definition.batch else ""
    return f"{_left(definition.outs, names)} = native {calls} {operands}{batch}"


def _with(consts: Sequence[Value], names: _Names) -> str:
    return f" with {names.tuple(consts)}" if consts else ""


def _control_lines(definition: Definition, names: _Names) -> list[str]:
    match definition:
        case Branch():
            head = f"branch {names.value(definition.index)} of {names.tuple(definition.operands)}"
            programs = [(f"case {k}", p) for k, p in enumerate(definition.programs)]
        case While():
            shared = [*definition.cond_consts, *definition.body_consts]
            record = "recording " if definition.recording else ""
            head = f"{record}while {names.tuple(definition.init)}{_with(shared, names)}"
            programs = [("cond", definition.cond), ("body", definition.body)]
        case Scan():
            way = " backwards" if definition.reverse else ""
            length = definition.length
            steps = names.value(length) if isinstance(length, Value) else length
            over = f" over {names.tuple(definition.xs)}" if definition.xs else ""
            consts = _with(definition.consts, names)
            head = f"scan {steps}{way} {names.tuple(definition.init)}{over}{consts}"
            programs = [("body", definition.body)]
        case HostCall():
            name = getattr(definition.callback, "__name__", type(definition.callback).__name__)
            head, programs = f"host call {name} of {names.tuple(definition.operands)}", []
        case _:
            raise AssertionError(f"no text for {definition}")
    outs = _left(results(definition), names)
    lines = [f"{outs} = {head.rstrip()}" if outs else head.rstrip()]
    for label, program in programs:
        lines += [f"  {line}" for line in _program_lines(program, label)]
    return lines


# -- expressions


def _repeated(exprs: Sequence[Expr]) -> frozenset[Expr]:
    """Returns the expressions with operands of their own that are used more than once."""
    uses = Counter(exprs)
    for expr in postorder(exprs, lambda expr: False):
        uses.update(expr.operands)
    return frozenset(expr for expr, count in uses.items() if count > 1 and not _is_short(expr))


def _is_short(expr: Expr) -> bool:
    if expr.op == "read":
        return all(index.op in _LEAVES for index in expr.operands)
    return expr.op in _LEAVES


def _node(expr: Expr, operands: list[tuple[str, int]], names: _Names) -> tuple[str, int]:
    """Returns the text of a node and its precedence, from those of its operands."""
    plain = [text for text, _ in operands]
    match expr.op:
        case "const":
            return _number(expr.payload), _ATOM
        case "index" | "var":
            return f"{expr.op}<{expr.payload}>", _ATOM
        case "read":
            name = names.value(expr.payload)
            return f"{name}[{','.join(plain)}]" if plain else name, _ATOM
        case "convert" | "bitcast":
            return f"{expr.op}({plain[0]}, {expr.dtype.name})", _ATOM
    if expr.op in _INFIX:
        symbol, own = _INFIX[expr.op]
        sides = operands if len(operands) == 2 else [*operands, (str(expr.payload), _ATOM)]
        left, right = _wrap(sides[0], own), _wrap(sides[1], own + 1)
        return f"{left} {symbol or _RELATION[expr.op]} {right}", own
    name = expr.payload if expr.op == "special" else expr.op
    extra = [] if expr.payload is None or expr.op == "special" else [str(expr.payload)]
    return f"{name}({', '.join(plain + extra)})", _ATOM


def _wrap(operand: tuple[str, int], needed: int) -> str:
    text, precedence = operand
    return f"({text})" if precedence < needed else text


def _number(value: np.ndarray) -> str:
    if value.dtype.kind == "b":
        return str(bool(value)).lower()
    if value.dtype.kind in "iu":
        return str(int(value))
    if value.dtype.kind == "c":
        return str(complex(value))
    return repr(float(value)) if value.dtype.names is None else "key"
