"""The folder of data sets in, each set as `headgate backtest` has it out: a pool's table and what is scored of it.

The data sets are not part of the project; `--data` or HEADGATE_DATA says where they lie. Each loader is the protocol of
its set: which series, what is cleaned away, which span warms up, which is reported. The span before the reported one is
what settings are chosen on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from online_models.base import Float64s
from ops.backtest.configuration import Columns, Configuration
from ops.backtest.table import PoolTable, places
from streams.periods import PeriodName


@dataclass(frozen=True, slots=True)
class DataSet:
    """One set, ready to be forecast."""

    name: str
    table: PoolTable
    configuration: Configuration

    def total(self) -> "DataSet":
        """Return the pool's sum as a set of one series."""
        values = np.sum(self.table.values, axis=1, keepdims=True)
        table = PoolTable("total", ("total",), self.table.starts_s, self.table.slots, values, self.table.covariates)
        return DataSet(f"{self.name} total", table, self.configuration)

    def uncalendared(self) -> "DataSet":
        """Return the set as who knows no closed days sees it: nothing was asked for in them, as it turned out."""
        slots = tuple(msgspec.structs.replace(slot, closed=False) for slot in self.table.slots)
        table = replace(self.table, slots=slots, values=self.table.demand)
        return DataSet(self.name, table, msgspec.structs.replace(self.configuration, closed=()))


def _set(
    name: str,
    frame: pd.DataFrame,
    period: PeriodName,
    horizons: Sequence[int],
    report_from: date,
    *,
    holidays: str = "",
    closed: Sequence[str] = (),
    lead_periods: int = 1,
    observed: pd.DataFrame | None = None,
) -> DataSet:
    """Return a set of the columns of `frame`, local times in its index; `observed` are covariates of the same rows."""
    observed_names = () if observed is None else tuple(map(str, observed.columns))
    configuration = Configuration(
        version=1,
        period=period,
        timezone="UTC",  # times are local already
        holidays=holidays,
        closed=tuple(closed),
        columns=Columns(time="time", series="series", value="value", covariates=observed_names),
        horizons=tuple(horizons),
        report_from=report_from,
        lead_periods=lead_periods,
        missing="missing",
        calendar="as-recorded",
    )
    index = pd.DatetimeIndex(frame.index)
    starts_s = index.to_numpy().astype("datetime64[s]").astype(np.int64).astype(np.float64)
    covariates = [()] * len(frame) if observed is None else [
        tuple((str(column), float(value)) for column, value in zip(observed.columns, row, strict=True))
        for row in observed.to_numpy(np.float64)
    ]  # fmt: skip
    slots = places(starts_s.tolist(), configuration)
    values = np.where([[slot.closed] for slot in slots], np.nan, frame.to_numpy(np.float64))
    names = tuple(map(str, frame.columns))
    return DataSet(name, PoolTable(name, names, starts_s, slots, values, tuple(covariates)), configuration)


def scats(data: Path) -> DataSet:
    """Return three crossings of Melbourne by quarters; runs of four zeros and more are a dead sensor."""
    frame = pd.read_csv(
        data / "traffic_scats_melbourne_15min/scats_melbourne_2007_2012.csv.xz", index_col=0, parse_dates=True
    )
    frame = frame.loc["2012-04-18 23:45":"2012-07-25 23:45", ["site_05", "site_07", "site_09"]].astype(float)  # type: ignore[misc]
    for column in frame:
        frame[column] = _without_dead(frame[column].to_numpy())
    return _set("scats", frame, "quarter", (1, 4, 12), date(2012, 7, 5), holidays="AU-VIC")


def _without_dead(values: Float64s) -> Float64s:
    """Return `values` with runs of four zeros and more missing."""
    zero = pd.Series(values == 0)
    run = zero.groupby((~zero).cumsum()).transform("sum")
    return np.where(zero & (run >= 4), np.nan, values)


def metro(data: Path) -> DataSet:
    """Return the traffic of Interstate 94 by hours, with the weather of the hour."""
    frame = pd.read_csv(
        data / "traffic_metro_interstate/metro_interstate_traffic_volume.csv.gz", parse_dates=["date_time"]
    )
    frame = frame.drop_duplicates("date_time").set_index("date_time").sort_index().loc["2017-09-01":]  # type: ignore[misc]
    frame = frame.reindex(pd.date_range(frame.index[0], frame.index[-1], freq="h"))
    observed = frame[["temp", "rain_1h", "snow_1h", "clouds_all"]].astype(float)
    report_from = (frame.index[-1] - pd.Timedelta(days=59)).date()
    return _set("metro", frame[["traffic_volume"]], "hour", (1, 24), report_from, holidays="US-MN", observed=observed)


def bikes(data: Path) -> DataSet:
    """Return the rentals of Washington by hours; an hour without a row had none."""
    frame = pd.read_csv(data / "city_dc_bike_sharing/hour.csv.gz")
    frame.index = pd.to_datetime(frame["dteday"], format="mixed") + pd.to_timedelta(frame["hr"], unit="h")
    frame = frame.loc["2011-10-01":"2012-10-28"]  # type: ignore[misc]
    frame = frame.reindex(pd.date_range(frame.index[0], "2012-10-28 23:00", freq="h"))
    observed = frame[["temp", "hum", "windspeed", "weathersit"]].astype(float)
    return _set(
        "bikes", frame[["cnt"]].fillna(0.0), "hour", (1, 24), date(2012, 8, 30), holidays="US-DC", observed=observed
    )


def retail(data: Path) -> DataSet:
    """Return the 40 items of Online Retail II sold on most days before the reported span, by open days."""
    lines = pd.read_csv(
        data / "retail_online_retail_ii/online_retail_ii_dev.csv.xz", dtype={"Invoice": str, "StockCode": str}
    ).drop_duplicates()
    lines = lines[
        ~lines["Invoice"].str.startswith(("C", "A"))
        & (lines["Quantity"] > 0)
        & (lines["Price"] > 0)
        & lines["StockCode"].str.match(r"^\d{5}")
    ]
    lines["day"] = pd.to_datetime(lines["InvoiceDate"]).dt.normalize()
    before = lines[lines["day"] < "2011-04-01"]
    days_sold = before.groupby("StockCode")["day"].nunique().sort_values(ascending=False, kind="stable")
    items = list(days_sold.index[:40])
    frame = lines[lines["StockCode"].isin(items)].pivot_table(
        index="day", columns="StockCode", values="Quantity", aggfunc="sum"
    )
    frame = frame.reindex(np.sort(lines["day"].unique())).fillna(0.0)[items]
    return _set("retail", frame, "day", range(1, 8), date(2011, 4, 1), holidays="GB", lead_periods=7)


def complete_journey(data: Path) -> DataSet:
    """Return eight categories in each of eight shops by days.

    The shops are shut at Christmas: who prepared the data found one stray sale on that day and took it out.
    """
    folder = data / "retail_complete_journey"
    lines = pd.read_parquet(folder / "transactions_dev.parquet").merge(
        pd.read_parquet(folder / "products.parquet")[["product_id", "department", "product_category"]], on="product_id"
    )
    lines = lines[~lines["department"].isin(["FUEL", "MISCELLANEOUS"]) & (lines["quantity"] <= 50)]
    lines = lines[lines["store_id"].isin(lines["store_id"].value_counts().index[:8])]
    lines = lines[lines["product_category"].isin(lines["product_category"].value_counts().index[:8])]
    lines["day"] = lines["transaction_timestamp"].dt.tz_localize(None).dt.normalize()
    lines["key"] = lines["store_id"].astype(str) + "/" + lines["product_category"]
    frame = lines.pivot_table(index="day", columns="key", values="quantity", aggfunc="sum")
    frame = frame.reindex(pd.date_range("2017-01-01", "2017-12-31")).fillna(0.0)
    return _set(
        "complete journey", frame, "day", range(1, 8), date(2017, 11, 1), holidays="US", closed=["12-25"],
        lead_periods=7,
    )  # fmt: skip


def ambulance(data: Path) -> DataSet:
    """Return the calls of an ambulance service by days, a series an area."""
    lines = pd.read_csv(data / "health_ambulance_swast/ambulance_dev.csv.gz", parse_dates=["Actual_dt"])
    frame = lines.pivot_table(index="Actual_dt", columns="ORA", values="Actual_Value")
    return _set(
        "ambulance", frame, "day", (7, 28), (frame.index[-1] - pd.Timedelta(days=364)).date(), holidays="GB-ENG"
    )


def icu(data: Path) -> DataSet:
    """Return the occupied intensive-care beds of Germany's states by days."""
    lines = pd.read_csv(data / "health_icu_beds_germany/icu_bundeslaender_dev.csv.xz", parse_dates=["datum"])
    lines = lines[lines["behandlungsgruppe"] == lines["behandlungsgruppe"].iloc[0]]
    frame = lines.pivot_table(index="datum", columns="bundesland_name", values="intensivbetten_belegt", aggfunc="sum")
    return _set("icu", frame, "day", (7,), (frame.index[-1] - pd.Timedelta(days=364)).date(), holidays="DE")


def generated(_data: Path) -> DataSet:
    """Return six shops that never were, for smoke runs: a weekly shape, a slow drift, counts."""
    rng = np.random.default_rng(8)
    days = pd.date_range("2024-01-01", periods=260)
    week = np.array([1.0, 0.9, 0.8, 0.9, 1.4, 1.6, 0.4])[days.dayofweek]
    rates = week[:, None] * np.linspace(3.0, 60.0, 6) * np.exp(0.2 * np.sin(np.arange(260) / 25.0))[:, None]
    frame = pd.DataFrame(rng.poisson(rates).astype(float), index=days, columns=[f"shop {one}" for one in range(6)])
    return _set("generated", frame, "day", (1, 7), date(2024, 9, 1), lead_periods=3)


LOADERS: Mapping[str, Callable[[Path], DataSet]] = {
    "scats": scats,
    "metro": metro,
    "bikes": bikes,
    "retail": retail,
    "complete-journey": complete_journey,
    "ambulance": ambulance,
    "icu": icu,
}
