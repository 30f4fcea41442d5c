"""The dynamics lose no unit, and their best policies cost what the literature says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import geom, poisson

from simulator.inventory.dynamics import Stock, advance, meet, period_costs, place

UNITS = st.integers(0, 50).map(float)
PROBABILITY_MIN = 1e-12  # demand beyond the point where less than this is left is ignored


@given(
    on_hand=UNITS,
    pipeline=st.lists(UNITS, min_size=1, max_size=5),
    order=UNITS,
    demand=UNITS,
    waiting_ratio=st.sampled_from([0.0, 0.3, 1.0]),
    data=st.data(),
)
def test_a_period_neither_makes_nor_loses_units(
    on_hand: float, pipeline: list[float], order: float, demand: float, waiting_ratio: float, data: st.DataObject
):
    """Units in equal units out: what was there and ordered is sold, owed, on hand or on its way."""
    lead = data.draw(st.integers(0, len(pipeline)))
    draw = np.array([data.draw(st.floats(0, 0.999))])
    stock = place(Stock(np.array([on_hand]), np.array([pipeline])), np.array([order]), np.array([lead]))
    after, sold, lost = meet(stock, np.array([demand]), waiting_ratio, draw)
    later, received = advance(after)

    waits = demand - sold - lost
    assert waits == np.floor(waits)
    assert abs(waits - waiting_ratio * (demand - sold)) < 1
    assert later.on_hand + later.pipeline.sum() == on_hand + sum(pipeline) + order - sold - waits
    assert later.on_hand == after.on_hand + received


def test_an_order_arrives_after_exactly_its_lead_time():
    """Placed at the start of t with lead time L, it is on hand at the start of t + L; each item has its own L."""
    stock = place(Stock(np.zeros(4), np.zeros((4, 3))), np.full(4, 6.0), np.arange(4))
    arrived = [stock.on_hand]
    for _ in range(3):
        stock, _ = advance(stock)
        arrived.append(stock.on_hand)

    np.testing.assert_array_equal(np.array(arrived) > 0, np.tri(4, dtype=bool))


def test_backlog_charges_an_owed_unit_each_period_it_waits():
    """Three owed for two periods cost six times p, and the receipt pays them back."""
    stock = place(Stock(np.zeros(1), np.zeros((1, 2))), np.array([5.0]), np.array([2]))
    costs = []
    for demand in (3.0, 0.0, 0.0):
        stock, _, lost = meet(stock, np.array([demand]), waiting_ratio=1.0)
        paid = period_costs(stock, lost, np.zeros(1), holding_cost=1.0, lost_sale_cost=99.0, backlog_cost=9.0)
        costs.append(float(paid.total[0]))
        stock, _ = advance(stock)

    assert costs == [27.0, 27.0, 2.0]


@pytest.mark.parametrize(
    ("family", "lead_time", "lost_sale_cost", "optimum"),
    [
        ("poisson", 1, 4, 4.04071),
        ("poisson", 1, 39, 7.83595),
        ("poisson", 2, 9, 6.09364),
        ("geometric", 1, 4, 9.81749),
    ],
)
def test_the_best_policy_costs_what_zipkin_found(family: str, lead_time: int, lost_sale_cost: float, optimum: float):
    """Value iteration over these very dynamics gives the optima of Zipkin (2008), mean demand 5, h = 1."""
    law = poisson(5) if family == "poisson" else geom(1 / 6, loc=-1)
    found = optimal_cost(law.pmf(np.arange(int(law.isf(PROBABILITY_MIN)))), lead_time, lost_sale_cost)

    assert found == pytest.approx(optimum, abs=5e-5)


def optimal_cost(probability: np.ndarray, lead_time: int, lost_sale_cost: float) -> float:
    """Return the lowest average cost per period, by relative value iteration over every small state and order."""
    top = 30 if lead_time > 1 else 60  # units on hand; more is never worth holding here
    orders = np.arange(16 if lead_time > 1 else top + 1, dtype=float)
    axes = [np.arange(top + 1.0)] + [orders] * (lead_time - 1)
    states = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, lead_time)
    demand = np.arange(len(probability), dtype=float)
    index, cost = _transitions(states, orders, demand, lost_sale_cost, top)
    value = np.zeros(len(states))
    for _ in range(2000):
        # Half a step of standing still keeps periodic chains from oscillating and leaves the average unchanged.
        new = 0.5 * value + 0.5 * (cost @ probability + value[index] @ probability).min(axis=1)
        change = new - value
        value = new - new[0]
        if np.ptp(change) < 1e-7:
            return float(2.0 * change.mean())
    raise AssertionError("value iteration did not settle")


def _transitions(
    states: np.ndarray, orders: np.ndarray, demand: np.ndarray, lost_sale_cost: float, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return next state and cost, each (states, orders, demands), by one step of the dynamics for all at once."""
    shape = (len(states), len(orders), len(demand), 1)
    lead_time = states.shape[1]
    on_order = np.concatenate([states[:, 1:], np.zeros((len(states), 1))], axis=1)
    stock = Stock(
        on_hand=np.broadcast_to(states[:, None, None, :1], shape),
        pipeline=np.broadcast_to(on_order[:, None, None, None, :], (*shape, lead_time)),
    )
    order = np.broadcast_to(orders[:, None, None], shape)
    stock = place(stock, order, np.array([lead_time]))
    stock, _, lost = meet(stock, np.broadcast_to(demand[:, None], shape))
    cost = period_costs(stock, lost, order, holding_cost=1.0, lost_sale_cost=lost_sale_cost).total[..., 0]
    stock, _ = advance(stock)
    later = np.concatenate([stock.on_hand, stock.pipeline[..., 0, : lead_time - 1]], axis=-1)
    later[..., 0] = np.minimum(later[..., 0], top)
    sizes = [top + 1] + [len(orders)] * (lead_time - 1)
    return np.ravel_multi_index(tuple(np.moveaxis(later, -1, 0).astype(int)), sizes), cost
