"""The programme that table or-gym compares with is right where its answer is known; a smoke run fits together."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.inventory.__main__ import main
from benchmarks.inventory.chain_program import plan
from policies.inventory.chain_stock import ChainStock
from simulator.inventory import or_gym
from simulator.inventory.serial_chain import Chain, start, step

ONE = Chain(
    initial_units=np.array([3.0]),
    capacity_units=np.array([4.0]),
    lead_time_periods=(1,),
    price=np.array([5.0, 2.0]),
    order_cost=np.array([2.0, 1.0]),
    unfilled_cost=np.array([0.5, 0.0]),
    holding_cost=np.array([0.25, 0.0]),
    backlog=False,
)


def test_one_stage_is_planned_as_by_hand():
    """Three there, five and six asked for, four can come: sell three, buy four for the second period, sell those."""
    best = plan(ONE, start(ONE), np.array([5.0, 6.0]), discount=1.0)

    np.testing.assert_allclose(best.orders, [4.0])
    assert best.profit == pytest.approx(7 * 5.0 - 4 * 1.0 - (2 + 2) * 0.5)


@pytest.mark.parametrize("backlog", [True, False])
def test_a_plan_earns_what_it_says(backlog: bool):
    """Replanned in each period with the demand that comes, the world pays what the first plan promised."""
    chain, demand = or_gym.chain(backlog=backlog), np.random.default_rng(1).poisson(20.0, or_gym.PERIODS).astype(float)
    stock, earned = start(chain), 0.0
    promised = plan(chain, stock, demand, or_gym.DISCOUNT).profit
    for period in range(or_gym.PERIODS):
        order = plan(chain, stock, demand[period:], or_gym.DISCOUNT).orders
        stock, profit = step(chain, stock, order, demand[period])
        earned += or_gym.DISCOUNT**period * float(profit)

    assert earned == pytest.approx(promised, abs=0.01)


def test_what_is_on_its_way_is_planned_with():
    """Goods that are due tomorrow are neither forgotten nor sold today."""
    stock = ChainStock(np.array([0.0]), np.array([[0.0, 4.0]]), np.zeros(2))

    assert plan(ONE, stock, np.array([3.0, 3.0]), discount=1.0).profit == pytest.approx(15.0 - 1.5 - 0.25)


def test_a_smoke_run_has_every_peer(tmp_path: Path):
    """A few steps of training, a few programmes: nobody earns more than who knows the demand."""
    main(["or-gym", "--quick", "--json", str(tmp_path / "figures.json")])
    rows = {row["name"]: row["value"] for row in json.loads((tmp_path / "figures.json").read_text())}

    for version in ("v0 backlog", "v1 lost sales"):
        foresight = rows[f"{version}: perfect foresight"]
        assert foresight > rows[f"{version}: best echelon base-stock"] > 300
        assert foresight > rows[f"{version}: learned, no solver"]
        assert f"{version}: programme solved again each period, 3 episodes" in rows
