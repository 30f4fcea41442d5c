"""The text of a manifest in, what a trained policy is and whether it beat the rules out: its promotion record.

Format 2 is written; format 1 is read too: it knew no ranges, so nothing is out of range for a policy of that time.
"""

from typing import Annotated, Any, Literal

import msgspec

from policies.errors import PolicyFileError

FORMAT = 2
VERSION_CHARACTERS = 12  # of the digest of the weights: what tells trained policies apart for people
LEARNED = "learned"  # the network's own row in `Manifest.evaluation`

# What a network says: how far to depart from a rule, or from the target, or which of some quantities to order.
Head = Literal["adjustment", "choices", "orders"]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule's parameters as tuned on the training seeds; a base-stock rule has no cap."""

    factor: float
    cap_periods: float | None = None
    lot_factor: float | None = None  # of a reorder point; no other rule has one


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one policy cost on the evaluation seeds, and its paired difference to the best rule."""

    policy: str
    cost_per_period: float  # currency, mean over pools
    fill_ratio: float  # share of demand met from stock
    stock_units: float  # mean units on hand at the end of a period, per pool
    difference_ratio: float  # (cost - best rule's cost) / best rule's mean cost
    difference_low_ratio: float  # lower end of its 95 % confidence interval
    difference_high_ratio: float  # upper end


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a trained policy is, what it saw, how it was made, and what it cost beside the rules."""

    format: Literal[2] = 2
    name: str  # "learned"
    version: Sha256  # digest of the weights
    network_sha256: Sha256  # digest of policy.onnx
    algorithm: str  # that trained it, e.g. "ppo", "sac" or "pathwise"
    head: Head  # what the network says
    features_version: int  # of policies.features
    features: tuple[str, ...]  # names, in the order of the network's input
    ranges: tuple[tuple[float, float], ...]  # what each feature was while it learnt; empty: not known
    adjusts: Rule  # the rule that is departed from, and that decides what is out of range
    rules: dict[str, Rule]  # tuned, by name
    data: dict[str, str | int | float]  # what it learnt from: worlds, kinds of demand, item-periods
    seeds: dict[str, int]  # of tuning, training and judging: no two alike
    training: dict[str, str | int | float]  # steps, sizes, versions of the libraries
    evaluation: tuple[Result, ...]  # on seeds that nothing was tuned on
    code_version: str  # of headgate, with its commit where that is known

    def __post_init__(self) -> None:
        """Raise ValueError when the ranges do not belong to the features."""
        if self.ranges and len(self.ranges) != len(self.features):
            raise ValueError(f"{len(self.ranges)} ranges of {len(self.features)} features")
        for name, (low, high) in zip(self.features, self.ranges, strict=False):
            if not low <= high:
                raise ValueError(f"the range of {name} is {low} to {high}")

    @property
    def short_version(self) -> str:
        """Return what people call it by."""
        return self.version[:VERSION_CHARACTERS]

    @property
    def best_rule(self) -> str:
        """Return the name of the rule that cost least in the evaluation."""
        rows = [row for row in self.evaluation if row.policy in self.rules]
        if not rows:
            raise PolicyFileError(f"the manifest of {self.short_version} compares with no rule; train again")
        return min(rows, key=lambda row: row.cost_per_period).policy

    @property
    def proof(self) -> Result | None:
        """Return the network's own row of the evaluation."""
        return next((row for row in self.evaluation if row.policy == LEARNED), None)

    @property
    def is_proven(self) -> bool:
        """Return whether the upper 95 % bound of its paired cost difference to the best rule is below zero."""
        return self.proof is not None and self.proof.difference_high_ratio < 0

    @property
    def champion(self) -> str:
        """Return who is served of these: the network if it is proven, else the best rule."""
        return LEARNED if self.is_proven else self.best_rule


def encode(manifest: Manifest) -> bytes:
    """Return the manifest as its file holds it."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(text: bytes, where: str) -> Manifest:
    """Return the manifest in `text`; raise PolicyFileError when it is none of a format that is known."""
    try:
        raw = msgspec.json.decode(text)
        if isinstance(raw, dict) and raw.get("format") == 1:
            raw = _from_1(raw)
        return msgspec.convert(raw, Manifest)
    except (msgspec.DecodeError, KeyError, AttributeError) as error:
        raise PolicyFileError(f"{where} is no manifest of this version of headgate: {error}") from error


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest of format 1 as one of format 2."""
    training = dict(raw["training"])
    kept = {name: value for name, value in raw.items() if name not in ("champion", "format", "training")}
    seeds = {name.removesuffix("_seed"): training.pop(name) for name in list(training) if name.endswith("_seed")}
    return kept | {
        "format": FORMAT,
        "algorithm": str(training.pop("algorithm", "ppo")).lower(),
        "head": "adjustment",
        "ranges": (),
        "data": {},
        "seeds": seeds,
        "training": training,
        "code_version": "",
    }
