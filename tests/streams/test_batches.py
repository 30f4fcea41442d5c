"""However a log is cut into batches, the batch fold comes to what the simple fold does, one record after the other."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import shard as shard_module
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.effects import Effects
from streams.events import Clock, Covariate, Heartbeat, InputEvent, SensorReading, Transaction, encode
from streams.records import Records
from streams.shard import Shard
from streams.topics import partition_of
from streams.values import Values

HOUR_S = 3600.0
START_S = 1_000_080_000.0
PARTITIONS = 4
HOME = partition_of("one", PARTITIONS)
NEIGHBOURS = ("one", next(name for name in map(str, range(99)) if partition_of(name, PARTITIONS) == HOME))


def pool(pool_id: str, **changes: object) -> PoolSpec:
    """Return an hourly pool of two feeds, one of which prints lines twice."""
    fields: dict[str, object] = {
        "pool_id": pool_id,
        "topic": "transactions",
        "period": "hour",
        "controlled": pool_id == "one",
        "forecast": "smoothing",
        "horizon_periods": 3,
        "lateness_s": 600.0,
        "ahead_s_max": 1000.0,
        "feeds": (
            FeedSpec(id="till", silence_s_max=2 * HOUR_S, repeated_lines="drop"),
            FeedSpec(id="web", silence_s_max=HOUR_S),
        ),
        "resources": tuple(ResourceSpec(id=name, lead_time_periods=1) for name in ("mug", "cup")),
    }
    return PoolSpec(**(fields | changes))  # type: ignore[arg-type]


steps_s = st.sampled_from([0.0, 0.0, 1.0, 60.0, 60.0, 300.0, 900.0, 2000.0, -400.0, -1e6, 1e5, 1e12])
pools = st.sampled_from([*NEIGHBOURS, *NEIGHBOURS[:1] * 4, "stranger"])
feeds = st.sampled_from(["till", "till", "till", "web", "web", "foreign"])
resources = st.sampled_from(["mug"] * 4 + ["cup", "postage"])
ids = st.one_of(st.integers(0, 15).map(str), st.uuids().map(str), st.uuids().map(str), st.just(""))


def sale(at_s: float) -> st.SearchStrategy[InputEvent]:
    """Return movements at `at_s`, mostly good sales."""
    return st.builds(
        Transaction,
        event_id=ids,
        pool_id=pools,
        resource_id=resources,
        feed_id=feeds,
        kind=st.sampled_from(["sale"] * 8 + ["cancellation", "return", "receipt", "count"]),
        quantity_units=st.sampled_from([1.0] * 6 + [2.5, -1.0, 0.0, 1e9, 30.0]),
        occurred_at_s=st.just(at_s),
        document_id=st.sampled_from([None, "invoice"]),
        unit_price=st.sampled_from([None, None, 2.0, 0.0]),
        customer_key=st.sampled_from([None, "k1"]),
    )


def reading(at_s: float) -> st.SearchStrategy[InputEvent]:
    """Return readings at `at_s`; a pool may have both."""
    return st.builds(
        SensorReading,
        event_id=ids,
        pool_id=pools,
        resource_id=resources,
        feed_id=feeds,
        quantity=st.sampled_from(["count_units", "occupancy_ratio"]),
        value=st.sampled_from([0.5, 0.7, 7.0, -1.0]),
        observed_at_s=st.just(at_s),
    )


def rarer(at_s: float) -> st.SearchStrategy[InputEvent]:
    """Return what moves pools otherwise."""
    rain = {"event_id": ids, "pool_id": pools, "feed_id": feeds, "observed_at_s": st.just(at_s)}
    clock = st.builds(
        RunClock, event_origin_s=st.just(at_s), wall_origin_s=st.just(2e9), speed_up=st.sampled_from([0.0, 1.0, 60.0])
    )
    return st.one_of(
        st.builds(Covariate, name=st.just("rain"), value=st.just(1.0), **rain),
        st.builds(Heartbeat, pool_id=pools, feed_id=feeds, complete_until_s=st.just(at_s)),
        st.builds(Clock, run_clock=clock, scope=st.sampled_from([(), NEIGHBOURS[:1]])),
        st.builds(pool, pools, lateness_s=st.sampled_from([0.0, 600.0])),
    )


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    """Return records whose event times wander on from the start, now and then with something else among them."""
    at_s, values = START_S, []
    for step_s in draw(st.lists(steps_s, max_size=50)):
        kind = draw(st.sampled_from(["sale"] * 12 + ["reading"] * 3 + ["rarer"] * 3 + ["garbage"]))
        moment_s = at_s + step_s
        if abs(step_s) < HOUR_S:
            at_s = moment_s
        if kind == "garbage":
            values.append(draw(garbage))
        else:
            values.append(encode(draw({"sale": sale, "reading": reading, "rarer": rarer}[kind](moment_s))))
    return values


garbage = st.sampled_from([b"", b"{", b"[]", b'{"type":"transaction.v1"}', b"\xff", b'{"type":"sale.v9"}', b"null"])


def opened() -> list[bytes]:
    """Return the beginning of every log: two pools declared, the clock set, stock known."""
    first: list[InputEvent] = [Clock(run_clock=RunClock(event_origin_s=START_S, wall_origin_s=2e9, speed_up=10.0))]
    first += [pool(name) for name in NEIGHBOURS]
    first += [
        Heartbeat(pool_id=name, feed_id=feed, complete_until_s=START_S)
        for name in NEIGHBOURS
        for feed in ("till", "web")
    ]
    first += [
        Transaction(
            pool_id="one", resource_id="mug", feed_id="till", kind="count", quantity_units=20.0, occurred_at_s=START_S
        )
    ]
    return [encode(event) for event in first]


def joined(all_effects: Sequence[Effects]) -> Effects:
    """Return the effects of many slices as those of one."""
    whole = Effects()
    for effects in all_effects:
        whole.closed += effects.closed
        whole.ticks += effects.ticks
        whole.dead += effects.dead
        whole.touched |= effects.touched
    return whole


def compare(values: Sequence[bytes], walls_s: Sequence[float], ends: Sequence[int]) -> Shard:
    """Fold `values` both ways, cut at `ends`, and compare. Offsets have holes, as compaction leaves them."""
    simple, batched = (Shard("transactions", HOME, PARTITIONS) for _ in range(2))
    one_by_one = [
        simple.apply(value, offset=2 * at, wall_s=wall_s)
        for at, (value, wall_s) in enumerate(zip(values, walls_s, strict=True))
    ]
    slices = []
    for start, end in zip([0, *ends], ends, strict=False):
        offsets = [2 * at for at in range(start, end)]
        slices += batched.fold(Records(offsets, walls_s[start:end], Values.of(values[start:end])))

    assert joined(slices) == joined(one_by_one)
    assert batched.state() == simple.state()
    return batched


@settings(max_examples=200, deadline=None)
@given(log=logs(), cuts=st.lists(st.integers(1, 70), max_size=6), per_batch=st.sampled_from([1, 7, 60]))
def test_the_batch_fold_equals_the_simple_fold(log: list[bytes], cuts: list[int], per_batch: int) -> None:
    """Same state, byte for byte, and same effects in the same order, for any log cut anywhere, time standing or not."""
    values = opened() + log
    walls_s = [2e9 + 10.0 * per_batch * (at // per_batch) for at in range(len(values))]
    compare(values, walls_s, sorted({min(cut, len(values)) for cut in cuts} | {len(values)}))


def sold(hours: float, event_id: str = "", feed_id: str = "till") -> Transaction:
    """Return a plain sale so many hours after the start."""
    return Transaction(
        event_id=event_id,
        pool_id="one",
        resource_id="mug",
        feed_id=feed_id,
        kind="sale",
        quantity_units=1.0,
        occurred_at_s=START_S + hours * HOUR_S,
    )


def heard(hours: float, feed_id: str = "web") -> Heartbeat:
    """Return the promise of a feed so many hours after the start."""
    return Heartbeat(pool_id="one", feed_id=feed_id, complete_until_s=START_S + hours * HOUR_S)


AT_LIMITS: dict[str, list[tuple[float, InputEvent]]] = {  # (hours since the start by the run's clock, event)
    "a feed falls silent between two sales": [(0.1, sold(0.1)), (0.2, sold(0.2)), (1.5, sold(0.3)), (1.5, sold(0.4))],
    "a sale from further ahead than is believed": [(0.1, sold(0.1)), (0.1, sold(0.1)), (0.1, sold(0.9))],
    "an id of a bucket that is closed": [
        *((0.1, sold(0.1, "a")), (1.2, heard(1.3)), (1.2, sold(1.3, feed_id="till")), (1.2, sold(1.3, "b"))),
        *((1.2, sold(1.3, "c")), (1.2, sold(1.3, "a"))),
    ],
    "an id of the other open bucket": [
        *((0.9, sold(0.9, "b")), (0.98, sold(1.01, "a")), (0.98, sold(0.95, "c")), (0.98, sold(0.95, "d"))),
        (0.98, sold(0.95, "a")),
    ],
    "a silent feed comes back with a sale": [
        *((0.1, sold(0.1)), (1.05, sold(1.05)), (1.05, sold(1.06)), (1.1, sold(1.07, feed_id="web"))),
        *((1.1, sold(1.08, feed_id="web")), (1.2, heard(1.2)), (1.2, heard(1.2, "till"))),
    ],
    "a sale that closes the bucket before": [
        *((0.9, sold(0.9)), (1.1, heard(1.2)), (1.1, sold(1.05)), (1.1, sold(1.06)), (1.1, sold(1.17))),
        (1.1, sold(1.18)),
    ],
    "a sale while the other feed is behind": [
        *((0.9, sold(0.9)), (1.1, sold(1.18)), (1.1, sold(1.05)), (1.1, sold(1.06)), (1.1, sold(1.18, feed_id="web"))),
    ],
}


@pytest.mark.parametrize("name", AT_LIMITS)
def test_a_lane_ends_where_its_limits_are(name: str) -> None:
    """Chance seldom meets a lane at its limit, so each limit has a log that does."""
    values, walls_s = opened(), [2e9] * len(opened())
    for hours, event in AT_LIMITS[name]:
        values.append(encode(event))
        walls_s.append(2e9 + hours * HOUR_S / 10.0)  # the run's clock is ten times as fast
    compare(values, walls_s, [len(values)])


def test_a_lane_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above compares something: plain sales do not go the long way."""
    long_way: list[object] = []
    whole = Shard._apply

    def noted(shard: Shard, event: object, data: bytes, offset: int, effects: Effects) -> None:
        long_way.append(event)
        whole(shard, event, data, offset, effects)  # type: ignore[arg-type]

    monkeypatch.setattr(Shard, "_apply", noted)
    plain = [
        Transaction(
            event_id=str(number),
            pool_id="one",
            resource_id="mug",
            feed_id="till",
            kind="sale",
            quantity_units=1.0,
            occurred_at_s=START_S + number,
            document_id=str(number % 10),
            customer_key="k",
        )
        for number in range(100)
    ]
    values = opened() + [encode(event) for event in plain]
    shard = Shard("transactions", HOME, PARTITIONS)
    for _ in shard.fold(Records(range(len(values)), [2e9] * len(values), Values.of(values))):
        pass

    assert len(long_way) == len(opened())
    assert shard.view("one").counters["clean"] == 101


def test_a_batch_is_cut_where_it_closes_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that closes buckets ends its slice, so that others of the worker get their turn."""
    monkeypatch.setattr(shard_module, "CLOSED_MAX", 1)
    beats = [
        Heartbeat(pool_id="one", feed_id=feed, complete_until_s=START_S + hour * HOUR_S)
        for hour in range(1, 4)
        for feed in ("till", "web")
    ]
    values = [*opened(), encode(pool("one", ahead_s_max=9 * HOUR_S, lateness_s=0.0))]
    values += [encode(beat) for beat in beats]
    shard = Shard("transactions", HOME, PARTITIONS)
    slices = list(shard.fold(Records(range(len(values)), [2e9] * len(values), Values.of(values))))

    assert [len(one.closed) for one in slices if one.closed] == [2, 2, 2]
    assert shard.next_offset == len(values)
