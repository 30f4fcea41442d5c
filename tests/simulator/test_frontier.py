"""The frontier asks every policy for several services on the same worlds, and marks what nobody does for less."""

from dataclasses import replace

import numpy as np
import pytest

from policies.inventory.base_stock import BaseStock, critical_ratio
from policies.inventory.constant_order import ConstantOrder
from policies.inventory.service_level import ServiceLevel
from policies.observation import Float32s, Observation
from simulator.inventory.known import Known
from simulator.inventory.patterns import Pattern
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, Worlds, draw
from simulator.training.frontier import RATIOS, AskedFor, frontier

SETTING = Setting(
    worlds=20,
    items=1,
    periods=120,
    history_periods=14,
    demand=Pattern(mean_units=5.0),
    trade=Terms(lead_time_periods=2, order_cost=1.0),
    forecasts=Known(),
)
SCENARIO = draw(np.random.default_rng(1), SETTING)


class Notes:
    """A policy that remembers the critical ratio it was shown."""

    name, version = "notes", "1"

    def __init__(self) -> None:
        self.seen: list[float] = []

    def decide(self, observation: Observation) -> Float32s:
        """Order nothing."""
        costs = (observation.lost_sale_cost.astype(float), observation.holding_cost.astype(float))
        self.seen.append(float(critical_ratio(*costs)[0]))
        return np.zeros(len(observation.resource_ids), np.float32)


def test_a_policy_is_told_the_cost_that_asks_for_the_ratio():
    """The holding cost stays, the cost of a lost sale is what makes the ratio."""
    notes = Notes()
    asked = AskedFor(notes, 0.8)
    asked.decide(Worlds(SCENARIO).observation())

    assert notes.seen == [pytest.approx(0.8)]
    assert asked.version == "1,ratio=0.8"


def test_more_service_costs_more_stock():
    """Along the ratios fill, cycle service and the cost of stock of base-stock all rise."""
    points = frontier({"base-stock": BaseStock(), "service-level": ServiceLevel()}, SCENARIO)
    for name in ("base-stock", "service-level"):
        own = [point for point in points if point.policy == name]
        assert [point.asked for point in own] == list(RATIOS)
        for values in zip(*((one.fill_ratio, one.service_ratio, one.stock_cost.mean) for one in own), strict=True):
            assert (np.diff(values) >= -1e-12).all()
            assert values[0] < values[-1]


def test_base_stock_and_service_level_are_one_where_costs_do_not_matter():
    """Untuned, base-stock asked for a ratio is the service level of that name: the same figures to the last digit."""
    points = frontier({"base-stock": BaseStock(), "service-level": ServiceLevel()}, SCENARIO)
    one, other = (
        [replace(point, policy="") for point in points if point.policy == name]
        for name in ("base-stock", "service-level")
    )

    assert one == other


def test_what_nobody_does_for_less_is_marked():
    """A constant order pays less stock for little fill; among equal policies the hull of the curve is marked."""
    points = frontier({"base-stock": BaseStock(), "constant-order": ConstantOrder()}, SCENARIO)
    marked = sorted({(point.fill_ratio, point.stock_cost.mean) for point in points if point.efficient})
    slopes = np.diff([cost for _, cost in marked]) / np.diff([fill for fill, _ in marked])

    assert 2 <= len(marked) < len(points)
    assert (np.diff(slopes) >= -1e-9).all()
    assert max(point.fill_ratio for point in points) == marked[-1][0]
