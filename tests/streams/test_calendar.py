"""Holidays and days of the year: the same whoever asks, and a log is replayed with those it was written with."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from online_models.base import Forecast, PoolBucket, Slot
from streams import calendar, catalog, model
from streams.calendar import EPOCH, Calendar, holiday_days
from streams.errors import ConfigurationError
from streams.periods import PeriodName, Periods
from tests.streams.pools import DAY_S, START_S, declared, sale, shop

CHRISTMAS = date(2001, 12, 25).toordinal() - EPOCH
FILE = """\
version = 1
[[pools]]
pool_id = "shop"
timezone = "Europe/London"
holidays = "{name}"
feeds = [{{ id = "till" }}]
resources = [{{ id = "mug" }}]
"""


@pytest.mark.parametrize("timezone", ["Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize(("name", "length_s"), [("quarter", 900.0), ("hour", 3600.0), ("day", DAY_S)])
def test_a_slot_is_what_the_clock_on_the_wall_says(timezone: str, name: PeriodName, length_s: float) -> None:
    """Over a year with both changes of the clocks, by whatever offset."""
    periods, holidays = Periods(name, timezone), frozenset({CHRISTMAS})
    start_s = periods.start_of(START_S)
    count = int(366 * DAY_S / length_s)
    slots = Calendar(periods, holidays).slots(start_s, count)
    for step in range(0, count, 1 if name == "day" else 3):
        at_s = periods.shift(start_s, step)
        local = datetime.fromtimestamp(at_s, ZoneInfo(timezone))
        known = slots[step].of_week, slots[step].day_of_year, slots[step].holiday
        assert known == (
            periods.slot_of_week(at_s),
            local.timetuple().tm_yday - 1,
            (local.month, local.day) == (12, 25),
        )


def test_a_catalog_file_writes_the_days_down(tmp_path: Path) -> None:
    """By the name of a country or a part of one; a name that nobody knows says which are known."""
    path = tmp_path / "catalog.toml"
    path.write_text(FILE.format(name="GB-ENG"), encoding="utf-8")
    (pool,) = catalog.load(path).pools
    assert pool.holiday_days == holiday_days("GB-ENG")
    assert CHRISTMAS in pool.calendar.holidays
    for name, words in (("GB-LON", "has no part 'LON'"), ("QQ", "no country 'QQ'"), ("England", "holidays")):
        path.write_text(FILE.format(name=name), encoding="utf-8")
        with pytest.raises(ConfigurationError, match=words):
            catalog.load(path)


def test_a_declaration_without_its_days_is_parked() -> None:
    """A sender that only names the holidays would leave the days to whatever package the reader has."""
    log = declared(shop(holidays="GB"))
    assert log.dead[0].rule == "invalid-catalog"
    assert "holiday_days" in log.dead[0].message


def test_models_are_told_of_holidays_and_the_log_alone_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is learnt and what is forecast carry them; no package is asked in the fold."""
    monkeypatch.setattr(calendar, "holiday_days", None)
    holiday = int(START_S // DAY_S) + 2
    learnt: list[Slot] = []
    asked: list[Sequence[Slot]] = []

    class Spy:
        """A model that says nothing."""

        def learn(self, bucket: PoolBucket) -> None:
            learnt.append(bucket.slot)

        def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
            asked.append(slots)
            return [None, None]

        def state(self) -> bytes:
            return b""

    monkeypatch.setattr(model.Shape, "forecaster", lambda _: Spy())
    monkeypatch.setattr(model.registry, "restore_pool", lambda *_: Spy())
    log = declared(shop(holidays="GB", holiday_days=(holiday,), horizon_periods=3))
    for day in range(4):
        log.add(sale(START_S + day * DAY_S, 1.0))
        log.promise(START_S + (day + 1) * DAY_S)
    assert [slot.holiday for slot in learnt] == [False, False, True, False]
    assert [slot.day_of_year for slot in learnt] == [252, 253, 254, 255]  # 2001-09-10 is the 253rd
    assert [[slot.holiday for slot in slots] for slots in asked[:2]] == [[False, True, False], [True, False, False]]
