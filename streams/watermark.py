"""What the feeds of a pool have promised, in event time; out comes how far its buckets may be closed.

*No data is not no demand*: a feed moves on by its events and heartbeats. One that is not heard for
`silence_s_max` is waited for no more, and what it did not cover closes as missing.
"""

import math

import msgspec

from streams.catalog import FeedSpec


class FeedProgress(msgspec.Struct):
    """How far one feed is, in event time."""

    silence_s_max: float
    complete_until_s: float | None = None  # all its events before have been sent; None: never heard
    heard_at_s: float | None = None  # the run's event time when it last spoke
    silent_from_s: float | None = None  # it is silent since it had got here
    gap: tuple[float, float] | None = None  # the last stretch of event time that it skipped and never promised

    def hear(self, at_s: float, *, promised: bool, now_s: float) -> None:
        """Move on to `at_s`. Coming back from silence with an event far ahead leaves a gap; a promise fills it."""
        if promised:
            self.gap = None
        elif self.silent_from_s is not None and at_s - self.silent_from_s > self.silence_s_max:
            self.gap = (self.silent_from_s, at_s)
        self.silent_from_s = None
        self.heard_at_s = now_s
        if self.complete_until_s is None or at_s > self.complete_until_s:
            self.complete_until_s = at_s

    def note_silence(self, *, now_s: float, started_at_s: float) -> None:
        """Remember where it had got to if it is silent now, so that its return can leave a gap."""
        if self.silent_from_s is None and self.silent(now_s=now_s, started_at_s=started_at_s):
            self.silent_from_s = -math.inf if self.complete_until_s is None else self.complete_until_s

    def silent(self, *, now_s: float, started_at_s: float) -> bool:
        """Return whether it has not spoken for longer than it may."""
        return now_s - (started_at_s if self.heard_at_s is None else self.heard_at_s) > self.silence_s_max

    def reach_s(self, *, now_s: float, started_at_s: float) -> float:
        """Return how far it lets buckets close: to where it got, or, while silent, up to the silence it is allowed."""
        complete_s = -math.inf if self.complete_until_s is None else self.complete_until_s
        if self.silent(now_s=now_s, started_at_s=started_at_s):
            return max(complete_s, now_s - self.silence_s_max)
        return complete_s

    def covers(self, start_s: float, end_s: float) -> bool:
        """Return whether it has spoken past `end_s` and skipped nothing of the period."""
        if self.complete_until_s is None or self.complete_until_s < end_s:
            return False
        return self.gap is None or end_s <= self.gap[0] or start_s >= self.gap[1]


class Watermark(msgspec.Struct):
    """The progress of every declared feed of one pool.

    >>> mark = Watermark()
    >>> mark.declare((FeedSpec(id="till", silence_s_max=100.0),), now_s=0.0)
    >>> mark.hear("till", 50.0, promised=True, now_s=50.0)
    True
    >>> mark.reach_s(now_s=60.0, ahead_s_max=10.0), mark.reach_s(now_s=200.0, ahead_s_max=10.0)
    (50.0, 100.0)
    >>> mark.covers(0.0, 50.0), mark.covers(50.0, 100.0)
    (True, False)
    """

    feeds: dict[str, FeedProgress] = msgspec.field(default_factory=dict)
    started_at_s: float = 0.0  # the run's event time when the pool was declared

    def declare(self, specs: tuple[FeedSpec, ...], *, now_s: float) -> None:
        """Wait for exactly the feeds in `specs` from now on."""
        if not self.feeds:
            self.started_at_s = now_s
        held = self.feeds
        self.feeds = {spec.id: held.get(spec.id, FeedProgress(spec.silence_s_max)) for spec in specs}
        for spec in specs:
            self.feeds[spec.id].silence_s_max = spec.silence_s_max

    def hear(self, feed_id: str, at_s: float, *, promised: bool, now_s: float) -> bool:
        """Take note that a feed spoke of event time `at_s`; return False when the feed is not declared."""
        progress = self.feeds.get(feed_id)
        if progress is None:
            return False
        progress.note_silence(now_s=now_s, started_at_s=self.started_at_s)  # while nobody worked no beat has told it
        progress.hear(at_s, promised=promised, now_s=now_s)
        return True

    def note_silence(self, *, now_s: float) -> None:
        """Remember where each feed that is silent now had got to, so that its return can leave a gap."""
        for feed in self.feeds.values():
            feed.note_silence(now_s=now_s, started_at_s=self.started_at_s)

    def silent_at_s(self) -> float:
        """Return a moment before which no feed falls silent that is heard now; its rounding errs on the early side."""
        heard = (feed for feed in self.feeds.values() if feed.silent_from_s is None)
        ends = [(self.started_at_s if f.heard_at_s is None else f.heard_at_s) + f.silence_s_max for f in heard]
        return min(ends, default=math.inf) - 1e-3

    def reach_s(self, *, now_s: float, ahead_s_max: float) -> float:
        """Return the event time up to which buckets may close: the slowest feed that is still heard, capped.

        The cap, `now_s + ahead_s_max`, keeps one fast clock from making everyone else late.
        """
        reaches = [feed.reach_s(now_s=now_s, started_at_s=self.started_at_s) for feed in self.feeds.values()]
        return min(*reaches, now_s + ahead_s_max)

    def covers(self, start_s: float, end_s: float) -> bool:
        """Return whether every feed covers the period: what is not there then did not happen."""
        return all(feed.covers(start_s, end_s) for feed in self.feeds.values())

    def shown(self, *, now_s: float) -> tuple[tuple[str, float, bool], ...]:
        """Return (feed_id, complete_until_s, heard) of each feed, for people."""
        return tuple(
            (
                name,
                feed.complete_until_s or 0.0,
                feed.heard_at_s is not None and not feed.silent(now_s=now_s, started_at_s=0.0),
            )
            for name, feed in self.feeds.items()
        )
