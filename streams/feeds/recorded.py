"""Events of a file in, the same events with the time they are sent at out, in time order."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from streams.events import Covariate, SensorReading, Transaction, Unreadable

FeedEvent = Transaction | SensorReading | Covariate | Unreadable

GAP_S_MAX = 400 * 86_400.0  # a longer gap is no closed shop but a wrong date (the Metro file is silent for 308 days)


class Recorded(NamedTuple):
    """One event and when it is sent, in event time."""

    at_s: float
    event: FeedEvent


def in_time_order(events: Iterable[FeedEvent]) -> list[Recorded]:
    """Return `events` by event time; equal times keep their order. What is unreadable comes with its predecessor.

    Events more than GAP_S_MAX away from the bulk come last: one row of the year 2099 must not turn a replay into 75
    empty years. The shard then parks it as `future`, or counts it as late, as it would a live one.

    The whole file is held in memory (about 600 bytes an event): a file is no stream, it may be in any order.
    """
    timed: list[Recorded] = []
    last_s: float | None = None
    waiting: list[FeedEvent] = []  # unreadable before the first event that has a time
    for event in events:
        at_s = _at_s(event)
        if at_s is None and last_s is None:
            waiting.append(event)
            continue
        last_s = last_s if at_s is None else at_s
        assert last_s is not None
        timed += [Recorded(last_s, one) for one in (*waiting, event)]
        waiting.clear()
    timed += [Recorded(0.0, one) for one in waiting]
    return _strays_last(sorted(timed, key=attrgetter("at_s")))


def _strays_last(timed: list[Recorded]) -> list[Recorded]:
    cuts = [place for place in range(1, len(timed)) if timed[place].at_s - timed[place - 1].at_s > GAP_S_MAX]
    if not cuts:
        return timed
    spans = list(zip([0, *cuts], [*cuts, len(timed)], strict=True))
    start, end = max(spans, key=lambda span: span[1] - span[0])
    last_s = timed[end - 1].at_s
    return timed[start:end] + [Recorded(last_s, one.event) for one in timed[:start] + timed[end:]]


def _at_s(event: FeedEvent) -> float | None:
    match event:
        case Transaction():
            return event.occurred_at_s
        case Unreadable():
            return None
    return event.observed_at_s
