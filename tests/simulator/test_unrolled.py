"""What learners play in torch is what the worlds play: the same features, orders, stock and costs, step by step."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from policies import features
from policies.inventory.adjustment import adjusted_orders
from policies.inventory.capped_base_stock import CappedBaseStock
from simulator.inventory.deliveries import AS_PROMISED, Deliveries
from simulator.inventory.dynamics import play
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.outlook import Source
from simulator.inventory.starved import LIVE_SALES
from simulator.inventory.world import Setting, Worlds, draw
from simulator.training.unrolled import Belief, Buyer, unroll
from simulator.training.worlds_pathwise import network, season_cost

RULE = CappedBaseStock(0.75, 1.1)
CARELESS = Deliveries(late_ratio=0.3, lost_ratio=0.1)


def small(deliveries: Deliveries) -> Setting:
    """Return a few short worlds."""
    return Setting(worlds=24, items=1, periods=30, history_periods=40, deliveries=deliveries)


@pytest.mark.parametrize("deliveries", [AS_PROMISED, CARELESS], ids=["kept", "careless"])
@pytest.mark.parametrize("source", [LIVE_LIKE, LIVE_SALES], ids=["imitated", "starved"])
def test_torch_sees_orders_and_pays_what_the_worlds_do(deliveries: Deliveries, source: Source):
    """Late and lost orders too, which the buyer sees as promised, and forecasts that learn from sales."""
    scenario = draw(np.random.default_rng(1), replace(small(deliveries), forecasts=source))
    season, worlds, actor = unroll(scenario, RULE), Worlds(scenario), network()
    buyer, belief, stock = Buyer(season.start), Belief(season), season.start
    with torch.no_grad():
        actor.last.weight.mul_(30.0)
        for known_period in season.periods:
            period = known_period.believed(belief.seen_ratio)
            observation, pipeline = worlds.observation(), buyer.pipeline(stock, period)
            seen = period.seen(stock.on_hand, pipeline)
            adjustment = actor(seen)[:, 0]
            asked = period.adjusted(adjustment, stock.on_hand + pipeline.sum(1), RULE.factor)
            order = torch.floor(asked + 0.5)
            buyer.placed(order)
            stock, outcome = play(stock, order, period.chance, season.items, torch)
            belief.learn(period.chance.demand_units, outcome.lost_units)
            known = worlds.step(order.numpy()[:, np.newaxis].astype(np.float64))

            np.testing.assert_allclose(seen.numpy(), features.compute(observation), rtol=1e-4, atol=1e-4)
            expected = adjusted_orders(observation, adjustment.numpy(), RULE)
            np.testing.assert_allclose(asked.numpy(), expected, rtol=1e-4, atol=1e-3)
            np.testing.assert_allclose(outcome.cost.numpy(), known.cost[:, 0], rtol=1e-4, atol=1e-3)


def test_a_season_of_the_rule_costs_what_the_rule_pays():
    """Without an actor the season is the rule's own, apart from fractions of units."""
    scenario = draw(np.random.default_rng(2), small(AS_PROMISED))
    worlds, paid = Worlds(scenario), []
    while not worlds.done:
        paid.append(worlds.step(RULE.decide(worlds.observation())[:, np.newaxis].astype(np.float64)).cost[:, 0])
    cost = season_cost(unroll(scenario, RULE), None, RULE.factor)

    assert float(cost.sum()) == pytest.approx(float(np.mean(paid[8:], axis=0).sum()), rel=0.03)


def test_the_gradient_is_the_slope_of_the_cost():
    """A small step against the gradient saves what it promises, through late and lost orders.

    Small, for an order of a slow item that is rounded the other way changes more than any slope says.
    """
    torch.manual_seed(0)
    step = 1e-4
    season, actor = unroll(draw(np.random.default_rng(3), small(CARELESS)), RULE), network()
    cost = season_cost(season, actor, RULE.factor).sum()
    cost.backward()
    slope = sum(float((weights.grad**2).sum()) for weights in actor.parameters())
    with torch.no_grad():
        for weights in actor.parameters():
            weights.sub_(step / slope**0.5 * weights.grad)
        saved = float(cost - season_cost(season, actor, RULE.factor).sum())

    assert saved == pytest.approx(step * slope**0.5, rel=0.1)
