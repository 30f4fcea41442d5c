"""An installation's trained policies with champion and challenger in, the same after an operator's word out.

The topic `policies` is the authority as soon as something was promoted on a broker; `DATA_DIR/policies/inventory` keeps
the files, and the newest aliases that were said here. With `offline` only the latter are read and changed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops import policy_topic
from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases
from policies.errors import PolicyFileError
from policies.inventory.learned import serve
from policies.manifest import LEARNED, VERSION_CHARACTERS, Result
from policies.registry import POLICIES, RULES, reference_of, resolve
from policies.trained_files import Trained
from simulator.inventory.world import Setting
from simulator.training.tournament import play, results
from streams.administration import create_topics
from streams.control_view import ControlView
from streams.errors import ConfigurationError
from streams.lineups import Lineups
from streams.settings import Settings

VERSION_CHARACTERS_MIN = 4  # of a version, where that is enough to tell it from the others
JUDGING = Setting(worlds=200, items=10, periods=112)


@dataclass(frozen=True, slots=True)
class Registry:
    """What is known, and where it is told."""

    settings: Settings
    key: bytes
    lineups: Lineups
    versions_told: frozenset[str]  # on the topic
    offline: bool

    @classmethod
    def open(cls, settings: Settings, key: bytes, *, offline: bool = False, anew: bool = False) -> "Registry":
        """Return the registry; raise UnavailableError when it is not `offline` and no broker answers.

        `anew` passes over what the topic tells, which may be of another installation's key.
        """
        if not offline:
            create_topics(settings)
        view, told = (ControlView(), set[str]()) if offline or anew else policy_topic.read(settings)
        return cls(settings, key, Lineups(view, settings.data_dir, lambda: key), frozenset(told), offline)

    @property
    def aliases(self) -> Aliases:
        """Return champion and challenger."""
        return self.lineups.aliases()

    def versions(self) -> list[str]:
        """Return every version that is known here: trained here, shipped, or told."""
        local = trained_files.folders(self.settings.data_dir)
        shipped = trained_files.load_shipped().manifest.short_version
        return sorted({*local, shipped, *self.versions_told})

    def where(self, version: str) -> str:
        """Return in a word where the files of a version come from."""
        if version in self.versions_told:
            return "topic"
        return "here" if version in trained_files.folders(self.settings.data_dir) else "shipped"

    def reference(self, text: str) -> str:
        """Return the whole reference of what was typed: a version's beginning, a rule, or RULE@VERSION."""
        name, at, version = text.rpartition("@")
        if not at and text in RULES:
            return reference_of(self.lineups.find(alias_files.version_of(self.aliases.champion)), text)
        return f"{name}@{self._whole(version)}" if at else self._whole(text)

    def change(self, word: Callable[[Aliases], Aliases]) -> Aliases:
        """Carry out what was said, keep it here and tell the workers."""
        after = word(self.aliases)
        if not self.offline:
            wanted, forgotten = policy_topic.needed(after, set(self.versions_told))
            files = [self.lineups.find(version) for version in wanted]
            policy_topic.publish(self.settings, after, files, forgotten, self.key)
        alias_files.write(trained_files.local_folder(self.settings.data_dir), after, self.key)
        return after

    def proof(self, reference: str, judge_seed: int | None = None) -> Result | None:
        """Return what the network cost beside the best rule, judged anew with a seed; None for a rule.

        Raises PolicyFileError when it cannot be served or was never compared.
        """
        resolve(reference, self.aliases, self.lineups.find)
        if "@" in reference:
            return None
        trained = self.lineups.find(reference)
        found = trained.manifest.proof if judge_seed is None else judged(trained, judge_seed)
        if found is None:
            raise PolicyFileError(f"{reference} was never compared with the rules; judge it with --judge-seed")
        return found

    def _whole(self, beginning: str) -> str:
        known = self.versions()
        found = [one for one in known if one.startswith(beginning)]
        if len(found) == 1 and len(beginning) >= min(VERSION_CHARACTERS_MIN, VERSION_CHARACTERS):
            return found[0]
        what = "is more than one" if len(found) > 1 else "is unknown"
        raise ConfigurationError(f"policy {beginning} {what}; known: {', '.join((*known, *RULES))}")


def judged(trained: Trained, seed: int) -> Result:
    """Return what the network costs beside the best rule on worlds of `seed`, which none of its own seeds may be."""
    if seed in trained.manifest.seeds.values():
        used = next(name for name, number in trained.manifest.seeds.items() if number == seed)
        raise ConfigurationError(f"--judge-seed {seed} is the seed of its {used}: take one that it has never seen")
    rules = {name: POLICIES[name](trained) for name in RULES}
    scores = play({**rules, LEARNED: serve(trained)}, JUDGING, seed)
    best = min(rules, key=lambda name: float(scores[name].cost_per_period.mean()))
    return next(row for row in results(scores, best) if row.policy == LEARNED)


def told_lines(aliases: Aliases) -> Iterator[str]:
    """Yield who is champion and challenger, and what a step back would do."""
    yield f"champion    {aliases.champion}"
    if aliases.challenger:
        part = (
            f"decides {aliases.canary_ratio:.0%} of the items" if aliases.canary_ratio else "a shadow: decides nothing"
        )
        yield f"challenger  {aliases.challenger}  ({part})"
    if aliases.challenger and aliases.canary_ratio:
        yield "rollback    ends the canary's share"
    elif aliases.previous:
        yield f"rollback    {aliases.previous} again"
