"""What happens to each line when the receiver fails in each possible way, without Kafka."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ops.gateway_journal import KEPT_S, Journal
from ops.hand_over import HandOver, LineResult
from ops.kill_switch import engage
from streams.errors import StateError, UnavailableError
from streams.events import ActionLine, Allocation, Outcome, decode_output
from tests.ops.allocations import SPEC, allocation


class World:
    """A receiver that does what a test tells it, and a topic that can be away."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.errors: list[Exception | None] = []
        self.answers: int | None = None  # how many lines get a result; None: all
        self.outcomes: list[Outcome] = []
        self.topic_away = False

    def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
        """See `ops.hand_over.Receiver`."""
        assert allocation.pool_id == "shop"
        self.calls.append([line.resource_id for line in lines])
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        return [LineResult(line.action_id, "applied", line.order_units, "ok") for line in lines[: self.answers]]

    def publish(self, _pool_id: str, outcomes: Sequence[bytes]) -> None:
        """Take outcomes as Kafka does."""
        if self.topic_away:
            raise UnavailableError("Kafka is away")
        for data in outcomes:
            outcome = decode_output(data)
            assert isinstance(outcome, Outcome)
            self.outcomes.append(outcome)

    @property
    def statuses(self) -> dict[str, str]:
        """Return the status of each resource; fail on a doubled outcome."""
        assert len({outcome.action_id for outcome in self.outcomes}) == len(self.outcomes)
        return {outcome.resource_id: outcome.status for outcome in self.outcomes}


class Door:
    """A hand-over that can be closed and opened again, on a clock that a test moves."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world
        self.now_s = 0.0
        self.open()

    def reopen(self) -> None:
        """Start anew on the same file, as after a crash."""
        self.journal.__exit__(None, None, None)
        self.open()

    def open(self) -> None:
        """Start on the file."""
        self.journal = Journal(self.folder / "gateway.sqlite")
        self._hand_over = HandOver(
            self.journal,
            self.world,
            self.world.publish,
            now_s=lambda _: self.now_s,
            data_dir=self.folder,
            own_limits={},
        )

    def handle(self, **units: float) -> None:
        """Hand the allocation over."""
        self._hand_over.handle(allocation(**units), SPEC)


@pytest.fixture
def world() -> World:
    """Return a world."""
    return World()


@pytest.fixture
def door(tmp_path: Path, world: World) -> Door:
    """Return a door to it."""
    return Door(tmp_path, world)


def test_a_known_action_neither_acts_nor_reports_again(door: Door, world: World) -> None:
    """Also after a restart; the receiver hears of the tick with no lines."""
    door.handle(a=1.0)
    door.handle(a=1.0)
    door.reopen()
    door.handle(a=1.0)

    assert world.calls == [["a"], [], []]
    assert world.statuses == {"a": "applied"}


def test_a_failure_that_surely_did_not_act_ends_in_expiry(door: Door, world: World) -> None:
    """The outcome says that it was not handed over, and why."""
    world.errors = [UnavailableError("no route")]
    with pytest.raises(UnavailableError):
        door.handle(a=1.0)
    door.now_s = 2000.0
    door.reopen()
    door.handle(a=1.0)

    assert world.calls == [["a"], []]
    assert world.statuses == {"a": "rejected"}
    assert world.outcomes[0].reason.endswith("it was not handed over: no route")


def test_a_failure_of_unknown_effect_is_told_as_such(door: Door, world: World) -> None:
    """Tried again while it is valid; once expired the outcome says that it may have acted."""
    world.errors = [ValueError("half an answer"), ValueError("half an answer")]
    for _ in range(2):
        with pytest.raises(UnavailableError, match="half an answer"):
            door.handle(a=1.0)
    door.now_s = 2000.0
    door.handle(a=1.0)

    assert world.calls == [["a"], ["a"], []]
    assert world.statuses == {"a": "rejected"}
    assert "may have acted" in world.outcomes[0].reason
    assert "half an answer" in world.outcomes[0].reason


def test_lines_without_an_answer_are_handed_over_again(door: Door, world: World) -> None:
    """Those with one are reported at once and not touched again."""
    world.answers = 1
    with pytest.raises(UnavailableError, match="no answer for 1 lines"):
        door.handle(a=1.0, b=2.0)
    assert world.statuses == {"a": "applied"}
    world.answers = None
    door.handle(a=1.0, b=2.0)

    assert world.calls == [["a", "b"], ["b"]]
    assert world.statuses == {"a": "applied", "b": "applied"}


def test_an_outcome_that_kafka_did_not_take_is_published_later(door: Door, world: World) -> None:
    """The action does not act again for it, even if the gateway was restarted in between."""
    world.topic_away = True
    with pytest.raises(UnavailableError, match="Kafka is away"):
        door.handle(a=1.0)
    door.reopen()
    world.topic_away = False
    door.handle(a=1.0)

    assert world.calls == [["a"], []]
    assert world.statuses == {"a": "applied"}


def test_the_kill_file_also_stops_what_was_being_tried(door: Door, world: World) -> None:
    """An action that waits for its receiver is rejected, not handed over."""
    world.errors = [UnavailableError("no route")]
    with pytest.raises(UnavailableError):
        door.handle(a=1.0)
    engage(door.folder, "stop")
    door.handle(a=1.0)

    assert world.calls == [["a"], []]
    assert world.outcomes[0].reason == "kill switch: stop"


def test_a_result_that_was_clamped_says_so(door: Door, world: World) -> None:
    """The receiver applied what was left of the order."""
    door.handle(a=120.0)

    assert [(one.status, one.applied_units) for one in world.outcomes] == [("clamped", 100.0)]
    assert "clamped from 120 to 100" in world.outcomes[0].reason


def test_answers_for_foreign_actions_are_ignored(door: Door, world: World) -> None:
    """A receiver cannot report on what it was not handed, and a nonsense number is none."""

    class Confused:
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            assert lines, allocation
            return [
                LineResult("shop/z/1", "applied", 9.0, ""),
                LineResult(lines[0].action_id, "applied", float("nan"), ""),
            ]

    HandOver(door.journal, Confused(), world.publish, now_s=lambda _: 0.0, data_dir=door.folder, own_limits={}).handle(
        allocation(a=1.0), SPEC
    )

    assert [(one.resource_id, one.applied_units) for one in world.outcomes] == [("a", 0.0)]


def test_only_one_gateway_holds_the_journal(door: Door) -> None:
    """A second one on the same folder is refused with a reason."""
    with pytest.raises(StateError, match="another gateway"):
        Journal(door.folder / "gateway.sqlite")


def test_a_damaged_journal_is_told_not_overwritten(tmp_path: Path) -> None:
    """Without it orders could act twice, so nothing starts."""
    path = tmp_path / "gateway.sqlite"
    path.write_bytes(b"this is no database, and it is long enough to be looked at" * 50)

    with pytest.raises(StateError, match="damaged"):
        Journal(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_old_published_actions_are_forgotten(tmp_path: Path) -> None:
    """Open ones never are."""
    with Journal(tmp_path / "gateway.sqlite") as journal:
        journal.receive(["old", "open", "new"], 0.0)
        journal.move(["old"], "published")
        journal.receive(["later"], KEPT_S)
        journal.move(["later"], "published")

        journal.forget(KEPT_S + 1.0)

        assert set(journal.entries(["old", "open", "new", "later"])) == {"open", "new", "later"}


def test_the_journal_keeps_outcomes_as_they_are_sent(door: Door, world: World) -> None:
    """Byte for byte."""
    door.handle(a=1.0)
    entry = door.journal.entries(["shop/a/1"])["shop/a/1"]

    assert entry.state == "published"
    assert entry.outcome is not None
    assert msgspec.json.decode(entry.outcome, type=Outcome) == world.outcomes[0]
