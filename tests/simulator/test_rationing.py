"""Pools of the simulator share what is scarce as the live guard does, within terms and limits."""

from dataclasses import replace

import numpy as np
import pytest

from policies.guard import Limits, guard
from policies.observation import from_arrays
from simulator.inventory.rationing import ration
from simulator.inventory.types import Items, Stock

POOLS, N, LEVELS = 60, 5, 9


def pools(seed: int) -> tuple[np.ndarray, Stock, Items, np.ndarray]:
    """Return orders, stock, items and lead quantiles of pools of which many are short, packs and minima included."""
    rng = np.random.default_rng(seed)
    shape = (POOLS, N)
    stock = Stock(rng.integers(0, 30, shape).astype(float), rng.integers(0, 9, (*shape, 3)).astype(float))
    items = Items(
        lead_time_periods=np.full(shape, 3),
        lost_sale_cost=rng.integers(1, 40, shape) / 4,
        holding_cost=np.ones(shape),
        unit_cost=rng.integers(1, 12, shape) / 4,
        capacity_units=rng.integers(10, 150, POOLS).astype(float),
        budget=rng.integers(10, 200, POOLS).astype(float),
        backlog_cost=np.zeros(shape),
        minimum_order_units=rng.choice([0.0, 5.0], shape),
        pack_units=rng.choice([1.0, 4.0], shape),
    )
    return rng.uniform(0, 40, shape), stock, items, np.sort(rng.uniform(0, 60, (*shape, LEVELS)), axis=-1)


@pytest.mark.parametrize("seed", range(3))
def test_the_simulator_shares_as_the_live_guard_does(seed: int):
    """Each pool by itself through the guard gives what all pools together get: one mind, two worlds."""
    orders, stock, items, quantiles = pools(seed)
    together = ration(orders, stock, items, lambda: quantiles)
    free = Limits(np.full(N, 1e6, np.float32), np.full(N, 1e6, np.float32), 0.0, np.zeros(N, np.bool_))
    for pool in range(POOLS):
        seen = from_arrays(
            resource_ids=tuple(f"r{k}" for k in range(N)),
            on_hand_units=stock.on_hand[pool],
            pipeline_units=stock.pipeline[pool],
            demand_mean_units=np.ones((N, 4)),
            demand_quantile_units=np.ones((N, 4, LEVELS)),
            lead_demand_quantile_units=quantiles[pool],
            lead_time_periods=items.lead_time_periods[pool],
            lost_sale_cost=items.lost_sale_cost[pool],
            holding_cost=items.holding_cost[pool],
            unit_cost=items.unit_cost[pool],
            capacity_units=items.capacity_units[pool],
            budget=items.budget[pool],
            minimum_order_units=items.minimum_order_units[pool],
            pack_units=items.pack_units[pool],
        )
        np.testing.assert_array_equal(together[pool], guard(orders[pool].astype(np.float32), seen, free).order_units)


def test_rationed_orders_keep_terms_and_limits():
    """Whole packs, none below the minimum, capacity and budget kept; and both limits did bind somewhere."""
    orders, stock, items, quantiles = pools(9)
    kept = ration(orders, stock, items, lambda: quantiles)
    spent = (kept * items.unit_cost).sum(axis=1)

    assert (kept.sum(axis=1) <= items.capacity_units).all()
    assert (spent <= items.budget).all()
    np.testing.assert_array_equal(kept % items.pack_units, 0)
    assert ((kept == 0) | (kept >= items.minimum_order_units)).all()
    assert (kept.sum(axis=1) < np.floor(orders).sum(axis=1)).mean() > 0.2


def test_ample_limits_ask_no_forecast_and_change_nothing():
    """Forecasts may be dear: they are asked only where a limit binds."""
    orders, stock, items, _ = pools(1)
    plenty = np.full(POOLS, 1e9)
    ample = replace(items, capacity_units=plenty, budget=plenty, minimum_order_units=np.zeros(1), pack_units=np.ones(1))

    def unasked() -> np.ndarray:
        raise AssertionError("nothing is short")

    np.testing.assert_array_equal(ration(orders, stock, ample, unasked), np.floor(orders + 0.5))
