"""Subscripts and updates at static indices against the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as mnp
from tests.numpy.oracle import agree, evaluate, sample

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

EXPRESSIONS = """
x[0]
x[-1]
x[5:]
x[::-1]
x[::2]
x[-2:]
x[2:0:-1]
m[0]
m[0,1]
m[:,1]
m[...,1]
m[1,...]
m[None]
m[:,None,1]
m[:,::-1]
m[1:,1:]
m[()]
m[...]
x[jnp.array([0,2])]
x[jnp.array([[0,2],[1,1]])]
x[jnp.array([5,-1,-9])]
m[jnp.array([1,0])]
m[:,jnp.array([1,0])]
m[jnp.array([1,0]),jnp.array([1,2])]
m[jnp.array([[1],[0]]),jnp.array([1,2])]
m[0,jnp.array([1,2])]
m[jnp.array([1,0]),1]
t[0,:,jnp.array([1,2])]
t[:,0,jnp.array([1,2])]
t[jnp.array([0,1]),:,jnp.array([1,2])]
t[jnp.array([0,1]),None,jnp.array([1,2])]
t[:,jnp.array([0,1]),jnp.array([1,2])]
t[:,jnp.array([0,1]),1:3]
t[...,jnp.array([0,1]),None]
t[::-1,jnp.array([0,1]),::2]
t[None,jnp.array([0,1])]
x[b]
m[m>0]
m[:,b]
t[:,b,0]
t[m>0]
x[True]
x[False]
m[True,0]
m[:,True]
x[np.array([0,1])]
x[np.int64(1)]
x[jnp.int8(-1)]
x[jnp.uint8(1)]
x[jnp.array(1)]
m[jnp.array(1),jnp.array(0)]
m[jnp.array(1)]
m[:,jnp.array(1)]
m[jnp.array(1),:2]
m[jnp.array(7)]
t[jnp.array(1),0,::2]
t[jnp.array(0),:,jnp.array(1)]
t[1:,jnp.array(2),::-1]
x[[0,1]]
x['a']
x[1.0]
x[jnp.array([1.0])]
x[0,0]
x[...,...]
x[::0]
x[jnp.array([True,False])]
x[1.5:]
x[:,0]
x[jnp.array([],int)]
e0[:,jnp.array([0])]
x[None:2]
x[slice(None),None]
m[[0,1],0]
x.at[0].set(9)
x.at[-1].set(9)
x.at[:2].set(9)
x.at[::2].set(9)
x.at[::-1].set(y)
x.at[2:0:-1].set(y[:2])
x.at[jnp.array([0,2])].set(y[:2])
x.at[jnp.array([0,0,2])].add(1.0)
x.at[jnp.array([0,9])].set(5.0)
x.at[jnp.array([-1,-9])].set(5.0)
x.at[b].set(0)
x.at[b].add(y[:2])
x.at[...].set(1)
x.at[None].set(1)
x.at[None,0].add(1)
m.at[0].set(x)
m.at[:,1].set(7)
m.at[0,1].add(7)
m.at[0].multiply(2)
m.at[:,::2].multiply(2)
m.at[jnp.array([1,0]),jnp.array([1,2])].set(x[:2])
m.at[jnp.array([[1],[0]]),jnp.array([1,2])].add(1)
m.at[jnp.array([1,0]),::2].add(1)
m.at[::-1,jnp.array([1,0])].add(jnp.array([[1.,2],[3,4]]))
m.at[jnp.array(1)].set(x)
m.at[jnp.array(1),1:].set(x[:2])
m.at[:,jnp.array(1)].min(0)
m.at[m>0].set(0)
m.at[True].set(0)
t.at[0,:,jnp.array([1,2])].set(1)
t.at[jnp.array([0,1]),:,jnp.array([1,2])].add(jnp.ones((2,3)))
t.at[:,jnp.array([0,2]),1:3].set(t[:,:2,1:3])
t.at[1,jnp.array([0,2]),::2].max(5)
t.at[...,0].set(0)
t.at[0,1,2].power(2)
t.at[0].divide(2)
x.at[0].divide(2)
x.at[jnp.array([0,0])].divide(2)
x.at[0].power(2)
x.at[0].apply(jnp.exp)
x.at[jnp.array([0,2])].apply(lambda v:v*2)
x.at[0].subtract(1)
x.at[jnp.array([0,0])].subtract(y[:2])
x.at[0].min(-1)
x.at[jnp.array([0,2])].max(1)
x.at[0].get()
x.at[jnp.array([0,9])].get(mode='fill')
x.at[jnp.array([0,9])].get(mode='fill',fill_value=3)
x.at[jnp.array([0,9])].get(mode='clip')
x.at[jnp.array([0,9])].get(fill_value=3)
x.at[9].get(mode='fill',fill_value=3)
x.at[9].set(3,mode='drop')
x.at[9].set(3,mode='clip')
x.at[jnp.array([9])].add(3,mode='clip')
i.at[0].set(2)
i.at[0].add(True)
f.at[0].set(2.5)
f.at[jnp.array([0])].add(i[:1])
u.at[0].add(1)
b.at[0].set(False)
b.at[jnp.array([1])].set(True)
z.at[0].add(1j)
x.at[0].set(x)
x.at[:2].set(x)
m.at[0].set(jnp.ones((1,3)))
x.at[jnp.array([0,2])].set(5.0,indices_are_sorted=True,unique_indices=True)
x.at[1.0].set(1)
x.at[5:].set(1)
x.at[jnp.array([],int)].set(1)
jnp.asarray(1.0).at[()].set(2)
jnp.asarray(2.0)[None]
jnp.asarray(2.0)[()]
jnp.asarray(2.0)[...]
jnp.asarray(2.0)[0]
""".strip().splitlines()


@pytest.mark.parametrize("expression", sample(EXPRESSIONS, 2))
def test_expression(expression: str, oracle: Any) -> None:
    agree(expression, oracle)


@pytest.mark.parametrize("expression", ["x[3]", "x[-4]", "m[0, 3]", "x.at[3].set(1)"])
def test_static_index_out_of_range_is_an_error(expression: str) -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        evaluate(expression, mnp)


@pytest.mark.parametrize("how", [lambda f: f, mj.jit, mj.vmap])
def test_functions_are_applied_once_for_each_time_an_element_is_named(how: Any) -> None:
    x, places = mnp.arange(4.0) + 1, np.array([0, 2, 0, 0, 7, -1])
    double = lambda v: 2 * v  # noqa: E731
    expected = [8.0, 2.0, 6.0, 8.0]
    traced = how(lambda x, i: x.at[i].apply(double))
    known = how(lambda x: x.at[places].apply(double))
    if how is mj.vmap:
        np.testing.assert_array_equal(traced(x[None], places[None])[0], expected)
        np.testing.assert_array_equal(known(x[None])[0], expected)
    else:
        np.testing.assert_array_equal(traced(x, places), expected)
        np.testing.assert_array_equal(known(x), expected)
    g = mj.grad(lambda x: x.at[places].apply(mnp.sqrt).sum())(x)
    np.testing.assert_allclose(g, [1 / 8, 1.0, 0.5 / np.sqrt(3), 0.25])


def test_updates_take_nested_lists() -> None:
    x = mnp.zeros(4)
    np.testing.assert_array_equal(x.at[mnp.array([0, 2])].set([1, 2]), [1, 0, 2, 0])
    np.testing.assert_array_equal(x.at[:2].subtract((1.5, 2)), [-1.5, -2, 0, 0])
    np.testing.assert_array_equal(mj.jit(lambda a: x.at[1:3].add([a, 2]))(1.0), [0, 1, 2, 0])
    assert x.astype(np.int8).at[:2].set([300, 1]).tolist() == [44, 1, 0, 0]
    with pytest.raises(ValueError, match="None"):
        x.at[0].set(None)
    with pytest.raises(ValueError, match="broadcast"):
        x.at[:2].set([1, 2, 3])
