"""Champion and challenger after each word, their seal, and which items are the canary's."""

from pathlib import Path

import pytest

from policies import aliases
from policies.aliases import Aliases, Word, challenged, is_canary, promoted, rolled_back, withdrawn
from policies.errors import PolicyFileError

KEY = b"k" * 32
WORD = Word(operator="ann", reason="cheaper", at_s=1.0)
OLD = Aliases(champion="old")


def state(known: Aliases) -> tuple[str, str | None, float]:
    """Return who decides."""
    return known.champion, known.challenger, known.canary_ratio


def test_a_new_champion_is_one_step_from_the_old_one():
    """The step back is there once; who was challenger is none any more."""
    shadow = challenged(OLD, "new", 0.0, WORD)
    champion = promoted(shadow, "new", WORD)
    back = rolled_back(champion, WORD)

    assert state(shadow) == ("old", "new", 0.0)
    assert state(champion) == ("new", None, 0.0)
    assert state(back) == ("old", None, 0.0)
    with pytest.raises(PolicyFileError, match="no champion before this one"):
        rolled_back(back, WORD)


def test_a_canary_share_ends_before_the_champion_goes_back():
    """The first step back takes the share from the challenger, the second one the champion."""
    known = challenged(promoted(OLD, "new", WORD), "newer", 0.1, WORD)

    once = rolled_back(known, WORD)
    twice = rolled_back(once, WORD)

    assert state(known) == ("new", "newer", 0.1)
    assert state(once) == ("new", "newer", 0.0)
    assert state(twice) == ("old", "newer", 0.0)


def test_a_challenger_that_is_champion_again_challenges_nobody():
    """Else it would be compared with itself."""
    known = challenged(promoted(OLD, "new", WORD), "old", 0.0, WORD)

    assert state(rolled_back(known, WORD)) == ("old", None, 0.0)


def test_a_challenger_can_be_withdrawn():
    """Once."""
    alone = withdrawn(challenged(OLD, "new", 0.5, WORD), WORD)

    assert state(alone) == ("old", None, 0.0)
    with pytest.raises(PolicyFileError, match="no challenger"):
        withdrawn(alone, WORD)


def test_every_change_is_on_record():
    """Numbered, with who, why, when and what came of it; the record is bounded."""
    known = OLD
    for number in range(aliases.HISTORY_MAX):
        known = challenged(known, f"n{number}", 0.0, WORD)
    known = promoted(known, "last", WORD)

    newest = known.history[-1]
    assert (newest.revision, newest.action, newest.policy, newest.operator) == (101, "promote", "last", "ann")
    assert (newest.champion, newest.challenger) == ("last", "n99")
    assert len(known.history) == aliases.HISTORY_MAX
    assert known.references == ("last", "n99", "old")


@pytest.mark.parametrize("ratio", [-0.1, 1.0, float("nan")])
def test_a_share_is_a_part(ratio: float):
    """A challenger that decides everything is a champion, and needs its proof."""
    with pytest.raises(PolicyFileError, match="canary share"):
        challenged(OLD, "new", ratio, WORD)


def test_the_champion_is_no_rival_of_itself():
    """Neither promoted again nor its own challenger."""
    with pytest.raises(PolicyFileError, match="champion already"):
        promoted(OLD, "old", WORD)
    with pytest.raises(PolicyFileError, match="nobody to challenge"):
        challenged(OLD, "old", 0.1, WORD)


def test_a_canarys_items_are_always_the_same_ones():
    """A larger share keeps those of the smaller one; another salt picks others; without a share there are none."""
    items = [f"item-{number}" for number in range(2000)]

    def chosen(ratio: float, salt: str = "canary") -> set[str]:
        known = Aliases(champion="old", challenger="new", canary_ratio=ratio, salt=salt)
        return {item for item in items if is_canary(known, "shop", item)}

    assert 150 < len(chosen(0.1)) < 250
    assert chosen(0.1) < chosen(0.5)
    assert chosen(0.1) != chosen(0.1, "another")
    assert chosen(0.0) == set()
    assert not any(is_canary(Aliases(champion="old", canary_ratio=0.9), "shop", item) for item in items)


def test_kept_aliases_come_back(tmp_path: Path):
    """With their history; an empty folder has none."""
    known = challenged(OLD, "new", 0.1, WORD)
    aliases.write(tmp_path, known, KEY)

    assert aliases.read(tmp_path, KEY) == known
    assert aliases.read(tmp_path / "elsewhere", KEY) is None


def test_changed_foreign_and_torn_aliases_are_refused(tmp_path: Path):
    """Whoever could write them could choose who decides."""
    path = tmp_path / aliases.FILE
    aliases.write(tmp_path, OLD, KEY)
    whole = path.read_bytes()

    path.write_bytes(whole.replace(b'"old"', b'"new"'))
    with pytest.raises(PolicyFileError, match="was modified"):
        aliases.read(tmp_path, KEY)
    path.write_bytes(whole[:20])
    with pytest.raises(PolicyFileError, match="cannot be read"):
        aliases.read(tmp_path, KEY)
    path.write_bytes(whole)
    with pytest.raises(PolicyFileError, match="another installation's key"):
        aliases.read(tmp_path, b"o" * 32)
    with pytest.raises(PolicyFileError, match="without the seal key"):
        aliases.read(tmp_path, None)


def test_fields_of_a_newer_headgate_are_passed_over():
    """The seal is over the bytes as they were written."""
    body = b'{"champion":"new","revision":7,"moon":"full"}'

    assert aliases.opened(body, aliases.seal(KEY, body), KEY, "it") == Aliases(champion="new", revision=7)
