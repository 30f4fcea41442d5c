"""The forecast benchmark: what peers said is kept, and trouble comes through the real fold."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forecast import losses, peers
from benchmarks.forecast.datasets import DataSet, generated
from benchmarks.forecast.folded import folded
from benchmarks.forecast.peers import Asking, asked
from benchmarks.forecast.rows import ours
from benchmarks.forecast.weather import with_weather_of_target
from ops.backtest.peers import autoets, retrained


def test_peers_are_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run reads what they said; ours is no part of what names it; other settings are asked for anew."""
    one, asking = generated(Path()), Asking(trials=0, days=60, keep=tmp_path)
    first = asked(one, asking)
    for where, name in ((autoets.AutoEts, "_asked"), (retrained.Boosting, "periods"), (retrained.Boosting, "sums")):
        monkeypatch.setattr(where, name, lambda *_: 1 / 0)
    monkeypatch.setattr("ops.backtest.kept.STATE_VERSION", -1)

    again = asked(one, asking)

    assert set(again) == {"AutoETS", "LightGBM"}
    for name, said in again.items():
        assert said.cost_s == first[name].cost_s > 0.0
        assert np.array_equal(said.quantiles[7], first[name].quantiles[7], equal_nan=True)
        assert np.array_equal(said.lead_quantiles, first[name].lead_quantiles, equal_nan=True)
    with pytest.raises(ZeroDivisionError):
        peers.lightgbm(one, Asking(trials=0, days=30, keep=tmp_path))


@pytest.mark.parametrize("sums", [False, True])
def test_the_fold_says_of_clean_events_what_the_table_says(*, sums: bool) -> None:
    """Values that come as readings, or as sales, are forecast as they are from the table, up to what a view rounds."""
    one = generated(Path())
    found, table = folded(one, sums=sums), ours(one)

    for ahead in one.configuration.horizons:
        assert np.allclose(found.mean[ahead], table.mean[ahead], atol=1e-6, equal_nan=True)
    assert (found.sent_twice, found.dropped, found.late) == (0, 0, 0)


@pytest.mark.parametrize("sums", [False, True])
def test_events_that_come_twice_count_once(*, sums: bool) -> None:
    """Outages, spikes, duplicates and disorder: every event sent again is dropped, and forecasts go on."""
    one = generated(Path())
    clean, told = folded(one, sums=sums), folded(one, sums=sums, seed=3)

    assert told.dropped == told.sent_twice > 0.03 * one.table.values.size
    assert told.late > 0
    assert losses.lost_by(one, clean.mean[1], told.mean[1]) < 0.5
    assert not np.array_equal(clean.mean[1], told.mean[1], equal_nan=True)


def test_perfect_weather_is_that_of_the_target() -> None:
    """The last periods have none: what comes after the table is not known."""
    one = generated(Path())
    weather_of = tuple((("temp", float(place)),) for place in range(len(one.table.starts_s)))
    told = with_weather_of_target(DataSet(one.name, replace(one.table, covariates=weather_of), one.configuration), 7)

    assert told.table.covariates[3] == (("temp", 10.0),)
    assert told.table.covariates[-7:] == ((),) * 7
