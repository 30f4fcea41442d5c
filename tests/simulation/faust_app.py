"""What the agents register with Faust in, the same run in virtual time out: agents, timers, tasks and a crash.

Only what `streams.agents` asks of Faust. An agent that raises ends the process a little later, as `app.crash` does:
until then its timers go on.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.log import Record

Wants = Callable[[], Awaitable[None]]
END_S_MAX = 0.3  # from an agent's exception to the end of its process


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a stream and how to acknowledge it."""

    message: Any
    ack: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch of one partition as `streams.transport.Batch` has it, or a single record."""

    topic: str
    partition: int
    generation_id: int
    offset: int  # of its last record
    timestamp: float
    stretch: Any = None
    value: bytes = b""

    @classmethod
    def of(cls, record: Record, generation: int) -> "Delivery":
        """Return a single record as a message."""
        place = (record.topic, record.partition, generation, record.offset, record.timestamp / 1000.0)
        return cls(*place, value=record.value)


class _Stream:
    def __init__(self, events: AsyncIterator[Event]) -> None:
        self._events = events

    def noack(self) -> "_Stream":
        return self

    def events(self) -> AsyncIterator[Event]:
        return self._events


class _Signal:
    def __init__(self) -> None:
        self.receivers: list[Any] = []

    def connect(self, receiver: Any) -> Any:
        self.receivers.append(receiver)
        return receiver


class SimulatedApp:
    """Stands in for `faust.App`."""

    def __init__(self, process: Any) -> None:
        self.on_partitions_revoked = _Signal()
        self.agents: dict[str, Any] = {}
        self._process = process
        self._timers: list[tuple[float, Wants]] = []
        self._tasks: list[Wants] = []

    @property
    def consumer(self) -> Any:
        """Return what can be told to read again."""
        return self._process

    @property
    def consumer_generation_id(self) -> int:
        """Return which assignment the process is in."""
        return self._process.generation

    def topic(self, *names: str, **_options: Any) -> tuple[str, ...]:
        """Return a channel: here only its names."""
        return names

    def agent(self, _topic: Any, *, name: str) -> Callable[[Any], Any]:
        """Register an agent."""

        def register(function: Any) -> Any:
            self.agents[name] = function
            return function

        return register

    def timer(self, interval: float) -> Callable[[Wants], Wants]:
        """Register a timer."""

        def register(function: Wants) -> Wants:
            self._timers.append((interval, function))
            return function

        return register

    def task(self, function: Wants) -> Wants:
        """Register a task."""
        self._tasks.append(function)
        return function

    async def crash(self, error: BaseException) -> None:
        """End the process, soon."""
        process = self._process
        if process.dead:
            return
        process.tell(process.name, "crashes:", f"{type(error).__name__}: {error}")
        process.loop.after(process.faults.between(0.0, END_S_MAX), lambda: process.die("it crashed"))

    def start(self, streams: dict[str, AsyncIterator[Event]]) -> None:
        """Start everything that was registered; agent `name` reads `streams[name]`."""
        for interval_s, function in self._timers:
            self._process.spawn(self._guarded(self._every(interval_s, function)))
        for function in self._tasks:
            self._process.spawn(self._guarded(function()))
        for name, agent in self.agents.items():
            self._process.spawn(self._guarded(agent(_Stream(streams[name]))))

    async def let_go(self, places: list[Any]) -> None:
        """Tell the receivers that partitions are revoked, and wait for them."""
        for receiver in self.on_partitions_revoked.receivers:
            answer = receiver(self, places)
            if inspect.isawaitable(answer):
                await answer

    async def _every(self, interval_s: float, function: Wants) -> None:
        while True:
            await self._process.sleep(interval_s)
            await function()

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  a task of Faust's that fails ends the worker
            await self.crash(error)
