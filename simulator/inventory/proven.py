"""A world's setting in, what no policy can cost less than out, where the world is one that can be solved exactly.

Solved are, with orders that come as promised and demand without season or drift: lost sales and backlog of single
items, two hidden regimes of one item, and two shops that share what one warehouse can send.
"""

from dataclasses import dataclass

import numpy as np

from simulator.inventory import backlog_optimum, hidden_regimes, optimum, two_shops
from simulator.inventory.chance import Amount, Each, Range
from simulator.inventory.hidden_regimes import HiddenRegimes
from simulator.inventory.lost_sales import LostSales, geometric, negative_binomial, poisson
from simulator.inventory.patterns import Pattern
from simulator.inventory.stationary import StateSpaceError
from simulator.inventory.terms import Terms
from simulator.inventory.types import Float64s
from simulator.inventory.world import Setting


class UnsolvedError(ValueError):
    """The world is none of those that can be solved exactly; the text says what is in the way."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What no policy costs less than."""

    cost: float  # currency per pool and period, in the long run
    how: str  # which problem was solved, in words


def solve(setting: Setting) -> Proven:
    """Return the exact optimum of a world; raise UnsolvedError that says why there is none.

    >>> from simulator.inventory.known import Known
    >>> bed = Setting(items=1, demand=Pattern(mean_units=5.0), trade=Terms(2, lost_sale_cost=9.0), forecasts=Known())
    >>> round(solve(bed).cost, 5)
    6.09364
    """
    pattern, terms = _plain(setting)
    try:
        if len(pattern.regime_factors) > 1:
            return _hidden(setting, pattern, terms)
        instances = [_instance(setting, pattern, terms, item) for item in range(setting.items)]
        if np.isfinite(terms.capacity_units):
            return _shared(setting, instances, terms)
        if setting.waiting_ratio == 1.0:
            return Proven(sum(backlog_optimum.solve(one).lower_bound for one in instances), "backlog, item by item")
        return Proven(sum(optimum.solve(one).lower_bound for one in instances), "lost sales, item by item")
    except StateSpaceError as error:
        raise UnsolvedError(str(error)) from error


def _plain(setting: Setting) -> tuple[Pattern, Terms]:
    """Return demand and terms of a world without what no solver here knows."""
    pattern, terms = setting.demand, setting.trade
    if not isinstance(pattern, Pattern) or not isinstance(terms, Terms):
        raise UnsolvedError("its demand has no law that can be written down")
    unknown = {
        "demand has a season": bool(pattern.profile) or pattern.profile_spread > 0,
        "demand drifts": pattern.drift != 0.0,
        "orders are late or lost": not setting.deliveries.kept,
        "some customers wait and some do not": 0.0 < setting.waiting_ratio < 1.0,
        "purchase counts as cost": terms.purchase_counts,
        "the pool has a budget": bool(np.isfinite(terms.budget)),
    }
    in_the_way = [what for what, is_so in unknown.items() if is_so]
    if in_the_way:
        raise UnsolvedError("; ".join(in_the_way))
    return pattern, terms


def _instance(setting: Setting, pattern: Pattern, terms: Terms, item: int) -> LostSales:
    """Return one item's world; with backlog its cost of a lost sale is what an owed unit costs a period."""
    unmet = terms.lost_sale_cost
    if setting.waiting_ratio == 1.0 and terms.backlog_cost is not None:
        unmet = terms.backlog_cost
    lead = terms.lead_time_periods
    if isinstance(lead, tuple):
        raise UnsolvedError("lead times are drawn from a range")
    return LostSales(
        _law(pattern, item),
        lead_time_periods=int(_of(lead, item)),
        lost_sale_cost=_of(unmet, item),
        holding_cost=_of(terms.holding_cost, item),
        order_cost=_of(terms.order_cost, item),
        minimum_order_units=max(int(_of(terms.minimum_order_units, item)), 1),
        pack_size_units=int(_of(terms.pack_units, item)),
    )


def _law(pattern: Pattern, item: int) -> Float64s:
    mean = _of(pattern.mean_units, item) * (pattern.regime_factors[0] if pattern.regime_factors else 1.0)
    if pattern.noise == "negative-binomial":
        return negative_binomial(mean, _of(pattern.shape, item))
    return geometric(mean) if pattern.noise == "geometric" else poisson(mean)


def _hidden(setting: Setting, pattern: Pattern, terms: Terms) -> Proven:
    one = _instance(setting, pattern, terms, 0)
    simple = one.lead_time_periods == 1 and one.order_cost == 0 and one.minimum_order_units == one.pack_size_units == 1
    alone = setting.items == 1 and setting.waiting_ratio == 0.0 and not np.isfinite(terms.capacity_units)
    if not (simple and alone and pattern.noise == "poisson" and len(pattern.regime_factors) == 2):
        raise UnsolvedError(
            "hidden regimes are solved for two states, Poisson demand, one item, lost sales and lead time 1, without "
            "cost or size of orders"
        )
    low, high = (_of(pattern.mean_units, 0) * factor for factor in sorted(pattern.regime_factors))
    world = HiddenRegimes((low, high), pattern.stay_ratio, one.lost_sale_cost, one.holding_cost)
    return Proven(hidden_regimes.solve(world).lower_bound, "hidden regimes, seen through all demand")


def _shared(setting: Setting, instances: list[LostSales], terms: Terms) -> Proven:
    simple = all(
        one.lead_time_periods == 1 and one.order_cost == 0 and one.minimum_order_units == one.pack_size_units == 1
        for one in instances
    )
    if len(instances) != 2 or setting.waiting_ratio > 0 or not simple:
        raise UnsolvedError(
            "shared capacity is solved for two items, lost sales and lead time 1, without cost or size of orders"
        )
    found = two_shops.solve((instances[0], instances[1]), int(terms.capacity_units))
    return Proven(found.lower_bound, "two shops, one warehouse")


def _of(amount: Amount, item: int) -> float:
    """Return an item's number; one that is drawn belongs to no solved world."""
    if isinstance(amount, Range):
        raise UnsolvedError(f"items draw a number from {amount.low:g} to {amount.high:g}")
    return amount.values[item] if isinstance(amount, Each) else amount
