"""Coroutines and a virtual clock in, the same run every time out: an event loop without threads, sockets or waiting.

Time jumps from one timer to the next. Callbacks that are ready run in the order in which they became so, as asyncio
promises; what is left to chance is how long each I/O takes, and that is drawn from the run's seed.
"""

import asyncio
import contextlib
import contextvars
import heapq
import warnings
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

CURRENT: contextvars.ContextVar[Any] = contextvars.ContextVar("CURRENT")  # the process whose code is running
THREAD_S = 0.004


class SimulatedLoop(asyncio.AbstractEventLoop):
    """What asyncio's tasks, futures, locks and timeouts need of a loop, and nothing else."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, Any]] = []  # a Handle, or a plain function
        self._count = 0
        self._tasks: list[asyncio.Task[Any]] = []  # kept: one that is collected would run its `finally`

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self._now_s

    def after(self, delay_s: float, function: Callable[[], None]) -> None:
        """Call `function` in `delay_s`; cheaper than `call_later`, and it cannot be cancelled."""
        self._count += 1
        heapq.heappush(self._timers, (self._now_s + delay_s, self._count, function))

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        """See asyncio."""
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """See asyncio."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        """See asyncio."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        """See asyncio."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: contextvars.Context | None = None
    ) -> asyncio.Task[Any]:
        """See asyncio."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Run `func` a little later, as a thread would; with its process stopped or dead it waits too."""
        del executor
        future = self.create_future()
        process = CURRENT.get()

        def work() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001  as an executor does: it is the caller's
                future.cancelled() or future.set_exception(error)
            except BaseException:  # noqa: BLE001  the process has died in there: nobody hears of it
                pass
            else:
                future.cancelled() or future.set_result(result)

        self.after(THREAD_S, lambda: process.when_awake(work))
        return future

    def get_debug(self) -> bool:
        """See asyncio."""
        return False

    def is_running(self) -> bool:
        """See asyncio."""
        return True

    def is_closed(self) -> bool:
        """See asyncio."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Say nothing: tasks of processes that died are destroyed while pending, and that is meant."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its time comes."""

    def run(self, until_s: float, ended: Callable[[], bool]) -> None:
        """Run everything up to `until_s`, or until `ended`."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            self._run_ready()
            while self._timers and self._timers[0][0] <= until_s and not ended():
                self._step()
        finally:
            asyncio._set_running_loop(before)

    def close(self) -> None:
        """Throw away what still waits. Its `finally` blocks run now and can do nothing any more."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        for task in self._tasks:
            coroutine = task.get_coro()
            if not task.done() and coroutine is not None:
                with contextlib.suppress(BaseException), warnings.catch_warnings(action="ignore"):
                    coroutine.close()
        asyncio._set_running_loop(before)
        self._timers.clear()
        self._ready.clear()

    def _step(self) -> None:
        when_s, _, due = heapq.heappop(self._timers)
        self._now_s = max(self._now_s, when_s)
        if isinstance(due, asyncio.Handle):
            self._run_one(due)
        else:
            due()
        self._run_ready()

    def _run_ready(self) -> None:
        ready = self._ready
        while ready:
            self._run_one(ready.popleft())

    @staticmethod
    def _run_one(handle: asyncio.Handle) -> None:
        """Run what a process wants done: later when it is stopped, never when it is dead."""
        if handle._cancelled:
            return
        process = handle._context.get(CURRENT)
        if process is None:
            handle._run()
        elif process.paused:
            process.when_awake(handle._run)
        elif not process.dead:
            handle._run()
