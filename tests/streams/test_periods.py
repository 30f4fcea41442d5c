"""The calendar: periods follow one another without gap or overlap, wherever and whenever the clocks change."""

from datetime import UTC, datetime

import pytest

from streams.periods import Periods

DAY_S = 86_400.0
START_S = datetime(2024, 1, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("timezone", ["Europe/London", "Africa/Cairo", "America/Santiago", "Asia/Beirut", "UTC"])
def test_the_next_day_is_where_its_moments_say_it_begins(timezone: str) -> None:
    """Also the day after one that begins at 01:00, because the clocks went forward at midnight."""
    days = Periods("day", timezone)
    start_s = days.start_of(START_S)
    for _ in range(800):
        next_s = days.shift(start_s, 1)
        assert days.start_of(next_s) == days.start_of(next_s + DAY_S / 2) == next_s
        start_s = next_s
