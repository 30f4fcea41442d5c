"""The chaos run's verifier agrees with the fold on a whole log, and says so when an event was lost or came twice."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.chaos.__main__ import figures
from benchmarks.chaos.cases import CASES
from benchmarks.chaos.garbage import garbage
from benchmarks.chaos.load import hour_of, opening, pool_ids
from benchmarks.chaos.oracle import Oracle
from benchmarks.chaos.proxy import Proxy
from benchmarks.chaos.run import Result, shares
from benchmarks.chaos.stage import catalog
from benchmarks.chaos.table import page
from benchmarks.chaos.verdict import Outputs, Verdict, complete, judge
from streams.effects import Effects
from streams.events import encode
from streams.shard import Shard
from streams.topics import partition_of

PARTITIONS = 2
POOLS = 2
HOURS = 5
EVENTS_AN_HOUR = 60
TOPIC = "transactions"
Log = list[list[bytes]]  # by partition


def log_of(seed: int = 1) -> Log:
    """Return a log as the load writes it, garbage included, under the first pools of the chaos run's catalog."""
    log: Log = [[] for _ in range(PARTITIONS)]
    rng = np.random.default_rng(seed)
    for number, pool in enumerate(pool_ids(POOLS)):
        home = partition_of(pool, PARTITIONS)
        log[home].append(encode(catalog().pools[number]))
        told = [*opening(pool), *(one for hour in range(HOURS) for one in hour_of(pool, number, hour, 60, seed))]
        for _, value in told:
            log[home].append(value)
            if rng.random() < 0.1:
                bad, place = garbage(rng, pool, PARTITIONS)
                log[home if place is None else place].append(bad)
    return log


def folded(log: Log, *, without: int | None = None, twice: int | None = None) -> Outputs:
    """Return what workers tell of `log`; they may overlook one record of partition 0, or fold it as two events."""
    seen = Outputs()
    for partition, records in enumerate(log):
        shard = Shard(TOPIC, partition, PARTITIONS)
        for offset, data in enumerate(records):
            if (partition, offset) == (0, without):
                continue
            tell(shard.apply(data, offset=offset, wall_s=float(offset)), seen)
            if (partition, offset) == (0, twice):
                again = json.dumps(json.loads(data) | {"event_id": "told as another"}).encode()
                shard.next_offset = offset
                tell(shard.apply(again, offset=offset, wall_s=float(offset)), seen)
        for pool in shard.pool_ids():
            seen.views[pool] = json.loads(encode(shard.view(pool)))
    return seen


def tell(effects: Effects, seen: Outputs) -> None:
    """Let the verifier see what one record did; each tick stands in for its decision too."""
    topics = (
        ("forecasts", effects.closed), ("ticks", effects.ticks), ("actions", effects.ticks),
        ("dead-letters", effects.dead),
    )  # fmt: skip
    for topic, messages in topics:
        for message in messages:
            seen.take(topic, encode(message))


def expected(log: Log) -> Oracle:
    """Return what the verifier makes of `log`."""
    oracle = Oracle(PARTITIONS)
    for partition, records in enumerate(log):
        for offset, data in enumerate(records):
            oracle.take(TOPIC, partition, offset, float(offset), data)
    return oracle


def a_sale(log: Log) -> int:
    """Return where in partition 0 an ordinary sale lies."""
    return next(
        place
        for place, data in enumerate(log[0])
        if place > 150 and data.startswith(b'{"type": "transaction.v1", "event_id": "shop') and b'"sale"' in data
        and log[0].count(data) == 1
    )  # fmt: skip


def wrong(verdict: Verdict) -> tuple[int, int, int, int]:
    """Return what a verdict counts."""
    return verdict.lost, verdict.doubled, verdict.mismatches, verdict.undecided


@pytest.mark.parametrize("seed", range(5))
def test_the_second_fold_agrees_with_the_first(seed: int) -> None:
    """On a log with duplicates, late events, returns and garbage, two folds written apart say the same."""
    log = log_of(seed)
    truth, seen = expected(log), folded(log)

    assert complete(truth, seen)
    verdict = judge(truth, seen)
    assert (wrong(verdict), verdict.examples) == ((0, 0, 0, 0), [])
    assert verdict.buckets == POOLS * HOURS * 2
    assert verdict.letters == len(truth.garbage) > 10


def test_a_lost_event_is_found() -> None:
    """One sale that was never folded is one event lost."""
    log = log_of()
    verdict = judge(expected(log), folded(log, without=a_sale(log)))

    assert (verdict.lost, verdict.doubled) == (1, 0)
    assert verdict.mismatches > 0


def test_an_event_applied_twice_is_found() -> None:
    """One sale that was folded as two events is one too many."""
    log = log_of()
    verdict = judge(expected(log), folded(log, twice=a_sale(log)))

    assert (verdict.lost, verdict.doubled) == (0, 1)
    assert verdict.mismatches > 0


@pytest.fixture
def echo() -> Iterator[int]:
    """Yield the port of a server that sends back what it gets."""
    code = (
        "import socketserver\n"
        "class Echo(socketserver.BaseRequestHandler):\n"
        "    def handle(self):\n"
        "        while data := self.request.recv(100): self.request.sendall(data)\n"
        "server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Echo)\n"
        "print(server.server_address[1], flush=True)\n"
        "server.serve_forever()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()


def test_the_proxy_passes_swallows_and_resets(echo: int) -> None:
    """A connection through it lives, is held up, goes on with what was held up, and is reset."""
    with Proxy(echo) as proxy, socket.create_connection(("127.0.0.1", proxy.port), 5.0) as connection:
        connection.sendall(b"one")
        assert connection.recv(10) == b"one"
        proxy.swallow()
        connection.sendall(b"two")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(10)
        proxy.heal()
        connection.settimeout(5.0)
        assert connection.recv(10) == b"two"
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            connection.recv(10)


def test_the_table_has_a_row_for_each_case_that_ran() -> None:
    """A page is made of the figures' names alone."""
    result = Result(CASES[0], faults=3, recovery_s=[2.0, 4.0, 3.0], during_s=[1.0], after_s=[0.1], events=100)
    result.wrong["lost"] = 1

    made = page([figure.row() for figure in figures([result])])

    assert "| 3 | 100 | 1 | 0 | 0 | 3.0 s | 4.0 s | 1.00 s | 0.100 s |" in made
    assert made.count("\n| **") == 1
    assert made.endswith("All together: 3 faults, 1 events wrong.\n")


def test_no_fewer_faults_are_done_than_asked_for() -> None:
    """Each case gets its share by weight, and rounding takes none away."""
    for faults in (1, 27, 200, 2000):
        shared = shares(list(CASES), faults)

        assert sum(shared) >= faults
        assert min(shared) >= 1
