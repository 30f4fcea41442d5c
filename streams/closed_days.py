"""What a place's declaration says of the days it is closed in, whether it is closed on a day out.

On a closed day nothing can be asked for: demand is known to be zero before the day comes, and says nothing about other
days. Without the declaration such a day is either silence (missing) or a zero that a model takes for low demand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOLIDAYS = "holidays"
_YEARLY = re.compile(r"\d\d-\d\d")
_FORMS = 'a weekday ("sunday"), a day of each year ("12-25"), a day ("2027-04-02") or "holidays"'
_LEAP_YEAR = 2000  # so that the 29th of February may be named


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Days on which nothing is sold or counted, as one declares them.

    >>> shut = closed_days(["sunday", "12-25", "holidays"])
    >>> shut.has(date(2026, 12, 25)), shut.has(date(2026, 12, 26)), shut.has(date(2026, 12, 26), is_holiday=True)
    (True, False, True)
    """

    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    yearly: frozenset[tuple[int, int]] = frozenset()  # month and day
    days: frozenset[date] = frozenset()
    holidays: bool = False  # all that are declared

    def has(self, day: date, *, is_holiday: bool = False) -> bool:
        """Return whether the place is closed on a local day."""
        return (
            day.weekday() in self.weekdays
            or (day.month, day.day) in self.yearly
            or day in self.days
            or (is_holiday and self.holidays)
        )


NEVER = ClosedDays()


def closed_days(words: Sequence[str]) -> ClosedDays:
    """Return the days that `words` name; raise ValueError for a word that names none.

    >>> closed_days(["13-25"])
    Traceback (most recent call last):
    ValueError: closed '13-25': there is no such day
    """
    weekdays, yearly, days = set(), set(), set()
    for word in words:
        if word in WEEKDAYS:
            weekdays.add(WEEKDAYS.index(word))
        elif word != HOLIDAYS:
            day = _day(word)
            if _YEARLY.fullmatch(word):
                yearly.add((day.month, day.day))
            else:
                days.add(day)
    if len(weekdays) == len(WEEKDAYS):
        raise ValueError("closed: all seven weekdays; at least one has to be open")
    return ClosedDays(frozenset(weekdays), frozenset(yearly), frozenset(days), HOLIDAYS in words)


def _day(word: str) -> date:
    """Return the day that a word names, of no year a leap year's."""
    is_yearly = _YEARLY.fullmatch(word) is not None
    if not is_yearly and not re.fullmatch(r"\d{4}-\d\d-\d\d", word):
        raise ValueError(f"closed {word!r}: has to be {_FORMS}")
    try:
        return date.fromisoformat(f"{_LEAP_YEAR}-{word}" if is_yearly else word)
    except ValueError as error:
        raise ValueError(f"closed {word!r}: there is no such day") from error
