"""Worlds with backlog, hidden demand or scarce supply in; tables of their optima beside the best simple rule out."""

import numpy as np
from rich.table import Table

from simulator.inventory import backlog_optimum, hidden_regimes, two_shops
from simulator.inventory.hidden_regimes import HiddenOptimum, HiddenRegimes
from simulator.inventory.lost_sales import LostSales, Units
from simulator.inventory.state_rules import lowest
from simulator.inventory.types import Float64s

TUNING_PERIODS = 400_000
TUNING_SEED = 1  # of the demand that rules are tuned on; the reported one is another


def backlog_table(instance: LostSales) -> Table:
    """Return the optimum when customers wait."""
    best = backlog_optimum.solve(instance)
    table = _table("Cost per period when customers wait", ("policy", "position it orders at", "up to", "cost"))
    table.add_row("optimum", f"{best.highest_ordering} or less", str(best.order_up_to), f"{best.upper_bound:.5f}")
    return table


def hidden_tables(world: HiddenRegimes, periods: int, seed: int) -> tuple[Table, Table]:
    """Return the bound beside the best policy and the best base-stock, both played, and what the best one orders."""
    best = hidden_regimes.solve(world)

    def blind(level: int, periods: int, seed: int) -> tuple[float, float]:
        rule = hidden_regimes.blind_base_stock(level, best)
        return hidden_regimes.play(world, rule, periods, np.random.default_rng(seed))

    (level,) = lowest(lambda one: blind(one[0], TUNING_PERIODS, TUNING_SEED)[0], (int(2 * max(world.mean_units)),))
    table = _table("Cost per period, demand switching unseen", ("policy", "units", "cost", "standard error"))
    table.add_row("no policy costs less than", "", f"{best.lower_bound:.5f}", "")
    played = hidden_regimes.play(world, best, periods, np.random.default_rng(seed))
    table.add_row("optimum, by belief", "", *_played(played))
    table.add_row("best base-stock", str(level), *_played(blind(level, periods, seed)))
    return table, _belief_table(world, best)


def _belief_table(world: HiddenRegimes, best: HiddenOptimum) -> Table:
    """Return what is ordered by stock on hand and belief."""
    beliefs = np.linspace(1.0 - world.stay_ratio, world.stay_ratio, 5)
    headings = ("on hand", *(f"busy {belief:.0%}" for belief in beliefs))
    table = _table("What it orders, by stock and the probability that the busy state rules", headings)
    for on_hand in range(0, int(3 * max(world.mean_units)), 2):
        orders = best.rule(np.full(len(beliefs), on_hand, dtype=np.int32), beliefs)
        table.add_row(str(on_hand), *(str(order) for order in orders))
    return table


def shops_table(shops: tuple[LostSales, LostSales], capacity: int, periods: int, seed: int) -> Table:
    """Return the optimum, and base-stock levels that share in proportion, played on the same demand."""
    best = two_shops.solve(shops, capacity)

    def shared(levels: tuple[int, ...], periods: int, seed: int) -> tuple[float, float]:
        return two_shops.play(
            shops, lambda s: _in_proportion(s, levels, capacity), periods, np.random.default_rng(seed)
        )

    start = tuple(int(2.5 * shop.demand_mean_units) for shop in shops)
    levels = lowest(lambda one: shared(one, TUNING_PERIODS, TUNING_SEED)[0], start)
    table = _table("Cost of both shops per period", ("policy", "units", "cost", "standard error"))
    table.add_row("optimum", "", f"{best.upper_bound:.5f}", f"proven to {best.upper_bound - best.lower_bound:.0e}")
    played = two_shops.play(shops, best.rule, periods, np.random.default_rng(seed))
    table.add_row("optimum, played", "", *_played(played))
    units = ", ".join(str(level) for level in levels)
    table.add_row("best base-stock, shared in proportion", units, *_played(shared(levels, periods, seed)))
    return table


def _in_proportion(on_hand: Units, levels: tuple[int, ...], capacity: int) -> Units:
    missing = np.maximum(np.array(levels) - on_hand, 0)
    all_missing: Float64s = missing.sum(axis=1, keepdims=True).astype(np.float64)
    ratio = np.minimum(capacity / np.maximum(all_missing, 1.0), 1.0)
    return np.asarray(missing * ratio, dtype=np.int32)


def _played(cost: tuple[float, float]) -> tuple[str, str]:
    return f"{cost[0]:.4f}", f"{cost[1]:.4f}"


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    return table
