"""A seed in, every chance of the run out: which faults this run has, how often, when each strikes, and how many did.

As in swarm testing each seed leaves some kinds of fault out and has others often, so that rare pairs meet too.
"""

import random
from collections import Counter
from collections.abc import Mapping

# kind: how likely at each opportunity, when the seed draws it at its plain rate
RATES = {
    "crash": 0.006,  # at each step of a process: it ends, and nothing of it happens any more
    "pause": 0.008,  # at each step: SIGSTOP, for up to twice the session timeout
    "leave": 0.0008,  # at each step: told to end; another slot's worker may take over
    "delivery failed": 0.01,  # of each flush of a producer
    "delivery failed though appended": 0.01,
    "ack late": 0.1,
    "snapshot torn": 0.03,  # of each save: the process ends inside it
    "snapshot refused": 0.01,  # ENOSPC
    "snapshot lost": 0.06,  # of each load: the newest generation is damaged
    "snapshots lost": 0.03,  # of each load: the disk is empty
    "redis failed": 0.03,  # of each request: refused, nothing done
    "redis timed out": 0.03,  # of each request: no answer in time, done later all the same
    "redis slow": 0.1,
    "redis emptied": 0.03,  # at each look, ten a second
    "redis went back": 0.03,  # a replica that is behind takes over
    "kafka slow": 0.03,
    "commit lost": 0.2,
    "batch lost": 0.01,  # of each that was fetched: it never reaches the agent
    "duplicate": 0.35,  # of each record of a feed: sent again, now or much later
    "reorder": 0.4,  # held back
    "garbage": 0.35,
    "poison": 0.004,  # a record that breaks the fold half-way
    "doubled outcome": 0.2,
}
SCALES = (0.0, 0.5, 1.0, 1.0, 2.0)


class Faults:
    """The dice of one run."""

    def __init__(self, seed: int, chances: Mapping[str, float]) -> None:
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.calm = False  # from now on nothing goes wrong
        self._chances = {kind: rate * self.rng.choice(SCALES) for kind, rate in RATES.items()}
        self._chances |= chances

    def strikes(self, kind: str) -> bool:
        """Return whether a fault of this kind happens now, and count it."""
        if self.calm or self.rng.random() >= self._chances[kind]:
            return False
        self.counts[kind] += 1
        return True

    def note(self, kind: str) -> None:
        """Count what is a consequence of chance rather than drawn: a rebalance, a zombie's step."""
        self.counts[kind] += 1

    def between(self, low: float, high: float) -> float:
        """Return any number between two."""
        return low + (high - low) * self.rng.random()

    @property
    def total(self) -> int:
        """Return all faults so far."""
        return self.counts.total()
