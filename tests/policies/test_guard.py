"""The guard's promises on any proposal, and each rule on a worked example."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.guard import RULES, Guarded, Limits, guard
from policies.observation import Observation

LEVELS = 9


def observed(
    n: int,
    *,
    on_hand: list[float] | None = None,
    quantiles: list[list[float]] | None = None,
    lost_sale_cost: list[float] | None = None,
    unit_cost: list[float] | None = None,
    capacity_units: float = 1e9,
    budget: float = 1e12,
) -> Observation:
    """Return an observation of `n` resources, alike unless told otherwise."""

    def column(values: list[float] | None, default: float) -> np.ndarray:
        return np.array(values if values is not None else [default] * n, dtype=np.float32)

    lead = np.array(quantiles or [[10.0 * (k + 1) for k in range(LEVELS)]] * n, dtype=np.float32)
    return Observation(
        resource_ids=tuple(f"r{k}" for k in range(n)),
        on_hand_units=column(on_hand, 0.0),
        pipeline_units=np.zeros((n, 2), dtype=np.float32),
        demand_mean_units=np.full((n, 4), 5.0, dtype=np.float32),
        demand_quantile_units=np.full((n, 4, LEVELS), 5.0, dtype=np.float32),
        lead_demand_quantile_units=lead,
        lead_time_periods=column(None, 2.0),
        lost_sale_cost=column(lost_sale_cost, 4.0),
        holding_cost=column(None, 1.0),
        unit_cost=column(unit_cost, 1.0),
        capacity_units=capacity_units,
        budget=budget,
    )


def limits_of(
    n: int, *, most: float = 1e6, step: float = 1e6, dead_band: float = 0.0, held: tuple[int, ...] = ()
) -> Limits:
    """Return limits alike for all lines."""
    return Limits(
        order_units_max=np.full(n, most, dtype=np.float32),
        order_step_max=np.full(n, step, dtype=np.float32),
        dead_band_units=dead_band,
        held=np.isin(np.arange(n), held),
    )


def ordered(proposed: list[float], observation: Observation, limits: Limits) -> Guarded:
    """Return what the guard makes of a list."""
    return guard(np.array(proposed, dtype=np.float32), observation, limits)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, Observation, Limits]:
    """Draw any proposal, also nonsense, with any observation and limits."""
    n = draw(st.integers(1, 6))
    amounts = st.floats(0, 500, width=32)

    def several(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=n, max_size=n))

    proposed = several(st.one_of(amounts, st.floats(width=32)))
    observation = observed(
        n,
        on_hand=several(amounts),
        quantiles=[sorted(draw(st.lists(amounts, min_size=LEVELS, max_size=LEVELS))) for _ in range(n)],
        lost_sale_cost=several(st.floats(0, 100, width=32)),
        unit_cost=several(st.floats(0.0625, 50, width=32)),
        capacity_units=draw(st.floats(0, 1000)),
        budget=draw(st.floats(0, 10_000)),
    )
    limits = Limits(
        order_units_max=np.array(several(amounts), dtype=np.float32),
        order_step_max=np.array(several(amounts), dtype=np.float32),
        dead_band_units=draw(st.floats(0, 20)),
        held=np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
    )
    return np.array(proposed, dtype=np.float32), observation, limits


@given(case=cases())
@settings(max_examples=150, deadline=None)
def test_what_comes_out_keeps_every_limit(case: tuple[np.ndarray, Observation, Limits]) -> None:
    """Orders are whole, not negative, within each line's limits and together within capacity and budget."""
    proposed, observation, limits = case

    order = guard(proposed, observation, limits).order_units.astype(np.float64)

    assert (order >= 0).all()
    assert (order == np.floor(order)).all()
    assert (order <= limits.order_units_max).all()
    assert (order <= limits.order_step_max).all()
    assert (order[limits.held] == 0).all()
    assert ((order == 0) | (order >= limits.dead_band_units)).all()
    assert order.sum() <= observation.capacity_units
    assert order @ observation.unit_cost.astype(np.float64) <= observation.budget


@given(case=cases())
@settings(max_examples=150, deadline=None)
def test_a_second_pass_changes_nothing(case: tuple[np.ndarray, Observation, Limits]) -> None:
    """The guard is idempotent: what it gave is feasible, and a feasible proposal is the policy's own."""
    proposed, observation, limits = case
    once = guard(proposed, observation, limits)

    twice = guard(once.order_units, observation, limits)

    assert (twice.order_units == once.order_units).all()
    assert all(
        reason == "hold" if held else reason == "policy"
        for reason, held in zip(twice.reasons, limits.held, strict=True)
    )


@given(case=cases())
@settings(max_examples=150, deadline=None)
def test_every_change_has_a_reason_and_every_reason_a_change(case: tuple[np.ndarray, Observation, Limits]) -> None:
    """A line says "policy" exactly when it is the rounded proposal of a line nobody holds."""
    proposed, observation, limits = case

    guarded = guard(proposed, observation, limits)

    for asked, given_units, reason, held in zip(
        proposed, guarded.order_units, guarded.reasons, limits.held, strict=True
    ):
        assert reason in RULES
        kept = np.isfinite(asked) and asked >= 0 and given_units == np.floor(np.float64(asked) + 0.5) and not held
        assert (reason == "policy") == bool(kept)


@pytest.mark.parametrize(
    ("proposed", "changes", "expected", "reason"),
    [
        (24.4, {}, 24, "policy"),
        (24.5, {}, 25, "policy"),
        (float("nan"), {}, 0, "invalid-proposal"),
        (float("inf"), {}, 0, "invalid-proposal"),
        (-1.0, {}, 0, "invalid-proposal"),
        (24.0, {"held": (0,)}, 0, "hold"),
        (24.0, {"most": 20.0}, 20, "bound"),
        (24.0, {"step": 10.7}, 10, "rate-limit"),
        (24.0, {"step": 10.0, "most": 20.0}, 10, "rate-limit"),
        (3.0, {"dead_band": 4.0}, 0, "dead-band"),
        (float("nan"), {"held": (0,)}, 0, "hold"),
        (24.0, {"most": float("nan")}, 0, "bound"),
    ],
)
def test_each_rule_of_one_line(proposed: float, changes: dict[str, Any], expected: int, reason: str) -> None:
    """Every rule that looks at one line does what its row in the table says."""
    guarded = ordered([proposed], observed(1), limits_of(1, **changes))

    assert guarded.order_units.tolist() == [expected]
    assert guarded.reasons == (reason,)


def test_short_capacity_goes_to_the_worst_covered_line() -> None:
    """The line with stock gives way; the empty one keeps its order unless it too is covered."""
    guarded = ordered([40.0, 40.0], observed(2, on_hand=[60.0, 0.0], capacity_units=40.0), limits_of(2))

    assert guarded.order_units.tolist() == [0.0, 40.0]
    assert guarded.reasons == ("capacity", "policy")


def test_short_capacity_leaves_equal_lines_equal() -> None:
    """Two lines that differ in nothing share alike, the odd unit going to the first."""
    guarded = ordered([40.0, 40.0], observed(2, capacity_units=41.0), limits_of(2))

    assert guarded.order_units.tolist() == [21.0, 20.0]


def test_lines_the_forecast_cannot_tell_apart_share_in_proportion() -> None:
    """Above the highest quantile nothing is known, so what was asked decides."""
    guarded = ordered([30.0, 10.0], observed(2, on_hand=[500.0, 500.0], capacity_units=20.0), limits_of(2))

    assert guarded.order_units.tolist() == [15.0, 5.0]
    assert guarded.reasons == ("capacity", "capacity")


def test_a_short_budget_prefers_what_protects_more_sales_per_currency() -> None:
    """Of two lines alike but for their price, the cheap one keeps more."""
    guarded = ordered([40.0, 40.0], observed(2, unit_cost=[1.0, 4.0], budget=60.0), limits_of(2))
    cheap, dear = guarded.order_units.tolist()

    assert cheap > dear
    assert cheap + 4 * dear <= 60.0
    assert guarded.reasons[1] == "budget"


def test_a_cut_keeps_how_much_was_asked_and_the_worths_that_decided() -> None:
    """Two equal lines over 40 units: each last unit of 40 is worth less than the pool's line, and both say so."""
    guarded = ordered([40.0, 40.0, 0.0], observed(3, on_hand=[0, 0, 99], capacity_units=40.0), limits_of(3))

    assert guarded.cuts[2] is None
    for cut in guarded.cuts[:2]:
        assert cut is not None
        assert cut.asked_units == 40
        assert cut.worth == pytest.approx(4.0 * 0.5)  # p P(demand > 40): the median of demand is 40
        assert cut.pool_worth == pytest.approx(4.0 * 0.9, rel=0.1)  # drawn at 20 of each, the lowest but one quantile


@pytest.mark.parametrize(
    ("asked", "most", "expected", "reason"),
    [
        (13.0, 1e6, 12, "order-terms"),
        (3.0, 1e6, 0, "order-terms"),
        (5.0, 1e6, 8, "order-terms"),
        (12.0, 1e6, 12, "policy"),
        (40.0, 15.0, 12, "bound"),
        (40.0, 7.0, 0, "bound"),
    ],
)
def test_a_suppliers_terms_are_kept(asked: float, most: float, expected: int, reason: str) -> None:
    """Packs of four and at least seven, that is eight: the nearest acceptable, and a bound goes down to one."""
    terms = replace(observed(1), minimum_order_units=np.array([7], np.float32), pack_units=np.array([4], np.float32))
    guarded = ordered([asked], terms, limits_of(1, most=most))

    assert guarded.order_units.tolist() == [expected]
    assert guarded.reasons == (reason,)
