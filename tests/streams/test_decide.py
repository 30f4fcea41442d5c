"""What is decided in each row of the table at the head of `streams.decide`, and that orders under way count once."""

from typing import Any

import msgspec
import numpy as np
import pytest

from online_models.base import QUANTILE_LEVELS
from policies.observation import Float32s, Observation
from policies.registry import POLICIES, load_policy
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.control_view import ControlView
from streams.decide import decide
from streams.events import (
    Allocation,
    Command,
    Cut,
    OnOrder,
    Outcome,
    PoolView,
    SeriesForecast,
    SeriesView,
    Tick,
    decode_output,
    encode,
)
from streams.forecast_store import Fresh, Missing, Stale, judge

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
    """Judge, decide, and send over the wire."""
    allocation = decide(TICK, judge(view, cut=TICK.cut, now_s=now_s), spec, policy, control or ControlView(), now_s)
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


def test_fresh_forecasts_are_decided_by_the_policy() -> None:
    """Orders, ids, versions, arrival and words are those of the policy and the view."""
    allocation = decided(view_of(), Asks(24.0, 0.0))
    mug, cup = allocation.lines

    assert (allocation.decided_by, allocation.policy, allocation.policy_version) == ("policy", "asks", "7")
    assert (allocation.forecast_model, allocation.forecast_as_of_s) == ("linear/1", START_S)
    assert (mug.action_id, mug.order_units, mug.reason_code) == ("shop/mug/2010-07-01", 24.0, "policy")
    assert mug.arrives_at_s == START_S + 2 * DAY_S
    assert mug.explanation == "order 24: 30 expected in the 3 days until 4 July, 12 on hand, 0 on order, cover 70 %"
    assert cup.explanation == "no order: 12 on hand for the 30 expected until 4 July (cover 4 %)"


def test_expired_forecasts_are_decided_by_the_baseline() -> None:
    """It orders from recent demand, and says how late the forecast is."""
    stale = view_of(series("mug", forecast=forecast(expires_at_s=START_S - 3 * 3600.0)), series("cup"))

    allocation = decided(stale, Asks(24.0, 24.0))

    assert (allocation.decided_by, allocation.policy) == ("baseline", "baseline")
    assert {line.reason_code for line in allocation.lines} == {"stale-forecast"}
    assert allocation.lines[0].order_units == pytest.approx(3 * 10 + 0.8416 * 2 * 3**0.5 - 12, abs=1.5)
    assert allocation.lines[0].explanation.startswith("order 21 on the baseline: forecast is 3 h too old; 30 expected")


def test_without_forecasts_the_baseline_decides() -> None:
    """A new series, or a view that has none."""
    allocation = decided(view_of(series("mug", forecast=None), series("cup")), Asks(24.0, 24.0))

    assert allocation.decided_by == "baseline"
    assert {line.reason_code for line in allocation.lines} == {"missing-forecast"}


def test_a_view_older_than_the_tick_is_stale() -> None:
    """Redis may have lost the newest one."""
    old = msgspec.structs.replace(view_of(), cut=msgspec.structs.replace(CUT, next_offset=9))

    assert "the view is older than the tick" in decided(old, Asks(1.0, 1.0)).lines[0].explanation


def test_a_policy_that_fails_is_never_fatal() -> None:
    """Whether it raises or returns another shape, the baseline decides."""
    for policy in (Breaks(), Asks(1.0), Asks(1.0, 2.0, 3.0)):
        allocation = decided(view_of(), policy)

        assert allocation.decided_by == "baseline"
        assert {line.reason_code for line in allocation.lines} == {"policy-error"}
        assert "on the baseline: the policy failed" in allocation.lines[0].explanation


def test_a_proposal_that_is_no_number_orders_nothing() -> None:
    """The line says so; the other one stands."""
    mug, cup = decided(view_of(), Asks(float("nan"), 5.0)).lines

    assert (mug.order_units, mug.reason_code) == (0.0, "invalid-proposal")
    assert (cup.order_units, cup.reason_code) == (5.0, "policy")


def test_a_held_resource_keeps_its_recommendation() -> None:
    """It orders nothing, and says what the policy asked, until when and why."""
    allocation = decided(view_of(), Asks(24.0, 5.0), hold("mug"))
    mug, cup = allocation.lines

    assert (mug.order_units, mug.proposed_units, mug.reason_code) == (0.0, 24.0, "hold")
    assert mug.explanation.startswith("no order (policy asked 24): held until 2 July: stocktaking; 30 expected")
    assert cup.order_units == 5.0
    assert allocation.decided_by == "policy"


def test_a_held_pool_is_decided_by_nobody() -> None:
    """Every line is held."""
    allocation = decided(view_of(), Asks(24.0, 5.0), hold(None))

    assert allocation.decided_by == "hold"
    assert [line.order_units for line in allocation.lines] == [0.0, 0.0]


def test_unknown_stock_is_not_ordered_for() -> None:
    """A product not counted yet, or new in the catalog, waits; the others are decided."""
    allocation = decided(view_of(series("mug", on_hand=None), series("cup")), Asks(24.0, 5.0))

    assert [(line.order_units, line.reason_code) for line in allocation.lines] == [(0.0, "no-stock"), (5.0, "policy")]
    assert allocation.lines[0].explanation == "no order: stock on hand is not known yet"
    assert decided(view_of(series("cup")), Asks(24.0, 5.0)).lines[0].reason_code == "no-stock"


def test_without_a_view_nothing_is_decided() -> None:
    """Every line says so."""
    allocation = decided(None, Asks(24.0, 5.0))

    assert allocation.decided_by == "hold"
    assert {line.reason_code for line in allocation.lines} == {"no-view"}


@pytest.mark.parametrize("reading", [Fresh(view_of()), Stale(view_of(), ""), Missing(None, "")])
def test_an_expired_tick_decides_nothing(reading: Any) -> None:
    """Not even to hold."""
    assert decide(TICK, reading, SPEC, Asks(1.0, 1.0), ControlView(), TICK.valid_until_s + 1.0) is None


def test_the_guards_numbers_are_told() -> None:
    """Bound, rate limit, dead band, capacity and budget each name their limit."""
    cases: list[tuple[dict[str, Any], float, str, str]] = [
        ({"order_step_ratio_max": 0.5}, 24.0, "rate-limit", "at most 15 units after recent demand"),
        ({"dead_band_units": 30.0}, 24.0, "dead-band", "orders start at 30 units"),
        ({"capacity_units": 10.0}, 24.0, "capacity", "pool capacity 10 units"),
        ({"budget": 10.0}, 24.0, "budget", "pool budget 10 GBP"),
    ]
    for changes, asked, code, words in cases:
        spec = msgspec.structs.replace(SPEC, **changes)
        line = decided(view_of(), Asks(asked, asked), spec=spec).lines[0]

        assert line.reason_code == code
        assert f"(policy asked 24): {words}" in line.explanation


def claimed(day: int, units: float) -> Allocation:
    """Return what was decided `day` days before, for mugs."""
    start_s = START_S - day * DAY_S
    tick = msgspec.structs.replace(TICK, tick_id=f"shop/-{day}", period_start_s=start_s, valid_until_s=start_s + DAY_S)
    allocation = decide(tick, judge(view_of(), cut=CUT, now_s=start_s), SPEC, Asks(units, 0.0), ControlView(), start_s)
    assert allocation is not None
    return allocation


@pytest.mark.parametrize(
    ("ledger", "outcome", "expected"),
    [
        ([], None, [7.0, 0.0]),
        ([], "applied", [7.0, 0.0]),
        ([], "rejected", [0.0, 0.0]),
        (["own"], "applied", [7.0, 0.0]),
        (["own", "foreign"], "applied", [7.0, 5.0]),
    ],
)
def test_an_order_under_way_counts_once(ledger: list[str], outcome: str | None, expected: list[float]) -> None:
    """From the claim, or from the ledger, never from both; a rejected one not at all."""
    control = ControlView()
    before = claimed(1, 7.0)
    control.apply(before)
    own = before.lines[0]
    if outcome:
        control.apply(
            Outcome(
                action_id=own.action_id,
                tick_id=before.tick_id,
                pool_id="shop",
                resource_id="mug",
                status=outcome,  # type: ignore[arg-type]
                applied_units=7.0 if outcome == "applied" else 0.0,
                reason="",
                at_s=START_S,
            )
        )
    orders = {
        "own": OnOrder(action_id=own.action_id, units=7.0, due_at_s=own.arrives_at_s),
        "foreign": OnOrder(action_id="by-telephone", units=5.0, due_at_s=START_S + 2 * DAY_S),
    }
    policy = Asks(0.0, 0.0)

    decided(view_of(series("mug", on_order=tuple(orders[name] for name in ledger)), series("cup")), policy, control)

    assert policy.seen is not None
    assert policy.seen.pipeline_units[0].tolist() == expected


def test_deciding_twice_changes_nothing() -> None:
    """Its own claim is not part of what a tick sees."""
    control = ControlView()
    first = decided(view_of(), Asks(24.0, 5.0), control)
    control.apply(first)

    assert decided(view_of(), Asks(24.0, 5.0), control) == first


def test_ids_follow_the_pools_calendar() -> None:
    """An hourly pool's ids and words carry the local time."""
    hourly = msgspec.structs.replace(SPEC, period="hour")

    line = decided(view_of(), Asks(24.0, 0.0), spec=hourly).lines[0]

    assert line.action_id == "shop/mug/2010-07-01T00:00+0100"
    assert "expected in the 3 hours until 1 July 03:00" in line.explanation


def test_every_policy_of_the_registry_decides() -> None:
    """Each decides the shop without falling back."""
    for name in POLICIES:
        allocation = decided(view_of(), load_policy(name, data_dir=None))

        assert allocation.decided_by == "policy", name
