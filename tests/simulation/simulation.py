"""A seed and a product in, what went wrong out: one whole run of the stream path, the same each time.

Feeds live for a while under faults; then all is healthy, and what was promised has to come true.
"""

import gc
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from streams.decide import decide
from streams.decoding import Decoded
from streams.events import Transaction
from streams.lane import PlainBooking
from streams.ledger import Ledger
from tests.simulation import cheap_model
from tests.simulation.control_topics import SimulatedConsumer
from tests.simulation.decisions import Decisions
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.feeds import INPUT, Feeds
from tests.simulation.group import Group
from tests.simulation.log import BASE_S, Log
from tests.simulation.loop import SimulatedLoop
from tests.simulation.producer import SimulatedProducer
from tests.simulation.product import Product
from tests.simulation.redis_server import RedisServer, at_once
from tests.simulation.verdict import Verdict
from tests.simulation.worker import TICKS, Worker

PARTITIONS = 2
LIVE_S = 9.0  # seconds of faults: 11 days of events
QUIET_S_MAX = 60.0  # after that everything has to have come true
SETTLE_S = 6.5  # of health that at least pass: views are written again, sessions expire
END_S = 4.0  # of health, after which the feeds end: by then held back and doubled records are in
LAST_LOSS_S = 5.0
LOOK_S = 0.1
RESTART_S = (0.1, 0.6)
RUNS_PER_COLLECTION = 8
REAL_MODELS = ("mixture", "river-linear", "seasonal-naive", "smoothing")
REAL_MODEL_RATIO = 0.1


class PoisonError(Exception):
    """A fault of the product's in one record."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one run came to."""

    seed: int
    violations: tuple[str, ...]
    tally: Counter[str]  # events "lost" and "twice"
    faults: Counter[str]
    records: int
    trace: tuple[str, ...]


class World:
    """Everything but the product."""

    def __init__(self, seed: int, product: Product, folder: Path, *, tracing: bool) -> None:
        self.faults = Faults(seed, product.chances)
        self.loop = SimulatedLoop()
        self.folder = folder
        self.trace: list[str] = []
        self._tracing = tracing
        self._product = product
        rng = self.faults.rng
        self.own_disks = rng.random() < 0.5
        self.snapshot_interval_s = rng.choice((0.3, 1.0, 2.5))
        self.partitions = PARTITIONS
        self.closed_max = rng.choice((1, 2, 100))  # of one slice: batches come apart in more places than in earnest
        self.model = rng.choice(REAL_MODELS) if rng.random() < REAL_MODEL_RATIO else ""  # "": the digest
        topics = dict.fromkeys((INPUT, "ticks", "forecasts", "actions", "outcomes"), PARTITIONS)
        self.log = Log(
            self.loop.time, {**topics, "readings": 1, "commands": 1, "catalog": 1, "policies": 1, "dead-letters": 1}
        )
        self.verdict = Verdict(self.log, INPUT, PARTITIONS)
        self.redis = RedisServer(self.loop, product.store, self.verdict.violated)
        self.group = Group(self.loop, self.faults, self._places(), self.tell)
        self.decisions = Decisions(self.log, self.verdict.violated, self.redis.lost_claims)
        self.feeds = Feeds(self.loop, self.faults, self.log, self.decisions, self.model or "smoothing")
        self.pools = self.feeds.pools
        self._disks: dict[str, Disk] = {}
        self._numbers: Counter[str] = Counter()
        self.workers: dict[str, Worker] = {}
        self._all: list[Worker] = []

    def tell(self, *words: object) -> None:
        """Write a line of the trace, when somebody reads it."""
        if self._tracing:
            self.trace.append(f"{self.loop.time():9.4f} {' '.join(map(str, words))}")

    def disk(self, slot: str) -> Disk:
        """Return the disk under a slot."""
        return self._disks.setdefault(slot if self.own_disks else "", Disk(self.verdict.sealed))

    def restart(self, slot: str) -> None:
        """Start the slot's next process, as a supervisor does."""
        self.loop.after(self.faults.between(*RESTART_S), lambda: self._start(slot))

    def run(self) -> None:
        """Live through faults, then wait until all is true or too long."""
        rng = self.faults.rng
        self.feeds.start(LIVE_S)
        for number in range(rng.choice((1, 2, 3))):
            self._start(f"w{number}")
        self.loop.after(LOOK_S, self._strike_redis)
        self.loop.run(LIVE_S, self._broken)
        self.faults.calm = True
        for worker in list(self.workers.values()):
            self.loop.after(0.0, worker.wake)
        self.loop.after(END_S, self.feeds.end)
        self.loop.after(LAST_LOSS_S, self.redis.empty)  # when nothing comes any more that would have views written
        end_s, found = LIVE_S + SETTLE_S, ["has not settled"]
        while found and end_s < LIVE_S + QUIET_S_MAX and not self.verdict.violations:
            self.loop.run(end_s, self._broken)
            end_s += 4.0
            views = {one.pool_id: at_once(self.redis.views.read(one.pool_id)) for one in self.pools}
            found = self.verdict.final(views, self.decisions.ticks)
        self.verdict.violations += found

    def end(self) -> None:
        """Throw away what still waits; no worker of any incarnation can do anything by that."""
        for worker in self._all:
            worker.dead = True
        self.loop.close()

    def _broken(self) -> bool:
        return bool(self.verdict.violations)

    def _places(self) -> list[tuple[str, int]]:
        return [(name, number) for name in (INPUT, TICKS) for number in range(PARTITIONS)]

    def _start(self, slot: str) -> None:
        before = self.workers.get(slot)
        if before is not None and not before.dead:
            return
        self._numbers[slot] += 1
        worker = self.workers[slot] = (self._product.worker or Worker)(self, slot, self._numbers[slot])
        self._all.append(worker)
        self.tell(worker.name, "starts")
        worker.spawn(worker.live(self._product))

    def _strike_redis(self) -> None:
        pools = [spec.pool_id for spec in self.pools]
        if self.faults.strikes("redis emptied"):
            self.tell("redis", "is empty")
            self.redis.empty()
        if self.faults.strikes("redis went back"):
            self.tell("redis", "goes back")
            self.redis.go_back(pools)
        if self.faults.rng.random() < 0.3:
            self.redis.replicate(pools)
        if not self.faults.calm:
            self.loop.after(LOOK_S, self._strike_redis)


@contextmanager
def replaced(world: World, product: Product) -> Iterator[None]:
    """Put the simulated parts where the product looks for real ones, and break the fold on poison."""
    whole = Ledger.apply

    def half(ledger: Ledger, event: Transaction) -> None:
        whole(ledger, event)
        if event.event_id.startswith("poison"):
            raise PoisonError(event.event_id)

    book = PlainBooking.book

    def wary(booking: PlainBooking, events: Sequence[Decoded], end: int, wall_s: float) -> list[str]:
        """Leave poison to the long way: a lane of unknown stock asks no ledger, and poison is so for everybody."""
        ids = [str(getattr(event, "event_id", "")) for event in events[booking.place : end]]
        clean = next((at for at, name in enumerate(ids) if name.startswith("poison")), len(ids))
        return book(booking, events, booking.place + clean, wall_s)

    producer = type("Producer", (SimulatedProducer,), {"log": world.log})
    consumer = type("Consumer", (SimulatedConsumer,), {"log": world.log})
    with ExitStack() as stack:
        for name, part in (
            ("streams.agents.control.AIOKafkaProducer", producer),
            ("streams.agents.control_feed.AIOKafkaConsumer", consumer),
            ("streams.outputs.AIOKafkaProducer", producer),
            ("streams.agents.control._wall_s", lambda: BASE_S + world.loop.time()),
            ("streams.agents.control.time", SimpleNamespace(monotonic=world.loop.time)),
            ("streams.agents.control.decide", world.decisions.watched(decide)),
            ("streams.agents.control.Lineups.of", cheap_model.lineup),
            ("streams.ledger.Ledger.apply", half),
            ("streams.lane.PlainBooking.book", wary),
            ("streams.shard.CLOSED_MAX", world.closed_max),
        ):
            stack.enter_context(patch(name, part))
        for name, part in product.patches:
            stack.enter_context(patch(name, part))
        if not world.model:
            stack.enter_context(cheap_model.installed())
        yield


def run(seed: int, product: Product | None = None, *, tracing: bool = False) -> Result:
    """Return what one run came to."""
    memory = Path("/dev/shm")  # skips and attempts are synced to disk, which costs more than all else
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        product = product or Product()
        world = World(seed, product, Path(folder), tracing=tracing)
        with replaced(world, product):
            world.run()
            world.end()
        records = len(world.log.all(INPUT))
        found = world.verdict.violations
        return Result(seed, tuple(found), world.verdict.tally, world.faults.counts, records, tuple(world.trace))


def many(seeds: Iterable[int], product: Product | None = None) -> Iterator[Result]:
    """Yield what each run came to. Rubbish is collected between runs: inside them it costs a third of the time."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number, seed in enumerate(seeds):
            yield run(seed, product)
            if number % RUNS_PER_COLLECTION == 0:
                gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
