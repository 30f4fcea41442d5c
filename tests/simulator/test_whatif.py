"""What may come of a pool: hand-worked where nothing is uncertain, the same paths for both cases, limits kept."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policies.inventory.base_stock import BaseStock
from policies.observation import Float32s, Observation, from_arrays
from simulator.inventory.whatif import Course, Situation, changed, course, draws_for

PERIODS = 6


class Asks:
    """A policy that asks for the same of every item, and keeps what it saw first."""

    name = "asks"
    version = "1"

    def __init__(self, units: float) -> None:
        self.units = units
        self.first: Observation | None = None

    def decide(self, observation: Observation) -> Float32s:
        """See `policies.base.Policy`."""
        self.first = self.first or observation
        return np.full(len(observation.resource_ids), self.units, dtype=np.float32)


class Wary(Asks):
    """Never sure."""

    rule = BaseStock()

    def unsure(self, observation: Observation) -> tuple[str, ...]:
        """See `policies.base.Unsure`."""
        return ("too far",) * len(observation.resource_ids)


def certain(mean: float = 5.0, *, on_hand: float = 12.0, lead: int = 2, **changes: Any) -> Situation:
    """Return one item of which exactly `mean` is asked for in each period; 3 units arrive next period."""
    seen = from_arrays(
        resource_ids=("mug",),
        on_hand_units=[on_hand],
        pipeline_units=[[3.0, 0.0]],
        demand_mean_units=np.full((1, 8), mean),
        demand_quantile_units=np.full((1, 8, 9), mean),
        lead_demand_quantile_units=np.full((1, 9), mean * (lead + 1)),
        lead_time_periods=[lead],
        lost_sale_cost=[4.0],
        holding_cost=[1.0],
        unit_cost=[2.0],
        capacity_units=1e9,
        budget=1e9,
    )
    fields = {"order_units_max": np.array([1000.0]), "order_step_ratio_max": 5.0, "dead_band_units": 0.0} | changes
    return Situation(seen, 7, recent_mean_units=np.array([mean]), **fields)


def played(situation: Situation, policy: Any, base: Situation | None = None) -> Course:
    """Return what comes of it on 40 paths."""
    draws = draws_for(np.random.default_rng(5), (situation, base or situation), paths=40, periods=PERIODS)
    return course(situation, policy, draws, periods=PERIODS, base=base)


def test_without_uncertainty_it_is_counted_by_hand() -> None:
    """12 on hand, 3 arrive, 5 are asked for each period, 4 are ordered each period and come two periods later."""
    found = played(certain(), Asks(4.0))

    # on hand at the start of a period: 12, 10, 9, 8, 7, 6; sold 5 each; left over 7, 5, 4, 3, 2, 1
    assert found.cost[0].tolist() == [7 + 5 + 4 + 3 + 2 + 1]
    assert (found.sold_units[0, 0], found.ordered_units[0, 0], found.orders[0, 0]) == (30.0, 24.0, 6.0)
    assert found.stock_units[0, 0] == pytest.approx(22 / 6)
    assert found.now_units.tolist() == [4.0]
    assert found.fill_ratio == 1.0
    assert (found.cost == found.cost[0]).all()


def test_a_longer_lead_time_costs_what_is_lost_by_it() -> None:
    """Four periods instead of two: 12 + 3 last for three periods, the first order comes for the fifth."""
    base = certain()
    longer = changed(base, lead_time_periods=np.array([4.0], dtype=np.float32))

    found = played(longer, Asks(4.0), base)

    # on hand at the start: 12, 10, 5, 0, 4, 4; sold 5, 5, 5, 0, 4, 4; left 7, 5, 0, 0, 0, 0; lost 0, 0, 0, 5, 1, 1
    assert found.cost[0].tolist() == [12 + 4 * 7]
    assert found.sold_units[0].tolist() == [23.0]


def test_the_policy_sees_now_what_it_sees_live() -> None:
    """Stock, pipeline, costs and the quantiles as they were forecast."""
    now, policy = certain(), Asks(1.0)
    played(now, policy)

    assert policy.first is not None
    for name in ("on_hand_units", "lead_demand_quantile_units", "demand_mean_units", "lost_sale_cost"):
        np.testing.assert_array_equal(getattr(policy.first, name)[:1], getattr(now.observation, name))
    assert policy.first.pipeline_units[0, :2].tolist() == [3.0, 0.0]


def test_demand_and_its_forecasts_change_together() -> None:
    """Base-stock orders for the higher demand from the first period on."""
    base = certain()
    more = changed(base, demand_ratio=1.2)

    assert played(base, BaseStock()).now_units.tolist() == [0.0]  # 15 in stock and on order for 15
    assert played(more, BaseStock(), base).now_units.tolist() == [3.0]
    assert played(more, BaseStock(), base).asked_units[0, 0] == 36.0


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({"order_units_max": np.array([7.0])}, 7.0),
        ({"order_step_ratio_max": 0.5}, 8.0),  # half of 5 x 3, whole units up
        ({"dead_band_units": 51.0}, 0.0),
    ],
)
def test_orders_are_bound_as_live(changes: dict[str, Any], most: float) -> None:
    """Bound, rate limit and dead band."""
    assert played(certain(**changes), Asks(50.0)).now_units.tolist() == [most]


@pytest.mark.parametrize(("limit", "most"), [({"capacity_units": 9.0}, 9.0), ({"budget": 21.0}, 10.0)])
def test_the_pools_limits_bind(limit: dict[str, float], most: float) -> None:
    """A truck of 9 units; 21 of money at 2 a unit."""
    assert played(changed(certain(), **limit), Asks(50.0)).now_units.tolist() == [most]


def test_both_cases_meet_the_same_demand() -> None:
    """Under the same policy nothing differs but what was changed: here nothing at all."""
    quantiles = np.linspace(0.0, 20.0, 9, dtype=np.float32)
    base = certain()
    seen = replace(
        base.observation,
        demand_quantile_units=np.broadcast_to(quantiles, (1, 8, 9)),
        lead_demand_quantile_units=2 * quantiles[np.newaxis],
    )
    uncertain = replace(base, observation=seen)

    one, two = (played(uncertain, BaseStock(), other) for other in (None, uncertain))

    assert one.asked_units.std() > 0
    np.testing.assert_array_equal(one.cost, two.cost)
    np.testing.assert_array_equal(one.asked_units, two.asked_units)


def test_what_a_policy_is_unsure_of_its_rule_decides() -> None:
    """As live, and counted: one decision a path and period."""
    found = played(certain(on_hand=0.0), Wary(50.0))

    assert found.now_units.tolist() == [12.0]
    assert found.out_of_range == 40 * PERIODS
