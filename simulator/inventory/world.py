"""A batch of worlds in motion: orders in, outcomes and the next observation out."""

from dataclasses import dataclass

import numpy as np

from policies.observation import Observation, from_arrays
from simulator.inventory import demand, forecasts
from simulator.inventory.demand import RETAIL, Demand, Taste
from simulator.inventory.dynamics import play
from simulator.inventory.forecasts import LIVE_LIKE, Errors, Forecasts
from simulator.inventory.items import TRADE, Trade, draw_items
from simulator.inventory.rationing import ration
from simulator.inventory.types import Chance, Float64s, Items, Outcome, Stock

HORIZON_PERIODS = 8  # as in the catalog's default


@dataclass(frozen=True, slots=True)
class Setting:
    """What kind of worlds are drawn."""

    worlds: int = 1
    items: int = 10
    periods: int = 84  # that are decided
    history_periods: int = 112  # before them, from which forecasts know their errors
    waiting_ratio: float = 0.0  # share of customers not served at once who wait: 0 lost sales, 1 backlog
    taste: Taste = RETAIL
    trade: Trade = TRADE
    errors: Errors = LIVE_LIKE


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that chance decides, drawn before the first order: the same for every policy compared on it."""

    items: Items
    demand: Demand
    forecasts: Forecasts
    start: Stock
    setting: Setting


def draw(rng: np.random.Generator, setting: Setting) -> Scenario:
    """Return a scenario; the same for the same setting and generator state."""
    span = setting.history_periods + setting.periods
    asked = demand.draw(rng, setting.worlds, setting.items, span, setting.taste)
    mean = asked.mean_units()[..., : setting.history_periods].mean(axis=-1)
    items = draw_items(rng, mean, setting.trade)
    believed = forecasts.believe(rng, asked, items.lead_time_periods, setting.history_periods, setting.errors)
    return Scenario(items, asked, believed, _start(rng, mean, items), setting)


def _start(rng: np.random.Generator, mean: Float64s, items: Items) -> Stock:
    """Return stock on hand and on its way that is sometimes short and sometimes ample."""
    columns = max(1, int(items.lead_time_periods.max()))
    due = np.arange(1, columns + 1) <= items.lead_time_periods[..., np.newaxis]
    pipeline = rng.uniform(0.0, 1.5, size=(*mean.shape, columns)) * mean[..., np.newaxis] * due
    on_hand = rng.uniform(0.0, 1.0, size=mean.shape) * mean * (items.lead_time_periods + 1)
    return Stock(on_hand=np.rint(on_hand), pipeline=np.rint(pipeline))


class Worlds:
    """The worlds of one scenario, all in the same period."""

    def __init__(self, scenario: Scenario) -> None:
        """Start at the first decided period."""
        self.scenario = scenario
        self.stock = scenario.start
        self.period = 0  # 0 .. setting.periods; at the end nothing is left to decide

    @property
    def done(self) -> bool:
        """Return whether every period has been played."""
        return self.period >= self.scenario.setting.periods

    def observation(self) -> Observation:
        """Return what policies see now: the items of all worlds as the rows of one long pool.

        A batch has no one limit, so capacity and budget are shown only where there is a single world.
        """
        scenario, items = self.scenario, self.scenario.items
        # After the last period the forecasts of the last origin stand in: the observation is only looked at.
        means = scenario.forecasts.means(min(self.period, scenario.setting.periods - 1), HORIZON_PERIODS)
        rows = means.shape[0] * means.shape[1]
        single = means.shape[0] == 1
        return from_arrays(
            resource_ids=_row_names(rows),
            on_hand_units=self.stock.on_hand.reshape(rows),
            pipeline_units=self.stock.pipeline.reshape(rows, -1),
            demand_mean_units=means.reshape(rows, -1),
            demand_quantile_units=scenario.forecasts.quantiles(means).reshape(rows, HORIZON_PERIODS, -1),
            lead_demand_quantile_units=scenario.forecasts.lead_quantiles(means).reshape(rows, -1),
            lead_time_periods=items.lead_time_periods.reshape(rows),
            lost_sale_cost=items.lost_sale_cost.reshape(rows),
            holding_cost=items.holding_cost.reshape(rows),
            unit_cost=items.unit_cost.reshape(rows),
            capacity_units=float(items.capacity_units[0]) if single else float("inf"),
            budget=float(items.budget[0]) if single else float("inf"),
        )

    def step(self, orders: Float64s) -> Outcome:
        """Play one period with the proposed `orders` (worlds, n); return what came of it."""
        assert not self.done, f"all {self.period} periods are played; start new worlds"
        items, setting = self.scenario.items, self.scenario.setting
        means = self.scenario.forecasts.means(self.period, HORIZON_PERIODS)
        ordered = ration(orders, self.stock, items, lambda: self.scenario.forecasts.lead_quantiles(means))
        chance = Chance(
            demand_units=self.scenario.demand.units[..., setting.history_periods + self.period],
            lead_time_periods=items.lead_time_periods,
            waiting_ratio=setting.waiting_ratio,
        )
        self.stock, outcome = play(self.stock, ordered, chance, items)
        self.period += 1
        return outcome


def _row_names(rows: int) -> tuple[str, ...]:
    return tuple(f"item-{row}" for row in range(rows))
