"""One incarnation of a worker: the product's shards, agents and outputs on a simulated machine.

What `streams.worker.build` and `streams.transport` do around them is done here once more, since Faust cannot run in
virtual time: assignment and seek, batches that know their generation, a commit of what was acknowledged.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from faust.types import TP

from streams.records import Records, Stretch
from tests.simulation.faust_app import Delivery, Event, SimulatedApp
from tests.simulation.group import HEARTBEAT_S, Place
from tests.simulation.process import Process
from tests.simulation.product import Parts, Product

BATCH_MAX = 40
BUFFERED_MAX = 5
TICKS_MAX = 8
POLL_S = 0.04
COMMIT_S = 0.5
TICKS = "ticks"


class Worker(Process):
    """A process of a slot: what the slot's next process has of it is only what is on disk and in Kafka."""

    def __init__(self, world: Any, slot: str, number: int) -> None:
        super().__init__(f"{slot}#{number}", world.loop, world.faults, world.tell)
        self.slot = slot
        self.silences = 0
        self.generation = -1
        self.ends = False
        self.truth: tuple[int, int, int] = (0, 0, 0)
        self.parts: Parts
        self._world = world
        self._positions: dict[Place, int] = {}
        self._buffered: list[Delivery] = []
        self._arrived = asyncio.Event()
        self._begun: dict[Place, int] = {}
        self._acknowledged: dict[Place, set[int]] = {}
        self._app = SimulatedApp(self)
        self._letting_go = False
        self._rebalancing = asyncio.Lock()  # a worker rejoins only when what it does with an assignment is done

    async def live(self, product: Product) -> None:
        """Start as the product does, join the group and serve."""
        self.parts = await product.build(self._app, self, self._world)
        self._app.start({"ingest": self._inputs(), "control": self._ticks()})
        self._fetch()
        self.spawn(self._commit())
        self.spawn(self._report())
        self._world.group.join(self)

    def asked_to_let_go(self) -> None:
        """Hear of a rebalance with the next heartbeat."""
        self.spawn(self._let_go())

    def assigned(self, generation: int, places: list[Place]) -> None:
        """Take partitions over."""
        if generation == self._world.group.generation and not self.ends:
            self.spawn(self._take_over(generation, places))

    def on_death(self) -> None:
        """Have the slot started again, as its supervisor does."""
        self._world.group.fell_silent(self)
        self._world.restart(self.slot)

    def on_pause(self) -> None:
        """Stay silent."""
        self._world.group.fell_silent(self)

    def on_wake(self) -> None:
        """Notice with the next heartbeat what has happened meanwhile."""
        if self.zombie or self._world.group.generation != self.generation:
            self.loop.after(self.faults.between(0.0, HEARTBEAT_S), self._notice)

    def on_told_to_end(self) -> None:
        """Seal, let go and end."""
        if not self.ends:
            self.ends = True
            self.tell(self.name, "is told to end")
            self.spawn(self._end())

    def _notice(self) -> None:
        if self._world.group.members.get(self.slot) is not self and self._world.group.members.get(self.slot):
            self.die("its place is taken: fenced")
        elif self.zombie:
            self.asked_to_let_go()

    async def _end(self) -> None:
        try:
            await self.parts.ingest.release_all()
        except Exception as error:  # noqa: BLE001  then it ends without
            self.tell(self.name, "could not seal:", type(error).__name__)
        self._world.group.leave(self)
        self.die("it was told to")

    async def _let_go(self) -> None:
        if self._letting_go or self.ends:
            return
        self._letting_go = True
        async with self._rebalancing:
            await self._let_all_go()

    async def _let_all_go(self) -> None:
        self.tell(self.name, "lets go of", sorted(self._positions))
        places, self._positions = [TP(*place) for place in sorted(self._positions)], {}
        try:
            await self._app.let_go(places)
        except Exception as error:  # noqa: BLE001  a signal's receiver that fails ends the worker
            await self._app.crash(error)
            return
        self.generation = -1
        self._letting_go = False
        self._world.group.has_let_go(self)

    async def _take_over(self, generation: int, places: list[Place]) -> None:
        async with self._rebalancing:
            await self._take_all_over(generation, places)

    async def _take_all_over(self, generation: int, places: list[Place]) -> None:
        log, group = self._world.log, self._world.group
        ends = await self.request("asks for the ends", lambda: {place: log.end(*place) for place in places})
        committed = await self.request("asks for commits", lambda: dict(group.committed))
        self.generation = generation
        self._acknowledged.clear()
        try:
            for topic, partition in places:
                if topic == TICKS:
                    at = committed.get((topic, partition), 0)
                else:
                    at = await self.parts.assign(topic, partition, ends[topic, partition], committed)
                self._positions[topic, partition] = self._begun[topic, partition] = at
        except Exception as error:  # noqa: BLE001  as Faust does
            await self._app.crash(error)
        self.tell(self.name, "has", dict(self._positions), "generation", generation)

    def _fetch(self) -> None:
        if self.dead:
            return
        if not self.paused:
            self._fill()
        self.loop.after(self.faults.between(0.5, 1.5) * POLL_S, self._fetch)

    def _fill(self) -> None:
        for place in sorted(self._positions):
            records = self._world.log.topics[place[0]][place[1]]
            at = self._positions[place]
            if at >= len(records) or sum(one.topic == place[0] for one in self._buffered) >= BUFFERED_MAX:
                continue
            if place[0] == TICKS:
                taken = records[at : at + TICKS_MAX]
                self._buffered += [Delivery.of(one, self.generation) for one in taken]
            else:
                taken = records[at : at + self.faults.rng.randint(1, BATCH_MAX)]
                last, stretch = taken[-1], Stretch(at, at + len(taken), Records.of(taken))
                if not self.faults.strikes("batch lost"):
                    self._buffered.append(
                        Delivery(*place, self.generation, last.offset, last.timestamp / 1000.0, stretch)
                    )
            self._positions[place] = at + len(taken)
            self._arrived.set()

    async def read_again(self, topic: str, partition: int, offset: int) -> None:
        """Fetch a partition on from `offset`, unless it was given away meanwhile."""
        if (topic, partition) in self._positions:
            self._positions[topic, partition] = offset

    def _next(self, wanted: Callable[[Delivery], bool]) -> Delivery | None:
        """Return what is handed to an agent next, also what was fetched before a rebalance: the agent sees it."""
        for number, delivery in enumerate(self._buffered):
            if wanted(delivery):
                del self._buffered[number]
                return delivery
        return None

    async def _messages(self, wanted: Callable[[Delivery], bool]) -> AsyncIterator[Event]:
        while True:
            delivery = self._next(wanted)
            if delivery is None:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if delivery.topic == TICKS:
                self.truth = self._world.decisions.truth
            yield Event(delivery, lambda one=delivery: self._ack(one))

    def _inputs(self) -> AsyncIterator[Event]:
        return self._messages(lambda one: one.topic != TICKS)

    def _ticks(self) -> AsyncIterator[Event]:
        return self._messages(lambda one: one.topic == TICKS)

    def _ack(self, delivery: Delivery) -> None:
        if delivery.topic == TICKS and delivery.generation_id == self.generation:
            self._acknowledged.setdefault((TICKS, delivery.partition), set()).add(delivery.offset)

    async def _commit(self) -> None:
        while True:
            await self.sleep(COMMIT_S)
            offsets, generation = self._to_commit(), self.generation
            if offsets and not self.faults.strikes("commit lost"):
                await self.request("commits", lambda g=generation, o=offsets: self._world.group.commit(self, g, o))

    def _to_commit(self) -> dict[Place, int]:
        """Return up to where everything is acknowledged, as Faust's consumer works it out."""
        offsets = {}
        for place, acknowledged in self._acknowledged.items():
            at = self._begun[place]
            while at in acknowledged:
                at += 1
            offsets[place] = at
        folded = {place: held.shard.next_offset for place, held in self.parts.shards.held.items()}
        return offsets | folded  # of inputs for people only: nobody starts there

    async def _report(self) -> None:
        while True:
            await self.sleep(1.0)
            if not self._world.faults.calm:
                await self.parts.beat()
