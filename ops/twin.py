"""Recorded lines in; in place of the real world, the events that they become under Headgate's own orders out.

The twin is the sole source of events of the pools under control. It declares them, tells their history unchanged
while its clock stands at the start of control (history is learnt, its ticks have expired), counts the opening stock,
and then takes turns with the control agent: a heartbeat closes the bucket before period k, the tick is decided, the
gateway hands the orders over, and only then period k is lived through. It drives the time of its pools itself, so
without timeouts a run repeats identically on any machine.
"""

import heapq
import sys
import threading
from collections.abc import Callable, Sequence

import redis

from ops.gateway import Gateway
from ops.journal import FILE, Journal, Lived
from ops.twin_actor import Actor, Told, actor
from ops.twin_door import Door
from streams.catalog import Catalog
from streams.connections import redis_options
from streams.errors import ConfigurationError, HeadgateError, UnavailableError
from streams.events import PoolView, Transaction, decode_output
from streams.feeds.sender import EventSender
from streams.forecast_store import VIEW_KEY
from streams.periods import utc_text
from streams.publishing import publish_catalog
from streams.settings import Settings

WAIT_S = 30.0  # wall time a tick's decision is waited for
FIRST_WAIT_S = 600.0  # before the first one all of history is learnt


class Twin:
    """One run. `run` blocks until the recorded demand ends or `stop` is called; both are safe from any thread."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        lines: Sequence[Transaction],
        *,
        control_from_s: float,
        until_s: float | None = None,  # None: until the end of the recorded lines
        periods_per_second: float = 0.0,  # 0: as fast as decisions come
        wait_s: float = WAIT_S,
        tell: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
    ) -> None:
        self.timeouts = 0
        self.periods_lived = 0
        self._settings, self._catalog = settings, catalog
        self._pause_s = 1.0 / periods_per_second if periods_per_second > 0 else 0.0
        self._wait_s = wait_s
        self._tell = tell
        self._stop = threading.Event()
        self._door = Door()
        self._gateway_error: BaseException | None = None
        controlled = [spec for spec in catalog.pools if spec.controlled]
        if not controlled:
            raise ConfigurationError("no pool of the catalog has controlled = true: the twin has nothing to simulate")
        self._actors = {
            spec.pool_id: actor(spec, lines, control_from_s=control_from_s, until_s=until_s) for spec in controlled
        }
        self.periods_total = sum(len(pool.periods) for pool in self._actors.values())

    def stop(self) -> None:
        """Ask `run` to end after the period in hand."""
        self._stop.set()

    def pool(self, pool_id: str) -> Actor:
        """Return a simulated pool."""
        return self._actors[pool_id]

    def now_s(self, pool_id: str) -> float:
        """Return the event time of the pool, for the gateway; a pool that is not simulated here has none: NaN."""
        pool = self._actors.get(pool_id)
        return pool.now_s if pool else float("nan")

    def run(self) -> None:
        """Simulate; raise UnavailableError, StateError or ConfigurationError when it cannot go on."""
        self._refuse_used_pools()
        publish_catalog(self._settings, self._catalog)
        gateway = Gateway(self._settings, self._door, self.now_s)
        thread = threading.Thread(target=self._guarded(gateway.run), name="twin-gateway", daemon=True)
        with EventSender(self._settings) as sender, Journal(self._settings.data_dir / FILE, self._facts()) as journal:
            thread.start()
            try:
                self._begin(sender)
                self._live(sender, journal)
            finally:
                gateway.stop()
                thread.join(timeout=30.0)

    def _begin(self, sender: EventSender) -> None:
        """Tell the history and the opening stock; the last heartbeats cut the first ticks."""
        for pool in self._actors.values():
            _send(sender, pool, pool.begin())
            self._door.open(pool.spec.pool_id, pool.start_s)
            _send(sender, pool, pool.promises(pool.start_s))
        sender.flush()
        self._tell(f"twin: history of {len(self._actors)} pools is told; waiting until it is learnt")

    def _live(self, sender: EventSender, journal: Journal) -> None:
        due = [(pool.start_s, pool_id) for pool_id, pool in self._actors.items()]
        heapq.heapify(due)
        wait_s = max(FIRST_WAIT_S, self._wait_s)
        while due and not self._stop.is_set():
            now_s = due[0][0]
            turn = [heapq.heappop(due)[1] for _ in range(sum(at_s == now_s for at_s, _ in due))]
            self._door.wait(turn, wait_s, self._is_worth_it)
            self._raise_gateway_error()
            if self._stop.is_set():
                return
            journal.write([row for pool_id in turn for row in self._step(sender, self._actors[pool_id])])
            sender.flush()
            due_again = [pool_id for pool_id in turn if self._actors[pool_id].now_s > now_s]
            for pool_id in due_again:
                heapq.heappush(due, (self._actors[pool_id].now_s, pool_id))
            wait_s = self._wait_s
            self._stop.wait(self._pause_s)

    def _step(self, sender: EventSender, pool: Actor) -> list[Lived]:
        """Carry out what was decided for the pool's next period and live through it."""
        decided, lines = self._door.take(pool.spec.pool_id)
        if decided is None:
            self.timeouts += 1
            period = pool.spec.periods.text(pool.now_s)
            self._tell(f"twin: no decision for {pool.spec.pool_id} {period}: nothing is ordered")
        _send(sender, pool, [pool.order(line) for line in lines])
        if pool.is_done:
            return []  # the recorded demand ends here; its last orders stay on their way
        events, rows = pool.live(decided)
        self.periods_lived += 1
        _send(sender, pool, events)
        self._door.open(pool.spec.pool_id, pool.now_s)
        _send(sender, pool, pool.promises(pool.now_s))
        return rows

    def _refuse_used_pools(self) -> None:
        """Raise ConfigurationError when the shards are past our history already: it would all be late."""
        try:
            client = redis.Redis.from_url(self._settings.redis, **redis_options(self._settings))
            bodies = {pool_id: client.hget(VIEW_KEY + pool_id, "body") for pool_id in self._actors}
            client.close()
        except (redis.RedisError, OSError) as error:
            raise UnavailableError(f"Redis at {self._settings.redis} does not answer: {error}") from error
        for pool_id, body in bodies.items():
            view = decode_output(body) if isinstance(body, bytes) else None
            if isinstance(view, PoolView) and view.period_start_s > 0:
                raise ConfigurationError(
                    f"pool {pool_id} has lived until {utc_text(view.period_start_s)} on this broker already; a twin "
                    "needs one without a past: start `headgate up` with another --data-dir"
                )

    def _facts(self) -> dict[str, str]:
        starts = {pool.start_s for pool in self._actors.values()}
        return {"control_from_s": repr(min(starts)), "catalog_revision": str(self._catalog.revision)}

    def _guarded(self, run: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                run()
            except BaseException as error:  # noqa: BLE001  a thread's error is raised by the one who waits for it
                self._gateway_error = error

        return guarded

    def _is_worth_it(self) -> bool:
        return self._gateway_error is None and not self._stop.is_set()

    def _raise_gateway_error(self) -> None:
        if isinstance(self._gateway_error, HeadgateError):
            raise self._gateway_error
        if self._gateway_error is not None:
            raise UnavailableError(f"the gateway ended: {self._gateway_error!r}") from self._gateway_error


def _send(sender: EventSender, pool: Actor, events: Sequence[Told]) -> None:
    for event in events:
        sender.send(pool.spec.topic, pool.spec.pool_id, event)
