"""What an older version has learnt is forecast with as that version did."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from online_models import registry
from online_models.base import Bucket, PoolBucket, Slot
from online_models.forecaster import STATE_VERSION
from online_models.upgrade import upgraded

POOLS = Path(__file__).parent / "stored_pools"
STORED = sorted((Path(__file__).parent / "stored").glob("*.msgpack"))


def _bucket(place: int) -> Bucket:
    """Return the bucket that the older version was taught at `place`: an hour with gaps, stock-outs and weather."""
    value = None if place % 37 == 5 else 20 + 10 * math.sin(place / 4) + place * 7919 % 13
    return Bucket(
        place * 3600.0, place % 168, value, place % 53 == 2, (("rain", float(place % 9)),) if place % 3 else ()
    )


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_an_older_state_goes_on_as_it_would_have(path: Path) -> None:
    """Taken over and taught 20 more buckets, it says what the version that wrote it said after the same 20."""
    kept = msgspec.msgpack.decode(path.read_bytes())
    forecaster = registry.restore(path.stem.rpartition("-")[0], kept["state"])
    for place in range(kept["buckets"], kept["buckets"] + 20):
        forecaster.learn(_bucket(place))
    forecast = forecaster.forecast([(place + step) % 168 for step in range(1, 11)])
    mean, some_quantiles, lead_quantiles, error, count = kept["said"]
    assert forecast is not None

    assert forecast.mean == pytest.approx(np.array(mean), rel=1e-9)
    assert forecast.quantiles[:, ::4] == pytest.approx(np.array(some_quantiles), rel=1e-9)
    assert forecast.lead_quantiles == pytest.approx(np.array(lead_quantiles), rel=1e-9)
    assert forecast.error == pytest.approx(error, rel=1e-9)
    assert forecast.count == count


def test_every_family_has_a_stored_state() -> None:
    """So that no step is left untried."""
    assert {path.stem for path in STORED} == {f"{name}-2" for name in registry.FORECASTERS}


@pytest.mark.parametrize("version", [1, STATE_VERSION + 1])
def test_a_version_that_nothing_leads_from_is_refused(version: int) -> None:
    """From before the first that is known, and from the future."""
    with pytest.raises(ValueError, match=f"nothing leads from version {version}"):
        upgraded({"version": version}, STATE_VERSION)


def _pool_bucket(place: int) -> PoolBucket:
    """Return the daily bucket of two series that the older version was taught at `place`."""
    ahead = tuple(Slot((place + step) % 7, (place + step) % 366) for step in range(1, 4))
    first = math.nan if place % 37 == 5 else 20 + 10 * math.sin(place / 4) + place * 7919 % 13
    covariates = (("rain", float(place % 9)),) if place % 3 else ()
    values, censored = np.array([first, 2.0 + place % 5]), np.array([place % 53 == 2, False])
    return PoolBucket(place * 86_400.0, Slot(place % 7, place % 366), values, censored, covariates, ahead)


@pytest.mark.parametrize("family", ["mixture", "snarimax"])
def test_an_older_pool_keeps_what_it_learnt(family: str) -> None:
    """It says at once what it said, a mixture but for another prior; what is new in a mixture joins in later."""
    kept = msgspec.msgpack.decode((POOLS / f"{family}-4.msgpack").read_bytes())
    pool, rel = registry.restore_pool(family, kept["state"]), 0.1 if family == "mixture" else 1e-9
    last = kept["buckets"] - 1
    for one, said in zip(pool.forecast(_pool_bucket(last).ahead), kept["said"], strict=True):
        mean, quantiles, lead_quantiles, error, count = said
        assert one is not None
        assert one.mean == pytest.approx(np.array(mean), rel=rel)
        assert one.quantiles == pytest.approx(np.array(quantiles), rel=2 * rel, abs=10 * rel)
        assert one.lead_quantiles == pytest.approx(np.array(lead_quantiles), rel=2 * rel, abs=10 * rel)
        assert (one.error, one.count) == (pytest.approx(error), count)
    other = registry.restore_pool(family, pool.state())
    for place in range(last + 1, last + 31):
        pool.learn(_pool_bucket(place))
        other.learn(_pool_bucket(place))
    assert pool.state() == other.state()
    assert all(pool.forecast(_pool_bucket(last + 30).ahead))
