"""The plain lost-sales world: hand-worked periods, exact evaluation against long simulation, rules that are rules."""

import numpy as np
import pytest

from simulator.inventory import fast_play
from simulator.inventory.long_run import simulate
from simulator.inventory.lost_sales import LostSales, OrderRule, draw, geometric, negative_binomial, play, poisson
from simulator.inventory.played_rules import best_played_rules
from simulator.inventory.state_rules import base_stock, best_rules, capped_base_stock, constant_order, reorder
from simulator.inventory.stationary import StateSpaceError, common_states, evaluate_exactly

COIN = np.array([0.5, 0.0, 0.5])  # nobody or two


def test_three_periods_by_hand():
    """L = 2: what is ordered at the start of period 0 is on hand at the start of period 2, and no sooner."""
    orders = iter([[7], [0], [1]])
    played = play(lambda _: np.array(next(orders), dtype=np.int32), np.array([[5], [4], [6]]), np.array([[3, 2]]))

    # 3 on hand, 5 asked: 2 lost. Then 2 on hand, 4 asked: 2 lost. Then 7 on hand, 6 asked: 1 left.
    assert played.lost_units.tolist() == [4]
    assert played.left_units.tolist() == [1]
    assert played.orders.tolist() == [2]
    assert played.states.tolist() == [[1, 1]]
    assert played.cost(LostSales(COIN, 2, 9.0, order_cost=10.0)).tolist() == [4 * 9.0 + 1.0 + 2 * 10.0]


def test_the_start_is_left_as_it_was():
    """A caller plays several rules from one start."""
    start = np.array([[3, 2]], dtype=np.int32)
    play(lambda states: np.ones(len(states), dtype=np.int32), np.array([[5]], dtype=np.int32), start)

    assert start.tolist() == [[3, 2]]


@pytest.mark.parametrize("chances", [poisson(5.0), geometric(5.0), negative_binomial(12.0, 3.0), COIN])
def test_demand_is_drawn_as_it_is_declared(chances: np.ndarray):
    """Every frequency of two million draws is within five standard errors of its probability."""
    count = 2_000_000
    units = draw(LostSales(chances, 1, 9.0), np.random.default_rng(1), (count,))
    frequency = np.bincount(units, minlength=len(chances)) / count

    assert len(frequency) == len(chances)
    assert (np.abs(frequency - chances) <= 5 * np.sqrt(chances / count) + 1e-6).all()


def test_probabilities_have_the_declared_moments():
    """Negative binomial: variance is mean + mean^2 / shape."""
    chances = negative_binomial(12.0, 3.0)
    units = np.arange(len(chances))
    mean = chances @ units

    assert mean == pytest.approx(12.0, abs=1e-9)
    assert chances @ (units - mean) ** 2 == pytest.approx(12.0 + 12.0**2 / 3.0, abs=1e-6)


@pytest.mark.parametrize("lead_time", [1, 2, 3])
def test_a_base_stock_rule_with_certain_demand(lead_time: int):
    """Demand is always 2: with 2 (L + 1) units nothing is lost and nothing left, with one more one is left."""
    certain = LostSales(np.array([0.0, 0.0, 1.0]), lead_time, 9.0)
    for level, cost in ((2 * (lead_time + 1), 0.0), (2 * (lead_time + 1) + 1, 1.0)):
        assert evaluate_exactly(certain, base_stock(certain, level)).cost == pytest.approx(cost, abs=1e-9)


RULES = {
    "base-stock": lambda world: base_stock(world, 18),
    "capped": lambda world: capped_base_stock(world, 20, 6),
    "constant": lambda world: constant_order(world, 3),
    "(s, S)": lambda world: reorder(world, 12, 22),
}


@pytest.mark.parametrize("lead_time", [1, 2, 3])
@pytest.mark.parametrize("name", RULES)
def test_exact_evaluation_agrees_with_a_long_simulation(name: str, lead_time: int):
    """Within four standard errors, and near: they share no code but the step to the next state."""
    world = LostSales(geometric(5.0), lead_time, 9.0, order_cost=3.0)
    rule = RULES[name](world)
    exact = evaluate_exactly(world, rule, on_hand_max=500)
    found = simulate(world, rule, 1_000_000, np.random.default_rng(lead_time), chains=2_000)

    assert abs(found.cost - exact.cost) < 4 * found.standard_error
    assert found.standard_error < 0.01 * exact.cost
    assert exact.mass_cut_off < 1e-9


def test_exact_parts_agree_with_what_was_played():
    """Left over, lost and ordered, each counted while playing 2,000 chains for 1,000 periods."""
    world = LostSales(poisson(5.0), 2, 9.0)
    rule = capped_base_stock(world, 18, 6)
    rng = np.random.default_rng(3)
    warm = play(rule, draw(world, rng, (200, 2_000)), np.zeros((2_000, 2)))
    played = play(rule, draw(world, rng, (1_000, 2_000)), warm.states)
    exact = evaluate_exactly(world, rule)

    for counted, mean in (
        (played.left_units, exact.left_units),
        (played.lost_units, exact.lost_units),
        (played.orders, exact.orders),
    ):
        chains = counted / 1_000
        assert abs(chains.mean() - mean) < 4 * chains.std() / np.sqrt(len(chains))


def test_a_rule_under_which_stock_grows_without_bound_is_refused():
    """Six a period against five: the error says that stock exceeds the limit, and what to do."""
    world = LostSales(poisson(5.0), 1, 9.0)

    with pytest.raises(StateSpaceError, match="raise on_hand_max, or simulate"):
        evaluate_exactly(world, constant_order(world, 6))


def test_the_best_rules_are_the_best_of_a_grid():
    """The search along one number at a time ends where an exhaustive one does."""
    world = LostSales(poisson(3.0), 2, 9.0)
    plain, capped, _ = best_rules(world)
    levels = range(4, 20)
    grid = {level: evaluate_exactly(world, base_stock(world, level)).cost for level in levels}
    pairs = {
        (level, cap): evaluate_exactly(world, capped_base_stock(world, level, cap)).cost
        for level in levels
        for cap in range(2, 10)
    }

    assert plain.numbers == (min(grid, key=grid.__getitem__),)
    assert capped.numbers == min(pairs, key=pairs.__getitem__)


def test_rules_order_only_what_may_be_ordered():
    """With packs of 4 and at least 6 units: 0 or 8, 12, .."""
    world = LostSales(poisson(5.0), 2, 9.0, minimum_order_units=6, pack_size_units=4)
    states = np.stack(np.meshgrid(np.arange(30), np.arange(30)), axis=-1).reshape(-1, 2).astype(np.int32)
    rules: list[OrderRule] = [base_stock(world, 25), capped_base_stock(world, 25, 13), constant_order(world, 11)]

    for rule in rules:
        assert set(np.unique(rule(states))) <= {0, 8, 12, 16, 20, 24}


def test_common_states_are_shares_of_the_periods():
    """All states together are all periods; the first is the most common."""
    world = LostSales(COIN, 1, 9.0)
    states, orders, shares = common_states(world, base_stock(world, 2), 3)

    assert shares.sum() == pytest.approx(1.0)
    assert states[0].tolist() == [2]
    assert orders[0] == 0
    assert shares[0] == pytest.approx(2 / 3)


def test_a_world_that_cannot_be_is_refused():
    """No lead time, or probabilities that are none."""
    with pytest.raises(ValueError, match="lead_time_periods is 0"):
        LostSales(COIN, 0, 9.0)
    with pytest.raises(ValueError, match="sum to 1"):
        LostSales(np.array([0.5, 0.4]), 1, 9.0)


@pytest.mark.parametrize("lead_time", [1, 3])
@pytest.mark.parametrize("cap", [None, 6, "each"])
def test_fast_play_is_play(lead_time: int, cap: int | str | None, monkeypatch: pytest.MonkeyPatch):
    """Ragged blocks and stretches, levels of each item's own, starts above the level: equal to the unit."""
    monkeypatch.setattr(fast_play, "BLOCK_ITEMS", 70)
    monkeypatch.setattr(fast_play, "STRETCH_PERIODS", 40)
    rng = np.random.default_rng(5)
    items = 200
    demand = draw(LostSales(geometric(5.0), lead_time, 9.0), rng, (110, items))
    start = rng.integers(0, 30, (items, lead_time)).astype(np.int32)
    caps = rng.integers(3, 9, items).astype(np.int32) if cap == "each" else cap and np.int32(cap)
    rule = fast_play.CappedBaseStock(rng.integers(10, 40, items).astype(np.int32), caps)
    fast, readable = fast_play.play_fast(rule, demand, start), play(rule, demand, start)

    for part in ("states", "left_units", "lost_units", "orders"):
        np.testing.assert_array_equal(getattr(fast, part), getattr(readable, part))


def test_rules_that_are_played_find_the_exact_ones():
    """The numbers of exact evaluation, and its cost within four standard errors."""
    world = LostSales(geometric(5.0), 2, 9.0, order_cost=0.5)
    exact = best_rules(world)
    for found, known in zip(best_played_rules(world, 2_000_000, np.random.default_rng(2)), exact[:2], strict=True):
        assert found.name == known.name
        assert abs(found.cost - known.cost) < 0.002 * known.cost + 4 * found.standard_error


def test_rules_that_are_played_know_no_packs():
    """Said before anything is played."""
    with pytest.raises(ValueError, match="no pack size"):
        best_played_rules(LostSales(COIN, 1, 9.0, pack_size_units=2), 1_000, np.random.default_rng(2))


def test_probabilities_of_large_means_are_probabilities():
    """Rounding makes none of them negative."""
    assert (poisson(900.0) >= 0).all()
    assert poisson(900.0).sum() == pytest.approx(1.0, abs=1e-12)


def test_base_stock_has_a_cost_however_wild_demand_is():
    """Negative binomial, mean 10, variance 343: stock stays below the level, so the cost is finite and exact."""
    world = LostSales(negative_binomial(10.0, 0.3), 1, 9.0)
    plain = best_rules(world)[0]
    found = simulate(world, plain.rule, 400_000, np.random.default_rng(3), chains=2_000)

    assert abs(found.cost - plain.cost) < 4 * found.standard_error
