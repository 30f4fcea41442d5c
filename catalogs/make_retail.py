"""The whole Online Retail II file in, `catalogs/retail.toml` out: `python catalogs/make_retail.py FILE.csv.xz`.

Looks at nothing on or after 2010-07-01. The data has no costs, stock or lead times: the rules below fix them,
and the catalog's note names them.
"""

import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from statistics import median
from zlib import crc32

from streams.catalog import load
from streams.feeds.retail import PRODUCT, SHOP_TIME, at_s, resource_of
from streams.feeds.textfile import rows

END = datetime(2010, 7, 1, tzinfo=SHOP_TIME)
START = datetime(2009, 12, 1, tzinfo=SHOP_TIME)
DAYS = (END - START).days  # 212 calendar days, closed Saturdays and Christmas included
ITEMS = 10
COST_RATIO = 0.60  # of the price: what a unit is bought for
HOLDING_RATIO = 0.01  # of the price, per unit and day
MARGIN_RATIO = 0.40  # of the price: what a lost sale loses
LEAD_DAYS_MIN, LEAD_DAYS_COUNT = 2, 6  # 2 to 7 days, by the code's checksum
BUDGET_RATIO = 2.0  # of the mean daily spend and of the mean daily units
ORDER_DAYS_MAX = 20  # one order of one item: at most this many mean days
START_RATIO = 2.0  # of the mean demand over the protection interval (lead time + 1 days)

# The shop was shut before END on these days and on no other: Saturdays but one of December, bank holidays, Easter
# Sunday, whose date a shop knows for the years to come, and the days around Christmas.
CLOSED = ["saturday", "holidays", "12-24", *(f"12-{day}" for day in range(26, 32)), "01-02", "01-03"]
CLOSED += ["2010-04-04", "2011-04-24"]

# A code belongs to the first pool one of whose words its description contains. The four ids lie in four partitions
# of the default four, so that up to four workers share the demo.
POOLS = {
    "gifts-bags": ("Bags", ("BAG", "SHOPPER")),
    "gifts-party": ("Party and baking", ("CAKE CASES", "NAPKINS", "BUNTING", "PAPER CHAIN")),
    "gifts-cooking": ("Kitchen and table", ("BAKING", "BOWL", "CAKE STAND", "CAKE TIN", "CUTLERY", "GLASS ET", "JUG")),
    "gifts-house": ("Home and door", ("BLOCK WORD", "DOORMAT", "DOOR MAT", "HEART", "METAL SIGN", "T-LIGHT")),
}

NOTE = f"""\
Online Retail II (Daqing Chen, UCI Machine Learning Repository, CC BY 4.0) records sales only. Made by \
catalogs/make_retail.py from the rows before {END:%Y-%m-%d} alone: per pool the {ITEMS} codes sold on most days whose \
description fits; unit_price = median price; unit_cost = {COST_RATIO:.0%} of it; holding_cost = {HOLDING_RATIO:.0%} of \
the price a day; lost_sale_cost = {MARGIN_RATIO:.0%} of the price (the margin); lead_time_periods = {LEAD_DAYS_MIN} to \
{LEAD_DAYS_MIN + LEAD_DAYS_COUNT - 1} days by the code's CRC-32; budget and capacity_units = {BUDGET_RATIO:g} x the \
pool's mean daily spend and units; order_units_max = {ORDER_DAYS_MAX} mean days; initial_on_hand_units = \
{START_RATIO:g} x the mean demand over lead time + 1 days. Means are over all {DAYS} days, closed ones included, of \
sales without exact repetitions and cancellations."""


@dataclass(slots=True)
class Item:
    """What was seen of one code before END."""

    days: set[str] = field(default_factory=set)
    units: float = 0.0
    prices: list[float] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)

    @property
    def units_per_day(self) -> float:
        """Return the mean demand over all calendar days."""
        return self.units / DAYS

    @property
    def name(self) -> str:
        """Return the commonest description, its blanks tidied."""
        return " ".join(self.names.most_common(1)[0][0].split())


def main() -> None:
    """Write the catalog beside this file and check that it loads."""
    target = Path(__file__).parent / "retail.toml"
    items = seen(Path(sys.argv[1]))
    target.write_text(text(items), encoding="utf-8")
    for pool in load(target).pools:
        print(f"{pool.pool_id}: {len(pool.resources)} items, budget {pool.budget:.0f}, {pool.capacity_units:.0f} units")


def seen(path: Path) -> dict[str, Item]:
    """Return what the clean sales before END say of each product code."""
    items: dict[str, Item] = defaultdict(Item)
    records = rows(path)
    next(records)
    known: set[tuple[str, ...]] = set()
    for _, cells in records:
        invoice, code, description, quantity, date, price = cells[:6]
        if at_s(date) >= END.timestamp() or tuple(cells) in known:
            continue
        known.add(tuple(cells))
        if invoice[0] in "AC" or not PRODUCT.fullmatch(code) or float(quantity) <= 0 or float(price) <= 0:
            continue
        item = items[resource_of(code)]
        item.days.add(date.split()[0])
        item.units += float(quantity)
        item.prices.append(float(price))
        item.names[description] += 1
    return items


def chosen(items: dict[str, Item]) -> dict[str, list[str]]:
    """Return the codes of each pool, those sold on most days first."""
    pools: dict[str, list[str]] = {pool_id: [] for pool_id in POOLS}
    for code in sorted(items, key=lambda code: (-len(items[code].days), code)):
        name = items[code].name.upper()
        home = next((pool_id for pool_id, (_, words) in POOLS.items() if any(word in name for word in words)), None)
        if home and len(pools[home]) < ITEMS:
            pools[home].append(code)
    return pools


def text(items: dict[str, Item]) -> str:
    """Return the catalog as TOML."""
    lines = ["# Made by catalogs/make_retail.py; change the rules there.", "version = 1", "revision = 1"]
    lines += [f'note = "{NOTE}"']
    for pool_id, codes in chosen(items).items():
        lines += ["", *pool_lines(pool_id, [items[code] for code in codes])]
        for code in codes:
            lines += ["", *resource_lines(code, items[code])]
    return "\n".join(lines) + "\n"


def pool_lines(pool_id: str, items: list[Item]) -> list[str]:
    """Return the head of one pool."""
    spend = sum(item.units_per_day * median(item.prices) * COST_RATIO for item in items)
    units = sum(item.units_per_day for item in items)
    return [
        "[[pools]]",
        f'pool_id = "{pool_id}"',
        f'name = "{POOLS[pool_id][0]}"',
        'topic = "transactions"',
        'timezone = "Europe/London"',
        'holidays = "GB-ENG"',
        f"closed = {json.dumps(CLOSED)}",
        'period = "day"',
        "ahead_s_max = 3600",
        "horizon_periods = 8",
        "controlled = true",
        "decision_window_s = 43200  # an order is placed before noon, or not at all",
        f"budget = {ceil(BUDGET_RATIO * spend)}  # GBP a day",
        f"capacity_units = {ceil(BUDGET_RATIO * units)}  # units a day: the truck",
        'currency = "GBP"',
        "",
        "[[pools.feeds]]",
        'id = "till"',
        'repeated_lines = "drop"  # the source doubles nine days of December 2010',
        "silence_s_max = 259200  # three days",
    ]


def resource_lines(code: str, item: Item) -> list[str]:
    """Return one item."""
    price = round(median(item.prices), 2)
    lead_days = LEAD_DAYS_MIN + crc32(code.encode()) % LEAD_DAYS_COUNT
    name = item.name.replace('"', "'")
    return [
        "[[pools.resources]]",
        f'id = "{code}"',
        f'name = "{name}"',
        f"unit_price = {price:g}",
        f"unit_cost = {COST_RATIO * price:.4g}",
        f"lost_sale_cost = {MARGIN_RATIO * price:.4g}",
        f"holding_cost = {HOLDING_RATIO * price:.4g}",
        f"lead_time_periods = {lead_days}",
        f"order_units_max = {ceil(ORDER_DAYS_MAX * item.units_per_day)}",
        f"initial_on_hand_units = {ceil(START_RATIO * (lead_days + 1) * item.units_per_day)}",
    ]


if __name__ == "__main__":
    main()
