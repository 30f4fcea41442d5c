"""Pools' newest views and declarations in, the situations that the simulator starts from out; nothing is written."""

from collections.abc import Sequence

import numpy as np
import redis
from kafka.errors import KafkaError

from ops.pool_specs import PoolSpecs
from simulator.inventory.whatif import Situation
from streams.catalog import PoolSpec
from streams.connections import redis_options
from streams.errors import ConfigurationError, UnavailableError
from streams.events import PoolView, decode_output
from streams.forecast_store import VIEW_KEY
from streams.live_observation import observe, series_of
from streams.periods import PeriodName
from streams.settings import Settings

SEASON_PERIODS: dict[PeriodName, int] = {"quarter": 96, "hour": 24, "day": 7}


def pools(settings: Settings, pool_id: str | None) -> list[PoolSpec]:
    """Return the declaration of a pool, or of all that are controlled; raise ConfigurationError naming the known ones.

    Raises UnavailableError when no broker answers.
    """
    try:
        with PoolSpecs(settings) as specs:
            specs.get("")  # reads all that there is
            known = {name: specs.get(name) for name in specs.pool_ids()}
    except (KafkaError, OSError) as error:
        raise UnavailableError(
            f"no Kafka broker answers at {settings.broker} ({error}); start one with `headgate up`, or name another "
            "with --broker"
        ) from error
    controlled = [spec for spec in known.values() if spec is not None and spec.controlled]
    if pool_id is None and controlled:
        return controlled
    spec = known.get(pool_id or "")
    names = ", ".join(one.pool_id for one in controlled) or "none"
    if spec is None:
        raise ConfigurationError(f"pool {pool_id} is not in the catalog; controlled pools: {names}")
    if not spec.controlled:
        raise ConfigurationError(f"pool {pool_id} is not controlled: nothing is ordered for it; controlled: {names}")
    return [spec]


def views(settings: Settings, specs: Sequence[PoolSpec]) -> list[PoolView | None]:
    """Return the newest view of each pool, None where there is none; raise UnavailableError without Redis."""
    try:
        with redis.Redis.from_url(settings.redis, **redis_options(settings)) as client:
            bodies = [client.hget(VIEW_KEY + spec.pool_id, "body") for spec in specs]
    except (redis.RedisError, OSError) as error:
        raise UnavailableError(f"no Redis answers at {settings.redis} ({error}); name another with --redis") from error
    found = [decode_output(body) if isinstance(body, bytes) else None for body in bodies]
    return [view if isinstance(view, PoolView) else None for view in found]


def situation(spec: PoolSpec, view: PoolView | None) -> Situation:
    """Return where a pool stands; raise ConfigurationError when too little of it is known to decide anything."""
    place = f"pool {spec.pool_id}"
    if view is None:
        raise ConfigurationError(
            f"{place} has no view in Redis yet: is a worker running, and has it heard of the pool?"
        )
    series = series_of(view, spec)
    silent = [one.id for one, seen in zip(spec.resources, series, strict=True) if seen.forecast is None]
    if silent:
        raise ConfigurationError(
            f"{place}: {len(silent)} of {len(series)} items have no forecast yet ({', '.join(silent[:3])}); wait until "
            "enough periods have closed"
        )
    unknown = [one.id for one, seen in zip(spec.resources, series, strict=True) if seen.on_hand_units is None]
    if unknown:
        raise ConfigurationError(
            f"{place}: the stock of {len(unknown)} of {len(series)} items is not known ({', '.join(unknown[:3])}); "
            "send a count of it"
        )
    return Situation(
        observation=observe(view, spec, (), view.period_start_s),
        season_periods=SEASON_PERIODS[spec.period],
        order_units_max=np.array([float(one.order_units_max) for one in spec.resources]),
        recent_mean_units=np.array([seen.recent_mean for seen in series]),
        order_step_ratio_max=spec.order_step_ratio_max,
        dead_band_units=spec.dead_band_units,
    )
