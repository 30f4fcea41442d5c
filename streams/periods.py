"""Periods of event time in a pool's own timezone: a moment in, the start of its period out.

Days have 23 to 25 hours where the clocks change; hours and quarters never do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

PeriodName = Literal["quarter", "hour", "day"]
PERIOD_S: dict[PeriodName, int] = {"quarter": 900, "hour": 3600}  # of those that are always as long
SLOTS_PER_WEEK: dict[PeriodName, int] = {"quarter": 672, "hour": 168, "day": 7}


@dataclass(frozen=True, slots=True)
class Periods:
    """The grid of periods of one pool.

    >>> days = Periods("day", "Europe/London")
    >>> start_s = days.start_of(1_269_738_000.0)  # 2010-03-28 01:00 UTC: the clocks go forward
    >>> (days.shift(start_s, 1) - start_s) / 3600
    23.0
    """

    name: PeriodName
    timezone: str

    def start_of(self, at_s: float) -> float:
        """Return the start of the period that contains `at_s`, both in Unix seconds."""
        if self.name != "day":
            return float(at_s // PERIOD_S[self.name] * PERIOD_S[self.name])
        local = datetime.fromtimestamp(at_s, ZoneInfo(self.timezone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()

    def shift(self, start_s: float, count: int) -> float:
        """Return the start of the period `count` periods after the one that starts at `start_s`."""
        if self.name != "day":
            return start_s + count * PERIOD_S[self.name]
        return _shifted_days(self.timezone, start_s, count)

    def slot_of_week(self, start_s: float) -> int:
        """Return the place of the period in its local week, Monday 00:00 first.

        >>> Periods("hour", "UTC").slot_of_week(3600.0)  # 1970-01-01 01:00 was a Thursday
        73
        """
        if self.name == "day":
            return _weekday(self.timezone, start_s)
        local = datetime.fromtimestamp(start_s, ZoneInfo(self.timezone))
        minutes = (local.weekday() * 24 + local.hour) * 60 + local.minute
        return minutes * 60 // PERIOD_S[self.name] % SLOTS_PER_WEEK[self.name]

    def text(self, at_s: float) -> str:
        """Return `at_s` as local date (and time, for periods shorter than a day) for people and ids.

        >>> Periods("day", "Europe/London").text(1_269_738_000.0)
        '2010-03-28'
        """
        local = datetime.fromtimestamp(at_s, ZoneInfo(self.timezone))
        return local.strftime("%Y-%m-%d") if self.name == "day" else local.strftime("%Y-%m-%dT%H:%M%z")


@lru_cache(maxsize=4096)  # every series of a pool asks for the same few days
def _shifted_days(timezone: str, start_s: float, count: int) -> float:
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(start_s, zone).date() + timedelta(days=count)
    return datetime.combine(day, time(), zone).timestamp()  # not by hours: a day may begin at 01:00, as in Cairo


@lru_cache(maxsize=4096)
def _weekday(timezone: str, start_s: float) -> int:
    return datetime.fromtimestamp(start_s, ZoneInfo(timezone)).weekday()


def utc_text(at_s: float) -> str:
    """Return `at_s` as an ISO date and time in UTC, for messages.

    >>> utc_text(0.0)
    '1970-01-01 00:00:00Z'
    """
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
