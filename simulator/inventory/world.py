"""A batch of worlds in motion: orders in, outcomes and the next observation out."""

from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np

from policies.observation import Observation, from_arrays
from simulator.inventory.deliveries import AS_PROMISED, Deliveries, Drawn
from simulator.inventory.demand import RETAIL, Demand, Kind
from simulator.inventory.dynamics import play
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.items import TRADE
from simulator.inventory.open_orders import OpenOrders
from simulator.inventory.outlook import Outlook, Prepared, Source, Span
from simulator.inventory.rationing import ration
from simulator.inventory.types import Chance, Float64s, Items, Outcome, Stock

HORIZON_PERIODS = 8  # as in the catalog's default; longer where a lead time needs it


class Dealing(Protocol):
    """How costs, lead times, terms and limits are drawn."""

    @property
    def lead_time_periods_max(self) -> int:
        """The longest lead time that may be promised."""
        ...

    def draw(self, rng: np.random.Generator, mean_units: Float64s) -> Items:
        """Return the items of pools whose series have the means `mean_units` (worlds, n) per period."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What kind of worlds are drawn."""

    worlds: int = 1
    items: int = 10
    periods: int = 84  # that are decided
    history_periods: int = 112  # before them, from which forecasts know their errors
    waiting_ratio: float = 0.0  # share of customers not served at once who wait: 0 lost sales, 1 backlog
    demand: Kind = RETAIL
    trade: Dealing = TRADE
    deliveries: Deliveries = AS_PROMISED
    forecasts: Source = LIVE_LIKE

    @property
    def horizon_periods(self) -> int:
        """Return how many periods forecasts cover: at least until an order placed now is there."""
        return max(HORIZON_PERIODS, self.trade.lead_time_periods_max + 1)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that chance decides, drawn before the first order: the same for every policy compared on it."""

    items: Items
    demand: Demand
    forecasts: Prepared
    start: Stock
    setting: Setting
    deliveries: Drawn
    waiting_draw: Float64s | None  # (worlds, n, periods) in [0, 1); None where nobody or everybody waits


def repeated(scenario: Scenario, copies: int) -> Scenario:
    """Return `copies` times the same worlds, one after the other: for many policies, or parameters, side by side."""
    worlds = scenario.setting.worlds

    def again(value: Any) -> Any:
        """Return a frozen value with all arrays of worlds repeated."""
        arrays = {one.name: getattr(value, one.name) for one in fields(value)}
        return replace(value, **{name: _tiled(array, worlds, copies) for name, array in arrays.items()})

    return Scenario(
        items=again(scenario.items),
        demand=again(scenario.demand),
        forecasts=scenario.forecasts.repeated(copies),
        start=again(scenario.start),
        setting=replace(scenario.setting, worlds=worlds * copies),
        deliveries=again(scenario.deliveries),
        waiting_draw=_tiled(scenario.waiting_draw, worlds, copies),
    )


def _tiled(value: Any, worlds: int, copies: int) -> Any:
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.shape[0] != worlds:
        return value
    return np.tile(value, (copies, *(1 for _ in value.shape[1:])))


def draw(rng: np.random.Generator, setting: Setting) -> Scenario:
    """Return a scenario; the same for the same setting and generator state."""
    span = Span(setting.history_periods, setting.periods, setting.horizon_periods)
    periods = setting.history_periods + setting.periods
    asked = setting.demand.draw(rng, setting.worlds, setting.items, periods, setting.history_periods)
    mean = asked.mean_units()[..., : setting.history_periods].mean(axis=-1)
    items = setting.trade.draw(rng, mean)
    believed = setting.forecasts.prepare(rng, asked, items.lead_time_periods, span)
    start = _start(rng, mean, items)
    deliveries = setting.deliveries.draw(rng, items.lead_time_periods, setting.periods)
    some_wait = 0.0 < setting.waiting_ratio < 1.0
    waiting = rng.random((*mean.shape, setting.periods)) if some_wait else None
    longest = max(1, int(deliveries.lead_time_periods.max(initial=0)))
    return Scenario(items, asked, believed, _widened(start, longest), setting, deliveries, waiting)


def _start(rng: np.random.Generator, mean: Float64s, items: Items) -> Stock:
    """Return stock on hand and on its way that is sometimes short and sometimes ample."""
    columns = max(1, int(items.lead_time_periods.max()))
    due = np.arange(1, columns + 1) <= items.lead_time_periods[..., np.newaxis]
    pipeline = rng.uniform(0.0, 1.5, size=(*mean.shape, columns)) * mean[..., np.newaxis] * due
    on_hand = rng.uniform(0.0, 1.0, size=mean.shape) * mean * (items.lead_time_periods + 1)
    return Stock(on_hand=np.rint(on_hand), pipeline=np.rint(pipeline))


def _widened(stock: Stock, columns: int) -> Stock:
    """Return the stock with a pipeline long enough for the latest delivery."""
    more = max(columns - stock.pipeline.shape[-1], 0)
    return Stock(stock.on_hand, np.pad(stock.pipeline, ((0, 0), (0, 0), (0, more))))


class Worlds:
    """The worlds of one scenario, all in the same period."""

    def __init__(self, scenario: Scenario) -> None:
        """Start at the first decided period."""
        self.scenario = scenario
        self.stock = scenario.start
        self.period = 0  # 0 .. setting.periods; at the end nothing is left to decide
        self._forecasts = scenario.forecasts.start()
        self._open: OpenOrders | None = None
        if not scenario.setting.deliveries.kept:
            patience = scenario.setting.deliveries.patience_periods
            self._open = OpenOrders(scenario.start.pipeline, scenario.items.lead_time_periods, patience)

    @property
    def done(self) -> bool:
        """Return whether every period has been played."""
        return self.period >= self.scenario.setting.periods

    @property
    def seen(self) -> Stock:
        """Return the stock as the buyer sees it: orders by their promised dates, true ones where promises are kept."""
        return self.stock if self._open is None else Stock(self.stock.on_hand, self._open.pipeline())

    def outlook(self) -> Outlook:
        """Return the forecasts of now; after the last period the last ones stand in, only to be looked at."""
        return self._forecasts.at(min(self.period, self.scenario.setting.periods - 1))

    def observation(self) -> Observation:
        """Return what policies see now: the items of all worlds as the rows of one long pool.

        A batch has no one limit, so capacity and budget are shown only where there is a single world.
        """
        items, outlook, seen = self.scenario.items, self.outlook(), self.seen
        shape = outlook.mean_units.shape[:2]
        rows, single = shape[0] * shape[1], shape[0] == 1
        levels = outlook.lead_quantile_units.shape[-1]

        def each(values: Float64s) -> Float64s:
            return np.broadcast_to(values, shape).reshape(rows)

        return from_arrays(
            resource_ids=_row_names(rows),
            on_hand_units=each(seen.on_hand),
            pipeline_units=seen.pipeline.reshape(rows, -1),
            demand_mean_units=outlook.mean_units.reshape(rows, -1),
            demand_quantile_units=outlook.quantile_units.reshape(rows, -1, levels),
            lead_demand_quantile_units=outlook.lead_quantile_units.reshape(rows, levels),
            lead_time_periods=items.lead_time_periods.reshape(rows),
            lost_sale_cost=each(items.unmet_cost(self.scenario.setting.waiting_ratio)),
            holding_cost=each(items.holding_cost),
            unit_cost=each(items.unit_cost),
            capacity_units=float(items.capacity_units[0]) if single else float("inf"),
            budget=float(items.budget[0]) if single else float("inf"),
            order_cost=each(items.order_cost),
            minimum_order_units=each(items.minimum_order_units),
            pack_units=each(items.pack_units),
        )

    def step(self, orders: Float64s) -> Outcome:
        """Play one period with the proposed `orders` (worlds, n); return what came of it."""
        assert not self.done, f"all {self.period} periods are played; start new worlds"
        items = self.scenario.items
        told = replace(items, lost_sale_cost=items.unmet_cost(self.scenario.setting.waiting_ratio))
        ordered = ration(orders, self.seen, told, lambda: self.outlook().lead_quantile_units)
        chance = self.chance()
        self.stock, outcome = play(self.stock, ordered, chance, items)
        if self._open is not None:
            self._open.step(ordered, chance.lead_time_periods, chance.arrived_ratio)
        ran_out = outcome.lost_units > 0
        self._forecasts.learn(chance.demand_units - outcome.lost_units, censored=ran_out.astype(np.float64))
        self.period += 1
        return outcome

    def chance(self) -> Chance:
        """Return what chance does in this period, whatever is ordered."""
        scenario, now = self.scenario, self.period
        waiting = scenario.waiting_draw
        return Chance(
            demand_units=scenario.demand.units[..., scenario.setting.history_periods + now],
            lead_time_periods=scenario.deliveries.lead_time_periods[..., now],
            arrived_ratio=scenario.deliveries.arrived_ratio[..., now],
            waiting_ratio=scenario.setting.waiting_ratio,
            waiting_draw=None if waiting is None else waiting[..., now],
        )


def _row_names(rows: int) -> tuple[str, ...]:
    return tuple(f"item-{row}" for row in range(rows))
