"""Optima of backlog, hidden demand and scarce supply: against closed forms, brute force and play."""

import numpy as np
import pytest

from simulator.inventory import backlog_optimum, hidden_regimes, two_shops
from simulator.inventory.hidden_regimes import HiddenOptimum, HiddenRegimes
from simulator.inventory.lost_sales import LostSales, geometric, poisson
from simulator.inventory.optimum import solve
from simulator.inventory.stationary import StateSpaceError


@pytest.mark.parametrize("lead_time", [1, 4])
@pytest.mark.parametrize("chances", [poisson(5.0), geometric(5.0)])
def test_backlog_without_a_fixed_cost_is_the_newsvendor(chances: np.ndarray, lead_time: int):
    """Base-stock at the critical ratio of the demand of L + 1 periods, and its cost in closed form."""
    world = LostSales(chances, lead_time, 9.0)
    best = backlog_optimum.solve(world)
    total = world.demand_within(lead_time + 1)
    level = int(np.searchsorted(np.cumsum(total), 0.9))
    units = np.arange(len(total))
    cost = (np.maximum(level - units, 0) + 9.0 * np.maximum(units - level, 0)) @ total

    assert best.order_up_to == level
    assert best.lower_bound - 1e-9 <= cost <= best.upper_bound + 1e-6


@pytest.mark.parametrize("order_cost", [5.0, 20.0, 64.0])
def test_backlog_with_a_fixed_cost_is_the_best_reorder_rule(order_cost: float):
    """Every (s, S), each by renewals: c = (K + sum m(j) G(S - j)) / sum m(j) over j < S - s.

    Formula: Zheng and Federgruen 1991, "Finding optimal (s, S) policies is about as simple as evaluating a single
    policy", Operations Research 39(4).
    """
    world = LostSales(poisson(5.0), 2, 9.0, order_cost=order_cost)
    asked, total = world.demand_probability, world.demand_within(3)
    units = np.arange(len(total))

    def expected(position: int) -> float:
        return float((np.maximum(position - units, 0) + 9.0 * np.maximum(units - position, 0)) @ total)

    visits = [1.0 / (1.0 - asked[0])]
    for gone in range(1, 60):
        before = sum(asked[step] * visits[gone - step] for step in range(1, min(gone, len(asked) - 1) + 1))
        visits.append(before / (1.0 - asked[0]))
    costs = {}
    for level in range(15, 50):
        spent, periods = order_cost, 0.0
        for gone in range(min(level + 5, 60)):
            spent, periods = spent + visits[gone] * expected(level - gone), periods + visits[gone]
            costs[level - gone - 1, level] = spent / periods
    best = backlog_optimum.solve(world)
    point, level = min(costs, key=costs.__getitem__)

    assert best.upper_bound == pytest.approx(costs[point, level], abs=1e-6)
    assert (best.highest_ordering, best.order_up_to) == (point, level)


def test_regimes_that_are_one_are_plain_lost_sales():
    """Both states sell 5: the published 5.43822 of Poisson, L = 1, p = 9."""
    best = hidden_regimes.solve(HiddenRegimes((5.0, 5.0), 0.9, 9.0))

    assert best.lower_bound == pytest.approx(5.43822, abs=1e-5)


def test_the_belief_follows_bayes():
    """By hand: an even belief, means 3 and 8, seven units asked, then one step of the chain."""
    world = HiddenRegimes((3.0, 8.0), 0.9)
    quiet, busy = 3.0**7 * np.exp(-3.0), 8.0**7 * np.exp(-8.0)
    after = busy / (quiet + busy)

    assert world.next_belief(np.array([0.5]), np.array([7]))[0] == pytest.approx(0.9 * after + 0.1 * (1 - after))


def test_playing_the_hidden_optimum_costs_what_its_bound_says():
    """Within four standard errors, and a tenth below the best rule that believes nothing."""
    world = HiddenRegimes()
    best = hidden_regimes.solve(world)
    cost, error = hidden_regimes.play(world, best, 2_000_000, np.random.default_rng(4))
    blind = min(
        hidden_regimes.play(world, hidden_regimes.blind_base_stock(level, best), 400_000, np.random.default_rng(4))[0]
        for level in range(14, 22)
    )

    assert abs(cost - best.lower_bound) < 4 * error
    assert cost < 0.92 * blind


def test_the_hidden_optimum_orders_more_the_busier_it_believes():
    """Down the stock orders fall, along the belief they rise."""
    best: HiddenOptimum = hidden_regimes.solve(HiddenRegimes())
    likely = best.orders[:20, 20:181]

    assert (np.diff(likely, axis=0) <= 0).all()
    assert (np.diff(likely, axis=1) >= 0).all()


@pytest.mark.parametrize(("costs", "capacity"), [((4.0, 19.0), 9), ((9.0, 9.0), 8)])
def test_two_shops_cost_what_playing_them_does(costs: tuple[float, float], capacity: int):
    """The bounds meet, play agrees within four standard errors, nobody gets more than there is."""
    shops = (LostSales(poisson(3.0), 1, costs[0]), LostSales(poisson(5.0), 1, costs[1]))
    best = two_shops.solve(shops, capacity)
    cost, error = two_shops.play(shops, best.rule, 2_000_000, np.random.default_rng(8))

    assert best.upper_bound - best.lower_bound < 1e-5
    assert abs(cost - best.upper_bound) < 4 * error
    assert best.orders.sum(axis=0).max() == capacity


def test_enough_for_both_shops_is_one_shop_twice():
    """With capacity to spare the optima add up, and scarcity costs more."""
    shops = (LostSales(poisson(3.0), 1, 9.0), LostSales(poisson(5.0), 1, 9.0))
    alone = sum(solve(shop).cost for shop in shops)

    assert two_shops.solve(shops, 30).upper_bound == pytest.approx(alone, abs=1e-5)
    assert two_shops.solve(shops, 8).upper_bound > alone + 0.1


def test_two_shops_that_are_too_large_or_too_far_are_refused():
    """The message names the sizes, or the lead time."""
    with pytest.raises(ValueError, match="lead time of one period"):
        two_shops.solve((LostSales(poisson(3.0), 2, 9.0), LostSales(poisson(3.0), 1, 9.0)), 9)
    large = LostSales(poisson(50.0), 1, 9.0)
    with pytest.raises(StateSpaceError, match="share 90"):
        two_shops.solve((large, large), 90)
