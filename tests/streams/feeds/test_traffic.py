"""The shipped Metro file as readings and weather, dirt included."""

from collections import Counter
from pathlib import Path

import pytest

from streams.catalog import load
from streams.events import Covariate, SensorReading
from streams.feeds.recorded import Recorded
from streams.feeds.traffic import read_traffic

ROOT = Path(__file__).parents[3]
CATALOG = load(ROOT / "catalogs" / "traffic.toml")


@pytest.fixture(scope="module")
def recorded() -> list[Recorded]:
    """Return the whole file."""
    return read_traffic(ROOT / "data" / "traffic" / "metro_interstate_traffic_volume.csv.xz", CATALOG)


def test_every_row_is_a_reading_and_four_covariates(recorded: list[Recorded]) -> None:
    """48,204 rows, each with its own ids, in time order."""
    kinds = Counter(type(one.event).__name__ for one in recorded)
    assert kinds == {"SensorReading": 48_204, "Covariate": 4 * 48_204}
    assert len({one.event.event_id for one in recorded}) == len(recorded)
    assert [one.at_s for one in recorded] == sorted(one.at_s for one in recorded)


def test_hours_of_several_weathers_are_sent_several_times(recorded: list[Recorded]) -> None:
    """As they are: the mean of equal values is the value."""
    hours: dict[float, set[float]] = {}
    count = 0
    for one in recorded:
        if isinstance(one.event, SensorReading):
            hours.setdefault(one.at_s, set()).add(one.event.value)
            count += 1
    assert count - len(hours) == 7_629
    assert all(len(values) == 1 for values in hours.values())


def test_impossible_weather_is_sent_and_lies_outside_the_catalogs_limits(recorded: list[Recorded]) -> None:
    """Ten hours at 0 K, one with 9,831 mm of rain: the shard's rule parks exactly these."""
    limits = CATALOG.pools[0].covariate_limits
    outside = Counter(
        one.event.name
        for one in recorded
        if isinstance(one.event, Covariate)
        and not limits[one.event.name][0] <= one.event.value <= limits[one.event.name][1]
    )
    assert outside == {"temperature_c": 10, "rain_mm": 1}


def test_local_hours_become_utc_over_the_clock_changes(recorded: list[Recorded]) -> None:
    """2017-03-12 in Chicago: 01:00 is 07:00 UTC, and the next row, 03:00, an hour later; in autumn 03:00 is 09:00."""
    hours = {one.at_s for one in recorded if isinstance(one.event, SensorReading)}
    assert {1489302000.0, 1489305600.0, 1509872400.0} <= hours  # 2017-03-12 07:00Z and 08:00Z, 2017-11-05 09:00Z
    assert 1509865200.0 not in hours  # 07:00Z: the second 01:00 of that night is not in the file
