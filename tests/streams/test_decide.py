"""What is decided in each row of the table at the head of `streams.decide`, and that orders under way count once."""

from typing import Any

import msgspec
import pytest

from policies.registry import POLICIES, load_policy
from streams.control_view import ControlView
from streams.decide import decide
from streams.events import (
    Allocation,
    OnOrder,
    Outcome,
)
from streams.forecast_store import Fresh, Missing, Stale, judge
from streams.lineup import Lineup
from tests.streams.decisions import (
    CUT,
    DAY_S,
    SPEC,
    START_S,
    TICK,
    Asks,
    Breaks,
    decided,
    forecast,
    hold,
    series,
    view_of,
)


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
    assert decide(TICK, reading, SPEC, Lineup(Asks(1.0, 1.0)), ControlView(), TICK.valid_until_s + 1.0) is None


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


def test_what_is_cut_says_how_much_and_what_its_last_unit_is_worth() -> None:
    """A line cut for the pool's limit tells the share it gave up and the worths that decided, in currency."""
    spec = msgspec.structs.replace(SPEC, budget=10.0)
    line = decided(view_of(), Asks(24.0, 24.0), spec=spec).lines[0]
    cut = f"{24 - line.order_units:.0f}".removesuffix(".0")

    assert f"pool budget 10 GBP: {cut} of 24 cut, the last is worth " in line.explanation
    assert " in sales per GBP spent, the pool keeps what is worth " in line.explanation


def claimed(day: int, units: float) -> Allocation:
    """Return what was decided `day` days before, for mugs."""
    start_s = START_S - day * DAY_S
    tick = msgspec.structs.replace(TICK, tick_id=f"shop/-{day}", period_start_s=start_s, valid_until_s=start_s + DAY_S)
    allocation = decide(
        tick, judge(view_of(), cut=CUT, now_s=start_s), SPEC, Lineup(Asks(units, 0.0)), ControlView(), start_s
    )
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
