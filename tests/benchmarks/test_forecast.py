"""The forecast benchmark: what peers said is kept, whatever becomes of ours."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.forecast import peers
from benchmarks.forecast.datasets import generated
from benchmarks.forecast.peers import Asking, asked
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
