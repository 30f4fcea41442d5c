"""A pool's model is switched, reset and rolled back while the stream runs: no forecast is missing, nothing is lost."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from online_models import registry
from streams.catalog import PoolSpec, ResourceSpec
from streams.events import BucketClosed, decode_output, encode
from streams.model_events import ModelReset
from streams.shard import Shard
from tests.streams.pools import DAY_S, PARTITIONS, START_S, Log, declared, sale, shop

RESET = ModelReset(event_id="order-1", pool_id="shop", reason="a promotion", operator="kim")


def live(log: Log, days: range) -> Iterator[BucketClosed]:
    """Sell on each of `days` and yield what is told of the mug."""
    for day in days:
        log.add(sale(START_S + day * DAY_S, 20.0 + day % 7))
        log.add(sale(START_S + day * DAY_S + 60.0, 5.0, resource_id="cup"))
        log.promise(START_S + (day + 1) * DAY_S)
        told = [decode_output(encode(one)) for one in log.closed[-len(log.spec.resources) :]]
        yield next(one for one in told if isinstance(one, BucketClosed) and one.resource_id == "mug")


def model_of(closed: BucketClosed) -> str:
    """Return which model and version speaks."""
    assert closed.forecast is not None
    return f"{closed.forecast.model}/{closed.forecast.version.partition('.')[2]}"


@pytest.mark.parametrize("family", [name for name in registry.FAMILIES if name != "smoothing"])
def test_switching_never_leaves_a_tick_without_forecast(family: str) -> None:
    """The new family learns beside the old one, takes over once it knows enough, and that is told twice."""
    log = declared(shop(forecast="smoothing"))
    list(live(log, range(30)))
    log.add(shop(forecast=family))
    spoken = [model_of(one) for one in live(log, range(30, 60))]

    assert set(spoken) == {"smoothing/1", f"{family}/2"}
    assert spoken[:19] == ["smoothing/1"] * 19
    assert spoken == sorted(spoken, key=lambda one: one.endswith("/2"))
    assert [(one.kind, one.model, one.resource_id) for one in log.changed] == [
        ("begun", family, None),
        ("switched", family, None),
    ]
    assert log.shard.view("shop").counters["models:switched"] == 1


def test_a_declaration_that_is_taken_back_changes_nothing() -> None:
    """The model that serves goes on, and the one that had begun is forgotten."""
    log, same = declared(shop(forecast="smoothing")), declared(shop(forecast="smoothing"))
    list(live(log, range(30)))
    log.add(shop(forecast="river-linear"))
    list(live(log, range(30, 35)))
    log.add(shop(forecast="smoothing"))
    list(live(same, range(35)))

    assert [one.forecast for one in live(log, range(35, 70))] == [one.forecast for one in live(same, range(35, 70))]


def test_a_reset_is_an_order_that_counts_once() -> None:
    """Sent twice it begins one model, which serves when it knows enough; the operator's reason is told."""
    log = declared(shop(forecast="river-linear"))
    list(live(log, range(40)))
    log.add(RESET)
    log.add(RESET)
    spoken = list(live(log, range(40, 75)))

    assert [model_of(one) for one in spoken[:5]] == ["river-linear/1"] * 5
    assert model_of(spoken[-1]) == "river-linear/2"
    last = spoken[-1].forecast
    assert last is not None
    assert last.buckets_learnt == 35
    told = [one.reason for one in log.changed if one.kind in ("begun", "switched")]
    assert told == ["kim: a promotion"] * 2
    assert log.shard.view("shop").counters["duplicate"] == 1


def test_resources_come_and_go_and_the_rest_is_kept() -> None:
    """A new cap begins to learn; the mug's forecasts go on from all that was learnt, with another lead time too."""
    cap = ResourceSpec(id="cap", lead_time_periods=1)
    for family in ("mixture", "river-linear"):
        log = declared(shop(forecast=family))
        list(live(log, range(40)))
        mug = log.spec.resource("mug")
        assert mug is not None
        log.spec = shop(forecast=family, resources=(cap, mug))
        log.add(log.spec)
        told = list(live_mug(log, range(40, 45)))
        assert [one.forecast.buckets_learnt for one in told if one.forecast] == [41, 42, 43, 44, 45]
        assert log.changed == []


def live_mug(log: Log, days: range) -> Iterator[BucketClosed]:
    """Sell mugs only on each of `days` and yield what is told of them."""
    for day in days:
        log.add(sale(START_S + day * DAY_S, 20.0 + day % 7))
        log.promise(START_S + (day + 1) * DAY_S)
        told = [decode_output(encode(one)) for one in log.closed[-len(log.spec.resources) :]]
        yield next(one for one in told if isinstance(one, BucketClosed) and one.resource_id == "mug")


@pytest.mark.parametrize("cut", [30, 36, 49, 50, 51, 58])
def test_a_restart_in_the_middle_of_a_switch_changes_nothing(cut: int) -> None:
    """State out and in, with one model serving and one learning, and the same is said by both, bit for bit."""
    whole = declared(shop(forecast="smoothing"))
    list(live(whole, range(30)))
    whole.add(shop(forecast="mixture"))
    list(live(whole, range(30, cut)))
    broken = Log(whole.spec)
    broken.records = list(whole.records)
    broken.shard = Shard.restore(whole.shard.state(), partitions=PARTITIONS)
    list(live(whole, range(cut, 60)))
    list(live(broken, range(cut, 60)))

    assert broken.shard.state() == whole.shard.state()
    assert [encode(one) for one in broken.closed] == [encode(one) for one in whole.closed[-len(broken.closed) :]]


def test_the_default_of_the_catalog_is_the_registrys() -> None:
    """A pool that names no family is forecast by the mixture."""
    fields = msgspec.structs.asdict(shop())
    del fields["forecast"]
    assert PoolSpec(**fields).forecast == registry.DEFAULT == "mixture"


def test_a_series_that_is_rolled_back_is_told_of() -> None:
    """A level that jumps each week misleads a smoothing; last week's value serves, by name and with the reason."""
    log = declared(shop(forecast="smoothing"))
    for day in range(90):
        log.add(sale(START_S + day * DAY_S, 400.0 if day % 7 == 3 else 1.0))
        log.promise(START_S + (day + 1) * DAY_S)
        log.closed.clear()
    changed = [one for one in log.changed if one.resource_id == "mug"]
    view = log.shard.view("shop")
    forecast = next(one.forecast for one in view.series if one.resource_id == "mug")
    assert changed[0].kind == "rolled-back"
    assert changed[0].model == "seasonal-naive"
    assert "the simple one's" in changed[0].reason
    assert forecast is not None
    assert forecast.model in {"seasonal-naive", "smoothing"}


@pytest.mark.parametrize("family", ["mixture", "river-linear"])
def test_demand_that_stock_outs_hide_is_recovered_from_the_ledger(family: str) -> None:
    """A shelf that is empty on every third day: forecasts are of what customers wanted, within a tenth."""
    rng = np.random.default_rng(12)
    log = declared(shop(forecast=family))
    said: list[float] = []
    for day in range(220):
        start_s = START_S + day * DAY_S
        stock = 8.0 if day % 3 == 0 else 100.0
        log.add(sale(start_s, stock, event_id=f"count {day}", kind="count", unit_price=None))
        wanted = float(rng.poisson(12.0))
        log.add(sale(start_s + 60.0, min(wanted, stock), event_id=f"sale {day}"))
        log.promise(start_s + DAY_S)
        if day >= 120:
            forecast = next(one.forecast for one in log.shard.view("shop").series if one.resource_id == "mug")
            assert forecast is not None
            said.append(forecast.mean[0])
    assert log.dead == []
    assert sum(one.censored for one in log.closed if one.resource_id == "mug") > 50
    assert np.mean(said) == pytest.approx(12.0, rel=0.1)
