"""A lost-sales instance in, the best simple rules on its states, each with its exact cost, out.

What a learned policy, and the optimum itself, is compared with. Each rule gives whole orders of a size that the
instance allows; its numbers are found by exact evaluation, so that no rule is compared at a bad setting.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import LostSales, OrderRule, Units
from simulator.inventory.stationary import evaluate_exactly

DRIFT_MIN = 1e-3  # units a period by which demand has to outrun a constant order
ON_HAND_MAX = 2_000
TAIL = 30.0  # in e-folds: 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class BestRule:
    """A rule at its best numbers."""

    name: str
    numbers: tuple[int, ...]  # in units, as in the name
    cost: float  # currency per period
    rule: OrderRule
    standard_error: float = 0.0  # of the cost, where it was played


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
    found = [plain, capped]
    largest = _largest_constant(instance)
    if largest > 0:  # else demand is so wild, or so small, that no constant order can be evaluated
        found.append(_best("constant order", constant_order, instance, (largest,)))
    if instance.order_cost or instance.minimum_order_units > 1:
        lot = max(cap, int(np.sqrt(2 * instance.order_cost * instance.demand_mean_units / instance.holding_cost)))
        found.append(_best("(s, S)", reorder, instance, (plain.numbers[0] - cap // 2, plain.numbers[0] + lot // 2)))
    return found


def _largest_constant(instance: LostSales) -> int:
    """Return the largest constant order under which stock comes down soon enough to be evaluated."""
    for units in range(int(instance.demand_mean_units), 0, -1):
        limit = _on_hand_limit(instance, units)
        if limit is not None and limit <= ON_HAND_MAX:
            return units
    return 0


def _best(name: str, rule: Callable[..., OrderRule], instance: LostSales, start: tuple[int, ...]) -> BestRule:
    """Return the rule at the numbers that cost least."""
    numbers = lowest(lambda one: _cost(instance, rule(instance, *one)), start)
    return BestRule(name, numbers, _cost(instance, rule(instance, *numbers)), rule(instance, *numbers))


def lowest(cost: Callable[[tuple[int, ...]], float], start: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers, none below 0, from which no step along one of them, or along all, costs less.

    >>> lowest(lambda numbers: abs(numbers[0] - 7) + abs(numbers[1] - 2), (0, 9))
    (7, 2)
    """
    known: dict[tuple[int, ...], float] = {}

    def known_cost(numbers: tuple[int, ...]) -> float:
        if numbers not in known:
            known[numbers] = cost(numbers) if min(numbers) >= 0 else np.inf
        return known[numbers]

    best = start
    for step in _steps(max(start)):
        while (nearby := min(_neighbours(best, step), key=known_cost)) != best:
            best = nearby
    return best


def _steps(largest: int) -> list[int]:
    """Return the steps of a search, in units: halving from about an eighth of the largest number.

    >>> _steps(20), _steps(300)
    ([4, 2, 1], [32, 16, 8, 4, 2, 1])
    """
    return [1 << power for power in range(max((largest // 8).bit_length() - 1, 2), -1, -1)]


def _neighbours(numbers: tuple[int, ...], step: int) -> list[tuple[int, ...]]:
    """Return the numbers themselves and those a step along one of them, or along all, away."""
    moves = [*np.eye(len(numbers), dtype=int), np.ones(len(numbers), dtype=int)]
    ways = [tuple(int(one) for one in np.add(numbers, sign * step * move)) for move in moves for sign in (-1, 1)]
    return [numbers, *ways]


def _cost(instance: LostSales, rule: OrderRule) -> float:
    """Return the exact cost; infinity where stock grows without bound, or takes ages to come down."""
    plenty = np.full((1, instance.lead_time_periods), 10**6, dtype=np.int32)
    always_ordered = int(rule(plenty)[0])
    if always_ordered == 0:  # stock stays below what the rule orders up to
        return evaluate_exactly(instance, rule).cost
    limit = _on_hand_limit(instance, always_ordered)
    if limit is None or limit > ON_HAND_MAX:
        return float(np.inf)
    return evaluate_exactly(instance, rule, on_hand_max=limit).cost


def _on_hand_limit(instance: LostSales, always_ordered: int) -> int | None:
    """Return how much on hand is as good as never exceeded by a rule that orders at least so much each period, or None.

    Stock above any level falls off as exp(-2 drift / variance) per unit where demand outruns orders by `drift`; Kingman
    1962, "On queues in heavy traffic", Journal of the Royal Statistical Society B 24(2).
    """
    units = np.arange(len(instance.demand_probability))
    mean = instance.demand_mean_units
    drift = mean - always_ordered
    if drift <= DRIFT_MIN:
        return None
    variance = float(instance.demand_probability @ (units - mean) ** 2)
    return int(TAIL * variance / (2.0 * drift)) + int(3.0 * mean) + 100
