"""Rows of Metro Interstate Traffic Volume in, readings of one detector and the weather as covariates out.

Nothing but a mapping: what the file calls what. Rows go on as they are, also the hours that are there once for each
weather condition, the ten hours at 0 K and the one with 9,831 mm of rain.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

from streams.catalog import Catalog
from streams.feeds.mapping import CovariateColumn, Mapping, PoolSource, Source, TimeColumn, ValueColumn
from streams.feeds.recorded import Recorded, in_time_order
from streams.feeds.table import read_table

ROAD_TIME = ZoneInfo("America/Chicago")  # "local time" in the file's description; the station is in Minnesota
KELVIN_OF_0_C = 273.15

METRO = Mapping(
    version=1,
    feed_id="counter",
    time=TimeColumn(column="date_time", timezone=ROAD_TIME.key),
    pool=PoolSource(constant="i94"),
    resource=Source(constant="westbound"),
    value=ValueColumn(column="traffic_volume", quantity="flow_vehicles_per_h"),
    covariates=(
        CovariateColumn(name="temperature_c", column="temp", offset=-KELVIN_OF_0_C, feed_id="weather"),
        CovariateColumn(name="rain_mm", column="rain_1h", feed_id="weather"),
        CovariateColumn(name="snow_mm", column="snow_1h", feed_id="weather"),
        CovariateColumn(name="clouds_ratio", column="clouds_all", scale=0.01, feed_id="weather"),
    ),
)
FEED_IDS = METRO.feed_ids


def read_traffic(path: Path, catalog: Catalog) -> list[Recorded]:
    """Return the readings and covariates in `path` (.csv, .csv.gz, .csv.xz), in time order, for a replay."""
    return in_time_order(read_table(path, METRO, catalog, hmac_key=b""))  # the file names nobody
