"""A lost-sales instance too large to be solved, and a generator, in; its best simple rules by long play out.

All candidates meet the same demand, so that few periods tell them apart; the cost that is reported is of demand that
no choice has seen.
"""

import numpy as np

from simulator.inventory.fast_play import CappedBaseStock, play_fast
from simulator.inventory.lost_sales import LostSales, Units, draw
from simulator.inventory.state_rules import BestRule, lowest
from simulator.inventory.types import Float64s

CHAINS = 4_096
TUNING_PERIODS = 500
WARM_UP_PERIODS = 200  # and 20 for each period of the lead time


def best_played_rules(instance: LostSales, periods: int, rng: np.random.Generator) -> list[BestRule]:
    """Return the best base-stock and capped base-stock rule and their costs over about `periods` periods.

    Raises ValueError for a pack size or a minimum order: these rules know none.

    >>> from simulator.inventory.lost_sales import poisson
    >>> plain, capped = best_played_rules(LostSales(poisson(5.0), 2, 9.0), 1_000_000, np.random.default_rng(1))
    >>> plain.numbers, capped.numbers, bool(abs(plain.cost - 6.3163) < 4 * plain.standard_error)
    ((19,), (19, 6), True)
    """
    if instance.minimum_order_units > 1 or instance.pack_size_units > 1:
        raise ValueError("the rules that are played know no pack size and no minimum order")
    warm_up = WARM_UP_PERIODS + 20 * instance.lead_time_periods
    tuning = draw(instance, rng, (warm_up + TUNING_PERIODS, CHAINS))
    fresh = draw(instance, rng, (warm_up + -(-periods // CHAINS), CHAINS))
    level = int(np.searchsorted(np.cumsum(instance.demand_within(instance.lead_time_periods + 1)), 0.7))
    plain = lowest(lambda numbers: float(_costs(instance, numbers, tuning, warm_up).mean()), (level,))
    start = (*plain, int(1.5 * instance.demand_mean_units))
    capped = lowest(lambda numbers: float(_costs(instance, numbers, tuning, warm_up).mean()), start)
    return [
        _reported("base-stock", instance, plain, fresh, warm_up),
        _reported("capped base-stock", instance, capped, fresh, warm_up),
    ]


def _rule(numbers: tuple[int, ...]) -> CappedBaseStock:
    return CappedBaseStock(np.int32(numbers[0]), np.int32(numbers[1]) if len(numbers) > 1 else None)


def _costs(instance: LostSales, numbers: tuple[int, ...], demand: Units, warm_up: int) -> Float64s:
    """Return (chains,) the mean cost of a period after the warm-up."""
    start = np.zeros((demand.shape[1], instance.lead_time_periods), dtype=np.int32)
    warm = play_fast(_rule(numbers), demand[:warm_up], start)
    return play_fast(_rule(numbers), demand[warm_up:], warm.states).cost(instance) / (len(demand) - warm_up)


def _reported(name: str, instance: LostSales, numbers: tuple[int, ...], demand: Units, warm_up: int) -> BestRule:
    costs = _costs(instance, numbers, demand, warm_up)
    error = float(costs.std(ddof=1) / np.sqrt(len(costs)))
    return BestRule(name, numbers, float(costs.mean()), _rule(numbers), error)
