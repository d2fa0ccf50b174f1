import numpy as np
import pytest

from minijax.core.dtypes import float32
from minijax.core.records import replace
from minijax.kernel.build import KernelBuilder
from minijax.kernel.check import KernelTypeError, check_program
from minijax.kernel.expr import Expr
from minijax.kernel.roots import Element, Program, Value
from tests.kernel.programs import F64, array, build


def plain() -> Program:
    return build([array(3)], lambda k, x: k.element(array(3), lambda i: k.sin(x(i))))


def with_body(body: Expr) -> Program:
    program = plain()
    (definition,) = program.definitions
    assert isinstance(definition, Element)
    changed = replace(definition, bodies=(body,))
    return replace(program, definitions=(changed,))


def test_a_sound_program_passes() -> None:
    check_program(plain())


def test_a_value_used_before_its_definition() -> None:
    program = build(
        [array(3)],
        lambda k, x: k.element(array(3), lambda i: k.neg(k.element(array(3), x)[0](i))),
    )
    check_program(program)
    swapped = replace(program, definitions=program.definitions[::-1])
    with pytest.raises(KernelTypeError, match="used before it is defined"):
        check_program(swapped)


def test_a_value_defined_twice() -> None:
    program = plain()
    twice = replace(program, definitions=program.definitions * 2)
    with pytest.raises(KernelTypeError, match="defined twice"):
        check_program(twice)


def test_an_output_without_definition() -> None:
    program = plain()
    stranger = Value(array(3), KernelBuilder())
    with pytest.raises(KernelTypeError, match="is not defined"):
        check_program(replace(program, outputs=(stranger,)))


def test_an_index_of_another_loop() -> None:
    foreign = KernelBuilder().index(3)
    with pytest.raises(KernelTypeError, match=r"outside its loop in\n.*index<3>"):
        check_program(with_body(Expr("convert", F64, (foreign,))))


def test_an_element_of_the_wrong_dtype() -> None:
    body = Expr("const", float32, (), np.float32(1))
    with pytest.raises(KernelTypeError, match=r"expression of float32 for f64\[3\]"):
        check_program(with_body(body))


def test_an_operation_on_two_dtypes() -> None:
    one, single = Expr("const", F64, (), np.float64(1)), Expr("const", float32, (), np.float32(1))
    with pytest.raises(KernelTypeError, match="add of"):
        check_program(with_body(Expr("add", F64, (one, single))))


def test_an_operation_that_is_none() -> None:
    with pytest.raises(KernelTypeError, match="sine is no operation"):
        check_program(with_body(Expr("sine", F64, ())))


def test_a_dot_whose_axes_do_not_meet() -> None:
    program = build(
        [array(2, 3), array(4, 5)],
        lambda k, x, y: k.dot(array(2, 5), x, y, ((1,), (0,)), ((), ())),
    )
    with pytest.raises(KernelTypeError, match=r"axes of lengths \[3\] and \[4\] do not meet"):
        check_program(program)
