"""Simulated costs of textbook worlds are those of independent exact calculations."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.stats import poisson

from policies.observation import Float32s, Observation
from simulator.inventory.known import Known
from simulator.inventory.patterns import Pattern
from simulator.inventory.terms import Terms
from simulator.inventory.types import PARTS
from simulator.inventory.world import Setting, Worlds, draw

MEAN, LEAD = 3.0, 1


class UpTo:
    """Order up to a level; below a reorder point only, where one is given."""

    def __init__(self, level: float, reorder_point: float | None = None) -> None:
        self.level, self.reorder_point = level, level - 1 if reorder_point is None else reorder_point

    def decide(self, observation: Observation) -> Float32s:
        """Return what is missing to the level."""
        position = observation.on_hand_units + observation.pipeline_units.sum(axis=1)
        return np.where(position <= self.reorder_point, np.maximum(self.level - position, 0), 0).astype(np.float32)


def simulated(policy: UpTo, trade: Terms, waiting_ratio: float, seed: int) -> tuple[dict[str, float], float]:
    """Return the mean of every part of the cost per period, and the standard error of their sum."""
    setting = Setting(
        worlds=400,
        items=1,
        periods=500,
        history_periods=14,
        waiting_ratio=waiting_ratio,
        demand=Pattern(mean_units=MEAN),
        trade=trade,
        forecasts=Known(),
    )
    worlds = Worlds(draw(np.random.default_rng(seed), setting))
    parts, totals = dict.fromkeys(PARTS, 0.0), np.zeros(400)
    while not worlds.done:
        outcome = worlds.step(policy.decide(worlds.observation()).reshape(400, 1).astype(float))
        if worlds.period > 100:
            totals += outcome.cost[:, 0] / 400
            for name in PARTS:
                parts[name] += float(getattr(outcome.costs, name).mean()) / 400
    return parts, float(totals.std() / np.sqrt(400))


def stationary(policy: UpTo, waiting_ratio: float, *, orders_cost: float, h: float, p: float, b: float) -> float:
    """Return the exact mean cost a period with lead time 1, from the chain of stock before the order is placed.

    Written for this test alone: state x, order q, demand d, then x' = x - d + what is lost + q; of the customers who
    cannot be served a share waits, rounded up with the probability of its fraction.
    """
    low, high = -40, int(policy.level) + 1
    states = np.arange(low, high + 1)
    demand = np.arange(31)
    probability = poisson.pmf(demand, MEAN)
    chain, cost = np.zeros((len(states), len(states))), np.zeros(len(states))
    for row, x in enumerate(states):
        q = max(policy.level - x, 0) if x <= policy.reorder_point else 0
        cost[row] += orders_cost * (q > 0)
        for d, waits, chance in possible(x, demand, probability, waiting_ratio):
            short = d - min(max(x, 0), d)
            after = x - (d - short) - waits
            cost[row] += chance * (h * max(after, 0) + p * (short - waits) + b * max(-after, 0))
            chain[row, int(np.clip(after + q, low, high)) - low] += chance
    chain /= chain.sum(axis=1, keepdims=True)
    settled = np.linalg.matrix_power(chain, 2048)[0]
    return float(settled @ cost)


def possible(x: int, demand: np.ndarray, probability: np.ndarray, ratio: float) -> Iterator[tuple[int, int, float]]:
    """Yield every demand and number of customers who wait, with its probability, from stock `x`."""
    for d, chance in zip(demand, probability, strict=True):
        wait = ratio * (d - min(max(x, 0), d))
        down = int(np.floor(wait))
        yield d, down, chance * (1 - (wait - down))
        if wait > down:
            yield d, down + 1, chance * (wait - down)


@pytest.mark.parametrize("waiting_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("policy", [UpTo(8), UpTo(12, 5)])
def test_a_policy_costs_what_its_stationary_chain_says(policy: UpTo, waiting_ratio: float):
    """Lost sales, partial backlog and backlog; base-stock and (s, S) with a cost of ordering."""
    trade = Terms(lead_time_periods=LEAD, lost_sale_cost=9.0, backlog_cost=4.0, order_cost=6.0)
    parts, error = simulated(policy, trade, waiting_ratio, seed=7)
    exact = stationary(policy, waiting_ratio, orders_cost=6.0, h=1.0, p=9.0, b=4.0)

    assert sum(parts.values()) == pytest.approx(exact, abs=4 * error)
    assert error < 0.02 * exact


def test_the_best_base_stock_level_of_backlog_is_the_newsvendors():
    """With backlog the best level is the p / (p + h) quantile of demand over lead time + 1, and its cost is known."""
    trade = Terms(lead_time_periods=2, lost_sale_cost=9.0)
    total = poisson(MEAN * 3)
    best = int(total.ppf(0.9))
    paid = {level: sum(simulated(UpTo(level), trade, 1.0, seed=8)[0].values()) for level in (best - 1, best, best + 1)}
    left = sum((best - d) * total.pmf(d) for d in range(best))
    owed = sum((d - best) * total.pmf(d) for d in range(best, 80))

    assert min(paid, key=lambda level: paid[level]) == best
    assert paid[best] == pytest.approx(left + 9 * owed, rel=0.01)


def test_every_part_of_a_cost_is_counted_where_it_belongs():
    """A hand-worked period: 4 on hand, 3 asked, 5 ordered in one order at 2 each: 1 held, 10 bought, 6 to order."""
    trade = Terms(lead_time_periods=1, unit_cost=2.0, purchase_counts=True, order_cost=6.0)
    setting = Setting(items=1, periods=1, history_periods=14, demand=Pattern(mean_units=MEAN), trade=trade)
    worlds = Worlds(draw(np.random.default_rng(9), setting))
    worlds.stock = type(worlds.stock)(np.array([[4.0]]), np.zeros((1, 1, 1)))
    worlds.scenario.demand.units[..., 14] = 3.0
    costs = worlds.step(np.array([[5.0]])).costs

    assert [float(getattr(costs, name)[0, 0]) for name in PARTS] == [1.0, 0.0, 0.0, 6.0, 10.0]


@pytest.mark.parametrize(("waiting_ratio", "told"), [(0.0, 9.0), (0.5, 6.0), (1.0, 3.0)])
def test_policies_are_told_what_a_customer_who_is_not_served_costs(waiting_ratio: float, told: float):
    """Lost at 9, or owed at 3 a period, in the share in which customers wait."""
    trade = Terms(lost_sale_cost=9.0, backlog_cost=3.0)
    setting = Setting(
        items=1, periods=2, history_periods=14, waiting_ratio=waiting_ratio, demand=Pattern(), trade=trade
    )
    seen = Worlds(draw(np.random.default_rng(1), setting)).observation()

    assert seen.lost_sale_cost.tolist() == [told]
