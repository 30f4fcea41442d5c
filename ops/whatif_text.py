"""Comparisons in, a table for the terminal out."""

from collections.abc import Sequence
from io import StringIO

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from ops.whatif import Comparison
from simulator.inventory.whatif import Course, interval

WIDTH_CHARACTERS = 110
ITEMS_MAX = 20  # shown of a pool, those whose order or cost changes most


def render(comparisons: Sequence[Comparison], heading: str, *, periods: int, paths: int) -> str:
    """Return both cases beside each other, pool by pool and all together, at most `WIDTH_CHARACTERS` wide."""
    out = StringIO()
    console = Console(file=out, width=WIDTH_CHARACTERS, color_system=None, highlight=False)
    told = f"What if: {heading}. {periods} periods, {paths} paths of demand, both cases on the same ones."
    console.print(told, markup=False)
    console.print(_cases(comparisons))
    for one in comparisons if len(comparisons) == 1 else ():
        console.print(_items(one))
    console.print(conclusion(comparisons), markup=False)
    for line in notes(comparisons):
        console.print(line, markup=False)
    return out.getvalue().rstrip("\n")


def conclusion(comparisons: Sequence[Comparison]) -> str:
    """Return in plain words what the change costs or saves."""
    money = comparisons[0].spec.currency
    gap = interval(np.sum([one.other.cost.sum(axis=1) - one.base.cost.sum(axis=1) for one in comparisons], axis=0))
    before = sum(float(one.base.cost.sum(axis=1).mean()) for one in comparisons)
    share = f" ({gap.mean / before:+.1%})" if before > 0 else ""
    sure = "dearer" if gap.low > 0 else ("cheaper" if gap.high < 0 else "not told apart from now")
    between = f"95 % interval {gap.low:+,.1f} to {gap.high:+,.1f}"
    return f"Changed minus now: {gap.mean:+,.1f} {money}{share}, {between}: {sure}."


def notes(comparisons: Sequence[Comparison]) -> list[str]:
    """Return what is behind the figures."""
    unsure = sum(one.base.out_of_range + one.other.out_of_range for one in comparisons)
    drawn = (
        "Demand is drawn from the forecasts as they stand; beyond their horizon it goes on as in their last season. "
        "What is on its way when the periods end is not counted. Nothing was ordered or changed."
    )
    told = [drawn]
    if unsure:
        told.append(f"{unsure:,} decisions were outside what the learned policy was trained on: its rule took them.")
    return told


def _cases(comparisons: Sequence[Comparison]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    money = comparisons[0].spec.currency
    for place, heading in enumerate(
        ("", f"cost {money}", "95 %", "fill rate", "mean stock", "ordered", "orders", "ordered now")
    ):
        table.add_column(heading, justify="left" if place == 0 else "right", no_wrap=True)
    for one in comparisons:
        table.add_row(one.spec.pool_id)
        table.add_row(*_case("  now", one.base))
        table.add_row(*_case("  changed", one.other))
        table.add_section()
    return table


def _case(name: str, case: Course) -> tuple[str, ...]:
    cost = interval(case.cost.sum(axis=1))
    return (
        name,
        f"{cost.mean:,.0f}",
        f"{cost.low:,.0f} to {cost.high:,.0f}",
        f"{case.fill_ratio:.1%}",
        f"{case.stock_units.sum(axis=1).mean():,.0f}",
        f"{case.ordered_units.sum(axis=1).mean():,.0f}",
        f"{case.orders.sum(axis=1).mean():,.0f}",
        f"{case.now_units.sum():,.0f}",
    )


def _items(one: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    headings = ("item", "on hand", "on order", "ordered now", "changed", "cost now", "changed", "difference")
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right", no_wrap=True)
    seen = one.situation.observation
    before, after = one.base.cost.mean(axis=0), one.other.cost.mean(axis=0)
    moved = np.abs(after - before) + np.abs(one.other.now_units - one.base.now_units)
    rows = sorted(np.argsort(-moved, kind="stable")[:ITEMS_MAX].tolist())
    for row in rows:
        gap = interval(one.other.cost[:, row] - one.base.cost[:, row])
        table.add_row(
            seen.resource_ids[row],
            f"{seen.on_hand_units[row]:,.0f}",
            f"{seen.pipeline_units[row].sum():,.0f}",
            f"{one.base.now_units[row]:,.0f}",
            f"{one.other.now_units[row]:,.0f}",
            f"{before[row]:,.1f}",
            f"{after[row]:,.1f}",
            f"{gap.mean:+,.1f} [{gap.low:+,.1f}, {gap.high:+,.1f}]",
        )
    return table
