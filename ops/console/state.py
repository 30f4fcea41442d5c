"""What the console knows: messages, views and worker health in, one bounded picture out, safe from any thread.

Everything here has a limit; what is beyond goes, oldest first. Folding a message twice changes nothing, so a
reader may start over wherever it likes.
"""

import threading
from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Iterable

import msgspec

from ops.console.entries import RATE_WINDOW_S, Connection, Decided, PoolState, SeriesState, band
from ops.console.lived import LivedSoFar
from streams.catalog import PoolSpec
from streams.events import Allocation, BucketClosed, Command, DeadLetter, Outcome, OutputMessage, PoolView
from streams.health_events import WorkerHealth
from streams.model_events import ModelChanged

POOLS_MAX = 500
SERIES_MAX = 2_000
ACTIONS_MAX = 2_000  # lines of decisions
OUTCOMES_MAX = 20_000  # an outcome may be read before its action
DEAD_LETTERS_MAX = 1_000
RULES_MAX = 50  # of dead letters counted by name
HOLDS_MAX = 500
WORKERS_MAX = 100
QUIET_S = 5.0  # how often the time of a pool is moved on of which there is nothing new
Key = tuple[str, str]  # pool_id, resource_id


class Picture:
    """The bounded picture. Hold `lock` while reading more than one field."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.version = 0
        self.pools: dict[str, PoolState] = {}
        self.series: dict[Key, SeriesState] = {}
        self.series_left_out = 0  # because there were more than SERIES_MAX
        self.actions: list[Decided] = []  # oldest first; partitions are read one after the other, not in order
        self.dead_letters: deque[DeadLetter] = deque(maxlen=DEAD_LETTERS_MAX)
        self.dead_by_rule: dict[str, int] = {}  # of those read since the console started
        self.outcomes_by_status: dict[str, int] = {}
        self.holds: OrderedDict[tuple[str, str | None], Command] = OrderedDict()
        self.workers: dict[str, WorkerHealth] = {}
        self.connections = {
            "kafka": Connection(text="Kafka: connecting"),
            "redis": Connection(text="Redis: connecting"),
        }
        self.unreadable = 0  # messages no reader understood
        self.buckets_read = 0
        self.actions_read = 0
        self.lived: LivedSoFar | None = None  # where a twin runs beside the console
        self.kill_switch: str | None = None  # the reason in the kill file, when there is one
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        self._decided: dict[str, Decided] = {}
        self._dead_places: OrderedDict[tuple[str, int, int], None] = OrderedDict()

    # --- messages of the topics ---------------------------------------------------------------------------

    def fold(self, message: OutputMessage | PoolSpec, at_s: float) -> None:
        """Take in one message, written to its topic at wall time `at_s`; what the console does not show passes."""
        with self.lock:
            self.version += 1
            match message:
                case BucketClosed():
                    self._fold_bucket(message)
                case Allocation():
                    self._fold_allocation(message, at_s)
                case Outcome():
                    self._fold_outcome(message)
                case DeadLetter():
                    self._fold_dead_letter(message)
                case Command():
                    self._fold_command(message)
                case ModelChanged():
                    self._fold_model(message)
                case PoolSpec():
                    self._fold_catalog(message)
                case _:
                    self.unreadable += 1

    def fold_unreadable(self) -> None:
        """Count a record that could not be decoded."""
        with self.lock:
            self.unreadable += 1

    def _fold_bucket(self, closed: BucketClosed) -> None:
        series = self._series(closed.pool_id, closed.resource_id)
        if series is None:
            return
        low, high = (None, None) if closed.said_quantiles is None else band(closed.said_quantiles)
        self.buckets_read += 1
        series.buckets.put(closed.period_start_s, closed.value, closed.said_mean, low, high)
        if series.buckets.at_s[-1] == closed.period_start_s:
            series.censored = closed.censored
        series.version = self.version

    def _fold_model(self, changed: ModelChanged) -> None:
        pool = self._pool(changed.pool_id)
        if pool is not None and changed not in pool.models:
            pool.models.append(changed)
            pool.version = self.version

    def _fold_allocation(self, allocation: Allocation, at_s: float) -> None:
        for line in allocation.lines:
            if line.action_id in self._decided:  # a replay: the first payload wins, as at the gateway
                continue
            decided = Decided(self.version, at_s, allocation, line, self._outcomes.get(line.action_id))
            self.actions_read += 1
            insort(self.actions, decided, key=_written)
            self._decided[line.action_id] = decided
            if len(self.actions) > ACTIONS_MAX:
                self._decided.pop(self.actions.pop(0).line.action_id)
            series = self._series(allocation.pool_id, line.resource_id)
            if series is None:
                continue
            series.orders.put(allocation.period_start_s, line.order_units, line.proposed_units)
            held = series.last_action
            if held is None or held.allocation.period_start_s <= allocation.period_start_s:
                series.last_action = decided
            series.version = self.version

    def _fold_outcome(self, outcome: Outcome) -> None:
        known = outcome.action_id in self._outcomes
        self._outcomes[outcome.action_id] = outcome
        if not known:
            self.outcomes_by_status[outcome.status] = self.outcomes_by_status.get(outcome.status, 0) + 1
        if len(self._outcomes) > OUTCOMES_MAX:
            self._outcomes.popitem(last=False)
        decided = self._decided.get(outcome.action_id)
        if decided is None:
            return
        decided.outcome, decided.version = outcome, self.version
        series = self.series.get((outcome.pool_id, outcome.resource_id))
        if series is not None and series.last_action is decided:
            series.version = self.version

    def _fold_dead_letter(self, letter: DeadLetter) -> None:
        place = (letter.topic, letter.partition, letter.offset)
        if place in self._dead_places:
            return
        self._dead_places[place] = None
        if len(self._dead_places) > 10 * DEAD_LETTERS_MAX:
            self._dead_places.popitem(last=False)
        self.dead_letters.append(letter)
        rule = letter.rule if letter.rule in self.dead_by_rule or len(self.dead_by_rule) < RULES_MAX else "other"
        self.dead_by_rule[rule] = self.dead_by_rule.get(rule, 0) + 1

    def _fold_command(self, command: Command) -> None:
        place = (command.pool_id, command.resource_id)
        if command.kind == "hold":
            self.holds[place] = command
            self.holds.move_to_end(place)
        else:
            self.holds.pop(place, None)
        if len(self.holds) > HOLDS_MAX:
            self.holds.popitem(last=False)

    def _fold_catalog(self, spec: PoolSpec) -> None:
        pool = self._pool(spec.pool_id)
        if pool is None:
            return
        pool.spec, pool.version = spec, self.version
        for resource in spec.resources:
            self._series(spec.pool_id, resource.id)
        for series in self.series.values():
            if series.pool_id == spec.pool_id:
                series.version = self.version

    # --- what is polled -----------------------------------------------------------------------------------

    def put_view(self, view: PoolView, wall_s: float) -> None:
        """Take in the newest view of a pool, read at wall time `wall_s`."""
        with self.lock:
            pool = self._pool(view.pool_id)
            if pool is None or (pool.written == view and wall_s - pool.seen_at_s < QUIET_S):
                return
            pool.written, view = view, msgspec.structs.replace(view, now_s=view.event_time_s(wall_s))
            if pool.view == view:
                return
            self.version += 1
            pool.view, pool.version, pool.seen_at_s = view, self.version, wall_s
            pool.clock.append((wall_s, view.now_s, view.watermark_s))
            while pool.clock[0][0] < wall_s - RATE_WINDOW_S:
                pool.clock.popleft()
            for one in view.series:
                series = self._series(view.pool_id, one.resource_id)
                if series is None:
                    continue
                if one.on_hand_units is not None and view.period_start_s > 0:
                    on_order = sum(order.units for order in one.on_order)
                    series.stock.put(view.period_start_s, one.on_hand_units, on_order)
                stale = one.forecast is not None and one.forecast.expires_at_s < view.now_s
                if series.view != one or series.stale != stale:
                    series.view, series.stale, series.version = one, stale, self.version

    def put_workers(self, workers: Iterable[WorkerHealth]) -> None:
        """Take in all living workers; those not among them are gone."""
        with self.lock:
            self.version += 1
            self.workers = {worker.worker_id: worker for worker in list(workers)[:WORKERS_MAX]}

    def put_data_dir(self, killed: str | None, lived: LivedSoFar | None) -> None:
        """Note what lies in the data folder: the gateway's kill file with its reason, and a twin's totals."""
        with self.lock:
            self.kill_switch = killed
            self.lived = lived

    def connected(self, server: str, ok: bool, text: str, wall_s: float) -> None:
        """Note whether `server` ("kafka" or "redis") is reached, and why not."""
        with self.lock:
            held = self.connections[server]
            if (held.ok, held.text) != (ok, text):
                self.connections[server] = Connection(text, ok, wall_s)

    # --- bounded places -----------------------------------------------------------------------------------

    def _pool(self, pool_id: str) -> PoolState | None:
        if pool_id not in self.pools and len(self.pools) < POOLS_MAX:
            self.pools[pool_id] = PoolState(pool_id)
        return self.pools.get(pool_id)

    def _series(self, pool_id: str, resource_id: str) -> SeriesState | None:
        key = (pool_id, resource_id)
        if key not in self.series:
            if len(self.series) >= SERIES_MAX or self._pool(pool_id) is None:
                self.series_left_out += 1
                return None
            self.series[key] = SeriesState(pool_id, resource_id)
        return self.series[key]


def _written(decided: Decided) -> float:
    return decided.at_s
