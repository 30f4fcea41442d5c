"""A lost-sales instance in, the best simple rules on its states, each with its exact cost, out.

What a learned policy, and the optimum itself, is compared with. Each rule gives whole orders of a size that the
instance allows; its numbers are found by exact evaluation, so that no rule is compared at a bad setting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import LostSales, OrderRule, Units
from simulator.inventory.stationary import StateSpaceError, evaluate_exactly

STEPS = (4, 2, 1)  # of the search, in units
DOUBLINGS_MAX = 4  # of the stock on hand that is looked at
DRIFT_MIN = 0.999  # of mean demand: a rule that always orders more lets stock grow for ages


@dataclass(frozen=True, slots=True, eq=False)
class BestRule:
    """A rule at its best numbers."""

    name: str
    numbers: tuple[int, ...]  # in units, as in the name
    cost: float  # currency per period
    rule: OrderRule


def base_stock(instance: LostSales, level: int) -> OrderRule:
    """Return the rule that orders what is missing to `level` units on hand and on order.

    >>> from simulator.inventory.lost_sales import poisson
    >>> world = LostSales(poisson(5.0), 2, 9.0, pack_size_units=4)
    >>> base_stock(world, 17)(np.array([[3, 5], [9, 9]]))  # 9 are missing: two packs
    array([8, 0], dtype=int32)
    """
    return capped_base_stock(instance, level, level)


def capped_base_stock(instance: LostSales, level: int, cap: int) -> OrderRule:
    """Return the base-stock rule that never orders more than `cap` units at once."""
    allowed = _rounded_down(instance, cap)
    return lambda states: allowed[np.clip(level - states.sum(axis=1), 0, cap)]


def constant_order(instance: LostSales, units: int) -> OrderRule:
    """Return the rule that orders the same whatever there is."""
    order = _rounded_down(instance, units)[-1]
    return lambda states: np.full(len(states), order, dtype=np.int32)


def reorder(instance: LostSales, point: int, level: int) -> OrderRule:
    """Return the (s, S) rule: at `point` units on hand and on order, or fewer, what is missing to `level`."""
    missing = base_stock(instance, level)
    return lambda states: np.where(states.sum(axis=1) <= point, missing(states), np.int32(0))


def _rounded_down(instance: LostSales, units_max: int) -> Units:
    """Return (units_max + 1,) the largest allowed order that is at most 0, 1, .. units."""
    allowed = instance.allowed_orders(units_max)
    return allowed[np.searchsorted(allowed, np.arange(units_max + 1), side="right") - 1]


def best_rules(instance: LostSales) -> list[BestRule]:
    """Return the best base-stock, capped base-stock and constant order, and with a fixed cost the best (s, S).

    >>> from simulator.inventory.lost_sales import poisson
    >>> for one in best_rules(LostSales(poisson(5.0), lead_time_periods=2, lost_sale_cost=9.0)):
    ...     print(one.name, one.numbers, round(one.cost, 4))
    base-stock (19,) 6.3163
    capped base-stock (19, 6) 6.1191
    constant order (4,) 10.2748
    """
    level = int(np.searchsorted(np.cumsum(instance.demand_within(instance.lead_time_periods + 1)), 0.7))
    cap = max(int(1.5 * instance.demand_mean_units), int(instance.allowed_orders(10**6)[1]))
    plain = _best("base-stock", base_stock, instance, (level,))
    capped = _best("capped base-stock", capped_base_stock, instance, (plain.numbers[0], cap))
    steady = _best("constant order", constant_order, instance, (max(int(instance.demand_mean_units * 0.8), 0),))
    found = [plain, capped, steady]
    if instance.order_cost or instance.minimum_order_units > 1:
        lot = max(cap, int(np.sqrt(2 * instance.order_cost * instance.demand_mean_units / instance.holding_cost)))
        found.append(_best("(s, S)", reorder, instance, (plain.numbers[0] - cap // 2, plain.numbers[0] + lot // 2)))
    return found


def _best(name: str, rule: Callable[..., OrderRule], instance: LostSales, start: tuple[int, ...]) -> BestRule:
    """Return the rule at the numbers where no step along one of them costs less."""
    known: dict[tuple[int, ...], float] = {}

    def cost(numbers: tuple[int, ...]) -> float:
        if numbers not in known:
            known[numbers] = _cost(instance, rule(instance, *numbers)) if min(numbers) >= 0 else np.inf
        return known[numbers]

    best = start
    for step in STEPS:
        while (nearby := min(_neighbours(best, step), key=cost)) != best:
            best = nearby
    return BestRule(name, best, cost(best), rule(instance, *best))


def _neighbours(numbers: tuple[int, ...], step: int) -> list[tuple[int, ...]]:
    """Return the numbers themselves and those a step along one of them, or along all, away."""
    moves = [*np.eye(len(numbers), dtype=int), np.ones(len(numbers), dtype=int)]
    ways = [tuple(int(one) for one in np.add(numbers, sign * step * move)) for move in moves for sign in (-1, 1)]
    return [numbers, *ways]


def _cost(instance: LostSales, rule: OrderRule) -> float:
    """Return the exact cost, and infinity for a rule under which stock grows without bound."""
    if (
        rule(np.full((1, instance.lead_time_periods), 10**6, dtype=np.int32))[0]
        >= instance.demand_mean_units * DRIFT_MIN
    ):
        return float(np.inf)
    limit = int(instance.demand_mean_units * 20) + 100
    for _ in range(DOUBLINGS_MAX):
        try:
            return evaluate_exactly(instance, rule, on_hand_max=limit).cost
        except StateSpaceError:
            limit *= 2
    return float(np.inf)
