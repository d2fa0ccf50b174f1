"""Every compilation can be explained: when, how long, and which argument changed to what."""

from __future__ import annotations

import gc
import logging
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp


def changes(f: Any, number: int = -1) -> list[str]:
    return [str(change) for change in mj.explain(f).compilations[number].changes]


def test_before_a_call_there_is_nothing_to_explain() -> None:
    f = mj.jit(lambda x: x)
    assert mj.explain(f).compilations == ()
    assert str(mj.explain(f)) == "jit of <lambda>, traced 0 times"


def test_stages_and_where_the_code_came_from() -> None:
    def f(x: Any) -> Any:
        return jnp.cos(x) * 0.918273 + jnp.sin(x)

    for how in (False, True):
        jitted = mj.jit(f)
        jitted(np.ones(37))
        (found,) = jitted.explain().compilations
        assert (found.compiled, found.from_disk) == (True, how)
        assert next(iter(found.stages)) == "trace"
        assert ("emit" in found.stages) is not how
        assert found.seconds == pytest.approx(sum(found.stages.values()))
        assert all(t >= 0 for t in found.stages.values())
        assert found.arguments == ("x: f64[37]",)
        assert found.changes == ()
    before = dict(found.stages)
    jitted.lower(np.ones(37)).llvm_ir()  # runs the stages that the disk had spared
    assert jitted.explain().compilations[0].stages == before


def test_calls_of_a_known_kind_add_nothing() -> None:
    f = mj.jit(lambda x: x + 1)
    for _ in range(5):
        f(np.ones(3))
    assert len(f.explain().compilations) == 1


def test_shape_dtype_and_weak_type() -> None:
    @mj.jit
    def f(params: Any, x: Any) -> Any:
        return params["w"][0] * x

    f({"w": [np.ones(3)]}, 1.0)
    f({"w": [np.ones(4)]}, 1.0)
    assert changes(f) == ["params['w'][0]: shape (3,) -> (4,)"]
    f({"w": [np.ones(4)]}, np.float64(1.0))
    assert changes(f) == ["x: weak type True -> False"]
    f({"w": [np.ones(4, np.float32)]}, np.float64(1.0))
    assert changes(f) == ["params['w'][0]: dtype float64 -> float32"]


def test_the_most_similar_tracing_is_compared_with() -> None:
    f = mj.jit(lambda x, y: x.sum() + y.sum())
    f(np.ones(3), np.ones(5))
    f(np.ones((2, 2), np.float32), np.ones((1, 1)))
    f(np.ones(3), np.ones(6))
    assert changes(f) == ["y: shape (5,) -> (6,)"]


def test_structure_and_names() -> None:
    f = mj.jit(lambda x, *rest, **options: x)
    f(1.0, {"a": 1.0})
    f(1.0, {"a": 1.0, "b": 2.0})
    (change,) = f.explain().compilations[-1].changes
    assert change.argument == "rest[0]"
    assert change.kind.startswith("structure (at rest[0]: was a dict with keys ['a']")
    f(1.0, {"a": 1.0}, scale=2.0)
    assert changes(f) == ["arguments (x, rest[0]) -> (x, rest[0], scale)"]
    f(1.0, {"a": 1.0}, scale=np.ones(2))
    assert changes(f)[0] == "scale: shape () -> (2,)"


def test_static_values() -> None:
    @mj.jit(static_argnums=0, static_argnames="mode")
    def f(power: Any, x: Any, mode: str = "none") -> Any:
        return x**power

    f(2, 1.0, mode="a")
    f(3, 1.0, mode="a")
    assert changes(f) == ["power: static value 2 -> 3"]
    f(3, 1.0, mode="b")
    assert changes(f) == ["mode: static value 'a' -> 'b'"]
    f(3, 1.0)
    assert changes(f) == ["mode: static value 'b' -> nothing"]
    f(3.0, 1.0)
    assert changes(f) == ["power: static value 3 -> 3.0"]
    assert f.explain().compilations[0].arguments == ("x: f64[] (weak)", "power=2", "mode='a'")


def test_configuration_and_mapped_axes() -> None:
    f = mj.jit(lambda x: x * 2)
    f(1.0)
    with mj.numpy_rank_promotion("raise"):
        f(1.0)
    assert changes(f) == ["numpy_rank_promotion: configuration 'allow' -> 'raise'"]
    mj.vmap(f, axis_name="i")(np.ones(3))
    assert any("mapped axes" in change for change in changes(f))


def test_a_function_within_another_is_only_traced() -> None:
    inner = mj.jit(lambda x: x * 3)
    mj.jit(lambda x: inner(x) + 1)(1.0)
    (found,) = inner.explain().compilations
    assert not found.compiled
    assert list(found.stages) == ["trace"]
    assert "only traced" in str(found)


def test_methods_and_other_callables() -> None:
    @dataclass(frozen=True)
    class Scale:
        by: float

        @mj.jit
        def times(self, x: Any) -> Any:
            return x

    mj.tree_util.register_dataclass(Scale, data_fields=["by"], meta_fields=[])
    scale = Scale(2.0)
    scale.times(1.0)
    scale.times(np.ones(2))
    assert changes(Scale.times)[0] == "x: shape () -> (2,)"
    with pytest.raises(TypeError, match="explain expects a jitted function"):
        mj.explain(lambda x: x)


def test_how_it_prints() -> None:
    def f(x: Any) -> Any:
        return x + 1

    jitted = mj.jit(f)
    jitted(np.ones(3))
    jitted(np.ones(4))
    lines = repr(jitted.explain()).splitlines()
    assert lines[0] == "jit of f, traced 2 times:"
    assert lines[1].startswith("#1 ")
    assert lines[2] == "    for x: f64[3]"
    assert " ms: trace " in lines[3]
    assert lines[4] == "    x: shape (3,) -> (4,)"


def test_the_history_is_bounded_and_can_be_cleared() -> None:
    f = mj.jit(lambda x: x)
    for n in range(70):
        f.eval_shape(np.ones(n))
    found = f.explain()
    assert (found.count, len(found.compilations)) == (70, 64)
    assert found.compilations[-1].number == 70
    f.clear_cache()
    assert f.explain().count == 0


def test_static_values_are_let_go_with_the_cache() -> None:
    class Key:
        pass

    value = Key()
    f = mj.jit(lambda key, x: x, static_argnums=0)
    f(value, 1.0)
    reference = weakref.ref(value)
    f.clear_cache()
    del value
    gc.collect()
    assert reference() is None


def logged(caplog: pytest.LogCaptureFixture, **flags: bool) -> list[str]:
    f = mj.jit(lambda x: x * 0.777)
    with caplog.at_level(logging.WARNING, "minijax"), mj.config.override(**flags):
        f(np.ones(3))
        f(np.ones(3))
        f(np.ones(4))
    return [record.message for record in caplog.records]


def test_misses_are_logged_as_they_happen(caplog: pytest.LogCaptureFixture) -> None:
    first, second = logged(caplog, jax_explain_cache_misses=True)
    assert first.startswith("Tracing jit(<lambda>) took ")
    assert first.endswith("ms: nothing like it was traced before")
    assert second.endswith("ms: x: shape (3,) -> (4,)")


def test_compilations_are_logged_as_they_happen(caplog: pytest.LogCaptureFixture) -> None:
    messages = logged(caplog, explain_compiles=True)
    assert len(messages) == 4
    assert all("<lambda> in " in message for message in messages[1::2])
    assert all("link " in message for message in messages[1::2])


def test_nothing_is_logged_unasked(caplog: pytest.LogCaptureFixture) -> None:
    assert logged(caplog) == []
