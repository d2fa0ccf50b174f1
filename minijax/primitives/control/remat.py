"""remat: a program whose intermediate values are computed again in the backward pass, not kept.

Linearized, it saves its inputs (and what its policy names) and nothing else. Its tangent is one
operation that carries the whole program of tangents; transposed, that operation first computes the
values it needs forward from the saved inputs, and then runs backwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minijax.core.avals import Aval, Zero
from minijax.core.jaxpr import Eqn, Jaxpr, Var
from minijax.core.primitive import Primitive, linear, primitive
from minijax.interpreters.batch import batch_jaxpr, move_batch_axis
from minijax.interpreters.dependence import dependent_outputs
from minijax.interpreters.evaluate import evaluate
from minijax.interpreters.jvp import jvp_jaxpr
from minijax.interpreters.linearize import linearize_jaxpr
from minijax.interpreters.prune import prune_jaxpr
from minijax.interpreters.stage import stage_closed
from minijax.interpreters.transpose import is_linear, transpose_jaxpr
from minijax.primitives.control.call import call
from minijax.primitives.control.staged import is_unmapped, pick, run_staged
from minijax.primitives.identities import optimization_barrier

Policy = Callable[..., bool] | None


# -- name: marks a value for policies that save by name


name_p: Primitive = primitive(
    "name",
    impl=lambda x, name: (x,),
    abstract=lambda x, name: (x,),
    jvp=linear,
    transpose=lambda cts, x, name: cts,
    batch=lambda size, operands, dims, name: (name_p.bind(*operands, name=name), dims),
    lower=lambda k, x, out, name: (x,),
)


# -- remat


def _impl(*args: np.ndarray, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool) -> Any:
    return tuple(evaluate(jaxpr, args))


def _abstract(*avals: Aval, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool) -> Any:
    return jaxpr.out_avals


def _jvp(primals: Any, tangents: Any, *, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool) -> Any:
    active = [type(t) is not Zero for t in tangents]
    derived, out_active = jvp_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
    results = remat_p.bind(
        *primals,
        *pick(tangents, active),
        jaxpr=derived,
        policy=policy,
        prevent_cse=prevent_cse,
    )
    outs, rest = results[: len(out_active)], iter(results[len(out_active) :])
    return outs, tuple(
        next(rest) if on else Zero(aval.tangent())
        for on, aval in zip(out_active, jaxpr.out_avals, strict=True)
    )


def _saved_values(jaxpr: Jaxpr, policy: Policy) -> list[Var]:
    """Returns the intermediate variables that the policy keeps."""
    if policy is None:
        return []
    saved: list[Var] = []
    for eqn in jaxpr.eqns:
        avals = [atom.aval for atom in eqn.invars]
        if policy(eqn.primitive, *avals, **eqn.params):
            saved.extend(eqn.outvars)
    return saved


def _linearize(
    primals: Any, active: Any, *, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool
) -> Any:
    saved = _saved_values(jaxpr, policy)
    key = ("remat_forward", policy)
    if key not in jaxpr.memo:
        forward = jaxpr.replace(outvars=(*jaxpr.outvars, *saved))
        jaxpr.memo[key] = forward, _given_saved(jaxpr, saved)
    forward, backward = jaxpr.memo[key]
    results = remat_p.bind(*primals, jaxpr=forward, policy=policy, prevent_cse=prevent_cse)
    num_outs = len(jaxpr.outvars)
    kept = results[num_outs:]
    inactive = [False] * len(kept)
    tangents_only, out_active = _tangent_program(backward, [*active, *inactive])

    def linear_part(residuals: Any, *tangents: Any) -> Any:
        found = iter(
            remat_p.bind(
                *residuals,
                *pick(tangents, active),
                jaxpr=tangents_only,
                policy=policy,
                prevent_cse=prevent_cse,
            )
        )
        return tuple(
            next(found) if on else Zero(aval.tangent())
            for on, aval in zip(out_active, jaxpr.out_avals, strict=True)
        )

    return results[:num_outs], (*primals, *kept), linear_part


def _given_saved(jaxpr: Jaxpr, saved: Sequence[Var]) -> Jaxpr:
    """Returns the program that takes the saved values as further inputs.

    An equation whose results are all saved is replaced by the values themselves in what only reads
    values, but must stay where tangents flow through it: so values are joined, not cut.
    """
    if not saved:
        return jaxpr
    fresh = {var: Var(var.aval) for var in saved}
    eqns: list[Eqn] = []
    for eqn in jaxpr.eqns:
        eqns.append(eqn)
        for var in eqn.outvars:
            if var in fresh:
                eqns.append(Eqn(replace_p, (var, fresh[var]), (Var(var.aval),), {}))
    renamed = {eqn.invars[0]: eqn.outvars[0] for eqn in eqns if eqn.primitive is replace_p}
    rewritten = [
        eqn
        if eqn.primitive is replace_p
        else eqn.replace(invars=[renamed.get(atom, atom) for atom in eqn.invars])
        for eqn in eqns
    ]
    outvars = [renamed.get(atom, atom) for atom in jaxpr.outvars]
    invars = (*jaxpr.invars, *(fresh[var] for var in saved))
    return jaxpr.replace(invars=invars, outvars=outvars, eqns=rewritten)


def _tangent_program(jaxpr: Jaxpr, active: Sequence[bool]) -> tuple[Jaxpr, tuple[bool, ...]]:
    """Returns the program `(primals, tangents) -> output tangents`, and which outputs have one.

    It computes the residuals anew and then applies the linear part: two equations, of which only
    the second is linear, so a backward pass runs the first one forward.
    """
    key = ("remat_tangents", tuple(active))
    if key not in jaxpr.memo:
        split = linearize_jaxpr(jaxpr, active, [False] * len(jaxpr.outvars))
        num_outs = len(jaxpr.outvars)
        only_saved = [False] * num_outs + [True] * split.num_saved
        residual_program, needed = prune_jaxpr(split.primal, only_saved)

        def program(*args: Any) -> Sequence[Any]:
            primals, tangents = args[: len(active)], args[len(active) :]
            saved = call(residual_program, *pick(primals, needed), name="recompute")
            return call(split.linear, *split.residuals(primals, saved), *tangents, name="tangents")

        tangent_avals = [aval.tangent() for aval in pick(jaxpr.in_avals, active)]
        staged = stage_closed(program, [*jaxpr.in_avals, *tangent_avals], jaxpr.name)
        jaxpr.memo[key] = staged, split.out_active
    return jaxpr.memo[key]


def _transpose(cts: Any, *operands: Any, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool) -> Any:
    linear_flags = [is_linear(x) for x in operands]
    active = [type(ct) is not Zero for ct in cts]
    never = [False] * len(operands)
    derived = transpose_jaxpr(jaxpr, linear_flags, never, active)
    inputs = [*(x for x in operands if not is_linear(x)), *pick(cts, active)]
    if prevent_cse:
        # Ties the recomputation to the arrival of the cotangents, so that no pass shares it with
        # the forward computation and keeps the values alive after all.
        inputs = list(optimization_barrier(inputs))
    results = iter(remat_p.bind(*inputs, jaxpr=derived, policy=policy, prevent_cse=prevent_cse))
    return tuple(next(results) if on else None for on in linear_flags)


def _batch(
    size: int,
    operands: Any,
    dims: Any,
    *,
    jaxpr: Jaxpr,
    policy: Policy,
    prevent_cse: bool,
    mapped_axis: Any,
) -> Any:
    params = {"policy": policy, "prevent_cse": prevent_cse}
    if is_unmapped(dims, mapped_axis, jaxpr):
        return remat_p.bind(*operands, jaxpr=jaxpr, **params), (None,) * len(jaxpr.outvars)
    batched = [dim is not None for dim in dims]
    never = [False] * len(jaxpr.outvars)
    derived, out_batched = batch_jaxpr(jaxpr, size, batched, never, mapped_axis)
    moved = [
        x if dim is None else move_batch_axis(x, dim, size)
        for x, dim in zip(operands, dims, strict=True)
    ]
    outs = remat_p.bind(*moved, jaxpr=derived, **params)
    return outs, tuple(0 if on else None for on in out_batched)


def _lower(
    k: Any, *operands: Any, out: Any, jaxpr: Jaxpr, policy: Policy, prevent_cse: bool
) -> Any:
    return k.inline(jaxpr, operands)


def _prune(eqn: Eqn, used: Sequence[bool]) -> Eqn:
    pruned, needed = prune_jaxpr(eqn.params["jaxpr"], used)
    return eqn.replace(
        invars=pick(eqn.invars, needed),
        outvars=pick(eqn.outvars, used),
        params=eqn.params | {"jaxpr": pruned},
    )


remat_p: Primitive = primitive(
    "checkpoint",
    impl=_impl,
    abstract=_abstract,
    run=run_staged(lambda: remat_p),
    jvp=_jvp,
    linearize=_linearize,
    transpose=_transpose,
    batch=_batch,
    lower=_lower,
    prune=_prune,
    depends=lambda operands, *, jaxpr, **_: dependent_outputs(jaxpr, operands),
    collective=True,
)


# -- replace: takes the value of its second operand and the tangent of its first


def _replace_jvp(primals: Any, tangents: Any) -> Any:
    outs = replace_p.bind(*primals)
    return outs, (tangents[0],)


replace_p = primitive(
    "replace",
    impl=lambda x, y: (y,),
    abstract=lambda x, y: (x,),
    jvp=_replace_jvp,
    transpose=lambda cts, x, y: (cts[0], None),
    batch=lambda size, operands, dims: _replace_batch(size, operands, dims),
    lower=lambda k, x, y, out: (y,),
)


def _replace_batch(size: int, operands: Any, dims: Any) -> Any:
    x, y = (move_batch_axis(v, dim, size) for v, dim in zip(operands, dims, strict=True))
    return replace_p.bind(x, y), (0,)


def rematerialize(jaxpr: Jaxpr, *args: Any, policy: Policy = None, prevent_cse: bool = True) -> Any:
    """Applies a closed program whose intermediate values are not kept for the backward pass.

    Args:
        jaxpr: a closed program.
        args: one value for each input.
        policy: says of an equation (primitive, operand avals, parameters) whether its results are
            kept after all.
        prevent_cse: whether the compiler is kept from sharing the recomputation with the first
            computation.
    """
    return remat_p.bind(*args, jaxpr=jaxpr, policy=policy, prevent_cse=prevent_cse)
