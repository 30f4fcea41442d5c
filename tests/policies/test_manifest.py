"""A manifest says what a trained policy is; one of the first format is read as one of the second."""

import msgspec
import pytest

from policies import manifest, trained_files
from policies.code_version import code_version
from policies.errors import PolicyFileError
from policies.manifest import Manifest, Result, Rule


def row(policy: str, cost: float, difference_ratio: float, half: float = 0.01) -> Result:
    """Return a row of the evaluation."""
    return Result(policy, cost, 0.9, 50.0, difference_ratio, difference_ratio - half, difference_ratio + half)


RULES = (row("base-stock", 110.0, 0.1), row("capped-base-stock", 100.0, 0.0))


def made(**changes: object) -> Manifest:
    """Return a manifest of a network that was 3 % cheaper than the better rule, give or take 1 %."""
    fields: dict[str, object] = {
        "name": "learned", "version": "a" * 64, "network_sha256": "b" * 64, "algorithm": "pathwise", "head": "orders",
        "features_version": 1, "features": ("on_hand", "target"), "ranges": ((0.0, 3.4), (0.1, 2.0)),
        "adjusts": Rule(0.75, 1.1), "rules": {"base-stock": Rule(0.6), "capped-base-stock": Rule(0.75, 1.1)},
        "data": {"world": "retail"}, "seeds": {"training": 1, "judging": 2}, "training": {"steps": 1000},
        "code_version": "0.1.0",
        "evaluation": (*RULES, row("learned", 97.0, -0.03)),
    }  # fmt: skip
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


def test_a_manifest_survives_its_file():
    """Everything that is written is read again."""
    assert manifest.decode(manifest.encode(made()), "here") == made()


def test_the_first_format_is_read_as_the_second():
    """Who has trained before goes on; what was not known then is empty, the rest is where it belongs now."""
    old = msgspec.json.encode(
        {
            "format": 1, "name": "learned", "version": "a" * 64, "network_sha256": "b" * 64, "features_version": 1,
            "features": ["on_hand", "target"], "adjusts": {"factor": 0.75, "cap_periods": 1.1},
            "rules": {"base-stock": {"factor": 0.6}}, "champion": "learned",
            "training": {"algorithm": "PPO", "training_seed": 1, "judging_seed": 9, "torch": "2"},
            "evaluation": [msgspec.to_builtins(one) for one in made().evaluation],
        }
    )  # fmt: skip
    read = manifest.decode(old, "here")

    assert (read.format, read.algorithm, read.head, read.ranges) == (2, "ppo", "adjustment", ())
    assert read.seeds == {"training": 1, "judging": 9}
    assert read.training == {"torch": "2"}
    assert read.champion == "learned"


@pytest.mark.parametrize(
    ("difference", "half", "champion"),
    [(-0.03, 0.01, "learned"), (-0.03, 0.03, "capped-base-stock"), (0.02, 0.01, "capped-base-stock")],
)
def test_only_a_clear_win_is_a_proof(difference: float, half: float, champion: str):
    """Cheaper on average is not enough: the upper bound has to be below zero. Else it is the best rule."""
    rows = (*RULES, row("learned", 100 * (1 + difference), difference, half))

    assert made(evaluation=rows).champion == champion
    assert made(evaluation=rows).is_proven == (champion == "learned")


def test_a_network_that_was_never_compared_proves_nothing():
    """No row, no promotion; without a rule beside it there is not even anybody to serve."""
    assert not made(evaluation=RULES).is_proven
    with pytest.raises(PolicyFileError, match="compares with no rule"):
        _ = made(evaluation=()).champion


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ranges": [[0.0, 1.0]]}, "1 ranges of 2 features"),
        ({"ranges": [[0.0, 1.0], [2.0, 1.0]]}, "the range of target is 2.0 to 1.0"),
        ({"head": "tea-leaves"}, "tea-leaves"),
        ({"format": 3}, "format"),
        ({"version": "no digest"}, "version"),
    ],
)
def test_what_is_no_manifest_is_named(change: dict[str, object], said: str):
    """With the file and the field."""
    text = msgspec.json.encode(msgspec.to_builtins(made()) | change)

    with pytest.raises(PolicyFileError, match=rf"there/manifest\.json is no manifest .*{said}"):
        manifest.decode(text, "there/manifest.json")


def test_the_shipped_manifest_says_what_it_was_made_of():
    """Algorithm, seeds and rules are on record, and the seeds are different ones."""
    shipped = trained_files.load_shipped().manifest

    assert shipped.algorithm
    assert shipped.best_rule in shipped.rules
    assert len(set(shipped.seeds.values())) == len(shipped.seeds) >= 3


def test_a_clone_knows_its_commit():
    """The version of the package first; what follows the plus is the commit."""
    version, _, commit = code_version().partition("+")

    assert version
    assert commit == "" or len(commit.partition(".")[0]) == 12
