"""A stored state in, the same state as this version of the code reads it out: one function for each step.

A change of what a `ShardState` holds raises `streams.shard_state.STATE_VERSION` by one and adds the step from the
version before here, over plain values; a state of each version is stored in `tests/streams/stored` and taken through.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from online_models.plan import TRUSTED
from online_models.registry import FORECASTERS, joined_pool, series_states
from streams.catalog import PoolSpec
from streams.dedupe import packed
from streams.errors import StateError
from streams.model import ModelState, PoolModelsState, Shape
from streams.shard_state import STATE_VERSION
from streams.snapshots import head_of

Plain = dict[str, Any]  # a ShardState decoded without its types


def _to_2(state: Plain) -> Plain:
    """Name the hash that ids were made with, pack those of closed buckets, and turn forecasts into JSON."""
    for pool in state["pools"].values():
        seen = pool["seen"]
        seen |= {"hashed_by": "blake2b", "recent": packed(list(seen["recent"]))}
        for series in pool["series"].values():
            if series["forecast"] is not None:
                series["forecast"] = msgspec.json.encode(series["forecast"])
    return state


def _to_3(state: Plain) -> Plain:
    """Put the models of a pool's series together, beside a simple one that watches them."""
    for pool in state["pools"].values():
        spec = msgspec.convert(pool["spec"], PoolSpec)
        kept = [pool["series"][one.id] for one in spec.resources]
        model = ModelState(Shape.of(spec), 1, 0, "an older version began it", b"")
        with suppress(ValueError):  # a forecaster without bytes is refused, with what to do, by `Shard.restore`
            model.forecaster = joined_pool(spec.forecast, [one.pop("model_state") for one in kept])
        recent = max((len(one["recent"]) for one in kept), default=0)
        model.learnt = max(recent, TRUSTED) if any(one["forecast"] for one in kept) else recent
        pool["models"] = msgspec.to_builtins(PoolModelsState(model, None), builtin_types=(bytes,))
        for one in kept:
            one.pop("model")
    return state


def _to_4(state: Plain) -> Plain:
    """Keep what single series learnt; a model of a whole pool, whose numbers mean something else now, begins anew."""
    for pool in state["pools"].values():
        for role, model in pool["models"].items():
            if model is not None:
                pool["models"][role] = _model_to_4(msgspec.convert(model, ModelState))
    return state


def _model_to_4(model: ModelState) -> Plain:
    with suppress(ValueError, msgspec.DecodeError):  # a forecaster without bytes is refused by `Shard.restore`
        if model.shape.family in FORECASTERS:
            model.forecaster = joined_pool(model.shape.family, series_states(model.forecaster))
        elif model.forecaster:
            model.forecaster, model.learnt = model.shape.forecaster().state(), 0
            model.generation += 1
            model.reason = "an older version's model of a whole pool cannot be taken over"
    plain: Plain = msgspec.to_builtins(model, builtin_types=(bytes,))
    return plain


# from version n to n + 1; 1 was the first
STEPS: Mapping[int, Callable[[Plain], Plain]] = {1: _to_2, 2: _to_3, 3: _to_4}


def upgraded(
    state: bytes,
    place: str,
    *,
    steps: Mapping[int, Callable[[Plain], Plain]] = STEPS,
    version: int = STATE_VERSION,
) -> bytes:
    """Return `state` in `version`; raise StateError when it is newer or no step leads on from it."""
    found = head_of(state).version
    if found == version:
        return state
    if found > version:
        raise StateError(
            f"the snapshot of {place} is of state version {found} and this Headgate reads {version}: a newer one wrote "
            "it; start that version again"
        )
    plain = plain_of(state, place)
    for one in range(found, version):
        if one not in steps:
            raise StateError(
                f"the snapshot of {place} is of state version {found} and this Headgate reads {version}, without a way "
                f"from {one}; `headgate shard reset {place} --accept-loss` learns anew from its log"
            )
        plain = steps[one](plain) | {"version": one + 1}
    return msgspec.msgpack.encode(plain)


def plain_of(state: bytes, place: str) -> Plain:
    """Return `state` as plain values; raise StateError when it is none."""
    try:
        return msgspec.msgpack.decode(state, type=Plain)
    except msgspec.DecodeError as error:
        raise StateError(f"the snapshot of {place} is not readable ({error}); other code wrote it") from error
