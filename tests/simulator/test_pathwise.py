"""The gradient of costs along paths is the right one, and learning by it beats the best base-stock policy."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from benchmarks.inventory.drawn_instances import Reach, drawn
from policies import features
from policies.features import Prospect
from policies.inventory.learned import INPUT, OUTPUT, session
from simulator.inventory import lost_sales
from simulator.inventory.lost_sales import LostSales, negative_binomial, poisson
from simulator.inventory.state_rules import best_rules
from simulator.inventory.stationary import evaluate_exactly
from simulator.inventory.types import Chance, Items, Stock
from simulator.training.export import export
from simulator.training.known_instances import known_of, order_rule
from simulator.training.lost_sales_bed import LostSalesStretch, bed_of
from simulator.training.network import Network
from simulator.training.own_network import fast_rule, served
from simulator.training.pathwise import Course, learn, path_cost, towards_whole
from simulator.training.stretch import Played

WORLD = LostSales(poisson(4.0), lead_time_periods=2, lost_sale_cost=7.0)


def a_stretch(rng: np.random.Generator, periods: int = 12) -> LostSalesStretch:
    """Return a stretch of the world, a few rows."""
    return bed_of(WORLD, 16).draw(rng, periods)


def in_doubles(stretch: LostSalesStretch) -> LostSalesStretch:
    """Return the stretch in float64, with demand that is not whole: costs are smooth almost everywhere then."""
    (ahead, *_), more = stretch.prospects, torch.rand(stretch.demand.shape, generator=torch.Generator().manual_seed(1))
    exact = Prospect(ahead.columns.double(), ahead.scale_units.double(), ahead.target_units.double())
    return LostSalesStretch(
        start=Stock(stretch.start.on_hand.double(), stretch.start.pipeline.double()),
        prospects=[exact] * len(stretch.prospects),
        cost_scale=stretch.cost_scale.double(),
        demand=(stretch.demand + more).double(),
        due=stretch.due.double(),
        holding_cost=stretch.holding_cost.double(),
        lost_sale_cost=stretch.lost_sale_cost.double(),
    )


def test_the_torch_world_is_the_numpy_world_step_by_step():
    """The same orders and demand: states, sales lost and left over agree with the plain integer world."""
    rng = np.random.default_rng(3)
    stretch = a_stretch(rng, periods=20)
    stock, states = stretch.start, np.stack([stretch.start.on_hand, stretch.start.pipeline[:, 0]], 1).astype(np.int32)
    for period, demand in enumerate(stretch.demand):
        order = rng.integers(0, 9, size=16)
        stock, cost = stretch.play(period, stock, torch.as_tensor(order, dtype=torch.float32))
        played = lost_sales.play(lambda _, order=order: order, demand.numpy()[np.newaxis].astype(np.int32), states)
        states = played.states
        np.testing.assert_array_equal(cost, played.cost(WORLD))
        np.testing.assert_array_equal(torch.stack([stock.on_hand, stock.pipeline[:, 0]], 1), states)


def test_the_quick_stretch_plays_as_the_general_one():
    """What the bed does in few steps is what `simulator.inventory.dynamics` does."""
    stretch = a_stretch(np.random.default_rng(4))
    lead, nothing = torch.full((16,), WORLD.lead_time_periods), torch.zeros(16)
    costs = {"lost_sale_cost": stretch.lost_sale_cost, "holding_cost": stretch.holding_cost, "backlog_cost": nothing}
    items = Items(lead, unit_cost=nothing, capacity_units=nothing, budget=nothing, **costs)
    chances = [Chance(demand, lead) for demand in stretch.demand]
    general = Played(stretch.start, items, stretch.prospects, chances, stretch.cost_scale)
    weights = list(Network(1, 8).parameters())
    (quick, at_end), (slow, also_at_end) = (path_cost(weights, one, 8, 0.5) for one in (stretch, general))

    torch.testing.assert_close(quick, slow)
    torch.testing.assert_close(at_end.on_hand, also_at_end.on_hand)
    torch.testing.assert_close(at_end.pipeline, also_at_end.pipeline)


def test_the_gradient_is_the_slope_of_the_cost():
    """Weights moved a little to both sides change the cost as the gradient says, where all periods are learnt from."""
    stretch = in_doubles(a_stretch(np.random.default_rng(5)))
    weights = [one.detach().double().requires_grad_() for one in Network(2, 8).parameters()]
    cost, _ = path_cost(weights, stretch, 12, 0.5)
    cost.backward()
    rng, step = np.random.default_rng(6), 1e-6
    for place in range(len(weights)):
        towards = torch.as_tensor(rng.standard_normal(weights[place].shape))

        def moved(by: float, place: int = place, towards: torch.Tensor = towards) -> float:
            others = [one.detach() for one in weights]
            others[place] = others[place] + by * towards
            return float(path_cost(others, stretch, 12, 0.5)[0])

        slope = (moved(step) - moved(-step)) / (2 * step)
        assert slope == pytest.approx(float((weights[place].grad * towards).sum()), rel=1e-4, abs=1e-7)


def test_periods_that_follow_count_but_are_not_learnt_from():
    """Of a stretch played with the weights held still from the first period on nothing is learnt."""
    stretch = a_stretch(np.random.default_rng(7))
    weights = list(Network(3, 8).parameters())
    path_cost(weights, stretch, 4, 0.0)[0].backward()
    some = weights[-1].grad.clone()
    for one in weights:
        one.grad = None
    path_cost(weights, stretch, 12, 0.0)[0].backward()

    assert some.abs() > 0
    assert not torch.allclose(some * 4, weights[-1].grad * 12)


def test_orders_drawn_towards_whole_units_never_change_places():
    """The curve rises, keeps whole and half units where they are, and leaves no order more than half a unit off."""
    orders = torch.linspace(0.0, 5.0, 501)
    drawn_to = towards_whole(orders, 1.0)

    assert (drawn_to.diff() >= -1e-6).all()
    torch.testing.assert_close(drawn_to[::50], orders[::50])
    assert ((drawn_to - orders.round()).abs() <= (orders - orders.round()).abs() + 1e-6).all()


def test_a_few_seconds_of_learning_beat_the_best_base_stock_policy():
    """On a world that no table reports, by at least 3 %; base-stock is 4.4 % from the optimum."""
    base_stock = next(rule for rule in best_rules(WORLD) if rule.name == "base-stock").cost
    network = Network(1, 32)
    course = Course(steps=150, learnt_periods=16, following_periods=14, rate=2e-2)
    learn(network, bed_of(WORLD, 256), course, np.random.default_rng(1))
    cost = evaluate_exactly(WORLD, order_rule(served(network).decide, WORLD)).cost

    assert cost < 0.97 * base_stock


def test_learning_is_repeatable():
    """The same seeds and steps give the same weights and the same ranges, and the ranges hold what was seen."""

    def once() -> tuple[list[torch.Tensor], tuple[tuple[float, float], ...]]:
        network = Network(5, 8)
        ranges = learn(network, bed_of(WORLD, 32), Course(steps=5, learnt_periods=4), np.random.default_rng(5))
        return list(network.parameters()), ranges

    (one, ranges), (other, others) = once(), once()
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert ranges == others
    assert len(ranges) == len(features.NAMES)
    low, high = dict(zip(features.NAMES, ranges, strict=True))["lead_time"]
    assert low == high == pytest.approx(2 / features.PIPELINE_PERIODS)


def test_the_exported_network_says_what_torch_says():
    """On real features of many instances and states, within 1e-5."""
    rng = np.random.default_rng(8)
    known, _ = drawn(rng, 500, Reach())
    states = rng.integers(0, 12, size=(500, 10)).astype(np.int32)
    seen = features.compute(known.observation(states, np.arange(500)))
    network = Network(8)
    onnx = session(export(network, rng, len(features.NAMES)), "the test")
    with torch.no_grad():
        expected = network(torch.as_tensor(seen)).numpy()

    assert np.abs(onnx.run([OUTPUT], {INPUT: seen})[0] - expected).max() <= 1e-5


def test_the_fast_rule_orders_as_the_served_policy():
    """What long play asks is what would be served, to the unit."""
    world = LostSales(negative_binomial(6.0, 2.0), 5, 12.0)
    network, states = Network(9, 16), np.random.default_rng(9).integers(0, 15, size=(2000, 5)).astype(np.int32)

    np.testing.assert_array_equal(fast_rule(network, world)(states), order_rule(served(network).decide, world)(states))


def test_a_known_instance_is_forecast_as_it_is():
    """Mean 4 a period; the lead time's demand is that of three periods."""
    known = known_of(WORLD)

    assert known.mean_units == pytest.approx([4.0])
    assert known.quantile_units[0, 3] == pytest.approx(3.8, abs=0.3)
    assert known.lead_quantile_units[0, 3] == pytest.approx(11.8, abs=0.3)
