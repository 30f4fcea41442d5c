"""The serial chain ships, receives and counts as worked by hand, the same in numpy and torch; a policy learns on it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policies.inventory.chain_stock import ChainStock
from policies.inventory.echelon_base_stock import EchelonBaseStock
from simulator.inventory import or_gym
from simulator.inventory.serial_chain import Chain, start, step
from simulator.training import or_gym as training

TWO = Chain(
    initial_units=np.array([5.0, 9.0]),
    capacity_units=np.array([4.0, 8.0]),
    lead_time_periods=(1, 2),
    price=np.array([2.0, 1.5, 1.0]),
    order_cost=np.array([1.5, 1.0, 0.5]),
    unfilled_cost=np.array([0.1, 0.05, 0.025]),
    holding_cost=np.array([0.2, 0.05, 0.0]),
    backlog=True,
)


def lived(chain: Chain, orders: list[list[float]], demand: list[float]) -> tuple[ChainStock, list[float]]:
    """Return the last stock and the profit of each period, rounded."""
    stock, profits = start(chain), []
    for order, asked in zip(orders, demand, strict=True):
        stock, profit = step(chain, stock, np.array(order), np.array(asked))
        profits.append(round(float(profit), 6))
    return stock, profits


def test_with_backlog_what_is_owed_is_asked_for_again():
    """Two periods by hand: the second fills what customers and stage 0 were owed before."""
    stock, profits = lived(TWO, [[6.0, 3.0], [0.0, 0.0]], [7.0, 1.0])

    # 1: sold 5 of 7, shipped 4 of 6 (capacity), bought 3, left 0 and 5; 2: received 4, sold 3 of 1 + 2, shipped 2 of 2.
    assert profits == pytest.approx([10.0 - 1.5 - 0.2 - 0.1 - 0.25, 6.0 - 0.2 - 0.15])
    np.testing.assert_array_equal(stock.on_hand, [1.0, 3.0])
    np.testing.assert_array_equal(stock.pipeline, [[2.0, 0.0], [3.0, 0.0]])
    np.testing.assert_array_equal(stock.owed_units, [0.0, 0.0, 0.0])


def test_lost_sales_are_forgotten_but_paid_for():
    """The same two periods without backlog: unfilled units cost the same once and never come back."""
    stock, profits = lived(replace(TWO, backlog=False), [[6.0, 3.0], [0.0, 0.0]], [7.0, 1.0])

    assert profits == pytest.approx([10.0 - 1.5 - 0.2 - 0.1 - 0.25, 2.0 - 0.6 - 0.25])
    np.testing.assert_array_equal(stock.on_hand, [3.0, 5.0])


def test_a_stage_ships_only_what_it_had_before_its_receipts():
    """Stage 1 has nothing at the start of the period in which its order comes in."""
    bare = replace(TWO, initial_units=np.array([0.0, 0.0]))
    stock, _ = lived(bare, [[0.0, 8.0], [0.0, 0.0], [5.0, 0.0]], [0.0, 0.0, 0.0])

    np.testing.assert_array_equal(stock.on_hand, [0.0, 8.0])
    np.testing.assert_array_equal(stock.owed_units, [0.0, 5.0, 0.0])


@pytest.mark.parametrize("backlog", [True, False])
def test_numpy_and_torch_go_the_same_way_step_by_step(backlog: bool):
    """One world: stock and profit of every period are equal in both."""
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    chain, rng = or_gym.chain(backlog=backlog), np.random.default_rng(3)
    one, other = start(chain, (50,)), start(chain, (50,), torch)
    for _ in range(or_gym.PERIODS):
        order, demand = rng.integers(0, 60, (50, 3)).astype(float), rng.poisson(20.0, 50).astype(float)
        one, profit = step(chain, one, order, demand)
        other, same = step(chain, other, torch.as_tensor(order), torch.as_tensor(demand), torch)
        pairs: list[tuple[Any, Any]] = [(profit, same), (one.on_hand, other.on_hand), (one.pipeline, other.pipeline)]
        for expected, found in (*pairs, (one.owed_units, other.owed_units)):
            np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("backlog", "levels", "published"), [(True, (91, 212, 416), 409.6), (False, (94, 212, 410), 406.4)]
)
def test_base_stock_earns_what_it_is_known_to_earn(backlog: bool, levels: tuple[int, ...], published: float):
    """The best echelon levels, on the 2,000 episodes on which their profit was found."""
    chain = or_gym.chain(backlog=backlog)
    rule = EchelonBaseStock(np.array(levels, dtype=float), chain.capacity_units)
    found = training.profits(chain, lambda stock, _: rule.decide(stock), training.demand_of(0, 2000)).mean()

    assert found == pytest.approx(published, abs=0.1)


def test_levels_are_tuned_to_near_the_best_known():
    """On demand of another seed the search ends within a percent of what the best known levels earn there."""
    chain, demand = or_gym.chain(backlog=True), training.demand_of(5, 100)
    known = EchelonBaseStock(np.array([91.0, 212.0, 416.0]), chain.capacity_units)
    rule = training.tuned(chain, demand)
    found, expected = (
        training.profits(chain, lambda stock, _, one=one: one.decide(stock), demand).mean() for one in (rule, known)
    )

    assert found > 0.99 * expected


def test_a_short_training_beats_base_stock():
    """A hundred steps of the pathwise gradient are enough, and the served policy orders whole possible units."""
    pytest.importorskip("torch", reason="needs the extra `train`")
    from simulator.training.serial_chain import Course  # noqa: PLC0415  torch

    chain, demand = or_gym.chain(backlog=True), training.demand_of(7, 200)
    said: list[str] = []
    policy = training.learned(chain, Course(steps=100, episodes=96), said.append)
    rule = EchelonBaseStock(np.array([91.0, 212.0, 416.0]), chain.capacity_units)
    order = policy.decide(start(chain, (2,)), 0)

    assert (
        training.profits(chain, policy.decide, demand).mean()
        > training.profits(chain, lambda stock, _: rule.decide(stock), demand).mean()
    )
    np.testing.assert_array_equal(order, np.rint(order))
    assert (order <= chain.capacity_units).all()
    assert len(said) == 5
