"""Who decides a pool, loaded from what the topic told and what lies here: once, until champion or challenger change."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ops.policy_topic import _file
from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases
from policies.errors import PolicyFileError
from policies.inventory.learned import Learned
from streams.control_view import POLICIES_MAX, ControlView
from streams.events import decode_output
from streams.lineups import Lineups, UnloadedPolicy
from streams.policy_events import PolicyAliases, PolicyFile

KEY = b"k" * 32
SHIPPED = trained_files.load_shipped().manifest.short_version


def told_file(letter: str, key: bytes = KEY) -> PolicyFile:
    """Return the shipped network as a version of its own, as the topic tells it."""
    shipped = trained_files.load_shipped()
    manifest = msgspec.structs.replace(shipped.manifest, version=letter * 64)
    message = decode_output(_file(replace(shipped, manifest=manifest), key)[1])
    assert isinstance(message, PolicyFile)
    return message


def told_aliases(aliases: Aliases, key: bytes = KEY) -> PolicyAliases:
    """Return aliases as the topic tells them."""
    body = msgspec.json.encode(aliases)
    return PolicyAliases(
        family="inventory", revision=aliases.revision, aliases=msgspec.Raw(body), seal=alias_files.seal(key, body)
    )


@pytest.fixture
def view() -> ControlView:
    """Return a view that knows nothing yet."""
    return ControlView()


@pytest.fixture
def lineups(view: ControlView, tmp_path: Path) -> Lineups:
    """Return what a worker without any file of its own serves."""
    return Lineups(view, tmp_path, lambda: KEY)


def test_before_anything_is_promoted_what_ships_is_served(lineups: Lineups) -> None:
    """By the alias and by a rule's name; only the alias has parts."""
    champion, rule = lineups.of("champion"), lineups.of("base-stock")

    assert (champion.policy.version, champion.role) == (SHIPPED, "champion")
    assert (rule.policy.name, rule.role, rule.aliases) == ("base-stock", "catalog", None)


def test_a_policy_is_loaded_once_until_the_aliases_change(lineups: Lineups, view: ControlView) -> None:
    """Then for every name anew: a rule's parameters are those of the champion's training."""
    first = lineups.of("champion")
    assert lineups.of("champion") is first

    view.apply(told_file("c"))
    view.apply(told_aliases(Aliases(champion="c" * 12, challenger=f"base-stock@{SHIPPED}", revision=1)))
    second = lineups.of("champion")

    assert second.policy.version == "c" * 12
    assert second.challenger is not None
    assert second.challenger.name == "base-stock"
    assert lineups.of("learned").policy.version == "c" * 12
    assert lineups.of("learned").challenger is None


def test_the_newest_aliases_count(lineups: Lineups, view: ControlView) -> None:
    """In the order of the topic, whatever number they carry."""
    for champion, revision in ((f"base-stock@{SHIPPED}", 7), (SHIPPED, 3)):
        view.apply(told_aliases(Aliases(champion=champion, revision=revision)))

    assert lineups.of("champion").policy.version == SHIPPED


def test_a_file_here_serves_although_the_topics_is_damaged(lineups: Lineups, view: ControlView, tmp_path: Path) -> None:
    """And the topic's where the one here is: either that carries the seal is the same network."""
    foreign, whole = told_file("c", b"x" * 32), told_file("c")
    view.apply(foreign)
    with pytest.raises(PolicyFileError, match="HEADGATE_SEAL_HMAC_KEY"):
        lineups.find("c" * 12)

    manifest = msgspec.structs.replace(trained_files.load_shipped().manifest, version="c" * 64)
    folder = trained_files.add(tmp_path, manifest, trained_files.load_shipped().network, KEY)
    assert lineups.find("c" * 12).folder == folder
    (folder / trained_files.NETWORK).write_bytes(b"torn")
    view.apply(whole)
    assert lineups.find("c" * 12).network == trained_files.load_shipped().network


def test_a_network_under_another_name_is_refused(lineups: Lineups, view: ControlView) -> None:
    """Its seal is right, but it is not what was promoted."""
    view.apply(msgspec.structs.replace(told_file("c"), version="d" * 12))

    with pytest.raises(PolicyFileError, match=f"holds another version, {'c' * 12}"):
        lineups.find("d" * 12)


def test_what_cannot_be_served_says_so_when_it_is_asked(lineups: Lineups, view: ControlView) -> None:
    """Loading never raises: the decision finds out, and the baseline takes it."""
    view.apply(told_aliases(Aliases(champion="e" * 12)))
    unloaded = lineups.of("champion").policy

    assert isinstance(unloaded, UnloadedPolicy)
    with pytest.raises(PolicyFileError, match=f"policy {'e' * 12} is not here"):
        unloaded.decide(None)  # type: ignore[arg-type]  # it looks at nothing


def test_the_memory_of_networks_is_bounded(view: ControlView) -> None:
    """The oldest is forgotten first; one that is told again is new."""
    first, names = told_file("a"), [f"{number:012x}" for number in range(POLICIES_MAX)]
    view.apply(first)
    for name in names[:-1]:
        view.apply(msgspec.structs.replace(first, version=name))
    view.apply(first)
    view.apply(msgspec.structs.replace(first, version=names[-1]))

    assert view.policy_file(names[0]) is None
    assert view.policy_file("a" * 12) == first


def test_a_network_is_served_without_torch(lineups: Lineups, view: ControlView) -> None:
    """The topic's bytes become an ONNX session on one thread."""
    view.apply(told_file("c"))
    view.apply(told_aliases(Aliases(champion="c" * 12)))

    assert isinstance(lineups.of("champion").policy, Learned)
