"""The stream benchmark compares equal work: its log is as declared, its parts are right, and a smoke run passes."""

import json
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.stream.engine_list import ENGINES, FAUST, HEADGATE
from benchmarks.stream.packed import PackedPools
from benchmarks.stream.pool_work import Document, PoolWork, SeriesForecast, decoded, valid
from benchmarks.stream.processes import received_bytes
from benchmarks.stream.reference import Expected, Said, expected
from benchmarks.stream.running import UnequalWorkError, verify
from benchmarks.stream.scaling import busy_rate
from benchmarks.stream.statistics import median_interval, theil_sen
from benchmarks.stream.workload import PARTITIONS, Record, Shape, catalog, main_records, warm_records
from streams.catalog import validate
from streams.events import Transaction, decode_input
from streams.health_events import PartitionHealth, WorkerHealth
from streams.topics import partition_of

SMALL = Shape(events=2_000, pools=8, series_per_pool=2, events_per_bucket=50)


class Dictionary(dict[str, bytes]):
    """A state store that keeps nothing."""

    put = dict.__setitem__


@pytest.mark.parametrize("shape", [SMALL, replace(SMALL, zipf=True)], ids=["even", "zipf"])
def test_the_log_is_in_order_placed_by_murmur2_and_as_long_as_declared(shape: Shape):
    """Records of a pool follow each other in time, lie where murmur2 says, and some of them come twice or are bad."""
    records = list(main_records(shape))
    sales = [decode_input(record.value) for record in records]

    assert len(records) == shape.events
    assert all(isinstance(sale, Transaction) for sale in sales)
    newest: dict[str, float] = {}
    for record, sale in zip(records, sales, strict=True):
        assert record.partition == partition_of(sale.pool_id, PARTITIONS)
        assert sale.occurred_at_s >= newest.get(sale.pool_id, shape.warm_end_s)
        newest[sale.pool_id] = sale.occurred_at_s
    assert set(newest.values()) == {shape.end_s}
    assert max(Counter(sale.event_id for sale in sales).values()) >= 2
    assert min(sale.quantity_units for sale in sales) == 0
    validate(catalog(shape), "bench")


@pytest.mark.parametrize("kept", ["objects", "bytes"])
def test_the_peers_work_comes_to_what_the_plain_fold_comes_to(kept: str):
    """Both forms in which peers keep their state give the values and forecasts of the reference, also restored."""
    records = [*warm_records(SMALL), *main_records(SMALL)]
    wanted = expected(SMALL, records, timed_from_s=SMALL.warm_end_s, end_s=float(SMALL.end_s))
    found = by_objects(records) if kept == "objects" else by_bytes(records)

    assert wanted.closes == SMALL.buckets * SMALL.series
    for pool_id, body in found.items():
        document = msgspec.json.decode(body, type=Document)
        said = [Said(one.resource_id, one.value, one.mean, one.quantiles) for one in document.series]
        assert (document.buckets, document.as_of_s) == (wanted.buckets, wanted.end_s)
        assert all(one.mean for one in document.series)
        assert all(one.same(other) for one, other in zip(said, wanted.said[pool_id], strict=True))
    assert set(found) == set(SMALL.pool_ids)


def by_objects(records: list[Record]) -> dict[str, bytes]:
    """Fold as Bytewax does, restored from bytes half-way."""
    found, pools = {}, {pool_id: PoolWork(pool_id, SMALL.series_per_pool) for pool_id in SMALL.pool_ids}
    for place, record in enumerate(records):
        if place == len(records) // 2:
            for pool_id, pool in pools.items():
                pools[pool_id] = PoolWork(pool_id, SMALL.series_per_pool)
                pools[pool_id].restore(pool.state())
        sale = decoded(record.value)
        assert sale is not None
        said = pools[sale.pool_id].take(sale)
        if said is not None:
            found[sale.pool_id] = said[1]
    return found


def by_bytes(records: list[Record]) -> dict[str, bytes]:
    """Fold as Quix and Faust do, with the live models lost half-way."""
    found, work = {}, PackedPools(SMALL.series_per_pool)
    stores = {pool_id: Dictionary() for pool_id in SMALL.pool_ids}
    for place, record in enumerate(records):
        if place == len(records) // 2:
            work = PackedPools(SMALL.series_per_pool)
        sale = decoded(record.value)
        assert sale is not None
        said = work.take(stores[sale.pool_id], sale) if valid(sale) else None
        if said is not None:
            found[sale.pool_id] = said[1]
    return found


class FakeRedis:
    """Answers with one document for every pool."""

    def __init__(self, document: Document) -> None:
        self._body = msgspec.json.encode(document)

    def hget(self, _key: str, _field: str) -> bytes:
        """Return the document."""
        return self._body


def test_an_engine_that_closed_one_bucket_less_has_no_figure():
    """The verifier names the engine and what is missing."""
    wanted = Expected(3, 7200.0, {"p000": []}, 0.0, 0, 0)
    client = FakeRedis(Document("p000", 7200.0, 2, []))

    with pytest.raises(UnequalWorkError, match="plain Faust did not do the same work on pool p000: 2 buckets closed"):
        verify(client, ENGINES[FAUST], wanted)


def test_an_engine_that_counted_a_sale_twice_has_no_figure():
    """The verifier names the series whose value differs."""
    wanted = Expected(2, 7200.0, {"p000": [Said("p000-0", 5.0, (), ())]}, 0.0, 0, 0)
    client = FakeRedis(Document("p000", 7200.0, 2, [SeriesForecast("p000-0", 6.0)]))

    with pytest.raises(UnequalWorkError, match="p000-0 differ from the plain fold's"):
        verify(client, ENGINES[FAUST], wanted)


def test_the_kernel_tells_what_a_connection_received():
    """The first fetch is seen from outside: bytes received by port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0] as other:
            other.sendall(bytes(5000))
            received = 0
            while received < 5000:
                received += len(client.recv(5000))

            assert received_bytes(port) == {client.getsockname()[1]: 5000}


def test_medians_and_slopes_have_intervals_around_them():
    """The bootstrap holds the median, and one outlier does not move a Theil-Sen slope."""
    rng = np.random.default_rng(0)
    median, low, high = median_interval([1.0, 2.0, 3.0, 4.0, 100.0], rng)
    at = list(np.arange(48.0))
    slope, below, above = theil_sen(at, [*(2.0 * one for one in at[:-1]), 1e6], rng)

    assert low <= median == 3.0 <= high
    assert slope == pytest.approx(2.0)
    assert below <= slope <= above


@pytest.mark.timeout(300)
def test_a_smoke_run_names_what_is_missing_and_verifies_the_rest(tmp_path: Path):
    """Headgate and every installed peer do the same work once; a peer that is not installed is named."""
    words = [sys.executable, "-m", "benchmarks.stream", "--quick", "--json", str(tmp_path / "figures.json")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode in (0, 1), done.stderr
    names = [row["name"] for row in json.loads((tmp_path / "figures.json").read_text())]

    for engine in ENGINES.values():
        if engine.version is None:
            assert f"missing: {engine.name}" in done.stdout
        else:
            assert f"quick: {engine.name} (on 6,000 events)" in names
    assert any(HEADGATE in name for name in names)


def health(at_s: float, *places: tuple[int, int, int]) -> WorkerHealth:
    """Return what a worker says of itself at a moment: (partition, folded so far, end of the log) each."""
    partitions = tuple(
        PartitionHealth(
            topic="transactions",
            partition=partition,
            next_offset=folded,
            end_offset=end,
            events_total=folded,
            snapshot_offset=0,
            snapshot_age_s=None,
        )
        for partition, folded, end in places
    )
    return WorkerHealth(
        worker_id="w",
        at_s=at_s,
        events_per_s=0.0,
        rss_bytes=0,
        partitions=partitions,
        counters={},
        decision_p50_s=None,
        decision_p99_s=None,
    )


def test_a_group_s_rate_is_of_the_time_in_which_all_its_workers_are_busy() -> None:
    """Not of the seconds in which one has all partitions, nor of those in which the other has come to the end."""
    first = [health(0.0, (0, 0, 9000), (1, 0, 9000)), health(1.0, (0, 3000, 9000), (1, 3000, 9000))]
    first += [health(at_s, (0, 3000 + 1000 * int(at_s - 2), 9000)) for at_s in (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0)]
    second = [health(2.5 + step, (1, 3000 + 500 * step, 9000)) for step in range(5)]

    assert busy_rate({"one": first, "two": second}, 2) == pytest.approx(1500.0)
    with pytest.raises(UnequalWorkError, match="1 of 2 workers"):
        busy_rate({"one": first, "two": []}, 2)
    with pytest.raises(UnequalWorkError, match=r"for 1\.0 s"):
        busy_rate({"one": first, "two": second[:2]}, 2)
