"""A real worker under its supervisor meets what breaks it: nothing is lost, nothing doubled, and the stream goes on."""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import redis

from ops.child import Child
from ops.supervisor import Supervisor
from streams.attempts import ATTEMPTS_MAX, FOLDER
from streams.catalog import Catalog, FeedSpec
from streams.clock import RunClock
from streams.durable_lines import DurableLines
from streams.events import Clock, DeadLetter, Heartbeat, PoolView, decode_output
from streams.feeds.sender import EventSender
from streams.forecast_store import VIEW_KEY
from streams.publishing import publish_catalog
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import DEAD_LETTERS
from streams.watchdog import LAST_WORDS, LastWords
from streams.worker import CRASH_STATUS
from tests.streams import fragile_worker
from tests.streams.fragile_worker import ENDS, HANGS, RAISES
from tests.streams.pools import START_S, sale, shop

WAIT_S_MAX = 120.0
STOCK = 1000


class Fragile(Supervisor):
    """Starts the fragile worker in place of `headgate worker`."""

    hung: Path

    def _spawn(self, name: str, words: Sequence[str], environment: Mapping[str, str]) -> Child:
        assert list(words) == ["worker"]
        command = [sys.executable, "-m", fragile_worker.__name__, str(self.hung)]
        return Child(name, command, self._logs / f"{name}.log", environment)


def tell(settings: Settings, pool_id: str, events: Sequence[str]) -> None:
    """Send a pool, its stock, one unit of sales under each of the names, and the promise that the day is over."""
    publish_catalog(settings, Catalog(version=1, pools=(shop(pool_id=pool_id, feeds=(FeedSpec(id="till"),)),)))
    count = sale(START_S, STOCK, kind="count", event_id="count")
    sales = [sale(START_S + number, event_id=name) for number, name in enumerate(events)]
    with EventSender(settings) as sender:
        sender.send(
            "transactions", pool_id, Clock(run_clock=RunClock(event_origin_s=START_S, speed_up=0.0), scope=(pool_id,))
        )
        for event in (count, *sales):
            sender.send("transactions", pool_id, msgspec.structs.replace(event, pool_id=pool_id))
        sender.send("transactions", pool_id, Heartbeat(pool_id=pool_id, feed_id="till", complete_until_s=START_S))
        sender.flush()


def live(settings: Settings, folder: Path, pool_id: str, *, sold: int) -> list[str]:
    """Run a fragile worker until the view says that `sold` units were; return what its supervisor said."""
    said: list[str] = []
    client = redis.Redis.from_url(settings.redis)
    until_s = time.monotonic() + WAIT_S_MAX
    with Fragile(folder / "logs", said.append) as supervisor:
        supervisor.hung = folder / "hung"
        child = supervisor.start("worker", ["worker"], settings)
        while stock_of(client, pool_id) != STOCK - sold:
            assert time.monotonic() < until_s, child.log_tail(60)
            supervisor.check()
            time.sleep(0.05)
        time.sleep(1.0)  # what would be folded twice would be by now
        assert stock_of(client, pool_id) == STOCK - sold
    return said


def stock_of(client: "redis.Redis[bytes]", pool_id: str) -> float | None:
    """Return the stock of mugs in the newest view."""
    body = client.hget(VIEW_KEY + pool_id, "body")
    if not body:
        return None
    view = msgspec.json.decode(body, type=PoolView)
    return next(series.on_hand_units for series in view.series if series.resource_id == "mug")


def dead_letters(settings: Settings) -> list[DeadLetter]:
    """Return every dead letter, each place once."""
    letters: dict[tuple[str, int, int], DeadLetter] = {}
    with Tail(settings, [DEAD_LETTERS.name]) as tail:
        for record in tail.recent(1000):
            letter = decode_output(record.value or b"")
            assert isinstance(letter, DeadLetter)
            letters[letter.topic, letter.partition, letter.offset] = letter
    return list(letters.values())


def test_what_raises_is_skipped_at_once_and_what_kills_after_three_attempts(settings: Settings, tmp_path: Path) -> None:
    """All other sales are folded, once; both records are dead letters with what they did. No end waits for Faust."""
    before = [f"before-{number}" for number in range(40)]
    after = [f"after-{number}" for number in range(40)]
    tell(settings, "shop-poisoned", [*before, RAISES, "between", ENDS, *after])

    said = live(settings, tmp_path, "shop-poisoned", sold=len(before) + 1 + len(after))

    assert [letter.message for letter in dead_letters(settings)] == [
        "folding it raised KeyError; it was passed over",
        f"folding it ended the process {ATTEMPTS_MAX} times; it was passed over",
    ]
    assert {letter.rule for letter in dead_letters(settings)} == {"poison"}
    assert sum("killed by SIGKILL" in line for line in said) == ATTEMPTS_MAX
    assert sum(f"exit status {CRASH_STATUS}" in line for line in said) == 1
    assert len(said) == ATTEMPTS_MAX + 1


def test_a_hung_loop_is_ended_and_its_events_are_folded_once(settings: Settings, tmp_path: Path) -> None:
    """The watchdog ends the worker with its stacks in the log; the record hangs no more and is no dead letter."""
    letters = len(dead_letters(settings))
    names = [f"before-{number}" for number in range(40)] + [HANGS] + [f"after-{number}" for number in range(40)]
    tell(settings, "shop-hanging", names)

    said = live(replace(settings, loop_late_s_max=2.0), tmp_path, "shop-hanging", sold=len(names))

    assert len(said) == 1
    assert "its watchdog found it hung" in said[0]
    log = (tmp_path / "logs" / "worker.log").read_text()
    assert "WATCHDOG: the event loop has not turned" in log
    assert "in fragile" in log
    words = DurableLines(settings.data_dir / FOLDER / LAST_WORDS, LastWords).read()
    assert [word.verdict.rule for word in words] == ["loop"]
    assert len(dead_letters(settings)) == letters
