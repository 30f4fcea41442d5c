"""The policy contract: what is seen in, what is decided out."""

from typing import Protocol, TypeVar

Seen = TypeVar("Seen", contravariant=True)
Decided = TypeVar("Decided", covariant=True)


class Policy(Protocol[Seen, Decided]):
    """Decides and nothing else: no clock, no I/O, no learning, the same answer every time."""

    @property
    def name(self) -> str:
        """The name operators see, e.g. "base-stock"."""
        ...

    @property
    def version(self) -> str:
        """What distinguishes this instance from others of the same name, e.g. a digest of its weights."""
        ...

    def decide(self, observation: Seen) -> Decided:
        """Return the proposed allocation; for stock: order quantities, shape (n,), units, >= 0."""
        ...
