"""Rows for conversions of dtypes and for identities."""

import numpy as np

from minijax.core import dtypes
from minijax.core.dtypes import ALL, FLOAT, key_dtype
from minijax.primitives import convert, identities
from tests.primitives.case import Case, Operand


def _convert(new: np.dtype) -> list[Case]:
    def reference(x: np.ndarray) -> np.ndarray:
        both = x.dtype.kind == "c" and new.kind != "c" and new != dtypes.bool_
        return (x.real if both else x).astype(new)

    def function(x):
        return convert.convert_element_type(x, new)

    name, label = "convert_element_type", f"to {dtypes.short_name(new)}"
    linear = (0,) if dtypes.is_inexact(new) else ()
    return [
        Case(
            name,
            function,
            (Operand((2, 3), 0, 100),),
            ALL,
            reference,
            label,
            linear=linear,
            differentiable=False,
        ),
        Case(name, function, (Operand((0,)),), ALL, reference, f"nothing {label}"),
    ]


def _saturate(new: np.dtype) -> Case:
    info = np.iinfo(new)
    expected = [0, info.max, info.min, info.max, info.min, 1, -1 if info.min else 0]
    return Case(
        "convert_element_type",
        lambda x: convert.convert_element_type(x, new),
        (Operand(values=[np.nan, np.inf, -np.inf, 1e30, -1e30, 1.9, -1.9]),),
        (dtypes.float32, dtypes.float64),
        lambda x: np.array(expected, new),
        f"saturates {dtypes.short_name(new)}",
    )


def _bitcast(label: str, shape: tuple, old: np.dtype, new: np.dtype) -> Case:
    return Case(
        "bitcast_convert_type",
        lambda x: convert.bitcast_convert_type(x, new),
        (Operand(shape, 1, 100, old),),
        (old,),
        None if 0 in shape else lambda x: _reread(x, new),
        label,
        differentiable=False,
    )


def _reread(x: np.ndarray, new: np.dtype) -> np.ndarray:
    if x.dtype.itemsize > new.itemsize:
        return x[..., None].view(new)
    return x.view(new)[..., 0] if x.dtype.itemsize < new.itemsize else x.view(new)


def _precision(label: str, bits: tuple[int, int], reference, operand: Operand) -> Case:
    return Case(
        "reduce_precision",
        lambda x: convert.reduce_precision(x, *bits),
        (operand,),
        (dtypes.float32, dtypes.float64),
        reference,
        label,
        differentiable=False,
    )


def _through(narrow: np.dtype):
    return lambda x: x.astype(narrow).astype(x.dtype)


NORMAL = Operand(values=[1.001, -3.14159, 65000.0, 70000.0, -1e9, 0.0, -0.0, np.inf, np.nan])

CASES: list[Case] = [
    *(row for new in ALL for row in _convert(new)),
    *(_saturate(new) for new in dtypes.INTEGER),
    _bitcast("same size", (2, 3), dtypes.float64, dtypes.int64),
    _bitcast("of halves", (2, 3), dtypes.bfloat16, dtypes.uint16),
    _bitcast("scalar", (), dtypes.float32, dtypes.uint32),
    _bitcast("narrower", (2, 3), dtypes.float64, dtypes.uint32),
    _bitcast("narrower scalar", (), dtypes.int64, dtypes.uint8),
    _bitcast("wider", (3, 2), dtypes.uint32, dtypes.float64),
    _bitcast("much wider", (2, 4), dtypes.uint8, dtypes.float32),
    _bitcast("nothing wider", (0, 2), dtypes.int32, dtypes.int64),
    _precision("to f16", (5, 10), _through(dtypes.float16), NORMAL),
    _precision("to f32", (8, 23), _through(dtypes.float32), NORMAL),
    Case(
        "reduce_precision",
        lambda x: convert.reduce_precision(x, 8, 7),
        (Operand((0, 2)),),
        FLOAT,
        lambda x: x,
        "empty",
        linear=(),
    ),
    Case(
        "stop_gradient",
        identities.stop_gradient,
        (Operand((2, 3)),),
        (*dtypes.INEXACT, *dtypes.INTEGER),
        lambda x: x,
        differentiable=False,
    ),
    Case(
        "copy",
        identities.copy,
        (Operand((2, 3)),),
        (*ALL, key_dtype),
        lambda x: x,
        linear=(0,),
        holomorphic=True,
    ),
    Case(
        "optimization_barrier",
        lambda x, y: identities.optimization_barrier((x, y)),
        (Operand((2, 3)), Operand((4,))),
        (*ALL, key_dtype),
        lambda x, y: (x, y),
        linear=(0, 1),
        holomorphic=True,
    ),
]
