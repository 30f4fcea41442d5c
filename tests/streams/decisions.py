"""A shop, a view of it and policies that do as they are told, for the tests of decisions."""

from typing import Any

import numpy as np

from online_models.base import QUANTILE_LEVELS
from policies.observation import Float32s, Observation
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.control_view import ControlView
from streams.decide import decide
from streams.events import (
    Allocation,
    Command,
    Cut,
    PoolView,
    SeriesForecast,
    SeriesView,
    Tick,
    decode_output,
    encode,
)
from streams.forecast_store import judge
from streams.lineup import Lineup

DAY_S = 86_400.0
START_S = 1_277_938_800.0  # 2010-07-01 00:00 in London
CUT = Cut(topic="transactions", partition=0, epoch=0, next_offset=10)
SPEC = PoolSpec(
    pool_id="shop", timezone="Europe/London", controlled=True, horizon_periods=4, feeds=(FeedSpec(id="till"),),
    capacity_units=1000.0, currency="GBP",
    resources=(
        ResourceSpec(id="mug", lead_time_periods=2, lost_sale_cost=4.0, holding_cost=1.0),
        ResourceSpec(id="cup", lead_time_periods=2, lost_sale_cost=4.0, holding_cost=1.0),
    ),
)  # fmt: skip
TICK = Tick(
    tick_id="shop/2010-07-01", pool_id="shop", period_start_s=START_S, valid_until_s=START_S + 43_200.0, now_s=START_S,
    run_clock=RunClock(), missing=False, cut=CUT,
)  # fmt: skip


class Asks:
    """A policy that asks for the same whatever it sees, and keeps what it saw."""

    name = "asks"
    version = "7"

    def __init__(self, *units: float) -> None:
        self.units = units
        self.seen: Observation | None = None

    def decide(self, observation: Observation) -> Float32s:
        """See `policies.base.Policy`."""
        self.seen = observation
        return np.array(self.units, dtype=np.float32)


class Breaks:
    """A policy that raises."""

    name = "breaks"
    version = "1"

    def decide(self, observation: Observation) -> Float32s:
        """See `policies.base.Policy`."""
        raise ZeroDivisionError(observation.budget)


def forecast(**changes: Any) -> SeriesForecast:
    """Return 10 units a period, give or take."""
    lead = tuple(15.0 + 30.0 * level for level in QUANTILE_LEVELS)
    fields: dict[str, Any] = {
        "model": "linear", "version": "1", "as_of_s": START_S, "expires_at_s": START_S + 2 * DAY_S, "error": 1.0,
        "buckets_learnt": 50, "mean": (10.0,) * 4, "quantiles": (tuple(20.0 * q for q in QUANTILE_LEVELS),) * 4,
        "lead_quantiles": lead,
    }  # fmt: skip
    return SeriesForecast(**(fields | changes))


def series(resource_id: str, on_hand: float | None = 12.0, **changes: Any) -> SeriesView:
    """Return a series that sells 10 a day."""
    fields = {
        "resource_id": resource_id, "on_hand_units": on_hand, "on_order": (), "last_value": 9.0, "last_forecast": 10.0,
        "recent_mean": 10.0, "recent_std": 2.0, "forecast": forecast(),
    }  # fmt: skip
    return SeriesView(**(fields | changes))


def view_of(*all_series: SeriesView) -> PoolView:
    """Return the shop's view, by default with both products."""
    return PoolView(
        pool_id="shop", cut=CUT, now_s=START_S, watermark_s=START_S, period_start_s=START_S,
        series=all_series or (series("mug"), series("cup")), unknown_resources=(), feeds=(), counters={},
    )  # fmt: skip


def decided(
    view: PoolView | None,
    policy: Any,
    control: ControlView | None = None,
    *,
    now_s: float = START_S,
    spec: PoolSpec = SPEC,
) -> Allocation:
    """Judge, decide, and send over the wire; a policy alone is one that the catalog names."""
    lineup = policy if isinstance(policy, Lineup) else Lineup(policy)
    allocation = decide(TICK, judge(view, cut=TICK.cut, now_s=now_s), spec, lineup, control or ControlView(), now_s)
    assert allocation is not None
    read = decode_output(encode(allocation))
    assert read == allocation
    return allocation


def hold(resource_id: str | None) -> ControlView:
    """Return a control view with a hold until midnight."""
    control = ControlView()
    control.apply(
        Command(
            command_id="c",
            kind="hold",
            pool_id="shop",
            resource_id=resource_id,
            reason="stocktaking",
            operator="ann",
            issued_at_s=0.0,
            expires_at_s=START_S + DAY_S,
        )
    )
    return control
