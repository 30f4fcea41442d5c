"""Closed days, from the catalog file to what operators and policies see: known, silent, and no fault of any feed."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from streams import catalog
from streams.calendar import Calendar
from streams.catalog import ResourceSpec
from streams.closed_days import closed_days
from streams.errors import ConfigurationError
from streams.periods import Periods
from tests.streams.pools import DAY_S, START_S, Log, declared, sale, shop, values

FILE = """\
version = 1
[[pools]]
pool_id = "shop"
timezone = "Europe/London"
closed = {closed}
feeds = [{{ id = "till" }}]
resources = [{{ id = "mug" }}]
"""
CLOSED, CLOSED_DAY = "2001-09-27", 17  # of the logs below


def lived(closed: tuple[str, ...], days: int) -> Log:
    """Return a log of so many days in which both products sell by the day of the week, and then three of silence."""
    log = declared(shop(closed=closed, horizon_periods=8))
    log.promise(START_S)
    for day in range(days):
        log.add(sale(START_S + day * DAY_S + 60.0, 5.0 + day % 7))
        log.add(sale(START_S + day * DAY_S + 60.0, 2.0, resource_id="cup"))
        log.promise(START_S + (day + 1) * DAY_S)
    log.clock(START_S + (days + 3) * DAY_S)
    return log


def said(log: Log, day: int) -> dict[str, Any]:
    """Return what was forecast of the mugs at the end of a day."""
    (found,) = [
        one.forecast for one in log.closed if one.resource_id == "mug" and one.period_start_s == START_S + day * DAY_S
    ]
    assert found is not None
    decoded: dict[str, Any] = msgspec.json.decode(found)
    return {name: decoded[name] for name in ("mean", "quantiles", "lead_quantiles")}


def test_words_name_days() -> None:
    """Each form of word, and that a day may be closed for several reasons."""
    shut = closed_days(["sunday", "02-29", "2026-11-27", "holidays"])
    assert shut.has(date(2026, 11, 29))  # a Sunday
    assert shut.has(date(2028, 2, 29))
    assert shut.has(date(2026, 11, 27))
    assert not shut.has(date(2027, 11, 27))
    assert shut.has(date(2026, 12, 25), is_holiday=True)
    assert not shut.has(date(2026, 12, 25))


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        ('["Sunday"]', "closed 'Sunday': has to be a weekday"),
        ('["2026-02-30"]', "closed '2026-02-30': there is no such day"),
        ('["12.25"]', "closed '12.25': has to be"),
        ('["holidays"]', 'closed "holidays", and no holidays are known; name whose'),
        ('["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]', "all seven weekdays"),
    ],
)
def test_a_catalog_file_with_a_wrong_word_is_refused(closed: str, words: str, tmp_path: Path) -> None:
    """The error names file, pool and word."""
    path = tmp_path / "catalog.toml"
    path.write_text(FILE.format(closed=closed), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"pool shop: .*{words}"):
        catalog.load(path)


def test_a_declaration_with_a_wrong_word_is_parked() -> None:
    """What comes over the wire is checked like what comes from a file."""
    log = declared(shop(closed=("soonday",)))
    assert log.dead[0].rule == "invalid-catalog"
    assert "closed 'soonday'" in log.dead[0].message


@pytest.mark.parametrize("period", ["day", "hour", "quarter"])
def test_every_period_of_a_closed_day_is_closed_by_the_local_clock(period: str) -> None:
    """From local midnight to local midnight, on the day with 25 hours too."""
    periods = Periods(period, "Europe/London")  # type: ignore[arg-type]
    start_s = periods.start_of(1_350_860_400.0)  # 2012-10-22 00:00 in London; the clocks change on Sunday the 28th
    length_s = {"day": 86_400.0, "hour": 3_600.0, "quarter": 900.0}[period]
    slots = Calendar(periods, closed=closed_days(["2012-10-28"])).slots(start_s, int(8 * 86_400 / length_s))
    closed_s = sum(slot.closed for slot in slots) * length_s
    assert closed_s == (86_400.0 if period == "day" else 90_000.0)
    assert {slot.of_week * 7 // {"day": 7, "hour": 168, "quarter": 672}[period] for slot in slots if slot.closed} == {6}


def test_a_silent_feed_on_a_closed_day_is_no_missing_data() -> None:
    """Demand is zero and known, the tick is no fallback's, and the days after are forecast as before."""
    day = CLOSED_DAY
    told, untold = lived((CLOSED,), day), lived((), day)
    assert values(told)[day] == 0.0
    assert values(untold)[day] is None
    assert told.ticks[day].missing is False
    assert untold.ticks[day].missing is True
    missing = [log.shard.totals().get("buckets:missing", 0) for log in (told, untold)]
    assert missing[0] == missing[1] - 2  # of two products
    before, after = said(told, day - 1), said(told, day)
    assert before["mean"][0] == 0.0
    assert max(before["quantiles"][0]) == 0.0
    np.testing.assert_allclose(after["mean"][:6], before["mean"][1:7])


def test_a_sale_on_a_closed_day_moves_stock_and_is_told_but_teaches_nothing() -> None:
    """Nothing is lost: the ledger and the closed bucket have it; only the forecasts go on as if it had not been."""
    plain, odd = (declared(shop(closed=(CLOSED,), horizon_periods=8)) for _ in range(2))
    for log in (plain, odd):
        log.promise(START_S)
        for day in range(23):
            if day != CLOSED_DAY:
                log.add(sale(START_S + day * DAY_S + 60.0, 5.0 + day % 7))
            elif log is odd:
                log.add(sale(START_S + day * DAY_S + 60.0, 7.0))
            log.promise(START_S + (day + 1) * DAY_S)
    assert values(plain)[CLOSED_DAY] == 0.0
    assert values(odd)[CLOSED_DAY] == 7.0
    counters = [log.shard.view("shop").counters.get("closed:sold", 0) for log in (plain, odd)]
    assert counters == [0, 1]
    assert said(odd, CLOSED_DAY) == said(plain, CLOSED_DAY)
    assert said(odd, 22) == said(plain, 22)


def test_families_that_learn_no_sums_over_closed_days_are_refused() -> None:
    """The error names those that do."""
    log = declared(shop(closed=("sunday",), forecast="smoothing"))
    assert log.dead[0].rule == "invalid-catalog"
    assert "forecast 'smoothing' learns no sums over closed days" in log.dead[0].message
    assert "mixture" in log.dead[0].message


def test_a_year_of_silence_is_skipped_also_where_every_week_has_a_closed_day() -> None:
    """Closed days say nothing of the feed: neither that it is back nor that it is missing."""
    log = declared(shop(closed=("sunday",)))
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    for day in range(370, 400):
        log.clock(START_S + day * DAY_S)
    counters = log.shard.view("shop").counters
    assert counters["buckets:skipped"] > 300
    assert counters["buckets:missing"] < 100


def test_a_sensor_of_a_closed_place_reads_zero() -> None:
    """Whatever the aggregate: nothing was asked for, and nobody is told of data that is missing."""
    resources = (ResourceSpec(id="mug", aggregate="mean"), ResourceSpec(id="cup", aggregate="last"))
    log = declared(shop(closed=(CLOSED,), resources=resources, controlled=False))
    log.promise(START_S)
    for day in range(CLOSED_DAY + 1):
        log.promise(START_S + (day + 1) * DAY_S)
    assert values(log)[CLOSED_DAY - 1 :] == [None, 0.0]


def test_models_are_told_of_closed_days_ahead() -> None:
    """Slots of the calendar carry them, a weekday each week, for as far as is asked."""
    slots = Calendar(Periods("day", "UTC"), closed=closed_days(["wednesday"])).slots(START_S, 14)
    assert [slot.closed for slot in slots] == [of_week == 2 for of_week in range(7)] * 2
