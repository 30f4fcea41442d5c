"""What a worker's thread sees of it twice a second in; a hung worker's stacks in its log and its end out.

A worker that hangs holds its partitions and does nothing. Three things tell: the event loop does not turn, a partition
does not move although the broker has more for it, a commit or a snapshot does not end. Slow is not stuck: whatever
moves within the limit is alive, and time in which the broker does not answer does not count.

Time is what the thread lives through: a tick counts for at most `TICK_COUNTS_S_MAX`, however late it comes, so a
worker that was paused (SIGSTOP, a suspended machine) is not taken for a hung one when it goes on.

Python's threads stand still too while C code keeps the interpreter's lock. Then the second line of defence ends the
process: a timer of `faulthandler`, which needs no lock, and which the thread puts off while it runs. That timer knows
no pauses: whoever stops a worker for longer than it waits finds it ended afterwards, and started again.
"""

import asyncio
import faulthandler
import os
import signal
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import msgspec

from streams.durable_lines import DurableLines

EXIT_STATUS = 70  # EX_SOFTWARE of sysexits.h: ended by its watchdog; a supervisor starts it again
HELD_LOCK_FACTOR = 3  # times the loop's limit, after which faulthandler ends the process with status 1
TICK_S = 0.5
TICK_COUNTS_S_MAX = 2 * TICK_S
BEAT_S = 0.25
ANSWERS_S_MAX = 5.0  # without an acknowledgement of a partition for so long, its broker does not answer
END_S_MAX = 30.0  # from the order to stop to the end of the process
LAST_WORDS_S_MAX = 10.0  # for the stacks and the note on disk; then the kernel ends the process
LAST_WORDS = "last_words.jsonl"
STDERR = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what may stand still."""

    loop_late_s_max: float
    progress_late_s_max: float
    commit_late_s_max: float


@dataclass(frozen=True, slots=True)
class Place:
    """One partition as seen at one moment."""

    next_offset: int  # everything below is folded
    end_offset: int  # after the newest record that the broker has acknowledged to this worker; 0: none yet
    sealing: Hashable  # the newest try to keep a snapshot; None: none yet


@dataclass(frozen=True, slots=True)
class Sight:
    """A worker as seen at one moment."""

    beats: int  # turns of the event loop
    places: Mapping[tuple[str, int], Place]
    commit: Hashable = None  # the commit under way; None: none


class Verdict(msgspec.Struct, frozen=True):
    """Why a worker was ended."""

    rule: str  # "loop", "progress", "commit" or "snapshot"
    said: str  # in plain words: what, how long, which limit


class LastWords(msgspec.Struct, frozen=True):
    """A verdict on disk."""

    worker_id: str
    at_s: float  # wall time
    verdict: Verdict


Still = dict[Hashable, tuple[Hashable, float]]  # what -> its value, and the seconds for which that has not changed


@dataclass(slots=True)
class Judge:
    """Remembers since when each thing stands still. It reads no clock."""

    limits: Limits
    _still: Still = field(default_factory=dict)

    def judge(self, sight: Sight, elapsed_s: float) -> Verdict | None:
        """Return why the worker has to end, or None; `elapsed_s` passed since the sight before."""
        still, self._still = self._still, {}  # what is not seen again, a partition given away, is forgotten
        verdict = self._loop(still, sight, elapsed_s)
        for name, place in sight.places.items():
            verdict = verdict or self._progress(still, name, place, elapsed_s)
            verdict = verdict or self._snapshot(still, name, place, elapsed_s)
        return verdict or self._commit(still, sight, elapsed_s)

    def _loop(self, still: Still, sight: Sight, elapsed_s: float) -> Verdict | None:
        moved = (sight.beats, len(sight.places), sum(place.next_offset for place in sight.places.values()))
        late_s = self._stood_s(still, "loop", moved, elapsed_s)
        limit_s = self.limits.loop_late_s_max
        if late_s <= limit_s:
            return None
        return Verdict("loop", f"the event loop has not turned and nothing was folded for {late_s:.0f} s ({limit_s:g})")

    def _progress(self, still: Still, name: tuple[str, int], place: Place, elapsed_s: float) -> Verdict | None:
        silent_s = self._stood_s(still, ("end", name), place.end_offset, elapsed_s)
        counts = silent_s <= ANSWERS_S_MAX and place.next_offset < place.end_offset
        late_s = self._stood_s(still, ("next", name), place.next_offset, elapsed_s, counts=counts)
        limit_s = self.limits.progress_late_s_max
        if late_s <= limit_s:
            return None
        lag = place.end_offset - place.next_offset
        return Verdict(
            "progress",
            f"{name[0]}/{name[1]} stands at {place.next_offset} for {late_s:.0f} s ({limit_s:g}) with {lag} records "
            "to fold, and its broker answers",
        )

    def _commit(self, still: Still, sight: Sight, elapsed_s: float) -> Verdict | None:
        answers = any(self._still["end", name][1] <= ANSWERS_S_MAX for name in sight.places)
        counts = sight.commit is not None and answers
        late_s = self._stood_s(still, "commit", sight.commit, elapsed_s, counts=counts)
        limit_s = self.limits.commit_late_s_max
        if late_s <= limit_s:
            return None
        return Verdict("commit", f"a commit has not ended for {late_s:.0f} s ({limit_s:g}), and the broker answers")

    def _snapshot(self, still: Still, name: tuple[str, int], place: Place, elapsed_s: float) -> Verdict | None:
        counts = self._still["end", name][1] <= ANSWERS_S_MAX  # then there are beats to fold, and so a try is due
        late_s = self._stood_s(still, ("sealing", name), place.sealing, elapsed_s, counts=counts)
        limit_s = self.limits.commit_late_s_max
        if late_s <= limit_s:
            return None
        said = f"a snapshot of {name[0]}/{name[1]} has not ended for {late_s:.0f} s ({limit_s:g}), its broker answers"
        return Verdict("snapshot", said)

    def _stood_s(
        self, still: Still, what: Hashable, value: Hashable, elapsed_s: float, *, counts: bool = True
    ) -> float:
        """Return for how long `value` has stood and that has counted, without a break."""
        before, stood_s = still.get(what, (value, -elapsed_s))  # a first sight has stood for nothing
        stood_s = stood_s + elapsed_s if counts and before == value else 0.0
        self._still[what] = value, stood_s
        return stood_s


class Watchdog:
    """Watches one worker from a thread of its own, from `start` to `stop`."""

    def __init__(
        self,
        look: Callable[[int], Sight],
        limits: Limits,
        words: DurableLines[LastWords],
        worker_id: str,
        wall_s: Callable[[], float],
    ) -> None:
        """Take `look`, which is given the beats counted so far; it is called in the thread and must not wait."""
        self._look = look
        self._judge = Judge(limits)
        self._held_lock_s_max = HELD_LOCK_FACTOR * limits.loop_late_s_max
        self._words = words
        self._worker_id = worker_id
        self._wall_s = wall_s
        self._beats = 0
        self._stopped = threading.Event()
        self._beating: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin; call it in the loop that is watched."""
        self._beating = asyncio.get_running_loop().create_task(self._beat(), name="watchdog-beat")
        self._put_off()
        self._thread.start()

    def stop(self) -> None:
        """Watch only that the process ends in time: stopping may hang as well."""
        self._stopped.set()
        if self._beating is not None:
            self._beating.cancel()
            self._thread.join(TICK_S)  # it puts the timer off
        faulthandler.dump_traceback_later(END_S_MAX, exit=True, file=STDERR)

    async def _beat(self) -> None:
        while not self._stopped.is_set():
            self._beats += 1
            await asyncio.sleep(BEAT_S)

    def _watch(self) -> None:
        seen_s = time.monotonic()
        while not self._stopped.wait(TICK_S):
            self._put_off()
            now_s = time.monotonic()
            elapsed_s, seen_s = min(now_s - seen_s, TICK_COUNTS_S_MAX), now_s
            verdict = self._judge.judge(self._look(self._beats), elapsed_s)
            if verdict is not None and not self._stopped.is_set():
                self._end(verdict)

    def _put_off(self) -> None:
        faulthandler.dump_traceback_later(self._held_lock_s_max, exit=True, file=STDERR)

    def _end(self, verdict: Verdict) -> NoReturn:
        """Say why, in the log and on disk, and end. Nothing here takes a lock that the hung worker may hold."""
        signal.setitimer(signal.ITIMER_REAL, LAST_WORDS_S_MAX)  # the log's reader or the disk may be what hangs
        os.write(STDERR, f"WATCHDOG: {verdict.said}; the worker ends, and these are its stacks\n".encode())
        faulthandler.dump_traceback(file=STDERR, all_threads=True)
        try:
            self._words.append(LastWords(self._worker_id, self._wall_s(), verdict))
        finally:
            os._exit(EXIT_STATUS)
