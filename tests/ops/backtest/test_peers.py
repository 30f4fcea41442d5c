"""LightGBM and AutoETS: what they are tuned by, told, and how what they said is kept."""

from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ops.backtest import configuration, kept, table
from ops.backtest.peers import autoets, features, retrained, tuning
from ops.cli import main
from tests.ops.backtest.tables import lines, written


def test_settings_are_chosen_before_the_reported_span(tmp_path: Path) -> None:
    """Two trials give a LightGBM that says something, and what is reported changes none of its settings."""
    chosen = []
    for later in ("1", "3"):
        rows = lines()
        report = 1 + 2 * 100
        rows[report:] = [f"{row.rpartition(',')[0]},{later}" for row in rows[report:]]
        path = written(tmp_path, rows)
        settings = msgspec.structs.replace(
            configuration.load(configuration.beside(path)), report_from=date(2024, 1, 1) + timedelta(100)
        )
        (pool,) = table.read(path, settings)
        chosen.append(tuning.tuned(pool, settings, trials=2, seed=1, done=lambda _share: None))
    assert chosen[0] == chosen[1]


def test_settings_are_judged_by_what_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scored quantile of the nearest and the furthest horizon, fitted on labels that had come by then."""
    path = written(tmp_path, lines())
    settings = configuration.load(configuration.beside(path))
    (pool,) = table.read(path, settings)
    end, asked = table.reported(pool, settings).start, []
    real, prepared = tuning.Boosting.told, tuning.prepared
    monkeypatch.setattr(tuning, "prepared", lambda known, labels, last: (last, prepared(known, labels, last)))
    monkeypatch.setattr(
        tuning.Boosting,
        "told",
        lambda self, data, known, origins, level: (
            asked.append((data[0], origins, level)),
            real(self, data[1], known, origins, level),
        )[1],
    )

    tuning.tuned(pool, settings, trials=1, seed=1, done=lambda _share: None)

    assert {level for *_, level in asked} == {0.1, 0.5, 0.9, 0.95}
    assert {origins.start - last for last, origins, _ in asked} == {0, 6}  # 1 and 7 days ahead
    assert max(origins.stop for _, origins, _ in asked) <= end


def test_a_method_that_tells_no_sums_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the others are scored all the same; AutoETS tells them."""
    path, out = written(tmp_path, lines()), tmp_path / "out.json"
    words = ["backtest", str(path), "--methods", "autoets,seasonal-naive", "--json", str(out)]
    assert main(words) == 0
    rows = {(row["method"], row["ahead"]): row for row in msgspec.json.decode(out.read_bytes())}
    assert rows["autoets", "sum of 3"]["pinball"] is not None
    assert rows["autoets", "sum of 3"]["count"] == rows["seasonal-naive", "sum of 3"]["count"] == 136

    monkeypatch.setattr(autoets, "sum_quantiles", lambda *_: np.full(4, np.nan))
    assert main(words) == 0
    rows = {(row["method"], row["ahead"]): row for row in msgspec.json.decode(out.read_bytes())}
    assert rows["seasonal-naive", "sum of 3"]["pinball"] is not None
    assert rows["autoets", "sum of 3"]["pinball"] is None
    assert rows["autoets", "+7"]["pinball"] is not None


def test_a_part_of_lightgbm_that_was_said_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, each horizon and the sum are kept apart: a night's work that stops goes on with the next part."""
    path, folder = written(tmp_path, lines()), tmp_path / "kept"
    settings = configuration.load(configuration.beside(path))
    (pool,) = table.read(path, settings)
    settings = msgspec.structs.replace(settings, report_from=date(2024, 4, 29))
    ask = partial(retrained.Retrained(1).ask, pool, settings)
    whole = ask(lambda _count: None, kept.Forgetful(), "lightgbm")

    with monkeypatch.context() as broken:
        broken.setattr(retrained.Boosting, "sums", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ask(lambda _count: None, kept.Kept(folder, "a run"), "lightgbm")
    assert sorted(one.name for one in folder.iterdir()) == [
        "lightgbm+1.npz", "lightgbm+7.npz", "lightgbm-settings.json", "run.txt"
    ]  # fmt: skip
    monkeypatch.setattr(retrained, "tuned", lambda *_: 1 / 0)
    monkeypatch.setattr(retrained.Boosting, "periods", lambda *_: 1 / 0)
    steps: list[int] = []
    again = ask(steps.append, kept.Kept(folder, "a run"), "lightgbm")

    assert np.array_equal(again.quantiles[7], whole.quantiles[7], equal_nan=True)
    assert np.array_equal(again.mean[1], whole.mean[1], equal_nan=True)
    assert np.array_equal(again.lead_quantiles, whole.lead_quantiles, equal_nan=True)
    assert sum(steps) == len(pool.starts_s) - 1


def test_what_a_peer_said_is_named_by_what_it_was_told(tmp_path: Path) -> None:
    """Another value, another feature or other settings are another name; the version of our models is not."""
    path = written(tmp_path, lines())
    settings = configuration.load(configuration.beside(path))
    (pool,) = table.read(path, settings)
    told = features.features(pool, settings, 1)
    name = kept.fingerprint_of_peer(pool, settings, "lightgbm 4", told)

    assert kept.fingerprint_of_peer(pool, settings, "lightgbm 4", told.copy()) == name
    assert kept.fingerprint_of_peer(pool, settings, "lightgbm 5", told) != name
    assert kept.fingerprint_of_peer(pool, settings, "lightgbm 4", told + 1.0) != name
    later = msgspec.structs.replace(settings, report_from=date(2024, 4, 29))
    assert kept.fingerprint_of_peer(pool, later, "lightgbm 4", told) != name
    other = replace(pool, values=pool.values + 1.0)
    assert kept.fingerprint_of_peer(other, settings, "lightgbm 4", told) != name
