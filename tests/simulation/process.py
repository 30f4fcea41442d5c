"""One operating-system process: requests in, answers out, unless it has died, or stopped until it is woken."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, TypeVar

from tests.simulation.faults import Faults
from tests.simulation.loop import CURRENT, SimulatedLoop

T = TypeVar("T")
PAUSE_S_MAX = 4.0
WITHIN_S = (0.001, 0.012)  # how long a request takes


class DiedError(BaseException):
    """The process has ended inside a call that does not await: its stack goes, and nothing it does counts."""


class Process:
    """What a simulated process can do: wait, ask others, and end at any step of that.

    A process that died never runs again: nothing is cancelled, since `except` and `finally` blocks that run after
    SIGKILL would be a fault of the simulation. One that is stopped gets its answers when it is woken.
    """

    def __init__(self, name: str, loop: SimulatedLoop, faults: Faults, tell: Callable[..., None]) -> None:
        self.name = name
        self.loop = loop
        self.faults = faults
        self.tell = tell
        self.dead = False
        self.paused = False
        self.zombie = False  # others believe that it has gone
        self._waiting: list[Callable[[], None]] = []  # what it finds when it is woken

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run `coroutine` as this process."""
        context = copy_context()
        context.run(CURRENT.set, self)
        self.loop.create_task(coroutine, context=context)

    def die(self, why: str) -> None:
        """End at once, as by SIGKILL."""
        if not self.dead:
            self.tell(self.name, "dies", why)
            self.dead = True
            self._waiting.clear()
            self.on_death()

    def pause(self, for_s: float) -> None:
        """Stop, as by SIGSTOP, and be woken later."""
        if not self.paused and not self.dead:
            self.tell(self.name, "is stopped for", round(for_s, 3))
            self.paused = True
            self.on_pause()
            self.loop.after(for_s, self.wake)

    def wake(self) -> None:
        """Go on, with all answers that have come meanwhile."""
        if self.paused and not self.dead:
            self.tell(self.name, "goes on", "as a zombie" if self.zombie else "")
            self.paused = False
            waiting, self._waiting = self._waiting, []
            for function in waiting:
                function()
            self.on_wake()

    def step(self, what: str) -> None:
        """Come past a point where a process may end or be stopped; raise DiedError when it has ended."""
        if not self.dead:
            if self.zombie:
                self.faults.note("zombie step")
            if self.faults.strikes("crash"):
                self.die(what)
            elif self.faults.strikes("pause"):
                self.pause(self.faults.between(0.05, PAUSE_S_MAX))
            elif self.faults.strikes("leave"):
                self.on_told_to_end()
        if self.dead:
            raise DiedError(what)

    def when_awake(self, function: Callable[[], None]) -> None:
        """Call `function` now, or when it is woken, or never."""
        if self.paused:
            self._waiting.append(function)
        elif not self.dead:
            function()

    async def sleep(self, for_s: float) -> None:
        """Wait; a stopped process waits longer, a dead one for ever."""
        future = self.loop.create_future()
        self.loop.after(for_s, lambda: self.when_awake(lambda: settle(future, None)))
        await future

    async def request(self, what: str, effect: Callable[[], T], for_s: float | None = None) -> T:
        """Have another machine do `effect` and return what came of it, in `for_s` or a short while.

        The process may end before it has asked, or when the effect is done and the answer is not there yet.
        """
        future: asyncio.Future[T] = self.loop.create_future()
        within_s = self.faults.between(*WITHIN_S) if for_s is None else for_s

        def serve() -> None:
            try:
                answer, refusal = effect(), None
            except Exception as error:  # noqa: BLE001  it is the asker's
                answer, refusal = None, error
            try:
                self.step(f"{what}, answered")
            except DiedError:
                return
            self.when_awake(lambda: settle(future, answer, refusal))

        try:
            self.step(what)
        except DiedError:
            return await future  # for ever
        self.when_awake(lambda: self.loop.after(within_s, serve))
        return await future

    def on_death(self) -> None:
        """Tell those who watch it."""

    def on_pause(self) -> None:
        """Tell those who watch it."""

    def on_wake(self) -> None:
        """Tell those who watch it."""

    def on_told_to_end(self) -> None:
        """Begin to end in good order."""


def settle(future: "asyncio.Future[Any]", answer: Any, refusal: BaseException | None = None) -> None:
    """Resolve `future`, unless whoever waited has given up."""
    if future.done():
        return
    if refusal is not None:
        future.set_exception(refusal)
    else:
        future.set_result(answer)
