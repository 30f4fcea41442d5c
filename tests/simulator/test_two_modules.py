"""The dynamics are one set of lines on numpy and on torch: step by step the same numbers, and gradients on torch."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from policies.inventory.order_terms import acceptable_units
from simulator.inventory.dynamics import play
from simulator.inventory.types import PARTS, Chance, Items, Stock

SHAPE, COLUMNS, PERIODS = (7, 4), 5, 40


def drawn_items(rng: np.random.Generator) -> Items:
    """Return items of random costs and terms."""
    return Items(
        lead_time_periods=rng.integers(0, COLUMNS + 1, size=SHAPE),
        lost_sale_cost=rng.uniform(1, 9, SHAPE),
        holding_cost=rng.uniform(0.1, 2, SHAPE),
        unit_cost=rng.uniform(1, 3, SHAPE),
        capacity_units=rng.uniform(20, 90, SHAPE[0]),
        budget=rng.uniform(20, 90, SHAPE[0]),
        backlog_cost=rng.uniform(0.5, 5, SHAPE),
        order_cost=rng.uniform(0, 9, SHAPE),
        purchase_cost=rng.uniform(0, 1, SHAPE),
        minimum_order_units=rng.integers(0, 7, SHAPE).astype(float),
        pack_units=rng.integers(1, 5, SHAPE).astype(float),
    )


def drawn_chance(rng: np.random.Generator, *, waiting: bool) -> Chance:
    """Return one period's chance: crossing lead times, losses, customers who wait in part."""
    return Chance(
        demand_units=rng.poisson(4, SHAPE).astype(float),
        lead_time_periods=rng.integers(0, COLUMNS + 1, SHAPE),
        arrived_ratio=(rng.random(SHAPE) < 0.9).astype(float),
        waiting_ratio=rng.random(SHAPE) if waiting else 0.0,
        waiting_draw=rng.random(SHAPE) if waiting else None,
    )


def on_torch(value: Any) -> Any:
    """Return a frozen value with its arrays as torch tensors."""
    arrays = {one.name: getattr(value, one.name) for one in fields(value)}
    return replace(value, **{name: torch.as_tensor(x) for name, x in arrays.items() if isinstance(x, np.ndarray)})


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_numpy_and_torch_play_the_same_world(seed: int, *, waiting: bool):
    """Forty periods of random orders: stock, pipeline, sales and every part of the cost agree, bit for bit."""
    rng = np.random.default_rng(seed)
    items = drawn_items(rng)
    stock = Stock(rng.integers(0, 20, SHAPE).astype(float), rng.integers(0, 9, (*SHAPE, COLUMNS)).astype(float))
    there, items_there = on_torch(stock), on_torch(items)
    owed = False
    for _ in range(PERIODS):
        chance, wish = drawn_chance(rng, waiting=waiting), rng.uniform(-4, 8, SHAPE)
        order = acceptable_units(wish, items.minimum_order_units, items.pack_units)
        terms = (items_there.minimum_order_units, items_there.pack_units)
        order_there = acceptable_units(torch.as_tensor(wish), *terms, xp=torch)
        stock, outcome = play(stock, order, chance, items)
        there, outcome_there = play(there, order_there, on_torch(chance), items_there, torch)

        np.testing.assert_array_equal(stock.on_hand, there.on_hand.numpy())
        np.testing.assert_array_equal(stock.pipeline, there.pipeline.numpy())
        for name in ("ordered_units", "sold_units", "unmet_units", "lost_units", "received_units"):
            np.testing.assert_array_equal(getattr(outcome, name), getattr(outcome_there, name).numpy())
        for name in PARTS:
            np.testing.assert_array_equal(getattr(outcome.costs, name), getattr(outcome_there.costs, name).numpy())
        owed |= bool((stock.on_hand < 0).any())
    assert owed == waiting


def test_the_gradient_of_an_order_is_what_a_unit_more_would_change():
    """One unit more than enough costs its holding, one unit more of too few saves a lost sale less its holding."""
    items = replace(on_torch(drawn_items(np.random.default_rng(0))), order_cost=torch.zeros(SHAPE))
    zeros = torch.zeros(SHAPE, dtype=torch.float64)
    stock = Stock(zeros, torch.zeros((*SHAPE, COLUMNS), dtype=torch.float64))
    for units, expected in ((9.0, items.holding_cost), (3.0, -items.lost_sale_cost)):
        order = torch.full(SHAPE, units, dtype=torch.float64, requires_grad=True)
        chance = Chance(torch.full(SHAPE, 5.0, dtype=torch.float64), torch.zeros(SHAPE))
        _, outcome = play(stock, order, chance, replace(items, purchase_cost=zeros), torch)
        outcome.cost.sum().backward()

        np.testing.assert_allclose(order.grad.numpy(), expected.numpy(), rtol=1e-12)
