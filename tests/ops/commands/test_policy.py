"""`headgate policy` on a real broker: what is promoted is on the topic when it returns, sealed and whole."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ops import policy_topic
from ops.cli import main
from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases
from policies.manifest import Manifest, Result
from streams.keys import seal_key
from streams.lineups import Lineups, opened
from streams.settings import Settings

SHIPPED = trained_files.load_shipped().manifest.short_version
PROVEN, UNPROVEN = "c" * 12, "d" * 12


def manifest_of(version: str, high_ratio: float) -> Manifest:
    """Return the shipped network's manifest under another version, with another upper bound."""
    manifest = trained_files.load_shipped().manifest
    row = Result("learned", 100.0, 0.9, 50.0, high_ratio - 0.02, high_ratio - 0.04, high_ratio)
    rows = (*(one for one in manifest.evaluation if one.policy != "learned"), row)
    return msgspec.structs.replace(manifest, version=version[0] * 64, evaluation=rows)


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings with a data folder of its own that has two more networks, and nobody promoted anything."""
    own = replace(settings, data_dir=tmp_path)
    key, network = seal_key(own), trained_files.load_shipped().network
    trained_files.add(tmp_path, manifest_of(PROVEN, -0.01), network, key)
    trained_files.add(tmp_path, manifest_of(UNPROVEN, 0.01), network, key)
    policy_topic.publish(own, Aliases(champion=SHIPPED), [], policy_topic.read(own)[1], key)  # forgets other tests
    return own


def run(settings: Settings, *words: str) -> int:
    """Run the command as typed."""
    places = ("--broker", settings.broker, "--redis", settings.redis, "--data-dir", str(settings.data_dir))
    return main(["policy", *words, *places])


def told(settings: Settings) -> tuple[Aliases, set[str]]:
    """Return what a worker reads: the aliases and the versions on the topic."""
    view, versions = policy_topic.read(settings)
    return Lineups(view, settings.data_dir, lambda: seal_key(settings)).aliases(), versions


def test_a_proven_policy_becomes_champion(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Its file is told before its name, with that of the one a step back; the same stands in DATA_DIR."""
    assert run(here, "promote", PROVEN, "--reason", "a better forecast") == 0

    aliases, versions = told(here)
    assert (aliases.champion, aliases.previous, aliases.challenger) == (PROVEN, SHIPPED, None)
    assert versions == {PROVEN, SHIPPED}
    assert (aliases.history[-1].action, aliases.history[-1].reason) == ("promote", "a better forecast")
    assert alias_files.read(trained_files.local_folder(here.data_dir), seal_key(here)) == aliases
    view, _ = policy_topic.read(here)
    file = view.policy_file(PROVEN)
    assert file is not None
    assert opened(file, seal_key(here)).network == trained_files.load_shipped().network
    assert f"rollback    {SHIPPED} again" in capsys.readouterr().out


def test_an_unproven_policy_becomes_a_shadow(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever share was asked for; the exit status says that it was not promoted."""
    assert run(here, "promote", UNPROVEN) == 1
    assert told(here)[0].challenger == UNPROVEN
    assert run(here, "promote", UNPROVEN, "--canary", "0.3") == 1

    aliases, _ = told(here)
    assert (aliases.champion, aliases.challenger, aliases.canary_ratio) == (SHIPPED, UNPROVEN, 0.0)
    assert "the upper 95 % bound is not below zero" in capsys.readouterr().out
    assert run(here, "promote", UNPROVEN, "--to", "challenger") == 0


def test_a_canary_ends_with_one_step_back(here: Settings) -> None:
    """The next one brings the champion before back, and forgets what nobody needs."""
    assert run(here, "promote", "base-stock") == 0
    assert run(here, "promote", PROVEN[:5], "--canary", "0.25") == 0
    canary, versions = told(here)
    assert run(here, "rollback") == 0
    shadow, _ = told(here)
    assert run(here, "withdraw") == 0
    assert run(here, "rollback") == 0
    last, left = told(here)

    assert (canary.champion, canary.challenger, canary.canary_ratio) == (f"base-stock@{SHIPPED}", PROVEN, 0.25)
    assert versions == {PROVEN, SHIPPED}
    assert (shadow.champion, shadow.challenger, shadow.canary_ratio) == (f"base-stock@{SHIPPED}", PROVEN, 0.0)
    assert (last.champion, last.challenger, last.previous) == (SHIPPED, None, None)
    assert left == {SHIPPED}


def test_another_machine_with_the_same_key_takes_a_step_back(here: Settings, tmp_path: Path) -> None:
    """It needs none of the folders: what was promoted lies on the topic."""
    assert run(here, "promote", PROVEN) == 0
    other = replace(here, data_dir=tmp_path / "other", seal_hmac_key=seal_key(here).hex())

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HEADGATE_SEAL_HMAC_KEY", seal_key(here).hex())
        assert run(other, "promote", "base-stock") == 0
        assert run(other, "rollback") == 0

    aliases, versions = told(here)
    assert (aliases.champion, aliases.revision) == (PROVEN, 3)
    assert versions == {PROVEN}


def test_another_key_has_to_begin_anew(here: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the topic tells cannot be trusted then; with the word for it all is told again, under the new key."""
    assert run(here, "promote", PROVEN) == 0
    lost = replace(here, data_dir=tmp_path / "lost")

    assert run(lost, "promote", "base-stock") == 1
    assert "topic policies: aliases was modified, or sealed with another installation's key" in capsys.readouterr().err
    assert run(lost, "promote", "base-stock", "--anew") == 0

    assert told(lost)[0].champion == f"base-stock@{SHIPPED}"


def test_the_list_names_all_with_their_proof(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Where each lies, who is who, and the newest changes; without a broker it says what DATA_DIR says."""
    run(here, "promote", PROVEN, "--reason", "a better forecast")
    capsys.readouterr()

    assert run(here, "list") == 0
    text = capsys.readouterr().out
    assert any(line.startswith(f"{PROVEN}  topic") and line.endswith("champion") for line in text.splitlines())
    assert any(line.startswith(f"{UNPROVEN}  here") and "+1.0%]" in line for line in text.splitlines())
    assert f"promote {PROVEN} by " in text
    assert run(replace(here, broker="127.0.0.1:1"), "list") == 0
    text = capsys.readouterr().out
    assert "no Kafka broker answers" in text
    assert f"champion    {PROVEN}" in text


def test_show_tells_what_it_was_made_of(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Seeds, data and the table beside the rules."""
    assert run(here, "show", PROVEN) == 0

    text = capsys.readouterr().out
    for words in ("head adjustment", "seeds ", "capped-base-stock", "it may become champion"):
        assert words in text


def test_judged_anew_on_a_seed_that_it_has_seen_is_refused(
    here: Settings, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """That would be no judgement."""
    assert run(here, "promote", PROVEN, "--judge-seed", "90001") == 1
    assert "--judge-seed 90001 is the seed of its judging" in capsys.readouterr().err


def test_a_judgement_on_another_seed_counts(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Both networks are what ships, whatever their manifests say: on fresh worlds it beats the rules."""
    assert run(here, "promote", UNPROVEN, "--judge-seed", "424242") == 0

    assert f"{UNPROVEN} beside the best rule: -" in capsys.readouterr().out
    assert told(here)[0].champion == UNPROVEN


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", "e" * 12), "is unknown; known: "),
        (("promote", PROVEN[:2]), "is unknown; known: "),
        (("promote", SHIPPED), "is the champion already"),
        (("promote", PROVEN, "--canary", "1.5"), "from 0 to below 1"),
        (("promote", PROVEN, "--canary", "0.1", "--to", "champion"), "leave out --to champion"),
        (("rollback",), "no champion before this one"),
        (("withdraw",), "no challenger"),
    ],
)
def test_wrong_words_change_nothing(
    here: Settings, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """They are told in one line."""
    before = told(here)

    assert run(here, *words) == 1
    assert said in capsys.readouterr().err
    assert told(here) == before


def test_without_a_broker_nothing_is_promoted(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless it is said that DATA_DIR alone is meant."""
    nowhere = replace(here, broker="127.0.0.1:1")

    assert run(nowhere, "promote", PROVEN) == 1
    assert "no Kafka broker answers" in capsys.readouterr().err
    assert run(nowhere, "promote", PROVEN, "--offline") == 0
    assert "running workers have not been told" in capsys.readouterr().out
    assert told(here)[0].champion == SHIPPED


def test_a_network_that_is_too_large_for_kafka_is_refused(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything was told."""
    huge = trained_files.load_shipped().network + b"\0" * policy_topic.FILE_BYTES_MAX
    with pytest.MonkeyPatch.context() as patches:
        known = trained_files.find
        patches.setattr(
            "streams.lineups.trained_files.find", lambda *words: replace(known(*words), network=huge)
        )  # fmt: skip
        patches.setattr("ops.policy_registry.resolve", lambda *_: None)
        assert run(here, "promote", PROVEN) == 1

    assert "train a smaller network" in capsys.readouterr().err
    assert told(here)[0].champion == SHIPPED
