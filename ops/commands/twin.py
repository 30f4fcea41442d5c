"""`headgate twin`: a simulated world in place of the real one, until its recorded demand ends or Ctrl-C."""

import argparse
import math
import signal
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ops.cli import settings_of
from ops.shipped import shipped
from ops.twin import WAIT_S, Twin
from streams.catalog import Catalog, load
from streams.feeds.customer import load_hmac_key
from streams.feeds.retail import read_retail

CATALOG = "catalogs/retail.toml"
DATA = "data/retail/online_retail_ii_subset.csv.xz"
CONTROL_FROM = date(2010, 7, 1)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--catalog", type=Path, help=f"pools and items; default: the shipped {CATALOG}")
    parser.add_argument(
        "--data", type=Path, help="recorded demand in the columns of Online Retail II; default: shipped"
    )
    parser.add_argument("--control-from", type=day, default=CONTROL_FROM, metavar="DATE")
    parser.add_argument("--until", type=day, metavar="DATE", help="the first day not to live through")
    parser.add_argument("--periods-per-second", type=pace, default=0.0, help="0: as fast as decisions come")
    parser.add_argument("--wait-s", type=float, default=WAIT_S, help="how long a decision is waited for")


def run(options: argparse.Namespace) -> int:
    """Simulate until the end or Ctrl-C."""
    settings = settings_of(options)
    catalog = load(options.catalog or shipped(CATALOG))
    lines = read_retail(options.data or shipped(DATA), catalog, load_hmac_key(settings))
    twin = Twin(
        settings,
        catalog,
        lines,
        control_from_s=midnight_s(options.control_from, catalog),
        until_s=midnight_s(options.until, catalog) if options.until else None,
        periods_per_second=options.periods_per_second,
        wait_s=options.wait_s,
    )
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: twin.stop())
    twin.run()
    print(f"twin: {twin.periods_lived} of {twin.periods_total} periods lived through, {twin.timeouts} timeouts")
    return 0


def day(text: str) -> date:
    """Return the day that was typed.

    >>> day("2010-07-01")
    datetime.date(2010, 7, 1)
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2010-10-01") from error


def pace(text: str) -> float:
    """Return the periods a second that were typed; 0 is as fast as decisions come."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or above")
    return value


def midnight_s(on: date, catalog: Catalog) -> float:
    """Return the start of `on` in the timezone of the catalog's first controlled pool, in Unix seconds."""
    zone = next((pool.timezone for pool in catalog.pools if pool.controlled), "UTC")
    return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).timestamp()
