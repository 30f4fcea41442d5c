"""Perfect foresight against hand-solved cases and against whatever anybody could have ordered."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.foresight import foresee
from ops.recorded_demand import recorded_periods
from ops.twin_world import PoolWorld
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.events import Transaction

DAY_S = 86_400.0
START_S = 1_278_028_800.0  # 2010-07-02 00:00 UTC


def pool(*leads: int, **limits: float) -> PoolSpec:
    """Return a pool with h = 1 and p = 9 of each resource, named 0, 1, ..."""
    resources = tuple(
        ResourceSpec(id=str(place), lead_time_periods=lead, holding_cost=1.0, lost_sale_cost=9.0, unit_cost=2.0)
        for place, lead in enumerate(leads)
    )
    return PoolSpec(pool_id="p", feeds=(FeedSpec(id="till"),), resources=resources, **limits)  # type: ignore[arg-type]


def column(*units: float) -> np.ndarray:
    """Return one resource's units of each period."""
    return np.array(units, dtype=float)[:, None]


def test_what_arrives_in_time_costs_nothing() -> None:
    """Lead time 1, 4 on hand for the first day: order each day's demand a day before."""
    demand = column(4, 6, 5)
    plan = foresee(pool(1), demand, np.zeros_like(demand), np.array([4.0]))
    assert plan.cost == pytest.approx(0.0)
    assert plan.ordered[:2, 0].tolist() == pytest.approx([6, 5])


def test_what_nobody_could_have_ordered_in_time_is_lost() -> None:
    """Lead time 2, nothing on hand: two days of 3 and 4 are lost at 9 each, the third is met."""
    demand = column(3, 4, 5)
    plan = foresee(pool(2), demand, np.zeros_like(demand), np.array([0.0]))
    assert plan.cost == pytest.approx(63.0)
    assert plan.unmet[:, 0].tolist() == pytest.approx([3, 4, 0])


def test_a_small_truck_starts_early() -> None:
    """At most 5 units a day, 12 wanted on the third day, lead time 0: 2 units wait a day, 2 wait two.

    5 come on day 3, 5 on day 2 and 2 on day 1: 5 x 1 + 2 x 2 = 9 of holding; one unit less would lose 9.
    """
    demand = column(0, 0, 12)
    plan = foresee(pool(0, capacity_units=5.0), demand, np.zeros_like(demand), np.array([0.0]))
    assert plan.cost == pytest.approx(9.0)
    assert plan.ordered[:, 0].tolist() == pytest.approx([2, 5, 5])


def test_a_budget_binds_like_a_truck() -> None:
    """10 of currency a day buy 5 units at 2."""
    demand = column(0, 0, 12)
    plan = foresee(pool(0, budget=10.0), demand, np.zeros_like(demand), np.array([0.0]))
    assert plan.cost == pytest.approx(9.0)


def test_stock_that_is_too_much_is_held() -> None:
    """10 on hand and 1 asked a day: 9, 8 and 7 are held."""
    demand = column(1, 1, 1)
    assert foresee(pool(1), demand, np.zeros_like(demand), np.array([10.0])).cost == pytest.approx(24.0)


def test_what_comes_back_may_be_sold_again() -> None:
    """3 come back on the second day and meet its demand, which nothing else could."""
    plan = foresee(pool(5), column(0, 3), column(0, 3), np.array([0.0]))
    assert plan.cost == pytest.approx(0.0)


def test_no_period_costs_nothing() -> None:
    """A journal that has just begun has a foresight too."""
    nothing = np.zeros((0, 1))
    assert foresee(pool(1), nothing, nothing, np.array([5.0])).cost == 0.0


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.integers(0, 4), st.integers(-9, 15), st.sampled_from(["0", "1"]), st.sampled_from(["c1", "c2", None])
        ),
        max_size=20,
    ),
    orders=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=5),
    leads=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
def test_nobody_in_the_twin_is_cheaper(
    lines: list[tuple[int, int, str, str | None]], orders: list[tuple[int, int]], leads: tuple[int, int]
) -> None:
    """Whatever is ordered within the capacity, the twin's cost is at least that of foresight."""
    spec = pool(*leads, capacity_units=18.0)
    recorded = sorted((_line(place, *one) for place, one in enumerate(lines)), key=lambda one: one.occurred_at_s)
    days = recorded_periods(recorded, spec, from_s=START_S, until_s=START_S + 5 * DAY_S)
    world, cost = PoolWorld(spec), 0.0
    for day, units in zip(days, orders, strict=True):
        for resource, ordered in zip(spec.resources, units, strict=True):
            due_at_s = day.start_s + resource.lead_time_periods * DAY_S
            action_id = f"{resource.id}/{day.start_s}"
            world.order(action_id, resource.id, float(ordered), at_s=day.start_s, due_at_s=due_at_s)
        cost += sum(tally.on_hand + 9.0 * tally.unmet for tally in world.play(day)[1].values())
    demand = np.array([[day.demand_units[one.id] for one in spec.resources] for day in days])
    returned = np.array([[day.returned_units[one.id] for one in spec.resources] for day in days])
    assert foresee(spec, demand, returned, np.zeros(2)).cost <= cost + 1e-6


def _line(place: int, day: int, quantity: int, resource_id: str, customer: str | None) -> Transaction:
    return Transaction(
        event_id=str(place),
        pool_id="p",
        resource_id=resource_id,
        feed_id="till",
        kind="sale" if quantity > 0 else "cancellation",
        quantity_units=float(quantity),
        occurred_at_s=START_S + day * DAY_S + place,
        customer_key=customer,
    )
