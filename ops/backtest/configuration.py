"""A TOML file in, how a table is read and what is scored out; raises ConfigurationError."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from streams.calendar import Calendar, holiday_days
from streams.closed_days import closed_days
from streams.errors import ConfigurationError
from streams.periods import PeriodName, Periods

HORIZON_PERIODS_MAX = 192
Column = Annotated[str, Meta(min_length=1)]
Ahead = Annotated[int, Meta(ge=1, le=HORIZON_PERIODS_MAX)]

EXAMPLE = """\
version = 1
period = "day"                  # or "hour", "quarter"
timezone = "Europe/London"      # of times that name none, and of the calendar
holidays = "GB-ENG"             # a country or a part of one whose holidays are known; without it none are
closed = ["sunday", "12-25"]    # days without demand; also "2011-04-29" and "holidays"; without it none are
horizons = [1, 7]               # periods ahead that are scored
lead_periods = 7                # whose sum is scored too
missing = "zero"                # what a period without a row means; "missing": nothing was heard
report_from = 2011-04-01        # what lies before only warms up

[columns]
time = "date"                   # time_format = "%d.%m.%Y" where it is not ISO
series = "item"
value = "units"
# pool = "store"                # series of one pool are learnt together; without it all are
# covariates = ["price"]
"""


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the table's columns are called."""

    time: Column
    series: Column
    value: Column
    pool: Column | None = None
    covariates: tuple[Column, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Return every column that has to be there."""
        return (self.time, self.series, self.value, *((self.pool,) if self.pool else ()), *self.covariates)


class Configuration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    version: Literal[1]
    period: PeriodName
    timezone: str
    holidays: str = ""  # a country of ISO 3166 or a part of one, such as "GB-ENG"
    closed: tuple[str, ...] = ()  # days without demand: "sunday", "12-25", "2027-04-02" or "holidays"
    columns: Columns
    horizons: Annotated[tuple[Ahead, ...], Meta(min_length=1)]
    report_from: date
    report_until: date | None = None  # its first period is the first that is not scored; None: all are
    lead_periods: Ahead = 1
    missing: Literal["zero", "missing"]
    calendar: Literal["complete", "as-recorded"] = "complete"  # "as-recorded": a period is one that has a row
    time_format: str = "iso"  # or "unix_s", "unix_ms", or as strptime has it
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"  # of a CSV file

    @property
    def horizon_periods(self) -> int:
        """Return how far a forecast has to reach."""
        return max(*self.horizons, self.lead_periods)

    @property
    def periods(self) -> Periods:
        """Return the grid of the table."""
        return Periods(self.period, self.timezone)

    @property
    def grid(self) -> Calendar:
        """Return the grid of the table with its holidays and closed days."""
        holidays = frozenset(holiday_days(self.holidays) if self.holidays else ())
        return Calendar(self.periods, holidays, closed_days(self.closed))


def load(path: Path) -> Configuration:
    """Return what the TOML file `path` says; raise ConfigurationError naming file, place and limit."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Configuration)
        ZoneInfo(found.timezone)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file; it has to say, for example:\n\n{EXAMPLE}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}; a whole file is, for example:\n\n{EXAMPLE}") from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(f"{path}: timezone is no IANA timezone, such as Europe/Berlin") from error
    try:
        _ = found.grid
    except ValueError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    if found.report_until is not None and found.report_until <= found.report_from:
        raise ConfigurationError(f"{path}: report_until {found.report_until} is not after {found.report_from}")
    return found


def beside(data: Path) -> Path:
    """Return where the configuration of a table is looked for.

    >>> beside(Path("sales.csv.gz")).name
    'sales.toml'
    """
    return data.with_name(data.name.split(".")[0] + ".toml")
