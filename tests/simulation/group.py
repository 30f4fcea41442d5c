"""Members in, generations and assignments out: a consumer group as Kafka's coordinator runs one.

Whoever is silent for a session loses its partitions without knowing it. A rebalance waits for those who are heard to
let go first, and goes on without those who do not. A commit of an older generation is refused.
"""

from collections.abc import Callable
from typing import Any

from tests.simulation.faults import Faults
from tests.simulation.loop import SimulatedLoop

Place = tuple[str, int]
SESSION_S = 1.0
REBALANCE_S = 1.5  # how long members may take to let go
HEARTBEAT_S = 0.25


class Group:
    """The coordinator."""

    def __init__(self, loop: SimulatedLoop, faults: Faults, places: list[Place], tell: Callable[..., None]) -> None:
        self.generation = 0
        self.committed: dict[Place, int] = {}
        self.members: dict[str, Any] = {}  # slot -> its worker
        self.owners: dict[Place, Any] = {}
        self._loop = loop
        self._faults = faults
        self._places = places
        self._tell = tell
        self._awaited: list[Any] | None = None  # during a rebalance: who has not let go yet

    def join(self, worker: Any) -> None:
        """Take in a worker. A slot that is known keeps its partitions: its membership is static."""
        before = self.members.get(worker.slot)
        self.members[worker.slot] = worker
        if before is None or self._awaited is not None or before is worker:
            self._rebalance("a worker joined")
            return
        before.zombie = True
        self._tell("group", worker.name, "takes the place of", before.name)
        mine = [place for place, owner in self.owners.items() if owner is before]
        self.owners |= dict.fromkeys(mine, worker)
        self._give(worker)

    def leave(self, worker: Any) -> None:
        """Let go of a worker that says so."""
        if self.members.get(worker.slot) is worker:
            del self.members[worker.slot]
            self._rebalance("a worker left")

    def fell_silent(self, worker: Any) -> None:
        """Begin to wait for a worker that has died or was stopped."""
        since = worker.silences = worker.silences + 1

        def expire() -> None:
            silent = worker.dead or (worker.paused and worker.silences == since)
            if silent and self.members.get(worker.slot) is worker:
                self._faults.note("session expired")
                worker.zombie = True
                del self.members[worker.slot]
                self._rebalance(f"{worker.name} is not heard")

        self._loop.after(SESSION_S, expire)

    def has_let_go(self, worker: Any) -> None:
        """Take note that a member has released its partitions and waits for new ones."""
        if self._awaited is None:
            if self.members.get(worker.slot) is not worker:
                worker.zombie = False
                self.join(worker)
            return
        if self.members.get(worker.slot) is not worker:
            worker.zombie = False
            self.members[worker.slot] = worker
        if worker in self._awaited:
            self._awaited.remove(worker)
        if not self._awaited:
            self._assign()

    def commit(self, worker: Any, generation: int, offsets: dict[Place, int]) -> bool:
        """Keep what a member has acknowledged; refuse what an older generation says."""
        if generation != self.generation or self.members.get(worker.slot) is not worker:
            return False
        self.committed |= {place: at for place, at in offsets.items() if self.owners.get(place) is worker}
        return True

    def _rebalance(self, why: str) -> None:
        self._faults.note("rebalance")
        self.generation += 1
        generation = self.generation
        self.owners = {}
        self._tell("group", "generation", generation, why)
        self._awaited = list(self.members.values())
        for worker in self._awaited:
            self._loop.after(self._faults.between(0.0, HEARTBEAT_S), lambda one=worker: self._ask(one, generation))
        if not self._awaited:
            self._awaited = None

        def go_on() -> None:
            if self.generation == generation and self._awaited:
                for worker in self._awaited:
                    worker.zombie = True
                    if self.members.get(worker.slot) is worker:
                        del self.members[worker.slot]
                self._assign()

        self._loop.after(REBALANCE_S, go_on)

    def _ask(self, worker: Any, generation: int) -> None:
        def ask() -> None:
            if self.generation == generation and self._awaited and worker in self._awaited:
                worker.asked_to_let_go()

        worker.when_awake(ask)

    def _assign(self) -> None:
        self._awaited = None
        workers = sorted(self.members.values(), key=lambda one: one.slot)
        if not workers:
            return
        places = list(self._places)
        self._faults.rng.shuffle(places)
        self.owners = {place: workers[number % len(workers)] for number, place in enumerate(places)}
        for worker in workers:
            self._give(worker)

    def _give(self, worker: Any) -> None:
        worker.zombie = False
        places = sorted(place for place, owner in self.owners.items() if owner is worker)
        generation = self.generation
        self._loop.after(
            self._faults.between(0.001, 0.02), lambda: worker.when_awake(lambda: worker.assigned(generation, places))
        )
