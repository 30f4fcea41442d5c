"""Recorded events in, the records to send and when to send them out: a replay that is its own pacemaker.

A step sends, per pool and in this order: a `Clock` that sets the pool's event time to the end of the step, the
events before that end, and a `Heartbeat` of each of the replay's feeds that promises just these events. Steps end at
every period end of every pool and, once live, every `step_s` of event time. The clocks do not run between steps
(speed_up 0), so a slow broker or a clock that is off on another machine makes nothing late or from the future.

What lies before `live_from_s` is history: it is sent at once, under one clock that stands at `live_from_s`, so that
it is learnt and its ticks have expired. Then the replay keeps pace with the wall.

After a restart a replay begins again at the start that it is given. Event ids are the file's own, so the shard
counts an event of an open bucket once; one of a closed bucket is late, moves stock at most once (within the shard's
bound on what it remembers) and no demand. Starting at the pool's watermark (`headgate feed --from`) spares the work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from streams.catalog import PoolSpec
from streams.clock import RunClock
from streams.errors import ConfigurationError
from streams.events import Clock, Heartbeat
from streams.feeds.recorded import Recorded
from streams.periods import utc_text

STEPS_PER_S = 2.0  # of wall time, while live: how smoothly a page moves
STEP_S_MIN = 1.0  # of event time


class Record(NamedTuple):
    """One message and where it goes."""

    topic: str
    pool_id: str
    message: msgspec.Struct


class Step(NamedTuple):
    """What is sent together once the run has reached `until_s`."""

    until_s: float  # event time; every event before it has been sent when this step has
    live: bool  # False: history, not waited for
    records: tuple[Record, ...]
    events: int  # how many of the records are events


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """How a file is told again."""

    pools: Sequence[PoolSpec]
    feed_ids: frozenset[str]  # the feeds that this replay is the only source of: it promises for no other
    live_from_s: float
    step_s: float
    completes_last_period: bool = True  # whether the file ends with a whole period, which may then be closed

    def steps(self, events: Iterable[Recorded]) -> Iterator[Step]:
        """Yield the steps; raise ConfigurationError when `events` are not in time order."""
        waiting: list[Recorded] = []
        until_s = last_s = 0.0
        for recorded in events:
            if not waiting and not until_s:
                yield self._begin(recorded.at_s)
                until_s = self._end_after(recorded.at_s)
            if recorded.at_s < last_s:
                raise ConfigurationError(
                    f"a replay needs events in time order; {utc_text(recorded.at_s)} follows {utc_text(last_s)}"
                )
            last_s = recorded.at_s
            while recorded.at_s >= until_s:
                yield self._step(waiting, until_s, self.pools)
                waiting, until_s = [], self._end_after(until_s)
            waiting.append(recorded)
        if waiting and not self.completes_last_period:
            yield self._step(waiting, last_s, self.pools)
        elif waiting:
            yield self._step(waiting, until_s, self.pools)
            for pool in self.pools:
                yield from self._complete(pool, until_s, period_end_s(pool, last_s))

    def _complete(self, pool: PoolSpec, until_s: float, end_s: float) -> Iterator[Step]:
        """Yield the empty steps that lead one pool from the last event's step to the end of its last period."""
        while until_s < end_s:
            until_s = min(end_s, until_s + self.step_s) if until_s >= self.live_from_s else min(end_s, self.live_from_s)
            yield self._step([], until_s, [pool])

    def _begin(self, first_s: float) -> Step:
        origin_s = max(first_s, self.live_from_s)
        return Step(first_s, False, tuple(self._clock(pool, origin_s) for pool in self.pools), 0)

    def _step(self, events: Sequence[Recorded], until_s: float, pools: Sequence[PoolSpec]) -> Step:
        live = until_s > self.live_from_s
        topics = {pool.pool_id: pool.topic for pool in self.pools}
        default = self.pools[0].topic  # of an event of a pool that the catalog does not have: it is parked there
        records = [self._clock(pool, until_s) for pool in pools if live]
        records += [
            Record(topics.get(event.pool_id, default), event.pool_id, event) for event in (one.event for one in events)
        ]
        records += [
            Record(pool.topic, pool.pool_id, Heartbeat(pool_id=pool.pool_id, feed_id=feed.id, complete_until_s=until_s))
            for pool in pools
            for feed in pool.feeds
            if feed.id in self.feed_ids
        ]
        return Step(until_s, live, tuple(records), len(events))

    def _clock(self, pool: PoolSpec, at_s: float) -> Record:
        clock = RunClock(event_origin_s=at_s, wall_origin_s=0.0, speed_up=0.0)
        return Record(pool.topic, pool.pool_id, Clock(run_clock=clock, scope=(pool.pool_id,)))

    def _end_after(self, at_s: float) -> float:
        ends = [period_end_s(pool, at_s) for pool in self.pools]
        if at_s >= self.live_from_s:
            ends.append(at_s + self.step_s)  # not rounded to a multiple: that could be at_s itself
        else:
            ends.append(self.live_from_s)
        return min(ends)


def period_end_s(pool: PoolSpec, at_s: float) -> float:
    """Return the end of the pool's period that contains `at_s`."""
    return pool.periods.shift(pool.periods.start_of(at_s), 1)


def step_s_of(speed_up: float, pools: Sequence[PoolSpec]) -> float:
    """Return the event time of one live step: half a second of wall time, within what the pools' silence allows."""
    return max(
        STEP_S_MIN, min(speed_up / STEPS_PER_S, *(feed.silence_s_max / 4 for pool in pools for feed in pool.feeds))
    )


def paced(
    steps: Iterable[Step],
    *,
    live_from_s: float,
    speed_up: float,
    wall_s: Callable[[], float],
    sleep_s: Callable[[float], None],
) -> Iterator[Step]:
    """Yield each step when its time has come: history at once, the rest at `speed_up` event seconds a wall second.

    The wall time at which the first live step is asked for is that of `live_from_s` (or of the first event, when
    it is later). A replay that fell behind catches up.
    """
    origin: tuple[float, float] | None = None  # (event, wall)
    before_s = live_from_s
    for step in steps:
        if step.live:
            origin = origin or (max(live_from_s, before_s), wall_s())
            ahead_s = (step.until_s - origin[0]) / speed_up - (wall_s() - origin[1])
            if ahead_s > 0:
                sleep_s(ahead_s)
        before_s = step.until_s
        yield step
