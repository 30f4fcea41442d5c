"""Champion and challenger change while the control agent decides: no tick is lost, none is decided twice."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Self

import msgspec
import pytest

from ops import policy_topic
from ops.policy_registry import Registry
from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases, Word, challenged, promoted, rolled_back
from streams.events import Allocation
from streams.keys import seal_key
from streams.settings import Settings
from streams.topics import TICKS
from tests.streams.agents.control_world import DAY_S, Agent, World, spec_of, tick_of, view_of

SHIPPED = trained_files.load_shipped().manifest.short_version
TOLD = "c" * 12  # a network that no worker has a file of
WORD = Word(operator="ann", reason="", at_s=0.0)
DAYS = 30
POOLS = ("busy", "busier")


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    """Yield the world around the agent."""
    world = World(settings)
    yield world
    world.producer.close()


@pytest.fixture(scope="module")
def agent(world: World) -> Iterator[Agent]:
    """Keep one agent running."""
    running = Agent(world)
    with running:
        yield running


def registry(world: World) -> Registry:
    """Return what an operator's command sees now."""
    return Registry.open(world.settings, seal_key(world.settings))


def champion_spec(pool_id: str) -> object:
    """Return a shop that the champion decides."""
    return spec_of(pool_id, policy="champion")


class Traffic:
    """Cuts the ticks of both pools, day after day, in a thread of its own."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.day = 0  # the last one that was cut
        self._goes_on = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the last day."""
        self._thread.join()

    def wait_for(self, day: int) -> None:
        """Return when `day` was cut; the days go on meanwhile."""
        with self._goes_on:
            assert self._goes_on.wait_for(lambda: self.day >= day, timeout=60.0)

    def _run(self) -> None:
        for day in range(1, DAYS + 1):
            for pool_id in POOLS:
                self._world.publish(TICKS.name, pool_id, tick_of(pool_id, day))
            with self._goes_on:
                self.day = day
                self._goes_on.notify_all()
            threading.Event().wait(0.05)  # so that some ticks are decided between two changes


def test_the_policy_changes_at_a_point_and_no_tick_is_lost(world: World, agent: Agent) -> None:
    """Whatever was cut after an operator's word had returned is decided by it; each tick once, by who it says."""
    for pool_id in POOLS:
        world.declare(champion_spec(pool_id), view_of(pool_id, expires_s=60 * DAY_S))
    base_stock = f"base-stock@{SHIPPED}"
    words = [
        lambda before: promoted(before, base_stock, WORD),
        lambda before: challenged(before, SHIPPED, 0.5, WORD),
        partial(rolled_back, word=WORD),
        partial(rolled_back, word=WORD),
    ]
    due: dict[int, int] = {}  # the last day that may have been cut before a revision was told

    with Traffic(world) as traffic:
        for number, word in enumerate(words):
            traffic.wait_for(6 * number + 3)
            after = registry(world).change(word)
            due[after.revision] = traffic.day + 1

    for pool_id in POOLS:
        decided = sorted(world.wait_for_actions(pool_id, DAYS), key=lambda one: one.period_start_s)
        assert len({one.tick_id for one in decided}) == DAYS
        revisions = [one.aliases_revision or 0 for one in decided]
        assert revisions == sorted(revisions)
        for revision, day in due.items():
            assert min(revisions[day:]) >= revision
        for one in decided:
            _is_signed(one, pool_id)


def _is_signed(allocation: Allocation, pool_id: str) -> None:
    """Check that policy, version and role are those of the revision that the allocation names."""
    (line,) = allocation.lines
    canary = Aliases(champion="a", challenger="b", canary_ratio=0.5)
    is_canary = alias_files.is_canary(canary, pool_id, line.resource_id)
    policy, role, shadow = {
        0: ("learned", "champion", False),
        1: ("base-stock", "champion", False),
        2: ("base-stock", "canary" if is_canary else "champion", True),
        3: ("base-stock", "champion", True),
        4: ("learned", "champion", False),
    }[allocation.aliases_revision or 0]
    assert (allocation.policy, line.role, line.shadow_units is not None) == (policy, role, shadow)
    if role == "canary":
        assert (line.policy, line.policy_version) == ("learned", SHIPPED)


def test_a_worker_takes_the_network_from_the_topic(world: World, agent: Agent) -> None:
    """It has no file of it; the seal says whose it is. A new worker reads it again."""
    manifest = msgspec.structs.replace(trained_files.load_shipped().manifest, version="c" * 64)
    trained = replace(trained_files.load_shipped(), manifest=manifest)
    key = seal_key(world.settings)
    policy_topic.publish(world.settings, Aliases(champion=TOLD, revision=50), [trained], [], key)
    world.declare(champion_spec("far"), view_of("far", expires_s=60 * DAY_S))

    world.publish(TICKS.name, "far", tick_of("far", 1))
    world.wait_for_actions("far")
    agent.restart()
    world.publish(TICKS.name, "far", tick_of("far", 2))

    decided = world.wait_for_actions("far", 2)
    assert {(one.policy, one.policy_version, one.aliases_revision) for one in decided} == {("learned", TOLD, 50)}
    assert trained_files.folders(world.settings.data_dir) == {}


@pytest.mark.parametrize("case", ["absent", "foreign"])
def test_a_network_that_cannot_be_trusted_leaves_the_baseline(world: World, agent: Agent, case: str) -> None:
    """The reason is in the order's words, the next tick is decided by the policy again once it is there."""
    manifest = msgspec.structs.replace(trained_files.load_shipped().manifest, version="e" * 64)
    trained = replace(trained_files.load_shipped(), manifest=manifest)
    key = seal_key(world.settings)
    good = policy_topic._file(trained, key)[1]
    if case == "foreign":
        foreign = policy_topic._file(trained, b"another installation's key, 32 b")[1]
        world.publish("policies", "inventory/eeeeeeeeeeee", foreign)
    policy_topic.publish(world.settings, Aliases(champion="e" * 12, revision=60), [], [], key)
    world.declare(champion_spec(case), view_of(case, expires_s=60 * DAY_S))

    world.publish(TICKS.name, case, tick_of(case, 1))
    (first,) = world.wait_for_actions(case)
    world.publish("policies", "inventory/eeeeeeeeeeee", good)
    policy_topic.publish(world.settings, Aliases(champion="e" * 12, revision=61), [], ["e" * 12], key)
    world.publish(TICKS.name, case, tick_of(case, 2))
    second = world.wait_for_actions(case, 2)[1]

    words = "is not here; known:" if case == "absent" else "another installation's key"
    assert (first.decided_by, first.lines[0].reason_code) == ("baseline", "policy-error")
    assert "on the baseline: the policy is not served: " in first.lines[0].explanation
    assert words in first.lines[0].explanation
    assert (second.decided_by, second.policy_version) == ("policy", "e" * 12)


def test_aliases_of_another_key_are_not_followed(world: World, agent: Agent) -> None:
    """Who can write to the topic cannot choose who decides: the baseline does, and says why."""
    policy_topic.publish(world.settings, Aliases(champion=SHIPPED, revision=70), [], [], b"x" * 32)
    world.declare(champion_spec("foreign-aliases"), view_of("foreign-aliases", expires_s=60 * DAY_S))

    world.publish(TICKS.name, "foreign-aliases", tick_of("foreign-aliases"))
    (decided,) = world.wait_for_actions("foreign-aliases")

    assert decided.lines[0].reason_code == "policy-error"
    assert "another installation's key" in decided.lines[0].explanation


def test_a_challenger_without_a_network_leaves_all_to_the_champion(world: World, agent: Agent) -> None:
    """The allocation says that it is missing, and the stream goes on."""
    key = seal_key(world.settings)
    aliases = Aliases(champion=SHIPPED, challenger="f" * 12, canary_ratio=0.9, revision=80)
    policy_topic.publish(world.settings, aliases, [], [], key)
    world.declare(champion_spec("alone"), view_of("alone", expires_s=60 * DAY_S))

    world.publish(TICKS.name, "alone", tick_of("alone"))
    (decided,) = world.wait_for_actions("alone")

    assert (decided.decided_by, decided.lines[0].role) == ("policy", "champion")
    assert f"policy {'f' * 12} is not here" in decided.challenger_failed
