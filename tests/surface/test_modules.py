"""The small public modules: each function does what it says, and refuses what it must."""

import gc
import inspect
import json
import logging
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import minijax as mj
import minijax.numpy as jnp
from minijax import (
    ad_checkpoint,
    api_util,
    custom_derivatives,
    distributed,
    dtypes,
    errors,
    monitoring,
    profiler,
    sharding,
    stages,
)
from minijax.core.flags import DEFAULTS
from minijax.extend import core as programs
from minijax.extend import linear_util
from minijax.interpreters import partial_eval
from minijax.sharding import NamedSharding, PartitionSpec
from minijax.test_util import check_grads, check_jvp, check_vjp

X = jnp.arange(6.0).reshape(3, 2)


def test_the_version_is_that_of_the_interface() -> None:
    root = Path(__file__).parents[2]
    assert f"Compared with jax {mj.__version__}:" in (root / "docs/jax_names.md").read_text()
    assert mj.__version__ == ".".join(map(str, mj.__version_info__))
    metadata = tomllib.loads((root / "pyproject.toml").read_text())
    assert metadata["project"]["version"] == mj.__version__


# -- configuration


def test_every_flag_of_the_oracle_is_known(oracle) -> None:
    for name in oracle.config.values:
        assert name.removeprefix("jax_") in DEFAULTS, name
        getattr(mj.config, name)


def test_flags_have_values_of_their_own_kind(monkeypatch) -> None:
    from minijax.core.config import Config

    monkeypatch.setenv("JAX_DEBUG_NANS", "1")
    monkeypatch.setenv("MINIJAX_RANDOM_SEED_OFFSET", "3")
    fresh = Config()
    assert fresh.jax_debug_nans is True
    assert fresh.random_seed_offset == 3
    with pytest.raises(AttributeError, match="Did you mean"):
        mj.config.update("jax_debug_nan", True)
    with pytest.raises(AttributeError):
        _ = mj.config.jax_no_such_flag


def test_contexts_set_their_flags() -> None:
    with mj.debug_nans(True), pytest.raises(FloatingPointError):
        jnp.log(-1.0)
    with mj.numpy_rank_promotion("raise"), pytest.raises(ValueError, match="rank"):
        jnp.ones(2) + jnp.ones((2, 2))
    with mj.numpy_dtype_promotion("strict"), pytest.raises(dtypes.TypePromotionError):
        jnp.ones(2) + jnp.ones(2, "float32")
    with mj.transfer_guard("disallow"), mj.default_device(mj.devices()[0]):
        assert mj.transfer_guard.value == "disallow"
    assert mj.transfer_guard.value is None


def test_log_compiles(caplog) -> None:
    f = mj.jit(lambda x: x + 1)
    with caplog.at_level(logging.WARNING, "minijax"), mj.log_compiles(True):
        f(1.0)
        f(2.0)
    assert [record.message for record in caplog.records] == [
        "Compiling jit(<lambda>) for arguments of f64[]"
    ]


def test_no_tracing_and_clear_caches() -> None:
    f = mj.jit(lambda x: x + 1)
    f(1.0)
    with mj.no_tracing(True):
        f(1.0)
        with pytest.raises(RuntimeError, match="no_tracing"):
            f(jnp.ones(2))
    assert f.cache_size() == 1
    mj.clear_caches()
    assert f.cache_size() == 0


def test_a_user_context_is_part_of_the_signature() -> None:
    mode = mj.make_user_context(1)
    f = mj.jit(lambda x: x * mode.value)
    assert f(2.0) == 2.0
    with mode(5):
        assert f(2.0) == 10.0
    assert f(2.0) == 2.0


# -- devices and meshes


def test_an_array_says_where_it_lives() -> None:
    (shard,) = X.addressable_shards
    assert shard.data is X
    assert X.devices() == {X.device} == set(mj.devices())
    assert X.sharding.shard_shape(X.shape) == X.shape
    assert isinstance(mj.devices()[0], mj.Device)
    seen = []
    mj.debug.inspect_array_sharding(X, callback=seen.append)
    assert seen == [X.sharding]


def test_device_get_and_put() -> None:
    got = mj.device_get({"a": X, "b": "text", "c": mj.random.key(0)})
    assert type(got["a"]) is np.ndarray
    assert got["b"] == "text"
    assert mj.dtypes.issubdtype(got["c"].dtype, dtypes.prng_key)
    mesh = mj.make_mesh((1,), ("i",))
    placed = mj.device_put(np.ones(3), NamedSharding(mesh, PartitionSpec("i")), donate=True)
    assert isinstance(placed, mj.Array)


def test_live_arrays() -> None:
    x = jnp.ones(17)
    gc.collect()
    assert any(y is x for y in mj.live_arrays())


def test_arrays_from_parts() -> None:
    data = np.arange(4.0)
    place = X.sharding
    made = mj.make_array_from_callback((4,), place, lambda index: data[index])
    np.testing.assert_array_equal(made, data)
    single = mj.make_array_from_single_device_arrays((4,), place, [made])
    np.testing.assert_array_equal(single, data)
    with pytest.raises(ValueError, match="shape"):
        mj.make_array_from_callback((5,), place, lambda index: data)
    with pytest.raises(ValueError, match="one array"):
        mj.make_array_from_single_device_arrays((4,), place, [made, made])


def test_platforms() -> None:
    with mj.config.override(platforms="tpu"), pytest.raises(RuntimeError, match="only platform"):
        mj.devices()
    with pytest.raises(RuntimeError, match="Unknown backend"):
        mj.devices("gpu")


def test_meshes() -> None:
    mesh = mj.make_mesh((1, 1), ("rows", "columns"))
    assert mesh.shape == {"rows": 1, "columns": 1}
    assert sharding.get_mesh().empty
    with mj.set_mesh(mesh):
        assert sharding.get_mesh() == mesh
        assert sharding.get_abstract_mesh().axis_names == ("rows", "columns")
    assert sharding.get_mesh().empty
    with mesh:
        assert sharding.get_mesh() is mesh
    with pytest.raises(ValueError, match="Number of devices"):
        mj.make_mesh((2,), ("rows",))
    with pytest.raises(ValueError, match="no axis"):
        NamedSharding(mesh, PartitionSpec("depth"))
    assert repr(PartitionSpec("rows", None)) == "P('rows', None)"
    assert hash(NamedSharding(mesh, PartitionSpec())) == hash(NamedSharding(mesh, PartitionSpec()))


def test_meshes_know_the_types_of_their_axes(oracle) -> None:
    for module in (mj, oracle):
        Kind = module.sharding.AxisType
        for kinds in ((Kind.Auto,) * 2, (Kind.Explicit,) * 2, (Kind.Auto, Kind.Manual)):
            mesh = module.sharding.AbstractMesh((1, 1), ("x", "y"), kinds)
            assert mesh.are_all_axes_auto == (set(kinds) == {Kind.Auto})
            assert mesh.are_all_axes_explicit == (set(kinds) == {Kind.Explicit})
            assert not mesh.are_all_axes_manual


def test_shard_map_sees_axes_of_length_one() -> None:
    mesh = mj.make_mesh((1, 1), ("i", "j"))

    def f(x):
        assert mj.lax.axis_size("j") == 1
        return mj.lax.psum(x * 2, ("i", "j")) + mj.lax.axis_index("i"), x.sum()

    specs = {"in_specs": PartitionSpec("i"), "out_specs": (PartitionSpec("i"), PartitionSpec())}
    mapped = mj.shard_map(f, mesh=mesh, **specs)
    for run in (mapped, mj.jit(mapped)):
        np.testing.assert_array_equal(run(X)[0], 2 * X)
    np.testing.assert_array_equal(mj.grad(lambda x: mapped(x)[1])(X), np.ones((3, 2)))
    with mj.set_mesh(mesh):
        np.testing.assert_array_equal(mj.shard_map(f, **specs)(X)[0], 2 * X)
    with pytest.raises(ValueError, match="needs a mesh"):
        mj.shard_map(f, **specs)
    with pytest.raises(ValueError, match="entries"):
        mj.shard_map(f, mesh=mesh, in_specs=PartitionSpec("i", "j", None), out_specs=None)(X)


def test_pmap_on_one_device() -> None:
    f = mj.pmap(
        lambda x, y, k: mj.lax.psum(x * y, "b") * k,
        "b",
        in_axes=(0, None, None),
        static_broadcasted_argnums=2,
    )
    np.testing.assert_array_equal(f(jnp.ones((1, 3)), 2.0, 3), [[6.0, 6.0, 6.0]])
    with pytest.raises(ValueError, match="one device"):
        mj.pmap(lambda x: x)(jnp.ones((2, 3)))


def test_distributed() -> None:
    distributed.initialize()
    assert distributed.is_initialized()
    with pytest.raises(RuntimeError):
        distributed.initialize()
    distributed.shutdown()
    assert not distributed.is_initialized()
    with pytest.raises(ValueError, match="one process"):
        distributed.initialize(num_processes=2)
    assert (mj.host_id(), mj.host_count(), mj.process_indices()) == (0, 1, [0])


# -- stages


def test_stages_say_what_goes_in_and_out() -> None:
    f = mj.jit(lambda x, y: {"sum": x + y})
    traced = f.trace(X, y=1.0)
    lowered = traced.lower()
    compiled = lowered.compile()
    for stage in (traced, lowered, compiled):
        (info,), named = stage.args_info
        assert isinstance(info, stages.ArgInfo)
        assert (info.shape, info.dtype, info.donated) == ((3, 2), jnp.float64, False)
        assert named["y"].shape == ()
        assert stage.out_info == {"sum": mj.ShapeDtypeStruct((3, 2), float)}
        assert stage.out_tree == mj.tree.structure({"sum": 0})
    np.testing.assert_array_equal(compiled.call(X, y=1.0)["sum"], X + 1)
    assert lowered.cost_analysis()["equations"] >= 1
    assert "define" in compiled.as_text()
    assert isinstance(f, stages.Wrapped)
    assert isinstance(traced, stages.Traced)


# -- programs


def test_programs_as_data() -> None:
    program = mj.make_jaxpr(lambda x: jnp.sin(x) * jnp.array([2.0, 3.0]))(X)
    out = mj.core.eval_jaxpr(program.jaxpr, program.consts, X)[0]
    np.testing.assert_array_equal(out, jnp.sin(X) * jnp.array([2.0, 3.0]))
    np.testing.assert_array_equal(programs.jaxpr_as_fun(program)(X)[0], out)
    assert all(eqn.primitive.multiple_results for eqn in program.eqns)
    nested = mj.make_jaxpr(mj.jit(jnp.sin))(1.0)
    assert len(list(programs.subjaxprs(nested))) == 1
    aval = mj.core.ShapedArray((3, 2), np.dtype("float32"))
    assert programs.mapped_aval(3, 0, aval).shape == (2,)
    assert programs.unmapped_aval(4, 1, aval).shape == (3, 4, 2)
    with pytest.raises(ValueError, match="length 4"):
        programs.mapped_aval(4, 0, aval)


def test_an_interpreter_written_outside() -> None:
    inverses = {
        programs.primitives.exp_p: jnp.log,
        programs.primitives.tanh_p: jnp.arctanh,
    }

    def invert(program, out):
        values = {program.outvars[0]: out}
        for eqn in reversed(program.eqns):
            values[eqn.invars[0]] = inverses[eqn.primitive](values[eqn.outvars[0]])
        return values[program.invars[0]]

    program = mj.make_jaxpr(lambda x: jnp.exp(jnp.tanh(x)))(1.0)
    np.testing.assert_allclose(invert(program, np.exp(np.tanh(0.3))), 0.3)


def test_what_is_in_action() -> None:
    seen = []

    def look(x):
        seen.append(
            (
                programs.unsafe_am_i_under_a_jit_DO_NOT_USE(),
                programs.unsafe_am_i_under_a_vmap_DO_NOT_USE(),
                programs.unsafe_get_axis_names_DO_NOT_USE(),
            )
        )
        return x

    look(1.0)
    mj.jit(look)(1.0)
    mj.vmap(look, axis_name="i")(X)
    assert seen == [(False, False, []), (True, False, []), (False, True, ["i"])]


def test_concrete_or_error() -> None:
    assert programs.concrete_or_error(int, jnp.array(3)) == 3
    with pytest.raises(errors.ConcretizationTypeError, match="the axis"):
        mj.jit(lambda x: programs.concrete_or_error(int, x, "the axis"))(3)


def test_linear_util_and_api_util() -> None:
    fun = linear_util.wrap_init(lambda a, b, *, scale: {"out": scale * (a - b)}, {"scale": 2})
    partial_fun, dynamic = api_util.argnums_partial(fun, 0, (5, 3))
    assert dynamic == (5,)
    leaves, tree = mj.tree.flatten((dynamic, {}))
    flat, out_tree = api_util.flatten_fun(partial_fun, tree)
    assert flat.call_wrapped(*leaves) == [4]
    assert out_tree() == mj.tree.structure({"out": 0})
    with pytest.raises(linear_util.StoreException):
        api_util.flatten_fun(fun, tree)[1]()
    assert api_util.donation_vector((0,), (), mj.tree.structure(((1, [2, 3]), {}))) == (
        True,
        False,
        False,
    )
    assert api_util.rebase_donate_argnums((1, 3), (0, 2)) == (0, 1)


# -- recording and listening


def test_a_trace_is_written(tmp_path) -> None:
    work = profiler.annotate_function(lambda x: x + 1, name="work")
    with profiler.trace(tmp_path), profiler.StepTraceAnnotation("step", step_num=3):
        assert work(1) == 2
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [event["name"] for event in events] == ["work", "step"]
    assert events[1]["args"] == {"step_num": "3"}
    with pytest.raises(RuntimeError, match="No profile"):
        profiler.stop_trace()
    profiler.save_device_memory_profile(tmp_path / "memory")
    assert (tmp_path / "memory").stat().st_size > 0


def test_listeners_hear_and_can_leave() -> None:
    heard = []
    kinds = {
        "event": ("record_event", ()),
        "event_duration_secs": ("record_event_duration_secs", (1.5,)),
        "event_time_span": ("record_event_time_span", (1.0, 2.0)),
        "scalar": ("record_scalar", (3,)),
    }
    for kind, (record, facts) in kinds.items():
        register = getattr(monitoring, f"register_{kind}_listener")
        remove = kind.removesuffix("_secs")
        unregister = getattr(monitoring, f"unregister_{remove}_listener")

        def listener(event, *values, **options):
            heard.append((event, values, options))

        register(listener)
        getattr(monitoring, record)("/x", *facts, tag="t")
        assert heard.pop() == ("/x", facts, {"tag": "t"})
        unregister(listener)
        getattr(monitoring, record)("/x", *facts)
        assert not heard
        with pytest.raises(ValueError, match="not registered"):
            unregister(listener)


def test_debug_log_and_breakpoint(caplog, capsys, monkeypatch) -> None:
    stops = []
    monkeypatch.setattr("sys.breakpointhook", lambda **kwargs: stops.append(kwargs))

    def f(x):
        y = x + 1
        mj.debug.log("y = {y}", y=y)
        mj.debug.breakpoint()
        return y

    with caplog.at_level(logging.INFO, "minijax"):
        assert mj.jit(f)(1.0) == 2.0
    assert [record.message for record in caplog.records] == ["y = 2.0"]
    assert stops == [{}]
    assert "variables: x, y" in capsys.readouterr().out


# -- derivatives


def test_check_grads_finds_a_wrong_rule() -> None:
    check_grads(lambda x, k: jnp.sin(x["a"]) * k, ({"a": X}, 3), order=3)
    check_grads(lambda z: z * jnp.exp(z), (1.0 + 2.0j,), order=2)
    wrong = mj.custom_jvp(lambda x: x**2)
    wrong.defjvp(lambda primals, tangents: (primals[0] ** 2, 3 * primals[0] * tangents[0]))
    for mode in ("fwd", "rev"):
        with pytest.raises(AssertionError, match=mode):
            check_grads(wrong, (1.5,), order=1, modes=(mode,))
    with pytest.raises(AssertionError):
        check_jvp(jnp.sin, lambda x, t: mj.jvp(jnp.cos, x, t), (0.5,))
    check_vjp(jnp.sin, partial(mj.vjp, jnp.sin), (0.5,))
    with pytest.raises(ValueError, match="modes"):
        check_grads(jnp.sin, (1.0,), order=1, modes=("reverse",))


def test_tolerances_of_check_grads() -> None:
    @mj.custom_jvp
    def double(x):
        return 2 * x

    double.defjvp(lambda primals, tangents: (double(primals[0]), 2.01 * tangents[0]))
    x, loose = np.float32(1.0), {np.float32: 0.02, "float64": 0.0}
    check_grads(double, (x,), order=1, atol=loose, rtol=loose)
    with pytest.raises(AssertionError):
        check_grads(double, (x,), order=1, atol={"float64": 0.02})
    # What is allowed is for each number of an array.
    check_grads(double, (jnp.ones(20, jnp.float32),), order=1, modes="fwd")


def test_known_and_unknown_values() -> None:
    aval = mj.core.ShapedArray((2,), np.float64, sharding=None, memory_space=None)
    assert aval is mj.core.ShapedArray((2,), np.float64)
    pvals = [partial_eval.PartialVal.known(3.0), partial_eval.PartialVal.unknown(aval)]
    _, outs, _ = partial_eval.trace_to_jaxpr_nounits(lambda x, y: [2 * x, y], pvals)
    (known_aval, six), (unknown_aval, nothing) = outs
    assert (known_aval, six, unknown_aval, nothing) == (None, 6.0, aval, None)


def test_names_that_interpreters_ask_for() -> None:
    program = mj.make_jaxpr(lambda x: x + X)(X)
    assert program.literals == program.consts != ()
    assert not any(eqn.primitive.call_primitive for eqn in program.eqns)
    assert mj.config.x64_enabled


def test_linear_call() -> None:
    def scale(r, x):
        return custom_derivatives.linear_call(
            lambda r, x: {"out": x["in"] / r}, lambda r, ct: {"in": 100 * ct["out"] / r}, r, x
        )["out"]

    def f(r, x):
        return scale(r, {"in": x})

    assert f(4.0, 2.0) == mj.jit(f)(4.0, 2.0) == 0.5
    assert mj.grad(f, 1)(4.0, 2.0) == mj.jit(mj.grad(f, 1))(4.0, 2.0) == 25.0
    assert mj.jvp(f, (4.0, 2.0), (1.0, 1.0))[1] == 0.25 - 2.0 / 16
    r = jnp.array([1.0, 2.0])
    np.testing.assert_array_equal(mj.vmap(mj.grad(f, 1), (0, None))(r, 3.0), [100.0, 50.0])
    shared = mj.grad(lambda x: mj.vmap(f, (0, None))(r, x).sum())(3.0)
    assert shared == 150.0


def test_custom_vjp_primal_tree_values() -> None:
    tree = {"a": custom_derivatives.CustomVJPPrimal(1.0, True)}
    assert custom_derivatives.custom_vjp_primal_tree_values(tree) == {"a": 1.0}
    with pytest.raises(TypeError, match="unexpected leaf"):
        custom_derivatives.custom_vjp_primal_tree_values({"a": 1.0})


def test_fwd_and_bwd() -> None:
    fwd, bwd = mj.fwd_and_bwd(lambda x, y: jnp.sin(x) * y, argnums=1)
    out, pullback = fwd(1.0, 2.0)
    assert out == 2 * np.sin(1.0)
    assert bwd(pullback, 1.0) == np.sin(1.0)
    assert mj.jacobian is mj.jacrev


def test_saved_residuals() -> None:
    named = ad_checkpoint.saved_residuals(lambda x: jnp.sin(x) * 2.0, 1.0)
    assert len(named) == 1
    assert "cos" in named[0][1]
    assert ad_checkpoint.Offloadable("device", "pinned_host")
    assert not ad_checkpoint.Recompute


def test_checkpoint_takes_static_names() -> None:
    f = mj.checkpoint(lambda x, *, power: x**power, static_argnames=("power",))
    assert mj.grad(lambda x: f(x, power=3))(2.0) == 12.0


def test_named_scope() -> None:
    @mj.named_scope("layer")
    def f(x):
        return x + 1

    assert mj.jit(f)(1.0) == 2.0
    with pytest.raises(TypeError, match="string"):
        mj.named_scope(3)


# -- signatures

TRANSFORMS = tuple(
    """
    grad value_and_grad vjp jvp linearize jacfwd jacrev hessian vmap pmap make_jaxpr eval_shape
    linear_transpose custom_gradient closure_convert named_call pure_callback device_put device_get
    devices local_devices make_mesh fwd_and_bwd jacobian shard_map smap make_array_from_callback
    live_arrays clear_caches print_environment_info ShapeDtypeStruct
    """.split()  # noqa: SIM905 - a list of strings would fill a screen
)


@pytest.mark.oracle
@pytest.mark.parametrize("name", TRANSFORMS)
def test_parameters_are_those_of_the_oracle(name, oracle) -> None:
    ours, theirs = (
        [(p.name, p.kind) for p in inspect.signature(getattr(module, name)).parameters.values()]
        for module in (mj, oracle)
    )
    assert ours == theirs


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["jit", "checkpoint"])
def test_keywords_are_among_ours(name, oracle) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (mj, oracle))
    assert set(theirs) <= set(ours)


@pytest.mark.oracle
def test_errors_have_the_bases_of_the_oracle(oracle) -> None:
    for name in dir(oracle.errors):
        theirs = getattr(oracle.errors, name)
        if isinstance(theirs, type) and not name.startswith("_"):
            ours = {base.__name__ for base in getattr(errors, name).__mro__}
            expected = {base.__name__ for base in theirs.__mro__}
            assert {base for base in expected if not base.startswith("_")} <= ours, name


# -- what is kept under experimental


def test_older_names_under_experimental() -> None:
    from minijax.experimental import compilation_cache, mesh_utils, multihost_utils
    from minijax.experimental.pjit import pjit
    from minijax.experimental.shard_map import shard_map

    mesh = sharding.Mesh(mesh_utils.create_device_mesh((1,)), ("i",))
    rows = PartitionSpec("i")
    np.testing.assert_array_equal(shard_map(lambda x: x + 1, mesh, (rows,), rows)(X), X + 1)
    assert pjit(lambda x: x + 1, in_shardings=None, out_shardings=None)(1.0) == 2.0
    assert multihost_utils.process_allgather(X).shape == (1, 3, 2)
    with pytest.raises(ValueError, match="Number of devices"):
        mesh_utils.create_device_mesh((2, 1))
    cache = compilation_cache.compilation_cache
    before = mj.config.compilation_cache_dir
    try:
        cache.set_cache_dir("somewhere")
        assert mj.config.jax_compilation_cache_dir == "somewhere"
    finally:
        mj.config.update("compilation_cache_dir", before)


def test_names_that_libraries_reach_without_an_import() -> None:
    assert mj.core.Effects is mj.extend.core.Effects
    assert mj.core.no_effects == frozenset()
    assert mj.interpreters.ad.primitive_jvps is not None
    assert mj.Array.item(jnp.array([2.0])) == 2.0
    assert mj.Array.copy_to_host_async(jnp.array([2.0])) is None
