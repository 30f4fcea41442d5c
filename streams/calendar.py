"""A pool's periods, holidays and closed days in; where each period lies in the local week and year, and which, out.

What a country's holidays are is asked once, where a catalog or a backtest is read: the days themselves travel in the
pool's declaration, so that a log is replayed with the holidays it was written with, whatever the package says by then.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from online_models.base import Slot
from streams.closed_days import NEVER, ClosedDays
from streams.periods import PERIOD_S, SLOTS_PER_WEEK, Periods

HOLIDAY_YEARS = range(1990, 2050)  # no day outside them is a holiday
EPOCH = date(1970, 1, 1).toordinal()
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Calendar:
    """The grid of periods of one pool, with its holidays and closed days.

    >>> english = Calendar(Periods("day", "Europe/London"), frozenset(holiday_days("GB-ENG")))
    >>> [(slot.of_week, slot.day_of_year, slot.holiday) for slot in english.slots(1_293_753_600.0, 3)]
    [(4, 364, False), (5, 0, True), (6, 1, False)]
    """

    periods: Periods
    holidays: frozenset[int] = frozenset()  # local days since 1970-01-01
    closed: ClosedDays = NEVER

    def __post_init__(self) -> None:
        """Raise ValueError when it is closed on holidays and has none."""
        if self.closed.holidays and not self.holidays:
            raise ValueError('closed "holidays", and no holidays are known; name whose, such as holidays = "GB"')

    def slots(self, start_s: float, count: int) -> tuple[Slot, ...]:
        """Return the places of `count` periods that follow one another, the first of which starts at `start_s`."""
        if self.periods.name == "day":
            first = datetime.fromtimestamp(start_s, ZoneInfo(self.periods.timezone)).toordinal() - EPOCH
            return tuple([_whole_day(day, day in self.holidays, self.closed) for day in range(first, first + count)])
        day, second = divmod(int(start_s), DAY_S)
        found = _utc_day(self, day)[second // PERIOD_S[self.periods.name] :]
        while len(found) < count:
            day += 1
            found += _utc_day(self, day)
        return found[:count]


@lru_cache(maxsize=4096)
def _whole_day(day: int, holiday: bool, closed: ClosedDays) -> Slot:
    local = date.fromordinal(day + EPOCH)
    return Slot(local.weekday(), local.timetuple().tm_yday - 1, holiday, closed.has(local, is_holiday=holiday))


@lru_cache(maxsize=256)  # a day costs some 100 us, and is asked for with each of its periods and of those a day before
def _utc_day(calendar: Calendar, day: int) -> tuple[Slot, ...]:
    """Return the places of the periods that start in one day of UTC."""
    periods, zone = calendar.periods, ZoneInfo(calendar.periods.timezone)
    per_week, length_s = SLOTS_PER_WEEK[periods.name], PERIOD_S[periods.name]
    slots = []
    for start_s in range(day * DAY_S, (day + 1) * DAY_S, length_s):
        local = datetime.fromtimestamp(start_s, zone)
        seconds = ((local.weekday() * 24 + local.hour) * 60 + local.minute) * 60
        holiday = local.toordinal() - EPOCH in calendar.holidays
        closed = calendar.closed.has(local.date(), is_holiday=holiday)
        slots.append(Slot(seconds // length_s % per_week, local.timetuple().tm_yday - 1, holiday, closed))
    return tuple(slots)


@lru_cache(maxsize=64)
def holiday_days(name: str) -> tuple[int, ...]:
    """Return the holidays, as days since 1970-01-01, of a country or a part of it; raise ValueError for another name.

    >>> holiday_days("GB-ENG")[0] == date(1990, 1, 1).toordinal() - EPOCH
    True
    >>> holiday_days("GB-XYZ")
    Traceback (most recent call last):
    ValueError: holidays 'GB-XYZ': GB has no part 'XYZ'; it has ENG, NIR, SCT, WLS
    """
    import holidays  # noqa: PLC0415  a tenth of a second that only who declares holidays waits for

    country, _, part = name.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(
            f"holidays {name!r}: no country {country!r}; it has to be one of ISO 3166, such as GB, or a part of one, "
            "such as GB-ENG"
        )
    if part not in ("", *known[country]):
        raise ValueError(f"holidays {name!r}: {country} has no part {part!r}; it has {', '.join(known[country])}")
    days = holidays.country_holidays(country, subdiv=part or None, years=HOLIDAY_YEARS)
    return tuple(sorted(day.toordinal() - EPOCH for day in days))
