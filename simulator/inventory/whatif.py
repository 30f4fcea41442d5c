"""A pool as it stands now and a policy in, what the coming periods may cost out: as it is, and as it might be. Pure.

Both cases meet the same paths of demand (common random numbers), so their difference is much surer than either of them.
Not counted: what is on its way when the periods end, and holds.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from policies.asking import ask
from policies.base import Policy
from policies.observation import Float32s, Observation, from_arrays
from simulator.inventory import demand_paths
from simulator.inventory.demand_paths import Draws
from simulator.inventory.dynamics import play
from simulator.inventory.rationing import ration
from simulator.inventory.types import Chance, Float64s, Items, Stock

InventoryPolicy = Policy[Observation, Float32s]
NORMAL_975 = 1.959964  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Situation:
    """A pool now, with what binds its orders."""

    observation: Observation
    season_periods: int  # after which demand is alike: days of a week, hours of a day
    order_units_max: Float64s  # (n,) of one order
    recent_mean_units: Float64s  # (n,) of a period
    order_step_ratio_max: float  # an order is at most this times recent demand over lead time + 1 periods
    dead_band_units: float  # smaller orders are not placed


@dataclass(frozen=True, slots=True)
class Course:
    """What one case comes to. The first axis is the path; both cases have the same ones."""

    cost: Float64s  # (paths, n) currency, all periods together
    asked_units: Float64s  # (paths, n)
    sold_units: Float64s  # (paths, n)
    stock_units: Float64s  # (paths, n) mean at a period's end
    ordered_units: Float64s  # (paths, n)
    orders: Float64s  # (paths, n) how many
    now_units: Float64s  # (n,) what is ordered in the first period, the same on all paths
    out_of_range: int  # decisions that a learned policy left to its rule

    @property
    def fill_ratio(self) -> float:
        """Return the share of what is asked for that is sold."""
        asked = float(self.asked_units.sum())
        return float(self.sold_units.sum()) / asked if asked > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over the paths with its 95 % interval."""

    mean: float
    low: float
    high: float


def course(
    situation: Situation, policy: InventoryPolicy, draws: Draws, *, periods: int, base: Situation | None = None
) -> Course:
    """Return what `periods` periods come to under `policy`. `base` is the case that the forecast was made for.

    `draws` have to go on for the longest lead time beyond the periods.
    """
    seen, known = situation.observation, base or situation
    ratio = demand_paths.together_ratio(known.observation)
    asked = demand_paths.demand(seen, draws, ratio, season=situation.season_periods)
    forecast = demand_paths.demand(known.observation, draws, ratio, season=known.season_periods)
    quantiles = _corrected(situation, known, asked, forecast, periods)
    paths, n = asked.shape[0], asked.shape[2]
    stock, items = _stock(seen, paths), _items(seen, paths)
    totals = {name: np.zeros((paths, n)) for name in ("cost", "sold", "stock", "ordered", "orders")}
    now, unsure = np.zeros(n), 0
    for at in range(periods):
        view = _seen(situation, stock, quantiles[at], at)
        answer = ask(policy, view)
        unsure += sum(map(bool, answer.unsure))
        orders = _within(situation, answer.units.reshape(paths, n), stock, items, quantiles[at])
        now = orders[0] if at == 0 else now
        chance = Chance(demand_units=asked[:, at], lead_time_periods=items.lead_time_periods)
        stock, outcome = play(stock, orders, chance, items)
        left = stock.on_hand - outcome.received_units
        for name, values in zip(
            totals, (outcome.cost, outcome.sold_units, left, orders, orders > 0), strict=True
        ):  # fmt: skip
            totals[name] += values
    return Course(
        cost=totals["cost"],
        asked_units=asked[:, :periods].sum(axis=1),
        sold_units=totals["sold"],
        stock_units=totals["stock"] / periods,
        ordered_units=totals["ordered"],
        orders=totals["orders"],
        now_units=now,
        out_of_range=unsure,
    )


def draws_for(
    rng: np.random.Generator, situations: tuple[Situation, ...], *, paths: int, periods: int
) -> Draws:  # fmt: skip
    """Return chance that goes on long enough for every one of the situations."""
    longest = max(int(one.observation.lead_time_periods.max()) for one in situations)
    items = len(situations[0].observation.resource_ids)
    return demand_paths.draw(rng, paths=paths, periods=periods + longest + 1, items=items)


def interval(values: Float64s) -> Interval:
    """Return the mean of `values` (paths,) with its 95 % interval.

    >>> interval(np.array([1.0, 3.0]))
    Interval(mean=2.0, low=0.04..., high=3.95...)
    """
    middle = float(values.mean())
    half = NORMAL_975 * float(values.std(ddof=1)) / float(np.sqrt(len(values))) if len(values) > 1 else float("inf")
    return Interval(middle, middle - half, middle + half)


def changed(situation: Situation, *, demand_ratio: float = 1.0, **fields: Any) -> Situation:
    """Return the situation with other fields of its observation, and demand and its forecasts times `demand_ratio`."""
    seen = situation.observation
    scaled = {
        name: getattr(seen, name) * np.float32(demand_ratio)
        for name in ("demand_mean_units", "demand_quantile_units", "lead_demand_quantile_units")
    }
    recent = situation.recent_mean_units * demand_ratio
    return replace(situation, observation=replace(seen, **scaled, **fields), recent_mean_units=recent)


def _corrected(
    situation: Situation, base: Situation, asked: Float64s, forecast: Float64s, periods: int
) -> Float64s:  # fmt: skip
    """Return (periods, n, levels) of demand over lead time + 1: the paths' own, put right by what is forecast now.

    Where nothing is changed, the first period has exactly the quantiles that were forecast.
    """
    found = demand_paths.lead_quantiles(asked, situation.observation.lead_time_periods, periods)
    own = demand_paths.lead_quantiles(forecast, base.observation.lead_time_periods, 1)[0]
    said = base.observation.lead_demand_quantile_units.astype(np.float64)
    ratio = np.divide(said, own, out=np.ones_like(own), where=own > 0)
    return np.asarray(np.maximum.accumulate(found * ratio, axis=-1), dtype=np.float64)


def _seen(situation: Situation, stock: Stock, lead_quantiles: Float64s, at: int) -> Observation:
    """Return what the policy sees of all paths `at` periods from now, as the rows of one long pool."""
    seen = situation.observation
    paths, n = stock.on_hand.shape
    horizon = seen.demand_mean_units.shape[1]
    length = max(horizon, int(seen.lead_time_periods.max()) + 1)
    place = demand_paths.slots(at + length, horizon, situation.season_periods)[at:]

    def repeated(values: Float32s) -> Float32s:
        return np.tile(values, (paths, *(1,) * (values.ndim - 1)))

    return from_arrays(
        resource_ids=seen.resource_ids * paths,
        on_hand_units=stock.on_hand.reshape(paths * n),
        pipeline_units=stock.pipeline.reshape(paths * n, -1),
        demand_mean_units=repeated(seen.demand_mean_units[:, place]),
        demand_quantile_units=repeated(seen.demand_quantile_units[:, place]),
        lead_demand_quantile_units=repeated(lead_quantiles.astype(np.float32)),
        lead_time_periods=repeated(seen.lead_time_periods),
        lost_sale_cost=repeated(seen.lost_sale_cost),
        holding_cost=repeated(seen.holding_cost),
        unit_cost=repeated(seen.unit_cost),
        capacity_units=seen.capacity_units,
        budget=seen.budget,
        order_cost=repeated(_terms(seen.order_cost, n)),
        minimum_order_units=repeated(_terms(seen.minimum_order_units, n)),
        pack_units=repeated(_terms(seen.pack_units, n)),
    )


def _within(
    situation: Situation, asked: Float32s, stock: Stock, items: Items, lead_quantiles: Float64s
) -> Float64s:  # fmt: skip
    """Return whole orders (paths, n) as the guard lets them through."""
    lead = situation.observation.lead_time_periods.astype(np.float64)
    step = np.maximum(1.0, np.ceil(situation.order_step_ratio_max * situation.recent_mean_units * (lead + 1)))
    order = np.floor(np.maximum(asked.astype(np.float64), 0.0) + 0.5)
    order = np.minimum(order, np.minimum(situation.order_units_max, step))
    order = np.where(order < situation.dead_band_units, 0.0, order)
    every = np.broadcast_to(lead_quantiles, (*order.shape, lead_quantiles.shape[-1]))
    shared = ration(order, stock, items, lambda: every)
    return np.where(shared < situation.dead_band_units, 0.0, shared)


def _stock(seen: Observation, paths: int) -> Stock:
    n, columns = seen.pipeline_units.shape
    longest = max(columns, int(seen.lead_time_periods.max()), 1)
    pipeline = np.zeros((paths, n, longest))
    pipeline[:, :, :columns] = seen.pipeline_units
    return Stock(on_hand=np.tile(seen.on_hand_units.astype(np.float64), (paths, 1)), pipeline=pipeline)


def _items(seen: Observation, paths: int) -> Items:
    n = len(seen.resource_ids)
    return Items(
        lead_time_periods=seen.lead_time_periods.astype(np.int64),
        lost_sale_cost=seen.lost_sale_cost.astype(np.float64),
        holding_cost=seen.holding_cost.astype(np.float64),
        unit_cost=seen.unit_cost.astype(np.float64),
        capacity_units=np.full(paths, seen.capacity_units),
        budget=np.full(paths, seen.budget),
        backlog_cost=0.0,
        order_cost=_terms(seen.order_cost, n).astype(np.float64),
        minimum_order_units=_terms(seen.minimum_order_units, n).astype(np.float64),
        pack_units=_terms(seen.pack_units, n).astype(np.float64),
    )


def _terms(values: Float32s, n: int) -> Float32s:
    return np.broadcast_to(values, (n,))
