"""A solved lost-sales world in, tables for people out."""

from collections.abc import Sequence

from rich.table import Table

from simulator.inventory.lost_sales import LostSales
from simulator.inventory.optimum import Optimum
from simulator.inventory.state_rules import BestRule
from simulator.inventory.stationary import common_states
from simulator.inventory.zipkin_bed import BedInstance

STATES_SHOWN = 12


def rules_table(best: Optimum, rules: Sequence[BestRule]) -> Table:
    """Return the optimum with its bounds, and each rule with its numbers and how much more it costs."""
    table = Table(title="Cost per period, in the long run")
    for heading in ("policy", "units", "cost", "above the optimum"):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    between = f"proven to {best.upper_bound - best.lower_bound:.0e}"
    table.add_row("optimum", "", f"{best.cost:.5f}", between)
    for one in rules:
        units = ", ".join(str(number) for number in one.numbers)
        cost = f"{one.cost:.4f} +- {one.standard_error:.4f}" if one.standard_error else f"{one.cost:.5f}"
        name = f"best {one.name}" if one.numbers else one.name
        table.add_row(name, units, cost, f"{one.cost / best.cost - 1.0:.2%}")
    return table


def played_table(rules: Sequence[BestRule]) -> Table:
    """Return each rule with its numbers, its cost and how far chance may have put that off."""
    table = Table(title="Cost per period, by long play")
    for heading in ("policy", "units", "cost", "standard error"):
        table.add_column(heading, justify="left" if heading == "policy" else "right")
    for one in rules:
        units = ", ".join(str(number) for number in one.numbers)
        table.add_row(f"best {one.name}", units, f"{one.cost:.4f}", f"{one.standard_error:.4f}")
    return table


def order_table(best: Optimum, instance: LostSales) -> Table:
    """Return what the optimum orders in the states it is most often in."""
    table = Table(title=f"What it orders in its {STATES_SHOWN} most common states")
    later = [f"in {period}" for period in range(1, instance.lead_time_periods)]
    for heading in ("on hand", *later, "order", "share of periods"):
        table.add_column(heading, justify="right")
    for state, order, share in zip(*common_states(instance, best.rule, STATES_SHOWN), strict=True):
        table.add_row(*(str(units) for units in state), str(order), f"{share:.2%}")
    return table


def bed_table(found: Sequence[tuple[BedInstance, Optimum]]) -> tuple[Table, float]:
    """Return the published costs beside the computed ones, and the largest difference."""
    table = Table(title="The lost-sales bed of Zipkin 2008")
    for heading in ("instance", "published", "computed", "difference"):
        table.add_column(heading, justify="left" if heading == "instance" else "right")
    worst = 0.0
    for one, best in found:
        difference = best.cost - one.published_cost
        worst = max(worst, abs(difference))
        table.add_row(one.name, f"{one.published_cost:.5f}", f"{best.cost:.6f}", f"{difference:+.6f}")
    table.add_row("worst", "", "", f"{worst:.6f}", end_section=True)
    return table, worst
